"""Every text that a code leads to is there: of findings, answers, evidence and advice."""

from __future__ import annotations

import pytest

from tremor.explanation.advice import advice_table
from tremor.explanation.evidence import evidence_table
from tremor.explanation.findings.answered import FROM_ONE_ANSWER
from tremor.explanation.findings.collect import FINDINGS
from tremor.explanation.findings.measured import MEASURED
from tremor.notes import note
from tremor.report import messages
from tremor.report.table_texts import SECTIONS, texts_of

TABLE = evidence_table()
BINS = [(entry.key, one) for entry in TABLE.entries.values() for one in entry.bins]


@pytest.mark.parametrize("key", [*MEASURED, "slow_line"])
def test_every_finding_of_the_sensor_can_be_missing(key):
    missing = note("NOT_MEASURED", finding=key, why=note("NO_TREMOR_SEEN"))
    assert messages.sentence(missing).endswith("; the sensor saw no tremor.")
    assert messages.brief(missing).endswith(" (not measured)")


@pytest.mark.parametrize("key", FROM_ONE_ANSWER)
@pytest.mark.parametrize("answer", ["yes", "no"])
def test_every_answer_of_yes_and_no_has_its_sentence(key, answer):
    assert key in FINDINGS
    said = messages.sentence(note("FINDING_ANSWER", finding=key, answer=answer))
    assert said[0].isupper()
    assert said.endswith(".")


@pytest.mark.parametrize(("entry", "one"), BINS, ids=lambda x: getattr(x, "key", x))
def test_every_bin_has_its_reason(entry, one):
    reason = note("EVIDENCE_REASON", entry=entry, bin=one.key)
    assert messages.sentence(reason) == one.reason


def test_bins_of_an_entry_have_names_of_their_own():
    for entry in TABLE.entries.values():
        names = [one.key for one in entry.bins]
        assert len(set(names)) == len(names)
        assert not any("." in name for name in names)


def test_every_advice_and_sign_has_its_text():
    for row in advice_table().advice:
        said = messages.sentence(note("ADVICE", advice=row.id, sweat=None))
        assert said == row.text.replace("{sweat}", "")
    for sign in advice_table().warnings:
        assert messages.sentence(note("WARNING_SIGN", sign=sign.id)) == sign.text


@pytest.mark.parametrize("section", SECTIONS)
def test_no_text_of_a_table_is_empty(section):
    texts = texts_of(section)
    assert texts
    assert all(text.strip() for text in texts.values())


def test_row_of_a_later_version_stands_for_itself():
    assert messages.sentence(note("WARNING_SIGN", sign="sneezing")) == "sneezing"
