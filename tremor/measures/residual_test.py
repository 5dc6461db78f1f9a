"""Test of a spectral model: the ratio of periodogram and model against its exponential law.

If the model holds, every ratio is about exponential with a mean of one, and the mean of many
neighbouring ones has a gamma distribution. The test is the most unlikely running mean.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from tremor.recording import Floats
from tremor.settings import FIT_CHECK

__all__ = ["Ratios", "ResidualTest", "check_ratios"]

#: Widths of the running means, in cells; each starts at every half of its width.
_WIDTHS: Final = (1, 2, 4, 8, 16, 32)


@dataclass(frozen=True, eq=False, slots=True)
class Ratios:
    """Ratios of periodogram and model.

    Parameters
    ----------
    frequency_hz : ndarray, shape (m,)
        Bins, Hz.
    ratio : ndarray, shape (n_segments, m)
        Periodogram over model.
    independent : ndarray of bool, shape (m,)
        Bins whose ratios are independent of the others.
    """

    frequency_hz: Floats
    ratio: Floats
    independent: npt.NDArray[np.bool_]

    @property
    def width_hz(self) -> float:
        """Distance of the bins, Hz."""
        return float(self.frequency_hz[1] - self.frequency_hz[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class ResidualTest:
    """Result of the test.

    Parameters
    ----------
    p_value : float
        Probability of so unlikely a mean if the model holds.
    misfit : float
        Logarithm of the running mean there: how far the spectrum is from its model.
    at_hz : float
        Middle of that mean, Hz.
    width_hz : float
        Its width, Hz.
    """

    p_value: float
    misfit: float
    at_hz: float
    width_hz: float

    @property
    def is_doubtful(self) -> bool:
        """Whether another model may explain the spectrum clearly better."""
        is_large = abs(self.misfit) >= FIT_CHECK.doubtful_misfit
        return self.p_value < FIT_CHECK.doubtful_p and is_large

    @property
    def holds(self) -> bool:
        """Whether the model is consistent with the spectrum, or nearly so."""
        return self.p_value >= FIT_CHECK.holds_p or abs(self.misfit) < FIT_CHECK.least_misfit


def check_ratios(ratios: Sequence[Ratios], *, every_bin: bool = False) -> ResidualTest:
    """Test the ratios of periodograms and model.

    Parameters
    ----------
    ratios : sequence of Ratios
        For each length of segments.
    every_bin : bool
        Whether bins that are not independent are tested as well: a line that is wrongly taken for
        a narrow one turns its shoulders into leakage.

    Returns
    -------
    ResidualTest
        Of all of them together; with a probability of one where no bin can be tested.

    Examples
    --------
    >>> import numpy as np
    >>> frequency_hz = np.arange(80, 240) / 20.0
    >>> ratios = np.random.default_rng(1).exponential(size=(6, 160))
    >>> check_ratios([Ratios(frequency_hz, ratios, frequency_hz > 0.0)]).p_value > 0.01
    True
    """
    from scipy.special import gammainc, gammaincc

    cell_hz = max(FIT_CHECK.cell_hz, *(one.width_hz for one in ratios))
    first_hz = min(float(one.frequency_hz[0]) for one in ratios)
    last_hz = max(float(one.frequency_hz[-1]) for one in ratios)
    n_cells = 1 + int((last_hz - first_hz) / cell_hz + 1e-6)
    count, total = np.zeros(n_cells), np.zeros(n_cells)
    for one in ratios:
        cell = ((one.frequency_hz - first_hz) / cell_hz + 1e-6).astype(np.int64)
        chosen = one.independent | every_bin
        cell = np.minimum(cell, n_cells - 1)[chosen]
        values = one.ratio[:, chosen]
        count += np.bincount(cell, minlength=n_cells) * float(len(values))
        total += np.bincount(cell, values.sum(axis=0), minlength=n_cells)
    counts, totals = (np.concatenate([[0.0], np.cumsum(x)]) for x in (count, total))
    best = (0.0, 1.0, 1.0, 0, 1)
    n_means = 0
    for width in _WIDTHS:
        if width > n_cells:
            break
        begin = np.arange(0, n_cells - width + 1, max(1, width // 2))
        n, sums = counts[begin + width] - counts[begin], totals[begin + width] - totals[begin]
        begin, n, sums = begin[n > 0.0], n[n > 0.0], sums[n > 0.0]
        if not begin.size:
            continue
        n_means += len(begin)
        # The cube root of a gamma variable is nearly normal.
        away = np.abs(3.0 * np.sqrt(n) * (np.cbrt(sums / n) - 1.0 + 1.0 / (9.0 * n)))
        top = int(np.argmax(away))
        if away[top] > best[0]:
            best = (float(away[top]), float(n[top]), float(sums[top]), int(begin[top]), width)
    if n_means == 0:
        return ResidualTest(p_value=1.0, misfit=0.0, at_hz=first_hz, width_hz=0.0)
    _, n_best, sum_best, first, width = best
    tail = gammaincc(n_best, sum_best) if sum_best > n_best else gammainc(n_best, sum_best)
    log_p = np.log(max(tail, 1e-300)) + np.log(
        max(1.0, 2.0 * n_means * FIT_CHECK.independent_share)
    )
    return ResidualTest(
        p_value=float(np.exp(min(log_p, 0.0))),
        misfit=float(np.log(max(sum_best / n_best, 1e-300))),
        at_hz=first_hz + (first + width / 2.0) * cell_hz,
        width_hz=width * cell_hz,
    )
