"""The samples of a recording folder, ``samples.csv``: the native CSV with two more columns.

Rows are formatted here, and read by `tremor.formats.folder.salvage`. After the columns of
`tremor.formats.csv.native` follow

``index``
    index of the sample in the count of the decoder; a gap is a jump of it;
``arrival_s``
    when the packet of the sample arrived, s from the start of the recording on the host's clock;
    the samples of a packet share it.

``time_s`` counts from the start of the recording, too. If the sensor stamps its samples it is that
stamp, shifted so that the last sample of the first packet has the time of its arrival (``# times:
sensor``); else it is the arrival (``# times: arrival``), which the samples of a packet share.
Times are never interpolated or smoothed here: the reader does that, with all of the recording.
"""

from __future__ import annotations

from typing import Final, Literal

import numpy as np

from tremor.formats.csv.native import NativePreamble, native_header
from tremor.recording import Floats, SampleBlock

__all__ = [
    "ARRIVAL_COLUMN",
    "INDEX_COLUMN",
    "StampConverter",
    "Times",
    "samples_header",
    "samples_rows",
]

INDEX_COLUMN: Final = "index"
ARRIVAL_COLUMN: Final = "arrival_s"
Times = Literal["sensor", "arrival"]

_DECIMALS: Final = 6
#: A larger backward step of the stamps means that the clock was set or restarted; smaller ones
#: are overlapping packets.
_LARGEST_FALL_S: Final = 0.1
#: A packet can be late but never early; only while the host sleeps does its clock stand still.
#: Stamps that lead the arrivals by more than this mean that the clock was set.
_LARGEST_LEAD_S: Final = 86_400.0


def samples_header(
    preamble: NativePreamble, *, times: Times, detects_loss: bool, with_angular_velocity: bool
) -> str:
    """Format the lines before the first row.

    Parameters
    ----------
    preamble : NativePreamble
        Facts of the capture.
    times : {"sensor", "arrival"}
        Where ``time_s`` comes from.
    detects_loss : bool
        Whether the sensor itself reports losses as jumps of the index.
    with_angular_velocity : bool
        Whether the rows hold angular velocity.

    Returns
    -------
    str
        Lines, each with its line feed.
    """
    header = native_header(preamble, with_angular_velocity=with_angular_velocity)
    first, _, rest = header.partition("\n")
    losses = "told" if detects_loss else "cannot be told from delays"
    keys = f"# times: {times}\n# losses: {losses}\n"
    return f"{first}\n{keys}{rest.rstrip()},{INDEX_COLUMN},{ARRIVAL_COLUMN}\n"


def samples_rows(
    block: SampleBlock, *, time_s: Floats, arrival_s: float, with_angular_velocity: bool
) -> str:
    """Format the rows of a block; samples without finite numbers are left out.

    Parameters
    ----------
    block : SampleBlock
        Samples of one packet.
    time_s : ndarray, shape (n,)
        Their times, s from the start of the recording.
    arrival_s : float
        When it arrived, s from the start of the recording.
    with_angular_velocity : bool
        Whether the rows have columns for it, ``nan`` if the block has none.

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
    # Adding zero turns -0.0, a result of rounding, into 0.0.
    values = np.round(np.hstack(parts), _DECIMALS) + 0.0
    values = values[np.isfinite(block.acceleration_ms2).all(axis=1)]
    row = ",".join([f"%.{_DECIMALS}f"] * n_decimal) + f",%d,%.{_DECIMALS}f\n"
    return (row * len(values)) % tuple(values.reshape(-1).tolist())


class StampConverter:
    """Converts time stamps of a sensor to the time of the recording; they never decrease.

    If the clock of the sensor is set or restarts, the arrivals continue its time.

    Examples
    --------
    >>> converter = StampConverter()
    >>> converter.convert(np.array([700.0, 700.1]), arrival_s=2.0).round(3).tolist()
    [1.9, 2.0]
    >>> converter.convert(np.array([700.2, 700.3]), arrival_s=2.5).round(3).tolist()
    [2.1, 2.2]
    """

    def __init__(self) -> None:
        self._offset_s: float | None = None
        self._least_offset_s = np.inf
        self._last_s = -np.inf

    def convert(self, stamps_s: Floats, *, arrival_s: float) -> Floats:
        """Convert the time stamps of a packet.

        Parameters
        ----------
        stamps_s : ndarray, shape (n,)
                Time stamps of the sensor, s; at least one.
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
