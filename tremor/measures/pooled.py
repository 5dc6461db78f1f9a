"""One line from many runs of an episode: shared centre and width, each segment its own power.

An episode of tremor waxes, wanes and fades, so that a single power cannot hold for all of it; but
the process is one. All segments enter one Whittle likelihood, so that the precision is that of all
samples: sd(f0) >= sqrt(B / (4 pi T)) with T the total time. A single run that is a tone throughout
is fitted as one sine instead, and a short one as one window. Whether that model holds is tested
for each of them; another one takes over where it explains the samples better.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from tremor.estimate import LEVEL, Estimate
from tremor.measures.amplitude import typical_peak_to_peak_mm
from tremor.measures.intervals import MOST_LOG, student_quantile
from tremor.measures.line_shape import half_power_width_hz
from tremor.measures.line_table import fit_lines
from tremor.measures.pooled_models import ChosenModel, choose_models
from tremor.measures.pooled_power import pooled_power
from tremor.measures.pooled_templates import N_EXPONENTS, PER_LINE
from tremor.measures.pooled_whittle import PooledWhittleFit
from tremor.measures.run_spectra import RunSpectra
from tremor.measures.width_limit import most_bandwidth_hz
from tremor.notes import note
from tremor.recording import Floats
from tremor.results.estimates import TremorEstimates
from tremor.results.lines import FitCheck
from tremor.results.verdicts import METHODS
from tremor.settings import FIT_CHECK, LINE, POOLED_LINE

__all__ = ["PooledLine", "fit_pooled", "fit_pooled_sets", "is_too_broad"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PooledLine(TremorEstimates):
    """The line that all runs of an episode share.

    Its intervals are for the process; the RMS is that over all samples.

    Parameters
    ----------
    noise_density : float
        Mean floor of one axis, (m/s^2)^2/Hz.
    n_segments : int
        Number of segments that were fitted.
    envelope_variance : float or None
        Relative variance of the squared envelope: about one for noise, zero for an oscillation that
        keeps its amplitude; None for a line that is a tone.
    fit : FitCheck
        How well its model holds.
    share : float
        Share of the time in which it stands out, 0 to 1.
    further : tuple of PooledLine
        Further tremors in the same samples, at the same time or one after the other.
    """

    noise_density: float
    n_segments: int
    envelope_variance: float | None = None
    fit: FitCheck = field(default_factory=lambda: FitCheck(shape="lorentzian"))
    share: float = 1.0
    further: tuple[PooledLine, ...] = ()


def is_too_broad(line: PooledLine) -> bool:
    """Check whether a hump of the spectrum is too wide for its frequency to be a line.

    Parameters
    ----------
    line : PooledLine
        Its fit.

    Returns
    -------
    bool
        True if its width is more than half of its frequency, and that is sure to be more than a
        third of it.
    """
    frequency_hz, width = line.frequency_hz.value, line.bandwidth_hz
    if frequency_hz is None or width.value is None or width.low is None:
        return False
    is_wide = width.value > FIT_CHECK.widest_share * frequency_hz
    return is_wide and width.low > FIT_CHECK.surely_wide_share * frequency_hz


def fit_pooled(
    runs: Sequence[Floats], *, fs: float, band_hz: tuple[float, float]
) -> PooledLine | None:
    """Fit one line to all runs of samples.

    Parameters
    ----------
    runs : sequence of ndarray, shape (n_samples, 3)
        Runs without gaps, m/s^2, each at least six periods of the lower band edge long.
    fs : float
        Sampling rate, Hz.
    band_hz : tuple of float
        Band as `tremor.measures.band.usable_band` returns it, Hz.

    Returns
    -------
    PooledLine or None
        None if the samples do not vary.
    """

    def spectra_of(run: Floats) -> RunSpectra:
        return RunSpectra.of(lambda begin, end: run[begin:end], len(run), fs=fs, band_hz=band_hz)

    (line,) = fit_pooled_sets([list(map(spectra_of, runs))], fs=fs, band_hz=band_hz)
    return line


def fit_pooled_sets(
    sets: Sequence[Sequence[RunSpectra]], *, fs: float, band_hz: tuple[float, float]
) -> list[PooledLine | None]:
    """Fit one line to each of many sets of runs, all at once.

    Parameters
    ----------
    sets : sequence of sequences of RunSpectra
        The runs of each episode.
    fs : float
        Sampling rate, Hz.
    band_hz : tuple of float
        As for `fit_pooled`.

    Returns
    -------
    list of PooledLine or None
        One per set, as `fit_pooled` returns it; a set does not depend on the others.
    """
    simple = _windows(sets, fs=fs, band_hz=band_hz)
    for number, runs in enumerate(sets):
        tone = None if number in simple else _line_of_tones(runs)
        if tone is not None:
            simple[number] = tone
    tones = {number for number, line in simple.items() if line.fit.shape == "tone"}
    chosen = choose_models(dict(enumerate(sets)), tones=tones, fs=fs, band_hz=band_hz)
    results: list[PooledLine | None] = [None] * len(sets)
    for number in range(len(sets)):
        line, model = simple.get(number), chosen.get(number)
        if model is None:
            results[number] = line if number in tones else None
        elif line is not None and _is_enough(line, model):
            results[number] = line
            if number not in tones:
                envelope = model.envelope_variance(fs=fs)
                results[number] = replace(line, fit=_check(model), envelope_variance=envelope)
        else:
            results[number] = _line_of(model, fs=fs, band_hz=band_hz)
    return results


def _is_enough(simple: PooledLine, model: ChosenModel) -> bool:
    """Check whether one window or one sine holds all that the model of the runs has."""
    is_single = not model.further and model.n_harmonics == 1 and not model.is_voigt
    is_flat = not model.fit.free[-N_EXPONENTS:].any()
    return is_single and (is_flat or simple.fit.shape == "tone")


def _windows(
    sets: Sequence[Sequence[RunSpectra]], *, fs: float, band_hz: tuple[float, float]
) -> dict[int, PooledLine]:
    """Fit the sets that are one window each, those of one length at once."""
    by_length: dict[int, dict[int, Floats]] = {}
    for number, runs in enumerate(sets):
        window = runs[0].window if len(runs) == 1 else None
        if window is not None:
            by_length.setdefault(window.shape[-1], {})[number] = window
    found: dict[int, PooledLine] = {}
    for group in by_length.values():
        lines = _lines_of_windows(np.stack(list(group.values())), fs=fs, band_hz=band_hz)
        found |= {
            number: line for number, line in zip(group, lines, strict=True) if line is not None
        }
    return found


def _lines_of_windows(
    windows: Floats, *, fs: float, band_hz: tuple[float, float]
) -> list[PooledLine | None]:
    """Fit runs that are one window each, for which a single power is enough."""
    table = fit_lines(windows, fs=fs, band_hz=band_hz)
    is_tone = table.method == METHODS.index("least_squares")
    lines: list[PooledLine | None] = []
    for row, fitted in enumerate(table.method.tolist()):
        if not fitted:
            lines.append(None)
            continue
        estimates: dict[str, Any] = table.estimates(row)
        lines.append(
            PooledLine(
                noise_density=float(table.noise_density[row]),
                n_segments=1,
                fit=FitCheck(shape="tone" if is_tone[row] else "lorentzian"),
                **estimates,
            )
        )
    return lines


def _line_of_tones(runs: Sequence[RunSpectra]) -> PooledLine | None:
    """Return the estimates of the sines of runs; None if one is none, or they differ."""
    tones = [run.tone for run in runs if run.tone is not None]
    if len(tones) < len(runs):
        return None
    length_s = np.array([len(run.summed) * run.n_samples for run in runs], dtype=np.float64)
    share = length_s / length_s.sum()
    each_hz = np.array([tone.frequency_hz for tone in tones])
    half_hz = np.array([tone.half_hz for tone in tones])
    weight = half_hz**-2.0 / np.sum(half_hz**-2.0)
    frequency_hz = float(weight @ each_hz)
    if np.abs(each_hz - frequency_hz).max() > POOLED_LINE.most_tone_spread_hz:
        return None
    half = float(np.sum(half_hz**-2.0) ** -0.5)
    if len(tones) > 1:
        # Where the runs differ by more than their errors, that is the honest one.
        scatter = np.square(weight) @ np.square(each_hz - frequency_hz)
        freedom = len(tones) - 1.0
        sd_hz = np.sqrt(scatter * (1.0 + 1.0 / freedom))
        half = max(half, float(student_quantile(freedom) * sd_hz))
    power = share @ np.array([tone.power_ms2sq for tone in tones])
    rms = float(np.sqrt(power))
    half_rms = float(np.sqrt(np.square(share) @ np.square([tone.half_rms_ms2 for tone in tones])))
    size = float(typical_peak_to_peak_mm(power / (2.0 * np.pi * frequency_hz) ** 4))
    relative = float(np.hypot(half_rms / rms, 2.0 * half / frequency_hz))

    def estimate(value: float, half_width: float) -> Estimate:
        return Estimate(
            value,
            max(value - half_width, 0.0),
            value + half_width,
            level=LEVEL,
            method="least_squares",
        )

    return PooledLine(
        frequency_hz=estimate(frequency_hz, half),
        bandwidth_hz=Estimate(
            float(share @ [tone.bandwidth_hz for tone in tones]),
            0.0,
            float(share @ [tone.most_bandwidth_hz for tone in tones]),
            level=LEVEL,
            method="least_squares",
        ),
        rms_ms2=estimate(rms, half_rms),
        displacement_pp_mm=estimate(size, size * relative),
        noise_density=float(share @ [tone.noise_density for tone in tones]),
        n_segments=sum(len(run.summed) for run in runs),
        fit=FitCheck(shape="tone"),
    )


def _line_of(model: ChosenModel, *, fs: float, band_hz: tuple[float, float]) -> PooledLine:
    """Return the estimates of one model."""
    fit = model.fit
    envelope = model.envelope_variance(fs=fs)
    noise_share = min(1.0, max(envelope, FIT_CHECK.least_envelope) / FIT_CHECK.noise_envelope)
    half_hz, width = _shared_intervals(model, noise_share, band_hz=band_hz)
    frequency_hz = fit.frequency_hz
    power = pooled_power(
        fit, fs=fs, band_hz=band_hz, is_voigt=model.is_voigt, noise_share=noise_share
    )
    rms = float(np.sqrt(power.mean_square_ms2sq))
    size = float(typical_peak_to_peak_mm(power.mean_square_m2))
    by_frequency = 2.0 * half_hz / frequency_hz

    def estimate(value: float, low: float, high: float) -> Estimate:
        return Estimate(float(value), float(low), float(high), level=LEVEL, method="whittle")

    low, high = np.sqrt(power.low), np.sqrt(power.high)
    return PooledLine(
        frequency_hz=estimate(
            frequency_hz, max(frequency_hz - half_hz, 0.0), frequency_hz + half_hz
        ),
        bandwidth_hz=estimate(*width),
        rms_ms2=estimate(rms, rms * low, rms * high),
        displacement_pp_mm=estimate(
            size,
            size * max(0.0, 1.0 - np.hypot(1.0 - low, by_frequency)),
            size * (1.0 + np.hypot(high - 1.0, by_frequency)),
        ),
        noise_density=power.noise_density,
        n_segments=len(fit.score),
        envelope_variance=envelope,
        fit=_check(model),
        share=power.share,
        further=tuple(_line_of(one, fs=fs, band_hz=band_hz) for one in model.further),
    )


def _check(model: ChosenModel) -> FitCheck:
    """Return how well a model holds."""
    test = model.test
    reason = None
    if not test.holds:
        reason = note("MODEL_MISFIT", at_hz=test.at_hz, factor=float(np.exp(test.misfit)))
    return FitCheck(
        shape="gaussian" if model.is_voigt else "lorentzian",
        n_harmonics=model.n_harmonics,
        p_value=test.p_value,
        holds=test.holds,
        reason=reason,
    )


def _shared_intervals(
    model: ChosenModel, noise_share: float, *, band_hz: tuple[float, float]
) -> tuple[float, tuple[float, float, float]]:
    """Return half the interval of the centre, Hz, and value and limits of the width, Hz."""
    fit = model.fit
    rate, spread = np.exp(fit.shared[1:PER_LINE])
    value, slopes = half_power_width_hz(
        np.asarray(rate), np.asarray(spread if model.is_voigt else 0.0)
    )
    width_hz = float(value)
    covariance, freedom = _covariance(fit, width_hz, noise_share)
    # Columns of the centre and of the logarithm of the width among all shared parameters.
    wanted = np.zeros((2, len(fit.shared)))
    wanted[0, 0] = 1.0
    wanted[1, 1:PER_LINE] = slopes
    variance = np.einsum("ij,jk,ik->i", wanted, covariance, wanted)
    half_hz, log_factor = student_quantile(freedom) * np.sqrt(variance)
    if model.is_voigt:
        # What is no Lorentzian has a shape of its own, and need not be even about its centre.
        half_hz += FIT_CHECK.shape_doubt * width_hz
        log_factor += FIT_CHECK.width_doubt
    factor = np.exp(min(float(log_factor), MOST_LOG))
    least_hz = LINE.least_bt / float(fit.duration_s.max())
    is_resolved = (fit.free[1] or (model.is_voigt and fit.free[2])) and width_hz / factor > least_hz
    if is_resolved:
        limits = width_hz / factor, min(width_hz * factor, band_hz[1] - band_hz[0])
    else:
        limits = 0.0, most_bandwidth_hz(model, band_hz=band_hz)
    return float(half_hz), (width_hz, *limits)


def _covariance(
    fit: PooledWhittleFit, width_hz: float, noise_share: float
) -> tuple[Floats, Floats]:
    """Return the covariance of the shared parameters, and freedom of the centre and the width.

    A parameter at its limit has no variance: it is held there, and the others are conditional on
    it. The frequency of an oscillation that keeps its amplitude has twice the variance of noise of
    the same width, B / (2 pi T), because all of its width is diffusion of the phase.
    """
    size = len(fit.shared)
    free = np.flatnonzero(fit.free)
    inverse = np.linalg.inv(fit.information.sum(axis=0) + 1e-12 * np.eye(len(free)))
    if width_hz * float(fit.duration_s.max()) > 1.0:
        inverse = inverse * (free == 0)[:, None] * (free == 0) * (1.0 - noise_share) + inverse
    count = len(fit.score)
    total_s = float(fit.duration_s.sum())
    freedom = np.full(size, LINE.freedom_least + LINE.freedom_per_look * np.pi * width_hz * total_s)
    if count >= POOLED_LINE.least_for_scatter:
        # Where the line wanders from segment to segment, their scatter is the honest error.
        meat = fit.score.T @ fit.score * count / (count - 2.0)
        scatter = np.diag(inverse @ meat @ inverse)
        ratio = np.sqrt(np.maximum(scatter / np.maximum(np.diag(inverse), 1e-300), 1.0))
        inverse = inverse * ratio[:, None] * ratio
        freedom[free[ratio > 1.0]] = np.minimum(freedom[0], count - 2.0)
    covariance = np.zeros((size, size))
    covariance[np.ix_(free, free)] = inverse
    return covariance, np.array([freedom[0], freedom[1:PER_LINE].min()])
