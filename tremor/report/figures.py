"""The figures of an analysis as SVG that stands in a page."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Final

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import (
    FuncFormatter,
    LogLocator,
    MaxNLocator,
    MultipleLocator,
    NullLocator,
)

from tremor.report.figure_style import (
    BLUE,
    GREEN,
    GREY,
    INK,
    ORANGE,
    SKY,
    STYLE,
    VERMILLION,
    WIDTH_IN,
    svg_of,
)
from tremor.report.messages import text
from tremor.report.numbers import clock, value_text
from tremor.report.time_axis import TIME_STEPS_S, TimeAxis
from tremor.report.view import verdict_word
from tremor.results.verdicts import VERDICTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import FigureBase

    from tremor.recording import CaptureInfo, Floats, Marker
    from tremor.results.analysis import Analysis, SpectrumView
    from tremor.results.estimates import TremorEstimates
    from tremor.results.views import Spectrogram, Strip
    from tremor.results.windows import WindowTable

__all__ = [
    "amplitude_svg",
    "plot",
    "quality_svg",
    "spectrogram_svg",
    "spectrum_svg",
    "strip_svg",
]

#: Of the half-power bands of several tremors.
_BANDS: Final = (ORANGE, GREEN, SKY)

_AMPLITUDE_IN: Final = 3.6
_SPECTRUM_IN: Final = 3.0
_STRIP_IN: Final = 2.8
#: Beyond so many windows, shapes are drawn as pixels, or a day would weigh tens of megabytes.
_MOST_SHAPES: Final = 3000
#: Frequencies of the spectrum that are drawn, Hz; below the first, slow movement fills the figure.
_LEAST_SHOWN_HZ: Final = 2.0
_MOST_SHOWN_HZ: Final = 20.0
#: Most decades of density in a figure; bins of no power are as low as rounding leaves them.
_DECADES: Final = 6.0
#: Verdict groups of the strip: section and name of its words, verdicts, colour, hatch.
_GROUPS: Final = (
    (("verdict", "tremor"), ("tremor",), BLUE, ""),
    (("verdict", "no_tremor"), ("no_tremor",), SKY, ".."),
    (
        ("figure", "not_judged"),
        tuple(v for v in VERDICTS if v not in {"tremor", "no_tremor"}),
        GREY,
        "//",
    ),
)


class _NotebookFigure(Figure):
    """A figure that a notebook shows, whether or not pyplot was used before."""

    def _repr_png_(self) -> bytes:
        buffer = io.BytesIO()
        self.savefig(buffer, format="png", dpi=self.get_dpi())
        return buffer.getvalue()


def plot(analysis: Analysis) -> Figure:
    """Draw strength over time and, where any window could be judged, the spectrum.

    Parameters
    ----------
    analysis : Analysis
        The result.

    Returns
    -------
    matplotlib.figure.Figure
        The figures of the report, one above the other; ``savefig`` writes it, and a notebook shows
        it.
    """
    spectrum, summary = analysis.spectrum, analysis.summary
    heights = [_AMPLITUDE_IN] if spectrum is None else [_AMPLITUDE_IN, _SPECTRUM_IN]
    with mpl.rc_context(STYLE):
        figure = _NotebookFigure(figsize=(WIDTH_IN, sum(heights)), layout="constrained")
        parts = figure.subfigures(len(heights), 1, height_ratios=heights, squeeze=False)[:, 0]
        _fill_amplitude(parts[0], analysis)
        if spectrum is not None:
            _fill_spectrum(parts[1], spectrum, summary.lines or (summary,))
    return figure


def amplitude_svg(analysis: Analysis, *, prefix: str, title: str, desc: str) -> str:
    """Draw the RMS acceleration of the windows over time, with episodes and verdicts.

    Parameters
    ----------
    analysis : Analysis
        The result.
    prefix : str
        Begins every id of the figure, so that several can stand in one page.
    title, desc : str
        Read out in place of the figure.

    Returns
    -------
    str
        One ``svg`` element.
    """
    with mpl.rc_context({**STYLE, "svg.hashsalt": prefix}):
        figure = Figure(figsize=(WIDTH_IN, _AMPLITUDE_IN), layout="constrained")
        _fill_amplitude(figure, analysis)
        return svg_of(figure, prefix=prefix, title=title, desc=desc)


def _fill_amplitude(figure: FigureBase, analysis: Analysis) -> None:
    upper, strip = figure.subplots(2, 1, sharex=True, height_ratios=(7.0, 0.6))
    time = TimeAxis.of(analysis.recording)
    _draw_amplitude(upper, analysis, time)
    _draw_strip(strip, analysis.windows, time)
    strip.set_xlim(0.0, max(time.length_s, 1e-3))
    _time_axis(strip, time)
    figure.legend(
        handles=[
            Patch(facecolor=colour, hatch=hatch, label=text(*words), edgecolor="white")
            for words, _, colour, hatch in _GROUPS
        ],
        loc="outside lower center",
        ncols=3,
        frameon=False,
        fontsize=11,
    )


def _draw_amplitude(axes: Axes, analysis: Analysis, time: TimeAxis) -> None:
    table = analysis.windows
    centre, step_s = _centres(table)
    value, low, high = (table.estimates["rms_ms2"][:, column].copy() for column in range(3))
    rasterized = len(table) > _MOST_SHAPES
    # A line joins neighbours alone: a row of NaN goes wherever windows do not follow each other.
    breaks = np.flatnonzero(np.diff(centre) > 1.5 * step_s) + 1
    centre, value, low, high = (
        np.insert(column, breaks, np.nan) for column in (time.drawn(centre), value, low, high)
    )
    axes.fill_between(centre, low, high, color=SKY, alpha=0.5, linewidth=0, rasterized=rasterized)
    axes.plot(
        centre, value, color=BLUE, linewidth=1.4, marker="o", markersize=2.2, rasterized=rasterized
    )
    recovery = analysis.recovery
    if recovery is not None and recovery.verdict == "decays":
        time_s = time.drawn(recovery.rest_start_s + recovery.curve_time_s)
        axes.fill_between(
            time_s,
            recovery.curve_low_ms2,
            recovery.curve_high_ms2,
            color=GREY,
            alpha=0.3,
            linewidth=0,
        )
        axes.plot(time_s, recovery.curve_rms_ms2, color=INK, linewidth=1.6)
    for gap in analysis.recording.gaps:
        axes.axvspan(
            *time.drawn(np.array([gap.start_s, gap.start_s + gap.duration_s])).tolist(),
            facecolor="#eeeeee",
            edgecolor=GREY,
            hatch="////",
            linewidth=0,
        )
    for at_s in time.breaks().tolist():
        axes.axvline(at_s, color=INK, linestyle="--", linewidth=1.2)
    top = _top(high, value)
    axes.set_ylim(0.0, 1.12 * top)
    _draw_markers(axes, analysis.recording.markers, time)
    axes.set_ylabel(text("figure", "amplitude_axis"))
    axes.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))


def _draw_markers(axes: Axes, markers: Sequence[Marker], time: TimeAxis) -> None:
    """Draw what the runner marked, numbered from the first; pain with its rating."""
    for number, one in enumerate(markers, start=1):
        pain = one.kind == "pain"
        colour = VERMILLION if pain else INK
        at_s = float(time.drawn(np.array([one.time_s]))[0])
        axes.axvline(at_s, color=colour, linestyle=":", linewidth=1.2)
        axes.annotate(
            text("figure", "pain", rating=one.text) if pain else str(number),
            (at_s, 1.0),
            xycoords=("data", "axes fraction"),
            ha="center",
            va="bottom",
            color=colour,
        )


def _top(*columns: Floats) -> float:
    together = np.concatenate(columns)
    together = together[np.isfinite(together)]
    return float(together.max()) if together.size and together.max() > 0.0 else 1.0


def _centres(table: WindowTable) -> tuple[Floats, float]:
    """Return the centre of every window and the step from one to the next, s."""
    centre: Floats = (table.start_s + table.end_s) / 2.0
    step_s = float(np.median(np.diff(centre))) if len(centre) > 1 else 1.0
    return centre, step_s


def _stretches(
    table: WindowTable, chosen: np.typing.NDArray[np.bool_], time: TimeAxis
) -> list[tuple[float, float]]:
    """Join windows that follow each other to (start, length), each as long as one step."""
    if not chosen.any():
        return []
    centre, step_s = _centres(table)
    rows = np.flatnonzero(chosen)
    cuts = np.flatnonzero((np.diff(rows) > 1) | (np.diff(centre[rows]) > 1.5 * step_s)) + 1
    runs = np.split(rows, cuts)
    begin = time.drawn(centre[[run[0] for run in runs]] - step_s / 2.0)
    end = time.drawn(centre[[run[-1] for run in runs]] + step_s / 2.0)
    return list(zip(begin.tolist(), (end - begin).tolist(), strict=True))


def _draw_strip(axes: Axes, table: WindowTable, time: TimeAxis) -> None:
    for _, verdicts, colour, hatch in _GROUPS:
        chosen = np.isin(table.verdict, verdicts)
        axes.broken_barh(
            _stretches(table, chosen, time),
            (0.0, 1.0),
            facecolor=colour,
            hatch=None if len(table) > _MOST_SHAPES else hatch,  # pixels of hatches take seconds
            edgecolor="white",
            linewidth=0,
            rasterized=len(table) > _MOST_SHAPES,
        )
    axes.set_ylim(0.0, 1.0)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)


def _time_axis(axes: Axes, time: TimeAxis) -> None:
    span_s = axes.get_xlim()[1]
    if time.is_cut:
        ticks, span_s = time.ticks(), float(time.time_s[-1])
        axes.set_xticks([tick.at_s for tick in ticks], [clock(tick.time_s) for tick in ticks])
    else:
        step_s = next((step for step in TIME_STEPS_S if span_s / step <= 5), TIME_STEPS_S[-1])
        axes.xaxis.set_major_locator(MultipleLocator(step_s))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda second, _: clock(max(second, 0.0))))
    axes.set_xlabel(text("figure", "time_axis_hours" if span_s >= 3600.0 else "time_axis"))


def spectrum_svg(
    spectrum: SpectrumView,
    lines: Sequence[TremorEstimates],
    *,
    prefix: str,
    title: str,
    desc: str,
) -> str:
    """Draw the mean spectrum with the fitted lines and their half-power bands.

    Parameters
    ----------
    spectrum : SpectrumView
        What to draw.
    lines : sequence of TremorEstimates
        All that the summary tells; those without a frequency are not drawn.
    prefix, title, desc : str
        As in `amplitude_svg`.

    Returns
    -------
    str
        One ``svg`` element.
    """
    with mpl.rc_context({**STYLE, "svg.hashsalt": prefix}):
        figure = Figure(figsize=(WIDTH_IN, _SPECTRUM_IN), layout="constrained")
        _fill_spectrum(figure, spectrum, lines)
        return svg_of(figure, prefix=prefix, title=title, desc=desc)


def _fill_spectrum(
    figure: FigureBase, spectrum: SpectrumView, lines: Sequence[TremorEstimates]
) -> None:
    axes = figure.subplots()
    axes.plot(
        spectrum.frequency_hz,
        spectrum.psd_ms2sq_per_hz,
        color=BLUE,
        linewidth=1.4,
        label=text("figure", "measured"),
    )
    if spectrum.line_ms2sq_per_hz is not None:
        axes.plot(
            spectrum.frequency_hz,
            spectrum.line_ms2sq_per_hz,
            color=VERMILLION,
            linestyle="--",
            linewidth=1.6,
            label=text("figure", "fitted"),
        )
    if spectrum.floor_ms2sq_per_hz is not None:
        axes.axhline(
            spectrum.floor_ms2sq_per_hz,
            color=INK,
            linestyle=":",
            linewidth=1.6,
            label=text("figure", "floor"),
        )
    for number, line in enumerate(lines):
        if line.frequency_hz.value is None or line.bandwidth_hz.value is None:
            continue
        half_hz, label = line.bandwidth_hz.value / 2.0, text("figure", "half_power_band")
        if len(lines) > 1:
            label = text(
                "figure", "half_power_band_at", frequency=value_text(line.frequency_hz, "Hz")
            )
        axes.axvspan(
            line.frequency_hz.value - half_hz,
            line.frequency_hz.value + half_hz,
            facecolor=_BANDS[number % len(_BANDS)],
            alpha=0.3,
            linewidth=0,
            label=label,
        )
    axes.set_xlim(0.0, min(_MOST_SHOWN_HZ, float(spectrum.frequency_hz[-1])))
    axes.set_yscale("log")
    axes.set_ylim(*_levels_in_view(spectrum))
    axes.set_xlabel(text("figure", "frequency_axis"))
    axes.set_ylabel(text("figure", "psd_axis"))
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    axes.yaxis.set_major_locator(LogLocator(numticks=6))
    axes.yaxis.set_minor_locator(NullLocator())
    # Powers of ten would be set in raised digits, too small on a phone.
    axes.yaxis.set_major_formatter(FuncFormatter(lambda density, _: f"{density:g}"))
    figure.legend(loc="outside lower center", ncols=2, frameon=False, fontsize=11)


def _levels_in_view(spectrum: SpectrumView) -> tuple[float, float]:
    """Return the densities between which the spectrum and its floor are drawn."""
    shown = (spectrum.frequency_hz >= _LEAST_SHOWN_HZ) & (spectrum.frequency_hz <= _MOST_SHOWN_HZ)
    levels = spectrum.psd_ms2sq_per_hz[shown]
    levels = levels[levels > 0.0]
    if not levels.size:
        return 0.1, 1.0
    lowest, highest = float(levels.min()), float(levels.max())
    floor = spectrum.floor_ms2sq_per_hz
    if floor:
        lowest, highest = min(lowest, floor), max(highest, floor)
    lowest = max(lowest, highest * 10.0**-_DECADES)
    return lowest / 2.0, highest * 2.0


def spectrogram_svg(
    spectrogram: Spectrogram,
    table: WindowTable,
    info: CaptureInfo,
    *,
    prefix: str,
    title: str,
    desc: str,
) -> str:
    """Draw the spectrum over time, with the frequency of the windows with tremor.

    Parameters
    ----------
    spectrogram : Spectrogram
        What to draw.
    table : WindowTable
        The windows; the ridge is drawn where they have a tremor and nowhere else.
    info : CaptureInfo
        The capture.
    prefix, title, desc : str
        As in `amplitude_svg`.

    Returns
    -------
    str
        One ``svg`` element.
    """
    time = TimeAxis.of(info)
    times, frequencies = time.drawn(spectrogram.time_s), spectrogram.frequency_hz
    level = spectrogram.level_db.reshape(len(times), len(frequencies)).T
    low, high = np.percentile(level, (5.0, 99.5))
    # A column without a level stands in every long gap.
    at = np.searchsorted(times, time.gaps_s())
    times = np.insert(times, at, time.gaps_s())
    level = np.insert(level, at, np.nan, axis=1)
    with mpl.rc_context({**STYLE, "svg.hashsalt": prefix}):
        figure = Figure(figsize=(WIDTH_IN, _SPECTRUM_IN), layout="constrained")
        axes = figure.subplots()
        mesh = axes.pcolormesh(
            _edges(times),
            _edges(frequencies),
            level,
            cmap="cividis",
            vmin=low,
            vmax=max(high, low + 1.0),
            rasterized=True,
        )
        centre = time.drawn(_centres(table)[0])
        frequency = table.estimates["frequency_hz"][:, 0]
        axes.plot(centre, frequency, ".", color=VERMILLION, markersize=3.0, rasterized=True)
        axes.set_ylabel(text("figure", "frequency_axis"))
        axes.set_ylim(float(frequencies[0]), float(frequencies[-1]))
        axes.set_xlim(float(times[0]), max(float(times[-1]), float(times[0]) + 1e-3))
        figure.colorbar(mesh, label=text("figure", "level_axis"), ticks=MaxNLocator(4))
        _time_axis(axes, time)
        return svg_of(figure, prefix=prefix, title=title, desc=desc)


def _edges(centres: Floats) -> Floats:
    """Return the edges between cells of these centres, and those at the ends."""
    if len(centres) < 2:
        return np.array([centres[0] - 0.5, centres[0] + 0.5])
    middle = (centres[1:] + centres[:-1]) / 2.0
    first, last = 2.0 * centres[0] - middle[0], 2.0 * centres[-1] - middle[-1]
    return np.concatenate([[first], middle, [last]])


def strip_svg(strip: Strip, *, prefix: str, title: str, desc: str) -> str:
    """Draw one window as measured, an axis of the sensor below the other.

    Parameters
    ----------
    strip : Strip
        What to draw.
    prefix, title, desc : str
        As in `amplitude_svg`.

    Returns
    -------
    str
        One ``svg`` element.
    """
    with mpl.rc_context({**STYLE, "svg.hashsalt": prefix}):
        figure = Figure(figsize=(WIDTH_IN, _STRIP_IN), layout="constrained")
        rows = figure.subplots(3, 1, sharex=True, sharey=True)
        for axes, name, values, colour in zip(
            rows,
            "xyz",
            (strip.x_ms2, strip.y_ms2, strip.z_ms2),
            (BLUE, VERMILLION, GREEN),
            strict=True,
        ):
            axes.plot(strip.time_s, values, color=colour, linewidth=1.2)
            axes.set_title(name, loc="left", fontsize=11, pad=2)
            axes.yaxis.set_major_locator(MaxNLocator(3))
        rows[1].set_ylabel(text("figure", "acceleration_axis"))
        rows[2].set_xlabel(text("figure", "strip_time_axis"))
        return svg_of(figure, prefix=prefix, title=title, desc=desc)


def quality_svg(
    table: WindowTable, info: CaptureInfo, *, prefix: str, title: str, desc: str
) -> str:
    """Draw which stretches could be judged, and what stood in the way elsewhere.

    Parameters
    ----------
    table : WindowTable
        The windows.
    info : CaptureInfo
        The capture.
    prefix, title, desc : str
        As in `amplitude_svg`.

    Returns
    -------
    str
        One ``svg`` element.
    """
    verdicts, time = table.verdict, TimeAxis.of(info)
    rows: list[tuple[str, np.typing.NDArray[np.bool_], str, str]] = [
        (text("figure", "judged"), np.isin(verdicts, ("tremor", "no_tremor")), GREEN, "")
    ]
    rows += [
        (verdict_word(verdict), verdicts == verdict, GREY, "///")
        for verdict in VERDICTS
        if verdict not in {"tremor", "no_tremor"} and (verdicts == verdict).any()
    ]
    with mpl.rc_context({**STYLE, "svg.hashsalt": prefix}):
        figure = Figure(figsize=(WIDTH_IN, 0.8 + 0.34 * len(rows)), layout="constrained")
        axes = figure.subplots()
        for place, (_, chosen, colour, hatch) in enumerate(rows):
            axes.broken_barh(
                _stretches(table, chosen, time),
                (place - 0.4, 0.8),
                facecolor=colour,
                hatch=None if len(table) > _MOST_SHAPES else hatch,
                edgecolor="white",
                linewidth=0,
                rasterized=len(table) > _MOST_SHAPES,
            )
        axes.set_yticks(range(len(rows)), [name for name, *_ in rows])
        axes.set_ylim(len(rows) - 0.5, -0.5)
        axes.set_xlim(0.0, max(time.length_s, 1e-3))
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        _time_axis(axes, time)
        return svg_of(figure, prefix=prefix, title=title, desc=desc)
