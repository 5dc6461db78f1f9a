from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tremor.measures.taps import TapResponse
from tremor.session.strap_check import Posture, StrapFacts, check_strap, posture_of

GOOD = StrapFacts(
    taps=(TapResponse(1.0, 20.0, 0.04), TapResponse(2.0, 25.0, 0.05)),
    posture=Posture(9.81, "+y", 12.0),
    clipped_share=0.0,
    range_g=8.0,
    battery_percent=81,
    free_bytes=10**10,
    needed_bytes=10**7,
)


def ringing(*times_s):
    return tuple(TapResponse(float(i), 20.0, ring_s) for i, ring_s in enumerate(times_s))


def test_all_is_well():
    check = check_strap(GOOD)
    assert check.word == "good"
    assert any("firm contact" in reason for reason in check.reasons)
    assert "up is +y, 12 degrees off" in check.reasons


@pytest.mark.parametrize(
    ("change", "word", "says"),
    [
        ({"taps": ringing(0.3, 0.35)}, "re-strap", "rings for 325 ms"),
        ({"taps": ringing(0.15, 0.2)}, "usable", "tighten"),
        ({"taps": ()}, "usable", "no tap was felt"),
        ({"taps": None}, "good", "was not checked"),
        ({"posture": None}, "good", "cannot be told"),
        ({"posture": None, "has_gravity": False}, "good", "gravity is not in the samples"),
        ({"posture": Posture(12.0, "-z", 3.0)}, "usable", "+22 %"),
        ({"clipped_share": 0.01}, "usable", "--range"),
        ({"range_g": 1.0}, "usable", "range is 1 g"),
        ({"range_g": None}, "good", "firm"),
        ({"battery_percent": 9}, "usable", "9 %"),
        ({"battery_percent": None}, "good", "firm"),
        ({"free_bytes": 10**6}, "usable", "1 MB of disk"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_each_fault_has_its_word_and_its_reason_first(change, word, says):
    check = check_strap(replace(GOOD, **change))
    assert check.word == word
    assert any(says in reason for reason in check.reasons)
    if word != "good":
        assert says in check.reasons[0]


def test_the_worst_decides():
    check = check_strap(replace(GOOD, taps=ringing(0.4), battery_percent=3, clipped_share=0.5))
    assert check.word == "re-strap"
    assert len(check.reasons) == 4


def test_form_for_the_file_is_json():
    import json

    record = check_strap(GOOD).to_dict()
    assert json.loads(json.dumps(record))["facts"]["taps"][0]["ring_s"] == 0.04


@pytest.mark.parametrize(("axis", "sign", "name"), [(0, 1, "+x"), (1, -1, "-y"), (2, 1, "+z")])
def test_posture_names_the_axis_that_is_up(axis, sign, name):
    samples = np.zeros((100, 3))
    samples[:, axis] = sign * 9.81
    samples[:, (axis + 1) % 3] = 9.81 * np.tan(np.radians(20.0))
    posture = posture_of(samples)
    assert posture is not None
    assert posture.up_axis == name
    assert posture.tilt_deg == pytest.approx(20.0)


def test_posture_without_gravity_or_samples_cannot_be_told():
    assert posture_of(np.zeros((0, 3))) is None
    assert posture_of(np.full((10, 3), np.nan)) is None
    assert posture_of(np.full((10, 3), 0.01)) is None
