"""What changed from session to session, and what may not be compared."""

from dataclasses import replace

import pytest

from tremor.comparison.changes import compare_analyses
from tremor.errors import InvalidInputError
from tremor.report.messages import sentence


def change_of(found, quantity, after=1):
    return next(one for one in found.changes if (one.quantity, one.after) == (quantity, after))


@pytest.mark.parametrize(
    ("strength_ms2", "verdict"),
    [(0.3, "no_reliable_change"), (0.6, "no_reliable_change"), (1.2, "rose"), (0.08, "fell")],
)
def test_two_sessions_are_held_against_the_literature(session_of, strength_ms2, verdict):
    found = change_of(compare_analyses([session_of(0.3), session_of(strength_ms2)]), "rms_ms2")
    assert found.factor.value == pytest.approx(strength_ms2 / 0.3)
    assert found.basis == "literature"
    assert found.verdict == verdict


def test_steady_sessions_of_ones_own_show_a_smaller_change(session_of):
    steady = [session_of(0.3 * factor, day=day) for day, factor in enumerate((1, 1.04, 0.97, 1.02))]
    found = change_of(compare_analyses([*steady, session_of(0.48, day=4)]), "rms_ms2", after=4)
    assert found.basis == "own_sessions"
    assert found.detectable_factor < 2.94


def test_half_life_without_sessions_of_ones_own_cannot_be_told(session_of):
    found = change_of(compare_analyses([session_of(), session_of()]), "half_life_s")
    assert found.verdict == "cannot_tell"


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"placement": "left-thigh"}, "UNLIKE_PLACEMENT"),
        ({"placement": "right-calf"}, None),
        ({"turned_deg": 70.0}, "UNLIKE_POSTURE"),
        ({"turned_deg": 15.0}, None),
        ({"placement": None}, None),
    ],
)
def test_what_is_unlike_is_named(session_of, changed, code):
    found = compare_analyses([session_of(), session_of(**changed)])
    assert [one.code for one in found.unlike] == ([] if code is None else [code])


def protocol(session, **changed):
    """Return a session with other facts, settings or answers."""
    recording, settings = (
        replace(old, **{name: changed.pop(name) for name in list(changed) if hasattr(old, name)})
        for old in (session.recording, session.settings)
    )
    return replace(session, recording=recording, settings=settings, **changed)


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"gravity": "removed"}, "UNLIKE_GRAVITY"),
        ({"window_s": 8.0}, "UNLIKE_SETTINGS"),
        ({"step_s": 1.0}, "UNLIKE_SETTINGS"),
        ({"band_high_hz": 12.0}, "UNLIKE_BAND"),
        ({"sampling_rate_hz": 26.0}, "UNLIKE_BAND"),  # the rate cuts the band at 11.7 Hz
        ({"sampling_rate_hz": 52.0}, None),
        ({"duration_s": 300.0}, "UNLIKE_DURATION"),
        ({"duration_s": 130.0}, None),
        ({"minutes_since_stop": 12.0}, "UNLIKE_SINCE_STOP"),
        ({"minutes_since_stop": 6.0}, None),
        ({"minutes_since_stop": None}, None),
    ],
)
def test_unlike_protocol_is_named_in_either_order(session_of, changed, code):
    one = protocol(session_of(), minutes_since_stop=3.0)
    other = protocol(one, **changed)
    for both in ([one, other], [other, one]):
        found = compare_analyses(both).unlike
        assert [note.code for note in found] == ([] if code is None else [code])
        assert all(str(note.values["first"]) in sentence(note) for note in found)


def test_left_and_right_are_two_legs_and_the_measurement_decides(session_of):
    found = compare_analyses(
        [session_of(0.3), session_of(0.4, placement="right-calf", turned_deg=160.0)]
    )
    assert found.kind == "legs"
    assert not found.unlike
    assert change_of(found, "rms_ms2").verdict == "rose"


def test_right_leg_of_another_session_among_three_is_unlike(session_of):
    found = compare_analyses(
        [session_of(), session_of(day=1), session_of(day=2, placement="right-calf")]
    )
    assert [one.code for one in found.unlike] == ["UNLIKE_PLACEMENT"]


def test_one_session_is_too_few(session_of):
    with pytest.raises(InvalidInputError, match="two results"):
        compare_analyses([session_of()])
