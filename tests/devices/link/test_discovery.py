"""Which device is meant by which words; no Bluetooth needed."""

from __future__ import annotations

import pytest

from devices import PROFILES
from devices.catalog import profile_of
from devices.link.discovery import DiscoveredDevice, SensorSelector, _merged, _rank
from devices.link.radio import Peripheral
from devices.profile import Advertisement

H10 = Advertisement(name="Polar H10 1A2B3C4D")


def found(name="", *, address="AA:BB:CC:DD:EE:FF", rssi_dbm=-60, is_connected=False):
    advertisement = Advertisement(name=name)
    peripheral = Peripheral(address, advertisement, rssi_dbm, is_connected, device=None)
    return DiscoveredDevice(peripheral, profile_of(advertisement))


@pytest.mark.parametrize(
    ("text", "matches", "is_exact"),
    [
        ("polar-h10", True, False),
        (" POLAR-H10 ", True, False),
        ("aa:bb:cc:dd:ee:ff", True, True),
        ("polar h10 1a2b3c4d", True, True),
        ("1A2B", True, False),
        ("", True, False),
        ("movesense", False, False),
        ("AA:BB", False, False),
        ("99999999", False, False),
    ],
)
def test_words_that_mean_a_sensor(text, matches, is_exact):
    one = found(H10.name)
    selector = SensorSelector(text)
    assert selector.matches(one) is matches
    assert selector.matches_exactly(one) is is_exact


def test_nothing_unknown_is_meant_by_no_words():
    assert not SensorSelector().matches(found("Fridge"))
    assert not SensorSelector().matches(found(""))


def test_profile_that_is_given_decides_which_sensor_is_meant_by_no_words():
    assert SensorSelector("", PROFILES["polar-h10"]).matches(found(H10.name))
    assert not SensorSelector("", PROFILES["polar-h10"]).matches(found("Fridge"))
    assert SensorSelector("fridge", PROFILES["polar-h10"]).matches(found("Fridge"))


def test_what_is_told_in_parts_is_put_together():
    first = Advertisement("", ("a",), (1,))
    then = Advertisement("Name", ("b", "a"), ())
    assert _merged(None, first) is first
    assert _merged(first, then) == Advertisement("Name", ("a", "b"), (1,))
    assert _merged(then, first).name == "Name"


def test_sensors_come_first_then_those_connected_then_the_strongest():
    far, near = found(H10.name, rssi_dbm=-90), found(H10.name, rssi_dbm=-40)
    mute, held = found(H10.name, rssi_dbm=None), found(H10.name, is_connected=True, rssi_dbm=None)
    stranger = found("Fridge", rssi_dbm=-10)
    order = sorted([stranger, mute, far, held, near], key=_rank)
    assert order == [held, near, far, mute, stranger]


def test_label_is_for_people():
    assert found(H10.name).label == "Polar H10 1A2B3C4D (AA:BB:CC:DD:EE:FF)"
    assert found("").label == "AA:BB:CC:DD:EE:FF"
