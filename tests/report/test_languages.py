"""A second language is one file: a made-up one, in which every text is marked, reaches all."""

from __future__ import annotations

import dataclasses
import json
import re
from html.parser import HTMLParser
from typing import get_args

import pytest
import tomli_w

from tremor.explanation.advice import advice_table
from tremor.explanation.answers.context import Context
from tremor.explanation.evidence import evidence_table
from tremor.explanation.explain import with_explanations
from tremor.report import (
    as_html,
    as_text,
    evidence_listing,
    explanation_text,
    messages,
    method_text,
)
from tremor.report.context_template import commented_toml
from tremor.report.messages import sentence
from tremor.report.table_texts import SECTIONS, texts_of
from tremor.results.analysis import Analysis
from tremor.results.explanations import EXPLANATION_IDS, Grade
from tremor.settings import AnalysisSettings

#: Answers that reach every kind of finding, advice and warning sign.
ANSWERS = [
    {},
    {
        "rpe": 9,
        "load": "harder",
        "duration_min": 150,
        "kind": "steady",
        "temperature_c": 31,
        "humidity_pct": 60,
        "mass_before_kg": 70,
        "mass_after_kg": 68.2,
        "fluid_ml": 500,
        "urine_ml": 100,
        "salt": False,
        "sweat": "heavy",
        "other_muscles": ["eyelid"],
        "medicines": ["diuretic"],
        "caffeine_mg": 300,
        "hours_since_meal": 6,
        "stress": 8,
        "days_lasting": 20,
        "cramp": True,
        "signs": ["fever"],
    },
    {
        "distance_km": 30,
        "kind": "intervals",
        "minutes_since_stop": 5,
        "temperature_c": 35,
        "mass_before_kg": 70,
        "mass_after_kg": 71,
        "fluid_ml": 0,
        "urine_ml": 500,
        "salt": False,
        "caffeine_mg": 10,
    },
]
pytestmark = pytest.mark.usefixtures("in_another_language")


def marked(text):
    if isinstance(text, str):
        return f"⟦{text}⟧"
    return {key: form if key == "by" else marked(form) for key, form in text.items()}


def english():
    """Every text that another language can override, by section and name."""
    sections = {name: dict(texts) for name, texts in messages.catalogue("en").items()}
    for name in SECTIONS:
        sections[name] = {**sections.get(name, {}), **texts_of(name)}
    # Words that stand for themselves in English.
    table, advice = evidence_table(), advice_table()
    bins = {one.word for entry in table.entries.values() for one in entry.bins if one.word}
    sections["listing"] |= {f"bin.{word}": word for word in bins}
    sections["listing"] |= {f"condition.{row.when}": row.when for row in advice.advice if row.when}
    sections["listing"] |= {f"grade.{word}": word for word in get_args(Grade)}
    sections["setting"] = {
        item.name: item.metadata["reason"] for item in dataclasses.fields(AnalysisSettings)
    }
    return sections


@pytest.fixture
def in_another_language(tmp_path, monkeypatch):
    """Speak a language whose file holds every English text between marks."""
    file = messages._FOLDER.joinpath("en.toml").read_text(encoding="utf-8")
    (tmp_path / "en.toml").write_text(file, encoding="utf-8")
    made = {
        section: {name: marked(text) for name, text in texts.items()}
        for section, texts in english().items()
    }
    (tmp_path / "marked.toml").write_text(tomli_w.dumps(made), encoding="utf-8")
    monkeypatch.setattr(messages, "_FOLDER", tmp_path)
    monkeypatch.setattr(messages, "LANGUAGES", ("en", "marked"))
    messages.use_language("marked")
    yield
    messages.use_language("en")
    messages.catalogue.cache_clear()
    messages._section.cache_clear()


def words_outside(text):
    """Words that stand in none of the marked texts."""
    depth, outside = 0, []
    for character in text:
        depth += (character == "⟦") - (character == "⟧")
        outside.append(" " if depth or character == "⟧" else character)
    assert depth == 0
    left = "".join(outside)
    # Claims, units and names.
    left = re.sub(r"\b[AEFNP]\d\b|m/s\^?2|(?<=\d )(?:Hz|mm)\b|\b[a-z]+_[a-z_]+\b", " ", left)
    return re.findall(r"[A-Za-z]{2,}", left)


@pytest.fixture(params=["analysis", "no_tremor", "insufficient"])
def measured(request):
    return request.getfixturevalue(request.param)


@pytest.mark.parametrize("answers", ANSWERS)
def test_every_sentence_of_the_text_is_of_the_catalogue(measured, answers):
    found = with_explanations(measured, Context(**answers))
    assert words_outside("\n".join(as_text.explanation_lines(found))) == []


class _Texts(HTMLParser):
    """What of a page is seen or read out: its texts, and the attributes that hold some."""

    def __init__(self, page):
        super().__init__()
        self.found, self._open = [], []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self._open.append(tag)
        self.found += [value for name, value in attrs if name in {"aria-label", "alt", "title"}]

    def handle_endtag(self, tag):
        while self._open.pop() != tag:
            pass  # an element without an end, such as meta

    def handle_data(self, data):
        if data.strip() and "style" not in self._open:
            self.found.append(" ".join(data.split()))


def names_of(analysis):
    """Names and codes of the result, which no language changes."""
    facts = analysis.recording
    codes = {analysis.source.sha256, analysis.source.format, facts.unit_in, facts.gravity}
    units = {item.metadata["unit"] for item in dataclasses.fields(analysis.settings)}
    settings = {item.name for item in dataclasses.fields(analysis.settings)}
    values = {f"{getattr(analysis.settings, name):g} {unit}" for name in settings for unit in units}
    literature = {*method_text.references(), method_text.command(analysis)}
    return (
        literature
        | codes
        | settings
        | values
        | {str(facts.sensor), str(facts.placement), *facts.history}
        | {one.value for one in facts.decisions}
    )


@pytest.mark.parametrize("answers", [None, *ANSWERS])
def test_every_text_of_the_page_is_of_the_catalogue(measured, answers):
    found = measured if answers is None else with_explanations(measured, Context(**answers))
    texts = _Texts(as_html.render(found)).found
    assert len(texts) > 200
    names = names_of(found)
    assert words_outside("\n".join(text for text in texts if text not in names)) == []


def test_rest_of_the_text_and_the_notebook_are_of_the_catalogue(measured):
    fragment = " ".join(_Texts(as_html.short(measured)).found)
    for text in (as_text.render(measured), as_text.short(measured), fragment):
        assert words_outside(text.replace(measured.source.name, "")) == []


def test_listing_is_of_the_catalogue():
    outside = set(words_outside(evidence_listing.render()))
    assert outside <= set(evidence_listing.names())
    left = re.sub(r"tremor explain( ID| --all| --analysis FILE)", "", evidence_listing.overview())
    assert set(words_outside(left)) <= set(EXPLANATION_IDS)
    for name in evidence_listing.names():
        assert set(words_outside(evidence_listing.render_one(name))) <= set(
            evidence_listing.names()
        )


def test_words_without_marks_are_found(analysis):
    messages.use_language("en")
    found = with_explanations(analysis, Context(**ANSWERS[1]))
    assert len(words_outside("\n".join(as_text.explanation_lines(found)))) > 300


def test_template_of_the_answers_is_of_the_catalogue():
    lines = commented_toml({}).splitlines()
    assert sum(line.startswith("# ⟦") for line in lines) == 33


def test_result_is_read_in_another_language_than_it_was_saved_in(analysis):
    found = with_explanations(analysis, Context(**ANSWERS[1]))
    saved = json.loads(found.to_json())
    assert saved["explanations"][0]["evidence"][0]["statement"].startswith("⟦")
    messages.use_language("en")
    again = Analysis.from_dict(saved)
    assert sentence(again.explanations[0].evidence[0].statement)[0].isupper()
    assert again.explanations == found.explanations


def test_what_a_language_lacks_is_english(tmp_path):
    (tmp_path / "marked.toml").write_text('[claim.F4]\ntext = "Ruhe hilft."\n', encoding="utf-8")
    messages.catalogue.cache_clear()
    messages._section.cache_clear()
    assert messages.text("claim", "F4.text") == "Ruhe hilft."
    assert messages.text("claim", "F4.section") == "Muscle Fatigue"
    assert explanation_text.label("title") == "What may explain it"
