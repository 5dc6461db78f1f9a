"""The native CSV format and its writer; it is read as any other text table.

**Format, version 1.** UTF-8, line feeds, comma-separated, decimal points; any spreadsheet opens
it. It has three parts:

1. Comment lines, the first of which is ``# tremor-csv 1``, then ``# key: value``. Keys:

   ============================  ==============================================================
   ``started_at``                wall time of ``time_s`` zero, ISO 8601 with time zone
   ``nominal_sampling_rate_hz``  rate that the sensor declares, Hz
   ``sensor``                    name as advertised by the sensor
   ``sensor_profile``            slug of the sensor profile
   ``sensor_range_ms2``          full scale of one axis, m/s^2
   ``placement``                 where the sensor was worn, such as ``left-calf``
   ``unit``                      always ``m/s^2``
   ``gravity``                   ``included`` or ``removed``
   ``markers``                   what the runner marked, a JSON list of time on the clock of
                                 ``time_s``, s, ``marker`` or ``pain``, and text
   ``note``                      any text, in one line
   ============================  ==============================================================

   ``unit`` and ``gravity`` are always there, the others if known. A reader ignores keys that it
   does not know.
2. The header ``time_s,acc_x_ms2,acc_y_ms2,acc_z_ms2``, with
   ``gyr_x_deg_s,gyr_y_deg_s,gyr_z_deg_s`` after it if angular velocity was measured.
3. One row per sample. ``time_s`` is its time stamp, to a microsecond, and never decreases. A lost
   sample has no row: a gap is a jump in time.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, get_args

import msgspec
import numpy as np
import numpy.typing as npt

from tremor.errors import InvalidInputError
from tremor.files import require_parent, whole_file
from tremor.recording import AXES, Floats, Gravity, Marker, Placement, Recording, SensorInfo

__all__ = [
    "ACCELERATION_COLUMNS",
    "ANGULAR_VELOCITY_COLUMNS",
    "FIRST_LINE",
    "TIME_COLUMN",
    "NativePreamble",
    "native_header",
    "native_markers",
    "native_rows",
    "parse_native_markers",
    "write_native_csv",
    "write_recording_csv",
]

FIRST_LINE: Final = "# tremor-csv 1"
TIME_COLUMN: Final = "time_s"
ACCELERATION_COLUMNS: Final = tuple(f"acc_{axis}_ms2" for axis in AXES)
ANGULAR_VELOCITY_COLUMNS: Final = tuple(f"gyr_{axis}_deg_s" for axis in AXES)

_TIME_DECIMALS: Final = 6
_MARKER: Final = ("time_s", "kind", "text")
_ROWS_AT_ONCE: Final = 16384


@dataclass(frozen=True, slots=True, kw_only=True)
class NativePreamble:
    """What the comment lines of a native CSV declare.

    Parameters
    ----------
    gravity : {"included", "removed"}
        Whether the samples include gravity.
    nominal_sampling_rate_hz : float or None
        Sampling rate that the sensor declares, Hz.
    started_at : datetime or None
        Wall time of ``time_s`` zero, with its time zone.
    sensor, placement : SensorInfo, Placement, or None
        If known.
    markers : tuple of Marker
        What the runner marked, on the clock of ``time_s``.
    note : str
        Any text, in one line.

    Raises
    ------
    InvalidInputError
        If ``gravity`` is neither of the two, or the time has no zone.
    """

    gravity: Gravity
    nominal_sampling_rate_hz: float | None = None
    started_at: datetime | None = None
    sensor: SensorInfo | None = None
    placement: Placement | None = None
    markers: tuple[Marker, ...] = ()
    note: str = ""

    def __post_init__(self) -> None:
        if self.gravity not in get_args(Gravity):
            known = " or ".join(get_args(Gravity))
            raise InvalidInputError(f"gravity is {self.gravity!r}; give {known}")
        if self.started_at is not None and self.started_at.tzinfo is None:
            raise InvalidInputError("started_at has no time zone; give an aware datetime")


def native_header(preamble: NativePreamble, *, with_angular_velocity: bool = False) -> str:
    """Format the comment lines and the column line of a native CSV.

    Parameters
    ----------
    preamble : NativePreamble
        What the comment lines declare.
    with_angular_velocity : bool
        Whether the rows hold angular velocity.

    Returns
    -------
    str
        Lines, each with its line feed.

    Raises
    ------
    InvalidInputError
        If a value spans several lines.
    """
    sensor, started_at = preamble.sensor, preamble.started_at
    values: dict[str, object] = {
        "started_at": started_at.isoformat() if started_at else None,
        "nominal_sampling_rate_hz": preamble.nominal_sampling_rate_hz,
        "sensor": sensor.name if sensor else None,
        "sensor_profile": sensor.profile if sensor else None,
        "sensor_range_ms2": sensor.range_ms2 if sensor else None,
        "placement": preamble.placement,
        "unit": "m/s^2",
        "gravity": preamble.gravity,
        "markers": native_markers(preamble.markers),
        "note": preamble.note,
    }
    lines = [FIRST_LINE]
    for key, value in values.items():
        text = "" if value is None else str(value).strip()
        if len(text.splitlines()) > 1:
            raise InvalidInputError(f"{key} spans several lines; give it in one")
        if text:
            lines.append(f"# {key}: {text}")
    columns = (TIME_COLUMN, *ACCELERATION_COLUMNS)
    if with_angular_velocity:
        columns += ANGULAR_VELOCITY_COLUMNS
    return "\n".join([*lines, ",".join(columns)]) + "\n"


def native_markers(markers: Iterable[Marker]) -> str:
    """Format markers in one line; empty if there are none."""
    listed = [[round(one.time_s, _TIME_DECIMALS), one.kind, one.text] for one in markers]
    return json.dumps(listed, ensure_ascii=True) if listed else ""


def parse_native_markers(text: str) -> tuple[Marker, ...]:
    """Parse what `native_markers` returned.

    Parameters
    ----------
    text : str
        The line.

    Returns
    -------
    tuple of Marker
        Empty if it cannot be understood.

    Examples
    --------
    >>> parse_native_markers('[[12.5, "pain", "7"]]')
    (Marker(time_s=12.5, kind='pain', text='7'),)
    """
    try:
        return msgspec.convert(
            [dict(zip(_MARKER, one, strict=True)) for one in json.loads(text)], tuple[Marker, ...]
        )
    except (ValueError, TypeError, RecursionError, msgspec.ValidationError):
        return ()


def native_rows(
    acceleration_ms2: Floats,
    *,
    time_s: Floats,
    angular_velocity_deg_s: Floats | None = None,
    decimals: int = 6,
) -> str:
    """Format rows of samples.

    Parameters
    ----------
    acceleration_ms2 : ndarray, shape (n, 3)
        m/s^2.
    time_s : ndarray, shape (n,)
        Time stamps, s.
    angular_velocity_deg_s : ndarray, shape (n, 3), optional
        deg/s.
    decimals : int
        Decimals of the samples; time has six.

    Returns
    -------
    str
        Lines, each with its line feed.
    """
    measured = [np.asarray(acceleration_ms2, dtype=np.float64)]
    if angular_velocity_deg_s is not None:
        measured.append(np.asarray(angular_velocity_deg_s, dtype=np.float64))
    # Adding zero turns -0.0, a result of rounding, into 0.0.
    values = np.column_stack(
        [np.round(time_s, _TIME_DECIMALS), *(np.round(part, decimals) for part in measured)]
    ) + 0.0  # fmt: skip
    row = ",".join([f"%.{_TIME_DECIMALS}f", *[f"%.{decimals}f"] * (values.shape[1] - 1)]) + "\n"
    return (row * len(values)) % tuple(values.reshape(-1).tolist())


def write_native_csv(
    path: str | os.PathLike[str],
    acceleration_ms2: npt.ArrayLike,
    *,
    time_s: npt.ArrayLike,
    preamble: NativePreamble,
    angular_velocity_deg_s: npt.ArrayLike | None = None,
    decimals: int = 6,
    overwrite: bool = False,
) -> None:
    """Write samples with their time stamps as a native CSV, whole or not at all.

    Parameters
    ----------
    path : path
        File to write.
    acceleration_ms2 : array_like, shape (n, 3)
        The samples that are not lost, m/s^2.
    time_s : array_like, shape (n,)
        Their time stamps, s; they never decrease.
    preamble : NativePreamble
        Facts of the capture.
    angular_velocity_deg_s : array_like, shape (n, 3), optional
        deg/s.
    decimals : int
        Decimals of the samples.
    overwrite : bool
        Whether an existing file may be replaced.

    Raises
    ------
    WouldOverwriteError
        If the file exists and may not be replaced.
    InvalidInputError
        If shapes do not match, numbers are not finite, time decreases, or the folder does not
        exist.

    Examples
    --------
    >>> import tempfile, numpy as np
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = Path(folder.name) / "still.csv"
    >>> removed = NativePreamble(gravity="removed")
    >>> write_native_csv(path, np.ones((2, 3)), time_s=[0.0, 0.01], preamble=removed, decimals=2)
    >>> print(path.read_text(encoding="utf-8"), end="")
    # tremor-csv 1
    # unit: m/s^2
    # gravity: removed
    time_s,acc_x_ms2,acc_y_ms2,acc_z_ms2
    0.000000,1.00,1.00,1.00
    0.010000,1.00,1.00,1.00
    >>> folder.cleanup()
    """
    samples = np.asarray(acceleration_ms2, dtype=np.float64)
    stamps = np.asarray(time_s, dtype=np.float64)
    turns = None if angular_velocity_deg_s is None else np.asarray(angular_velocity_deg_s, float)
    _check_columns(samples, stamps, turns)
    path = Path(path)
    require_parent(path)
    header = native_header(preamble, with_angular_velocity=turns is not None)
    with whole_file(path, overwrite=overwrite) as stream:
        stream.write(header.encode())
        for first in range(0, len(samples), _ROWS_AT_ONCE):
            some = slice(first, first + _ROWS_AT_ONCE)
            rows = native_rows(
                samples[some],
                time_s=stamps[some],
                angular_velocity_deg_s=None if turns is None else turns[some],
                decimals=decimals,
            )
            stream.write(rows.encode())


def _check_columns(samples: Floats, stamps: Floats, turns: Floats | None) -> None:
    if samples.ndim != 2 or samples.shape[1] != len(AXES):
        raise InvalidInputError(f"acceleration has shape {samples.shape}; give (n, 3)")
    if stamps.shape != samples.shape[:1]:
        raise InvalidInputError(f"time has shape {stamps.shape}; give ({len(samples)},)")
    if turns is not None and turns.shape != samples.shape:
        raise InvalidInputError(f"angular velocity has shape {turns.shape}; give {samples.shape}")
    for name, values in (("acceleration", samples), ("time", stamps), ("angular velocity", turns)):
        if values is not None and not np.isfinite(values).all():
            raise InvalidInputError(f"{name} is not finite; leave out the rows of lost samples")
    if (np.diff(stamps) < 0.0).any():
        row = int(np.argmax(np.diff(stamps) < 0.0)) + 1
        raise InvalidInputError(
            f"time goes back at sample {row}, from {stamps[row - 1]:.6f} to {stamps[row]:.6f} s; "
            "sort the samples or write the captures apart"
        )


def write_recording_csv(
    path: str | os.PathLike[str],
    recording: Recording,
    *,
    note: str = "",
    decimals: int = 6,
    overwrite: bool = False,
) -> None:
    """Write a recording as a native CSV; its lost samples have no rows.

    Parameters
    ----------
    path : path
        File to write.
    recording : Recording
        A long gap is a jump in time, as a short one is.
    note : str
        Any text, in one line.
    decimals, overwrite
        As in `write_native_csv`.

    Raises
    ------
    WouldOverwriteError
        If the file exists and may not be replaced.
    """
    samples = recording.acceleration_ms2
    kept = ~np.isnan(samples).any(axis=1)
    write_native_csv(
        path,
        samples[kept],
        time_s=recording.stamps()[kept],
        preamble=NativePreamble(
            gravity=recording.gravity,
            nominal_sampling_rate_hz=recording.nominal_sampling_rate_hz,
            started_at=recording.clock_began_at,
            sensor=recording.sensor,
            placement=recording.placement,
            markers=recording.markers,
            note=note,
        ),
        decimals=decimals,
        overwrite=overwrite,
    )
