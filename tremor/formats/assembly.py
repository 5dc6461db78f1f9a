"""The last step of reading: a table whose unit and sampling rate are known becomes a recording.

Gaps, dead axes, rails and the scale of the sensor are found here, by `tremor.integrity`.
"""

from __future__ import annotations

import numpy as np

from tremor.formats.capture_file import CaptureFile
from tremor.formats.csv.preamble import declared_placement, declared_sensor, start_time
from tremor.formats.csv.sniffing import TableLayout
from tremor.formats.csv.units_and_gravity import UnitAndGravity
from tremor.formats.even_grid import SamplingRate
from tremor.formats.table import Table
from tremor.integrity import chunked_scale_correction, find_rails
from tremor.notes import note
from tremor.recording import AXES, Gap, Placement, Recording, Source, gaps_of
from tremor.storage import StoredSamples

__all__ = ["assemble"]


def assemble(
    table: Table,
    layout: TableLayout,
    capture: CaptureFile,
    *,
    quantity: UnitAndGravity,
    rate: SamplingRate,
    placement: Placement | None,
) -> Recording:
    """Make a recording of a table.

    Parameters
    ----------
    table : Table
        Samples on the even grid. The recording takes them over and closes them.
    layout : TableLayout
        Format and preamble.
    capture : CaptureFile
        The file.
    quantity : UnitAndGravity
        Unit of the samples, and whether they include gravity.
    rate : SamplingRate
        Sampling rate.
    placement : Placement or None
        Declared by the user, which takes precedence.

    Returns
    -------
    Recording
        Its samples where the table had them, in memory or on disk.
    """
    rate_hz, sensor = rate.sampling_rate_hz, declared_sensor(layout)
    gaps = _find_gaps(table, rate_hz)
    dead_axes = _find_dead_axes(table)
    samples = table.chunks(quantity.unit_ms2)
    scale = None
    if quantity.gravity == "included":
        scale = chunked_scale_correction(samples, sampling_rate_hz=rate_hz)
        if scale is not None:
            table.history.append(f"scale correction {scale:.4f} found in the still seconds")
    started_at = start_time(layout, table, rate.first_stamp_s)
    limits = (table.statistics.minimum, table.statistics.maximum)
    rails = find_rails(
        samples,
        range_ms2=sensor.range_ms2 if sensor else None,
        limits_ms2=(limits[0] * quantity.unit_ms2, limits[1] * quantity.unit_ms2),
    )
    if table.stamps is not None:
        table.stamps.close()
    # One argument for each fact: here, and only here, facts of a text table enter a recording.
    return Recording(
        samples=StoredSamples(table.values, quantity.unit_ms2, rails),
        started_at=started_at,
        sampling_rate_hz=rate_hz,
        nominal_sampling_rate_hz=rate.nominal_hz,
        sampling_rate_sd_hz=rate.sd_hz,
        unit_in=quantity.unit_in,
        gravity=quantity.gravity,
        scale_correction=1.0 if scale is None else scale,
        gaps=gaps,
        dead_axes=dead_axes,
        sensor=sensor,
        placement=placement or declared_placement(layout),
        warnings=tuple(table.warnings),
        history=tuple(table.history),
        source=Source(capture.path.name, table.sha256 or capture.sha256(), layout.format.slug),
    )


def _find_gaps(table: Table, rate_hz: float) -> tuple[Gap, ...]:
    n_lost = table.statistics.n_lost
    if not n_lost:
        return ()
    gaps = gaps_of(table.statistics.lost_mask(), sampling_rate_hz=rate_hz)
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
    table.history.append(f"lost samples kept as missing: {n_lost}, gaps: {len(gaps)}")
    return gaps


def _find_dead_axes(table: Table) -> tuple[str, ...]:
    constant, zero = table.statistics.constant(), table.statistics.zero()
    single_axis = int(zero.sum()) == len(AXES) - 1
    # The two other columns of a single-axis instrument are not broken.
    dead = () if single_axis and constant.sum() == zero.sum() else np.flatnonzero(constant)
    dead_axes = tuple(AXES[axis] for axis in dead)
    if dead_axes:
        table.warnings.append(note("DEAD_AXIS", axes=dead_axes))
    if single_axis:
        table.warnings.append(note("SINGLE_AXIS"))
    return dead_axes
