from __future__ import annotations

import re
import tomllib
from importlib.resources import files
from pathlib import Path

import pytest

from tremor.errors import InvalidInputError
from tremor.explanation.advice import advice_table
from tremor.explanation.claims import article
from tremor.explanation.evidence import SOURCED, evidence_table, read_table
from tremor.explanation.findings.collect import FINDINGS
from tremor.results.explanations import EXPLANATION_IDS

ROOT = Path(__file__).parents[2]
TABLE = evidence_table()
ENTRIES = list(TABLE.entries.values())


def as_shipped():
    text = files("tremor.explanation").joinpath("evidence.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.key)
def test_every_weight_has_a_reason_and_every_entry_its_ground(entry):
    assert entry.finding in FINDINGS
    assert entry.claims or entry.grade in SOURCED
    assert bool(entry.source) == (entry.grade in SOURCED)
    for source in filter(None, (entry.source, *(one.source for one in entry.bins))):
        assert re.search(r"\b(19|20)\d\d\b|patient information|lists of", source), source
    for one in entry.bins:
        assert len(one.reason.split()) >= 4
        assert one.reason.endswith(".")


def test_every_source_stands_in_the_page_of_sources_and_every_entry_that_it_names_is_there():
    page = (ROOT / "docs" / "evidence.md").read_text(encoding="utf-8")
    texts = [
        *(entry.source for entry in ENTRIES),
        *(one.source for entry in ENTRIES for one in entry.bins),
        *(claim.disputed for claim in article().claims.values()),
        *(row.source for row in advice_table().advice),
    ]
    author = r"[A-Z][a-zA-Z-]+(?: and [A-Z][a-z]+| et al\.)? \d{4}"
    cited = {found for text in texts for found in re.findall(author, text)}
    assert len(cited) > 15
    assert [one for one in sorted(cited) if one.removeprefix("also ") not in page] == []
    rows = [line for line in page.splitlines() if line.startswith("| ")][2:]
    for row in rows:
        for key in re.findall(r"`(\w+)`", row.rsplit("|", 2)[-2]):
            assert key in TABLE.entries, key


@pytest.mark.parametrize("id_", EXPLANATION_IDS)
def test_every_explanation_can_be_supported_and_contradicted(id_):
    weights = [one.weights.get(id_, 0.0) for entry in ENTRIES for one in entry.bins]
    assert max(weights) > 0.0
    assert min(weights) < 0.0


def test_priors_follow_the_words_of_the_article():
    fatigue, chemistry, other = (TABLE.hypotheses[id_].prior for id_ in EXPLANATION_IDS)
    assert fatigue > 0.0 > chemistry > other
    assert TABLE.hypotheses["muscle_fatigue"].claims[0] == "F1"


def test_first_line_of_the_electrolytes_says_what_it_rests_on():
    line = TABLE.hypotheses["electrolytes_metabolites"].first_line
    assert "rests on your answers, not on the sensor" in line
    assert "measured" not in TABLE.hypotheses["electrolytes_metabolites"].rests_on


def test_interval_counts_whole_where_the_table_says_so():
    entry = TABLE.entries["line_width"]
    assert entry.bin_of(0.8, 0.7, 0.9).weights["muscle_fatigue"] > 0.0
    assert entry.bin_of(0.8, 0.6, 1.3).weights["muscle_fatigue"] == 0.0
    # So narrow a line may be a motor's.
    assert entry.bin_of(0.8, None, 0.9).weights["muscle_fatigue"] == 0.0
    assert entry.bin_of(0.3, 0.2, 0.4).weights["muscle_fatigue"] == 0.0
    assert entry.bin_of(0.8, 0.7, None).weights["muscle_fatigue"] == 0.0


@pytest.mark.parametrize(
    ("percent_lost", "weight"),
    [(-1.0, -0.5), (0.99, -0.5), (1.0, 0.0), (2.0, 0.6), (2.99, 0.6), (3.0, 0.8), (9.0, 0.8)],
)
def test_limits_of_a_range_belong_to_the_upper_one(percent_lost, weight):
    found = TABLE.entries["mass_loss"].bin_of(percent_lost)
    assert found.weights["electrolytes_metabolites"] == weight


def test_word_without_a_bin_is_refused():
    with pytest.raises(InvalidInputError, match="no bin for 'soaked'"):
        TABLE.entries["sweat"].bin_of("soaked")


def _without_reason(table):
    table["evidence"][0]["bin"][0]["reason"] = " "


def _hole(table):
    heat = next(row for row in table["evidence"] if row["key"] == "heat")
    del heat["bin"][1]


def _stranger(table):
    table["evidence"][0]["bin"][0]["weights"]["dehydration"] = 1.0


def _groundless(table):
    table["evidence"][0]["claims"] = []


def _nothing_lowered(table):
    table["lowering"][0]["finding"] = "moonlight"


def _nothing_kept_back(table):
    table["lowering"][0]["kept"] = 1.0


def _twice(table):
    table["evidence"].append(table["evidence"][0])


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda table: table.update(schema="tremor.evidence/9"), "evidence/9"),
        (_without_reason, "a weight without a reason"),
        (_hole, "heat: the ranges leave numbers out"),
        (_stranger, "weights for dehydration"),
        (_groundless, "cites no claim"),
        (_twice, "recovery twice"),
        (_nothing_lowered, "lowers moonlight = decays, which nothing looks at"),
        (_nothing_kept_back, "lowers recovery by nothing"),
        (lambda table: table["evidence"][0].update(grade="rumour"), "grade 'rumour'"),
        (lambda table: table["explanation"].reverse(), "in this order"),
        (lambda table: table.pop("rules"), "not whole"),
    ],
)
def test_unsound_tables_are_refused_by_name(change, says):
    table = as_shipped()
    change(table)
    with pytest.raises(InvalidInputError, match=says):
        read_table(table)
