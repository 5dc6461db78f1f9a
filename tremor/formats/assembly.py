"""The straight way from a table and what is declared of it to a recording.

Unit and gravity are found by `tremor.formats.csv.units_and_gravity`, the rate by
`tremor.formats.even_grid`; gaps, dead axes, rails and the scale of the sensor are found here, by
`tremor.integrity`. Reading the table is not done here.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np

from tremor.formats.csv.time_units import typical_step
from tremor.formats.csv.units_and_gravity import UnitAndGravity, find_unit_and_gravity
from tremor.formats.even_grid import SamplingRate, put_on_even_grid
from tremor.formats.fillings import mark_fillings
from tremor.formats.table import DeclaredFacts, Table
from tremor.integrity import Rails, chunked_resolution_ms2, chunked_scale_correction, find_rails
from tremor.notes import note
from tremor.recording import AXES, Gap, Recording, SensorInfo, Source, gaps_of
from tremor.storage import StoredSamples

__all__ = ["assemble"]

#: Rows that show the usual step.
_FIRST_ROWS: Final = 20_000


def assemble(
    table: Table,
    facts: DeclaredFacts,
    *,
    source: Source | None = None,
    is_of_recorder: bool = False,
) -> Recording:
    """Make a recording of a table.

    Parameters
    ----------
    table : Table
        Samples and stamps. The recording takes the samples over and closes them.
    facts : DeclaredFacts
        What is declared beside them.
    source : Source, optional
        The file.
    is_of_recorder : bool
        Whether the recorder wrote it, which marks what is lost.

    Returns
    -------
    Recording
        On an even grid; its samples where the table had them, in memory or on disk.

    Raises
    ------
    CaptureReadError
        If unit or sampling rate are neither declared nor evident.
    InvalidInputError
        If the stamps determine no rate.
    """
    if not is_of_recorder:
        period_s = _usual_period_s(table, facts)
        mark_fillings(table, period_s=period_s, first_row_number=facts.first_row_number)
    quantity = find_unit_and_gravity(table, facts)
    # Samples that are interpolated below show no step.
    step_ms2 = chunked_resolution_ms2(table.chunks(quantity.unit_ms2))
    rate = put_on_even_grid(table, facts)
    gaps = _find_gaps(table, rate)
    dead_axes = _find_dead_axes(table)
    scale_correction = _find_scale_correction(table, quantity, rate.sampling_rate_hz)
    started_at = _start_time(table, facts, rate.first_stamp_s)
    if facts.placement is not None:
        table.decide("placement", str(facts.placement), facts.how("placement"))
    rails = _find_rails(table, quantity, facts.sensor)
    if table.stamps is not None:
        table.stamps.close()
    # One argument for each fact: here, and only here, facts of a table enter a recording.
    return Recording(
        samples=StoredSamples(table.values, quantity.unit_ms2, rails),
        started_at=started_at,
        sampling_rate_hz=rate.sampling_rate_hz,
        nominal_sampling_rate_hz=rate.nominal_hz,
        sampling_rate_sd_hz=rate.sd_hz,
        unit_in=quantity.unit_in,
        gravity=quantity.gravity,
        scale_correction=scale_correction,
        gaps=gaps,
        segments=rate.segments,
        dead_axes=dead_axes,
        resolution_ms2=None if step_ms2 is None else step_ms2 * scale_correction,
        sensor=facts.sensor,
        placement=facts.placement,
        warnings=tuple(table.warnings),
        decisions=table.ordered_decisions(),
        history=tuple(table.history),
        source=source,
    )


def _usual_period_s(table: Table, facts: DeclaredFacts) -> float | None:
    """Return the usual step from row to row, s, before the clock is fitted; None if unknown."""
    if table.stamps is not None and len(table.stamps) > 1:
        step_s = typical_step(table.stamps.read(0, _FIRST_ROWS)[:, 0])
        return step_s if step_s > 0.0 else None
    rate_hz = facts.sampling_rate_hz or facts.nominal_sampling_rate_hz
    return 1.0 / rate_hz if rate_hz else None


def _find_scale_correction(table: Table, quantity: UnitAndGravity, rate_hz: float) -> float:
    if quantity.gravity != "included" or table.statistics.is_single_axis():
        return 1.0
    scale = chunked_scale_correction(table.chunks(quantity.unit_ms2), sampling_rate_hz=rate_hz)
    if scale is None:
        return 1.0
    table.history.append(f"scale correction {scale:.4f} found in the still seconds")
    return scale


def _start_time(table: Table, facts: DeclaredFacts, first_stamp_s: float) -> datetime | None:
    """Return the wall time of the first sample; None if it is unknown."""
    if facts.started_at is not None:
        started_at = facts.started_at + timedelta(seconds=first_stamp_s)
        table.decide("started_at", started_at.isoformat(), facts.how("started_at"))
        return started_at
    if table.epoch_s is None:
        return None
    if not table.zone_known:
        table.warnings.append(note("TIME_ZONE_UNKNOWN"))
        return None
    started_at = datetime.fromtimestamp(table.epoch_s + first_stamp_s, tz=UTC)
    table.decide("started_at", started_at.isoformat(), "told")
    return started_at


def _find_rails(table: Table, quantity: UnitAndGravity, sensor: SensorInfo | None) -> Rails:
    statistics = table.statistics
    return find_rails(
        table.chunks(quantity.unit_ms2),
        range_ms2=sensor.range_ms2 if sensor else None,
        limits_ms2=(
            statistics.minimum * quantity.unit_ms2,
            statistics.maximum * quantity.unit_ms2,
        ),
    )


def _find_gaps(table: Table, rate: SamplingRate) -> tuple[Gap, ...]:
    gaps = gaps_of(
        table.statistics.lost_mask(),
        sampling_rate_hz=rate.sampling_rate_hz,
        segments=rate.segments,
    )
    if not gaps:
        return ()
    n_lost = sum(gap.n_lost for gap in gaps)
    longest = max(gaps, key=lambda gap: gap.duration_s)
    table.warnings.append(
        note(
            "GAPS",
            n_gaps=len(gaps),
            n_lost=n_lost,
            longest_s=longest.duration_s,
            longest_at_s=longest.start_s,
        )
    )
    n_kept = table.statistics.n_lost
    table.history.append(f"lost samples kept as missing: {n_kept}, gaps: {len(gaps)}")
    return gaps


def _find_dead_axes(table: Table) -> tuple[str, ...]:
    constant, zero = table.statistics.constant(), table.statistics.zero()
    single_axis = table.statistics.is_single_axis()
    # The two other columns of a single-axis instrument are not broken.
    dead = () if single_axis and constant.sum() == zero.sum() else np.flatnonzero(constant)
    dead_axes = tuple(AXES[axis] for axis in dead)
    if dead_axes:
        table.warnings.append(note("DEAD_AXIS", axes=dead_axes))
    if single_axis:
        table.warnings.append(note("SINGLE_AXIS"))
    return dead_axes
