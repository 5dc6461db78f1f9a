"""Presence of tremor over windows and gaps: a hidden Markov model.

The leg is without tremor, or something short moves it, or it has a tremor of some frequency, which
may pause and come back. Windows are evidence for one of these states; a window that was refused is
time without evidence. What the probabilities make of the windows is in `tremor.analysis.episodes`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Final, Self

import numpy as np
import numpy.typing as npt

from tremor.recording import Floats
from tremor.results.verdicts import REASON_NAMES
from tremor.results.windows import WindowTable
from tremor.settings import ENVELOPE, PRESENCE, AnalysisSettings

__all__ = ["Presence", "find_presence"]

Bools = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.int64]
#: Half of the memory is enough for probabilities.
_Singles = npt.NDArray[np.float32]

#: Windows of a block, and those before and after it that are computed with it: longer than the
#: model remembers, so that blocks can be computed at once.
_BLOCK: Final = 512
_MEMORY: Final = 64

#: Kinds of evidence, by the reason for the verdict; other windows are none.
_KINDS: Final = {
    "line": "line",
    "burst": "burst",
    "spread": "unclear",
    "flat": "unclear",
    "no_valley": "unclear",
    "edge": "edge",
    "event": "event",
    "with_movement": "event",
    "weak": "weak",
    "heartbeat": "heartbeat",
    "heartbeats": "heartbeat",
    "impact": "impact",
    "only_impacts": "impact",
}
_KIND_NAMES: Final = ("none", *dict.fromkeys(_KINDS.values()), "raised")


@dataclass(frozen=True, eq=False, slots=True)
class Presence:
    """What the windows say about tremor, all of them together.

    Parameters
    ----------
    on, pausing : ndarray, shape (n_windows,)
        Probability that a tremor is there in a window, and that one pauses there and comes back.
    frequency_hz : ndarray, shape (n_windows,)
        Most probable frequency of that tremor, Hz, on the grid of the model.
    is_burst : ndarray of bool, shape (n_windows,)
        Windows of which a line fills only a part.
    """

    on: Floats
    pausing: Floats
    frequency_hz: Floats
    is_burst: Bools

    @property
    def present(self) -> Floats:
        """Probability of a tremor that is there or pauses, shape (n_windows,)."""
        return self.on + self.pausing


def find_presence(
    table: WindowTable, *, still_gate_ms2: float, settings: AnalysisSettings
) -> Presence:
    """Compute the probability of tremor in every window, given all windows.

    Parameters
    ----------
    table : WindowTable
        All windows in order of time, context applied.
    still_gate_ms2 : float
        RMS that tremor must reach in this recording, m/s^2.
    settings : AnalysisSettings
        Band and windows.

    Returns
    -------
    Presence
        By the forward-backward algorithm, in each segment by itself.

    Notes
    -----
    A window is not evidence by itself: a fidget may make one or two that look like tremor. What
    tells tremor is that it lasts or comes back at its frequency, for which fidgets need a
    coincidence each time. Windows that overlap share samples; their log odds are divided by the
    number of windows that hold a sample.

    References
    ----------
    Rabiner L. A tutorial on hidden Markov models. Proc IEEE 1989;77:257-286.
    doi:10.1109/5.18626. Streit RL, Barrett RF. Frequency line tracking using hidden Markov models.
    IEEE Trans Acoust Speech Signal Process 1990;38:586-598. doi:10.1109/29.52700.
    """
    parts = [_presence_in(table.select(rows), still_gate_ms2, settings) for rows in table.parts()]
    if len(parts) == 1:
        return parts[0]
    return Presence(
        **{
            item.name: np.concatenate([getattr(part, item.name) for part in parts])
            for item in fields(Presence)
        }
    )


def _presence_in(table: WindowTable, still_gate_ms2: float, settings: AnalysisSettings) -> Presence:
    """Compute the probabilities in the windows of one segment."""
    n = len(table)
    grid_hz = np.arange(settings.band_low_hz, settings.band_high_hz + 1e-9, PRESENCE.grid_hz)
    on, pausing, track_hz = np.zeros(n), np.zeros(n), np.full(n, np.nan)
    kind = _kinds(table, still_gate_ms2, settings)
    is_burst = _is(kind, "burst")
    rows = _near_evidence(kind)
    if not _is(kind, "line", "burst").any():
        return Presence(on, pausing, track_hz, is_burst)
    chain = _Chain.of(settings, grid_hz)
    event, tremor = _likelihoods(table.select(rows), kind[rows], grid_hz, settings=settings)
    on[rows], pausing[rows], at = _smoothed(chain, np.stack([event, tremor], axis=1))
    track_hz[rows] = grid_hz[at]
    return Presence(on, pausing, track_hz, is_burst)


def _kinds(table: WindowTable, still_gate_ms2: float, settings: AnalysisSettings) -> Rows:
    """Return the kind of evidence of each window, an index into the names of the kinds."""
    names = np.array([_KIND_NAMES.index(_KINDS.get(name, "none")) for name in REASON_NAMES])
    kind, rms_ms2 = names[table.reason], table.scores["band_rms_ms2"]
    in_part = np.isfinite(table.scores["burst_hz"]) & table.where("impact")
    with np.errstate(invalid="ignore"):
        is_weak = rms_ms2 < still_gate_ms2
        moves = table.scores["low_rms_ms2"] > settings.least_beside_share * rms_ms2
        resting = np.where(_is(kind, "weak"), rms_ms2, np.inf)
        rises = rms_ms2 >= PRESENCE.rise * _lowest_near(resting)
    # A heart does not stop within seconds.
    in_part |= _is(kind, "heartbeat") & rises & ~moves
    kind[in_part] = _KIND_NAMES.index("burst")
    kind[_is(kind, "burst") & moves & ~in_part] = _KIND_NAMES.index("event")
    kind[_is(kind, "line", "burst") & is_weak & ~in_part] = _KIND_NAMES.index("unclear")
    kind[_is(kind, "unclear", "event") & rises & ~moves] = _KIND_NAMES.index("raised")
    return kind


def _is(kind: Rows, *names: str) -> Bools:
    return np.isin(kind, [_KIND_NAMES.index(name) for name in names])


def _lowest_near(level: Floats) -> Floats:
    """Return the lowest level of the windows around each."""
    reach = PRESENCE.rise_windows
    padded = np.pad(level, reach, constant_values=np.inf)
    around = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1)
    return np.asarray(around.min(axis=-1))


def _near_evidence(kind: Rows) -> Rows:
    """Return the rows of windows near a line; hours without one are not computed."""
    index = np.arange(len(kind))
    has = _is(kind, "line", "burst")
    before = np.maximum.accumulate(np.where(has, index, -_MEMORY - 1))
    after = np.minimum.accumulate(np.where(has, index, len(kind) + _MEMORY)[::-1])[::-1]
    return np.flatnonzero((index - before <= _MEMORY // 2) | (after - index <= _MEMORY // 2))


def _likelihoods(
    table: WindowTable, kind: Rows, grid_hz: Floats, *, settings: AnalysisSettings
) -> tuple[_Singles, _Singles]:
    """Return the likelihood of each window over that without tremor, (n_windows, n_grid) each.

    The first is for an event of a frequency of the grid, the second for a tremor of it.
    """
    chances = [PRESENCE.without_tremor, PRESENCE.of_event, PRESENCE.of_tremor]
    free, event, tremor = (np.log([1.0, *one])[kind] for one in chances)
    is_line = _is(kind, "line", "burst", "raised")
    peak_hz, sd_hz = _measured_hz(table)
    tells_hz = (is_line | _is(kind, "unclear", "event")) & np.isfinite(peak_hz)
    sd = np.maximum(sd_hz, PRESENCE.least_sd_hz).astype(np.float32)
    away = (np.where(tells_hz, peak_hz, 0.0)[:, None] - grid_hz).astype(np.float32)
    other, width_hz = PRESENCE.other_peak_share, grid_hz[-1] - grid_hz[0] + PRESENCE.grid_hz
    near = (1.0 - other) * width_hz / (math.sqrt(2.0 * math.pi) * sd)
    by_hz = near[:, None] * np.exp(-0.5 * np.square(away / sd[:, None])) + np.float32(other)
    # What has no line proves nothing by its frequency, but may disprove.
    by_hz[~is_line] /= by_hz[~is_line].max(axis=1, keepdims=True)
    by_hz[~tells_hz] = 1.0
    # Windows that overlap share samples; longer ones are mistaken less often.
    by_length = math.sqrt(settings.window_s / ENVELOPE.reference_s)
    temper = min(1.0, by_length * settings.step_s / settings.window_s)
    by_hz = by_hz.astype(np.float32) ** np.float32(temper)
    of_event, of_tremor = (np.exp(temper * (one - free)) for one in (event, tremor))
    return (
        (by_hz * of_event[:, None]).astype(np.float32),
        (by_hz * of_tremor[:, None]).astype(np.float32),
    )


def _measured_hz(table: WindowTable) -> tuple[Floats, Floats]:
    """Return the frequency of each window and its error, Hz: fitted, or else of the peak."""
    value, low, high = table.estimates["frequency_hz"].T
    fitted = np.isfinite(value) & np.isfinite(low) & np.isfinite(high)
    burst_hz = table.scores["burst_hz"]
    peak_hz = np.where(np.isfinite(burst_hz), burst_hz, table.scores["peak_hz"])
    sd_hz = np.where(fitted, (high - low) / 4.0, PRESENCE.least_sd_hz)
    return np.where(fitted, value, peak_hz), np.minimum(sd_hz, PRESENCE.most_sd_hz)


@dataclass(frozen=True, eq=False, slots=True)
class _Chain:
    """Transition probabilities from one window to the next.

    Parameters
    ----------
    change : ndarray, shape (4, 4)
        From the state of a row to that of a column: no tremor, event, tremor, pause of a tremor.
    drift : ndarray, shape (n_grid, n_grid)
        Of the frequency of a tremor, there or pausing.
    event_at : ndarray, shape (n_grid,)
        Distribution of the frequencies of events; that of tremors is even.
    """

    change: _Singles
    drift: _Singles
    event_at: _Singles

    @classmethod
    def of(cls, settings: AnalysisSettings, grid_hz: Floats) -> Self:
        """Return the probabilities of changes within a step."""
        rates, step_s = np.zeros((4, 4)), settings.step_s
        rates[0, 1], rates[1, 0] = 1.0 / PRESENCE.event_every_s, 1.0 / PRESENCE.event_lasts_s
        rates[0, 2], rates[2, 0] = 1.0 / settings.tremor_onset_s, 1.0 / PRESENCE.end_s
        rates[2, 3], rates[3, 2] = 1.0 / PRESENCE.pause_s, 1.0 / PRESENCE.resume_s
        rates[3, 0] = 1.0 / PRESENCE.end_of_pause_s
        rates[3, 1] = rates[0, 1]  # or a pause would be likelier than a leg without tremor
        n = len(grid_hz)
        neighbours = PRESENCE.wander_hz2_per_s / (2.0 * PRESENCE.grid_hz**2)
        drift = neighbours * (np.eye(n, k=1) + np.eye(n, k=-1)) + 1.0 / (n * PRESENCE.jump_s)
        low = np.exp(-(grid_hz - grid_hz[0]) / PRESENCE.event_scale_hz)
        share = PRESENCE.event_low_share
        return cls(
            change=_within(rates, step_s),
            drift=_within(drift, step_s),
            event_at=(share * low / low.sum() + (1.0 - share) / n).astype(np.float32),
        )


def _within(rates: Floats, step_s: float) -> _Singles:
    """Return the transition probabilities of a continuous-time chain within a step."""
    generator = rates - np.diag(rates.sum(axis=1))
    halvings = 20  # the exponential as a power of short steps
    short = np.eye(len(rates)) + generator * (step_s / 2**halvings)
    return np.asarray(np.linalg.matrix_power(short, 2**halvings), dtype=np.float32)


@dataclass(frozen=True, eq=False, slots=True)
class _Blocks:
    """Windows in blocks that are computed at once, each with windows before and after it.

    Parameters
    ----------
    likelihood : ndarray of float32, shape (n_padded, 2, n_grid)
        Of an event and of a tremor, over that without; ones where there is no window.
    first : ndarray, shape (n_blocks,)
        Where the blocks begin, the windows before included.
    before, length : int
        Windows before a block, and of a block with those before and after it.
    """

    likelihood: _Singles
    first: Rows
    before: int
    length: int

    @classmethod
    def of(cls, likelihood: _Singles) -> Self:
        """Divide all windows; few of them are one block."""
        n = len(likelihood)
        if n <= _BLOCK + 2 * _MEMORY:
            return cls(likelihood, np.zeros(1, dtype=np.int64), 0, n)
        n_blocks = -(-n // _BLOCK)
        after = n_blocks * _BLOCK - n + _MEMORY
        padded = np.pad(likelihood, ((_MEMORY, after), (0, 0), (0, 0)), constant_values=1.0)
        return cls(padded, np.arange(n_blocks) * _BLOCK, _MEMORY, _BLOCK + 2 * _MEMORY)

    @property
    def kept(self) -> range:
        """Steps that are no windows before or after."""
        return range(self.before, self.length - self.before)

    def at(self, step: int) -> _Singles:
        """Return the likelihoods of one window of each block, shape (n_blocks, 2, n_grid)."""
        return self.likelihood[step + self.first]


def _smoothed(chain: _Chain, likelihood: _Singles) -> tuple[Floats, Floats, Rows]:
    """Return the probabilities of tremor and of its pauses, and the likeliest frequency.

    Parameters
    ----------
    chain : _Chain
        Transition probabilities.
    likelihood : ndarray of float32, shape (n_windows, 2, n_grid)
        Of an event and of a tremor, over that without.

    Returns
    -------
    on, pausing : ndarray, shape (n_windows,)
        Probabilities, given all windows.
    at : ndarray of int, shape (n_windows,)
        Index of the frequency on the grid.
    """
    blocks = _Blocks.of(likelihood)
    forward = _forward(chain, blocks)
    shape = (len(blocks.kept), len(blocks.first))
    on, pausing, at = np.empty(shape), np.empty(shape), np.empty(shape, dtype=np.int64)
    _, tremor, pause = _parts(likelihood.shape[-1])
    for step, later in _backward(chain, blocks):
        row = step - blocks.before
        if not 0 <= row < len(on):
            continue
        found = forward[row] * later
        total = found.sum(axis=1)
        here, gone = found[:, tremor], found[:, pause]
        on[row], pausing[row] = here.sum(axis=1) / total, gone.sum(axis=1) / total
        at[row] = np.argmax(here + gone, axis=1)
    n = len(likelihood)
    return on.T.ravel()[:n], pausing.T.ravel()[:n], at.T.ravel()[:n]


def _forward(chain: _Chain, blocks: _Blocks) -> _Singles:
    """Return the probabilities given the windows up to each, (n_kept, n_blocks, n_states)."""
    n_grid = blocks.likelihood.shape[-1]
    change, drift, event_at = chain.change, chain.drift, chain.event_at
    event, on, off = _parts(n_grid)
    start = np.zeros(1 + 3 * n_grid, dtype=np.float32)
    start[0], start[on] = 1.0 - PRESENCE.at_start, PRESENCE.at_start / n_grid
    state = np.tile(start, (len(blocks.first), 1))
    kept = np.empty((len(blocks.kept), *state.shape), dtype=np.float32)
    for step in range(blocks.length):
        if step:
            before = state
            state = np.empty_like(before)
            sums = [before[:, part].sum(axis=1) for part in (event, on, off)]
            totals = np.stack([before[:, 0], *sums], axis=1)
            into = totals @ change
            begins = totals[:, :2] @ change[:2, 2:] / n_grid
            state[:, 0] = into[:, 0]
            new = into[:, 1] - change[1, 1] * totals[:, 1]
            state[:, event] = change[1, 1] * before[:, event] + new[:, None] * event_at
            there, gone = before[:, on], before[:, off]
            state[:, on] = (change[2, 2] * there + change[3, 2] * gone + begins[:, :1]) @ drift
            state[:, off] = change[2, 3] * there + change[3, 3] * gone + begins[:, 1:]
        if step == blocks.before:
            state[0] = start  # the first block has no windows before it
        seen = blocks.at(step)
        state[:, event] *= seen[:, 0]
        state[:, on] *= seen[:, 1]
        state /= state.sum(axis=1, keepdims=True)
        if step in blocks.kept:
            kept[step - blocks.before] = state
    return kept


def _backward(chain: _Chain, blocks: _Blocks) -> Iterator[tuple[int, _Singles]]:
    """Yield each step, the last first, with the likelihood of the windows after it by state.

    Yields
    ------
    tuple of (int, ndarray)
        Number of the step, and shape (n_blocks, n_states).
    """
    n_grid = blocks.likelihood.shape[-1]
    change, drift, event_at = chain.change, chain.drift, chain.event_at
    event, on, off = _parts(n_grid)
    state = np.ones((len(blocks.first), 1 + 3 * n_grid), dtype=np.float32)
    yield blocks.length - 1, state
    for step in range(blocks.length - 2, -1, -1):
        later, seen = state, blocks.at(step + 1)
        state = np.empty_like(later)
        to_event = later[:, event] * seen[:, 0]
        to_on = (later[:, on] * seen[:, 1]) @ drift
        to_off = later[:, off]
        means = np.stack(
            [later[:, 0], to_event @ event_at, to_on.mean(axis=1), to_off.mean(axis=1)], axis=1
        )
        into = means @ change.T
        state[:, 0] = into[:, 0]
        other = into[:, 1] - change[1, 1] * means[:, 1]
        state[:, event] = change[1, 1] * to_event + other[:, None]
        for part, row in ((on, 2), (off, 3)):
            ends = means[:, :2] @ change[row, :2]
            state[:, part] = change[row, 2] * to_on + change[row, 3] * to_off + ends[:, None]
        state /= state.max(axis=1, keepdims=True)
        yield step, state


def _parts(n_grid: int) -> tuple[slice, slice, slice]:
    """Return where events, tremors and pauses are in the state; no tremor comes first."""
    return (
        slice(1, 1 + n_grid),
        slice(1 + n_grid, 1 + 2 * n_grid),
        slice(1 + 2 * n_grid, 1 + 3 * n_grid),
    )
