"""What a pooled line needs of one run of samples, without the samples.

The runs are pooled in `tremor.measures.pooled`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, Self

import numpy as np
import numpy.typing as npt

from tremor.dsp.filters import remove_slow
from tremor.dsp.spectrum import band_bins, psd, transform
from tremor.measures.band import reach_hz, slow_cutoff_hz
from tremor.measures.long_tone import LongTone, fit_long_tone, is_tone_like
from tremor.recording import Floats
from tremor.settings import POOLED_LINE

__all__ = ["RunSpectra"]

#: Segments that are transformed at once.
_SEGMENTS_AT_ONCE: Final = 16


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class RunSpectra:
    """Spectra of the segments of one run, all of one length.

    Parameters
    ----------
    n_samples : int
        Length of the segments.
    first_bin : int
        Bin of the first column of ``spectrum``.
    spectrum : ndarray of complex, shape (n_segments, 3, m)
        As `tremor.dsp.spectrum.transform` returns it, around the band, (m/s^2)/sqrt(Hz).
    summed : ndarray, shape (n_segments, n_samples // 2 + 1)
        PSD summed over the axes, (m/s^2)^2/Hz.
    window : ndarray, shape (3, n_samples), or None
        The samples of a run that is short enough for one window, m/s^2.
    tone : LongTone or None
        The sine of a run of several segments that is a tone throughout.
    """

    n_samples: int
    first_bin: int
    spectrum: npt.NDArray[np.complex128]
    summed: Floats
    window: Floats | None
    tone: LongTone | None = None

    @classmethod
    def of(
        cls,
        samples: Callable[[int, int], Floats],
        n_run: int,
        *,
        fs: float,
        band_hz: tuple[float, float],
    ) -> Self:
        """Transform a run, segment by segment.

        Parameters
        ----------
        samples : callable
            Returns samples ``begin`` to ``end`` of the run, shape (end - begin, 3), m/s^2.
        n_run : int
            Length of the run.
        fs : float
            Sampling rate, Hz.
        band_hz : tuple of float
            Band of the search, Hz.

        Returns
        -------
        RunSpectra
            Of segments of equal length; the last samples, fewer than segments, are left out.
        """
        count = max(1, int(n_run / (POOLED_LINE.segment_s * fs)))
        n = n_run // count
        low_hz, high_hz = reach_hz(band_hz)
        reach = band_bins(n, fs=fs, low_hz=low_hz, high_hz=high_hz)
        # One bin more on each side, from which the taper of the others is made.
        reach = slice(reach.start - 1, reach.stop + 1)
        spectra, summed = [], []
        for first in range(0, count, _SEGMENTS_AT_ONCE):
            size = min(_SEGMENTS_AT_ONCE, count - first)
            part = samples(first * n, (first + size) * n).reshape(size, n, 3).transpose(0, 2, 1)
            high_passed = remove_slow(
                np.ascontiguousarray(part), fs=fs, cutoff_hz=slow_cutoff_hz(band_hz)
            )
            own = transform(high_passed, fs=fs)
            spectra.append(own[..., reach].copy())
            summed.append(psd(own))
        window = tone = None
        if n_run <= POOLED_LINE.one_window_s * fs:
            window = np.ascontiguousarray(samples(0, n_run).T)
        elif n_run <= POOLED_LINE.longest_tone_s * fs:
            band = band_bins(n, fs=fs, low_hz=band_hz[0], high_hz=band_hz[1])
            if is_tone_like(np.concatenate(summed), band):
                tone = fit_long_tone(
                    samples(0, n_run), fs=fs, cutoff_hz=slow_cutoff_hz(band_hz), band_hz=band_hz
                )
        return cls(
            n_samples=n,
            first_bin=reach.start,
            spectrum=np.concatenate(spectra),
            summed=np.concatenate(summed),
            window=window,
            tone=tone,
        )

    def without_window(self) -> Self:
        """Return the spectra without the samples."""
        return replace(self, window=None)
