"""Packets of an LSL stream: which channels, which unit, every sample in its place."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.profile import Read
from devices.sensors.lsl import DATA, INFO, PROFILE, encode_info, encode_samples
from tremor.errors import InvalidInputError, PacketError, SensorRefusedError
from tremor.units import STANDARD_GRAVITY_MS2

XYZ = ("acc_x", "acc_y", "acc_z")


def started(info, **options):
    conversation = PROFILE.start(PROFILE.settings(**options))
    assert next(conversation) == Read(INFO)
    with pytest.raises(StopIteration) as end:
        conversation.send(info)
    return end.value.value.settings


@pytest.mark.parametrize(
    ("labels", "units", "options", "channels", "unit"),
    [
        (XYZ, ["m/s^2"] * 3, {}, "1,2,3", "m/s2"),
        (("a", "b", "c"), ["g"] * 3, {}, "1,2,3", "g"),
        (("eeg", "AccX", "AccY", "AccZ"), ["uV", "mg", "mg", "mg"], {}, "2,3,4", "mg"),
        (("a", "b", "c"), [""] * 3, {"unit": "g"}, "1,2,3", "g"),
        (("a", "b", "c", "d"), ["g"] * 4, {"channels": "4,2,1"}, "4,2,1", "g"),
    ],
)
def test_channels_and_unit_are_those_that_are_named_or_said(labels, units, options, channels, unit):
    info = encode_info(rate_hz=52.0, labels=labels, units=units)
    granted = started(info, **options)
    assert granted.options == {"channels": channels, "unit": unit}
    assert granted.sampling_rate_hz == 52.0


@pytest.mark.parametrize(
    ("labels", "units", "options", "says"),
    [
        (("a", "b", "c", "d"), ["g"] * 4, {}, "--option channels=1,2,3"),
        (("a", "b", "c"), ["", "", ""], {}, "--option unit=g"),
        (("a", "b", "c"), ["g", "g", "mg"], {}, "--option unit=g"),
        (("a", "b", "c"), ["g"] * 3, {"channels": "2,3,4"}, "has 3 channels"),
    ],
)
def test_a_stream_that_is_not_clear_is_refused_with_the_option(labels, units, options, says):
    with pytest.raises(SensorRefusedError, match=says):
        started(encode_info(rate_hz=52.0, labels=labels, units=units), **options)


@pytest.mark.parametrize("text", ["", "1,2", "1,2,2", "0,1,2", "x,y,z", "1,2,999"])
def test_impossible_channels_are_refused(text):
    with pytest.raises(InvalidInputError, match="such as 1,2,3"):
        PROFILE.settings(channels=text)


@pytest.mark.parametrize(
    "info", [b"", b"[]", b"\xff", b'{"rate_hz": -1, "labels": [], "units": []}']
)
def test_a_description_that_cannot_be_is_an_error(info):
    conversation = PROFILE.start(PROFILE.settings())
    next(conversation)
    with pytest.raises(PacketError, match="describes itself"):
        conversation.send(info)


def test_samples_are_in_their_place_and_a_loss_is_a_jump():
    decoder = PROFILE.decoder(sampling_rate_hz=50.0, channels="2,3,1", unit="g")
    blocks = []
    for first in range(0, 1000, 10):
        if 400 <= first < 430:
            continue
        times_s = [7.0 + (first + row) / 50.0 for row in range(10)]
        rows = [(1.0, first + row, 0.0, 9.0) for row in range(10)]
        rows = [(one[0], 0.001 * one[1], *one[2:]) for one in rows]
        blocks += decoder.feed(DATA, encode_samples(times_s, rows), times_s[-1] + 0.01)
    places = np.concatenate([b.first_index + np.arange(len(b.acceleration_ms2)) for b in blocks])
    carried = np.concatenate([b.acceleration_ms2[:, 0] for b in blocks]) / STANDARD_GRAVITY_MS2
    assert np.array_equal(places, np.rint(1000.0 * carried))
    assert len(places) == 970
    assert blocks[-1].acceleration_ms2[-1, 2] == STANDARD_GRAVITY_MS2


@given(st.binary(max_size=200))
def test_whatever_comes_is_samples_or_a_packet_error(data):
    decoder = PROFILE.decoder()
    try:
        blocks = decoder.feed(DATA, data, 1.0)
    except PacketError:
        return
    assert all(np.isfinite(one.acceleration_ms2).all() for one in blocks)
    assert len(data) > struct.calcsize("<H4d") - 1
