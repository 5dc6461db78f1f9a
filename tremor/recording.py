"""A capture: its facts, the recording that holds them and the samples, the blocks of a sensor.

Where samples are kept is `tremor.storage`, reading files is `tremor.formats`, clocks and gaps are
`tremor.clock.timebase`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta
from types import TracebackType
from typing import Final, Literal, Self, get_args

import numpy as np
import numpy.typing as npt

from tremor.arrays import Bools, Floats, read_only
from tremor.counted import counted
from tremor.decisions import ReadingDecision
from tremor.errors import InsufficientDataError, InvalidInputError
from tremor.gravity import find_gravity_evidence
from tremor.integrity import find_clipped, find_dead_axes, find_resolution_ms2
from tremor.notes import Note, note
from tremor.segments import Segment, in_segments, require_order, sample_times
from tremor.storage import ArraySamples, Samples

__all__ = [
    "AXES",
    "Bools",
    "CaptureInfo",
    "Floats",
    "Gap",
    "Gravity",
    "Marker",
    "Placement",
    "Recording",
    "SampleBlock",
    "Segment",
    "SensorInfo",
    "Source",
    "gaps_of",
    "read_only",
]

Gravity = Literal["included", "removed"]
AXES: Final = ("x", "y", "z")


@dataclass(frozen=True, slots=True)
class SensorInfo:
    """The sensor, as far as it is known.

    Parameters
    ----------
    name : str
        Name in the capture, or as advertised by the sensor.
    profile : str
        Slug of the sensor profile, or empty.
    range_ms2 : float or None
        Full scale of one axis, m/s^2.
    """

    name: str = ""
    profile: str = ""
    range_ms2: float | None = None

    def __str__(self) -> str:
        """Return the name, or the profile of a sensor without a name."""
        return self.name or self.profile


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
        """Return the form that options take, such as ``left-calf``."""
        return f"{self.side}-{self.site}" if self.side else self.site

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Parse ``left-calf`` or ``thigh``.

        Parameters
        ----------
        text : str
            Side and site, joined by a hyphen, or the site alone.

        Returns
        -------
        Placement
            Site and side, in lower case.
        """
        side, hyphen, site = text.strip().lower().partition("-")
        if hyphen and side in {"left", "right"} and site:
            return cls(site=site, side=side)
        return cls(site=text.strip().lower())


@dataclass(frozen=True, slots=True)
class Gap:
    """A run of lost samples; they are never filled in.

    A short one is kept as rows of NaN, a long one parts two segments and takes no memory.

    Parameters
    ----------
    start_s : float
        Time of the first missing sample, s from the start of the capture.
    duration_s : float
        Duration of the run, s.
    n_lost : int
        Number of lost samples.
    """

    start_s: float
    duration_s: float
    n_lost: int


@dataclass(frozen=True, slots=True)
class Marker:
    """A moment that the runner marked.

    Parameters
    ----------
    time_s : float
        Time, s from the start of the capture.
    kind : {"marker", "pain"}
        What was marked.
    text : str
        Words of the runner, or the rating of the pain from 0 to 9.
    """

    time_s: float
    kind: Literal["marker", "pain"]
    text: str = ""


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
        Slug of its format, such as ``native``.
    options : str
        What the user said of it, as a command says it; empty if nothing.
    """

    name: str
    sha256: str
    format: str
    options: str = ""


@dataclass(frozen=True, eq=False, slots=True)
class SampleBlock:
    """Consecutive samples as a sensor sends them.

    Parameters
    ----------
    first_index : int
        Index of the first sample in the count of the sensor; it jumps where samples are lost.
    acceleration_ms2 : ndarray, shape (n, 3)
        Acceleration, m/s^2.
    arrival_s : float
        When the block arrived, s on the host's monotonic clock.
    angular_velocity_deg_s : ndarray, shape (n, 3), or None
        Angular velocity, deg/s.
    device_time_s : ndarray, shape (n,), or None
        Time stamps of the sensor, s.

    Raises
    ------
    InvalidInputError
        If a shape is wrong.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptureInfo:
    """Every fact of a capture, without its samples; the ``recording`` object of the JSON.

    Times count from the first sample, of which ``started_at`` is the wall time.

    Parameters
    ----------
    started_at : datetime or None
        Wall time of the first sample, with its time zone.
    duration_s : float
        Time from the first sample to the end of the last one, gaps included, s. Where the clock
        was set, the time in between is not known and does not count.
    n_samples : int
        Number of samples that are there; lost ones do not count.
    sampling_rate_hz : float
        Sampling rate as estimated from the capture, Hz.
    nominal_sampling_rate_hz : float or None
        Sampling rate that the sensor or the file declares, Hz.
    sampling_rate_sd_hz : float or None
        Standard deviation of the estimated rate, Hz; None if the rate was not estimated.
    unit_in : str
        Unit of acceleration in the capture.
    gravity : {"included", "removed"}
        Whether the samples include gravity.
    scale_correction : float
        Factor that makes gravity read 9.80665 m/s^2 while the sensor is still. The samples are
        kept as measured and the analysis applies it. 1 if it could not be found.
    gaps : tuple of Gap
        Runs of lost samples, in order of time.
    segments : tuple of Segment
        The samples between long gaps, in order of time; a single one where there are none.
    clipped_fraction : float or None
        Share of the samples that are at a rail of the sensor; None until they are counted.
    dead_axes : tuple of str
        Axes that hold one value throughout.
    resolution_ms2 : float or None
        Step between neighbouring values of the samples, scale correction applied, m/s^2; None
        where they lie on no visible grid.
    sensor : SensorInfo or None
        The sensor, if known.
    placement : Placement or None
        Where the sensor was worn, if known.
    markers : tuple of Marker
        What the runner marked, in order of time.
    warnings : tuple of Note
        What makes the capture weaker.
    decisions : tuple of ReadingDecision
        What was decided while it was read, and how: said by the user, named by the file, told by
        the data, or guessed.
    history : tuple of str
        Every processing step, oldest first.
    source : Source or None
        The file; None if the samples came from arrays.

    Raises
    ------
    InvalidInputError
        If the sampling rate is not a positive number, ``started_at`` has no time zone, or the
        segments are not in order.
    """

    started_at: datetime | None = None
    duration_s: float
    n_samples: int
    sampling_rate_hz: float
    nominal_sampling_rate_hz: float | None = None
    sampling_rate_sd_hz: float | None = None
    unit_in: str = "m/s^2"
    gravity: Gravity = "included"
    scale_correction: float = 1.0
    gaps: tuple[Gap, ...] = ()
    segments: tuple[Segment, ...] = ()
    clipped_fraction: float | None = None
    dead_axes: tuple[str, ...] = ()
    resolution_ms2: float | None = None
    sensor: SensorInfo | None = None
    placement: Placement | None = None
    markers: tuple[Marker, ...] = ()
    warnings: tuple[Note, ...] = ()
    decisions: tuple[ReadingDecision, ...] = ()
    history: tuple[str, ...] = ()
    # Has an object of its own in the JSON.
    source: Source | None = field(default=None, metadata={"written": False})

    def __post_init__(self) -> None:
        if not (np.isfinite(self.sampling_rate_hz) and self.sampling_rate_hz > 0):
            raise InvalidInputError(
                f"sampling rate is {self.sampling_rate_hz} Hz; give a positive number of hertz"
            )
        if self.started_at is not None and self.started_at.tzinfo is None:
            raise InvalidInputError("started_at has no time zone; give an aware datetime")
        if not self.segments:
            n_places = self.n_samples + sum(gap.n_lost for gap in self.gaps)
            object.__setattr__(self, "segments", _one_segment(n_places))
        require_order(self.segments, sampling_rate_hz=self.sampling_rate_hz)

    @property
    def recorded_s(self) -> float:
        """Return the time that the segments last, without long gaps, s."""
        return sum(one.n_samples for one in self.segments) / self.sampling_rate_hz

    @property
    def holes(self) -> tuple[Gap, ...]:
        """Return the gaps within segments, those that are kept as rows of NaN."""
        if len(self.segments) < 2:
            return self.gaps
        rate_hz = self.sampling_rate_hz
        places = np.array([round(gap.start_s * rate_hz) for gap in self.gaps], dtype=np.int64)
        inside = in_segments(self.segments, places, sampling_rate_hz=rate_hz)
        return tuple(gap for gap, is_hole in zip(self.gaps, inside, strict=True) if is_hole)


# A recording is its info and the samples that the info describes. It inherits the facts, so that
# each is declared, typed and documented once, and `dataclasses.replace` changes one of them.
@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Recording(CaptureInfo):
    """An evenly sampled capture: its facts and its samples, in memory or on disk.

    Sample ``i`` belongs to the time ``i / sampling_rate_hz``, unless a gap is longer than a minute:
    `times` tells. Lost samples are rows of NaN, but for those of a long gap, which has no rows;
    ``gaps`` lists both. Make one with `from_arrays`, or with `tremor.read` from a file. A
    recording on disk is closed after use, best with ``with``.

    Parameters
    ----------
    samples : Samples
        Acceleration along the sensor's x, y, z. Their number determines ``duration_s``,
        ``n_samples``, which are not given.
    **facts
        The other fields of `CaptureInfo`.

    Examples
    --------
    >>> from dataclasses import replace
    >>> recording = Recording.from_arrays(np.eye(3), sampling_rate_hz=50.0)
    >>> replace(recording, placement=Placement("calf")).info.placement
    Placement(site='calf', side='')
    """

    samples: Samples
    duration_s: float = field(init=False)
    n_samples: int = field(init=False)

    def __post_init__(self) -> None:
        n = len(self.samples)
        if len(self.segments) < 2:
            object.__setattr__(self, "segments", _one_segment(n))
        CaptureInfo.__post_init__(self)
        last = self.segments[-1]
        if last.end_sample != n:
            raise InvalidInputError(
                f"the segments hold {last.end_sample} samples, and {n} are there"
            )
        n_places = round(last.start_s * self.sampling_rate_hz) + last.n_samples
        object.__setattr__(self, "duration_s", n_places / self.sampling_rate_hz)
        object.__setattr__(self, "n_samples", n - sum(gap.n_lost for gap in self.holes))

    # Recordings are compared by identity, unlike their infos.
    __eq__ = object.__eq__
    __hash__ = object.__hash__

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    @classmethod
    def of(cls, info: CaptureInfo, samples: Samples) -> Self:
        """Make a recording of facts and samples.

        Parameters
        ----------
        info : CaptureInfo
            All facts but ``duration_s`` and ``n_samples`` are taken over.
        samples : Samples
            In memory or on disk.

        Returns
        -------
        Recording
            With these samples.
        """
        kept = [item.name for item in fields(cls) if item.init and item.name != "samples"]
        return cls(samples=samples, **{name: getattr(info, name) for name in kept})

    @property
    def info(self) -> CaptureInfo:
        """Return the facts without the samples."""
        return CaptureInfo(**{item.name: getattr(self, item.name) for item in fields(CaptureInfo)})

    @property
    def acceleration_ms2(self) -> Floats:
        """Return all samples, m/s^2, NaN where lost, read-only, shape (n, 3)."""
        return self.samples.in_memory().acceleration_ms2

    @property
    def clipped(self) -> Bools:
        """Return which samples are at a rail of the sensor on any axis, read-only, shape (n,)."""
        return self.samples.in_memory().is_clipped

    def times(self, begin: int = 0, end: int | None = None) -> Floats:
        """Return the times of some samples, s from the start of the capture.

        Parameters
        ----------
        begin, end : int
            Number of the first sample, and the one after the last; all by default.

        Returns
        -------
        ndarray, shape (end - begin,)
            Rising.

        Examples
        --------
        >>> Recording.from_arrays(np.eye(3), sampling_rate_hz=50.0).times().tolist()
        [0.0, 0.02, 0.04]
        """
        end = len(self.samples) if end is None else min(end, len(self.samples))
        return sample_times(self.segments, begin, end, sampling_rate_hz=self.sampling_rate_hz)

    def stamps(self, begin: int = 0, end: int | None = None) -> Floats:
        """Return the times of some samples as the clock of the capture showed them, s.

        Parameters
        ----------
        begin, end : int
            As for `times`.

        Returns
        -------
        ndarray, shape (end - begin,)
            The `times`, unless the clock was set: then with its jumps, so that a file of them is
            read as this recording.
        """
        shown = self.times(begin, end)
        set_by_s = np.cumsum([one.clock_set_by_s for one in self.segments])
        if set_by_s[-1] == 0.0:
            return shown
        first = [one.first_sample for one in self.segments]
        samples = np.arange(begin, begin + len(shown))
        return np.asarray(shown + set_by_s[np.searchsorted(first, samples, side="right") - 1])

    @property
    def clock_began_at(self) -> datetime | None:
        """Return the wall time of stamp 0: ``started_at``, unless the clock was set later."""
        set_by_s = sum(one.clock_set_by_s for one in self.segments)
        return self.started_at and self.started_at - timedelta(seconds=set_by_s)

    def in_memory(self) -> Self:
        """Return the recording with all its samples in memory."""
        return replace(self, samples=self.samples.in_memory())

    def close(self) -> None:
        """Release memory and temporary file of a recording on disk."""
        self.samples.close()

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
        """Make a recording of evenly spaced samples.

        Parameters
        ----------
        acceleration_ms2 : array_like, shape (n, 3), (n, 1) or (n,)
            m/s^2. Rows of NaN are lost samples and become gaps. A single column is the axis of a
            single-axis instrument; the two other axes are set to zero.
        sampling_rate_hz : float
            Hz. It has no default: 1 % of rate is 1 % of tremor frequency.
        started_at : datetime, optional
            Wall time of the first sample, with its time zone.
        placement : Placement or str, optional
            Such as ``left-calf``.
        sensor : SensorInfo, optional
            Its ``range_ms2``, where known, is the level at which samples are clipped.
        gravity : {"included", "removed"}, optional
            Whether the samples include it; by default decided by their median norm.

        Returns
        -------
        Recording
            In memory, with its gaps, clipped samples and dead axes.

        Raises
        ------
        InvalidInputError
            If the shape, the rate or the numbers are not usable.
        InsufficientDataError
            If fewer than two samples are there.

        Examples
        --------
        >>> import numpy as np
        >>> samples = np.zeros((500, 3)); samples[:, 2] = 9.81
        >>> samples[100:150] = np.nan
        >>> recording = Recording.from_arrays(samples, sampling_rate_hz=100.0)
        >>> recording.gaps
        (Gap(start_s=1.0, duration_s=0.5, n_lost=50),)
        """
        samples = _three_columns(acceleration_ms2)
        if not (np.isfinite(sampling_rate_hz) and sampling_rate_hz > 0):
            raise InvalidInputError(
                f"sampling rate is {sampling_rate_hz} Hz; give a positive number of hertz"
            )
        if gravity is not None and gravity not in get_args(Gravity):
            raise InvalidInputError(
                f"gravity is {gravity!r}; give one of {', '.join(get_args(Gravity))}"
            )
        lost: Bools = np.asarray(np.isnan(samples).any(axis=1))
        if len(samples) - int(lost.sum()) < 2:
            raise InsufficientDataError(
                f"{counted(len(samples) - int(lost.sum()), 'usable sample')}; at least 2 are needed"
            )
        samples[lost] = np.nan
        samples.flags.writeable = False
        if gravity is None:
            gravity = "included" if find_gravity_evidence(samples).is_included() else "removed"
        clipped = find_clipped(samples, range_ms2=sensor.range_ms2 if sensor else None)
        # A record: one argument for each field.
        return cls(
            samples=ArraySamples(samples, clipped),
            sampling_rate_hz=float(sampling_rate_hz),
            started_at=started_at,
            sensor=sensor,
            placement=Placement.from_text(placement) if isinstance(placement, str) else placement,
            gaps=gaps_of(lost, sampling_rate_hz=float(sampling_rate_hz)),
            dead_axes=tuple(AXES[axis] for axis in find_dead_axes(samples)),
            resolution_ms2=find_resolution_ms2(samples),
            gravity=gravity,
            warnings=(note("SINGLE_AXIS"),) if _is_single_axis(samples) else (),
            history=(f"from arrays: {counted(len(samples), 'sample')} at {sampling_rate_hz:g} Hz",),
        )


def _three_columns(acceleration_ms2: npt.ArrayLike) -> Floats:
    """Return a copy of shape (n, 3); a single column becomes the x axis."""
    samples = np.array(acceleration_ms2, dtype=np.float64, order="C", ndmin=1)
    if samples.ndim == 1 or (samples.ndim == 2 and samples.shape[1] == 1):
        column = samples.reshape(-1)
        samples = np.zeros((len(column), len(AXES)))
        samples[:, 0] = column
        samples[np.isnan(column)] = np.nan
    if samples.ndim != 2 or samples.shape[1] != len(AXES):
        raise InvalidInputError(
            f"acceleration has shape {samples.shape}; give (n, 3), or (n,) for a single axis"
        )
    if np.isinf(samples).any():
        row = int(np.flatnonzero(np.isinf(samples).any(axis=1))[0])
        raise InvalidInputError(
            f"acceleration of sample {row} is infinite; mark lost samples as NaN"
        )
    return samples


def _one_segment(n_samples: int) -> tuple[Segment, ...]:
    return (Segment(start_s=0.0, first_sample=0, n_samples=n_samples),)


def gaps_of(
    lost: Bools, *, sampling_rate_hz: float, segments: Sequence[Segment] = ()
) -> tuple[Gap, ...]:
    """Find the runs of lost samples.

    Parameters
    ----------
    lost : ndarray of bool, shape (n,)
        Samples that are lost.
    sampling_rate_hz : float
        Hz.
    segments : sequence of Segment, optional
        Those that the samples make; all are one without them.

    Returns
    -------
    tuple of Gap
        In order of time, with those between the segments.
    """
    gaps: list[Gap] = []
    place = 0
    for one in segments or _one_segment(len(lost)):
        begin = round(one.start_s * sampling_rate_hz)
        if begin > place:
            gaps.append(_gap(place, begin, sampling_rate_hz))
        gaps += (
            _gap(begin + first, begin + end, sampling_rate_hz)
            for first, end in _runs_of(lost[one.first_sample : one.end_sample])
        )
        place = begin + one.n_samples
    return tuple(gaps)


def _runs_of(lost: Bools) -> Iterator[tuple[int, int]]:
    """Return the first sample of each run of lost ones, and the one after its last."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], lost, [False])).astype(np.int8)))
    return zip(edges[0::2].tolist(), edges[1::2].tolist(), strict=True)


def _gap(begin: int, end: int, sampling_rate_hz: float) -> Gap:
    """Return the gap from one place of the even grid to another."""
    return Gap(
        start_s=begin / sampling_rate_hz,
        duration_s=(end - begin) / sampling_rate_hz,
        n_lost=end - begin,
    )


def _is_single_axis(samples: Floats) -> bool:
    finite = samples[~np.isnan(samples).any(axis=1)]
    return int(np.count_nonzero((finite == 0.0).all(axis=0))) == 2
