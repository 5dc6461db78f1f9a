"""Text, page, tables and JSON of a result hold the same numbers, each rounded from one value."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import pandas as pd
import pytest

import tremor
from tremor.report import as_html, as_text

SAMPLES = Path(__file__).parents[2] / "sample_data"
TEXT_ROW = re.compile(
    r"^  (?P<name>[A-Z][^\d(]*?) {2,}(?P<value>[\d.]+) \S+ +"
    r"\((?P<low>[\d.]+) to (?P<high>[\d.]+)\)$"
)
NAMES = {
    "Frequency": "frequency_hz",
    "RMS at the start of rest": "initial_rms_ms2",
    "RMS at the end of rest": "final_rms_ms2",
    "Half-life": "half_life_s",
    "Mean RMS acceleration": "rms_ms2",
    "Displacement, peak to peak": "displacement_pp_mm",
    "Half-power bandwidth": "bandwidth_hz",
}


@pytest.fixture(scope="module")
def analysis():
    return tremor.analyze(SAMPLES / "post_run_calf.csv", context={"rpe": 9, "temperature_c": 28})


@pytest.fixture(scope="module")
def document(analysis):
    return json.loads(analysis.to_json())


def estimate_in(document, field):
    part = "recovery" if field == "half_life_s" else "summary"
    return document[part][field]


def is_rounding_of(shown: str, true: float) -> bool:
    """Check that a number as shown is the true one, rounded where it ends."""
    decimals = len(shown.partition(".")[2])
    return abs(float(shown) - true) <= 0.5 * 10.0**-decimals + 1e-12


def test_long_text(analysis, document):
    rows = filter(None, map(TEXT_ROW.match, as_text.render(analysis).splitlines()))
    found = {NAMES[row["name"]]: row for row in rows if row["name"] in NAMES}
    assert set(found) == set(NAMES.values())
    for field, row in found.items():
        true = estimate_in(document, field)
        for end in ("value", "low", "high"):
            assert is_rounding_of(row[end], true[end]), (field, end)


def test_screen(analysis, document):
    text = " ".join(as_text.render_screen(analysis).split())
    shown = re.search(r"\(([\d.]+) Hz\)", text)
    assert is_rounding_of(shown[1], document["summary"]["frequency_hz"]["value"])
    for before, field in (
        ("went from", "initial_rms_ms2"),
        ("at first to", "final_rms_ms2"),
        ("It halved every", "half_life_s"),
    ):
        number = r"([\d.]+)"
        found = re.search(rf"{before} {number} \S+ \({number} to {number}\)", text)
        true = estimate_in(document, field)
        for shown, end in zip(found.groups(), ("value", "low", "high"), strict=True):
            assert is_rounding_of(shown, true[end]), (field, end)


def test_page(analysis, document):
    html = as_html.render(analysis)
    for field in NAMES.values():
        card = re.search(rf'<li data-field="{field}">(.*?)</li>', html, re.DOTALL)[1]
        found = re.search(r'"value">([\d.]+) .*?likely ([\d.]+) to ([\d.]+)<', card, re.DOTALL)
        true = estimate_in(document, field)
        for shown, end in zip(found.groups(), ("value", "low", "high"), strict=True):
            assert is_rounding_of(shown, true[end]), (field, end)


def test_supports_are_those_of_text_page_and_json(analysis, document):
    text, html = " ".join(as_text.render(analysis).split()), as_html.render(analysis)
    for one in document["explanations"]:
        if one["word"] == "cannot tell":
            continue
        shown = f"{one['word']} support, {100.0 * one['support']:.0f} % ("
        assert shown in text
        card = html.split(f'data-explanation="{one["id"]}"')[1].split("</article>")[0]
        assert shown in card
        width = re.search(r'class="fill" style="width: ([\d.]+)%', card)
        assert is_rounding_of(width[1], 100.0 * one["support"])


def test_table_of_windows_is_that_of_the_json_and_of_the_page(analysis, document):
    text = analysis.windows_frame().to_csv(index=False)
    table = pd.read_csv(io.StringIO(text))
    windows = document["windows"]
    assert len(table) == len(windows)
    assert table["verdict"].tolist() == [one["verdict"] for one in windows]
    for column, field in (("rms_ms2", "rms_ms2"), ("frequency_hz", "frequency_hz")):
        in_json = [one[field]["value"] if one[field] else None for one in windows]
        for value, true in zip(table[column], in_json, strict=True):
            assert (true is None) == pd.isna(value)
            assert true is None or value == pytest.approx(true, rel=1e-9)
    rows = re.findall(
        r'<th scope="row">([\d.]+) to [\d.]+</th><td>[^<]+</td><td class="range-cell">([\d.]*)',
        as_html.render(analysis),
    )
    by_start = {round(one["start_s"], 1): one["rms_ms2"] for one in windows}
    assert len(rows) > 100
    for start, shown in rows:
        true = by_start[float(start)]
        assert bool(shown) == (true is not None)
        assert not shown or is_rounding_of(shown, true["value"])


def test_summary_row_holds_the_same(analysis, document):
    row = analysis.summary_row().iloc[0]
    for field in ("frequency_hz", "rms_ms2", "bandwidth_hz"):
        assert row[field] == pytest.approx(document["summary"][field]["value"], rel=1e-9)
