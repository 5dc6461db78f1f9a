"""The vignettes: at least 95 % are as expected, and none soothes in the face of a warning sign."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import chain

import pytest
from rigs.vignettes import (
    CAUTIONS,
    COURSES,
    EXPLANATIONS,
    HARD,
    NOBODY,
    RHYTHMS,
    all_pairs,
    pairs_of,
    read_vignettes,
)

from tremor.explanation.advice import advice_table
from tremor.explanation.answers.context import Context
from tremor.explanation.claims import article
from tremor.explanation.evidence import evidence_table
from tremor.explanation.explain import with_explanations
from tremor.report.as_text import render_explanations

VIGNETTES = read_vignettes()
BY_NAME = {one.name: one for one in VIGNETTES}
LEAST_SHARE = 0.95
#: Log-odds that differ by less are the same.
_NOTHING = 1e-9

SEEN = {
    "fades": {"recovery": "decays", "half_life_s": 60.0},
    "stays": {"recovery": "persists"},
    "open": {"recovery": "not_determined"},
    "none": {"status": "no_tremor"},
    "unseen": {"status": "insufficient"},
    "pulses": {"windows": ("line",) * 45 + ("only_impacts",) * 15},
    "slow": {"frequency_hz": 5.0},
}
CAUTION_OF = {"posture": "posture_change", "strap": "strap_loose"}
WORDS = ("cannot tell", "weak", "moderate", "strong")
URGENCY = {sign.id: sign.urgency for sign in advice_table().warnings}
#: What soothes, or may harm, where help is needed.
SOOTHING = {
    *("ends_by_itself", "keep_running", "rest", "massage", "drink"),
    *("spasm", "not_settling"),
}
SOOTHING_WORDS = re.compile(
    r"ends\s+by\s+itself|short\s+rest\s+is|reason\s+for\s+alarm|end\s+your\s+running"
)


def explained(one, analysis_of):
    seen = {}
    for word in one.sights:
        seen |= SEEN.get(word, {})
    cautions = [CAUTION_OF.get(word, word) for word in one.sights if word in CAUTIONS]
    return with_explanations(analysis_of(**seen, cautions=cautions), Context(**one.answers))


@pytest.fixture(scope="module")
def found(analysis_of):
    """Return the explained analysis of every vignette, by name."""
    return {one.name: explained(one, analysis_of) for one in VIGNETTES}


def differences(one, result, beside=None):
    """List what is not as expected, in words."""
    wrong = [*_order(one, result), *_words(one, result), *_said(one, result)]
    return wrong if beside is None else [*wrong, *_moved(one, result, beside)]


def _by_short_name(result):
    ids = {row.id: row for row in result.explanations}
    return {name: ids[id_] for name, id_ in EXPLANATIONS.items()}


def _order(one, result):
    rows = _by_short_name(result)
    close = [name for name, row in rows.items() if row.id in result.sensitivity.about_equal]
    first = next(name for name, row in rows.items() if row.id == result.sensitivity.leader)
    if all(rows[name].word == "cannot tell" for name in close):
        # The report says that it cannot tell, and names no leader.
        if one.leads and NOBODY not in one.leads:
            yield "nobody leads"
        return
    if one.leads and first not in one.leads:
        yield f"{first} leads"
    if not set(one.equal) <= set(close) or set(one.apart) & set(close):
        yield f"about equal are {', '.join(close)}"


def _words(one, result):
    for name, row in _by_short_name(result).items():
        rank = WORDS.index(row.word)
        if rank < WORDS.index(one.at_least.get(name, row.word)):
            yield f"{name} is only {row.word}"
        if rank > WORDS.index(one.at_most.get(name, row.word)):
            yield f"{name} is {row.word}"


def _said(one, result):
    given = {each.id for each in result.advice}
    warned = {each.id for each in result.warning_signs}
    if not set(one.warns) <= warned <= {*one.warns, *one.may_warn}:
        yield f"warned of {sorted(warned)}"
    if missing := set(one.says) - given:
        yield f"not said: {sorted(missing)}"
    if wrong := set(one.never_says) & given:
        yield f"said: {sorted(wrong)}"
    shown = {each.key for row in result.explanations for each in row.evidence}
    weighing = {each.key for row in result.explanations for each in row.evidence if each.weight}
    if wrong := set(one.not_counted) & weighing:
        yield f"counted: {sorted(wrong)}"
    if missing := set(one.not_counted) - shown:
        yield f"not shown as not counted: {sorted(missing)}"


def _moved(one, result, beside):
    there = {name: row.log_odds for name, row in _by_short_name(beside).items()}
    for name, row in _by_short_name(result).items():
        moved = row.log_odds - there[name]
        demands = (
            (one.raises, moved > 1e-9),
            (one.lowers, moved < -1e-9),
            (one.keeps, abs(moved) < 1e-9),
        )
        if any(name in names and not is_so for names, is_so in demands):
            yield f"{name} moves by {moved:+.2f}"


def test_vignettes_are_as_expected(found):
    wrong = {}
    for one in VIGNETTES:
        listed = differences(one, found[one.name], found.get(one.beside))
        if listed:
            wrong[one.name] = "; ".join(listed)
    report = "\n".join(f"{name}: {listed}" for name, listed in wrong.items())
    assert len(wrong) <= (1.0 - LEAST_SHARE) * len(VIGNETTES), report


def test_none_reassures_in_the_face_of_a_warning_sign(found):
    for one in VIGNETTES:
        result = found[one.name]
        given = {each.id for each in result.advice}
        if any(URGENCY[sign] in ("now", "today") for sign in one.warns):
            assert not SOOTHING & given, one.name
            assert not SOOTHING_WORDS.search(render_explanations(result)), one.name
        elif one.warns:
            assert "ends_by_itself" not in given, one.name


def test_words_that_soothe_are_those_of_the_advice(found):
    text = render_explanations(found["Signs asked, none there, hard run"])
    assert len(set(SOOTHING_WORDS.findall(text))) >= 3


def test_every_pair_of_levels_occurs_in_some_vignette():
    assert not all_pairs() - set(chain.from_iterable(pairs_of(one) for one in VIGNETTES))


def test_there_are_200_half_of_them_hard_and_most_of_them_narrow():
    alone = [one for one in VIGNETTES if not one.beside]
    assert len(BY_NAME) == len(VIGNETTES)
    assert len(alone) == 200
    assert sum(one.hard in HARD for one in alone) >= 100
    assert sum(one.narrows for one in alone) >= 150
    for name in EXPLANATIONS:
        assert sum(one.leads == [name] for one in alone) >= 4


@pytest.mark.parametrize("one", VIGNETTES, ids=lambda one: one.name)
def test_vignette_is_sound(one):
    names = [one.leads, one.equal, one.apart, one.at_least, one.at_most]
    names += [one.raises, one.lowers, one.keeps]
    assert one.sights[0] in COURSES
    assert set(one.sights[1:]) <= {*CAUTIONS, *RHYTHMS}
    assert set(chain.from_iterable(names)) <= {*EXPLANATIONS, NOBODY}
    assert not set(one.equal) & set(one.apart)
    assert one.leads == [] or set(one.leads) - set(one.apart)
    assert set(one.warns) | set(one.may_warn) <= set(URGENCY)
    assert set(one.says) | set(one.never_says) <= {row.id for row in advice_table().advice}
    assert one.why.endswith(".")
    assert re.fullmatch(r"kept|stricter|corrected: .+[^.]", one.review)
    cited = set(re.findall(r"\b[AEFNP]\d\b", one.ground))
    assert cited <= set(article().claims)
    assert cited or re.search(r"guidance|information|literature|\b(?:19|20)\d\d\b", one.ground)


@pytest.mark.parametrize("one", [one for one in VIGNETTES if one.beside], ids=lambda one: one.name)
def test_twin_differs_in_one_fact_and_says_what_moves(one):
    beside = BY_NAME[one.beside]
    keys = {*one.answers, *beside.answers}
    different = {key for key in keys if one.answers.get(key) != beside.answers.get(key)}
    facts = {re.sub(r"_(?:before|after)_kg$", "", key) for key in different}
    assert len(facts) + (one.seen != beside.seen) == 1
    assert one.raises or one.lowers or one.keeps


def turned_round(key):
    """Return the table of evidence with the weights of one entry turned round."""
    table = evidence_table()
    entry = table.entries[key]
    bins = [replace(one, weights={id_: -w for id_, w in one.weights.items()}) for one in entry.bins]
    return replace(table, entries={**table.entries, key: replace(entry, bins=tuple(bins))})


def weighs(key, result):
    return any(
        each.key == key and each.weight for row in result.explanations for each in row.evidence
    )


@pytest.mark.parametrize(
    "key",
    [
        key
        for key, entry in evidence_table().entries.items()
        if any(weight for one in entry.bins for weight in one.weights.values())
    ],
)
def test_a_weight_turned_round_is_noticed(key, found, analysis_of, monkeypatch):
    table = turned_round(key)
    monkeypatch.setattr("tremor.explanation.explain.evidence_table", lambda: table)
    for one in sorted(VIGNETTES, key=lambda one: not one.beside):
        if not any(weighs(key, found[name]) for name in (one.name, one.beside) if name):
            continue
        beside = explained(BY_NAME[one.beside], analysis_of) if one.beside else None
        now = differences(one, explained(one, analysis_of), beside)
        if now and not differences(one, found[one.name], found.get(one.beside)):
            return
    pytest.fail(f"no vignette would notice it if {key} weighed the other way")
