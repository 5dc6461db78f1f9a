"""Which model a set of runs is given: shape of the line, and a second line or harmonic beside it.

Every set gets one Lorentzian line. Where its residual is not noise, wider shoulders and a second
line are tried, and kept if the likelihood is for them. The fits are in
`tremor.measures.pooled_whittle`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from tremor.measures.band import half_span_hz, reach_hz
from tremor.measures.line_motion import envelope_variance, phase_coupling
from tremor.measures.line_shape import half_power_width_hz
from tremor.measures.mean_spectrum import MeanSpectrum
from tremor.measures.pooled_problem import PooledProblem
from tremor.measures.pooled_templates import N_EXPONENTS, PER_LINE
from tremor.measures.pooled_whittle import PooledWhittleFit, fit_pooled_whittle
from tremor.measures.residual_test import ResidualTest, check_ratios
from tremor.measures.run_spectra import RunSpectra
from tremor.settings import FIT_CHECK

__all__ = ["ChosenModel", "choose_models"]


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class ChosenModel:
    """The model of one set.

    Parameters
    ----------
    fit : PooledWhittleFit
        Its fit; the first line is the line of the set.
    is_voigt : bool
        Whether the lines are Voigt lines.
    n_harmonics : int
        Harmonics in the fit, the fundamental included.
    test : ResidualTest
        Of the fit.
    further : tuple of ChosenModel
        Fits of which the first line is a further tremor of the set.
    """

    fit: PooledWhittleFit
    is_voigt: bool
    test: ResidualTest
    n_harmonics: int = 1
    further: tuple[ChosenModel, ...] = ()

    @property
    def is_doubtful(self) -> bool:
        """Whether another model may explain the spectrum clearly better."""
        if all(one.independent.all() for one in self.fit.ratios):
            return self.test.is_doubtful
        return check_ratios(self.fit.ratios, every_bin=True).is_doubtful

    def envelope_variance(self, *, fs: float) -> float:
        """Return that of the first line, see `tremor.measures.line_motion`."""
        centres_hz = self.fit.shared[:-N_EXPONENTS:PER_LINE]
        half_hz = max(FIT_CHECK.motion_hz, 2.0 * self.width_hz)
        if len(centres_hz) > 1:
            half_hz = min(half_hz, float(np.abs(centres_hz[1] - centres_hz[0])) / 2.0)
        half_hz = min(half_hz, self.fit.frequency_hz / 2.0)
        runs = self.fit.problem.runs
        return envelope_variance(runs, self.fit.frequency_hz, half_hz=half_hz, fs=fs)

    @property
    def width_hz(self) -> float:
        """Half-power full width of the first line, Hz."""
        rate, spread = np.exp(self.fit.shared[1:PER_LINE])
        if not self.is_voigt:
            spread = np.zeros(())
        return float(half_power_width_hz(np.asarray(rate), np.asarray(spread))[0])


def choose_models(
    sets: Mapping[int, Sequence[RunSpectra]],
    *,
    tones: Collection[int] = (),
    fs: float,
    band_hz: tuple[float, float],
) -> dict[int, ChosenModel]:
    """Choose and fit the model of each set of runs.

    Parameters
    ----------
    sets : mapping of int to sequence of RunSpectra
        The runs of each set by its number.
    tones : collection of int
        Those of which one sine leaves no more than noise.
    fs : float
        Sampling rate, Hz.
    band_hz : tuple of float
        Band as `tremor.measures.band.usable_band` returns it, Hz.

    Returns
    -------
    dict of int to ChosenModel
        By number; a set that does not vary is left out, and so is a tone that is alone.
    """
    spectra = {
        number: MeanSpectrum.of(runs, fs=fs, band_hz=band_hz) for number, runs in sets.items()
    }
    problems = {
        number: PooledProblem(sets[number], (spectrum.peak_hz,))
        for number, spectrum in spectra.items()
        if spectrum.peak_hz is not None
        and (number not in tones or spectrum.second_peak(FIT_CHECK.least_prominence_beyond))
    }
    chosen = _fitted(problems, is_voigt=False, fs=fs, band_hz=band_hz)
    doubtful = {
        number: problem for number, problem in problems.items() if chosen[number].is_doubtful
    }
    # Leakage of a narrow line is in many bins at once; it hides the flanks of one without tails.
    tapered = {number: replace(problem, is_tapered=True) for number, problem in doubtful.items()}
    plain = _fitted(tapered, is_voigt=False, fs=fs, band_hz=band_hz)
    doubtful = {number: problem for number, problem in tapered.items() if plain[number].is_doubtful}
    wide = _fitted(doubtful, is_voigt=True, fs=fs, band_hz=band_hz)
    wide = _better(plain, wide, FIT_CHECK.shape_evidence)
    unexplained = {number for number in doubtful if number not in wide or wide[number].is_doubtful}
    chosen |= wide
    candidates = {
        number: candidate
        for number, model in chosen.items()
        if (candidate := _second_peak(model, spectra[number], number in unexplained)) is not None
    }
    if not candidates:
        return chosen
    problems = {
        number: _two_lines(chosen[number], spectra[number], candidate, band_hz=band_hz)
        for number, candidate in candidates.items()
    }
    return chosen | _with_second_lines(chosen, problems, fs=fs, band_hz=band_hz)


def _fitted(
    problems: Mapping[int, PooledProblem],
    *,
    is_voigt: bool,
    fs: float,
    band_hz: tuple[float, float],
) -> dict[int, ChosenModel]:
    if not problems:
        return {}
    fits = fit_pooled_whittle(list(problems.values()), fs=fs, band_hz=band_hz, is_voigt=is_voigt)
    return {
        number: ChosenModel(fit=fit, is_voigt=is_voigt, test=check_ratios(fit.ratios))
        for number, fit in zip(problems, fits, strict=True)
    }


def _better(
    simple: Mapping[int, ChosenModel], other: Mapping[int, ChosenModel], evidence: float
) -> dict[int, ChosenModel]:
    """Return those of the others that explain the same bins clearly better."""
    return {
        number: model
        for number, model in other.items()
        if simple[number].fit.deviance - model.fit.deviance > evidence
    }


def _with_second_lines(
    chosen: Mapping[int, ChosenModel],
    problems: Mapping[int, PooledProblem],
    *,
    fs: float,
    band_hz: tuple[float, float],
) -> dict[int, ChosenModel]:
    """Return the models with a second line, where there is one."""
    double = _fitted(problems, is_voigt=False, fs=fs, band_hz=band_hz)
    single: dict[int, ChosenModel] = {}
    for is_voigt in (False, True):
        some = {
            number: replace(problem, centres_hz=problem.centres_hz[1:], shares=(1.0,))
            for number, problem in problems.items()
            if chosen[number].is_voigt == is_voigt
        }
        single |= _fitted(some, is_voigt=is_voigt, fs=fs, band_hz=band_hz)
    kept = {
        number: model
        for number, model in double.items()
        if single[number].fit.deviance - model.fit.deviance > _least_evidence(model)
    }
    if not kept:
        return {}
    swapped = {number: _swapped(model.fit) for number, model in kept.items()}
    other = _fitted(swapped, is_voigt=False, fs=fs, band_hz=band_hz)
    return {number: _arranged(model, other[number], fs=fs) for number, model in kept.items()}


def _second_peak(model: ChosenModel, spectrum: MeanSpectrum, is_unexplained: bool) -> float | None:
    """Return a second peak of the mean spectrum, Hz, if the one line does not explain it."""
    found = spectrum.second_peak(FIT_CHECK.least_prominence)
    if found is None:
        return None
    candidate_hz, prominence = found
    low_hz, high_hz = model.fit.range_hz
    if low_hz < candidate_hz < high_hz:
        explained = not is_unexplained
    else:
        explained = prominence < FIT_CHECK.least_prominence_beyond
    return None if explained else candidate_hz


def _two_lines(
    model: ChosenModel,
    spectrum: MeanSpectrum,
    candidate_hz: float,
    *,
    band_hz: tuple[float, float],
) -> PooledProblem:
    """Return the problem of a second line beside the peak, along the direction of the former."""
    peak_hz = spectrum.peak_hz or model.fit.frequency_hz
    first, second = spectrum.at(candidate_hz), spectrum.at(peak_hz)
    share = first / (first + second)
    low_hz, high_hz = reach_hz(band_hz)
    half_hz = half_span_hz(band_hz)
    return PooledProblem(
        model.fit.problem.runs,
        (candidate_hz, peak_hz),
        (share, 1.0 - share),
        range_hz=(
            max(low_hz, min(peak_hz, candidate_hz) - half_hz),
            min(high_hz, max(peak_hz, candidate_hz) + half_hz),
        ),
        along_hz=_around(candidate_hz, peak_hz),
    )


def _around(centre_hz: float, other_hz: float) -> tuple[float, float]:
    """Return the limits of the bins around a line that show its direction, Hz."""
    half_hz = min(FIT_CHECK.most_direction_hz, abs(centre_hz - other_hz) / 2.0)
    return centre_hz - half_hz, centre_hz + half_hz


def _least_evidence(model: ChosenModel) -> float:
    """Return what the first of two lines must win: more the more of its powers are free."""
    powers = model.fit.powers
    n_active = np.count_nonzero(powers[:, 0] > FIT_CHECK.active_share * powers.sum(axis=1))
    return FIT_CHECK.line_evidence + FIT_CHECK.line_evidence_per_segment * float(n_active)


def _swapped(fit: PooledWhittleFit) -> PooledProblem:
    """Return the problem with the second line first, along its direction, started at its fit."""
    mean = fit.duration_s @ fit.powers
    share = float(np.clip(mean[1] / mean.sum(), 1e-3, 1.0 - 1e-3))
    first_hz, second_hz = float(fit.shared[PER_LINE]), float(fit.shared[0])
    return replace(
        fit.problem,
        centres_hz=(first_hz, second_hz),
        shares=(share, 1.0 - share),
        along_hz=_around(first_hz, second_hz),
    )


def _arranged(one: ChosenModel, other: ChosenModel, *, fs: float) -> ChosenModel:
    """Return the model of two lines: a fundamental before its harmonic, else the stronger first."""
    low, high = sorted((one, other), key=lambda model: model.fit.frequency_hz)
    if _is_harmonic(low, high, fs=fs):
        return replace(low, n_harmonics=2)
    strong, weak = one, other
    if _power(other.fit) > _power(one.fit):
        strong, weak = other, one
    return replace(strong, further=(weak,) if _is_line(weak) else ())


def _is_harmonic(low: ChosenModel, high: ChosenModel, *, fs: float) -> bool:
    """Check whether a line is at twice the frequency of another, and its phase as well."""
    low_hz, high_hz = low.fit.frequency_hz, high.fit.frequency_hz
    apart_hz = abs(high_hz - 2.0 * low_hz)
    sd_hz = float(np.hypot(_sd_hz(high.fit), 2.0 * _sd_hz(low.fit)))
    if apart_hz > max(FIT_CHECK.harmonic_sd * sd_hz, FIT_CHECK.harmonic_share * high_hz):
        return False
    half_hz = min(max(FIT_CHECK.motion_hz, low.width_hz), low_hz / 4.0)
    coupling = phase_coupling(low.fit.problem.runs, low_hz, high_hz, half_hz=half_hz, fs=fs)
    return coupling > FIT_CHECK.least_coupling


def _sd_hz(fit: PooledWhittleFit) -> float:
    information = fit.information.sum(axis=0)
    if not fit.free[0]:
        return 0.0
    return float(np.sqrt(np.linalg.inv(information + 1e-12 * np.eye(len(information)))[0, 0]))


def _power(fit: PooledWhittleFit) -> float:
    return float(fit.duration_s @ fit.powers[:, 0] / fit.duration_s.sum())


def _is_line(model: ChosenModel) -> bool:
    """Check whether a further line is a tremor: strong against the first, and narrow."""
    fit = model.fit
    mean = fit.duration_s @ fit.powers
    is_narrow = model.width_hz < FIT_CHECK.widest_share * fit.frequency_hz
    return bool(is_narrow and mean[0] > FIT_CHECK.least_power_share * mean[1])
