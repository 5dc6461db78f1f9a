"""The vignettes: at least 95 % of them as expected, and none that reassures where help is needed."""

from __future__ import annotations

import re
from itertools import chain

import pytest
from rigs.vignettes import (
    COURSES,
    EXPLANATIONS,
    HARD,
    NOBODY,
    all_pairs,
    pairs_of,
    read_vignettes,
)

from tremor.explanation.advice import advice_table
from tremor.explanation.answers.context import Context
from tremor.explanation.claims import article
from tremor.explanation.explain import with_explanations
from tremor.report.as_text import render_explanations

VIGNETTES = read_vignettes()
LEAST_SHARE = 0.95

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
#: What soothes, and what may harm where help is needed.
SOOTHING = {"ends_by_itself", "keep_running", "rest", "massage", "drink"}
SOOTHING_WORDS = re.compile(
    r"ends by itself|no(?:thing)? (?:cause|grave)|short rest|seldom a cause"
)


@pytest.fixture(scope="module")
def found(analysis_of):
    """Explain every vignette."""
    return [explained(one, analysis_of) for one in VIGNETTES]


def explained(one, analysis_of):
    seen = {}
    for word in one.sights:
        seen |= SEEN.get(word, {})
    cautions = [CAUTION_OF.get(word, word) for word in one.sights if word not in SEEN]
    return with_explanations(analysis_of(**seen, cautions=cautions), Context(**one.answers))


def differences(one, result):
    """List what is not as expected, in words."""
    short = {id_: name for name, id_ in EXPLANATIONS.items()}
    words = {short[each.id]: each.word for each in result.explanations}
    close = [short[id_] for id_ in result.sensitivity.about_equal]
    is_open = all(words[name] == "cannot tell" for name in close)
    given = {each.id for each in result.advice}
    warned = {each.id for each in result.warning_signs}
    weighing = {
        each.key for row in result.explanations for each in row.evidence if each.weight != 0.0
    }
    leads = NOBODY if is_open and NOBODY in one.leads else close[0]
    checks = {
        f"{leads} leads": bool(one.leads) and leads not in one.leads,
        f"about equal: {close}": not set(one.equal) <= set(close),
        f"not apart: {close}": not is_open and bool(set(one.apart) & set(close)),
        f"warned of {sorted(warned)}": not set(one.warns) <= warned <= {*one.warns, *one.may_warn},
        f"not said: {sorted(set(one.says) - given)}": not set(one.says) <= given,
        f"said: {sorted(set(one.never_says) & given)}": bool(set(one.never_says) & given),
        f"counted: {sorted(set(one.not_counted) & weighing)}": bool(
            set(one.not_counted) & weighing
        ),
    }
    checks |= {
        f"{name} is {words[name]}": WORDS.index(words[name]) < WORDS.index(word)
        for name, word in one.at_least.items()
    }
    checks |= {
        f"{name} is {words[name]}, too much": WORDS.index(words[name]) > WORDS.index(word)
        for name, word in one.at_most.items()
    }
    return [text for text, is_wrong in checks.items() if is_wrong]


def test_vignettes_are_as_expected(found):
    wrong = {
        one.name: listed
        for one, result in zip(VIGNETTES, found, strict=True)
        if (listed := differences(one, result))
    }
    for name, listed in wrong.items():
        print(f"{name}: {'; '.join(listed)}")
    assert len(wrong) <= (1.0 - LEAST_SHARE) * len(VIGNETTES)


def test_none_soothes_in_the_face_of_a_warning_sign(found):
    for one, result in zip(VIGNETTES, found, strict=True):
        if any(URGENCY[sign] in ("now", "today") for sign in one.warns):
            assert not SOOTHING & {each.id for each in result.advice}, one.name
            assert not SOOTHING_WORDS.search(render_explanations(result)), one.name
        elif one.warns:
            assert "ends_by_itself" not in {each.id for each in result.advice}, one.name


def test_every_pair_of_levels_occurs_in_some_vignette():
    assert not all_pairs() - set(chain.from_iterable(pairs_of(one) for one in VIGNETTES))


def test_there_are_200_vignettes_half_of_them_hard_and_most_of_them_narrow():
    assert len(VIGNETTES) == len({one.name for one in VIGNETTES}) == 200
    assert sum(one.hard in HARD for one in VIGNETTES) >= 100
    assert sum(one.narrows for one in VIGNETTES) >= 150
    for name in EXPLANATIONS:
        assert sum(one.leads == [name] for one in VIGNETTES) >= 5
        assert sum(name in one.apart for one in VIGNETTES) >= 3 or name == "fatigue"


@pytest.mark.parametrize("one", VIGNETTES, ids=lambda one: one.name)
def test_vignette_is_sound(one):
    assert one.sights[0] in COURSES
    assert set(one.leads) <= {*EXPLANATIONS, NOBODY}
    for names in (one.equal, one.apart, one.at_least, one.at_most):
        assert set(names) <= set(EXPLANATIONS)
    assert not set(one.leads) & set(one.apart) - set(one.leads[1:])
    assert set(one.warns) | set(one.may_warn) <= set(URGENCY)
    assert set(one.says) | set(one.never_says) <= {row.id for row in advice_table().advice}
    assert one.why.endswith(".")
    cited = re.findall(r"\b[AEFNP]\d\b", one.ground)
    assert set(cited) <= set(article().claims)
    assert cited or re.search(r"guidance|information|\b(?:19|20)\d\d\b", one.ground)
