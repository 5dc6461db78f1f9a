"""The folder of a recording: its name, whether it can be written, and what it replaces."""

from __future__ import annotations

import shutil
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Final

from tremor.errors import InvalidInputError, WouldOverwriteError
from tremor.formats.folder.manifest import MANIFEST_FILE, PACKETS_FILE, SAMPLES_FILE

__all__ = [
    "COMPARISON_FILE",
    "CONTEXT_FILE",
    "REPORT_FILE",
    "default_folder",
    "free_bytes",
    "make_room",
    "needed_bytes",
]

REPORT_FILE: Final = "report.html"
CONTEXT_FILE: Final = "context.toml"
#: Beside the folders of two sensors.
COMPARISON_FILE: Final = "comparison.html"
_OWN_FILES: Final = (
    MANIFEST_FILE,
    PACKETS_FILE,
    SAMPLES_FILE,
    REPORT_FILE,
    CONTEXT_FILE,
    COMPARISON_FILE,
)
#: Size of a row of samples.csv and its share of the packets, bytes; with angular velocity.
_SAMPLE_BYTES: Final = 75
_SIX_AXIS_SAMPLE_BYTES: Final = 110
#: Reserve, as a factor and in bytes.
_RESERVE: Final = 2.0
_RESERVE_BYTES: Final = 10_000_000


def default_folder(now: datetime, *, placement: str, is_baseline: bool) -> Path:
    """Return the folder of a recording for which none was given.

    Parameters
    ----------
    now : datetime
        Local time, part of the name.
    placement : str
        Where the sensor is worn; empty if not known.
    is_baseline : bool
        Whether it is a baseline before the run.

    Examples
    --------
    >>> default_folder(datetime(2026, 5, 3, 18, 7, 9), placement="left-calf", is_baseline=False)
    PosixPath('recording-20260503-180709-left-calf')
    """
    kind = "baseline" if is_baseline else "recording"
    safe = "".join(char if char.isalnum() or char == "-" else "_" for char in placement)
    return Path("-".join(part for part in (kind, f"{now:%Y%m%d-%H%M%S}", safe) if part))


def needed_bytes(*, duration_s: float, sampling_rate_hz: float, gyro: bool) -> int:
    """Return the size of a recording on the disk, with as much again in reserve, bytes.

    Examples
    --------
    >>> needed_bytes(duration_s=300.0, sampling_rate_hz=104.0, gyro=False) // 1_000_000
    14
    """
    row = _SIX_AXIS_SAMPLE_BYTES if gyro else _SAMPLE_BYTES
    return _RESERVE_BYTES + int(_RESERVE * row * duration_s * sampling_rate_hz)


def free_bytes(folder: Path) -> int:
    """Return the free space of the disk that a folder is or will be on, bytes."""
    return shutil.disk_usage(_existing(folder)).free


def make_room(folder: Path, *, overwrite: bool) -> None:
    """Make sure that a recording can be written, before anybody sits down for it.

    Parameters
    ----------
    folder : Path
        It does not exist yet, is empty, or holds a recording that may be replaced; only the files
        of a recording are ever removed.
    overwrite : bool
        Whether a recording may be replaced.

    Raises
    ------
    WouldOverwriteError
        If it holds something that must stay.
    InvalidInputError
        If it cannot be written.
    """
    if folder.exists() and not folder.is_dir():
        raise WouldOverwriteError(f"{folder} is a file; give another path with --out")
    try:
        if folder.exists():
            _empty(folder, overwrite=overwrite)
        with tempfile.TemporaryFile(dir=_existing(folder)) as file:
            file.write(b"tremor")
    except WouldOverwriteError:
        raise
    except OSError as error:
        raise InvalidInputError(
            f"{folder} cannot be written ({error.strerror or error}); give another path with --out"
        ) from error


def _empty(folder: Path, *, overwrite: bool) -> None:
    """Remove the recording that a folder holds, or those of several sensors below it."""
    if not any(folder.iterdir()):
        return
    if not overwrite:
        raise WouldOverwriteError(
            f"{folder} is not empty; give another folder, or --overwrite to replace a recording"
        )
    parts = [folder, *(path for path in folder.iterdir() if path.is_dir())]
    files = [path for part in parts for path in part.iterdir() if not path.is_dir()]
    foreign = next((path for path in files if path.name not in _OWN_FILES), None)
    nested = next((path for part in parts[1:] for path in part.iterdir() if path.is_dir()), None)
    if foreign is not None or nested is not None:
        raise WouldOverwriteError(
            f"{folder} holds {(foreign or nested)}, which is no part of a recording; give another "
            "folder"
        )
    for path in files:
        path.unlink()
    for part in parts[1:]:
        part.rmdir()


def _existing(folder: Path) -> Path:
    """Return the folder, or the nearest one above it that exists."""
    path = folder.absolute()
    while not path.exists():
        path = path.parent
    return path
