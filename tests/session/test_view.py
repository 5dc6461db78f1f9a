from __future__ import annotations

import math
from contextvars import copy_context
from dataclasses import replace

import pytest

from tremor.report.layout import use_columns
from tremor.results.verdicts import VERDICTS
from tremor.session.view import (
    SensorView,
    SessionView,
    Tremor,
    status_block,
    status_line,
)

SENSOR = SensorView(
    label="left-calf",
    rate_hz=104.213,
    rate_is_measured=True,
    lost_share=0.003,
    battery_percent=81,
    rssi_dbm=-61,
    is_still=True,
    now=Tremor("tremor", 9.13, 0.451),
    first_rms_ms2=2.13,
    rms_ms2=(2.13, math.nan, 1.2, 0.451),
)
SESSION = SessionView(
    stage="measure",
    time_s=252.0,
    duration_s=600.0,
    sensors=(SENSOR,),
    hint="keys: m marker   p then 0-9 pain or cramp   q stop and save",
)


def changed(**changes):
    return replace(SESSION, sensors=(replace(SENSOR, **changes),))


def test_block_holds_all_that_is_known():
    assert status_block(SESSION) == [
        "LEFT CALF   4:12 / 10:00   104.2 Hz   loss 0.30 %   batt 81 %   -61 dBm",
        "still enough: yes  tremor now: 9.1 Hz, 0.451 m/s^2  since start: 2.13 -> 0.45",
        "█·▅▂",
        "keys: m marker   p then 0-9 pain or cramp   q stop and save",
    ]


@pytest.mark.parametrize("verdict", VERDICTS)
def test_frequency_is_shown_of_tremor_alone(verdict):
    shown = "\n".join(status_block(changed(now=Tremor(verdict, 9.13, 0.451))))
    assert ("9.1 Hz" in shown) == (verdict == "tremor")


def test_below_the_floor_is_too_small_to_measure():
    shown = status_block(changed(now=Tremor("no_tremor", None, None)))[1]
    assert "tremor now: too small to measure" in shown
    assert "too small to measure" in status_block(changed(now=Tremor("tremor", None, None)))[1]


def test_rate_is_told_as_nominal_until_it_is_measured():
    shown = status_block(changed(rate_is_measured=False))[0]
    assert "about 104 Hz" in shown
    assert "104.2" not in shown


def test_loss_that_cannot_be_told_is_no_zero():
    assert "loss not told" in status_block(changed(lost_share=None))[0]


@pytest.mark.parametrize(("is_silent", "words"), [(True, "nothing"), (False, "too little")])
def test_too_little_is_not_called_nothing(is_silent, words):
    view = SensorView(label="left-calf", lost_share=0.9, is_silent=is_silent)
    line = status_line(SessionView(stage="settle", time_s=0.0, duration_s=9.0, sensors=(view,)))
    assert line == f"settle  left-calf: - Hz, loss 90 %, {words} received"


def test_what_is_not_known_is_left_out():
    shown = "\n".join(
        status_block(
            SessionView(
                stage="fit", time_s=0.0, duration_s=60.0, sensors=(SensorView(label="sensor"),)
            )
        )
    )
    assert shown == "SENSOR   fit   - Hz   loss 0 %\nstill enough: -  tremor now: -"


def test_lost_link_and_end_are_told():
    assert "LINK LOST for 0:06" in status_block(changed(lost_for_s=6.2))[0]
    assert "link lost for 0:06" in status_line(changed(lost_for_s=6.2))
    paused = changed(lost_for_s=6.2, is_paused=True)
    assert "PAUSED for 0:06" in status_block(paused)[0]
    assert status_line(paused).endswith("left-calf: paused for 0:06")
    ended = status_block(changed(ended="it was lost"))
    assert ended[:2] == ["LEFT CALF   4:12 / 10:00   ENDED", "  it was lost"]
    assert status_line(changed(ended="it was lost")).endswith("left-calf: ended")


@pytest.mark.parametrize("verdict", VERDICTS)
@pytest.mark.parametrize("lost_for_s", [None, 3600.0])
@pytest.mark.parametrize("unicode", [True, False])
def test_no_line_is_wider_than_the_terminal(verdict, lost_for_s, unicode):
    sensor = replace(
        SENSOR,
        label="a-label-that-somebody-made-up-to-be-very-long",
        rate_is_measured=False,
        lost_share=0.99999,
        now=Tremor(verdict, 14.96, 12.345),
        first_rms_ms2=12.345,
        rms_ms2=tuple(float(n % 7) for n in range(5000)),
        lost_for_s=lost_for_s,
    )
    session = replace(
        SESSION, time_s=86_399.0, duration_s=86_400.0, sensors=(sensor,) * 2, words="word " * 40
    )

    def widest(columns):
        use_columns(columns)
        lines = status_block(session, unicode=unicode)
        assert unicode or "\n".join(lines).isascii()
        return max(map(len, lines))

    for columns in (80, 60, 40):
        assert copy_context().run(widest, columns) <= columns


def test_a_narrow_terminal_gets_more_lines_and_loses_nothing():
    def narrow():
        use_columns(48)
        return status_block(SESSION)

    def words(lines):
        return [
            word for line in lines if "▇" not in line and "█" not in line for word in line.split()
        ]

    wide, folded = status_block(SESSION), copy_context().run(narrow)
    assert len(folded) > len(wide)
    assert words(folded) == words(wide)
