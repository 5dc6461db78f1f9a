from __future__ import annotations

import pytest
from rigs.captures import packets

from devices.profile import Advertisement, Read, Subscribe, Unsubscribe, Write
from devices.sensors.microbit import PROFILE
from tremor.errors import PacketError, SensorRefusedError

VECTORS = packets("microbit")
PERIODS = [one for one in VECTORS if one["direction"] == "write"]
DATA = PROFILE.data_characteristics[0]
PERIOD = PERIODS[0]["characteristic"]


@pytest.mark.parametrize("length", [0, 1, 5, 7, 12])
def test_other_lengths_are_refused(length):
    with pytest.raises(PacketError, match=f"{length} bytes"):
        PROFILE.decoder().feed(DATA, bytes(length), 0.0)


def test_the_period_is_written_and_read_back(talk):
    asked = next(one for one in PERIODS if one["expected"]["period_ms"] == 10)
    period = bytes.fromhex(asked["hex"])
    steps, started = talk(PROFILE.start(PROFILE.settings(sampling_rate_hz=100)), {PERIOD: [period]})
    assert steps == [Write(PERIOD, period), Read(PERIOD), Subscribe(DATA)]
    assert started.settings.sampling_rate_hz == 100
    assert talk(PROFILE.stop(started.settings), {})[0] == [Unsubscribe(DATA)]


def test_what_the_board_chose_instead_is_granted_and_said(talk):
    chosen = next(one for one in PERIODS if one["expected"]["period_ms"] == 1000)
    reply = {PERIOD: [bytes.fromhex(chosen["hex"])]}
    _, started = talk(PROFILE.start(PROFILE.settings(sampling_rate_hz=50)), reply)
    assert started.settings.sampling_rate_hz == 1.0
    assert "1000 ms instead of 20 ms" in started.notes[-1]


@pytest.mark.parametrize("reply", [b"", b"\x00\x00", b"\x14", None])
def test_no_period_is_refused(talk, reply):
    with pytest.raises(SensorRefusedError, match="accelerometer service"):
        talk(PROFILE.start(PROFILE.settings()), {PERIOD: [reply]})


def test_no_period_that_stops_the_board_is_ever_asked():
    assert min(1000 / rate_hz for rate_hz in PROFILE.rates_hz) >= 10


def test_recognition():
    assert PROFILE.recognises(Advertisement("BBC micro:bit [vapet]"))
    assert PROFILE.recognises(Advertisement("", PROFILE.services))
    assert not PROFILE.recognises(Advertisement("BBC iPlayer"))
