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

DEFAULT = AnalysisSettings()

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
            "frequency_hz": np.where(tremor[:, None], peak[:, None] + [0.0, -0.4, 0.4], np.nan),
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
            "burst_hz": np.full(n, np.nan),
            "subharmonic_ratio": np.full(n, np.nan),
            "overtone_share": np.full(n, np.nan),
            "blanked_share": np.zeros(n),
            "quiet_share": np.where(tremor, 0.1, np.nan),
        },
    )


def episodes(text, settings=DEFAULT, **keywords):
    """Episodes as (start, end, members as text)."""
    found = find_episodes(table_of(text, **keywords), settings=settings)
    return [
        (one.start_s, one.end_s, "".join("x" if m else "." for m in one.members)) for one in found
    ]


# --- episodes ------------------------------------------------------------------------------------

STILL = "-" * 20


@pytest.mark.parametrize("text", ["", "-----", "sssss", "MMGDC", "--T--", "-sTs-", "T----T"])
def test_odd_windows_are_no_episode(text):
    assert episodes(text) == []


def test_a_tremor_that_lasts_is_an_episode_that_begins_and_ends_with_it():
    assert episodes(STILL + "sTTTTTTTTs" + STILL) == [(42.0, 60.0, "." * 21 + "x" * 8 + "." * 21)]


def test_hysteresis_keeps_what_stays_above_half_of_the_thresholds():
    assert episodes("TTTTsssTTTT") == [(0.0, 24.0, "x" * 11)]


@pytest.mark.parametrize(
    "score", ["band_rms_ms2", "peak_fraction", "peak_over_floor", "valley_ratio"]
)
def test_every_score_must_stay_above_half(score):
    table = table_of("TTTTTsTTTTT")
    column = table.scores[score].copy()
    column[5] = 0.49 / 0.7 * column[5]
    weaker = replace(table, scores={**table.scores, score: column})
    assert find_episodes(table, settings=DEFAULT)[0].members[5]
    assert not find_episodes(weaker, settings=DEFAULT)[0].members[5]


def test_what_stays_at_another_frequency_is_not_a_member():
    text = "TTTTTsTTTTT"
    for peak_hz, member in ((9.4, True), (9.6, False)):
        peaks = np.full(len(text), 8.0)
        peaks[5] = peak_hz
        (found,) = find_episodes(table_of(text, peak_hz=peaks), settings=DEFAULT)
        assert found.members[5] == member


def test_the_episode_parts_where_the_frequency_changes():
    found = episodes("T" * 40, peak_hz=[5.0] * 20 + [9.0] * 20)
    assert [one[2] for one in found] == ["x" * 20 + "." * 20, "." * 20 + "x" * 20]


def test_a_slow_drift_of_the_frequency_stays_one_episode():
    assert len(episodes("T" * 90, peak_hz=np.linspace(8.5, 7.0, 90))) == 1


@pytest.mark.parametrize("seed", range(5))
def test_two_tremors_that_alternate_as_the_stronger_one_are_one_episode(seed):
    rng = np.random.default_rng(seed)
    kept = np.repeat(rng.integers(0, 2, 30), rng.integers(1, 4, 30))
    assert len(episodes("T" * len(kept), peak_hz=np.where(kept, 5.0, 9.0))) == 1


@pytest.mark.parametrize("between", ["---", "GG", "I", "H", "C", "G" * 10])
def test_what_hides_the_tremor_for_some_seconds_does_not_count(between):
    found = episodes(f"TTTTTT{between}TTTTTT")
    n = len(between)
    assert found == [(0.0, 26.0 + 2.0 * n, "x" * 6 + "." * n + "x" * 6)]


def test_single_windows_of_a_tremor_that_losses_cut_are_an_episode():
    assert len(episodes("GGTGGGTGGTGGGGTGGTGGGTGG")) == 1


def test_minutes_without_tremor_part_episodes():
    assert len(episodes("T" * 8 + "-" * 60 + "T" * 8)) == 2


@pytest.mark.parametrize("between", ["-M-", "M", "sMs", "W"])
def test_a_movement_ends_the_episode_however_short(between):
    found = episodes(f"TTTTT{between}TTTTT")
    assert len(found) == 2
    assert found[0][:2] == (0.0, 12.0)
    assert found[1][1] == 2.0 * (9 + len(between)) + 4.0


def test_an_episode_rises_above_the_still_floor_of_its_own_recording():
    table = table_of("TTTTTTTT" + "-" * 60 + "TTTTTTTT")
    scores = dict(table.scores)
    scores["band_rms_ms2"] = np.array([0.05] * 8 + [0.024] * 60 + [0.04] * 8)
    table = replace(table, scores=scores)
    # The floor is 0.024, the gate twice that; the last windows stay below it.
    assert still_gate_ms2(table, settings=DEFAULT) == 0.048
    assert [one.start_s for one in find_episodes(table, settings=DEFAULT)] == [0.0]
    # Four windows do not tell a floor, and the gate never falls below the least one.
    few = table_of("TT----TT")
    assert still_gate_ms2(few, settings=DEFAULT) == DEFAULT.least_rms_ms2
    assert still_gate_ms2(table_of("TT-----"), settings=DEFAULT) == DEFAULT.least_rms_ms2


@pytest.mark.parametrize("seed", range(20))
def test_any_sequence_gives_episodes_in_order_that_do_not_overlap(seed):
    rng = np.random.default_rng(seed)
    text = "".join(rng.choice(list("TTTTs-MGHIC"), size=60))
    table = table_of(text)
    members = np.zeros(len(text), dtype=int)
    found = find_episodes(table, settings=DEFAULT)
    for one in found:
        inside = np.flatnonzero(one.members)
        assert set(np.array(list(text))[inside]) <= {"T", "s", "H"}
        assert one.start_s <= table.start_s[inside[0]]
        assert one.end_s >= table.end_s[inside[-1]]
        assert "M" not in text[inside[0] : inside[-1] + 1]
        members += one.members
    assert members.max(initial=0) <= 1
    assert all(a.start_s < b.start_s for a, b in pairwise(found))


# --- a stream ------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(5))
def test_what_a_stream_has_settled_stays_as_it_was(seed):
    rng = np.random.default_rng([1, seed])
    text = "".join(
        "".join(rng.choice(list(letters), size=int(rng.integers(10, 90))))
        for letters in ("---s", "TTTTs", "----I", "TT--", "TTTH", "-----M", "TTTTT") * 3
    )
    table = table_of(text)
    whole = {(one.start_s, one.end_s) for one in find_episodes(table, settings=DEFAULT)}
    n_settled = 0
    for n in range(40, len(text), 37):
        so_far = table.select(slice(0, n))
        found = find_episodes(so_far, settings=DEFAULT, is_complete=False)
        settled = {(one.start_s, one.end_s) for one in found if not one.provisional}
        assert settled <= whole
        n_settled += len(settled)
    assert n_settled > 10
    assert not any(one.provisional for one in find_episodes(table, settings=DEFAULT))


def test_what_lasts_to_the_end_of_a_stream_is_provisional():
    (found,) = find_episodes(table_of("T" * 20), settings=DEFAULT, is_complete=False)
    assert found.provisional


@pytest.mark.parametrize(
    ("text", "is_found"), [("TTTHTTHTTT" * 4, True), ("TTTHHHHHTT" * 4, False), ("TTHTT", False)]
)
def test_a_heart_beside_a_tremor_does_not_hide_it(text, is_found):
    # Every score is below the limit of one window, and their median above that of many.
    found = find_episodes(table_of(text, heartbeat=[0.46] * len(text)), settings=DEFAULT)
    assert len(found) == is_found


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
