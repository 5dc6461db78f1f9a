"""What bleak and the daemon below it raise, in words and with a remedy. Nothing is called here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from bleak.exc import (
    BleakBluetoothNotAvailableError,
    BleakBluetoothNotAvailableReason,
    BleakCharacteristicNotFoundError,
    BleakDBusError,
    BleakDeviceNotFoundError,
    BleakGATTProtocolError,
    BleakGATTProtocolErrorCode,
)

from devices.link.remedies import remedy
from tremor.errors import LinkError, SensorRefusedError, TremorError

__all__ = ["DBUS", "UNAVAILABLE", "in_words"]

_WANTS_PAIRING: Final = frozenset(
    {
        BleakGATTProtocolErrorCode.INSUFFICIENT_AUTHENTICATION,
        BleakGATTProtocolErrorCode.INSUFFICIENT_AUTHORIZATION,
        BleakGATTProtocolErrorCode.INSUFFICIENT_ENCRYPTION_KEY_SIZE,
        BleakGATTProtocolErrorCode.INSUFFICIENT_ENCRYPTION,
    }
)
#: Reason: what is wrong, and the trouble whose remedy helps.
UNAVAILABLE: Final[Mapping[BleakBluetoothNotAvailableReason, tuple[str, str]]] = {
    BleakBluetoothNotAvailableReason.NO_BLUETOOTH: ("there is no Bluetooth adapter", "no adapter"),
    BleakBluetoothNotAvailableReason.NO_BLE_CENTRAL_ROLE: (
        "the Bluetooth adapter has no Low Energy",
        "no central role",
    ),
    BleakBluetoothNotAvailableReason.POWERED_OFF: ("Bluetooth is off", "off"),
    BleakBluetoothNotAvailableReason.DENIED_BY_USER: ("Bluetooth is not allowed", "denied"),
    BleakBluetoothNotAvailableReason.DENIED_BY_SYSTEM: ("Bluetooth is not allowed", "denied"),
    BleakBluetoothNotAvailableReason.DENIED_BY_UNKNOWN: ("Bluetooth is not allowed", "denied"),
}
#: End of the name of a D-Bus error: what is wrong, and the trouble whose remedy helps.
DBUS: Final[Mapping[str, tuple[str, str]]] = {
    "ServiceUnknown": ("the Bluetooth daemon is not running", "no daemon"),
    "NameHasNoOwner": ("the Bluetooth daemon is not running", "no daemon"),
    "NoReply": ("the Bluetooth daemon does not answer", "busy"),
    "AccessDenied": ("Bluetooth is not allowed", "denied"),
    "NotAuthorized": ("Bluetooth is not allowed", "denied"),
    "NotReady": ("Bluetooth is off", "off"),
    "InProgress": ("Bluetooth is busy with something else", "busy"),
}
_DBUS_PAIRING: Final = frozenset(
    {
        "AuthenticationFailed",
        "AuthenticationCanceled",
        "AuthenticationRejected",
        "AuthenticationTimeout",
    }
)


@contextmanager
def in_words(doing: str) -> Iterator[None]:
    """Turn whatever comes out of bleak into a `LinkError` with what to do.

    Parameters
    ----------
    doing : str
        What was tried; follows "could not".

    Raises
    ------
    SensorRefusedError
        Where the sensor says no, and would again.
    LinkError
        Where anything else went wrong.
    """
    try:
        yield
    except TremorError:
        raise
    except Exception as error:
        raise _link_error(error, doing) from error


def _troubled(what: str, trouble: str) -> LinkError:
    error = LinkError(f"{what}; {remedy(trouble)}")
    error.trouble = trouble
    return error


def _link_error(error: Exception, doing: str) -> LinkError:
    if isinstance(error, BleakBluetoothNotAvailableError):
        return _troubled(*UNAVAILABLE.get(error.reason, ("Bluetooth is not available", "busy")))
    if isinstance(error, BleakGATTProtocolError):
        if error.code in _WANTS_PAIRING:
            return SensorRefusedError(
                f"could not {doing}: the sensor wants to be paired first; {remedy('pairing')}"
            )
        return LinkError(f"could not {doing}: the sensor answered '{error.args[1]}'")
    if isinstance(error, BleakCharacteristicNotFoundError):
        return SensorRefusedError(
            f"could not {doing}: it has no characteristic {error.char_specifier}; it is another "
            "kind of sensor, or its firmware is too old: update it with its maker's app"
        )
    if isinstance(error, BleakDBusError):
        name = error.dbus_error.rpartition(".")[2]
        if name in _DBUS_PAIRING:
            return SensorRefusedError(f"could not {doing}: pairing failed; {remedy('pairing')}")
        if name in DBUS:
            what, trouble = DBUS[name]
            return _troubled(f"could not {doing}: {what}", trouble)
        return LinkError(f"could not {doing}: {error.dbus_error_details or name}")
    if isinstance(error, BleakDeviceNotFoundError):
        return LinkError(f"could not {doing}: it is out of reach now; come nearer and wake it")
    if isinstance(error, TimeoutError):
        return LinkError(f"could not {doing}: it did not answer in time; come nearer and wake it")
    if isinstance(error, (ConnectionRefusedError, FileNotFoundError)):
        return _troubled("there is no D-Bus system bus", "no bus")
    if isinstance(error, (OSError, EOFError)):
        return LinkError(f"could not {doing}: the link to the Bluetooth daemon broke")
    if "BlueZ >=" in str(error):
        return _troubled("the Bluetooth daemon is too old", "old daemon")
    return LinkError(f"could not {doing}: {str(error) or type(error).__name__}")
