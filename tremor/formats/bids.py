"""Recordings as BIDS datasets of the modality motion.

A dataset of one participant and one recording is written; it is read, as are those of others, by
`tremor.formats.bids_reading`. The format is that of the
Brain Imaging Data Structure, version 1.10, with its motion extension [1]_.

References
----------
.. [1] Jeung S, Cockx H, Appelhoff S, et al. Motion-BIDS: an extension to the brain imaging data
   structure to organize motion data for reproducible research. Sci Data 11, 716 (2024).
   doi:10.1038/s41597-024-03559-8
"""

from __future__ import annotations

import json
import os
import re
from datetime import UTC
from pathlib import Path
from typing import Final

import numpy as np

from tremor._version import __version__
from tremor.errors import InvalidInputError
from tremor.files import whole_folder
from tremor.formats.capture_facts import facts_of
from tremor.recording import AXES, Recording

__all__ = ["FACTS_KEY", "MISSING", "write_recording_bids"]

#: Key of the sidecar under which all facts of the capture are.
FACTS_KEY: Final = "TremorAnalyzer"
#: Cell of a lost sample.
MISSING: Final = "n/a"

_BIDS_VERSION: Final = "1.10.0"
_TRACKSYS: Final = "imu"
_OTHER_CHANNELS: Final = ("ANGACCEL", "GYRO", "JNTANG", "MAGN", "MISC", "ORNT", "POS", "VEL")
_ROWS_AT_ONCE: Final = 16384


def write_recording_bids(
    folder: str | os.PathLike[str], recording: Recording, *, subject: str = "01", task: str = "rest"
) -> tuple[Path, ...]:
    """Write a recording as a BIDS dataset, whole or not at all.

    Parameters
    ----------
    folder : path
        Folder to write; it does not exist yet, or is empty.
    recording : Recording
        Lost samples become ``n/a``.
    subject, task : str
        Labels, letters and digits only.

    Returns
    -------
    tuple of Path
        Paths of the files.

    Raises
    ------
    WouldOverwriteError
        If the folder is not empty.
    InvalidInputError
        If a label has other characters, or the parent folder does not exist.

    Notes
    -----
    The channel ``latency`` is the time of each sample from the first; a gap of more than a minute
    has no rows. The wall time of the start,
    if known, is in ``scans.tsv``, in UTC.
    """
    folder = Path(folder)
    for name, label in (("subject", subject), ("task", task)):
        if not re.fullmatch(r"[0-9A-Za-z]+", label):
            raise InvalidInputError(f"{name} {label!r} is no BIDS label; give letters and digits")
    with whole_folder(folder) as part:
        files = _write(part, recording, subject, task)
    return tuple(folder / file.relative_to(part) for file in files)


def _write(root: Path, recording: Recording, subject: str, task: str) -> list[Path]:
    motion = root / f"sub-{subject}" / "motion"
    motion.mkdir(parents=True)
    stem = f"sub-{subject}_task-{task}_tracksys-{_TRACKSYS}"
    texts = {
        root / "dataset_description.json": _json(_dataset()),
        root / "README.md": _readme(recording),
        root / "participants.tsv": f"participant_id\nsub-{subject}\n",
        root / f"sub-{subject}" / f"sub-{subject}_scans.tsv": _scans(
            recording, f"{stem}_motion.tsv"
        ),
        motion / f"{stem}_channels.tsv": _channels(recording),
        motion / f"{stem}_channels.json": _json(_channel_words()),
        motion / f"{stem}_motion.json": _json(_sidecar(recording, task)),
    }
    for path, text in texts.items():
        path.write_text(text, encoding="utf-8", newline="\n")
    samples = motion / f"{stem}_motion.tsv"
    with samples.open("w", encoding="utf-8", newline="\n") as stream:
        for first in range(0, len(recording.acceleration_ms2), _ROWS_AT_ONCE):
            stream.write(_rows(recording, first))
    return [*texts, samples]


def _rows(recording: Recording, first: int) -> str:
    samples = recording.acceleration_ms2[first : first + _ROWS_AT_ONCE]
    time_s = recording.stamps(first, first + len(samples))
    values = np.column_stack((time_s, np.round(samples, 6) + 0.0))
    text = ("%.6f\t%.6f\t%.6f\t%.6f\n" * len(values)) % tuple(values.reshape(-1).tolist())
    return text.replace("nan", MISSING)


def _json(content: dict[str, object]) -> str:
    return json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _dataset() -> dict[str, object]:
    return {
        "Name": "Leg acceleration",
        "BIDSVersion": _BIDS_VERSION,
        "DatasetType": "raw",
        "GeneratedBy": [{"Name": "tremor-analyzer", "Version": __version__}],
    }


def _readme(recording: Recording) -> str:
    where = f" worn at {recording.placement}" if recording.placement else ""
    gravity = "with" if recording.gravity == "included" else "without"
    return (
        "# Leg acceleration\n\n"
        f"One recording of an accelerometer{where}, in m/s^2, {gravity} gravity, as written by "
        f"tremor-analyzer {__version__}. Lost samples are n/a; a gap of more than a minute has no "
        "rows and is a jump of latency. How it was made:\n\n"
        + "".join(f"- {step}\n" for step in recording.history)
    )


def _scans(recording: Recording, name: str) -> str:
    started_at = recording.clock_began_at
    moment = MISSING
    if started_at is not None:
        moment = started_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return f"filename\tacq_time\nmotion/{name}\t{moment}\n"


def _channels(recording: Recording) -> str:
    point = str(recording.placement) if recording.placement else "leg"
    rate = f"{recording.sampling_rate_hz:.9g}"
    lines = ["name\tcomponent\ttype\ttracked_point\tunits\tsampling_frequency\treference_frame"]
    lines.append(f"latency\t{MISSING}\tLATENCY\t{MISSING}\ts\t{rate}\t{MISSING}")
    lines += [f"acc_{axis}\t{axis}\tACCEL\t{point}\tm/s^2\t{rate}\tsensor" for axis in AXES]
    return "\n".join(lines) + "\n"


def _channel_words() -> dict[str, object]:
    return {
        "reference_frame": {
            "Description": "Frame to which the components belong.",
            "Levels": {"sensor": {"Description": "The axes of the sensor; they turn with it."}},
        }
    }


def _sidecar(recording: Recording, task: str) -> dict[str, object]:
    nominal_hz = recording.nominal_sampling_rate_hz
    sensor = recording.sensor
    content: dict[str, object] = {
        "TaskName": task,
        "TrackingSystemName": _TRACKSYS,
        "SamplingFrequency": nominal_hz or recording.sampling_rate_hz,
        "SamplingFrequencyEffective": recording.sampling_rate_hz,
        "RecordingDuration": recording.duration_s,
        "MotionChannelCount": len(AXES) + 1,
        "ACCELChannelCount": len(AXES),
        "LATENCYChannelCount": 1,
        **{f"{kind}ChannelCount": 0 for kind in _OTHER_CHANNELS},
        "TrackedPointsCount": 1,
        "MissingValues": MISSING,
        "SoftwareVersions": f"tremor-analyzer {__version__}",
    }
    if sensor is not None and (sensor.name or sensor.profile):
        content["ManufacturersModelName"] = sensor.profile or sensor.name
    content[FACTS_KEY] = facts_of(recording)
    return content
