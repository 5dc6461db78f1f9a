from __future__ import annotations

import re
from dataclasses import replace
from typing import get_args

import pytest

from tremor.analysis.beyond import beyond_note
from tremor.analysis.quality import quality_of
from tremor.decisions import ABOUT, How
from tremor.estimate import Estimate
from tremor.notes import note
from tremor.report import as_text, view
from tremor.report.messages import section
from tremor.report.numbers import decimals_of
from tremor.results.cautions import BeyondBand, Caution
from tremor.results.recovery import Recovery

KINDS = ["analysis", "no_tremor", "insufficient"]


@pytest.mark.parametrize("kind", KINDS)
def test_fits_eighty_columns(kind, request):
    text = as_text.render(request.getfixturevalue(kind))
    assert max(len(line) for line in text.splitlines()) <= 80
    assert text.endswith("\n")


@pytest.mark.parametrize("kind", KINDS)
def test_is_ascii_where_the_terminal_is(kind, request):
    assert as_text.render(request.getfixturevalue(kind), unicode=False).isascii()


def test_key_numbers_are_those_of_the_result(analysis):
    text = as_text.render(analysis)
    found = re.search(r"Frequency +(\S+) Hz +\((\S+) to (\S+)\)", text)
    assert found is not None
    estimate = analysis.summary.frequency_hz
    half_a_digit = 0.5 * 10.0 ** -decimals_of(estimate) + 1e-12
    for shown, true in zip(
        found.groups(), (estimate.value, estimate.low, estimate.high), strict=True
    ):
        assert abs(float(shown) - true) <= half_a_digit


@pytest.fixture
def faded(analysis):
    """The strength at both ends of a rest, and how fast it fell."""
    summary = replace(
        analysis.summary,
        initial_rms_ms2=Estimate(0.499, 0.41, 0.602),
        final_rms_ms2=Estimate(0.0503, 0.0411, 0.0612),
    )
    recovery = replace(
        Recovery.insufficient(note("NEVER_STILL")),
        verdict="decays",
        half_life_s=Estimate(82.0, 64.0, 114.0),
    )
    return replace(analysis, summary=summary, recovery=recovery)


def test_the_headline_is_the_strength_at_both_ends_and_the_half_life(faded):
    text = " ".join(as_text.render(faded).split())
    assert "0.50 m/s^2 (0.41 to 0.60) at the beginning of rest" in text
    assert "0.050 m/s^2 (0.041 to 0.061) at its end; it halved every 82 s (64 to 114)." in text
    rows = [line.split("  ")[1] for line in as_text.render(faded).splitlines() if "Hz  " in line]
    assert rows[0] == "Frequency"
    names = [one.name for one in view.key_numbers(faded)]
    assert names.index("RMS at the start of rest") < names.index("Half-life")
    assert names.index("Half-life") < names.index("Mean RMS acceleration")


def test_growth_and_another_posture_are_told_with_the_strength(faded):
    for remark, told in (
        (note("GREW_AGAIN", turn_s=120.0, times=3.0), "at first, and then grew again."),
        (note("POSTURE_TURNED", at_s=60.0, angle_deg=30.0), "in another posture, at its end"),
    ):
        turned = replace(faded, recovery=replace(faded.recovery, remark=(remark,)))
        assert told in view.strength_text(turned, half_life=True)


def test_without_the_ends_the_mean_stands_for_them(analysis):
    assert view.strength_text(analysis, half_life=True).startswith("Its mean strength")
    fields = [one.field for one in view.key_numbers(analysis)]
    assert "initial_rms_ms2" not in fields
    assert fields[0] == "frequency_hz"


def test_a_still_leg_has_no_strength(no_tremor):
    assert view.strength_text(no_tremor, half_life=True) == ""


def test_what_cannot_be_told_says_why(analysis, insufficient):
    assert "cannot tell: the sensor's floor hides it" in as_text.render(analysis)
    assert "Cannot tell: 0 s of still time" in as_text.render(insufficient)


def test_still_leg_says_how_long_it_was_looked_at(no_tremor):
    assert "No tremor found in 2 min 2 s of still time." in as_text.render(no_tremor)


def test_says_what_it_is_not(analysis):
    assert view.purpose() in " ".join(as_text.render(analysis).split())


def test_sparkline_has_dots_where_nothing_was_measured(analysis):
    marks = as_text.render(analysis).split("m/s^2\n  ")[1].splitlines()[0]
    assert marks.startswith("·")
    assert "█" in marks
    assert len(marks) <= 76


def test_check_lists_facts_gaps_and_history(analysis):
    facts = analysis.recording
    quality = quality_of(facts, analysis.settings)
    text = as_text.render_check(
        "a.csv", facts, quality, windows=analysis.windows, source_format="native"
    )
    for piece in ("a.csv: usable", "51.873 Hz", "at 1:42: 1.25 s, 65 lost", "- table: 9289 rows"):
        assert piece in text


def test_check_and_the_whole_text_list_how_each_decision_was_reached(analysis):
    facts = analysis.recording
    quality = quality_of(facts, analysis.settings)
    check = as_text.render_check(
        "a.csv", facts, quality, windows=analysis.windows, source_format="native"
    )
    for shown in (check, as_text.render(analysis)):
        lines = shown.splitlines()
        assert "  Delimiter       tab, told by the data" in lines
        assert "  Placement       left-calf, said by you" in lines
        assert max(map(len, lines)) <= 80
        words = " ".join(shown.split())
        assert "Unit mg, told by the data: the mean vector at rest is 1003 long" in words


def test_every_subject_and_way_of_a_decision_has_its_words():
    words = section("decision")
    assert {f"about.{one}" for one in ABOUT} <= set(words)
    assert {f"how.{one}" for one in get_args(How)} <= set(words)


def test_cautions_stand_before_the_numbers_and_lower_the_quality(analysis):
    caution = Caution(
        code="machine",
        about=("tremor",),
        strength=1.0,
        statement=note("MACHINE_LIKE", even_share=0.994, frequency_hz=9.0),
        start_s=12.0,
        end_s=80.0,
    )
    text = as_text.render(replace(analysis, cautions=(caution,)))
    words = " ".join(text.split())
    assert "Caution 0:12 to 1:20: the shaking at 9 Hz is as even as that of a machine" in words
    assert words.index("Caution ") < words.index("Frequency")
    assert "Quality usable" in words
    assert "- caution: machine" in words


def test_shaking_beyond_the_band_has_its_row(no_tremor):
    beyond = BeyondBand(
        where="above",
        is_line=True,
        share_of_still=0.8,
        frequency_hz=Estimate(17.0, 16.9, 17.1),
        rms_ms2=Estimate(0.1, 0.09, 0.11),
    )
    text = " ".join(as_text.render(replace(no_tremor, beyond_band=beyond)).split())
    assert "Beyond Steady shaking at 17.00 Hz (16.90 to 17.10 Hz), above most tremor" in text
    reason = beyond_note(beyond, fs=52.0)
    named = replace(no_tremor, status="insufficient", beyond_band=beyond)
    named = replace(named, summary=replace(named.summary, reason=reason))
    assert as_text.render(named).count("17.00 Hz") == 1
