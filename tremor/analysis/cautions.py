"""Cautions: what weakens a result that stays valid, how strongly, and which parts of it.

Each function looks for one kind. What shakes evenly is measured in `tremor.measures.steadiness`;
all else is in the scores of the windows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from tremor.analysis.episodes import EpisodeWindows
from tremor.analysis.window_samples import read_windows
from tremor.dsp.filters import remove_slow
from tremor.dsp.windows import WindowGrid
from tremor.measures.amplitude import typical_peak_to_peak_mm
from tremor.measures.band import slow_cutoff_hz, usable_band
from tremor.measures.steadiness import steadiness
from tremor.notes import note
from tremor.recording import CaptureInfo, Floats, Recording
from tremor.results.cautions import BeyondBand, Caution, Part
from tremor.results.lines import FitCheck
from tremor.results.verdicts import REASON_NAMES, REASONS
from tremor.results.windows import WindowTable
from tremor.settings import CAUTIONS, AnalysisSettings

__all__ = [
    "EvenSwings",
    "band_caution",
    "even_swings",
    "evenness_cautions",
    "find_cautions",
    "model_caution",
    "sample_cautions",
    "shaken_cautions",
    "strap_cautions",
    "vehicle_cautions",
]

Bools = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.int64]

#: Parts that rest on the shaking being a muscle's.
_ALL_OF_TREMOR: Final[tuple[Part, ...]] = (
    "tremor",
    "frequency",
    "bandwidth",
    "strength",
    "recovery",
    "muscle_fatigue",
)
#: Windows whose samples cannot be measured.
_UNMEASURED: Final = ("gap", "clipped", "dead")
#: Windows in which more of them are looked at do not change the answer.
_MOST_ROWS: Final = 256


def find_cautions(
    recording: Recording,
    grid: WindowGrid,
    table: WindowTable,
    episodes: Sequence[EpisodeWindows],
    beyond: BeyondBand | None,
    *,
    settings: AnalysisSettings,
    rms_ms2: float | None,
    known: Sequence[Caution] = (),
) -> tuple[Caution, ...]:
    """Find what weakens the result of a capture.

    Parameters
    ----------
    recording, grid
        The capture, and its windows.
    table : WindowTable
        All windows, judged.
    episodes : sequence of EpisodeWindows
        In order of time.
    beyond : BeyondBand or None
        Shaking outside the band.
    settings : AnalysisSettings
        Thresholds and band.
    rms_ms2 : float or None
        RMS of the tremor of the session, m/s^2; None without one.
    known : sequence of Caution
        Those that were found on the way.

    Returns
    -------
    tuple of Caution
        All of them, the strongest first.
    """
    asked_hz = (settings.band_low_hz, settings.band_high_hz)
    band_hz = usable_band(asked_hz, fs=grid.fs)
    swings = even_swings(recording, grid, table, settings=settings, band_hz=band_hz)
    even = evenness_cautions(table, episodes, swings)
    if even:  # that nothing fits a machine's line is no news
        known = [one for one in known if one.code != "model"]
    found = [
        *known,
        *even,
        *(
            vehicle_cautions(table, beyond, settings=settings)
            or shaken_cautions(table, recording.info)
        ),
        *strap_cautions(table, beyond),
        *sample_cautions(recording.info, rms_ms2, settings=settings),
        *band_caution(band_hz, asked_hz, fs=grid.fs),
    ]
    return tuple(sorted(found, key=lambda one: -one.strength))


@dataclass(frozen=True, eq=False, slots=True)
class EvenSwings:
    """How even the swing is in some windows.

    Parameters
    ----------
    rows : ndarray of int, shape (n,)
        The windows.
    share : ndarray, shape (n,)
        Share of the line that one even swing explains, as
        `tremor.measures.steadiness.steadiness` returns it.
    frequency_hz : ndarray, shape (n,)
        Frequency of that swing, Hz.
    rms_ms2 : ndarray, shape (n,)
        RMS of the line, m/s^2.
    """

    rows: Rows
    share: Floats
    frequency_hz: Floats
    rms_ms2: Floats


def even_swings(
    recording: Recording,
    grid: WindowGrid,
    table: WindowTable,
    *,
    settings: AnalysisSettings,
    band_hz: tuple[float, float],
) -> EvenSwings:
    """Measure how even the swing is in the strong windows.

    Parameters
    ----------
    recording, grid, table
        The capture and its windows, judged.
    settings : AnalysisSettings
        The strength that counts.
    band_hz : tuple of float
        Usable part of the band, Hz.

    Returns
    -------
    EvenSwings
        Of at most 256 windows, spread over the capture: those that are strong in the band,
        whatever their verdict, unless the leg moves or samples are missing.
    """
    rows = _even_rows(table, settings=settings)
    windows = read_windows(recording, grid, rows, band_hz=band_hz)
    whole = np.isfinite(windows).all(axis=(1, 2))
    rows, windows = rows[whole], windows[whole]
    if not rows.size:
        return EvenSwings(rows, *([np.zeros(0)] * 3))
    found = steadiness(
        remove_slow(windows, fs=grid.fs, cutoff_hz=slow_cutoff_hz(band_hz)),
        table.scores["peak_hz"][rows],
        fs=grid.fs,
        band_hz=band_hz,
    )
    return EvenSwings(rows, found.share, found.frequency_hz, found.rms_ms2)


def _even_rows(table: WindowTable, *, settings: AnalysisSettings) -> Rows:
    if not {"band_rms_ms2", "peak_hz", "low_rms_ms2"} <= set(table.scores):
        return np.zeros(0, dtype=np.int64)
    scores = table.scores
    with np.errstate(invalid="ignore"):
        strong = (
            (scores["band_rms_ms2"] >= settings.least_rms_ms2)
            & (scores["low_rms_ms2"] <= settings.most_low_rms_ms2)
            & np.isfinite(scores["peak_hz"])
            & ~_is(table, *_UNMEASURED)
        )
    rows = np.flatnonzero(strong)
    return rows[np.linspace(0, len(rows) - 1, min(len(rows), _MOST_ROWS)).astype(np.int64)]


def _is(table: WindowTable, *verdicts: str) -> Bools:
    found = np.array([REASONS[name].verdict in verdicts for name in REASON_NAMES])
    return found[table.reason]


def evenness_cautions(
    table: WindowTable, episodes: Sequence[EpisodeWindows], swings: EvenSwings
) -> list[Caution]:
    """Look for what swings more evenly than a muscle: a machine, or a leg that is bounced.

    Parameters
    ----------
    table : WindowTable
        All windows, judged.
    episodes : sequence of EpisodeWindows
        Each is looked at by itself.
    swings : EvenSwings
        What `even_swings` returns.

    Returns
    -------
    list of Caution
        For the whole capture if that holds for most of it, else for single episodes.
    """
    found = _evenness(swings, np.ones(len(table), dtype=np.bool_))
    if found:
        return found
    return [
        one
        for episode in episodes
        for one in _evenness(swings, episode.members, span_s=(episode.start_s, episode.end_s))
    ]


def _evenness(
    swings: EvenSwings,
    members: Bools,
    *,
    span_s: tuple[float | None, float | None] = (None, None),
) -> list[Caution]:
    inside = members[swings.rows] & np.isfinite(swings.share)
    if np.count_nonzero(inside) < CAUTIONS.least_even_windows:
        return []
    share = float(np.median(swings.share[inside]))
    found = [_machine(share, swings, inside, span_s), _voluntary(share, swings, inside, span_s)]
    return [one for one in found if one is not None]


def _machine(
    share: float, swings: EvenSwings, inside: Bools, span_s: tuple[float | None, float | None]
) -> Caution | None:
    low, high = CAUTIONS.even_share
    if share <= low:
        return None
    strength = min(1.0, (share - low) / (high - low))
    frequency_hz = float(np.median(swings.frequency_hz[inside]))
    statement = note("MACHINE_LIKE", even_share=share, frequency_hz=frequency_hz)
    if strength < CAUTIONS.sure_strength:
        statement = note("MACHINE_POSSIBLE", even_share=share, frequency_hz=frequency_hz)
    start_s, end_s = span_s
    return Caution(
        code="machine",
        about=_ALL_OF_TREMOR,
        strength=strength,
        statement=statement,
        start_s=start_s,
        end_s=end_s,
    )


def _voluntary(
    share: float, swings: EvenSwings, inside: Bools, span_s: tuple[float | None, float | None]
) -> Caution | None:
    frequency_hz = float(np.median(swings.frequency_hz[inside]))
    rms_ms2 = swings.rms_ms2[inside]
    size_mm = float(
        typical_peak_to_peak_mm(np.median(rms_ms2) ** 2 / (2.0 * np.pi * frequency_hz) ** 4)
    )
    low, high = CAUTIONS.hand_share
    least_mm, full_mm = CAUTIONS.bounce_mm
    if not low < share < high or frequency_hz > CAUTIONS.bounce_hz or size_mm < least_mm:
        return None
    likeness = (size_mm - least_mm) / (full_mm - least_mm)
    # Nobody keeps the size of a movement as constant as its tempo.
    if np.std(rms_ms2) >= CAUTIONS.least_size_scatter * np.mean(rms_ms2):
        likeness = max(likeness, (share - low) / (CAUTIONS.surely_hand_share - low))
    return Caution(
        code="voluntary",
        about=_ALL_OF_TREMOR,
        strength=min(1.0, 0.5 + 0.5 * likeness),
        statement=note("BOUNCED", size_mm=size_mm, frequency_hz=frequency_hz),
        start_s=span_s[0],
        end_s=span_s[1],
    )


def vehicle_cautions(
    table: WindowTable, beyond: BeyondBand | None, *, settings: AnalysisSettings
) -> list[Caution]:
    """Look for shaking of seat or vehicle: broad, slow parts strong, and never a pause.

    Parameters
    ----------
    table : WindowTable
        All windows, judged.
    beyond : BeyondBand or None
        Shaking outside the band; slow rocking is no vehicle.
    settings : AnalysisSettings
        The strength that counts.

    Returns
    -------
    list of Caution
        One at most.
    """
    if not {"band_rms_ms2", "peak_fraction", "low_rms_ms2"} <= set(table.scores):
        return []
    used = ~_is(table, "gait", *_UNMEASURED)
    low, band = table.scores["low_rms_ms2"][used], table.scores["band_rms_ms2"][used]
    fraction = table.scores["peak_fraction"][used]
    fraction = fraction[np.isfinite(fraction)]
    if len(low) < CAUTIONS.vehicle_windows or 2 * len(fraction) < len(low):
        return []
    level, ratio = float(np.median(low)), float(np.median(low / np.maximum(band, 1e-9)))
    if not (
        CAUTIONS.vehicle_low_ms2[0] <= level <= CAUTIONS.vehicle_low_ms2[1]
        and np.median(band) >= settings.least_rms_ms2
        and np.quantile(np.hypot(low, band), 0.1)
        >= CAUTIONS.vehicle_pause * np.median(np.hypot(low, band))
    ):
        return []
    if beyond is not None and beyond.where == "below" and ratio > CAUTIONS.rocking_ratio:
        return []
    # The broader it is in the band, the less of it needs to be slow.
    needed = np.exp(
        np.interp(
            float(np.median(fraction)), CAUTIONS.vehicle_fraction, np.log(CAUTIONS.vehicle_ratio)
        )
    )
    strength = 0.5 + np.log2(ratio / needed) / 2.0
    if ratio < needed:
        return []
    return [
        Caution(
            code="vehicle",
            about=_ALL_OF_TREMOR,
            strength=float(min(1.0, strength)),
            statement=note("VEHICLE_LIKE", slow_ms2=level, band_ms2=float(np.median(band))),
        )
    ]


def shaken_cautions(table: WindowTable, info: CaptureInfo) -> list[Caution]:
    """Look for strong broad shaking in several directions without a pause.

    A muscle shakes a leg in one direction and in a line. A seat does neither, also where its
    springs leave little of the slow parts.

    Parameters
    ----------
    table : WindowTable
        All windows, judged.
    info : CaptureInfo
        The capture; coarse steps make noise in all directions.

    Returns
    -------
    list of Caution
        One at most, ``vehicle``.
    """
    if not {"band_rms_ms2", "peak_fraction", "floor_rms_ms2"} <= set(table.scores):
        return []
    used = ~_is(table, "gait", "heartbeat", *_UNMEASURED)
    judged = table.where("tremor") | table.where("no_tremor")
    band, above, fraction = (
        table.scores[name][used] for name in ("band_rms_ms2", "floor_rms_ms2", "peak_fraction")
    )
    fraction = fraction[np.isfinite(fraction)]
    least = max(CAUTIONS.vehicle_windows, CAUTIONS.shaken_judged * len(band))
    if np.count_nonzero(judged) < least or 2 * len(fraction) < len(band):
        return []
    level, share = float(np.median(band)), float(np.median(fraction))
    noise = float(np.median(np.nan_to_num(above)))
    least_ms2 = max(CAUTIONS.shaken_ms2, CAUTIONS.shaken_over_noise * noise)
    is_strong = level >= max(least_ms2, info.resolution_ms2 or 0.0)
    is_broad = share <= CAUTIONS.shaken_fraction
    # Only windows with a line have a direction.
    directed = table.polarisation[used & np.isfinite(table.polarisation)]
    in_several = not directed.size or np.median(directed) <= CAUTIONS.shaken_polarisation
    never_pauses = np.quantile(band, 0.1) >= CAUTIONS.vehicle_pause * level
    if not (is_strong and is_broad and in_several and never_pauses):
        return []
    return [
        Caution(
            code="vehicle",
            about=_ALL_OF_TREMOR,
            strength=CAUTIONS.shaken_strength,
            statement=note("SHAKEN_ALL_WAYS", band_ms2=level, share=share),
        )
    ]


def strap_cautions(table: WindowTable, beyond: BeyondBand | None) -> list[Caution]:
    """Look for broad shaking above the band, as of a strap that is loose.

    Parameters
    ----------
    table : WindowTable
        All windows, judged.
    beyond : BeyondBand or None
        A line above the band is a motor and no strap.

    Returns
    -------
    list of Caution
        One at most.
    """
    judged = table.where("tremor") | table.where("no_tremor")
    if not judged.any() or (beyond is not None and beyond.where == "above"):
        return []
    above = float(np.median(table.scores["floor_rms_ms2"][judged]))
    inside = float(np.median(table.scores["band_rms_ms2"][judged]))
    if above <= CAUTIONS.loose_ms2 or above <= CAUTIONS.loose_share * inside:
        return []
    return [
        Caution(
            code="strap_loose",
            about=("strength", "bandwidth"),
            strength=min(1.0, above / max(inside, 1e-9) / 2.0),
            statement=note("STRAP_LOOSE", above_ms2=above, inside_ms2=inside),
        )
    ]


def sample_cautions(
    info: CaptureInfo, rms_ms2: float | None, *, settings: AnalysisSettings
) -> list[Caution]:
    """Look at steps and losses of the samples.

    Parameters
    ----------
    info : CaptureInfo
        The capture.
    rms_ms2 : float or None
        RMS of the tremor, m/s^2; None without one.
    settings : AnalysisSettings
        The least strength that counts where there is no tremor.

    Returns
    -------
    list of Caution
        ``resolution`` if a step is coarse for the tremor, or for the least one; ``holes`` if many
        samples are missing.
    """
    found = []
    step_ms2 = info.resolution_ms2
    limit_ms2 = CAUTIONS.coarse_steps * (rms_ms2 or settings.least_rms_ms2)
    if step_ms2 is not None and step_ms2 > limit_ms2:
        found.append(
            Caution(
                code="resolution",
                about=("tremor", "bandwidth", "strength", "recovery"),
                strength=min(1.0, 0.25 * step_ms2 / limit_ms2),
                statement=note("COARSE_STEPS", step_ms2=step_ms2),
            )
        )
    n_lost = sum(gap.n_lost for gap in info.holes)
    share = n_lost / max(1, n_lost + info.n_samples)
    if share > CAUTIONS.missing_share:
        found.append(
            Caution(
                code="holes",
                about=("tremor", "strength", "recovery"),
                strength=min(1.0, share),
                statement=note("SAMPLES_MISSING", share=share),
            )
        )
    return found


def model_caution(fit: FitCheck | None) -> list[Caution]:
    """Return a caution where one line does not describe the tremor of the session.

    Parameters
    ----------
    fit : FitCheck or None
        Of the line of the session.

    Returns
    -------
    list of Caution
        One at most.
    """
    if fit is None or fit.reason is None or (fit.holds and fit.agrees_with_windows is not False):
        return []
    return [
        Caution(
            code="model",
            about=("frequency", "bandwidth", "strength"),
            strength=CAUTIONS.model_strength,
            statement=note("ONE_LINE_MISFIT", why=fit.reason),
        )
    ]


def band_caution(
    band_hz: tuple[float, float], asked_hz: tuple[float, float], *, fs: float
) -> list[Caution]:
    """Return a caution where the sampling rate cuts the band off.

    Parameters
    ----------
    band_hz, asked_hz : tuple of float
        Usable part of the band, and all of it, Hz.
    fs : float
        Sampling rate, Hz.

    Returns
    -------
    list of Caution
        One at most.
    """
    if band_hz == asked_hz:
        return []
    missing = (asked_hz[1] - band_hz[1]) / (asked_hz[1] - asked_hz[0])
    return [
        Caution(
            code="band_limited",
            about=("tremor",),
            strength=float(min(1.0, missing)),
            statement=note(
                "BAND_LIMITED",
                low_hz=band_hz[0],
                high_hz=band_hz[1],
                rate_hz=fs,
                asked_high_hz=asked_hz[1],
            ),
        )
    ]
