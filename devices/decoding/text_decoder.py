"""Decoder for lines of text, one sample each: ``t,ax,ay,az[,gx,gy,gz]`` or other fields.

Units are given by options or inferred: that of the acceleration from gravity, that of the time
from its step at the nominal sampling rate.
"""

from __future__ import annotations

import math
import re
import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from devices.decoding.blocks import make_block
from devices.decoding.packet_layout import MAX_ACCELERATION_MS2
from devices.decoding.pieced import PieceCheck
from devices.decoding.sample_count import SamplePosition, UnstampedCount
from devices.decoding.unknown_rate import UnknownRateCount
from tremor.errors import InvalidInputError, PacketError
from tremor.units import STANDARD_GRAVITY_MS2, TIME_UNIT_S

if TYPE_CHECKING:
    from tremor.recording import SampleBlock

__all__ = ["DEFAULT_FIELDS", "TextDecoder", "parse_fields"]

#: Default fields of a line; the last three are optional.
DEFAULT_FIELDS: Final = ("t", "ax", "ay", "az", "gx", "gy", "gz")
_N_REQUIRED_FIELDS: Final = 4
_IGNORED: Final = "_"
_KNOWN_FIELDS: Final = (*DEFAULT_FIELDS, _IGNORED)

#: Longest line, bytes; a longer one is not text.
_MAX_LINE_SIZE: Final = 4096
_NUMBER: Final = re.compile(rb"[+-]?(\d{1,24}(\.\d{0,24})?|\.\d{1,24})([eE][+-]?\d{1,2})?")
_SEPARATOR: Final = re.compile(rb"\s*[,;\t ]\s*")
_MAX_TIME: Final = 1e19

#: Magnitude of gravity in units that sketches use, and one such unit, m/s^2.
_GRAVITY_UNITS: Final = {
    1.0: STANDARD_GRAVITY_MS2,
    STANDARD_GRAVITY_MS2: 1.0,
    1000.0: STANDARD_GRAVITY_MS2 / 1000.0,
    **{counts: STANDARD_GRAVITY_MS2 / counts for counts in (2048.0, 4096.0, 8192.0, 16384.0)},
}
#: Tolerance about gravity for a single line and for the median of many, relative.
_LINE_TOLERANCE: Final = 0.25
_MEDIAN_TOLERANCE: Final = 0.35
#: A smaller magnitude must be in g: in other units it would be hardly any gravity.
_MAX_MAGNITUDE_G: Final = 2.5
#: Number of lines for the median.
_N_LINES_FOR_UNIT: Final = 50

#: Number of lines that show whether the decimals are fixed, and the share that must agree.
_N_LINES_FOR_DECIMALS: Final = 50
_DECIMALS_SHARE: Final = 0.9


@dataclass(frozen=True, slots=True)
class _Sample:
    """Numbers of one line, in units of the sender."""

    n_columns: int
    is_first_line: bool
    is_pieced: bool
    time: int | float | None
    acceleration: tuple[float, ...]
    angular_velocity: tuple[float, ...] | None


#: A sample with its position and arrival time, s.
_Located: TypeAlias = tuple[_Sample, SamplePosition, float]


def parse_fields(text: str) -> tuple[str, ...]:
    """Parse the fields of a line, such as ``t,ax,ay,az`` or ``_,ax,ay,az``.

    Parameters
    ----------
    text : str
        Names separated by commas: t ax ay az gx gy gz, and _ for an ignored field.

    Returns
    -------
    tuple of str
        Valid names.

    Raises
    ------
    InvalidInputError
        If a name is unknown or repeated, or an axis is missing.
    """
    fields = tuple(name.strip() for name in text.split(","))
    unknown = [name for name in fields if name not in _KNOWN_FIELDS]
    if unknown:
        raise InvalidInputError(
            f"fields has {unknown[0]!r}; give some of {', '.join(_KNOWN_FIELDS)}, where _ is "
            "left out"
        )
    repeated = [name for name in fields if name != _IGNORED and fields.count(name) > 1]
    if repeated:
        raise InvalidInputError(f"fields has {repeated[0]} twice; name it once")
    for axes, is_required in (("ax ay az", True), ("gx gy gz", False)):
        names = axes.split()
        n = sum(name in fields for name in names)
        if n < len(names) and (is_required or n):
            raise InvalidInputError(f"fields is {text!r}; it needs all of {axes}")
    return fields


class TextDecoder:
    """Decoder for lines of text.

    Parameters
    ----------
    characteristic : str
        UUID of the characteristic that sends them.
    sampling_rate_hz : float
        Nominal sampling rate, Hz.
    fields : tuple of str, optional
        Fields of a line; by default `DEFAULT_FIELDS`, with or without the last three.
    unit_ms2 : float, optional
        One unit of acceleration, m/s^2; inferred from gravity by default.
    unit_deg_s : float
        One unit of angular velocity, deg/s.
    time_unit_s : float, optional
        One unit of time, s; inferred from its step by default.

    Notes
    -----
    The first line of a connection may lack its beginning. At the start it is used without its
    time, unless that fits the next one; after a lost link it is discarded. A line in several
    notifications beside a gap is discarded, see `devices.decoding.pieced`.
    """

    def __init__(
        self,
        characteristic: str,
        sampling_rate_hz: float,
        *,
        fields: tuple[str, ...] | None = None,
        unit_ms2: float | None = None,
        unit_deg_s: float = 1.0,
        time_unit_s: float | None = None,
    ) -> None:
        self._characteristic = characteristic.lower()
        self._fields = fields or DEFAULT_FIELDS
        self._n_required = _N_REQUIRED_FIELDS if fields is None else len(fields)
        self._has_time = "t" in self._fields
        self._unit_ms2 = unit_ms2
        self._unit_deg_s = unit_deg_s
        self._splitter = _LineSplitter()
        self._decimals = _DecimalsCheck()
        self._n_rejected = 0
        self._n_columns: int | None = None
        self._is_first_line = True
        self._has_restarted = False
        #: Samples with their arrival times, held until the unit of acceleration is known.
        self._held: list[tuple[_Sample, float]] = []
        self._pieces: PieceCheck[_Sample] = PieceCheck(
            lambda sample: sample.is_pieced and sample.time is not None,
            lambda _: 1,
            position_leads=_leads("t", self._fields),
        )
        self._unstamped = UnstampedCount(sampling_rate_hz)
        self._stamped: UnknownRateCount[_Sample] = UnknownRateCount(
            sampling_rate_hz,
            tuple(TIME_UNIT_S.values()) if time_unit_s is None else (time_unit_s,),
            is_text=True,
        )

    @property
    def n_rejected(self) -> int:
        """Number of lines that were discarded as damaged."""
        return (
            self._n_rejected
            + self._stamped.n_rejected
            + self._pieces.n_rejected
            + self._splitter.n_overflows
        )

    def restart(self, began_s: float | None = None) -> None:
        """Discard a partial line; the sample index continues."""
        self._splitter = _LineSplitter(self._splitter.n_overflows)
        self._is_first_line = self._has_restarted = True
        self._held = []
        self._pieces.restart()
        self._unstamped.restart(began_s)
        self._stamped.restart(began_s)

    def feed(self, characteristic_uuid: str, data: bytes, arrival_s: float) -> list[SampleBlock]:
        """Decode a notification.

        Parameters
        ----------
        characteristic_uuid : str
            Characteristic that sent it.
        data : bytes
            Any part of the text.
        arrival_s : float
            Arrival time on a monotonic clock, s.

        Returns
        -------
        list of SampleBlock
            Lines that are complete now, one block for each run without a loss.

        Raises
        ------
        PacketError
            If the unit of acceleration cannot be inferred from 50 lines.
        """
        if characteristic_uuid.lower() != self._characteristic:
            return []
        for line, is_pieced in self._splitter.feed(data):
            sample = self._parse(line, is_pieced)
            if sample is None:
                self._n_rejected += 1
            else:
                self._held.append((sample, arrival_s))
                # A first line that lost three fields looks like one without angular velocity.
                self._n_columns = None if self._is_first_line else sample.n_columns
            self._is_first_line = False
        located = [one for held in self._take_scalable() for one in self._locate(*held)]
        return self._blocks(self._pieces.add(located))

    def finish(self) -> list[SampleBlock]:
        """Decode what is held, see `devices.profile.HoldingDecoder`."""
        return self._blocks(self._pieces.finish())

    def _parse(self, line: bytes, is_pieced: bool) -> _Sample | None:
        """Parse a line; None if it is damaged."""
        # Without a time, a first line that lacks its beginning may read as another acceleration.
        if self._is_first_line and (self._has_restarted or not self._has_time):
            return None
        texts = _SEPARATOR.split(line.strip())
        if not self._has_valid_length(len(texts)):
            return None
        numbers = dict(zip(self._fields, texts, strict=False))
        numbers.pop(_IGNORED, None)
        if not all(_NUMBER.fullmatch(text) for text in numbers.values()):
            return None
        if not self._decimals.accepts(tuple(numbers.values())):
            return None
        values = {name: float(text) for name, text in numbers.items()}
        if not all(map(math.isfinite, values.values())) or abs(values.get("t", 0.0)) > _MAX_TIME:
            return None
        return _Sample(
            n_columns=len(texts),
            is_first_line=self._is_first_line,
            is_pieced=is_pieced,
            time=_exact_number(numbers["t"]) if "t" in numbers else None,
            acceleration=tuple(values[name] for name in ("ax", "ay", "az")),
            angular_velocity=(
                tuple(values[name] for name in ("gx", "gy", "gz")) if "gx" in values else None
            ),
        )

    def _has_valid_length(self, n_columns: int) -> bool:
        if not self._n_required <= n_columns <= len(self._fields):
            return False
        if self._fields == DEFAULT_FIELDS and n_columns not in (
            _N_REQUIRED_FIELDS,
            len(self._fields),
        ):
            return False
        return self._n_columns in (None, n_columns)

    def _take_scalable(self) -> list[tuple[_Sample, float]]:
        """Return the samples that can be scaled: none until the unit is known."""
        if self._unit_ms2 is None and self._held:
            self._unit_ms2 = self._infer_unit_ms2()
        if self._unit_ms2 is None:
            return []
        held, self._held = self._held, []
        limit = MAX_ACCELERATION_MS2 / self._unit_ms2
        valid = [one for one in held if max(map(abs, one[0].acceleration)) <= limit]
        self._n_rejected += len(held) - len(valid)
        return valid

    def _infer_unit_ms2(self) -> float | None:
        magnitudes = [math.hypot(*sample.acceleration) for sample, _ in self._held]
        for magnitude, (sample, _) in zip(magnitudes, self._held, strict=True):
            # A first line may lack digits, so a small magnitude proves nothing there.
            unit_ms2 = _unit_by_gravity(
                magnitude, _LINE_TOLERANCE, small_is_g=not sample.is_first_line
            )
            if unit_ms2 is not None:
                return unit_ms2
        if len(magnitudes) < _N_LINES_FOR_UNIT:
            return None
        median = statistics.median(magnitudes)
        unit_ms2 = _unit_by_gravity(median, _MEDIAN_TOLERANCE, small_is_g=True)
        if unit_ms2 is None:
            self._n_rejected += len(self._held)
            self._held = []
            raise PacketError(
                f"the lines have a median length of acceleration of {median:.4g}, which is "
                "gravity in no known unit; hold the sensor still, or give its unit by the option "
                "acc_unit, such as acc_unit=g or acc_unit=/2048 g"
            )
        return unit_ms2

    def _locate(self, sample: _Sample, arrival_s: float) -> list[_Located]:
        """Return the samples whose position is known now."""
        if sample.time is None:
            return [(sample, self._unstamped.locate(1, arrival_s), arrival_s)]
        return self._stamped.add(sample, sample.time, 1, arrival_s)

    def _blocks(self, located: Sequence[_Located]) -> list[SampleBlock]:
        runs: list[list[_Located]] = []
        for one in located:
            if not runs or not _is_contiguous(runs[-1][-1], one):
                runs.append([])
            runs[-1].append(one)
        return [self._block(run) for run in runs]

    def _block(self, run: Sequence[_Located]) -> SampleBlock:
        assert self._unit_ms2 is not None
        angular = [
            sample.angular_velocity for sample, _, _ in run if sample.angular_velocity is not None
        ]
        times_s = [time_s for _, position, _ in run for time_s in position.device_time_s]
        _, first, arrival_s = run[0]
        return make_block(
            first.first_index,
            [sample.acceleration for sample, _, _ in run],
            arrival_s,
            unit_ms2=self._unit_ms2,
            angular_velocity=angular if len(angular) == len(run) else None,
            unit_deg_s=self._unit_deg_s,
            device_time_s=times_s or None,
        )


def _is_contiguous(before: _Located, after: _Located) -> bool:
    return (
        after[1].first_index == before[1].first_index + 1
        and bool(after[1].device_time_s) == bool(before[1].device_time_s)
        and after[2] == before[2]
    )


def _leads(name: str, fields: Sequence[str]) -> bool:
    """Check whether a field comes before all others that are used."""
    return next(field for field in fields if field != _IGNORED) == name


def _exact_number(text: bytes) -> int | float:
    # An integer stays exact, however long: microseconds since 1970 have 16 digits.
    return int(text) if text.lstrip(b"+-").isdigit() else float(text)


def _unit_by_gravity(magnitude: float, tolerance: float, *, small_is_g: bool) -> float | None:
    """Infer the unit of an acceleration at rest, m/s^2; None if it is ambiguous."""
    if magnitude <= 0.0:
        return None
    gravity = min(_GRAVITY_UNITS, key=lambda one: abs(math.log(magnitude / one)))
    is_close = abs(math.log(magnitude / gravity)) <= math.log1p(tolerance)
    if is_close or (small_is_g and magnitude < _MAX_MAGNITUDE_G):
        return _GRAVITY_UNITS[gravity]
    return None


class _DecimalsCheck:
    """Detects numbers that were merged from two lines, if the number of decimals is fixed."""

    def __init__(self) -> None:
        self._seen: Counter[tuple[int, ...]] = Counter()
        self._fixed: tuple[int, ...] | None = None
        self._n = 0

    def accepts(self, texts: Sequence[bytes]) -> bool:
        """Check the decimals of a line; true while the format is unknown or not fixed."""
        decimals = tuple(len(text.partition(b".")[2]) for text in texts)
        if self._n < _N_LINES_FOR_DECIMALS:
            self._n += 1
            self._seen[decimals] += 1
            if self._n == _N_LINES_FOR_DECIMALS:
                usual, times = self._seen.most_common(1)[0]
                is_fixed = times >= _DECIMALS_SHARE * _N_LINES_FOR_DECIMALS
                self._fixed = usual if is_fixed else None
            return True
        return self._fixed is None or decimals == self._fixed


class _LineSplitter:
    """Splits text into lines across notifications, and tells which came in several of them."""

    def __init__(self, n_overflows: int = 0) -> None:
        self.n_overflows = n_overflows
        self._tail = b""
        self._is_overflowing = False

    def feed(self, data: bytes) -> list[tuple[bytes, bool]]:
        first_is_pieced = bool(self._tail)
        *lines, tail = (self._tail + data).split(b"\n")
        if lines and self._is_overflowing:
            del lines[0]
            self._is_overflowing = False
        if len(tail) > _MAX_LINE_SIZE:
            self.n_overflows += not self._is_overflowing
            tail, self._is_overflowing = b"", True
        self._tail = tail
        return [
            (line, first_is_pieced and at == 0) for at, line in enumerate(lines) if line.strip()
        ]
