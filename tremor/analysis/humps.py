"""Broad humps of the spectrum that are no tremor: a sensor that hangs loose, cloth, a loose strap.

Of a hump around the lower edge of the band, the windows that look like tremor are those in which
chance makes it narrow, and the search begins in the middle of it. So it is looked at as a whole, in
all windows and below the band.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from tremor.analysis.episode_lines import EpisodeFits
from tremor.analysis.episodes import EpisodeWindows
from tremor.analysis.rest_signal import Capture
from tremor.analysis.window_samples import mean_density
from tremor.dsp.spectrum import bin_frequency_hz
from tremor.estimate import Estimate
from tremor.measures.pooled import PooledLine, is_too_broad
from tremor.notes import Note, note
from tremor.recording import Floats
from tremor.results.cautions import Caution
from tremor.results.windows import WindowTable
from tremor.settings import HUMPS

__all__ = ["breadth_caution", "without_humps"]

Rows = npt.NDArray[np.int64]

#: Windows of an episode in which more of them do not change the mean spectrum.
_MOST_WINDOWS: Final = 128
#: Weights of neighbouring bins in a mean that takes out single peaks.
_SMOOTHING: Final = (0.25, 0.5, 0.25)
#: Verdicts of windows that may hold the hump, strong or weak, narrow or broad by chance.
_VERDICTS: Final = ("tremor", "no_tremor", "heartbeat", "settling", "moving")


class _Hump(NamedTuple):
    """A hump, by the frequencies at which half of its height is left, Hz."""

    low_hz: float
    peak_hz: float
    high_hz: float


def without_humps(
    capture: Capture,
    table: WindowTable,
    episodes: Sequence[EpisodeWindows],
    fits: Sequence[EpisodeFits],
) -> tuple[tuple[EpisodeWindows, ...], list[EpisodeFits], Note | None]:
    """Leave out the episodes of which the spectrum has a broad hump and no line.

    Parameters
    ----------
    capture : Capture
        The samples.
    table : WindowTable
        All its windows, judged.
    episodes : sequence of EpisodeWindows
        In order of time.
    fits : sequence of EpisodeFits
        The results of their jobs, in order.

    Returns
    -------
    tuple of (tuple of EpisodeWindows, list of EpisodeFits, Note or None)
        Those that are left, for `tremor.analysis.episode_lines.collect_lines`, and why the first of
        the others is not.
    """
    lines = [line for fit in fits for line in fit.lines]
    reasons = [
        line and _why_no_line(capture, table, episode, line)
        for episode, line in zip(episodes, lines, strict=True)
    ]
    if not any(reasons):
        return tuple(episodes), list(fits), None
    remaining = iter(reasons)
    left = [replace(fit, lines=[line for line in fit.lines if not next(remaining)]) for fit in fits]
    kept = tuple(one for one, why in zip(episodes, reasons, strict=True) if not why)
    return kept, left, next(why for why in reasons if why)


def breadth_caution(bandwidth: Estimate) -> list[Caution]:
    """Return a caution where a line is broader than the tremor of a leg.

    Parameters
    ----------
    bandwidth : Estimate
        Of the line of the session, Hz.

    Returns
    -------
    list of Caution
        One at most.
    """
    value, low, widest_hz = bandwidth.value, bandwidth.low, HUMPS.widest_tremor_hz
    if value is None or low is None or value <= widest_hz or low <= HUMPS.surely_wide_hz:
        return []
    return [
        Caution(
            code="strap_loose",
            about=("tremor", "frequency", "bandwidth", "strength"),
            strength=min(1.0, value / widest_hz - 0.5),
            statement=note("BROADER_THAN_TREMOR", bandwidth_hz=value, widest_hz=widest_hz),
        )
    ]


def _why_no_line(
    capture: Capture, table: WindowTable, episode: EpisodeWindows, line: PooledLine
) -> Note | None:
    """Return what the hump of an episode is; None if it is a line."""
    frequency_hz = line.frequency_hz.value
    if frequency_hz is None:
        return None
    if is_too_broad(line):
        return note("TOO_BROAD", frequency_hz=frequency_hz, bandwidth_hz=line.bandwidth_hz.value)
    if frequency_hz > capture.band_hz[0] + HUMPS.reach_hz:
        return None
    rows = _rows_of(table, episode)
    if len(rows) < HUMPS.least_windows:
        return None
    hump = _hump_at(capture, rows, frequency_hz)
    width_hz = hump.high_hz - hump.low_hz
    if width_hz <= HUMPS.least_width * hump.peak_hz:
        return None
    return note("TOO_BROAD", frequency_hz=hump.peak_hz, bandwidth_hz=width_hz)


def _rows_of(table: WindowTable, episode: EpisodeWindows) -> Rows:
    """Return the windows of an episode that are about as strong as those with tremor."""
    level_ms2 = table.scores["band_rms_ms2"]
    usual_ms2 = float(np.median(level_ms2[episode.members]))
    with np.errstate(invalid="ignore"):
        alike = (level_ms2 > 0.0) & (level_ms2 <= HUMPS.most_level * usual_ms2)
    inside = (table.start_s >= episode.start_s) & (table.end_s <= episode.end_s)
    rows = np.flatnonzero(inside & alike & np.isin(table.verdict, _VERDICTS))
    return rows[:: max(1, len(rows) // _MOST_WINDOWS)]


def _hump_at(capture: Capture, rows: Rows, frequency_hz: float) -> _Hump:
    """Return the hump at a frequency in the mean spectrum of some windows."""
    grid = capture.grid
    bins_hz = bin_frequency_hz(grid.n_window, fs=grid.fs)
    density = mean_density(capture.recording, grid, rows, band_hz=capture.band_hz)
    density = np.convolve(density, _SMOOTHING, mode="same")
    # Whatever is at twice the frequency and above, most of it is noise.
    density -= np.median(density[bins_hz > 2.0 * frequency_hz])
    near = np.flatnonzero(np.abs(bins_hz - frequency_hz) <= HUMPS.reach_hz)
    peak = int(near[np.argmax(density[near])])
    half = 0.5 * density[peak]
    below = np.flatnonzero(density[:peak] <= half)
    above = np.flatnonzero(density[peak:] <= half)
    first = int(below[-1]) if below.size else 0
    last = peak + int(above[0]) if above.size else len(density) - 1
    return _Hump(
        _crossing(bins_hz, density, first, first + 1, half),
        float(bins_hz[peak]),
        _crossing(bins_hz, density, last, last - 1, half),
    )


def _crossing(bins_hz: Floats, density: Floats, outside: int, inside: int, level: float) -> float:
    """Return where the density passes a level between two bins."""
    share = (level - density[outside]) / (density[inside] - density[outside] or 1.0)
    return float(bins_hz[outside] + share * (bins_hz[inside] - bins_hz[outside]))
