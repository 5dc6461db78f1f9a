"""The strongest spectral line of some acceleration, with intervals: the public function.

Whether there is a line at all is not tested here but in `tremor.analysis.window`. Many windows at
once are fitted in `tremor.measures.line_table`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tremor.errors import InsufficientDataError, InvalidInputError
from tremor.measures.band import usable_band
from tremor.measures.line_table import Method, fit_lines
from tremor.recording import Floats
from tremor.results.estimates import TremorEstimates
from tremor.results.verdicts import METHODS
from tremor.settings import LINE

__all__ = ["LineEstimate", "estimate_line"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LineEstimate(TremorEstimates):
    """One spectral line, with the estimates of `tremor.results.estimates.TremorEstimates`.

    For a resolved line (``whittle``) the interval of the frequency is for the centre of the
    process, which another window shares; for a tone (``least_squares``) it is for the frequency
    of this window.

    Parameters
    ----------
    noise_density_ms2sq_per_hz : float
        Floor of one axis around the line, (m/s^2)^2/Hz.
    polarisation : float
        Share of the power around the line along one direction, 1/3 to 1.
    method : str
        ``whittle`` or ``least_squares``.
    band_hz : tuple of float
        Band that was searched, Hz; at a low sampling rate its upper edge is below the requested
        one.
    """

    noise_density_ms2sq_per_hz: float
    polarisation: float
    method: str
    band_hz: tuple[float, float]


def estimate_line(
    acceleration_ms2: npt.ArrayLike,
    *,
    sampling_rate_hz: float,
    band_hz: tuple[float, float] = (3.0, 15.0),
    method: Method = "auto",
) -> LineEstimate:
    """Estimate the strongest spectral line of some acceleration.

    There is no detection: noise gets a line as well. `tremor.analyze` decides whether there is
    tremor.

    Parameters
    ----------
    acceleration_ms2 : array_like, shape (n, 3), (n, 1) or (n,)
        Acceleration, m/s^2, gravity included or not.
    sampling_rate_hz : float
        Sampling rate, Hz; no default, because 1 % of rate is 1 % of frequency.
    band_hz : tuple of float
        Lower and upper edge of the search, Hz.
    method : {"auto", "whittle", "least_squares"}
        ``auto`` uses the exact sine if its residual is consistent with noise.

    Returns
    -------
    LineEstimate
        With 95 % intervals.

    Raises
    ------
    InvalidInputError
        If the shape or the method is not one of those above, samples are missing, or the band
        does not fit the sampling rate.
    InsufficientDataError
        If the samples span less than six periods of the lower edge, or do not vary.

    Notes
    -----
    Along the top eigenvector of the cross-spectral matrix around the peak the periodogram has the
    expectation ``P g(f) + c`` with ``g(f) = 2 Re{1/z - (1 - exp(-z T))/(T z^2)}``,
    ``z = pi B + 2 pi i (f - f0)``. Its bins are taken as independent and exponential. The limit
    is ``sd(f0) >= sqrt(B / (4 pi T))``: only time buys precision.

    References
    ----------
    Sykulski, Olhede, Guillaumin, Lilly and Early (2019), The debiased Whittle likelihood,
    Biometrika 106, 251-266, doi:10.1093/biomet/asy071.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(3)
    >>> t = np.arange(1000) / 100.0
    >>> shake = 0.3 * np.sin(2 * np.pi * 8.25 * t)[:, None] * [0.6, 0.0, 0.8]
    >>> line = estimate_line(shake + rng.normal(0, 0.03, (1000, 3)), sampling_rate_hz=100.0)
    >>> bool(line.frequency_hz.low < 8.25 < line.frequency_hz.high)
    True
    >>> bool(abs(line.rms_ms2.value - 0.3 / np.sqrt(2)) < 0.005)
    True
    """
    samples = _as_window(acceleration_ms2)
    if method not in ("auto", "whittle", "least_squares"):
        raise InvalidInputError(f"method is {method!r}; give auto, whittle or least_squares")
    band = usable_band(band_hz, fs=sampling_rate_hz)
    duration_s = samples.shape[-1] / sampling_rate_hz
    if duration_s < LINE.least_periods / band[0]:
        raise InsufficientDataError(
            f"{duration_s:.3g} s of samples; a line above {band[0]:g} Hz needs at least "
            f"{LINE.least_periods / band[0]:.3g} s"
        )
    table = fit_lines(samples, fs=sampling_rate_hz, band_hz=band, method=method)
    name = METHODS[table.method[0]]
    if not name:
        raise InsufficientDataError(
            f"the samples do not move between {band[0]:g} and {band[1]:g} Hz; "
            "check that the sensor was running"
        )
    return LineEstimate(
        noise_density_ms2sq_per_hz=float(table.noise_density[0]),
        polarisation=float(table.polarisation[0]),
        method=name,
        band_hz=band,
        **table.estimates(0),
    )


def _as_window(acceleration_ms2: npt.ArrayLike) -> Floats:
    samples = np.asarray(acceleration_ms2, dtype=np.float64)
    if samples.ndim == 1:
        samples = samples[:, None]
    if samples.ndim != 2 or samples.shape[1] not in (1, 3):
        raise InvalidInputError(
            f"acceleration has shape {samples.shape}; give (n, 3), or (n,) for a single axis"
        )
    if not np.isfinite(samples).all():
        row = int(np.flatnonzero(~np.isfinite(samples).all(axis=1))[0])
        raise InvalidInputError(
            f"sample {row} is missing or infinite; estimate on one side of the gap, or judge the "
            "window with analyze_window, which fills short holes"
        )
    window = np.zeros((1, 3, len(samples)))
    window[0, : samples.shape[1]] = samples.T
    return window
