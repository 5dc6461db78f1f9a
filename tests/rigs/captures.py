"""The folder of captures: one file for each sensor, or family of sensors, as JSON.

``examples`` describes a sensor by its slug, for laws that hold for all of them; `Example` lists
its keys. ``packets`` are real packets with their source. Tests of one sensor state themselves what
they expect; a packet whose ``expected`` has ``acceleration_g`` is decoded by a law.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from devices.profile import Advertisement
from rigs.encoders import Row, encoder_of
from tremor.units import STANDARD_GRAVITY_MS2

FOLDER = Path(__file__).parents[1] / "captures"


@dataclass(frozen=True, kw_only=True)
class Example:
    """A sensor of one kind, with its default settings.

    Parameters
    ----------
    advertisements : tuple of Advertisement
        How such sensors advertise.
    characteristic : str
        UUID of the characteristic that sends the samples.
    n_samples : int
        Samples of a notification.
    encode : callable
        Make a notification of samples (m/s^2), time of the first (s) and sampling rate (Hz).
    full_scale_g : float
        Full scale, g.
    resolution_ms2 : float
        Resolution, m/s^2.
    replies : mapping
        Replies to start and stop: by bytes written, or by characteristic read.
    options : mapping of str to str
        Options that the sensor needs.
    """

    advertisements: tuple[Advertisement, ...]
    characteristic: str
    n_samples: int
    encode: Callable[[Sequence[Row], float, float], bytes]
    full_scale_g: float
    resolution_ms2: float
    replies: Mapping[bytes | str, bytes]
    options: Mapping[str, str]


@cache
def _document(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8"))


def packets(name: str) -> list[dict[str, Any]]:
    """Return the packets of a file of captures, by its name without suffix."""
    return _document(FOLDER / f"{name}.json")["packets"]


def examples() -> Mapping[str, Example]:
    """Return the examples of all files by slug."""
    found: dict[str, Example] = {}
    for path in sorted(FOLDER.glob("*.json")):
        for slug, fields in _document(path)["examples"].items():
            assert slug not in found, f"{slug} has two examples"
            found[slug] = _example(fields)
    return MappingProxyType(found)


def decodable_packets() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield slug and packet for each packet whose decoded samples are stated."""
    for path in sorted(FOLDER.glob("*.json")):
        document = _document(path)
        for packet in document["packets"]:
            if "acceleration_g" in packet["expected"]:
                (slug,) = document["examples"]
                yield slug, packet


def _example(fields: Mapping[str, Any]) -> Example:
    return Example(
        advertisements=tuple(
            Advertisement(
                one.get("name", ""),
                tuple(one.get("services", ())),
                tuple(one.get("companies", ())),
            )
            for one in fields["advertisements"]
        ),
        characteristic=fields["characteristic"],
        n_samples=fields["n_samples"],
        encode=encoder_of(fields["format"]),
        full_scale_g=fields["full_scale_g"],
        resolution_ms2=fields["resolution_g"] * STANDARD_GRAVITY_MS2,
        replies={_key(key): bytes.fromhex(data) for key, data in fields.get("replies", {}).items()},
        options=fields.get("options", {}),
    )


def _key(text: str) -> bytes | str:
    """Return a UUID as it is, and the bytes of a write."""
    return text if "-" in text else bytes.fromhex(text)
