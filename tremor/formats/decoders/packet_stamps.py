"""Stamps of samples that come in packets with one stamp each."""

from __future__ import annotations

import numpy as np

from tremor.arrays import Floats, Indices
from tremor.errors import InsufficientDataError
from tremor.settings import PACKET_STAMPS

__all__ = ["spread_packets"]


def spread_packets(stamps_s: Floats, n_samples: Indices) -> Floats:
    """Spread the samples of packets that carry the stamp of their first sample.

    Parameters
    ----------
    stamps_s : ndarray, shape (n,)
        Stamp of each packet, s.
    n_samples : ndarray of int64, shape (n,)
        Samples in each, at least one.

    Returns
    -------
    ndarray, shape (sum of n_samples,)
        Stamp of each sample, s. They lie one period apart within a packet, so that a packet before
        a loss is not stretched over it.

    Raises
    ------
    InsufficientDataError
        If there are fewer than two packets.

    Notes
    -----
    The period is the mean over the steps from packet to packet that are no longer than a multiple
    of the median one, `PACKET_STAMPS`: a longer step holds a lost packet.

    Examples
    --------
    >>> spread_packets(np.array([0.0, 0.4, 1.2]), np.array([4, 4, 4]))[3:9]
    array([0.3, 0.4, 0.5, 0.6, 0.7, 1.2])
    """
    if len(stamps_s) < 2:
        raise InsufficientDataError(
            f"{len(stamps_s)} packet of samples shows no rate; at least 2 are needed"
        )
    steps_s, before = np.diff(stamps_s), n_samples[:-1]
    per_sample = steps_s / before
    # Of two steps, the shorter is the one without a loss.
    median_s = np.quantile(per_sample, 0.5, method="lower")
    usual = (per_sample > 0.0) & (per_sample <= PACKET_STAMPS.most_over_median * median_s)
    if usual.any():
        period_s = float(steps_s[usual].sum() / before[usual].sum())
    else:  # several packets share a stamp
        period_s = float((stamps_s[-1] - stamps_s[0]) / max(int(before.sum()), 1))
    first = np.cumsum(n_samples) - n_samples
    within = np.arange(int(n_samples.sum())) - np.repeat(first, n_samples)
    return np.asarray(np.repeat(stamps_s, n_samples) + period_s * within, dtype=np.float64)
