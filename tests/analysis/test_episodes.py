"""What only the windows before and after can tell: settling, joining, hysteresis, length."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from tremor.analysis.episodes import apply_settling, find_episodes, still_gate_ms2
from tremor.results.estimates import ESTIMATE_NAMES
from tremor.results.verdicts import REASON_NAMES
from tremor.results.windows import WindowTable
from tremor.settings import AnalysisSettings

DEFAULT = AnalysisSettings(episode_least_s=6.0)
#: Interruptions of two windows are joined, and nothing is asked of their share.
JOINING = DEFAULT.with_overrides(["episode_join_s=4", "episode_least_share=0"])

#: T tremor; s no tremor, yet above half of every threshold; - no tremor; M moving; W gait;
#: I impact; H heartbeat; G gap; D dead; C clipped
LETTERS = {
    "T": "line", "s": "flat", "-": "weak", "M": "moving", "W": "gait", "I": "impact",
    "H": "heartbeat", "G": "gap", "D": "dead", "C": "clipped",
}  # fmt: skip
#: Scores over their thresholds, by letter.
LEVEL = {"T": 3.0, "s": 0.7, "-": 0.1, "I": 2.0, "H": 2.0}


def table_of(text, *, peak_hz=None, low_rms_ms2=0.01, step_s=2.0, heartbeat=None):
    """Windows of 4 s every 2 s, one a letter."""
    n = len(text)
    level = np.array([LEVEL.get(letter, np.nan) for letter in text])
    tremor = np.array([letter == "T" for letter in text], dtype=bool)
    peak = np.full(n, 8.0) if peak_hz is None else np.asarray(peak_hz, dtype=float)

    def estimated(value):
        column = np.full((n, 3), np.nan)
        column[tremor] = [value, 0.9 * value, 1.1 * value]
        return column

    return WindowTable(
        start_s=step_s * np.arange(n),
        end_s=step_s * np.arange(n) + 4.0,
        reason=np.array([REASON_NAMES.index(LETTERS[letter]) for letter in text], dtype=np.uint8),
        score=level,
        threshold=np.ones(n),
        estimates=dict.fromkeys(ESTIMATE_NAMES, estimated(0.2))
        | {
            "frequency_hz": estimated(8.0),
            "bandwidth_hz": estimated(0.5),
            "rms_ms2": estimated(0.3),
        },
        method=tremor.astype(np.uint8),
        polarisation=np.where(tremor, 0.9, np.nan),
        scores={
            "low_rms_ms2": np.where(np.isnan(level), np.nan, low_rms_ms2),
            "peak_hz": np.where(np.isnan(level), np.nan, peak),
            "band_rms_ms2": level * DEFAULT.least_rms_ms2,
            "peak_fraction": level * DEFAULT.least_peak_fraction,
            "peak_over_floor": level * DEFAULT.least_peak_over_floor,
            "valley_ratio": level * DEFAULT.least_valley_ratio,
            "heartbeat_score": np.full(n, np.nan) if heartbeat is None else np.array(heartbeat),
        },
    )


def episodes(text, settings=JOINING, **keywords):
    """Episodes as (start, end, members as text)."""
    found = find_episodes(table_of(text, **keywords), settings=settings)
    return [
        (one.start_s, one.end_s, "".join("x" if m else "." for m in one.members)) for one in found
    ]


# --- episodes ------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["", "-----", "sssss", "MMGDC", "T", "--T--", "-sTs-", "T----T"])
def test_without_two_windows_of_tremor_close_by_there_is_no_episode(text):
    assert episodes(text) == []


def test_two_windows_make_an_episode():
    assert episodes("--TT--") == [(4.0, 10.0, "..xx..")]


def test_an_episode_begins_and_ends_with_tremor():
    assert episodes("ssTTTss") == [(4.0, 12.0, "..xxx..")]


def test_hysteresis_keeps_what_stays_above_half_of_the_thresholds():
    assert episodes("TTsssTT") == [(0.0, 16.0, "xxxxxxx")]


@pytest.mark.parametrize(
    "score", ["band_rms_ms2", "peak_fraction", "peak_over_floor", "valley_ratio"]
)
def test_every_score_must_stay_above_half(score):
    table = table_of("TTsTT")
    column = table.scores[score].copy()
    column[2] = 0.49 / 0.7 * column[2]
    weaker = replace(table, scores={**table.scores, score: column})
    assert find_episodes(table, settings=JOINING)[0].members[2]
    assert not find_episodes(weaker, settings=JOINING)[0].members[2]


def test_what_stays_at_another_frequency_is_not_a_member():
    assert episodes("TTsTT", peak_hz=[8, 8, 9.4, 8, 8]) == [(0.0, 12.0, "xxxxx")]
    assert episodes("TTsTT", peak_hz=[8, 8, 9.6, 8, 8]) == [(0.0, 12.0, "xx.xx")]


def test_a_slow_drift_of_the_frequency_stays_one_episode():
    drift = [8.0, 9.0, 9.8, 10.6, 11.4, 11.4]
    assert episodes("TTssTT", peak_hz=drift) == [(0.0, 14.0, "xxxxxx")]


def test_a_short_interruption_is_bridged_and_does_not_count():
    # Last end 6 s, next start 10 s: 4 s apart, the longest that is joined.
    assert episodes("TT---TT") == [(0.0, 16.0, "xx...xx")]
    assert episodes("TT----TT") == [(0.0, 6.0, "xx......"), (12.0, 18.0, "......xx")]


def test_a_gap_is_bridged_and_does_not_count():
    assert episodes("TTGGTT") == [(0.0, 14.0, "xx..xx")]


@pytest.mark.parametrize("letter", ["I", "H", "C"])
def test_a_knock_a_beat_or_a_rail_is_bridged_and_does_not_count(letter):
    assert episodes(f"TT{letter}TT") == [(0.0, 12.0, "xx.xx")]


@pytest.mark.parametrize("text", ["TT-M-TT", "TTMTT", "TTsMsTT", "TTWTT"])
def test_a_movement_ends_the_episode_however_short(text):
    found = episodes(text)
    assert len(found) == 2
    assert found[0][:2] == (0.0, 6.0)
    assert found[1][1] == 2.0 * (len(text) - 1) + 4.0


def test_joining_and_length_follow_the_settings():
    assert len(episodes("TT---TT", JOINING.with_overrides(["episode_join_s=3.9"]))) == 2
    assert episodes("TT--", JOINING.with_overrides(["episode_least_s=6.1"])) == []
    assert episodes("TTT-", JOINING.with_overrides(["episode_least_s=8"])) == [(0.0, 8.0, "xxx.")]


@pytest.mark.parametrize(("least_share", "count"), [(0.40, 1), (0.41, 0)])
@pytest.mark.parametrize("other", ["-", "s", "H", "I"])
def test_odd_windows_strewn_over_a_minute_are_no_episode(least_share, count, other):
    # Two of every five judged windows hold tremor, gaps left out of the count.
    text = f"TG{other}{other}{other}T" if other != "s" else "TGsssT"
    settings = JOINING.with_overrides([f"episode_least_share={least_share}", "episode_join_s=10"])
    assert len(episodes(text, settings)) == count


def test_an_episode_rises_above_the_still_floor_of_its_own_recording():
    table = table_of("TT-----TT")
    scores = dict(table.scores)
    scores["band_rms_ms2"] = np.array([0.05, 0.05, *[0.024] * 5, 0.04, 0.04])
    table = replace(table, scores=scores)
    # The floor is 0.024, the gate twice that; the last two windows stay below it.
    assert still_gate_ms2(table, settings=JOINING) == 0.048
    assert [one.start_s for one in find_episodes(table, settings=JOINING)] == [0.0]
    # Four windows do not tell a floor, and the gate never falls below the least one.
    few = table_of("TT----TT")
    assert still_gate_ms2(few, settings=JOINING) == JOINING.least_rms_ms2
    assert still_gate_ms2(table_of("TT-----"), settings=JOINING) == JOINING.least_rms_ms2


@pytest.mark.parametrize("seed", range(20))
def test_any_sequence_gives_episodes_in_order_that_hold_every_lasting_tremor(seed):
    rng = np.random.default_rng(seed)
    text = "".join(rng.choice(list("TTTs-MGHIC"), size=60))
    table = table_of(text)
    found = find_episodes(table, settings=JOINING)
    members = np.zeros(len(text), dtype=int)
    for one in found:
        inside = np.flatnonzero(one.members)
        assert {text[inside[0]], text[inside[-1]]} == {"T"}
        assert set(np.array(list(text))[inside]) <= {"T", "s"}
        assert (one.start_s, one.end_s) == (table.start_s[inside[0]], table.end_s[inside[-1]])
        assert "M" not in text[inside[0] : inside[-1] + 1]
        assert np.count_nonzero(np.array(list(text))[inside] == "T") >= 2
        members += one.members
    assert members.max(initial=0) <= 1
    assert all(a.start_s < b.start_s for a, b in pairwise(found))
    # Two neighbours of tremor are always an episode.
    for k in range(len(text) - 1):
        if text[k : k + 2] == "TT":
            assert members[k]
            assert members[k + 1]


# --- settling ------------------------------------------------------------------------------------


def settled(text, settings=DEFAULT, **keywords):
    return apply_settling(table_of(text, **keywords), settings=settings)


def marks(table):
    return "".join("S" if verdict == "settling" else "." for verdict in table.verdict)


def test_windows_that_start_within_two_seconds_of_a_movement_settle():
    # M ends at 8 s; windows at 6 s (inside) and 8 s (just after) settle, the one at 10 s does not.
    table = settled("TTMTTTT")
    assert marks(table) == "...SS.."
    assert_array_equal(table.score[3:5], [0.0, 0.0])
    assert_array_equal(table.threshold[3:5], [2.0, 2.0])


def test_half_a_second_apart_counts():
    table = settled("MTTTTTTTTTTTTTTT", step_s=0.5)
    # M ends at 4 s; windows up to a start of 5.5 s settle.
    assert marks(table) == "." + "S" * 11 + "...."
    assert_array_equal(table.score[9:12], [0.5, 1.0, 1.5])


def test_settling_takes_the_numbers_away():
    table = settled("MT-T")
    for window in (table[1], table[2]):
        assert window.verdict == "settling"
        assert window.polarisation is None
        for one in (window.frequency_hz, window.bandwidth_hz, window.rms_ms2):
            assert one.value is None
            assert one.reason.code == "settling"
    assert table.method[1] == 0


def test_windows_before_the_movement_stay():
    assert marks(settled("TTTTM")) == "....."


@pytest.mark.parametrize(("low_rms_ms2", "expected"), [(0.05, "...."), (0.2, "S...")])
def test_the_start_settles_only_where_there_is_still_slow_movement(low_rms_ms2, expected):
    assert marks(settled("TTTT", low_rms_ms2=low_rms_ms2)) == expected


@pytest.mark.parametrize(("low_rms_ms2", "expected"), [(0.05, "......"), (0.2, "S..SS.")])
@pytest.mark.parametrize("letter", ["G", "D"])
def test_so_does_what_follows_a_gap(letter, low_rms_ms2, expected):
    assert marks(settled(f"TT{letter}TTT", low_rms_ms2=low_rms_ms2)) == expected


@pytest.mark.parametrize("letter", ["C", "H", "I"])
def test_a_rail_a_beat_or_a_knock_does_not_make_the_leg_settle(letter):
    assert marks(settled(f"TT{letter}TT")) == "....."


def test_walking_does():
    assert marks(settled("TTWTTT")) == "...SS."


def test_without_settling_time_nothing_settles_but_what_overlaps():
    settings = DEFAULT.with_overrides(["settling_s=0"])
    assert marks(settled("TMTTT", settings)) == "..S.."


def test_the_table_that_came_in_is_left_as_it_was():
    table = table_of("TMTT")
    reason = table.reason.copy()
    other = apply_settling(table, settings=DEFAULT)
    assert_array_equal(table.reason, reason)
    assert not np.array_equal(other.reason, reason)
    calm = table_of("TT--")
    assert apply_settling(calm, settings=DEFAULT) is calm


def test_later_windows_do_not_change_what_was_settled_before():
    text = "TTMTT--GTT-MMT-TT"
    whole = settled(text, low_rms_ms2=0.2)
    for n in range(1, len(text)):
        assert_array_equal(settled(text[:n], low_rms_ms2=0.2).reason, whole.reason[:n])
