"""What tests of sensor files share: a partner for their conversations."""

from __future__ import annotations

import pytest

from devices.profile import Ask, Read


def _talk(conversation, answers, *, most_steps=100):
    """Do the steps of a conversation; give them and what it returns.

    ``answers`` holds, by what is asked (bytes written, or the characteristic read), a list of
    answers in order, of which the last one is repeated; each is bytes, None, or a list of parts.
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
