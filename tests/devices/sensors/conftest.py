"""Shared by tests of sensor files: carries out a conversation with given replies."""

from __future__ import annotations

import pytest

from devices.profile import Ask, Read


def _talk(conversation, answers, *, most_steps=100):
    """Carry out the steps of a conversation; return them and its outcome.

    ``answers`` has a list of replies for each request (bytes written, or characteristic read), in
    order; the last one is repeated. A reply is bytes, None, or a list of parts.
    """
    left = {key: list(some) for key, some in answers.items()}
    steps, answer = [], None
    try:
        for _ in range(most_steps):
            step = conversation.send(answer)
            steps.append(step)
            answer = None
            if isinstance(step, Ask | Read):
                some = left[step.data if isinstance(step, Ask) else step.characteristic]
                answer = some.pop(0) if len(some) > 1 else some[0]
            if isinstance(step, Ask) and answer is not None:
                parts = answer if isinstance(answer, list) else [answer]
                assert all(step.is_reply(part) for part in parts), (step, parts)
                answer = step.assemble(parts) if step.assemble else parts[0]
                assert answer is not None, "the answer is not whole"
    except StopIteration as end:
        return steps, end.value
    raise AssertionError("the conversation does not end")


@pytest.fixture(scope="session")
def talk():
    return _talk
