"""Binary files of activity monitors: Axivity CWA, GENEActiv .bin, ActiGraph GT3X.

They are decoded by `actfast`, the only importer of which is here; it is an extra, because few users
need it. Without it, the files are refused by name with the export that can be read. The kinds and
their first bytes are in `tremor.formats.foreign`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import Any, Final

import numpy as np

from tremor.errors import CaptureNotRecognisedError
from tremor.formats.csv.cells import quoted
from tremor.formats.csv.time_units import is_possible_rate
from tremor.formats.decoders.decoding import DecodedCapture, Description
from tremor.formats.foreign import ForeignFormat, foreign_of
from tremor.notes import note
from tremor.recording import Placement, SensorInfo
from tremor.units import STANDARD_GRAVITY_MS2

__all__ = ["MONITORS", "Monitor", "MonitorFacts", "decode_monitor", "monitor_of"]

#: Names by which actfast may hold the samples of acceleration.
_STREAMS: Final = ("high_frequency", "acceleration")
_INSTALL: Final = "pip install 'tremor-analyzer[monitors]'"

Said = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitorFacts:
    """What the file of a monitor says of itself.

    Parameters
    ----------
    sensor : str
        Kind and number of the device.
    rate_hz : float or None
        Sampling rate that was set, Hz.
    range_g : float or None
        Full scale of one axis, g.
    zone_s : float or None
        How far the local time of its stamps is ahead of UTC, s; None if it is not said.
    placement : str
        Where it was worn, such as ``left-ankle``; empty if it is not said.
    """

    sensor: str
    rate_hz: float | None
    range_g: float | None = None
    zone_s: float | None = None
    placement: str = ""


@dataclass(frozen=True, slots=True)
class Monitor:
    """A kind of activity monitor.

    Parameters
    ----------
    name : str
        Name for people.
    says : callable
        Takes the metadata as actfast returns them; returns what they say.
    description : Description
        What is known of it for people.
    """

    name: str
    says: Callable[[Said], MonitorFacts]
    description: Description


def monitor_of(path: Path) -> ForeignFormat | None:
    """Return the kind of a file of an activity monitor; None if it is none.

    Parameters
    ----------
    path : Path
        Any path.

    Returns
    -------
    ForeignFormat or None
        An entry whose slug is in `MONITORS`.
    """
    found = foreign_of(path)
    return found if found is not None and found.slug in MONITORS else None


def decode_monitor(path: Path, kind: ForeignFormat) -> DecodedCapture:
    """Decode the file of an activity monitor.

    Parameters
    ----------
    path : Path
        The file.
    kind : ForeignFormat
        Its kind.

    Returns
    -------
    DecodedCapture
        Parts that are damaged are lost, with a warning.

    Raises
    ------
    CaptureNotRecognisedError
        If actfast is not installed, the file is damaged from its beginning, or holds no samples of
        a kind that it knows.
    """
    actfast = _actfast(path, kind)
    try:
        content = actfast.read(path, lenient=True)
    except (ValueError, OSError) as error:
        raise CaptureNotRecognisedError(
            f"{path.name} is {kind.name} that cannot be read ({quoted(str(error), 120)}); "
            f"{kind.remedy}"
        ) from error
    parts = content["warnings"]
    streams: dict[str, dict[str, Any]] = content["timeseries"]
    stream = next((streams[name] for name in _STREAMS if name in streams), {})
    values = np.asarray(stream.get("acceleration", ()), dtype=np.float64).reshape(-1, 3)
    if not len(values):
        why = f" ({quoted(str(parts[0]), 120)})" if parts else ""
        raise CaptureNotRecognisedError(
            f"{path.name} is {kind.name} without samples of a kind that can be read here{why}; "
            f"{kind.remedy}"
        )
    moments_ns = np.asarray(stream["datetime"], dtype=np.int64)
    said = MONITORS[kind.slug].says(content["metadata"])
    range_ms2 = None if said.range_g is None else said.range_g * STANDARD_GRAVITY_MS2
    # One argument for each fact that a monitor may say.
    return DecodedCapture(
        values=values,
        stamps_s=(moments_ns - moments_ns[0]) / 1e9,
        epoch_s=float(moments_ns[0]) / 1e9 - (said.zone_s or 0.0),
        zone_known=said.zone_s is not None,
        unit="g",
        gravity="included",
        nominal_sampling_rate_hz=said.rate_hz,
        sensor=SensorInfo(said.sensor, "", range_ms2),
        placement=Placement.from_text(said.placement) if said.placement else None,
        warnings=(
            (note("PARTS_UNREADABLE", n_parts=len(parts), first=str(parts[0])[:120]),)
            if parts
            else ()
        ),
        history=(f"decoded by actfast as {content['format']}",),
    )


def _actfast(path: Path, kind: ForeignFormat) -> ModuleType:
    try:
        import actfast
    except ImportError as error:
        raise CaptureNotRecognisedError(
            f"{path.name} is {kind.name}; {kind.remedy}, or install what reads it: {_INSTALL}"
        ) from error
    module: ModuleType = actfast
    return module


def _axivity(said: Said) -> MonitorFacts:
    device, set_up = said.get("device", {}), said.get("configuration", {})
    kind = device.get("hardware_type", "").replace("Unknown", "")
    return MonitorFacts(
        sensor=" ".join(f"Axivity {kind} {device.get('device_id', '')}".split()),
        rate_hz=_rate_hz(set_up.get("sample_rate_hz")),
        range_g=_first_number(set_up.get("accelerometer_range_g")),
    )


def _geneactiv(said: Said) -> MonitorFacts:
    device, set_up = said.get("Device Identity", {}), said.get("Configuration Info", {})
    able = said.get("Device Capabilities", {}).get("Accelerometer Range", "")
    serial = device.get("Device Unique Serial Code", "")
    location = said.get("Subject Info", {}).get("Device Location Code", "")
    return MonitorFacts(
        sensor=f"GENEActiv {serial}".strip(),
        rate_hz=_rate_hz(set_up.get("Measurement Frequency")),
        range_g=_first_number(able.rpartition("to")[2]),
        zone_s=_zone_s(set_up.get("Time Zone", "")),
        placement=re.sub(r"[\s_]+", "-", location.strip().lower()),
    )


def _actigraph(said: Said) -> MonitorFacts:
    info = said.get("info", {})
    sensor = " ".join(("ActiGraph", info.get("Device Type", ""), info.get("Serial Number", "")))
    return MonitorFacts(
        sensor=" ".join(sensor.split()),
        rate_hz=_rate_hz(info.get("Sample Rate")),
        range_g=_first_number(info.get("Acceleration Max")),
        zone_s=_zone_s(info.get("TimeZone", "")),
    )


def _first_number(text: object) -> float | None:
    """Return the first positive number of a text; None if there is none."""
    found = re.search(r"\d{1,9}([.,]\d{1,9})?", str(text))
    number = float(found[0].replace(",", ".")) if found else 0.0
    return number if number > 0.0 else None


def _rate_hz(text: object) -> float | None:
    rate_hz = _first_number(text)
    return rate_hz if rate_hz is not None and is_possible_rate(1.0 / rate_hz) else None


def _zone_s(text: str) -> float | None:
    """Return how far a zone such as ``GMT +01:00`` is ahead of UTC, s; None if none is said."""
    found = re.search(r"([+-]?)(\d{1,2}):(\d{2})", text)
    if found is None:
        return None
    ahead_s = 3600.0 * int(found[2]) + 60.0 * int(found[3])
    return -ahead_s if found[1] == "-" else ahead_s


def _described(time: str, example: str, remark: str) -> Description:
    return Description(
        told_by="first bytes",
        time=time,
        units=("g",),
        gravity="included",
        seen="description",
        example=example,
        remark=f"{remark} It needs {_INSTALL}.",
    )


#: By the slug of `tremor.formats.foreign.ForeignFormat`.
MONITORS: Final[Mapping[str, Monitor]] = MappingProxyType(
    {
        "axivity-cwa": Monitor(
            "Axivity CWA",
            _axivity,
            _described(
                "the stamp of each block of samples",
                "left thigh.cwa",
                "Its clock is local time of an unknown zone, so that the start has no date.",
            ),
        ),
        "geneactiv-bin": Monitor(
            "GENEActiv .bin",
            _geneactiv,
            _described("the stamp of each page of samples", "ankle.bin", "The raw file."),
        ),
        "actigraph-gt3x": Monitor(
            "ActiGraph GT3X",
            _actigraph,
            _described(
                "the stamp of each second",
                "thigh.gt3x",
                "Samples of 12 bits; those of 16 bits (GT9X) are refused: export raw CSV.",
            ),
        ),
    }
)
