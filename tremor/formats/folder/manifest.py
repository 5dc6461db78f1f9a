"""``recording.json``: what a recording folder says of itself beside its samples.

Read and written here; what goes into it is decided by `tremor.recorder`.

The keys of schema ``tremor.recording/1``; what is not known is ``null`` or empty:

=======================  =========================================================================
``schema``               ``tremor.recording/1``
``closed``               true where the recording ended in order; false while it runs, or was cut
``started_at``           wall time of second 0, ISO 8601 with its zone; times below are from there
``started_monotonic_s``  the same moment on the host's monotonic clock, as in the packet log
``ended_at``             wall time of the end
``duration_s``           time from second 0 to the last block
``sensor``               ``name``, ``profile`` (slug), ``serial``, ``range_ms2``; never an address
``settings``             as granted: ``sampling_rate_hz``, ``range_g``, ``gyro``, ``options``
``notes``                what the sensor or the link had to say, a sentence each
``placement``            such as ``left-calf``
``times``                where ``time_s`` of the samples is from: ``sensor`` or ``arrival``
``device_time``          how the sensor stamps its samples; empty where it does not
``loss``                 how a loss is told, a sentence
``tells_loss``           whether a loss can be told from a delay
``clock``                ``sampling_rate_hz``, ``sd_hz``, ``source``, ``converged``, ``span_s``
``counts``               samples, lost, repeated, gaps, packets, and what the disk could not take
``gaps``                 ``start_s``, ``duration_s``, ``n_lost``, ``first_index``, ``told_by``
``events``               of the link: ``time_s``, ``kind``, ``detail``
``markers``              of the runner, likewise
``extra``                what the program that records adds, such as a check of the fit
``files``                bytes and CRC-32 of ``samples.csv`` and ``packets.bin``; once closed
``software``             name, version, python
=======================  =========================================================================
"""

from __future__ import annotations

import json
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
    "read_manifest",
    "write_manifest",
]

MANIFEST_FILE: Final = "recording.json"
SAMPLES_FILE: Final = "samples.csv"
PACKETS_FILE: Final = "packets.bin"
MANIFEST_SCHEMA: Final = "tremor.recording/1"


def write_manifest(folder: Path, content: Mapping[str, object]) -> None:
    """Write ``recording.json`` whole or not at all, and on the disk when this returns.

    Parameters
    ----------
    folder : Path
        The recording.
    content : mapping
        Without ``schema``; of what JSON can hold.

    Raises
    ------
    OSError
        Where the disk does not take it; what was there before is then still there.
    """
    path = folder / MANIFEST_FILE
    document = {"schema": MANIFEST_SCHEMA, **content}
    text = json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    with whole_file(path) as stream:
        stream.write(text.encode())


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """Read ``recording.json``.

    Parameters
    ----------
    folder : Path
        The recording.

    Returns
    -------
    dict or None
        None where there is none, or what is there is not whole: the samples say enough of
        themselves to be read without it.

    Raises
    ------
    CaptureReadError
        Where it is one of a later version.
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
