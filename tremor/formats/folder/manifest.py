"""The manifest of a recording folder, ``recording.json``: all that is not samples or packets.

It is read and written here; `tremor.recorder` decides its content.

The keys of schema ``tremor.recording/1``; unknown values are ``null`` or empty:

=======================  =========================================================================
``schema``               ``tremor.recording/1``
``closed``               true if the recording was closed; false while it runs, or if it was cut off
``process_id``           of the process that records, until it is closed
``started_at``           wall time of second 0, ISO 8601 with time zone; times below count from it
``started_monotonic_s``  the same moment on the host's monotonic clock, as in the packet log
``ended_at``             wall time of the end
``duration_s``           time from second 0 to the last block
``sensor``               ``name``, ``profile`` (slug), ``serial``, ``range_ms2``; never an address
``settings``             as granted: ``sampling_rate_hz``, ``range_g``, ``gyro``, ``options``
``notes``                remarks of the sensor or the link, a sentence each
``placement``            such as ``left-calf``
``times``                source of ``time_s`` of the samples: ``sensor`` or ``arrival``
``device_time``          how the sensor stamps its samples; empty if it does not
``loss``                 how a loss is detected, a sentence
``tells_loss``           whether a loss can be distinguished from a delay
``clock``                ``sampling_rate_hz``, ``sd_hz``, ``source``, ``converged``, ``span_s``
``counts``               samples, lost, repeated, gaps, packets, and what was dropped
``gaps``                 ``start_s``, ``duration_s``, ``n_lost``, ``first_index``, ``told_by``
``events``               of the link: ``time_s``, ``kind``, ``detail``
``markers``              of the runner, with the same keys
``extra``                added by the recording program, such as a check of the strap
``crc32``                CRC-32 of all other keys, see `checksum_of`
``files``                bytes and CRC-32 of ``samples.csv`` and ``packets.bin``, when closed
``software``             name, version, python
=======================  =========================================================================
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from tremor.errors import CaptureReadError
from tremor.files import read_small, whole_file
from tremor.settings import TEXT_BOUNDS

__all__ = [
    "BASELINE",
    "LEVEL_BEFORE_KEY",
    "MANIFEST_FILE",
    "MANIFEST_SCHEMA",
    "PACKETS_FILE",
    "PURPOSE_KEY",
    "SAMPLES_FILE",
    "checksum_of",
    "is_baseline",
    "part_of",
    "read_checked_manifest",
    "read_manifest",
    "write_manifest",
]

#: Key in ``extra``, and its value for a recording of the leg at rest before the run.
PURPOSE_KEY: Final = "purpose"
BASELINE: Final = "baseline"
#: Key in ``extra`` for the level before the run that a recording is held against: ``name`` of the
#: recording it was measured in and ``rms_ms2``; ``null`` where it is held against none.
LEVEL_BEFORE_KEY: Final = "level_before"
MANIFEST_FILE: Final = "recording.json"
SAMPLES_FILE: Final = "samples.csv"
PACKETS_FILE: Final = "packets.bin"
MANIFEST_SCHEMA: Final = "tremor.recording/1"

#: No size of a file, no time and no rate is so great.
_MOST_NUMBER: Final = 1e15

#: A check of a value, or checks of the values of a mapping by their keys.
_Shape: TypeAlias = "Callable[[object], bool] | Mapping[str, _Shape]"


def _is_number(value: object) -> bool:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return False
    return abs(value) <= _MOST_NUMBER  # false for NaN


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_bool(value: object) -> bool:
    return isinstance(value, bool)


def _is_time(value: object) -> bool:
    try:
        return isinstance(value, str) and datetime.fromisoformat(value).year > 1
    except ValueError:
        return False


def _is_list(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(one, dict) for one in value)


def _is_mapping(value: object) -> bool:
    return isinstance(value, dict)


_FILE: Final = MappingProxyType({"n_bytes": _is_number, "crc32": _is_number})
#: What readers rely on; each may be missing or null.
_SHAPE: Final[Mapping[str, _Shape]] = MappingProxyType(
    {
        "closed": _is_bool,
        "started_at": _is_time,
        "started_monotonic_s": _is_number,
        "sensor": {"name": _is_text, "profile": _is_text, "range_ms2": _is_number},
        "settings": {"sampling_rate_hz": _is_number, "range_g": _is_number, "options": _is_mapping},
        "placement": _is_text,
        "tells_loss": _is_bool,
        "counts": {"n_dropped_samples": _is_number},
        "markers": _is_list,
        "files": {SAMPLES_FILE: _FILE, PACKETS_FILE: _FILE},
    }
)


def write_manifest(folder: Path, content: Mapping[str, object]) -> None:
    """Write ``recording.json``, whole or not at all.

    Parameters
    ----------
    folder : Path
        Folder of the recording.
    content : mapping
        JSON values, without ``schema``.

    Raises
    ------
    OSError
        If it cannot be written; the old file is then kept.
    """
    path = folder / MANIFEST_FILE
    document = {"schema": MANIFEST_SCHEMA, **content}
    document["crc32"] = checksum_of(document)
    text = json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    with whole_file(path) as stream:
        stream.write(text.encode())


def checksum_of(document: Mapping[str, object]) -> int:
    """Compute the CRC-32 of a manifest, of all its keys but ``crc32`` in alphabetical order.

    Examples
    --------
    >>> checksum_of({"closed": True}) == checksum_of({"crc32": 1, "closed": True})
    True
    """
    content = {key: value for key, value in document.items() if key != "crc32"}
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return zlib.crc32(text.encode(errors="surrogatepass"))


def part_of(document: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """Return an object within a manifest; an empty one where something else is in its place.

    Examples
    --------
    >>> part_of({"counts": {"n_lost": 3}, "files": "none"}, "counts")["n_lost"]
    3
    """
    part = document.get(key)
    return part if isinstance(part, dict) else {}


def is_baseline(folder: Path) -> bool:
    """Check whether a recording is one of the leg at rest before the run.

    Parameters
    ----------
    folder : Path
        Folder of the recording.

    Raises
    ------
    CaptureReadError
        If it is of a later version.
    """
    return part_of(read_manifest(folder) or {}, "extra").get(PURPOSE_KEY) == BASELINE


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """Read ``recording.json``.

    Parameters
    ----------
    folder : Path
        Folder of the recording.

    Returns
    -------
    dict or None
        None if it is missing or damaged: the samples can be read without it.

    Raises
    ------
    CaptureReadError
        If it is of a later version.
    """
    return read_checked_manifest(folder)[0]


def read_checked_manifest(folder: Path) -> tuple[dict[str, Any] | None, tuple[str, ...]]:
    """Read ``recording.json``, and name what is damaged in it.

    Parameters
    ----------
    folder : Path
        Folder of the recording.

    Returns
    -------
    dict or None
        As `read_manifest` returns it: what cannot be what it should be is left out.
    tuple of str
        Keys that were left out, such as ``sensor.range_ms2``.

    Raises
    ------
    CaptureReadError
        If it is of a later version.
    """
    try:
        raw = read_small(folder / MANIFEST_FILE, most_bytes=TEXT_BOUNDS.most_manifest_bytes)
        document = json.loads(raw)
    except (OSError, ValueError, RecursionError):
        return None, ()
    schema = document.get("schema", "") if isinstance(document, dict) else ""
    if schema == MANIFEST_SCHEMA:
        return _checked(document, _SHAPE)
    is_whole = isinstance(document, dict) and document.get("crc32") in (None, checksum_of(document))
    is_later = isinstance(schema, str) and schema.startswith(
        MANIFEST_SCHEMA.rpartition("/")[0] + "/"
    )
    if is_later and is_whole:  # not a damaged byte in the name of this one
        raise CaptureReadError(
            f"{folder / MANIFEST_FILE} is of schema {schema} and {MANIFEST_SCHEMA} is known; "
            "update the tool"
        )
    return None, ()


def _checked(
    record: dict[str, Any], shape: Mapping[str, _Shape], within: str = ""
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return a record without the values that are misshapen, and their keys."""
    kept, wrong = dict(record), list[str]()
    for key, one in shape.items():
        value = record.get(key)
        if value is None:
            continue
        if not callable(one) and isinstance(value, dict):
            kept[key], more = _checked(value, one, f"{within}{key}.")
            wrong.extend(more)
        elif not callable(one) or not one(value):
            del kept[key]
            wrong.append(f"{within}{key}")
    return kept, tuple(wrong)
