"""What the still windows of a rest hold: the power of the tremor, and the posture of the leg.

The power is that of the whole band, from the scores of the windows, or that at the line of the
rest, for which its samples are read again. A series of RMS is made of it in
`tremor.analysis.rms_series`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from tremor.analysis.posture import Postures, Turn, find_postures
from tremor.analysis.window_samples import read_windows
from tremor.dsp.filters import remove_slow
from tremor.dsp.spectrum import hann_psd
from tremor.dsp.windows import WindowGrid
from tremor.measures.band import slow_cutoff_hz, usable_band
from tremor.measures.contamination import blank_impacts
from tremor.measures.line_power import line_power
from tremor.recording import Floats, Recording
from tremor.results.windows import WindowTable
from tremor.settings import REST_POWER, RMS_SERIES, AnalysisSettings

__all__ = ["Capture", "RestSignal", "band_signal", "has_power", "line_signal"]

Bools = npt.NDArray[np.bool_]
Integers = npt.NDArray[np.int64]

#: Windows that are read and transformed at once.
_AT_ONCE: Final = 256
#: Quantile of the distance of single windows from the line that still counts for it.
_NEAR_QUANTILE: Final = 0.8


@dataclass(frozen=True, slots=True)
class Capture:
    """The samples of a table of windows.

    Parameters
    ----------
    recording : Recording
        The capture.
    grid : WindowGrid
        Its windows.
    settings : AnalysisSettings
        Thresholds and band.
    """

    recording: Recording
    grid: WindowGrid
    settings: AnalysisSettings

    @property
    def band_hz(self) -> tuple[float, float]:
        """Usable part of the band, Hz."""
        return usable_band((self.settings.band_low_hz, self.settings.band_high_hz), fs=self.grid.fs)


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class RestSignal:
    """The still windows of a rest, in order of time.

    Parameters
    ----------
    start_s, end_s : ndarray, shape (n_windows,)
        Limits, s from the start of the capture.
    power : ndarray, shape (n_windows,)
        Mean square of the tremor and of a constant noise, (m/s^2)^2.
    noise : float
        That of the noise alone.
    noise_relative_variance : ndarray, shape (n_windows,)
        Variance of the power from the noise, over the squared power of noise and tremor.
    bandwidth_hz : float
        Typical half-power width of the tremor, Hz.
    posture : ndarray of int, shape (n_windows,)
        Number of the posture.
    turns : tuple of Turn
        Changes of posture; times are from the start of the capture.
    gravity_direction : tuple of float
        Direction of gravity in the sensor in the first posture, a unit vector; empty if not known.
    """

    start_s: Floats
    end_s: Floats
    power: Floats
    noise: float
    noise_relative_variance: Floats
    bandwidth_hz: float
    posture: Integers
    turns: tuple[Turn, ...] = ()
    gravity_direction: tuple[float, ...] = ()


def has_power(table: WindowTable) -> Bools:
    """Check in which windows the power of the band was measured and is not zero."""
    power = _band_power(table)
    return np.isfinite(power) & (np.nan_to_num(power) > 0.0)


def _band_power(table: WindowTable) -> Floats:
    scores = table.scores
    if "band_rms_ms2" not in scores:
        return np.full(len(table), np.nan)
    return np.asarray(scores["band_rms_ms2"] ** 2 + scores["floor_rms_ms2"] ** 2)


def band_signal(table: WindowTable, chosen: Bools) -> RestSignal:
    """Return the power of the whole band, in one posture.

    Parameters
    ----------
    table : WindowTable
        All windows of a recording.
    chosen : ndarray of bool, shape (n_windows,)
        Which enter, all with power.

    Returns
    -------
    RestSignal
        From the scores of the windows.
    """
    n = int(np.count_nonzero(chosen))
    noise = 0.0
    if n:
        noise = float(np.median(table.scores["floor_rms_ms2"][chosen] ** 2))
    return RestSignal(
        start_s=table.start_s[chosen],
        end_s=table.end_s[chosen],
        power=_band_power(table)[chosen],
        noise=noise,
        noise_relative_variance=np.full(n, RMS_SERIES.floor_relative_variance),
        bandwidth_hz=_typical_bandwidth_hz(table, chosen),
        posture=np.zeros(n, dtype=np.int64),
    )


def line_signal(capture: Capture, table: WindowTable, chosen: Bools) -> RestSignal:
    """Measure the power at the line of a rest, and the postures.

    Parameters
    ----------
    capture : Capture
        The samples, which are read again.
    table : WindowTable
        All its windows.
    chosen : ndarray of bool, shape (n_windows,)
        Which enter, some of them with tremor.

    Returns
    -------
    RestSignal
        Of a long rest, every window at first and fewer later.
    """
    grid, settings = capture.grid, capture.settings
    rows = _thinned(np.flatnonzero(chosen))
    density = np.empty((len(rows), grid.n_window // 2 + 1))
    gravity = np.empty((len(rows), 3))
    blanked = np.nan_to_num(table.scores["blanked_share"][rows]) > 0.0
    for part, windows in _read(capture, rows):
        gravity[part] = windows.mean(axis=-1)
        density[part] = hann_psd(windows, fs=grid.fs)
        hit = blanked[part]
        if hit.any():
            slow_hz = slow_cutoff_hz((settings.band_low_hz, settings.band_high_hz))
            quiet = blank_impacts(
                remove_slow(windows[hit], fs=grid.fs, cutoff_hz=slow_hz),
                fs=grid.fs,
                over_median=settings.blank_over_median,
            )
            density[np.arange(len(rows))[part][hit]] = hann_psd(quiet.samples, fs=grid.fs)
    bandwidth_hz = _typical_bandwidth_hz(table, chosen)
    frequency_hz, half_width_hz = _line_of(table, chosen, bandwidth_hz)
    found = line_power(
        density,
        n_samples=grid.n_window,
        fs=grid.fs,
        frequency_hz=frequency_hz,
        bandwidth_hz=bandwidth_hz,
        half_width_hz=half_width_hz,
    )
    start_s = table.start_s[rows]
    postures = Postures(np.zeros(len(rows), dtype=np.int64), ())
    direction: tuple[float, ...] = ()
    if capture.recording.gravity == "included":
        postures = find_postures(start_s, gravity)
        direction = _direction(gravity[postures.number == postures.number[0]])
    scale = _scale_of_fits(table.estimates["rms_ms2"][rows, 0] ** 2, found.total - found.floor)
    # Power of exactly zero is that of a leg in silence.
    some = found.total > 0.0
    return RestSignal(
        start_s=start_s[some],
        end_s=table.end_s[rows][some],
        power=scale * found.total[some],
        noise=scale * found.floor,
        noise_relative_variance=found.relative_variance[some],
        bandwidth_hz=bandwidth_hz,
        posture=np.unique(postures.number[some], return_inverse=True)[1].astype(np.int64),
        turns=postures.turns,
        gravity_direction=direction,
    )


def _direction(gravity: Floats) -> tuple[float, ...]:
    mean = gravity.mean(axis=0)
    return tuple((mean / max(float(np.linalg.norm(mean)), 1e-9)).tolist())


def _scale_of_fits(fitted: Floats, measured: Floats) -> float:
    """Return the power that the windows with tremor were fitted with over the measured one.

    It is one number for the whole rest, for what the shape of the line leaves outside of its bins.
    """
    known = np.isfinite(fitted)
    total = float(measured[known].sum())
    if total <= 0.0:
        return 1.0
    low, high = REST_POWER.scale_limits
    return min(max(float(fitted[known].sum()) / total, low), high)


def _thinned(rows: Integers) -> Integers:
    """Leave windows out of a long rest, the more the later."""
    n, most = len(rows), REST_POWER.most_windows
    if n <= most:
        return rows
    # The first half of what is read is the beginning of the rest, without a gap.
    position = np.arange(most // 2)
    later = np.geomspace(most // 2, n - 1, most - most // 2).astype(np.int64)
    return np.asarray(rows[np.unique(np.concatenate([position, later]))])


def _read(capture: Capture, rows: Integers) -> Iterator[tuple[slice, Floats]]:
    """Yield parts of the rows with their windows, (n, 3, n_samples), lost samples filled."""
    for first in range(0, len(rows), _AT_ONCE):
        some = rows[first : first + _AT_ONCE]
        windows = read_windows(capture.recording, capture.grid, some, band_hz=capture.band_hz)
        yield slice(first, first + len(some)), windows


def _line_of(table: WindowTable, chosen: Bools, bandwidth_hz: float) -> tuple[float, float]:
    """Return the frequency of the line, and how far from it bins hold its power, Hz."""
    frequency = table.estimates["frequency_hz"][chosen, 0]
    power = table.estimates["rms_ms2"][chosen, 0] ** 2
    known = np.isfinite(frequency) & np.isfinite(power)
    frequency, power = frequency[known], power[known]
    centre_hz = _weighted_quantile(frequency, power, 0.5)
    away_hz = _weighted_quantile(np.abs(frequency - centre_hz), power, _NEAR_QUANTILE)
    return centre_hz, REST_POWER.least_half_width_hz + REST_POWER.widths * bandwidth_hz + away_hz


def _weighted_quantile(values: Floats, weights: Floats, share: float) -> float:
    order = np.argsort(values)
    total = np.cumsum(weights[order])
    index = int(np.searchsorted(total, share * total[-1]))
    return float(values[order][min(index, len(values) - 1)])


def _typical_bandwidth_hz(table: WindowTable, chosen: Bools) -> float:
    widths = table.estimates["bandwidth_hz"][chosen, 0]
    widths = widths[np.isfinite(widths)]
    typical = float(np.median(widths)) if widths.size else RMS_SERIES.default_bandwidth_hz
    low_hz, high_hz = RMS_SERIES.bandwidth_limits_hz
    return min(max(typical, low_hz), high_hz)
