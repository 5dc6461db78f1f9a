"""What enters the fit of pooled lines: the segments of each problem, by their lengths.

The fit itself is in `tremor.measures.pooled_whittle`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from tremor.dsp.spectrum import band_bins, principal_component
from tremor.measures.run_spectra import RunSpectra
from tremor.measures.whittle import FitBins
from tremor.recording import Floats
from tremor.settings import FIT_CHECK

__all__ = ["Group", "PooledProblem", "Segments"]

Indices = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False, slots=True)
class PooledProblem:
    """The runs that share lines, and the peaks at which the fit starts.

    Parameters
    ----------
    runs : sequence of RunSpectra
        In order of time.
    centres_hz : tuple of float
        Peaks of the lines, Hz.
    shares : tuple of float
        Share of each in the power, to start with.
    range_hz : tuple of float, or None
        Bins that enter, Hz; by default those around the line.
    along_hz : tuple of float, or None
        Bins whose principal direction is that of the motion that is fitted, Hz; by default all that
        enter.
    bandwidth_hz : float or None
        Width of the first line if it is given and not fitted, Hz.
    is_tapered : bool
        Whether the segments get a Hann taper: less precise, but without the leakage that hides
        the flanks of a line without tails.
    """

    runs: Sequence[RunSpectra]
    centres_hz: tuple[float, ...]
    shares: tuple[float, ...] = (1.0,)
    range_hz: tuple[float, float] | None = None
    along_hz: tuple[float, float] | None = None
    bandwidth_hz: float | None = None
    is_tapered: bool = False


@dataclass(frozen=True, eq=False, slots=True)
class Group:
    """Segments of one length of problems that have equally many of them.

    Parameters
    ----------
    problem, rows : ndarray of int, shapes (p,) and (p, s)
        Number of each problem, and rows of its segments among all.
    duration_s : float
        Length, s.
    index : ndarray of int, shape (p, m)
        Bins, in units of 1 / ``duration_s``.
    log_frequency : ndarray, shape (p, m)
        Logarithm of their frequency over the first centre.
    density : ndarray, shape (p, s, m)
        Periodograms along the principal direction, (m/s^2)^2/Hz.
    is_tapered : bool
        Whether the segments have a Hann taper.
    """

    problem: Indices
    rows: Indices
    duration_s: float
    index: Indices
    log_frequency: Floats
    density: Floats
    is_tapered: bool

    def of(self, chosen: Bools) -> Group:
        """Return the part of some problems."""
        return Group(
            self.problem[chosen],
            self.rows[chosen],
            self.duration_s,
            self.index[chosen],
            self.log_frequency[chosen],
            self.density[chosen],
            self.is_tapered,
        )


@dataclass(frozen=True, eq=False, slots=True)
class Segments:
    """All segments of all problems.

    Parameters
    ----------
    problems : sequence of PooledProblem
        The problems.
    problem : ndarray of int, shape (n_segments,)
        Number of the problem of each segment, in order.
    groups : list of Group
        The segments.
    duration_s : ndarray, shape (n_segments,)
        Lengths, s.
    shares : ndarray, shape (n_problems, n_lines)
        Shares of the lines in the power, to start with.
    low_hz, high_hz : ndarray, shape (n_problems,)
        Limits of the bins, Hz.
    """

    problems: Sequence[PooledProblem]
    problem: Indices
    groups: list[Group]
    duration_s: Floats
    shares: Floats
    low_hz: Floats
    high_hz: Floats

    @classmethod
    def of(
        cls, problems: Sequence[PooledProblem], *, fs: float, band_hz: tuple[float, float]
    ) -> Self:
        """Collect the segments of problems.

        Parameters
        ----------
        problems : sequence of PooledProblem
            With equally many lines, all with a taper or none.
        fs : float
            Sampling rate, Hz.
        band_hz : tuple of float
            Band of the search, Hz.

        Returns
        -------
        Segments
            Of all of them.
        """
        counts = [sum(len(run.summed) for run in problem.runs) for problem in problems]
        of_row = np.repeat(np.arange(len(problems)), counts)
        duration_s = np.zeros(len(of_row))
        members: dict[tuple[int, int, int], list[_Part]] = {}
        first = 0
        for number, problem in enumerate(problems):
            for part in _parts(problem, number, first, fs=fs, band_hz=band_hz):
                key = (part.n_samples, *part.density.shape)
                members.setdefault(key, []).append(part)
                duration_s[part.rows] = part.n_samples / fs
            first += counts[number]
        low_hz = np.full(len(problems), np.inf)
        high_hz = np.zeros(len(problems))
        groups = []
        for (n_samples, _, _), parts in members.items():
            index = np.stack([part.index for part in parts])
            of_part = np.array([part.problem for part in parts])
            frequency_hz = index * (fs / n_samples)
            np.minimum.at(low_hz, of_part, frequency_hz[:, 0])
            np.maximum.at(high_hz, of_part, frequency_hz[:, -1])
            centre_hz = np.array([problems[part.problem].centres_hz[0] for part in parts])
            groups.append(
                Group(
                    problem=of_part,
                    rows=np.stack([part.rows for part in parts]),
                    duration_s=n_samples / fs,
                    index=index,
                    log_frequency=np.log(frequency_hz / centre_hz[:, None]),
                    density=np.stack([part.density for part in parts]),
                    is_tapered=problems[0].is_tapered,
                )
            )
        shares = np.array([problem.shares for problem in problems])
        return cls(problems, of_row, groups, duration_s, shares, low_hz, high_hz)

    @property
    def n_problems(self) -> int:
        """Number of problems."""
        return len(self.problems)

    def sum_by_problem(self, values: Floats) -> Floats:
        """Sum over the segments of each problem, in order."""
        flat = values.reshape(len(self.problem), -1)
        columns = [
            np.bincount(self.problem, column, minlength=self.n_problems) for column in flat.T
        ]
        shape = (self.n_problems, *values.shape[1:])
        return np.asarray(np.stack(columns, axis=1).reshape(shape), dtype=np.float64)


@dataclass(frozen=True, eq=False, slots=True)
class _Part:
    """The segments of one length of one problem."""

    problem: int
    n_samples: int
    rows: Indices
    index: Indices
    density: Floats


def _parts(
    problem: PooledProblem, number: int, first: int, *, fs: float, band_hz: tuple[float, float]
) -> list[_Part]:
    by_length: dict[int, list[tuple[Indices, RunSpectra]]] = {}
    for run in problem.runs:
        rows = first + np.arange(len(run.summed))
        by_length.setdefault(run.n_samples, []).append((rows, run))
        first += len(rows)
    parts = []
    for n_samples, runs in by_length.items():
        index = _bins(problem, n_samples, fs=fs, band_hz=band_hz)
        columns = slice(index[0] - runs[0][1].first_bin, index[-1] + 1 - runs[0][1].first_bin)
        spectrum = np.concatenate([_bins_of(run, columns, problem.is_tapered) for _, run in runs])
        rows = np.concatenate([rows for rows, _ in runs])
        density = _along(spectrum, np.asarray(index * (fs / n_samples)), problem.along_hz)
        if problem.is_tapered:
            # Flanks far below the peak say nothing of its width, and would decide it.
            density = density + FIT_CHECK.deepest_flank * density.max(axis=-1, keepdims=True)
        parts.append(_Part(number, n_samples, rows, index, density))
    return parts


def _along(
    spectrum: npt.NDArray[np.complex128],
    frequency_hz: Floats,
    along_hz: tuple[float, float] | None,
) -> Floats:
    """Return the PSD of the motion along the principal direction of some bins, or of all."""
    if along_hz is None:
        return principal_component(spectrum).density
    first, last = np.searchsorted(frequency_hz, along_hz).tolist()
    near = spectrum[..., first : max(last, first + 1)]
    _, vectors = np.linalg.eigh(near @ np.conj(np.swapaxes(near, -1, -2)))
    along = (np.conj(vectors[..., :, -1])[..., None, :] @ spectrum)[..., 0, :]
    return np.asarray(along.real**2 + along.imag**2)


def _bins_of(run: RunSpectra, columns: slice, is_tapered: bool) -> npt.NDArray[np.complex128]:
    """Return bins of the segments of a run, with a Hann taper of mean square one if asked for."""
    own = run.spectrum[..., columns]
    if not is_tapered:
        return own
    below = run.spectrum[..., columns.start - 1 : columns.stop - 1]
    above = run.spectrum[..., columns.start + 1 : columns.stop + 1]
    # The taper begins half a sample before the first one; its phase does not matter here.
    return np.asarray((own - 0.5 * (below + above)) * np.sqrt(2.0 / 3.0))


def _bins(
    problem: PooledProblem, n_samples: int, *, fs: float, band_hz: tuple[float, float]
) -> Indices:
    """Return the bins in the range of the problem, or within the half span of its line."""
    if problem.range_hz is None:
        centre_hz = np.array(problem.centres_hz[:1])
        found = FitBins.around(centre_hz, n_samples=n_samples, fs=fs, band_hz=band_hz)
        return np.asarray(found.index[0], dtype=np.int64)
    bins = band_bins(n_samples, fs=fs, low_hz=problem.range_hz[0], high_hz=problem.range_hz[1])
    return np.arange(bins.start, bins.stop)
