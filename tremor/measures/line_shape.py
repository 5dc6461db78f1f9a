"""Expected periodogram of a line of unit power, and its slopes, for many lines at once.

A Lorentzian is the line of an Ornstein-Uhlenbeck process; a Voigt line, whose centre scatters as
well, has wider shoulders and, at the extreme, the shape of a Gaussian. Each is blurred by the Fejer
kernel of the window. The floor below it, and the fit, are in `tremor.measures.pooled_whittle`.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from tremor.recording import Floats

__all__ = ["half_power_width_hz", "lorentzian", "voigt"]

#: Lags of the autocovariance of a Voigt line for each bin: the integral is right to 0.1 % then.
_LAGS_PER_BIN: Final = 6
#: Half-power width of a Voigt line from those of its parts (Olivero and Longbothum 1977).
_WIDTH_LINEAR: Final = 0.5346
_WIDTH_SQUARE: Final = 0.2166
#: Half-power full width of a Gaussian over its standard deviation.
_GAUSSIAN_WIDTH: Final = 2.0 * np.sqrt(2.0 * np.log(2.0))


def lorentzian(
    index: npt.NDArray[np.int64], frequency_hz: Floats, log_rate: Floats, *, duration_s: float
) -> tuple[Floats, Floats]:
    """Return the expected periodogram of Lorentzian lines of unit power.

    Parameters
    ----------
    index : ndarray of int, shape (n_lines, m)
        Bins, in units of 1 / ``duration_s``.
    frequency_hz, log_rate : ndarray, shape (n_lines,)
        Centre, Hz, and natural logarithm of a = pi B, 1/s.
    duration_s : float
        Length of the windows, s.

    Returns
    -------
    tuple of ndarray, shapes (n_lines, m) and (n_lines, 2, m)
        g, 1/Hz, and its slopes by the centre and by ln a.

    Notes
    -----
    ``g(f) = 2 Re{1/z - (1 - exp(-z T))/(T z^2)}`` with ``z = a + 2 pi i (f - f0)``.
    """
    rate = np.exp(log_rate)[:, None] * duration_s
    phase = 2.0 * np.pi * duration_s * frequency_hz[:, None]
    # Whole turns drop out of exp(-z T), which is the same for every bin.
    decay = np.exp(-rate - 1j * (-phase))
    u = 1.0 / (rate + 1j * (2.0 * np.pi * index - phase))
    square = u * u
    g = (2.0 * duration_s) * (u - (1.0 - decay) * square).real
    # By name: numpy would multiply into a large nameless array, and round in another way.
    factor = 2.0 * (1.0 - decay) * u - 1.0 - decay
    slope = square * factor
    slopes = np.empty((len(rate), 2, index.shape[-1]))
    np.multiply(4.0 * np.pi * duration_s**2, slope.imag, out=slopes[:, 0])
    np.multiply(2.0 * duration_s * rate, slope.real, out=slopes[:, 1])
    return g, slopes


def voigt(
    index: npt.NDArray[np.int64],
    frequency_hz: Floats,
    log_rate: Floats,
    log_spread: Floats,
    *,
    duration_s: float,
    is_tapered: bool = False,
) -> tuple[Floats, Floats]:
    """Return the expected periodogram of Voigt lines of unit power.

    Parameters
    ----------
    index : ndarray of int, shape (n_lines, m)
        Consecutive bins, in units of 1 / ``duration_s``.
    frequency_hz, log_rate, log_spread : ndarray, shape (n_lines,)
        Centre, Hz, and natural logarithms of a = pi B of the Lorentzian part, 1/s, and of the
        standard deviation of the Gaussian part, rad/s.
    duration_s : float
        Length of the windows, s.
    is_tapered : bool
        Whether the windows have a Hann taper; otherwise they are rectangular.

    Returns
    -------
    tuple of ndarray, shapes (n_lines, m) and (n_lines, 3, m)
        g, 1/Hz, and its slopes by the centre, by ln a and by the logarithm of the spread.

    Notes
    -----
    The Fourier transform of the autocovariance ``exp(-a t - (v t)^2 / 2)`` times that of the taper,
    the triangle ``1 - t/T`` without one, by the trapezoidal rule with its leading correction.
    """
    n_bins = index.shape[-1]
    n_lags = 1 << int(np.ceil(np.log2(_LAGS_PER_BIN * n_bins)))
    step_s = duration_s / n_lags
    lag_s = np.arange(n_lags) * step_s
    middle = index[:, n_bins // 2]
    rate, spread = np.exp(log_rate)[:, None], np.exp(log_spread)[:, None]
    away_hz = frequency_hz[:, None] - middle[:, None] / duration_s
    exponent = -rate * lag_s - 0.5 * np.square(spread * lag_s) + 2j * np.pi * away_hz * lag_s
    share = np.asarray(lag_s / duration_s, dtype=np.float64)
    covariance = np.exp(exponent) * _overlap(share, is_tapered=is_tapered)
    covariance[:, 0] *= 0.5
    weights = np.stack(
        [
            np.broadcast_to(np.ones(n_lags), exponent.shape),
            np.broadcast_to(2j * np.pi * lag_s, exponent.shape),
            -rate * lag_s,
            -np.square(spread * lag_s),
        ],
        axis=1,
    )
    density = 2.0 * step_s * np.fft.fft(covariance[:, None, :] * weights, axis=-1).real
    column = (index - middle[:, None]) % n_lags
    density = np.take_along_axis(density, column[:, None, :], axis=-1)
    density[:, 0] -= step_s**2 / 6.0 * (rate + (0.0 if is_tapered else 1.0 / duration_s))
    density[:, 2] -= step_s**2 / 6.0 * rate
    return density[:, 0], density[:, 1:]


def _overlap(share: Floats, *, is_tapered: bool) -> Floats:
    """Return the autocorrelation of the taper at lags that are a share of the window."""
    if not is_tapered:
        return 1.0 - share
    turn = 2.0 * np.pi * share
    return np.asarray((1.0 - share) * (2.0 + np.cos(turn)) / 3.0 + np.sin(turn) / (2.0 * np.pi))


def half_power_width_hz(rate: Floats, spread: Floats) -> tuple[Floats, Floats]:
    """Return the half-power full width of Voigt lines, and its slopes.

    Parameters
    ----------
    rate, spread : ndarray, shape (n_lines,)
        a = pi B of the Lorentzian part, 1/s, and standard deviation of the Gaussian part, rad/s.

    Returns
    -------
    tuple of ndarray, shapes (n_lines,) and (n_lines, 2)
        Width, Hz, right to 0.02 %, and the slopes of its logarithm by ln a and by that of the
        spread.

    Examples
    --------
    >>> import numpy as np
    >>> width_hz, _ = half_power_width_hz(np.array([np.pi]), np.array([0.0]))
    >>> float(width_hz[0].round(3))
    1.0
    """
    narrow_hz = rate / np.pi
    wide_hz = _GAUSSIAN_WIDTH * spread / (2.0 * np.pi)
    root = np.sqrt(_WIDTH_SQUARE * np.square(narrow_hz) + np.square(wide_hz))
    width = _WIDTH_LINEAR * narrow_hz + root
    by_rate = _WIDTH_LINEAR * narrow_hz + _WIDTH_SQUARE * np.square(narrow_hz) / root
    by_spread = np.square(wide_hz) / root
    return width, np.stack([by_rate, by_spread], axis=-1) / width[..., None]
