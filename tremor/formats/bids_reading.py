"""BIDS datasets of the modality motion: the acceleration of one recording.

What this program wrote is read as it was; of other datasets the channels of type ACCEL are read by
their units, with LATENCY as stamps. Writing is `tremor.formats.bids`.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np

from tremor.errors import CaptureNotRecognisedError, CaptureReadError
from tremor.files import read_small
from tremor.formats.bids import FACTS_KEY, MISSING
from tremor.formats.capture_facts import recording_of
from tremor.formats.capture_file import CaptureFile, opener_of
from tremor.formats.csv.cells import quoted
from tremor.formats.csv.quantities import unit_named
from tremor.formats.csv.time_units import is_possible_rate
from tremor.formats.decoders.decoding import DecodedCapture, Description
from tremor.formats.decoders.json_text import load_json
from tremor.recording import AXES, Floats, Placement, Recording
from tremor.settings import TEXT_BOUNDS

__all__ = ["BIDS", "BIDS_SLUG", "is_bids_motion", "motion_file_of", "read_bids_motion"]

BIDS_SLUG: Final = "bids-motion"
BIDS: Final = Description(
    told_by="file name",
    time="the channel of latency, or the rate that is stated",
    units=(),
    gravity="as it was written, else told by the samples",
    seen="description",
    example="sub-01/motion/sub-01_task-rest_tracksys-imu_motion.tsv",
    remark="A dataset of one recording, or its file of samples with the table of channels beside.",
)
_DATASET: Final = "dataset_description.json"
_SAMPLES: Final = "_motion.tsv"
#: Columns of the table of channels that are used.
_COLUMNS: Final = ("name", "component", "type", "tracked_point", "units")
#: More names are only counted in a message.
_MOST_NAMES: Final = 6


def is_bids_motion(path: Path) -> bool:
    """Check whether a path is that of a BIDS dataset, or of a file of motion samples."""
    return path.name.endswith(_SAMPLES) or (path.is_dir() and (path / _DATASET).is_file())


def motion_file_of(path: Path, *, source: str | None = None) -> Path:
    """Return the file of motion samples of a dataset; a file is that itself.

    Parameters
    ----------
    path : Path
        A dataset, or a file of samples.
    source : str, optional
        Part of the name of the file to choose among several; ignored where no file has it.

    Returns
    -------
    Path
        The only file of samples.

    Raises
    ------
    CaptureNotRecognisedError
        If a dataset has none, or several.
    """
    if not path.is_dir():
        return path
    files = sorted(path.glob(f"sub-*/**/motion/*{_SAMPLES}"))
    files = [file for file in files if (source or "").strip() in file.name] or files
    if len(files) == 1:
        return files[0]
    if not files:
        raise CaptureNotRecognisedError(
            f"{path} is a BIDS dataset without motion recordings; name the capture itself"
        )
    names = [str(file.relative_to(path)) for file in files]
    more = len(names) - _MOST_NAMES
    raise CaptureNotRecognisedError(
        f"{path} is a BIDS dataset of {len(names)} motion recordings: "
        + ", ".join(names[:_MOST_NAMES])
        + (f" and {more} more" if more > 0 else "")
        + f"; choose one with --source, or name it, such as {files[0]}"
    )


def read_bids_motion(file: Path) -> Recording | DecodedCapture:
    """Read a file of motion samples and what lies beside it.

    Parameters
    ----------
    file : Path
        Its name ends with ``_motion.tsv``.

    Returns
    -------
    Recording or DecodedCapture
        The recording that this program wrote, else what the channels hold.

    Raises
    ------
    CaptureReadError
        If a file is missing or damaged, or there is no acceleration of one point in a known unit.
    """
    stem = file.name.removesuffix(_SAMPLES)
    channels = _channels(file.with_name(f"{stem}_channels.tsv"))
    sidecar = _sidecar(file.with_name(f"{stem}_motion.json"))
    chosen = _choose(channels, file)
    cells = _cells(file, len(channels))
    values = cells[:, chosen.axes]
    facts = sidecar.get(FACTS_KEY)
    if isinstance(facts, dict) and facts.get("n_places") == len(values):
        return recording_of(facts, values, file, BIDS_SLUG)
    stamps_s = None if chosen.latency is None else cells[:, chosen.latency]
    if stamps_s is not None and not np.isfinite(stamps_s).all():
        stamps_s = None
    epoch_s, zone_known = _start(file)
    # One argument for each fact that a dataset may hold.
    return DecodedCapture(
        values=values,
        stamps_s=stamps_s,
        epoch_s=epoch_s,
        zone_known=zone_known,
        unit=chosen.unit,
        nominal_sampling_rate_hz=_rate_hz(sidecar, has_stamps=stamps_s is not None),
        placement=Placement.from_text(chosen.point) if chosen.point else None,
        history=(f"channels of {chosen.point or 'the tracked point'}",),
    )


@dataclass(frozen=True, slots=True)
class _Channels:
    """Columns of acceleration and of latency."""

    axes: tuple[int, ...]
    latency: int | None
    unit: str
    point: str


def _channels(file: Path) -> list[dict[str, str]]:
    """Return the rows of the table of channels."""
    try:
        text = _small_text(file)
        rows = list(csv.DictReader(text.splitlines(), delimiter="\t"))
    except FileNotFoundError as error:
        raise CaptureReadError(
            f"{file.name} is missing beside the samples, and they have no header; copy it there"
        ) from error
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise CaptureReadError(f"{file.name} cannot be read ({error}); export it again") from error
    return [{key: (row.get(key) or "").strip() for key in _COLUMNS} for row in rows]


def _small_text(file: Path) -> str:
    return read_small(file, most_bytes=TEXT_BOUNDS.most_manifest_bytes).decode("utf-8-sig")


def _choose(channels: Sequence[Mapping[str, str]], file: Path) -> _Channels:
    points: dict[str, dict[str, int]] = {}
    units: dict[str, set[str]] = {}
    for column, channel in enumerate(channels):
        axis = channel["component"].lower()
        if channel["type"].upper() == "ACCEL" and axis in AXES:
            point = "" if channel["tracked_point"] == MISSING else channel["tracked_point"]
            points.setdefault(point, {})[axis] = column
            units.setdefault(point, set()).add(channel["units"])
    whole = [point for point, axes in points.items() if set(axes) == set(AXES)]
    if len(whole) != 1:
        found = f"those of {', '.join(whole)}" if whole else "none with the components x, y and z"
        raise CaptureReadError(
            f"{file.name} needs three channels of type ACCEL, of one tracked point, and has "
            f"{found}; write those of one leg to a file of their own"
        )
    point = whole[0]
    known = {unit_named(unit) for unit in units[point]}
    if len(known) != 1 or "" in known:
        raise CaptureReadError(
            f"the channels of {file.name} are in {quoted(', '.join(sorted(units[point])))}, which "
            "is no known unit of acceleration; write m/s^2 or g to its table of channels"
        )
    latency = [n for n, one in enumerate(channels) if one["type"].upper() == "LATENCY"]
    axes = tuple(points[point][axis] for axis in AXES)
    return _Channels(axes, latency[0] if latency else None, known.pop(), point)


def _sidecar(file: Path) -> dict[str, Any]:
    if not file.is_file():
        return {}
    content = load_json(CaptureFile(file, file.name, opener_of(file)))
    return content if isinstance(content, dict) else {}


def _cells(file: Path, n_channels: int) -> Floats:
    """Return all numbers of the samples, shape (n, n_channels); a last line without end is left."""
    import pandas as pd

    try:
        data = file.read_bytes()
        whole = data[: data.rindex(b"\n") + 1] if b"\n" in data else b""
        if not whole.strip():
            raise CaptureReadError(f"{file.name} is empty; export it again")
        cells = pd.read_csv(
            io.BytesIO(whole), sep="\t", header=None, na_values=[MISSING], dtype=np.float64
        )
    except (ValueError, OSError) as error:  # pandas raises many kinds of ValueError
        raise CaptureReadError(
            f"{file.name} holds something other than numbers and {MISSING} "
            f"({quoted(str(error))}); export it again"
        ) from error
    if cells.shape[1] != n_channels:
        raise CaptureReadError(
            f"{file.name} has {cells.shape[1]} columns, and its table of channels {n_channels} "
            "rows; export both again"
        )
    return cells.to_numpy(dtype=np.float64)


def _rate_hz(sidecar: Mapping[str, Any], *, has_stamps: bool) -> float | None:
    names = ("SamplingFrequency", "SamplingFrequencyEffective")
    # Without stamps, the rate that was measured is nearer to the truth.
    for name in names if has_stamps else reversed(names):
        said = sidecar.get(name)
        rate_hz = float(said) if isinstance(said, int | float) else 0.0
        if rate_hz > 0.0 and is_possible_rate(1.0 / rate_hz):
            return rate_hz
    return None


def _start(file: Path) -> tuple[float | None, bool]:
    """Return the wall time of the start, s since 1970, and whether its zone is known."""
    wanted = f"{file.parent.name}/{file.name}"
    for scans in sorted(file.parent.parent.glob("*_scans.tsv")):
        try:
            rows = list(csv.DictReader(_small_text(scans).splitlines(), delimiter="\t"))
            times = [row["acq_time"] for row in rows if row.get("filename") == wanted]
            moment = datetime.fromisoformat(times[0])
        except (OSError, ValueError, LookupError, TypeError, csv.Error):
            continue
        return moment.replace(tzinfo=moment.tzinfo or UTC).timestamp(), moment.tzinfo is not None
    return None, True
