"""Explanations as text and page: what stands first, what is cited, and what may not be said."""

from __future__ import annotations

import re
from dataclasses import replace
from html import escape
from html.parser import HTMLParser

import pytest

from tremor.explanation.answers.context import Context
from tremor.explanation.claims import article
from tremor.explanation.explain import with_explanations
from tremor.notes import note
from tremor.report import as_html, as_text, explanation_text, plain, view
from tremor.report.messages import brief, sentence
from tremor.results.analysis import Analysis
from tremor.results.cautions import Caution

HARD_AND_HOT = {
    "rpe": 9,
    "duration_min": 95,
    "temperature_c": 31,
    "humidity_pct": 60,
    "mass_before_kg": 70,
    "mass_after_kg": 68.2,
    "other_muscles": ["eyelid"],
}
KINDS = ["analysis", "no_tremor", "insufficient"]
ANSWERS = [{}, HARD_AND_HOT, {**HARD_AND_HOT, "signs": ["confusion", "dark_urine"]}]


@pytest.fixture(params=KINDS)
def measured(request):
    return request.getfixturevalue(request.param)


class _Words(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.words, self.ids, self.links, self.silent = [], [], [], 0
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.ids.append(found.get("id"))
        self.links.append(found.get("href", ""))
        self.silent += tag == "style"

    def handle_endtag(self, tag):
        self.silent -= tag == "style"

    def handle_data(self, data):
        if not self.silent:
            self.words.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())


def page_of(analysis):
    return _Words(as_html.render(analysis))


@pytest.mark.parametrize("answers", ANSWERS)
def test_text_fits_eighty_columns_and_an_ascii_terminal(measured, answers):
    found = with_explanations(measured, Context(**answers))
    text = as_text.render(found)
    assert max(len(line) for line in text.splitlines()) <= 80
    plain = as_text.render(found, unicode=False)
    assert plain.isascii()
    assert max(len(line) for line in plain.splitlines()) <= 80
    assert as_text.render_explanations(found, unicode=False).isascii()


FIRST = "This rests on your answers, not on the sensor: an accelerometer cannot measure"


@pytest.mark.parametrize("answers", ANSWERS)
def test_electrolytes_start_with_what_they_rest_on(measured, answers):
    text = " ".join(as_text.render(with_explanations(measured, Context(**answers))).split())
    assert re.search(r"Electrolytes and metabolites: [a-z, 0-9()%]+ " + re.escape(FIRST), text)


def test_card_of_the_electrolytes_starts_with_what_it_rests_on(analysis):
    html = as_html.render(with_explanations(analysis, Context(**HARD_AND_HOT)))
    card = html.split('data-explanation="electrolytes_metabolites"')[1].split("</article>")[0]
    assert _Words(card.split(">", 1)[1]).text.startswith("Electrolytes and metabolites " + FIRST)


@pytest.mark.parametrize("answers", ANSWERS[1:])
def test_for_against_and_missing_of_every_explanation_are_there(analysis, answers):
    found = with_explanations(analysis, Context(**answers))
    text = as_text.render(found)
    for label in ("    for      ", "    against  ", "    missing  "):
        assert text.count(label) == 3
    page = page_of(found)
    for one in found.explanations:  # in sight where there is something, and always in the fold
        in_sight = bool(one.pointing("for")) + bool(one.pointing("against"))
        card = as_html.render(found).split(f'data-explanation="{one.id}"')[1]
        card = card.split("</article>")[0]
        assert card.count("Speaks for it") + card.count("Speaks against it") == 2 + in_sight
    for one in found.explanations:
        for evidence in one.evidence:
            assert sentence(evidence.statement) in page.text
        for missing in one.missing:
            assert brief(missing.statement) in page.text


def test_signs_that_were_ticked_stand_before_anything_measured(measured):
    found = with_explanations(measured, Context(**ANSWERS[2]))
    text = as_text.render(found)
    assert text.startswith("GET HELP.")
    assert text.index("Confusion: call an ambulance") < text.index("Dark red-brown urine, all")
    assert text.index("Dark red-brown urine, all") < text.index(found.source.name)
    page = page_of(found)
    assert page.text.index("Confusion: call an ambulance") < page.text.index("In short")
    assert "Rest with the leg supported" not in text


@pytest.mark.parametrize("answers", ANSWERS)
def test_list_of_signs_is_the_same_whatever_was_measured(measured, answers):
    found = with_explanations(measured, Context(**answers))
    text = " ".join(as_text.render(found).split()).split("When to get help")[1]
    for _, names in explanation_text.help_list():
        assert ", ".join(names) in text


def test_without_answers_the_text_is_short_and_says_how_to_answer(analysis):
    text = as_text.render(with_explanations(analysis, None))
    assert "Nothing was answered that could be weighed." in text
    assert "missing" not in text.split("What may explain it")[1]
    assert text.count("\n") < as_text.render(
        with_explanations(analysis, Context(**HARD_AND_HOT))
    ).count("\n")


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        ("no_tremor", "The sensor saw no tremor; this is about a tremor that you felt."),
        ("insufficient", "The sensor could not tell whether there was a tremor"),
    ],
)
def test_without_a_tremor_it_is_about_one_that_was_felt(kind, says, request):
    found = with_explanations(request.getfixturevalue(kind), Context(**HARD_AND_HOT))
    assert says in " ".join(as_text.render(found).split())
    assert says in page_of(found).text


def test_every_claim_stands_in_the_page_and_every_citation_leads_to_one(analysis):
    page = page_of(with_explanations(analysis, Context(**HARD_AND_HOT)))
    for claim in article().claims.values():
        assert claim.text in page.text
        assert f"claim-{claim.id}" in page.ids
    cited = {link[1:] for link in page.links if link.startswith("#claim-")}
    assert len(cited) > 5
    assert cited <= set(page.ids)


def test_list_of_signs_stands_in_the_page(no_tremor):
    text = page_of(with_explanations(no_tremor, None)).text.split("When to get help")[1]
    for _, names in explanation_text.help_list():
        assert ", ".join(names) in text


def test_leaders_that_are_close_fit_about_equally(analysis):
    found = with_explanations(analysis, Context(rpe=3, duration_min=25, autoimmune=True, stress=8))
    assert len(found.sensitivity.about_equal) > 1
    assert "fit about equally." in as_text.render(found)
    assert "fits best." in as_text.render(with_explanations(analysis, Context(rpe=9)))


def test_where_too_little_is_known_nothing_is_said_to_fit_best(no_tremor):
    text = as_text.render(with_explanations(no_tremor, Context(stress=3)))
    assert "Too little is known to say which fits best." in text
    assert text.count(": cannot tell") == 3


def test_ticked_sign_alone_has_its_advice(no_tremor):
    text = as_text.render(with_explanations(no_tremor, Context(signs=["fever"])))
    assert "What you can do\n  - Get help first" in text


def test_limits_of_the_words_and_the_redraws_are_printed(analysis):
    text = " ".join(as_text.render(with_explanations(analysis, Context(**HARD_AND_HOT))).split())
    assert "Strong: support of 80 % and more. Moderate: 50 % and more." in text
    assert re.search(r"still leads in \d+ % of 500 draws", text)


@pytest.mark.parametrize("answers", [{}, HARD_AND_HOT, {"rpe": 6, "duration_min": 70}])
def test_what_would_change_it_is_told_in_text_page_and_json(measured, answers):
    found = with_explanations(measured, Context(**answers))
    said = explanation_text.changes_texts(found.sensitivity)
    assert 1 <= len(said) <= 4
    page, text = page_of(found).text, " ".join(as_text.render(found).split())
    for one in said:
        assert one in page
        assert one in text
    written = found.to_dict()["sensitivity"]["changes"]
    assert [one["message"] for one in written] == list(said)
    assert written[0]["code"] == "LEADS" or not answers


def test_disputed_advice_is_marked_in_text_and_page(analysis):
    found = with_explanations(analysis, Context(**HARD_AND_HOT, days_lasting=5))
    text, page = " ".join(as_text.render(found).split()), page_of(found).text
    for one in (text, page):
        assert "Physiotherapists dispute that massage does this" in one
        assert "Physiotherapists dispute most of this list" in one
    assert "[P4, disputed]" in text
    assert page.count("Physiotherapists dispute most of this list") == 2  # advice and claim


def test_what_is_not_counted_stands_by_itself_with_the_weight_that_it_would_have(analysis):
    plain = with_explanations(analysis, Context(rpe=9))
    found = with_explanations(analysis, Context(rpe=9, shaking="vehicle"))
    weight = next(one.weight for one in plain.explanations[0].evidence if one.key == "line_width")
    assert weight > 0.0
    text, page = " ".join(as_text.render(found).split()), page_of(found).text
    for one in (text, page):
        assert "Not counted, because you say that a vehicle shook the leg." in one
        assert f"0 instead of {weight:+.1f}" in one
        assert "this is about a tremor that you felt" in one
    assert " not used " in text
    assert "Not counted" in page


def test_screen_says_that_something_else_may_have_shaken_the_leg(analysis):
    plainly = with_explanations(analysis, Context(rpe=9, shaking="none"))
    assert plain.explanation_sentence(plainly).startswith("What fits best: ")
    found = with_explanations(analysis, Context(rpe=9, shaking="machine"))
    said = plain.explanation_sentence(found)
    assert said.startswith("Something other than a muscle may have shaken it. If you felt it")
    assert "Record again where nothing but the muscle can shake the leg." in page_of(found).text


def test_page_says_once_in_each_card_who_measured_what(analysis):
    found = with_explanations(analysis, Context(**HARD_AND_HOT))
    html = as_html.render(found)
    for one in found.explanations:
        card = html.split(f'data-explanation="{one.id}"')[1].split("</article>")[0]
        sources = {sentence(evidence.source) for evidence in one.evidence if evidence.source}
        assert sources
        assert all(card.count(f"<dd>{escape(source)}</dd>") == 1 for source in sources)


def test_caution_says_what_it_took_from_the_explanations(analysis):
    turned = Caution(
        code="strap_loose",
        about=("strength", "bandwidth"),
        strength=1.0,
        statement=note("STRAP_LOOSE", above_ms2=0.3, inside_ms2=0.4),
    )
    doubtful = replace(analysis, cautions=(turned,))
    assert not view.caution_texts(doubtful)[0].endswith("line is.")
    found = with_explanations(doubtful, Context(rpe=9))
    (said,) = view.caution_texts(found)
    assert said.endswith("Therefore not counted for the explanations: how wide the line is.")


def test_open_question_of_an_older_result_is_told_in_plain_words(analysis):
    saved = with_explanations(analysis, Context(rpe=9, duration_min=95)).to_dict()
    del saved["sensitivity"]["changes"]
    (said,) = explanation_text.changes_texts(Analysis.from_dict(saved).sensitivity)
    assert said.endswith("Answering it would not change what fits best.")


def test_saved_result_is_described_with_what_it_was_weighed_with(analysis):
    saved = with_explanations(analysis, Context(**HARD_AND_HOT)).to_dict()
    saved["sensitivity"]["rules"] |= {
        "strong_from": 0.9,
        "moderate_from": 0.6,
        "weight_factor_low": 0.5,
        "weight_factor_high": 1.5,
        "prior_shift": 0.25,
    }
    saved["sensitivity"] |= {"draws": 321, "share": 0.75}
    found = Analysis.from_dict(saved)
    for text in (" ".join(as_text.render(found).split()), page_of(found).text):
        assert "Strong: support of 90 % and more. Moderate: 60 % and more." in text
        assert "changed by up to 50 % and each prior by up to 0.25, " in text
        assert "still leads in 75 % of 321 draws" in text


def test_result_of_before_the_rules_were_saved_states_no_limits(analysis):
    saved = with_explanations(analysis, Context(**HARD_AND_HOT)).to_dict()
    del saved["sensitivity"]["rules"]
    text = " ".join(as_text.render(Analysis.from_dict(saved)).split())
    assert "Strong: support of" not in text
    assert re.search(r"Where all of them are changed, .* still leads in \d+ % of 500 draws", text)


def test_page_says_once_what_it_is_not(measured):
    page = page_of(with_explanations(measured, Context(**HARD_AND_HOT)))
    assert page.text.count(view.purpose()) == 1
    assert page.text.count("not a medical device") == 1


@pytest.mark.parametrize("answers", ANSWERS)
def test_explanations_are_read_back_without_loss(measured, answers):
    found = with_explanations(measured, Context(**answers))
    assert Analysis.from_json(found.to_json()).to_dict() == found.to_dict()


def test_result_of_before_the_explanations_is_read(analysis):
    document = analysis.to_dict()
    for key in ("explanations", "sensitivity", "warning_signs", "advice"):
        del document[key]
    again = Analysis.from_dict(document)
    assert again.explanations == ()
    assert again.sensitivity is None
    assert "What may explain it" not in as_text.render(again)
