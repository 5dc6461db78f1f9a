"""How short the interview is, and how often it ends where all answers would.

Made-up runners answer what they are asked until the interview stops; then they answer everything.
They are drawn from the shares of the table of the interview, and, as a check of what happens where
those are wrong, evenly over all answers.

    python tests/bench/interview.py --runners 300
    python tests/bench/interview.py --short
"""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from typing import Any

from tremor.errors import ContextError
from tremor.explanation.answers.context import Context
from tremor.explanation.answers.questions import QUESTIONS
from tremor.explanation.interview import Finished, next_question
from tremor.explanation.likely_answers import interview_table
from tremor.results.analysis import Analysis


@dataclass(frozen=True)
class Ended:
    """How the interview of one runner ended."""

    prompts: int
    why: str
    leader_agrees: bool
    warnings_agree: bool
    slowest_s: float
    leader: str


def drawn(rng: random.Random, *, evenly: bool) -> Context:
    """Draw all answers of a runner: by the shares, or evenly, where every question is answered."""
    while True:
        answers: dict[str, Any] = {"signs": rng.choice([(), (), (), ("fever",)])}
        for question in QUESTIONS:
            one = interview_table().answers.get(question.attribute)
            if one is None:
                continue
            values = [value for value, _ in one.answers]
            if evenly:
                value = rng.choice(values)
            else:
                shares = [share for _, share in one.answers]
                value = rng.choices([*values, None], [*shares, one.unanswered])[0]
            if one.times and value is not None:
                base = answers[one.times]
                value = None if base is None else value * base
            answers[question.attribute] = value
        try:
            return Context(**answers)
        except ContextError:
            continue


def interviewed(everything: Context, analysis: Analysis | None) -> Ended:
    """Ask a runner until the interview stops, and compare with all answers."""
    context, asked, slowest_s = Context(), [], 0.0
    while True:
        started = time.perf_counter()
        step = next_question(context, asked=asked, analysis=analysis)
        slowest_s = max(slowest_s, time.perf_counter() - started)
        if isinstance(step, Finished):
            break
        asked.append(step.asks)
        context = Context(
            **context.answered() | {name: getattr(everything, name) for name in step.asks}
        )
    return asked, context, step.why, slowest_s
