"""Translates exceptions of bleak and of the Bluetooth daemon to `LinkError`s with a remedy."""

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

__all__ = ["DBUS", "UNAVAILABLE", "WORDS", "translated_errors"]

_REQUIRES_PAIRING: Final = frozenset(
    {
        BleakGATTProtocolErrorCode.INSUFFICIENT_AUTHENTICATION,
        BleakGATTProtocolErrorCode.INSUFFICIENT_AUTHORIZATION,
        BleakGATTProtocolErrorCode.INSUFFICIENT_ENCRYPTION_KEY_SIZE,
        BleakGATTProtocolErrorCode.INSUFFICIENT_ENCRYPTION,
    }
)
#: Problem and key of its remedy, by the reason that bleak gives.
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
#: Problem and key of its remedy, by the last part of the name of a D-Bus error.
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
#: What bleak says on Windows and macOS, in lower case: whether the sensor refuses, the problem, and
#: the key of its remedy.
WORDS: Final[tuple[tuple[str, bool, str, str], ...]] = (
    ("unreachable", False, "it is asleep, out of reach, or linked to another one", "unreachable"),
    ("could not pair", True, "pairing failed", "pairing failed"),
    ("failed to pair", True, "pairing failed", "pairing failed"),
    ("authentication is insufficient", True, "the sensor wants to be paired first", "pairing"),
    ("encryption is insufficient", True, "the sensor wants to be paired first", "pairing"),
    ("accessdenied", True, "another program holds it, or it wants to be paired", "pairing"),
    ("access denied", True, "another program holds it, or it wants to be paired", "pairing"),
)


@contextmanager
def translated_errors(action: str) -> Iterator[None]:
    """Translate an exception of bleak to a `LinkError` with a remedy.

    Parameters
    ----------
    action : str
        What is attempted, as it follows "could not".

    Raises
    ------
    SensorRefusedError
        If the sensor refuses, so that a retry cannot help.
    LinkError
        For any other failure.
    """
    try:
        yield
    except TremorError:
        raise
    except Exception as error:
        raise _link_error(error, action) from error


def _with_remedy(problem: str, trouble: str) -> LinkError:
    error = LinkError(f"{problem}; {remedy(trouble)}")
    error.trouble = trouble
    return error


def _refused(problem: str, trouble: str) -> SensorRefusedError:
    error = SensorRefusedError(f"{problem}; {remedy(trouble)}")
    error.trouble = trouble
    return error


def _link_error(error: Exception, action: str) -> LinkError:
    if isinstance(error, BleakBluetoothNotAvailableError):
        return _with_remedy(*UNAVAILABLE.get(error.reason, ("Bluetooth is not available", "busy")))
    if isinstance(error, BleakGATTProtocolError):
        if error.code in _REQUIRES_PAIRING:
            return _refused(f"could not {action}: the sensor wants to be paired first", "pairing")
        return LinkError(f"could not {action}: the sensor answered '{error.args[1]}'")
    if isinstance(error, BleakCharacteristicNotFoundError):
        return SensorRefusedError(
            f"could not {action}: it has no characteristic {error.char_specifier}; it is another "
            "kind of sensor, or its firmware is too old: update it with its maker's app"
        )
    if isinstance(error, BleakDBusError):
        name = error.dbus_error.rpartition(".")[2]
        if name in _DBUS_PAIRING:
            return _refused(f"could not {action}: pairing failed", "pairing failed")
        if name in DBUS:
            problem, trouble = DBUS[name]
            return _with_remedy(f"could not {action}: {problem}", trouble)
        return LinkError(f"could not {action}: {error.dbus_error_details or name}")
    if isinstance(error, BleakDeviceNotFoundError):
        return LinkError(f"could not {action}: it is out of reach now; come nearer and wake it")
    if isinstance(error, TimeoutError):
        return LinkError(f"could not {action}: it did not answer in time; come nearer and wake it")
    if isinstance(error, (ConnectionRefusedError, FileNotFoundError)):
        return _with_remedy("there is no D-Bus system bus", "no bus")
    if isinstance(error, (OSError, EOFError)):
        return LinkError(f"could not {action}: the link to the Bluetooth daemon broke")
    for words, refused, problem, trouble in WORDS:
        if words in str(error).lower():
            make = _refused if refused else _with_remedy
            return make(f"could not {action}: {problem}", trouble)
    if "BlueZ >=" in str(error):
        return _with_remedy("the Bluetooth daemon is too old", "old daemon")
    return LinkError(f"could not {action}: {str(error) or type(error).__name__}")
