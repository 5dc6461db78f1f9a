"""Decodes lines of text, a sample each: ``t,ax,ay,az[,gx,gy,gz]`` or as told.

Which unit the numbers are in is told by options, or found out: gravity tells that of the
acceleration, the step of the time at the nominal rate that of the time.
"""

from __future__ import annotations

import math
import re
import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from devices.decoding.blocks import make_block
from devices.decoding.packet_layout import MOST_MS2
from devices.decoding.sample_count import Place, PlainCount
from devices.decoding.unknown_rate import PacedStamps
from tremor.errors import InvalidInputError, PacketError
from tremor.units import STANDARD_GRAVITY_MS2, TIME_UNIT_S

if TYPE_CHECKING:
    from tremor.recording import SampleBlock

__all__ = ["DEFAULT_FIELDS", "LineDecoder", "parse_fields"]

#: What a line holds unless told otherwise; the last three may be left out.
DEFAULT_FIELDS: Final = ("t", "ax", "ay", "az", "gx", "gy", "gz")
_LEAST_FIELDS: Final = 4
_KNOWN: Final = (*DEFAULT_FIELDS, "_")

#: A line is never longer; what has no end by then is no text, bytes.
_MOST_LINE: Final = 4096
_NUMBER: Final = re.compile(rb"[+-]?(\d{1,24}(\.\d{0,24})?|\.\d{1,24})([eE][+-]?\d{1,2})?")
_BETWEEN: Final = re.compile(rb"\s*[,;\t ]\s*")

#: |a| at rest in units that sketches use, and what one is, m/s^2.
_GRAVITIES: Final = {
    1.0: STANDARD_GRAVITY_MS2,
    STANDARD_GRAVITY_MS2: 1.0,
    1000.0: STANDARD_GRAVITY_MS2 / 1000.0,
    **{counts: STANDARD_GRAVITY_MS2 / counts for counts in (2048.0, 4096.0, 8192.0, 16384.0)},
}
#: A single line is believed so close to gravity, a median so close, as shares.
_LINE_OFF: Final = 0.25
_MEDIAN_OFF: Final = 0.35
#: Below this a line can only be in g: in other units hardly any gravity would be left.
_ONLY_G: Final = 2.5
#: Lines that the median is taken over.
_UNIT_LINES: Final = 50

#: Lines that show whether numbers have fixed decimals, and how many of them must agree, as a share.
_FORMAT_LINES: Final = 50
_FORMAT_SHARE: Final = 0.9
_MOST_TIME: Final = 1e19


@dataclass(frozen=True, slots=True)
class _Row:
    n_columns: int
    is_first: bool
    time: int | float | None
    acceleration: tuple[float, ...]
    angular: tuple[float, ...] | None


def parse_fields(text: str) -> tuple[str, ...]:
    """Read what a line holds, such as ``t,ax,ay,az`` or ``_,ax,ay,az``.

    Parameters
    ----------
    text : str
        Names with commas between: t ax ay az gx gy gz, and _ for what is left out.

    Returns
    -------
    tuple of str
        Checked.

    Raises
    ------
    InvalidInputError
        Where a name is unknown or an axis is missing.
    """
    fields = tuple(name.strip() for name in text.split(","))
    strange = [name for name in fields if name not in _KNOWN]
    if strange:
        raise InvalidInputError(
            f"fields has {strange[0]!r}; give some of {', '.join(_KNOWN)}, where _ is left out"
        )
    twice = [name for name in fields if name != "_" and fields.count(name) > 1]
    if twice:
        raise InvalidInputError(f"fields has {twice[0]} twice; name it once")
    for axes, needed in (("ax ay az", True), ("gx gy gz", False)):
        names = axes.split()
        n = sum(name in fields for name in names)
        if n < len(names) and (needed or n):
            raise InvalidInputError(f"fields is {text!r}; it needs all of {axes}")
    return fields


class LineDecoder:
    """Lines of a connection to blocks.

    Parameters
    ----------
    characteristic : str
        UUID that they come from.
    sampling_rate_hz : float
        Nominal rate, Hz.
    fields : tuple of str, optional
        What a line holds; without it `DEFAULT_FIELDS`, with or without the last three.
    unit_ms2 : float, optional
        What one of the acceleration is, m/s^2; found out by gravity without it.
    unit_deg_s : float
        What one of the angular velocity is, deg/s.
    time_unit_s : float, optional
        What one of the time is, s; found out by its step without it.

    Notes
    -----
    The first line of a connection may have lost its beginning. At the start it is taken without
    its time, unless that fits the next; after a lost link it is dropped.
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
        self._rate_hz = sampling_rate_hz
        self._fields = fields or DEFAULT_FIELDS
        self._least_fields = _LEAST_FIELDS if fields is None else len(fields)
        self._unit_ms2 = unit_ms2
        self._unit_deg_s = unit_deg_s
        self._lines = _Lines()
        self._n_rejected = 0
        self._n_columns: int | None = None
        self._has_time = "t" in self._fields
        self._is_first = True
        self._again = False
        self._unplaced: list[tuple[_Row, float]] = []
        self._decimals = _Decimals()
        self._plain = PlainCount(sampling_rate_hz)
        self._paced: PacedStamps[_Row] = PacedStamps(
            sampling_rate_hz,
            tuple(TIME_UNIT_S.values()) if time_unit_s is None else (time_unit_s,),
            is_text=True,
        )

    @property
    def n_rejected(self) -> int:
        """Count the lines that were left out."""
        return self._n_rejected + self._paced.n_rejected + self._lines.n_overflows

    def restart(self) -> None:
        """Forget half a line; the count goes on."""
        self._lines = _Lines(self._lines.n_overflows)
        self._is_first = self._again = True
        self._unplaced = []
        self._plain.restart()
        self._paced.restart()

    def feed(self, characteristic_uuid: str, data: bytes, arrival_s: float) -> list[SampleBlock]:
        """Decode a notification.

        Parameters
        ----------
        characteristic_uuid : str
            Where it came from.
        data : bytes
            Any part of the stream of text.
        arrival_s : float
            s on a monotonic clock.

        Returns
        -------
        list of SampleBlock
            Lines that are whole now, one block for each stretch without a loss.

        Raises
        ------
        PacketError
            Where 50 lines do not tell the unit of the acceleration.
        """
        if characteristic_uuid.lower() != self._characteristic:
            return []
        for line in self._lines.feed(data):
            row = self._row(line)
            if row is None:
                self._n_rejected += 1
            else:
                self._unplaced.append((row, arrival_s))
                # A first line that lost three fields looks like one without angular velocity.
                self._n_columns = None if self._is_first else row.n_columns
            self._is_first = False
        return self._blocks([placed for row in self._known_unit() for placed in self._place(*row)])

    def _row(self, line: bytes) -> _Row | None:
        # Without a time, a first line whose beginning is lost can read as another acceleration.
        if self._is_first and (self._again or not self._has_time):
            return None
        texts = _BETWEEN.split(line.strip())
        if not self._least_fields <= len(texts) <= len(self._fields):
            return None
        if self._fields == DEFAULT_FIELDS and len(texts) not in (_LEAST_FIELDS, len(self._fields)):
            return None
        if self._n_columns not in (None, len(texts)):
            return None
        numbers = dict(zip(self._fields, texts, strict=False))
        numbers.pop("_", None)
        if not all(_NUMBER.fullmatch(text) for text in numbers.values()):
            return None
        if not self._decimals.fit(tuple(numbers.values())):
            return None
        values = {name: float(text) for name, text in numbers.items()}
        if not all(map(math.isfinite, values.values())) or abs(values.get("t", 0.0)) > _MOST_TIME:
            return None
        acceleration = tuple(values[name] for name in ("ax", "ay", "az"))
        return _Row(
            n_columns=len(texts),
            is_first=self._is_first,
            time=_number(numbers["t"]) if "t" in numbers else None,
            acceleration=acceleration,
            angular=(
                tuple(values[name] for name in ("gx", "gy", "gz")) if "gx" in values else None
            ),
        )

    def _known_unit(self) -> list[tuple[_Row, float]]:
        """Give the rows that can be scaled; those before the unit is known are held."""
        if self._unit_ms2 is None and self._unplaced:
            norms = [math.hypot(*row.acceleration) for row, _ in self._unplaced]
            found = (
                _unit_of(norm, _LINE_OFF, small_is_g=not row.is_first)
                for norm, (row, _) in zip(norms, self._unplaced, strict=True)
            )
            unit = next((one for one in found if one is not None), None)
            if unit is None and len(norms) >= _UNIT_LINES:
                median = statistics.median(norms)
                unit = _unit_of(median, _MEDIAN_OFF, small_is_g=True)
                if unit is None:
                    self._n_rejected += len(self._unplaced)
                    self._unplaced = []
                    raise PacketError(
                        f"the lines have a median length of acceleration of {median:.4g}, which "
                        "is gravity in no known unit; hold the sensor still, or give its unit by "
                        "the option acc_unit, such as acc_unit=g or acc_unit=/2048 g"
                    )
            self._unit_ms2 = unit
        if self._unit_ms2 is None:
            return []
        rows, self._unplaced = self._unplaced, []
        most = MOST_MS2 / self._unit_ms2
        possible = [one for one in rows if max(map(abs, one[0].acceleration)) <= most]
        self._n_rejected += len(rows) - len(possible)
        return possible

    def _place(self, row: _Row, arrival_s: float) -> list[tuple[_Row, Place, float]]:
        """Give the rows that have a place now."""
        if row.time is None:
            return [(row, self._plain.place(1, arrival_s), arrival_s)]
        return self._paced.add(row, row.time, 1, arrival_s)

    def _blocks(self, placed: Sequence[tuple[_Row, Place, float]]) -> list[SampleBlock]:
        stretches: list[list[tuple[_Row, Place, float]]] = []
        for one in placed:
            if not stretches or not _goes_on(stretches[-1][-1], one):
                stretches.append([])
            stretches[-1].append(one)
        return [self._block(stretch) for stretch in stretches]

    def _block(self, stretch: Sequence[tuple[_Row, Place, float]]) -> SampleBlock:
        assert self._unit_ms2 is not None
        angular = [row.angular for row, _, _ in stretch if row.angular is not None]
        times_s = [time_s for _, place, _ in stretch for time_s in place.device_time_s]
        _, first, arrival_s = stretch[0]
        return make_block(
            first.first_index,
            [row.acceleration for row, _, _ in stretch],
            arrival_s,
            unit_ms2=self._unit_ms2,
            angular_velocity=angular if len(angular) == len(stretch) else None,
            unit_deg_s=self._unit_deg_s,
            device_time_s=times_s or None,
        )


def _goes_on(before: tuple[_Row, Place, float], one: tuple[_Row, Place, float]) -> bool:
    return (
        one[1].first_index == before[1].first_index + 1
        and bool(one[1].device_time_s) == bool(before[1].device_time_s)
        and one[2] == before[2]
    )


def _number(text: bytes) -> int | float:
    # Whole numbers stay exact, however long: microseconds since 1970 have 16 digits.
    return int(text) if text.lstrip(b"+-").isdigit() else float(text)


def _unit_of(norm: float, most_off: float, *, small_is_g: bool) -> float | None:
    """Tell what one is, m/s^2, from |a|; None where it could be several or none."""
    if norm <= 0.0:
        return None
    gravity = min(_GRAVITIES, key=lambda one: abs(math.log(norm / one)))
    if abs(math.log(norm / gravity)) <= math.log1p(most_off) or (small_is_g and norm < _ONLY_G):
        return _GRAVITIES[gravity]
    return None


class _Decimals:
    """Tells a number that is made of two lines, where all have a fixed number of decimals."""

    def __init__(self) -> None:
        self._seen: Counter[tuple[int, ...]] = Counter()
        self._fixed: tuple[int, ...] | None = None
        self._n = 0

    def fit(self, texts: Sequence[bytes]) -> bool:
        """Whether numbers are written as those before; always, where those are few or differ."""
        decimals = tuple(len(text.partition(b".")[2]) for text in texts)
        if self._n < _FORMAT_LINES:
            self._n += 1
            self._seen[decimals] += 1
            if self._n == _FORMAT_LINES:
                usual, times = self._seen.most_common(1)[0]
                self._fixed = usual if times >= _FORMAT_SHARE * _FORMAT_LINES else None
            return True
        return self._fixed is None or decimals == self._fixed


class _Lines:
    """Cuts text into lines over notifications."""

    def __init__(self, n_overflows: int = 0) -> None:
        self.n_overflows = n_overflows
        self._tail = b""
        self._overflowing = False

    def feed(self, data: bytes) -> list[bytes]:
        *lines, tail = (self._tail + data).split(b"\n")
        if lines and self._overflowing:
            del lines[0]
            self._overflowing = False
        if len(tail) > _MOST_LINE:
            self.n_overflows += not self._overflowing
            tail, self._overflowing = b"", True
        self._tail = tail
        return [line for line in lines if line.strip()]
