from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

from tremor.recording import Marker
from tremor.report import as_html
from tremor.report.numbers import decimals_of
from tremor.results.analysis import Analysis
from tremor.results.estimates import BY_RANK

KINDS = ["analysis", "no_tremor", "insufficient"]
_VOID = {"meta", "br", "hr", "img", "link", "input"}


class _Page(HTMLParser):
    """What the tests ask of a page: ids, tags, text without styles, and whether all is closed."""

    def __init__(self, text):
        super().__init__()
        self.ids, self.tags, self.links, self.open, self.words = [], [], [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.tags.append((tag, found))
        if "id" in found:
            self.ids.append(found["id"])
        self.links += [value for name, value in attrs if name in {"src", "href", "xlink:href"}]
        if tag not in _VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.words.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())

    def of(self, tag):
        return [attrs for name, attrs in self.tags if name == tag]


@pytest.fixture(scope="module", params=KINDS)
def page(request):
    return _Page(as_html.render(request.getfixturevalue(request.param)))


def test_page_is_whole_and_every_id_is_its_own(page):
    assert page.open == []
    assert len(set(page.ids)) == len(page.ids)
    assert page.of("html")[0]["lang"] == "en"
    assert len(page.of("h1")) == 1


def test_nothing_is_loaded_from_anywhere(page):
    assert all(link.startswith(("#", "data:")) for link in page.links)
    assert not page.of("script")
    assert not page.of("link")
    policy = next(a for a in page.of("meta") if "http-equiv" in a)
    assert policy["content"] == "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def test_references_inside_of_figures_lead_somewhere(page):
    inner = [link[1:] for link in page.links if link.startswith("#")]
    assert set(inner) <= set(page.ids)


def test_figures_are_read_out(page):
    for figure in page.of("svg"):
        assert figure["role"] == "img"
        assert set(figure["aria-labelledby"].split()) <= set(page.ids)
    assert len(page.of("svg")) >= 1


def test_words_that_only_a_physician_may_say_do_not_occur(page):
    assert not re.search(r"diagnos|abnormal|\bnormal|disease|deficien", page.text, re.IGNORECASE)
    assert page.text.count("not a medical device") == 1


def test_page_says_what_the_result_says(analysis):
    """The page of a result that went through JSON shows its numbers, rounded and nothing else."""
    html = as_html.render(Analysis.from_json(analysis.to_json()))
    for field in [entry.name for entry in BY_RANK]:
        card = re.search(rf'<li data-field="{field}">(.*?)</li>', html, re.DOTALL)
        assert card is not None
        estimate = getattr(analysis.summary, field)
        if estimate.value is None:
            assert "cannot tell" in card[1]
            continue
        shown = re.search(r'"value">(\S+) .*?likely (\S+) to (\S+)<', card[1], re.DOTALL)
        assert shown is not None
        true = (estimate.value, estimate.low, estimate.high)
        np.testing.assert_allclose(
            [float(number) for number in shown.groups()],
            true,
            rtol=0.0,
            atol=0.5 * 10.0 ** -decimals_of(estimate, most_digits=3) + 1e-12,
        )


def test_windows_behind_the_figure_are_those_of_the_result(analysis):
    html = as_html.render(analysis)
    rows = re.findall(r'<th scope="row">(\d+\.\d) to (\d+\.\d)</th><td>([a-z ]+)</td>', html)
    assert [float(start) for start, _, _ in rows] == analysis.windows.start_s.tolist()


@pytest.mark.parametrize("name", ["<script>alert(1)</script>.csv", '"><img src=x onerror=y>.csv'])
def test_name_of_a_file_is_text_and_nothing_else(analysis, name):
    changed = replace(analysis, source=replace(analysis.source, name=name))
    page = _Page(as_html.render(changed))
    assert not page.of("script")
    assert not page.of("img")
    assert name in page.text


def test_same_result_gives_the_same_page(analysis):
    assert as_html.render(analysis) == as_html.render(analysis)


def test_capture_without_windows_has_a_page(insufficient):
    empty = insufficient.to_dict() | {"windows": []}
    page = _Page(as_html.render(Analysis.from_dict(empty)))
    assert "shorter than one window" in page.text


def test_page_of_a_day_stays_small(day):
    html = as_html.render(day)
    assert len(html) < 1_000_000
    assert "The first 400 of 43200 windows" in html


def test_floor_is_a_line_of_its_own_where_one_was_fitted(analysis, no_tremor):
    assert ">floor</text>" in as_html.render(analysis)
    assert ">floor</text>" not in as_html.render(no_tremor)


def test_what_the_runner_marked_is_named_below_the_figure(analysis):
    markers = (Marker(100.0, "marker", "stood up"), Marker(130.4, "pain", "4"))
    marked = replace(analysis, recording=replace(analysis.recording, markers=markers))
    page = _Page(as_html.render(marked))
    assert "Dotted: what you marked, 1 “stood up” at 1:40, pain 4 at 2:10." in page.text
    assert "what you marked" not in _Page(as_html.render(analysis)).text


def test_command_repeats_the_settings_that_were_changed(analysis):
    changed = replace(
        analysis,
        settings=replace(analysis.settings, band_high_hz=12.0),
        source=replace(analysis.source, name="my run.csv"),
    )
    page = _Page(as_html.render(changed))
    assert "tremor analyze 'my run.csv' --set band_high_hz=12" in page.text


def test_runner_sees_four_numbers_and_the_rest_is_folded(analysis):
    before, folded = as_html.render(analysis).split('<details class="part">')
    in_sight = re.findall(r'data-field="(\w+)"', before)
    assert in_sight[0] == "frequency_hz"
    assert set(in_sight) <= {"frequency_hz", "initial_rms_ms2", "final_rms_ms2", "half_life_s"}
    assert "Half-power bandwidth" in folded
    assert "References" in folded


@pytest.mark.parametrize("kind", ["no_tremor", "insufficient"])
def test_page_without_tremor_shows_what_was_seen_and_no_empty_cards(kind, request):
    before = as_html.render(request.getfixturevalue(kind)).split('<details class="part">')[0]
    assert "data-field" not in before
