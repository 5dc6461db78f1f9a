"""Power of a tremor at a frequency that is known, above the local floor of each window.

The strength of one window is measured at its own peak (`tremor.measures.line`); over a rest that
would select: a weak window has its peak where its noise is highest. Here every window is measured
at the same frequency, and what else shakes in the band is taken off as far as it is seen beside it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tremor.dsp.spectrum import band_bins, hann_psd_of_line, power_in
from tremor.recording import Floats
from tremor.settings import REST_POWER, SPECTRUM

__all__ = ["LinePower", "line_power"]


class LinePower(NamedTuple):
    """Power at a line in windows in order of time, (m/s^2)^2.

    Parameters
    ----------
    total : ndarray, shape (n_windows,)
        Power of the line and a constant floor; what the floor of a window is above or below that
        constant is taken off.
    floor : float
        Power of the constant floor, the median one.
    relative_variance : ndarray, shape (n_windows,)
        Variance of the total from the floor alone, over the squared total.
    """

    total: Floats
    floor: float
    relative_variance: Floats


def line_power(
    density: Floats,
    *,
    n_samples: int,
    fs: float,
    frequency_hz: float,
    bandwidth_hz: float,
    half_width_hz: float,
) -> LinePower:
    """Measure the power at a line, and subtract what the floor beside it holds in excess.

    Parameters
    ----------
    density : ndarray, shape (n_windows, n_samples // 2 + 1)
        PSD as `tremor.dsp.spectrum.hann_psd` returns it, (m/s^2)^2/Hz.
    n_samples : int
        Length of the windows.
    fs : float
        Sampling rate, Hz.
    frequency_hz, bandwidth_hz : float
        Centre and half-power width of the line, Hz.
    half_width_hz : float
        Distance from the centre up to which bins hold the line; the floor is measured from there
        to twice as far.

    Returns
    -------
    LinePower
        Of every window.

    Notes
    -----
    The floor is the mean PSD of one side of the line, that with less power in it, averaged over
    seven windows: a second tremor or a heartbeat on the other side does not enter. The parts of a
    line of this shape in its own bins and beside them are known and allowed for, so that on
    average the total is exact for a line of any strength above a flat floor; a line whose tails are
    twice as strong is not taken for a floor.
    """
    bin_hz = fs / n_samples
    highest_hz = SPECTRUM.nyquist_share * fs / 2.0
    line = hann_psd_of_line(
        n_samples,
        fs=fs,
        frequency_hz=frequency_hz,
        bandwidth_hz=bandwidth_hz,
        mean_square=1.0,
        floor=0.0,
    )

    def bins(low_hz: float, high_hz: float) -> slice:
        return band_bins(
            n_samples,
            fs=fs,
            low_hz=max(low_hz, REST_POWER.lowest_hz),
            high_hz=min(high_hz, highest_hz),
        )

    inner = bins(frequency_hz - half_width_hz, frequency_hz + half_width_hz)
    width_hz = bin_hz * max(inner.stop - inner.start, 1)
    raw = power_in(density, inner, bin_width_hz=bin_hz)
    held = float(power_in(line, inner, bin_width_hz=bin_hz))
    floors, tails = [], []
    for low, high in ((-2.0, -1.0), (1.0, 2.0)):
        side = bins(frequency_hz + low * half_width_hz, frequency_hz + high * half_width_hz)
        if side.stop - side.start < REST_POWER.least_bins:
            continue
        beside, tail = density[:, side].mean(axis=1), float(line[side].mean())
        # Two equations: raw = held P + width F, beside = tail P + F.
        floors.append(_running_mean((held * beside - tail * raw) / (held - width_hz * tail)))
        tails.append(tail * _running_mean(raw - width_hz * beside) / (held - width_hz * tail))
    floor, tail_of_line = np.zeros(len(raw)), np.zeros(len(raw))
    if floors:
        lower = np.argmin(floors, axis=0)[None]
        floor = np.maximum(np.take_along_axis(np.array(floors), lower, axis=0)[0], 0.0)
        tail_of_line = np.maximum(np.take_along_axis(np.array(tails), lower, axis=0)[0], 0.0)
    typical = float(np.median(floor))
    # What the tail of another shape of line could be is not taken off.
    beyond = np.maximum(np.abs(floor - typical) - tail_of_line, 0.0)
    excess = width_hz * np.copysign(beyond, floor - typical)
    total = np.maximum(raw - excess, REST_POWER.least_over_floor * width_hz * typical)
    total = np.maximum(total, REST_POWER.least_over_floor * np.maximum(excess, 0.0))
    # A Hann window has independent bins 1.5 bins apart, on three axes.
    looks = 3.0 * width_hz / (1.5 * bin_hz)
    spread = (width_hz * np.maximum(floor, typical)) ** 2 / looks
    return LinePower(
        total / held, width_hz * typical / held, spread / np.maximum(total, 1e-300) ** 2
    )


def _running_mean(values: Floats) -> Floats:
    half = min(REST_POWER.floor_windows // 2, (len(values) - 1) // 2)
    padded = np.pad(values, half, mode="edge")
    return np.asarray(np.lib.stride_tricks.sliding_window_view(padded, 2 * half + 1).mean(axis=-1))
