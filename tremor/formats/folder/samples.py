"""The samples of a recording, ``samples.csv``: the native CSV with two columns more.

Rows as text are made here, and read by `tremor.formats.folder.salvage`. After the columns of
`tremor.formats.csv.native` follow

``index``
    place of the sample on the count of the decoder; a gap is a jump of it;
``arrival_s``
    when the packet of the sample arrived, s from the start of the recording on the host's clock;
    the samples of a packet share it.

``time_s`` counts from the start of the recording, too. Where the sensor stamps its samples it is
that stamp, moved so that the last sample of the first packet lies at its arrival (``# times:
sensor``); else it is the arrival (``# times: arrival``), and the samples of a packet share it.
Nothing is spread or smoothed: that is left to the reader, who has all of the recording.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final, Literal

import numpy as np

from tremor.formats.csv.native import native_header
from tremor.recording import Floats, Placement, SampleBlock, SensorInfo

__all__ = [
    "ARRIVAL_COLUMN",
    "INDEX_COLUMN",
    "StampLine",
    "Times",
    "recorded_header",
    "recorded_rows",
]

INDEX_COLUMN: Final = "index"
ARRIVAL_COLUMN: Final = "arrival_s"
Times = Literal["sensor", "arrival"]

_DECIMALS: Final = 6
#: Stamps that fall back by less are those of a packet that overlaps; by more, of a clock that
#: was set or began anew.
_LARGEST_FALL_S: Final = 0.1
#: A packet can be late and never early, but the host's clock may stand still while it sleeps:
#: stamps that run ahead of the arrivals by more than this are those of a clock that was set.
_LARGEST_LEAD_S: Final = 86_400.0


def recorded_header(
    *,
    times: Times,
    tells_loss: bool,
    with_angular_velocity: bool,
    nominal_sampling_rate_hz: float | None,
    started_at: datetime,
    sensor: SensorInfo | None,
    placement: Placement | None,
) -> str:
    """Give the lines before the first row.

    Parameters
    ----------
    times : {"sensor", "arrival"}
        Where ``time_s`` is from.
    tells_loss : bool
        Whether a jump of the index is a loss that the sensor told.
    with_angular_velocity : bool
        Whether the rows hold angular velocity.
    nominal_sampling_rate_hz, started_at, sensor, placement
        As for `tremor.formats.csv.native.native_header`.

    Returns
    -------
    str
        Lines, each with its line feed.
    """
    first, _, rest = native_header(
        gravity="included",
        nominal_sampling_rate_hz=nominal_sampling_rate_hz,
        started_at=started_at,
        sensor=sensor,
        placement=placement,
        with_angular_velocity=with_angular_velocity,
    ).partition("\n")
    losses = "told" if tells_loss else "cannot be told from delays"
    keys = f"# times: {times}\n# losses: {losses}\n"
    return f"{first}\n{keys}{rest.rstrip()},{INDEX_COLUMN},{ARRIVAL_COLUMN}\n"


def recorded_rows(
    block: SampleBlock, *, time_s: Floats, arrival_s: float, with_angular_velocity: bool
) -> str:
    """Give the rows of a block; samples that are no numbers are left out.

    Parameters
    ----------
    block : SampleBlock
        Samples of one packet.
    time_s : ndarray, shape (n,)
        Their times, s from the start of the recording.
    arrival_s : float
        When it arrived, s from the start of the recording.
    with_angular_velocity : bool
        Whether the rows have columns for it; they say ``nan`` where the block has none.

    Returns
    -------
    str
        Lines, each with its line feed.
    """
    n = len(block.acceleration_ms2)
    parts = [time_s[:, None], block.acceleration_ms2]
    if with_angular_velocity:
        turns = block.angular_velocity_deg_s
        parts.append(np.full((n, 3), np.nan) if turns is None else turns)
    n_decimal = sum(part.shape[1] for part in parts)
    parts.append((block.first_index + np.arange(n, dtype=np.float64))[:, None])
    parts.append(np.full((n, 1), arrival_s))
    # Adding zero turns the -0.0 that rounding leaves into 0.0.
    values = np.round(np.hstack(parts), _DECIMALS) + 0.0
    values = values[np.isfinite(block.acceleration_ms2).all(axis=1)]
    row = ",".join([f"%.{_DECIMALS}f"] * n_decimal) + f",%d,%.{_DECIMALS}f\n"
    return (row * len(values)) % tuple(values.reshape(-1).tolist())


class StampLine:
    """Puts the stamps of a sensor on the time of the recording; they never go back.

    A clock that was set or began anew is carried on by the arrivals.

    Examples
    --------
    >>> line = StampLine()
    >>> line.place(np.array([700.0, 700.1]), arrival_s=2.0).round(3).tolist()
    [1.9, 2.0]
    >>> line.place(np.array([700.2, 700.3]), arrival_s=2.5).round(3).tolist()
    [2.1, 2.2]
    """

    def __init__(self) -> None:
        self._offset_s: float | None = None
        self._least_offset_s = np.inf
        self._last_s = -np.inf

    def place(self, stamps_s: Floats, *, arrival_s: float) -> Floats:
        """Give the times of a packet.

        Parameters
        ----------
        stamps_s : ndarray, shape (n,)
            Stamps of the sensor, s; one sample or more.
        arrival_s : float
            When the packet arrived, s from the start of the recording.

        Returns
        -------
        ndarray, shape (n,)
            s from the start of the recording.
        """
        offset_s = arrival_s - float(stamps_s[-1])
        if self._offset_s is None:
            self._offset_s = offset_s
        first_s = float(stamps_s[0]) + self._offset_s
        runs_ahead = offset_s < self._least_offset_s - _LARGEST_LEAD_S
        if first_s < self._last_s - _LARGEST_FALL_S or runs_ahead:
            step_s = float(np.ptp(stamps_s)) / max(1, len(stamps_s) - 1)
            self._offset_s = max(offset_s, self._last_s + step_s - float(stamps_s[0]))
            self._least_offset_s = np.inf
        self._least_offset_s = min(self._least_offset_s, offset_s)
        times = np.maximum.accumulate(np.append(self._last_s, stamps_s + self._offset_s))[1:]
        self._last_s = float(times[-1])
        return times
