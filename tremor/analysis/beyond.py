"""Shaking outside the band that many windows share, named with its frequency and strength.

The line of each window is a score of it (`tremor.measures.outside_band`); here they are joined, and
fitted once from the mean spectrum.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from tremor.analysis.episodes import EpisodeWindows
from tremor.analysis.window_samples import mean_density, thinned
from tremor.dsp.windows import WindowGrid
from tremor.estimate import Estimate
from tremor.measures.outside_band import OutsideLine, fit_outside
from tremor.measures.pooled import PooledLine
from tremor.notes import Note, note
from tremor.recording import Floats, Recording
from tremor.results.cautions import BeyondBand
from tremor.results.verdicts import REASON_NAMES, REASONS
from tremor.results.windows import WindowTable
from tremor.settings import OUTSIDE, AnalysisSettings

__all__ = [
    "BeyondWindows",
    "beyond_band",
    "beyond_note",
    "describe_beyond",
    "find_beyond",
    "hides_tremor",
    "least_seen_ms2",
    "without_edge_episodes",
]

Bools = npt.NDArray[np.bool_]
Where = Literal["above", "below", "edge"]

#: Windows of other movement, or that cannot be measured, say nothing of shaking outside the band.
_OTHER: Final = np.array(
    [
        REASONS[name].verdict in ("gait", "impact", "settling", "gap", "clipped", "dead")
        or name == "with_movement"
        for name in REASON_NAMES
    ]
)


@dataclass(frozen=True, eq=False, slots=True)
class BeyondWindows:
    """Windows that share a line outside the band.

    Parameters
    ----------
    where : {"above", "below", "edge"}
        Its position relative to the band.
    peak_hz : float
        Middle of the peaks of the windows, Hz.
    members : ndarray of bool, shape (n_windows,)
        Windows that hold it.
    share : float
        Of the windows without other movement.
    """

    where: Where
    peak_hz: float
    members: Bools
    share: float


def find_beyond(
    table: WindowTable, *, settings: AnalysisSettings, band_hz: tuple[float, float]
) -> tuple[BeyondWindows, ...]:
    """Find shaking outside the band that lasts.

    Parameters
    ----------
    table : WindowTable
        All windows, judged.
    settings : AnalysisSettings
        Margin of the band.
    band_hz : tuple of float
        Usable part of the band, Hz.

    Returns
    -------
    tuple of BeyondWindows
        Lines that enough windows share, the strongest first.
    """
    if "beyond_hz" not in table.scores:
        return ()
    peak_hz, rms_ms2 = table.scores["beyond_hz"], table.scores["beyond_rms_ms2"]
    relevant = ~_OTHER[table.reason]
    left = relevant & np.isfinite(peak_hz)
    strong_above = relevant & np.isfinite(rms_ms2) & ~(peak_hz < band_hz[0])
    found: list[tuple[float, BeyondWindows]] = []
    while left.any():
        # The frequency at which most power lies, and the windows around it.
        rows = np.flatnonzero(left)
        order = rows[np.argsort(peak_hz[rows], kind="stable")]
        weight = np.cumsum(rms_ms2[order] ** 2)
        middle_hz = float(peak_hz[order][np.searchsorted(weight, weight[-1] / 2.0)])
        members = left & (np.abs(peak_hz - middle_hz) <= OUTSIDE.same_hz)
        left = left & ~members
        middle_hz, count = float(np.median(peak_hz[members])), int(np.count_nonzero(members))
        is_slow = middle_hz < band_hz[0] + settings.interior_margin_hz
        least = OUTSIDE.least_slow_share if is_slow else OUTSIDE.least_share
        share = float(count / np.count_nonzero(relevant))
        if count < OUTSIDE.least_windows or share < least:
            continue
        if not is_slow and count < OUTSIDE.least_line_share * np.count_nonzero(strong_above):
            continue
        where = _where(middle_hz, settings, band_hz)
        power = float(np.square(rms_ms2[members]).sum())
        found.append((power, BeyondWindows(where, middle_hz, members, share)))
    return tuple(one for _, one in sorted(found, key=lambda pair: -pair[0]))


def without_edge_episodes(
    table: WindowTable,
    episodes: Sequence[EpisodeWindows],
    beyond: Sequence[BeyondWindows],
    *,
    band_hz: tuple[float, float],
) -> tuple[tuple[EpisodeWindows, ...], tuple[BeyondWindows, ...]]:
    """Drop episodes at the upper edge of the band that are part of shaking beyond it.

    Parameters
    ----------
    table : WindowTable
        All windows, judged.
    episodes : sequence of EpisodeWindows
        In order of time.
    beyond : sequence of BeyondWindows
        Shaking outside the band.
    band_hz : tuple of float
        Usable part of the band, Hz.

    Returns
    -------
    episodes : tuple of EpisodeWindows
        Those that remain.
    beyond : tuple of BeyondWindows
        With the windows of the others.
    """
    kept, grown = tuple(episodes), []
    for one in beyond:
        if not band_hz[1] - OUTSIDE.edge_hz <= one.peak_hz <= band_hz[1] + OUTSIDE.edge_hz:
            grown.append(one)
            continue
        with np.errstate(invalid="ignore"):
            near = np.abs(table.scores["peak_hz"] - one.peak_hz) <= OUTSIDE.edge_hz
        n_inside = np.count_nonzero(near & table.where("tremor"))
        if np.count_nonzero(one.members) < OUTSIDE.edge_share * n_inside:
            grown.append(one)
            continue
        whole = one.members | (near & ~_OTHER[table.reason])
        grown.append(replace(one, members=whole))
        kept = tuple(
            episode
            for episode in kept
            if 2 * np.count_nonzero(near[episode.members]) < np.count_nonzero(episode.members)
        )
    return kept, tuple(grown)


def _interval(estimate: Estimate) -> dict[str, float | None]:
    return {"value": estimate.value, "low": estimate.low, "high": estimate.high}


def _where(peak_hz: float, settings: AnalysisSettings, band_hz: tuple[float, float]) -> Where:
    if min(abs(peak_hz - band_hz[0]), abs(peak_hz - band_hz[1])) <= settings.interior_margin_hz:
        return "edge"
    return "below" if peak_hz < band_hz[0] else "above"


def describe_beyond(
    found: BeyondWindows,
    mean_density: Floats,
    grid: WindowGrid,
    *,
    line: PooledLine | None,
    settings: AnalysisSettings,
    band_hz: tuple[float, float],
) -> BeyondBand | None:
    """Fit the line of the windows.

    Parameters
    ----------
    found : BeyondWindows
        The windows.
    mean_density : ndarray, shape (n_window // 2 + 1,)
        Their mean spectrum as `tremor.dsp.spectrum.hann_psd` returns it, (m/s^2)^2/Hz.
    grid : WindowGrid
        Length and rate of the windows.
    line : PooledLine or None
        The line of the session; its harmonics are part of the tremor.
    settings : AnalysisSettings
        Margin of the band.
    band_hz : tuple of float
        Usable part of the band, Hz.

    Returns
    -------
    BeyondBand or None
        With the frequency and the RMS, and their intervals; None if it is too wide for a line, or
        a harmonic of the tremor.
    """
    fitted = fit_outside(
        mean_density,
        found.peak_hz,
        n_windows=int(np.count_nonzero(found.members)),
        n_samples=grid.n_window,
        fs=grid.fs,
    )
    widest_hz = OUTSIDE.widest_slow_hz if found.where == "below" else OUTSIDE.widest_hz
    if (fitted.bandwidth_hz.value or 0.0) > widest_hz or _is_harmonic(fitted, line, fs=grid.fs):
        return None
    return BeyondBand(
        where=_where(fitted.frequency_hz.value or found.peak_hz, settings, band_hz),
        is_line=True,
        share_of_still=found.share,
        frequency_hz=fitted.frequency_hz,
        rms_ms2=fitted.rms_ms2,
    )


def _is_harmonic(fitted: OutsideLine, line: PooledLine | None, *, fs: float) -> bool:
    """Check for a harmonic of the tremor, folded at the Nyquist frequency or not.

    A harmonic is at least as wide as the tremor; a motor at the same frequency is not.
    """
    if line is None or line.frequency_hz.value is None or fitted.frequency_hz.value is None:
        return False
    widest_hz = fitted.bandwidth_hz.high
    if widest_hz is not None and widest_hz < (line.bandwidth_hz.low or 0.0):
        return False
    order = np.arange(2, OUTSIDE.harmonics + 1)
    folded = np.abs((order * line.frequency_hz.value + fs / 2.0) % fs - fs / 2.0)
    half_hz = (line.frequency_hz.high or 0.0) - line.frequency_hz.value
    near = np.abs(folded - fitted.frequency_hz.value) <= OUTSIDE.harmonic_hz + order * half_hz
    return bool(near.any())


def beyond_band(
    recording: Recording,
    grid: WindowGrid,
    outside: Sequence[BeyondWindows],
    line: PooledLine | None,
    *,
    settings: AnalysisSettings,
    band_hz: tuple[float, float],
) -> BeyondBand | None:
    """Return the strongest shaking outside the band that is a line by itself.

    Parameters
    ----------
    recording, grid
        The capture, and its windows.
    outside : sequence of BeyondWindows
        The strongest first.
    line : PooledLine or None
        The line of the session; its harmonics are part of the tremor.
    settings : AnalysisSettings
        Margin of the band.
    band_hz : tuple of float
        Usable part of the band, Hz.

    Returns
    -------
    BeyondBand or None
        None if there is none.
    """
    for found in outside:
        rows = thinned(np.flatnonzero(found.members))
        density = mean_density(recording, grid, rows, band_hz=band_hz)
        described = describe_beyond(
            found, density, grid, line=line, settings=settings, band_hz=band_hz
        )
        if described is not None:
            return described
    return None


def hides_tremor(found: BeyondBand | None) -> bool:
    """Check whether the shaking may itself be a tremor, so that "no tremor" cannot be told."""
    if found is None or found.where == "below":
        return False
    frequency_hz = found.frequency_hz.value
    return frequency_hz is not None and frequency_hz <= OUTSIDE.highest_muscle_hz


def least_seen_ms2(table: WindowTable, *, settings: AnalysisSettings) -> float | None:
    """Return the RMS from which a tremor would have been seen in the time without.

    Parameters
    ----------
    table : WindowTable
        All windows, judged.
    settings : AnalysisSettings
        The least strength that counts.

    Returns
    -------
    float or None
        m/s^2: a line must be the strongest part of the band, and stand out of its noise. None
        without such time.
    """
    without = table.where("no_tremor")
    if not without.any():
        return None
    beside = np.fmax(table.scores["band_rms_ms2"][without], table.scores["floor_rms_ms2"][without])
    return float(np.quantile(np.fmax(beside, settings.least_rms_ms2), OUTSIDE.seen_share))


def beyond_note(found: BeyondBand, *, fs: float) -> Note:
    """Return the shaking as a note.

    Parameters
    ----------
    found : BeyondBand
        The shaking.
    fs : float
        Sampling rate, Hz: near to the Nyquist frequency a line may be the alias of a faster one.

    Returns
    -------
    Note
        ``BEYOND_BAND``.
    """
    frequency_hz = found.frequency_hz.value or 0.0
    near_nyquist = frequency_hz > OUTSIDE.alias_share * fs / 2.0
    where: str = found.where
    if near_nyquist and where != "below":
        where = "alias"
    elif OUTSIDE.standing_hz < frequency_hz <= OUTSIDE.highest_muscle_hz:
        where = "standing"
    return note(
        "BEYOND_BAND",
        where=where,
        frequency_hz=_interval(found.frequency_hz),
        rms_ms2=_interval(found.rms_ms2),
        share=found.share_of_still,
    )
