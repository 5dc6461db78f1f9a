"""The line over the stamps: its slope, the period, how sure it is, and whether it wanders.

Places of rows and stamps in. Which place a row has is `tremor.clock.by_steps` or
`tremor.clock.by_arrivals`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from tremor.notes import Note, note
from tremor.recording import Floats

__all__ = [
    "BLOCK_S",
    "GROUP_ROWS",
    "MANY_ROWS",
    "Blocks",
    "Line",
    "account",
    "block_earliest",
    "block_means",
    "block_sd_hz",
    "fit_line",
    "fit_period_s",
    "off_nominal",
    "rate_sd_hz",
    "resolution_of",
    "slope_s",
    "wander_share",
    "within_groups",
]

Indices = npt.NDArray[np.int64]

#: Off-nominal rates beyond this share are worth a warning: at 8 Hz they are 0.04 Hz.
_OFF_NOMINAL: Final = 0.005
#: A hole of this length gets its own phase in the fit: sensors restart at any phase.
_NEW_PHASE_S: Final = 1.0
#: The rate counts as wandering when its local values differ by more than this share.
_WANDER_SHARE: Final = 0.002
#: Blocks whose means tell the scatter and the wandering of the clock.
BLOCK_S: Final = 5.0
#: Stamps are coarse (bursts, rounding) when so many periods lie between a step and its place.
_ROUGH: Final = 0.5
#: Earliest stamps that stray by so many times their noise wander; and the median of the absolute
#: difference of two normal numbers of unit variance.
_TIMES_NOISE: Final = 10.0
_MEDIAN_OF_DIFFERENCES: Final = 0.954
_LEAST_BLOCKS: Final = 4
_CLEARLY_LESS: Final = 0.8
MANY_ROWS: Final = 500_000
#: Of a long capture the means of so many rows hold all that the slope needs.
GROUP_ROWS: Final = 16


def fit_period_s(stamps: Floats, index: Indices) -> float:
    """Fit one slope, shared by all segments, each with its own phase; stray rows left out once."""
    starts = _segment_starts(stamps, index)
    place = index.astype(np.float64)
    if len(starts) > 1:
        lengths = np.diff(np.append(starts, len(stamps)))
        x = place - np.repeat(np.add.reduceat(place, starts) / lengths, lengths)
        y = stamps - np.repeat(np.add.reduceat(stamps, starts) / lengths, lengths)
    else:
        if len(stamps) > MANY_ROWS:
            cut = len(stamps) // GROUP_ROWS * GROUP_ROWS
            place = place[:cut].reshape(-1, GROUP_ROWS).mean(axis=1)
            stamps = stamps[:cut].reshape(-1, GROUP_ROWS).mean(axis=1)
        x, y = place - place.mean(), stamps - stamps.mean()
    norm = float(x @ x)
    if norm == 0.0:  # every segment is a single row
        return float((stamps[-1] - stamps[0]) / (place[-1] - place[0]))
    return slope_s(x, y)


def _segment_starts(stamps: Floats, index: Indices) -> Indices:
    """Rows at which a new phase begins: the first, and those after holes of a second or more."""
    long_hole = (np.diff(index) > 1) & (np.diff(stamps) >= _NEW_PHASE_S)
    return np.concatenate(([0], np.flatnonzero(long_hole) + 1)).astype(np.int64)


def slope_s(x: Floats, y: Floats) -> float:
    """Fit a slope through zero, rows that stray from it left out once, s."""
    period_s = float(x @ y) / float(x @ x)
    residual = np.abs(y - period_s * x)
    usual = float(np.median(residual[:: max(1, len(residual) // 50_000)]))
    stray = residual > max(7.0 * usual, 0.5 * period_s)
    if 0 < np.count_nonzero(stray) <= 0.05 * len(x):
        x, y = x[~stray], y[~stray]
        x, y = x - x.mean(), y - y.mean()
        if float(x @ x) > 0.0:
            period_s = float(x @ y) / float(x @ x)
    return period_s


@dataclass(frozen=True, slots=True)
class Blocks:
    """Places and phases of blocks of rows, which tell scatter and wandering of the clock.

    Parameters
    ----------
    place : ndarray, shape (n,)
        Mean place of each block, in samples.
    phase : ndarray, shape (n,)
        By how much its stamps are ahead of the line, in samples.
    scatter : float
        Half range of the phase within a block where stamps are coarse, in samples; else 0.
    joined : ndarray of bool, shape (n,)
        True where no long hole parts a block from the one before.
    """

    place: Floats
    phase: Floats
    scatter: float
    joined: npt.NDArray[np.bool_]


def _block_rows(n: int, period_s: float) -> int:
    return max(8, min(round(BLOCK_S / period_s), n // 8))


def block_means(stamps: Floats, index: Indices, period_s: float) -> Blocks:
    """Give the mean place and phase of blocks of five seconds."""
    n = len(index)
    length = _block_rows(n, period_s)
    n_blocks = n // length
    if not n_blocks:
        length, n_blocks = n, 1
    cut = n_blocks * length
    stamp = stamps[:cut].reshape(n_blocks, length)
    place = index[:cut].reshape(n_blocks, length)
    few = slice(None, None, max(1, n_blocks // 200))
    phase = stamp[few] / period_s - place[few]
    rough = length > 1 and float(np.quantile(np.abs(np.diff(phase, axis=1)), 0.75)) > _ROUGH
    spread = np.quantile(phase, 0.95, axis=1) - np.quantile(phase, 0.05, axis=1)
    hole = int(_NEW_PHASE_S / period_s)
    # A block with a long hole within it mixes two phases.
    whole = (place[:, -1] - place[:, 0]) < length + hole
    joined = np.concatenate(([False], (place[1:, 0] - place[:-1, -1]) < hole)) & whole
    joined[1:] &= whole[:-1]
    mean_place = place.mean(axis=1)
    return Blocks(
        place=mean_place,
        phase=stamp.mean(axis=1) / period_s - mean_place,
        scatter=float(np.median(spread)) / 2.0 if rough else 0.0,
        joined=joined,
    )


def block_earliest(stamps: Floats, index: Indices, means: Blocks, period_s: float) -> Blocks:
    """Give the earliest phase of each block: stamps can be late, and never early."""
    n_blocks = len(means.place)
    length = len(index) // n_blocks if n_blocks == 1 else _block_rows(len(index), period_s)
    cut = n_blocks * length
    phase = stamps[:cut] / period_s
    phase -= index[:cut]
    earliest: Floats = phase.reshape(n_blocks, length).min(axis=1)
    blocks = replace(means, phase=earliest)
    return replace(blocks, scatter=max(means.scatter, _TIMES_NOISE * _noise(blocks)))


def _noise(blocks: Blocks) -> float:
    """Give the sd of the phase of a block by that of its differences, in samples."""
    ahead = np.diff(blocks.phase)[blocks.joined[1:]]
    if not ahead.size:
        return 0.0
    return float(np.median(np.abs(ahead - np.median(ahead)))) / _MEDIAN_OF_DIFFERENCES


@dataclass(frozen=True, slots=True)
class Line:
    """The line over the stamps: its slope, and the blocks that tell how sure it is.

    Parameters
    ----------
    period_s : float
        s.
    blocks : Blocks
        Their phases are from this line.
    by_earliest : bool
        Whether it goes through the earliest stamps and not through all.
    """

    period_s: float
    blocks: Blocks
    by_earliest: bool = False


def fit_line(stamps: Floats, index: Indices, *, counted: bool) -> Line:
    """Fit the period to the stamps of rows of known place.

    Parameters
    ----------
    stamps : ndarray, shape (n,)
        s, in order.
    index : ndarray of int64, shape (n,)
        Place of each row.
    counted : bool
        Whether the rows were counted, so that their stamps may be late. The line then goes
        through the earliest stamp of each block where these stray less than the means do.

    Returns
    -------
    Line
        Least squares, with a phase of its own after each hole of a second or more.
    """
    period_s = fit_period_s(stamps, index)
    means = block_means(stamps, index, period_s)
    if not counted:
        return Line(period_s, means)
    early = block_earliest(stamps, index, means, period_s)
    if _noise(early) >= _CLEARLY_LESS * _noise(means) or len(early.place) < _LEAST_BLOCKS:
        return Line(period_s, means)
    ahead = slope_s(within_groups(early.place, early), within_groups(early.phase, early))
    slope = 1.0 + ahead
    blocks = replace(early, phase=(early.phase - ahead * early.place) / slope)
    return Line(period_s * slope, blocks, by_earliest=True)


def within_groups(values: Floats, blocks: Blocks) -> Floats:
    """Take the mean of each run of blocks that no long hole parts off its values."""
    group = np.cumsum(~blocks.joined).astype(np.int64)
    group -= group[0]
    within: Floats = values - (np.bincount(group, values) / np.bincount(group))[group]
    return within


def rate_sd_hz(stamps: Floats, index: Indices, blocks: Blocks, period_s: float) -> float:
    """Give the sd of the rate from the scatter of block means, and from rounding, Hz."""
    resolution_s, span_s = resolution_of(stamps), float(stamps[-1] - stamps[0])
    if len(blocks.place) - np.count_nonzero(~blocks.joined[1:]) - 2 >= 2:
        return block_sd_hz(blocks, period_s, resolution_s=resolution_s, span_s=span_s)
    x = index - index.mean()
    phase = stamps / period_s - index
    relative = float(phase.std()) / np.sqrt(float(x @ x))
    return float(np.hypot(relative, resolution_s / np.sqrt(6.0) / span_s) / period_s)


def block_sd_hz(blocks: Blocks, period_s: float, *, resolution_s: float, span_s: float) -> float:
    """Give the sd of the rate from the scatter of at least four blocks, and from rounding, Hz."""
    n_groups = 1 + np.count_nonzero(~blocks.joined[1:])
    free = len(blocks.place) - n_groups - 1
    x, phase = within_groups(blocks.place, blocks), within_groups(blocks.phase, blocks)
    power = float(phase @ phase)
    alike = float(phase[1:] @ phase[:-1]) / power if power > 0 else 0.0
    alike = min(max(alike, 0.0), 0.9)
    relative = np.sqrt(power / free * (1 + alike) / (1 - alike) / float(x @ x))
    return float(np.hypot(relative, resolution_s / np.sqrt(6.0) / span_s) / period_s)


def resolution_of(stamps: Floats) -> float:
    """Find the decimal step that all stamps are multiples of, s; 0 where finer than 1 us."""
    few = stamps[:: max(1, len(stamps) // 5000)]
    few = few - few[0]
    for step_s in (1.0, 0.1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6):
        if float(np.abs(few / step_s - np.rint(few / step_s)).max()) < 1e-9 / step_s + 1e-6:
            return step_s
    return 0.0


def wander_share(blocks: Blocks) -> float | None:
    """Give the sd of the local rates as a share, or None where the rate is as good as constant."""
    ahead = np.diff(blocks.phase)[blocks.joined[1:]]
    if len(ahead) < 2:
        return None
    spread = float((ahead / np.diff(blocks.place)[blocks.joined[1:]]).std())
    wander = float(np.abs(np.cumsum(ahead - ahead.mean())).max())
    constant = spread <= _WANDER_SHARE or wander <= 0.5 + 0.5 * blocks.scatter
    return None if constant else spread


def off_nominal(rate_hz: float, nominal_hz: float | None) -> list[Note]:
    """Warn where the true rate is far from the one that the sensor claims."""
    if nominal_hz is None or abs(rate_hz / nominal_hz - 1.0) <= _OFF_NOMINAL:
        return []
    return [
        note(
            "RATE_OFF_NOMINAL",
            rate_hz=rate_hz,
            off_percent=100 * (rate_hz / nominal_hz - 1.0),
            nominal_hz=nominal_hz,
        )
    ]


def account(rate_hz: float, sd_hz: float, n_stamps: int, span_s: float) -> str:
    """Give the line of the history that says how the rate was found."""
    return f"clock: {rate_hz:.6g} Hz (sd {sd_hz:.2g} Hz) fitted to {n_stamps} stamps over " + (
        f"{span_s:.6g} s"
    )
