"""Write docs/vignettes.md: the runners on which the explanations are tried, from their table.

Run ``python docs/make_vignettes.py`` after a change of the table; a test fails where the page is
out of date.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from textwrap import fill
from typing import Any, Final

from tremor.explanation.answers.context import Context
from tremor.explanation.answers.questions import by_attribute
from tremor.report.answer_text import answer_text, choice_text

PAGE: Final = Path(__file__).with_name("vignettes.md")
TABLE: Final = PAGE.parents[1] / "tests" / "explanation" / "vignettes.toml"
_WIDTH: Final = 100
_Row = Mapping[str, Any]

_SEEN: Final = {
    "fades": "fades with rest",
    "stays": "stays through 10 min of rest",
    "open": "course not determined",
    "none": "no tremor",
    "unseen": "cannot tell",
    "machine": "rhythm of a machine",
    "vehicle": "rhythm of a vehicle",
    "voluntary": "looks moved on purpose",
    "posture": "posture changed",
    "strap": "strap loose",
    "holes": "many samples missing",
    "pulses": "single pulses",
    "slow": "line at 5 Hz",
}
#: What is expected, by the key of the table; a list stands in the braces.
_EXPECTED: Final = {
    "leads": "first: {}",
    "equal": "about equal: {}",
    "apart": "clearly behind: {}",
    "raises": "higher: {}",
    "lowers": "lower: {}",
    "keeps": "unchanged: {}",
    "warns": "warned of: {}",
    "may_warn": "perhaps warned of: {}",
    "says": "said: {}",
    "never_says": "not said: {}",
    "not_counted": "not counted: {}",
}
_INTRODUCTION: Final = (
    "The explanations are tried on 200 made-up runners and on twins of some of them. What is "
    "expected of the 200 was written from the article and the literature before the program "
    "was run on them; the twins and some stricter expectations followed after a first run. "
    "They try to see a runner as a sceptical sports physiotherapist would. A test demands that at "
    "least 95 % come out as expected, and that no advice soothes in the face of a warning sign. "
    "Weights are not fitted to the table: where the two differ, the facts decide which of them is "
    "wrong.",
    "The table had two passes, both by the developers: no physiotherapist has reviewed it. In the "
    "second another developer read every row against the article and the literature, before that "
    "reader had seen the weights or any output. A ground has to say what the row makes it say. An "
    "explanation that nothing speaks for is at most weak and clearly behind; hard, new or very "
    "long work with nothing against it makes fatigue at least moderate, whatever else is there; "
    "what has a named ground may not be dropped, and one faint ground is not strong. Nobody leads "
    "only where hardly anything was answered, and no row lets every output pass. Where help is "
    "needed nothing is said that soothes, delays or has the muscle massaged; what has lasted for "
    "days is not said to end by itself; no salt is pressed on someone with a diuretic. That reader "
    "knew a first draft of the weights, and withdrew two expectations of the pass, on four rows, "
    "after the run, as they went against the grounds of others. The last column says what the pass "
    "made of the row: kept, made stricter, or corrected, and why.",
    "The runners are drawn by design: every pair of levels of 24 factors (what was measured, "
    "effort, length, heat, mass, salt, other muscles, cramp, stimulants, medicines, stress, sleep, "
    "food, recurrence, cold, warning signs and so on) occurs in some runner. `A1` to `P4` are "
    'claims of the article, which `tremor explain --all` prints. "First" lists every explanation '
    'that may lead, as sound specialists may differ; "nobody" is that none can be said to fit. '
    'What is missing under "answered" was not answered. The page is made by '
    "`python docs/make_vignettes.py`.",
)


def page() -> str:
    """Return the whole page, as Markdown."""
    rows = tomllib.loads(TABLE.read_text(encoding="utf-8"))["vignette"]
    alone = [row for row in rows if "beside" not in row]
    lines = ["# Vignettes", ""]
    for paragraph in _INTRODUCTION:
        lines += [fill(paragraph, _WIDTH), ""]
    lines += ["## One main cause, or none", ""]
    lines += _table(row for row in alone if "hard" not in row)
    for kind, title in (
        ("mixed", "Mixed causes"),
        ("contradiction", "Contradictions"),
        ("missing", "Missing answers"),
    ):
        lines += ["", f"## {title}", "", *_table(row for row in alone if row.get("hard") == kind)]
    lines += ["", "## Twins: one fact changed", ""]
    by_name = {row["name"]: row for row in rows}
    lines += _twins((row for row in rows if "beside" in row), by_name)
    return "\n".join(lines) + "\n"


def _table(rows: Iterable[_Row]) -> list[str]:
    lines = ["| runner | seen | answered | expected | why | second pass |", "| --- " * 6 + "|"]
    for row in rows:
        seen = ", ".join(_SEEN[word.strip()] for word in row["seen"].split(","))
        why = f"{row['why']} [{row['ground']}]"
        cells = (row["name"], seen, _answered(row), _expected(row), why, row["review"])
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def _answered(row: _Row) -> str:
    return _answers_text(Context(**row["answers"]).answered()) or "nothing"


def _answers_text(answers: Mapping[str, Any]) -> str:
    questions = by_attribute()
    return "; ".join(
        f"{questions[name].title}: {answer_text(questions[name], answer).replace('_', ' ')}"
        for name, answer in answers.items()
    )


def _twins(rows: Iterable[_Row], by_name: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return the table of twins, with what each changes alone."""
    lines = ["| twin | against | changed | expected | why | second pass |", "| --- " * 6 + "|"]
    for row in rows:
        beside = by_name[row["beside"]]
        there, here = (Context(**one["answers"]).answered() for one in (beside, row))
        changed = {
            name: here.get(name) for name in {**there, **here} if here.get(name) != there.get(name)
        }
        words = [_SEEN[word.strip()] for word in row["seen"].split(",")]
        text = _answers_text(changed) or ", ".join(words)
        why = f"{row['why']} [{row['ground']}]"
        cells = (row["name"], row["beside"], text, _expected(row), why, row["review"])
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def _word(key: str) -> str:
    signs = by_attribute()["signs"]
    return choice_text(signs, key) if key in signs.choices else key.replace("_", " ")


def _expected(row: _Row) -> str:
    found = [
        text.format(", ".join(map(_word, row[key])))
        for key, text in _EXPECTED.items()
        if key in row
    ]
    for key, text in (("at_least", "at least"), ("at_most", "at most")):
        found += [f"{name} {text} {word}" for name, word in row.get(key, {}).items()]
    return "; ".join(found) or "no order"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
