"""A leg in a session as it is compared."""

from __future__ import annotations

from tremor.estimate import Estimate
from tremor.notes import note
from tremor.results.analysis import Analysis
from tremor.results.comparison import SessionRow

__all__ = ["row_of"]


def row_of(analysis: Analysis, name: str | None = None) -> SessionRow:
    """Return what is compared of a result.

    Parameters
    ----------
    analysis : Analysis
        Of one leg.
    name : str, optional
        What it is called; the name of its file without it.

    Returns
    -------
    SessionRow
        With the estimates of its summary and its recovery.
    """
    summary, recovery = analysis.summary, analysis.recovery
    half_life = Estimate.missing(note("NOT_SAVED")) if recovery is None else recovery.half_life_s
    return SessionRow(
        name=analysis.source.name if name is None else name,
        sha256=analysis.source.sha256,
        started_at=analysis.recording.started_at,
        placement=analysis.recording.placement,
        status=analysis.status,
        version=analysis.software.get("version", ""),
        initial_rms_ms2=summary.initial_rms_ms2,
        final_rms_ms2=summary.final_rms_ms2,
        rms_ms2=summary.rms_ms2,
        frequency_hz=summary.frequency_hz,
        half_life_s=half_life,
    )
