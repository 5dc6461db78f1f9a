"""The interview: how many questions it takes, and how often it ends where all answers would.

    python tests/bench/interview.py [--short] [--runners N] [--seed N]

Made-up runners answer what they are asked until the interview stops; then all their answers are
weighed. They are drawn from the shares of the table of the interview, and, to see what happens
where those are wrong, evenly over its answers: then each runner knows his weights, and every second
one takes a stimulant. The analyses go round: tremor that fades, stays, or was seen too shortly,
none, cautions of some kinds, and no recording at all.
"""

from __future__ import annotations

import argparse
import importlib.util
import random
import statistics
import time
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

from tremor.errors import ContextError
from tremor.explanation.advice import advice_table, warnings_of
from tremor.explanation.answers.context import Context
from tremor.explanation.answers.questions import QUESTIONS
from tremor.explanation.evidence import evidence_table
from tremor.explanation.findings.collect import measured_findings
from tremor.explanation.interview import Finished, next_question
from tremor.explanation.likely_answers import interview_table
from tremor.explanation.sensitivity import leader_of, log_odds_of
from tremor.explanation.weighing import about_equal
from tremor.notes import Note
from tremor.results.cautions import Caution

SHARE_WITH_A_SIGN = 0.1
LEAST_AGREEMENT, MOST_PROMPTS_IN_THE_MEDIAN = 0.9, 8


@dataclass(frozen=True)
class Interviewed:
    """One interview."""

    prompts: int
    why: str
    agrees: bool
    fits_equally: bool
    same_warnings: bool
    slowest_s: float


def analyses():
    """Return what was measured, a name each; None is no recording."""
    path = Path(__file__).parents[1] / "explanation" / "conftest.py"
    spec = importlib.util.spec_from_file_location("small_analyses", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    make = module.make_analysis

    def with_caution(analysis, code, about, strength):
        caution = Caution(
            code=code, about=(about,), strength=strength, statement=Note("TEXT", {"text": code})
        )
        return replace(analysis, cautions=(caution,))

    fades, stays = make(recovery="decays"), make(recovery="persists")
    return {
        "fades": fades,
        "fades, slow and wide": make(frequency_hz=5.0, bandwidth_hz=(1.6, 1.3, 1.9)),
        "stays": stays,
        "rest too short": make(recovery="not_determined"),
        "no tremor": make(status="no_tremor"),
        "insufficient": make(status="insufficient"),
        "machine": with_caution(fades, "machine", "tremor", 0.9),
        "vehicle": with_caution(stays, "vehicle", "muscle_fatigue", 0.5),
        "loose strap": with_caution(fades, "strap_loose", "recovery", 0.6),
        "no recording": None,
    }


def runner(rng, *, evenly):
    """Draw all answers of a runner: by the shares, or evenly, where every question is answered."""
    table = interview_table()
    while True:
        answers = {"signs": ("fever",) if rng.random() < SHARE_WITH_A_SIGN else ()}
        for question in QUESTIONS:
            one = table.answers.get(question.attribute)
            if one is None:
                continue
            values, shares = zip(*one.answers, strict=True)
            if evenly:
                value = rng.choice(values)
            else:
                value = rng.choices([*values, None], [*shares, one.unanswered])[0]
            if one.times and value is not None:
                base = answers[one.times]
                value = None if base is None else value * base
            answers[question.attribute] = value
        try:
            return Context(**answers)
        except ContextError:
            continue


def interview(everything, analysis):
    """Ask a runner until it stops; return the answers, what was asked, why it stopped."""
    context, asked, slowest_s = Context(), [], 0.0
    while True:
        started_s = time.perf_counter()
        step = next_question(context, asked=asked, analysis=analysis)
        slowest_s = max(slowest_s, time.perf_counter() - started_s)
        if isinstance(step, Finished):
            return context, asked, step.why, slowest_s
        asked.append(step.asks)
        new = {name: getattr(everything, name) for name in step.asks}
        context = Context(**context.answered() | new)


def compared(everything, analysis, weighed_with):
    """Interview a runner, and compare what leads and what is warned of with all answers."""
    context, asked, why, slowest_s = interview(everything, analysis)
    odds, all_odds = (log_odds(weighed_with, one) for one in (context, everything))
    warnings = [
        [sign.id for sign in warnings_of(one, advice_table())] for one in (context, everything)
    ]
    return Interviewed(
        prompts=len(asked),
        why=why,
        agrees=leader_of(odds) == leader_of(all_odds),
        fits_equally=leader_of(odds) in about_equal(all_odds, evidence_table().rules),
        same_warnings=warnings[0] == warnings[1],
        slowest_s=slowest_s,
    )


def log_odds(analysis, context):
    """Weigh what was measured and answered."""
    return log_odds_of(analysis, context, measured_findings(analysis), evidence_table())


def interviews(n_runners, seed, *, evenly):
    """Interview runners, the analyses in turn."""
    rng = random.Random(seed)
    measured = list(analyses().values())
    unseen = analyses()["insufficient"]
    return [
        compared(runner(rng, evenly=evenly), analysis, unseen if analysis is None else analysis)
        for analysis in (measured[place % len(measured)] for place in range(n_runners))
    ]


def row(name, found):
    """Return a line of the table."""
    prompts = sorted(one.prompts for one in found)
    n = len(found)
    return (
        f"| {name} | {n} | {statistics.median(prompts):g} | {prompts[int(0.9 * n)]} "
        f"| {100 * sum(one.agrees for one in found) / n:.0f} % "
        f"| {100 * sum(one.fits_equally for one in found) / n:.0f} % "
        f"| {100 * sum(one.same_warnings for one in found) / n:.0f} % "
        f"| {100 * Counter(one.why for one in found)['limit'] / n:.0f} % "
        f"| {1e3 * statistics.median(one.slowest_s for one in found):.0f} ms |"
    )


def main():
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runners", type=int, default=300, help="of each way of drawing")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--short", action="store_true", help="30 runners of each")
    options = parser.parse_args()
    n_runners = 30 if options.short else options.runners
    print(
        "| runners | n | questions, median | 90 % | same leader | or about equal | same warnings "
        "| stopped by the limit | slowest question |\n|---|---|---|---|---|---|---|---|---|"
    )
    failed = False
    for name, evenly in (("as expected", False), ("evenly drawn", True)):
        found = interviews(n_runners, options.seed, evenly=evenly)
        print(row(name, found), flush=True)
        agreement = sum(one.agrees for one in found) / len(found)
        median = statistics.median(one.prompts for one in found)
        failed |= agreement < LEAST_AGREEMENT or median > MOST_PROMPTS_IN_THE_MEDIAN
        failed |= not all(one.same_warnings for one in found)
    raise SystemExit(failed and not options.short)


if __name__ == "__main__":
    main()
