"""UUIDs assigned by the Bluetooth SIG; those of vendors are in `devices.sensors`."""

from __future__ import annotations

from typing import Final

__all__ = [
    "BATTERY_LEVEL",
    "BATTERY_SERVICE",
    "CLIENT_CHARACTERISTIC_CONFIGURATION",
    "GENERIC_ACCESS_SERVICE",
    "GENERIC_ATTRIBUTE_SERVICE",
    "HEART_RATE_MEASUREMENT",
    "HEART_RATE_SERVICE",
    "assigned_uuid",
]


def assigned_uuid(number: int) -> str:
    """Return the 128-bit form of a 16-bit assigned number.

    Parameters
    ----------
    number : int
        Assigned number, 0 to 0xFFFF.

    Returns
    -------
    str
        UUID on the Bluetooth base UUID, in lower case.

    References
    ----------
    Bluetooth Core Specification 5.4, volume 3, part B, section 2.5.1; Assigned Numbers, section 3.

    Examples
    --------
    >>> assigned_uuid(0x2A19)
    '00002a19-0000-1000-8000-00805f9b34fb'
    """
    return f"{number:08x}-0000-1000-8000-00805f9b34fb"


GENERIC_ACCESS_SERVICE: Final = assigned_uuid(0x1800)
GENERIC_ATTRIBUTE_SERVICE: Final = assigned_uuid(0x1801)
HEART_RATE_SERVICE: Final = assigned_uuid(0x180D)
BATTERY_SERVICE: Final = assigned_uuid(0x180F)
BATTERY_LEVEL: Final = assigned_uuid(0x2A19)
HEART_RATE_MEASUREMENT: Final = assigned_uuid(0x2A37)
CLIENT_CHARACTERISTIC_CONFIGURATION: Final = assigned_uuid(0x2902)
