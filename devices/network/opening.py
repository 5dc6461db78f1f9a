"""Opens a phone or a stream by its name, such as ``phyphox:192.168.1.20`` or ``lsl:leg``."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from devices.catalog import network_profile
from devices.network.lsl_inlet import LslSource
from devices.network.polled import PolledSource
from devices.network.pushed import PushedSource
from devices.network.source import PhoneSource
from devices.profile import SensorProfile
from tremor.errors import InvalidInputError

if TYPE_CHECKING:
    from devices.request import Request

__all__ = ["open_phone"]

#: How a URL begins.
_SCHEME: Final = re.compile(r"(?i:https?:/*|//)")
#: An IPv6 address without the brackets that it needs before a port.
_IPV6: Final = re.compile(r"[0-9a-fA-F:.]+(%[\w.-]+)?")
#: Ports of phyphox where none is given: that of Android, and that of iOS.
_POLLED_PORTS: Final = (8080, 80)
_PUSHED_PORT: Final = 8000
_MOST_PORT: Final = 65_535


def open_phone(request: Request) -> PhoneSource:
    """Open a phone.

    Parameters
    ----------
    request : Request
        Sensor ``phyphox:HOST[:PORT]``, ``sensor-logger[:PORT]`` or ``sensor-logger:HOST:PORT``.

    Returns
    -------
    PhoneSource
        Not entered yet.

    Raises
    ------
    InvalidInputError
        If host or port is missing or invalid.
    LinkError
        If this computer is in no network.
    """
    profile = network_profile(request.sensor)
    assert profile is not None
    _, _, rest = request.sensor.strip().partition(":")
    return _OPENERS[profile.slug](profile, rest.strip(), request)


def _open_polled(profile: SensorProfile, place: str, request: Request) -> PhoneSource:
    host, port = _host_and_port(place)
    if not _is_host(host):
        raise InvalidInputError(
            f"'phyphox:{place}' has no address of a phone; the app shows it once remote access is "
            "allowed in its menu; give it as phyphox:HOST or phyphox:HOST:PORT"
        )
    return PolledSource(
        profile,
        request.settings,
        host=host,
        ports=(_port(port),) if port else _POLLED_PORTS,
        tap=request.tap,
        timeouts=request.link.timeouts,
    )


def _open_pushed(profile: SensorProfile, place: str, request: Request) -> PhoneSource:
    host, port = ("", place) if place.isascii() and place.isdigit() else _host_and_port(place)
    if host and not _is_host(host):
        raise InvalidInputError(
            f"'sensor-logger:{place}' has no address of this computer; give sensor-logger:PORT, or "
            "sensor-logger:HOST:PORT where it has several"
        )
    return PushedSource(
        profile,
        request.settings,
        host=host,
        port=_port(port) if port else _PUSHED_PORT,
        tap=request.tap,
        timeouts=request.link.timeouts,
    )


def _host_and_port(place: str) -> tuple[str, str]:
    """Split an address, which may be a URL as the app or a browser shows it."""
    scheme = _SCHEME.match(place)
    if scheme is not None:
        place = place[scheme.end() :].partition("/")[0]
    place = place.rstrip("/")
    if place.count(":") > 1 and _IPV6.fullmatch(place):
        return place, ""
    if place.startswith("["):
        host, _, port = place[1:].partition("]")
        return host, port.removeprefix(":")
    host, _, port = place.partition(":")
    return host, port


def _is_host(text: str) -> bool:
    return bool(text) and text.isascii() and all(char.isalnum() or char in ".-_:%" for char in text)


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text) <= _MOST_PORT):
        raise InvalidInputError(f"port is {text!r}; give a number from 1 to {_MOST_PORT}")
    return int(text)


def _open_lsl(profile: SensorProfile, place: str, request: Request) -> PhoneSource:
    if not place:
        raise InvalidInputError("'lsl' has no name of a stream; give it as lsl:NAME")
    return LslSource(
        profile,
        request.settings,
        stream=place,
        tap=request.tap,
        timeouts=request.link.timeouts,
    )


#: By slug of the profile.
_OPENERS: Final[Mapping[str, Callable[[SensorProfile, str, Request], PhoneSource]]] = {
    "phyphox": _open_polled,
    "sensor-logger": _open_pushed,
    "lsl": _open_lsl,
}
