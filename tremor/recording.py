"""What a sensor hands over and what a capture becomes: blocks, recordings and their facts.

Records only. Reading files is `tremor.formats`, clocks and gaps are `tremor.clock.timebase`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal, Self, get_args

import numpy as np
import numpy.typing as npt

from tremor.errors import InsufficientDataError, InvalidInputError
from tremor.integrity import find_clipped, find_dead_axes, median_norm_ms2
from tremor.notes import Note, note
from tremor.units import STANDARD_GRAVITY_MS2

__all__ = [
    "AXES",
    "Floats",
    "Gap",
    "Gravity",
    "Placement",
    "Recording",
    "SampleBlock",
    "SensorInfo",
    "Source",
    "gaps_of",
    "read_only",
]

Floats = npt.NDArray[np.float64]
Gravity = Literal["included", "removed"]
AXES: Final = ("x", "y", "z")

#: A median |a| within this share of standard gravity means that gravity is in the samples.
_GRAVITY_TOLERANCE: Final = 0.15


def read_only(values: npt.ArrayLike, dtype: npt.DTypeLike = np.float64) -> npt.NDArray[Any]:
    """Give a contiguous array that nobody can write into.

    Parameters
    ----------
    values : array_like
        Any numbers. An array that is read-only and of this type already is given back as it is.
    dtype : data type
        Type of the result.

    Returns
    -------
    ndarray
        Read-only; a copy where the argument could still be written into.
    """
    array = np.asarray(values, dtype=dtype)
    if array.flags.writeable or not array.flags.c_contiguous:
        array = np.array(array, dtype=dtype, order="C", copy=True)
        array.flags.writeable = False
    return array


@dataclass(frozen=True, slots=True)
class SensorInfo:
    """The sensor, as far as the capture tells.

    Parameters
    ----------
    name : str
        Name as the capture or the sensor gives it.
    profile : str
        Slug of the sensor profile, or empty.
    range_ms2 : float or None
        Full scale of one axis, m/s^2.
    """

    name: str = ""
    profile: str = ""
    range_ms2: float | None = None


@dataclass(frozen=True, slots=True)
class Placement:
    """Where the sensor was worn.

    Parameters
    ----------
    site : str
        Body site in the runner's words, such as ``calf`` or ``thigh``.
    side : str
        ``left``, ``right``, or empty.
    """

    site: str
    side: str = ""

    def __str__(self) -> str:
        """Give the one-word form that options take, such as ``left-calf``."""
        return f"{self.side}-{self.site}" if self.side else self.site

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read ``left-calf`` or ``thigh``.

        Parameters
        ----------
        text : str
            Side and site, joined by a hyphen, or the site alone.

        Returns
        -------
        Placement
            The parts of it.
        """
        side, hyphen, site = text.strip().lower().partition("-")
        if hyphen and side in {"left", "right"} and site:
            return cls(site=site, side=side)
        return cls(site=text.strip().lower())


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch in which samples are missing; they are never invented.

    Parameters
    ----------
    start_s : float
        Time of the first missing sample, s from the start of the capture.
    duration_s : float
        How long samples are missing, s.
    n_lost : int
        How many samples are missing.
    """

    start_s: float
    duration_s: float
    n_lost: int


@dataclass(frozen=True, slots=True)
class Source:
    """The file that a recording came from.

    Parameters
    ----------
    name : str
        File name without its folder.
    sha256 : str
        Hash of the bytes.
    format : str
        Slug of the format that claimed it.
    """

    name: str
    sha256: str
    format: str


@dataclass(frozen=True, eq=False, slots=True)
class SampleBlock:
    """What a sensor hands over at once.

    Parameters
    ----------
    first_index : int
        Index of the first sample on the sensor's own count. A gap is a jump of this number.
    acceleration_ms2 : ndarray, shape (n, 3)
        Acceleration, m/s^2.
    arrival_s : float
        When the block arrived, s on the host's monotonic clock.
    angular_velocity_deg_s : ndarray, shape (n, 3), or None
        Angular velocity, deg/s.
    device_time_s : ndarray, shape (n,), or None
        The sensor's own stamps, s.
    """

    first_index: int
    acceleration_ms2: Floats
    arrival_s: float
    angular_velocity_deg_s: Floats | None = None
    device_time_s: Floats | None = None

    def __post_init__(self) -> None:
        acceleration = read_only(self.acceleration_ms2)
        if acceleration.ndim != 2 or acceleration.shape[1] != len(AXES):
            raise InvalidInputError(
                f"acceleration of a block has shape {acceleration.shape}; give (n, 3)"
            )
        object.__setattr__(self, "acceleration_ms2", acceleration)
        for name, shape in (
            ("angular_velocity_deg_s", acceleration.shape),
            ("device_time_s", acceleration.shape[:1]),
        ):
            values = getattr(self, name)
            if values is None:
                continue
            array = read_only(values)
            if array.shape != shape:
                raise InvalidInputError(f"{name} has shape {array.shape}; give {shape}")
            object.__setattr__(self, name, array)


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Recording:
    """An evenly sampled capture, its clock, and every step that made it.

    Sample ``i`` belongs to the time ``i / sampling_rate_hz``. Samples that were lost are rows of
    NaN; ``gaps`` lists them. Make one with `from_arrays`, or with `tremor.read` from a file.

    Parameters
    ----------
    acceleration_ms2 : ndarray, shape (n, 3)
        Acceleration along the sensor's x, y, z, m/s^2; read-only; NaN where samples are missing.
    sampling_rate_hz : float
        Sampling rate as estimated from the capture, Hz.
    sampling_rate_sd_hz : float or None
        Standard deviation of that estimate, Hz; None where there was nothing to fit.
    nominal_sampling_rate_hz : float or None
        Rate that the sensor claims, Hz.
    started_at : datetime or None
        Wall time of sample 0, with its zone.
    sensor, placement : SensorInfo, Placement, or None
        What is known of them.
    gaps : tuple of Gap
        In order of time.
    clipped : ndarray of bool, shape (n,)
        Samples at the rail of the sensor on any axis.
    dead_axes : tuple of str
        Axes that never moved.
    gravity : {"included", "removed"}
        Whether gravity is in the samples.
    unit_in : str
        Unit of the capture.
    scale_correction : float
        Factor that makes gravity read 9.80665 m/s^2 in the still stretches; the samples are kept
        as they came and the analysis applies it. 1 where it could not be found.
    warnings : tuple of Note
        What makes the capture weaker.
    history : tuple of str
        Every step that made it, oldest first.
    source : Source or None
        The file it came from.
    """

    acceleration_ms2: Floats
    sampling_rate_hz: float
    sampling_rate_sd_hz: float | None = None
    nominal_sampling_rate_hz: float | None = None
    started_at: datetime | None = None
    sensor: SensorInfo | None = None
    placement: Placement | None = None
    gaps: tuple[Gap, ...] = ()
    clipped: npt.NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, dtype=np.bool_))
    dead_axes: tuple[str, ...] = ()
    gravity: Gravity = "included"
    unit_in: str = "m/s^2"
    scale_correction: float = 1.0
    warnings: tuple[Note, ...] = ()
    history: tuple[str, ...] = ()
    source: Source | None = None

    def __post_init__(self) -> None:
        acceleration = read_only(self.acceleration_ms2)
        if acceleration.ndim != 2 or acceleration.shape[1] != len(AXES):
            raise InvalidInputError(f"acceleration has shape {acceleration.shape}; give (n, 3)")
        if not (np.isfinite(self.sampling_rate_hz) and self.sampling_rate_hz > 0):
            raise InvalidInputError(
                f"sampling rate is {self.sampling_rate_hz} Hz; give a positive number of hertz"
            )
        if self.started_at is not None and self.started_at.tzinfo is None:
            raise InvalidInputError("started_at has no time zone; give an aware datetime")
        clipped = read_only(self.clipped, np.bool_)
        if clipped.size == 0:
            clipped = read_only(np.zeros(len(acceleration), dtype=np.bool_), np.bool_)
        if clipped.shape != acceleration.shape[:1]:
            raise InvalidInputError(
                f"clipped has shape {clipped.shape}; give ({len(acceleration)},)"
            )
        object.__setattr__(self, "acceleration_ms2", acceleration)
        object.__setattr__(self, "clipped", clipped)

    @property
    def n_samples(self) -> int:
        """Count the samples that are there, lost ones left out."""
        return len(self.acceleration_ms2) - sum(gap.n_lost for gap in self.gaps)

    @property
    def duration_s(self) -> float:
        """Give the time from the first sample to the end of the last one, gaps included, s."""
        return len(self.acceleration_ms2) / self.sampling_rate_hz

    @classmethod
    def from_arrays(
        cls,
        acceleration_ms2: npt.ArrayLike,
        *,
        sampling_rate_hz: float,
        started_at: datetime | None = None,
        placement: Placement | str | None = None,
        sensor: SensorInfo | None = None,
        gravity: Gravity | None = None,
    ) -> Self:
        """Make a recording of samples that are evenly spaced already.

        Parameters
        ----------
        acceleration_ms2 : array_like, shape (n, 3), (n, 1) or (n,)
            m/s^2. Rows of NaN are lost samples and become gaps. One column is the only axis of a
            single-axis instrument; the two others are then zero.
        sampling_rate_hz : float
            Hz. It has no default: 1 % of rate is 1 % of tremor frequency.
        started_at : datetime, optional
            Wall time of the first sample, with its zone.
        placement : Placement or str, optional
            Such as ``left-calf``.
        sensor : SensorInfo, optional
            With ``range_ms2``, clipping is told by it.
        gravity : {"included", "removed"}, optional
            Without it, told from the median length of the vector.

        Returns
        -------
        Recording
            With gaps, clipped samples and dead axes found.

        Raises
        ------
        InvalidInputError
            Where the shape, the rate or the numbers are not usable.
        InsufficientDataError
            Where fewer than two samples are there.

        Examples
        --------
        >>> import numpy as np
        >>> samples = np.zeros((500, 3)); samples[:, 2] = 9.81
        >>> samples[100:150] = np.nan
        >>> recording = Recording.from_arrays(samples, sampling_rate_hz=100.0)
        >>> recording.gaps
        (Gap(start_s=1.0, duration_s=0.5, n_lost=50),)
        """
        samples = np.array(acceleration_ms2, dtype=np.float64, order="C", ndmin=1)
        warnings: tuple[Note, ...] = ()
        if samples.ndim == 1 or (samples.ndim == 2 and samples.shape[1] == 1):
            column = samples.reshape(-1)
            samples = np.zeros((len(column), len(AXES)))
            samples[:, 0] = column
            samples[np.isnan(column)] = np.nan
        if samples.ndim != 2 or samples.shape[1] != len(AXES):
            raise InvalidInputError(
                f"acceleration has shape {samples.shape}; give (n, 3), or (n,) for a single axis"
            )
        if not (np.isfinite(sampling_rate_hz) and sampling_rate_hz > 0):
            raise InvalidInputError(
                f"sampling rate is {sampling_rate_hz} Hz; give a positive number of hertz"
            )
        if gravity is not None and gravity not in get_args(Gravity):
            raise InvalidInputError(
                f"gravity is {gravity!r}; give one of {', '.join(get_args(Gravity))}"
            )
        if np.isinf(samples).any():
            row = int(np.flatnonzero(np.isinf(samples).any(axis=1))[0])
            raise InvalidInputError(
                f"acceleration of sample {row} is infinite; mark lost samples as NaN"
            )
        lost: npt.NDArray[np.bool_] = np.asarray(np.isnan(samples).any(axis=1))
        if len(samples) - int(lost.sum()) < 2:
            raise InsufficientDataError(
                f"{len(samples) - int(lost.sum())} usable samples; at least 2 are needed"
            )
        samples[lost] = np.nan
        samples.flags.writeable = False
        norm_ms2 = median_norm_ms2(samples)
        deviation = abs(norm_ms2 / STANDARD_GRAVITY_MS2 - 1.0)
        if gravity is None:
            gravity = "included" if deviation < _GRAVITY_TOLERANCE else "removed"
        if _is_single_axis(samples):
            warnings += (note("SINGLE_AXIS"),)
        return cls(
            acceleration_ms2=samples,
            sampling_rate_hz=float(sampling_rate_hz),
            nominal_sampling_rate_hz=None,
            started_at=started_at,
            sensor=sensor,
            placement=Placement.from_text(placement) if isinstance(placement, str) else placement,
            gaps=gaps_of(lost, sampling_rate_hz=float(sampling_rate_hz)),
            clipped=find_clipped(samples, range_ms2=sensor.range_ms2 if sensor else None),
            dead_axes=tuple(AXES[axis] for axis in find_dead_axes(samples)),
            gravity=gravity,
            warnings=warnings,
            history=(f"from arrays: {len(samples)} samples at {sampling_rate_hz:g} Hz",),
        )


def gaps_of(lost: npt.NDArray[np.bool_], *, sampling_rate_hz: float) -> tuple[Gap, ...]:
    """List the runs of lost samples.

    Parameters
    ----------
    lost : ndarray of bool, shape (n,)
        True where a sample is missing.
    sampling_rate_hz : float
        Hz.

    Returns
    -------
    tuple of Gap
        In order of time.
    """
    edges = np.flatnonzero(np.diff(np.concatenate(([False], lost, [False])).astype(np.int8)))
    return tuple(
        Gap(
            start_s=float(first / sampling_rate_hz),
            duration_s=float((end - first) / sampling_rate_hz),
            n_lost=int(end - first),
        )
        for first, end in zip(edges[0::2], edges[1::2], strict=True)
    )


def _is_single_axis(samples: Floats) -> bool:
    finite = samples[~np.isnan(samples).any(axis=1)]
    return int(np.count_nonzero((finite == 0.0).all(axis=0))) == 2
