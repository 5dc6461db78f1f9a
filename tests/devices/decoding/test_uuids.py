"""The constants against the published numbers, written out in full."""

from __future__ import annotations

from devices.decoding import uuids


def test_assigned_uuids_are_the_published_ones():
    published = {
        "GENERIC_ACCESS_SERVICE": "00001800-0000-1000-8000-00805f9b34fb",
        "GENERIC_ATTRIBUTE_SERVICE": "00001801-0000-1000-8000-00805f9b34fb",
        "HEART_RATE_SERVICE": "0000180d-0000-1000-8000-00805f9b34fb",
        "BATTERY_SERVICE": "0000180f-0000-1000-8000-00805f9b34fb",
        "BATTERY_LEVEL": "00002a19-0000-1000-8000-00805f9b34fb",
        "HEART_RATE_MEASUREMENT": "00002a37-0000-1000-8000-00805f9b34fb",
        "CLIENT_CHARACTERISTIC_CONFIGURATION": "00002902-0000-1000-8000-00805f9b34fb",
    }
    declared = {name: getattr(uuids, name) for name in uuids.__all__ if name.isupper()}
    assert declared == published
