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
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from tremor.errors import CaptureReadError
from tremor.files import whole_file

__all__ = [
    "MANIFEST_FILE",
    "MANIFEST_SCHEMA",
    "PACKETS_FILE",
    "SAMPLES_FILE",
    "checksum_of",
    "part_of",
    "read_manifest",
    "write_manifest",
]

MANIFEST_FILE: Final = "recording.json"
SAMPLES_FILE: Final = "samples.csv"
PACKETS_FILE: Final = "packets.bin"
MANIFEST_SCHEMA: Final = "tremor.recording/1"


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
    try:
        document = json.loads((folder / MANIFEST_FILE).read_bytes())
    except (OSError, ValueError):
        return None
    schema = document.get("schema", "") if isinstance(document, dict) else ""
    if schema == MANIFEST_SCHEMA:
        return dict(document)
    if isinstance(schema, str) and schema.startswith(MANIFEST_SCHEMA.rpartition("/")[0] + "/"):
        raise CaptureReadError(
            f"{folder / MANIFEST_FILE} is of schema {schema} and {MANIFEST_SCHEMA} is known; "
            "update the tool"
        )
    return None
