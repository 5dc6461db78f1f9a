"""The native CSV: what it is, and how it is written. Reading it is the reader's business.

Format, version 1
-----------------
UTF-8, lines end in a line feed, fields are parted by commas, decimals by a point; any spreadsheet
opens it. Three parts follow each other:

1. Comment lines, the first of which is ``# tremor-csv 1``, then ``# key: value``. Keys:

   ============================  ==============================================================
   ``started_at``                wall time of ``time_s`` zero, ISO 8601 with its zone
   ``nominal_sampling_rate_hz``  rate that the sensor claims; the stamps tell the true one
   ``sensor``                    name as the sensor gives it
   ``sensor_profile``            slug of the sensor profile
   ``sensor_range_ms2``          full scale of one axis, m/s^2
   ``placement``                 where it was worn, such as ``left-calf``
   ``unit``                      always ``m/s^2``
   ``gravity``                   ``included`` or ``removed``
   ``note``                      anything, in one line
   ============================  ==============================================================

   ``unit`` and ``gravity`` are always there, the others where known. A reader keeps to the keys
   that it knows.
2. The header ``time_s,acc_x_ms2,acc_y_ms2,acc_z_ms2``, with
   ``gyr_x_deg_s,gyr_y_deg_s,gyr_z_deg_s`` after it where angular velocity was measured.
3. One row a sample. ``time_s`` is the stamp of the sensor, to a microsecond, and never goes back.
   A lost sample is an absent row: a gap is a jump in time, and nothing is invented.
"""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import Final, get_args

import numpy as np
import numpy.typing as npt

from tremor.errors import InvalidInputError
from tremor.files import require_parent, whole_file
from tremor.recording import AXES, Floats, Gravity, Placement, Recording, SensorInfo

__all__ = [
    "ACCELERATION_COLUMNS",
    "ANGULAR_VELOCITY_COLUMNS",
    "FIRST_LINE",
    "TIME_COLUMN",
    "native_header",
    "native_rows",
    "write_native_csv",
    "write_recording_csv",
]

FIRST_LINE: Final = "# tremor-csv 1"
TIME_COLUMN: Final = "time_s"
ACCELERATION_COLUMNS: Final = tuple(f"acc_{axis}_ms2" for axis in AXES)
ANGULAR_VELOCITY_COLUMNS: Final = tuple(f"gyr_{axis}_deg_s" for axis in AXES)

_TIME_DECIMALS: Final = 6
_ROWS_AT_ONCE: Final = 16384


def native_header(
    *,
    gravity: Gravity,
    nominal_sampling_rate_hz: float | None = None,
    started_at: datetime | None = None,
    sensor: SensorInfo | None = None,
    placement: Placement | None = None,
    note: str = "",
    with_angular_velocity: bool = False,
) -> str:
    """Give the comment lines and the column line of a native CSV.

    Parameters
    ----------
    gravity : {"included", "removed"}
        Whether gravity is in the samples.
    nominal_sampling_rate_hz : float, optional
        Rate that the sensor claims, Hz.
    started_at : datetime, optional
        Wall time of ``time_s`` zero, with its zone.
    sensor, placement : SensorInfo, Placement, optional
        What is known of them.
    note : str
        Anything, in one line.
    with_angular_velocity : bool
        Whether the rows hold angular velocity.

    Returns
    -------
    str
        Lines, each with its line feed.

    Raises
    ------
    InvalidInputError
        Where a value spans lines, or the time has no zone.
    """
    if gravity not in get_args(Gravity):
        raise InvalidInputError(f"gravity is {gravity!r}; give {' or '.join(get_args(Gravity))}")
    if started_at is not None and started_at.tzinfo is None:
        raise InvalidInputError("started_at has no time zone; give an aware datetime")
    values: dict[str, object] = {
        "started_at": started_at.isoformat() if started_at else None,
        "nominal_sampling_rate_hz": nominal_sampling_rate_hz,
        "sensor": sensor.name if sensor else None,
        "sensor_profile": sensor.profile if sensor else None,
        "sensor_range_ms2": sensor.range_ms2 if sensor else None,
        "placement": placement,
        "unit": "m/s^2",
        "gravity": gravity,
        "note": note,
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


def native_rows(
    acceleration_ms2: Floats,
    *,
    time_s: Floats,
    angular_velocity_deg_s: Floats | None = None,
    decimals: int = 6,
) -> str:
    """Give the rows of some samples.

    Parameters
    ----------
    acceleration_ms2 : ndarray, shape (n, 3)
        m/s^2.
    time_s : ndarray, shape (n,)
        Stamps of the sensor, s.
    angular_velocity_deg_s : ndarray, shape (n, 3), optional
        deg/s.
    decimals : int
        Of everything but the time, which has six.

    Returns
    -------
    str
        Lines, each with its line feed.
    """
    measured = [np.asarray(acceleration_ms2, dtype=np.float64)]
    if angular_velocity_deg_s is not None:
        measured.append(np.asarray(angular_velocity_deg_s, dtype=np.float64))
    # Adding zero turns the -0.0 that rounding leaves into 0.0.
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
    gravity: Gravity,
    angular_velocity_deg_s: npt.ArrayLike | None = None,
    nominal_sampling_rate_hz: float | None = None,
    started_at: datetime | None = None,
    sensor: SensorInfo | None = None,
    placement: Placement | None = None,
    note: str = "",
    decimals: int = 6,
    overwrite: bool = False,
) -> None:
    """Write samples with their stamps as a native CSV, whole or not at all.

    Parameters
    ----------
    path : path
        File to write.
    acceleration_ms2 : array_like, shape (n, 3)
        The samples that are there, m/s^2.
    time_s : array_like, shape (n,)
        Their stamps, s; they never go back.
    gravity : {"included", "removed"}
        Whether gravity is in the samples.
    angular_velocity_deg_s : array_like, shape (n, 3), optional
        deg/s.
    nominal_sampling_rate_hz, started_at, sensor, placement, note
        As in `native_header`.
    decimals : int
        Of the samples.
    overwrite : bool
        Whether a file that exists may be replaced.

    Raises
    ------
    WouldOverwriteError
        Where the file exists and ``overwrite`` is not given.
    InvalidInputError
        Where shapes do not fit, numbers are not finite, or time goes back.

    Examples
    --------
    >>> import tempfile, numpy as np
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = Path(folder.name) / "still.csv"
    >>> write_native_csv(path, np.ones((2, 3)), time_s=[0.0, 0.01], gravity="removed", decimals=2)
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
    header = native_header(
        gravity=gravity,
        nominal_sampling_rate_hz=nominal_sampling_rate_hz,
        started_at=started_at,
        sensor=sensor,
        placement=placement,
        note=note,
        with_angular_velocity=turns is not None,
    )

    path = Path(path)
    require_parent(path)
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


def write_recording_csv(
    path: str | os.PathLike[str],
    recording: Recording,
    *,
    note: str = "",
    decimals: int = 6,
    overwrite: bool = False,
) -> None:
    """Write a recording as a native CSV; its lost samples become absent rows.

    Parameters
    ----------
    path : path
        File to write.
    recording : Recording
        Its time is the index over its sampling rate.
    note, decimals, overwrite
        As in `write_native_csv`.

    Raises
    ------
    WouldOverwriteError
        Where the file exists and ``overwrite`` is not given.
    """
    kept = ~np.isnan(recording.acceleration_ms2).any(axis=1)
    write_native_csv(
        path,
        recording.acceleration_ms2[kept],
        time_s=np.flatnonzero(kept) / recording.sampling_rate_hz,
        gravity=recording.gravity,
        nominal_sampling_rate_hz=recording.nominal_sampling_rate_hz,
        started_at=recording.started_at,
        sensor=recording.sensor,
        placement=recording.placement,
        note=note,
        decimals=decimals,
        overwrite=overwrite,
    )
