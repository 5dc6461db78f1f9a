"""The records of an analysis, which every report renders; nothing is computed here.

`tremor.results.codec` writes and reads them; their sentences are made in `tremor.report`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, Literal, Self

import msgspec

from tremor.arrays import require_one_length
from tremor.errors import InvalidInputError
from tremor.estimate import Estimate
from tremor.notes import Note, note
from tremor.recording import CaptureInfo, Floats, Source
from tremor.results import codec
from tremor.results.cautions import BeyondBand, Caution
from tremor.results.estimates import ESTIMATE_NAMES, TremorEstimates
from tremor.results.explanations import Advice, Explanation, Sensitivity, WarningSign
from tremor.results.lines import FitCheck, TremorLine
from tremor.results.recovery import Recovery
from tremor.results.summary_columns import SUMMARY_COLUMNS, row_of
from tremor.results.views import Spectrogram, Strip
from tremor.results.windows import WindowTable
from tremor.settings import AnalysisSettings

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

__all__ = [
    "SCHEMA",
    "Analysis",
    "Episode",
    "SpectrumView",
    "Status",
    "Summary",
]

SCHEMA: Final = "tremor.analysis/1"


def _not_saved() -> Estimate:
    return Estimate.missing(note("NOT_SAVED"))


Status = Literal["measured", "no_tremor", "insufficient"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode(TremorEstimates):
    """An episode of tremor; its estimates come from all its samples in one likelihood.

    Parameters
    ----------
    start_s, end_s : float
        Limits, s from the start of the capture.
    fit : FitCheck or None
        How well the model of its line holds; None in documents from before it was checked.
    """

    start_s: float
    end_s: float
    fit: FitCheck | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary(TremorEstimates):
    """The summary of the session; its estimates come from all samples of all episodes.

    Parameters
    ----------
    tremor_detected : bool
        Whether there is at least one episode.
    still_s, tremor_s : float
        Time that could be judged (verdict ``tremor`` or ``no_tremor``), and that in episodes, s.
    occupancy : float or None
        tremor_s over still_s; None where nothing could be judged.
    reason : Note or None
        Why there are no estimates, or what weakens them.
    least_seen_ms2 : float or None
        RMS from which a tremor would have been seen in nine tenths of the time without, m/s^2;
        None where no time was judged to be without.
    intermittent : bool
        Whether the tremor comes and goes in bursts.
    duty_cycle : float or None
        Share of the time from the first burst to the last that the bursts fill; None unless it is
        intermittent.
    lines : tuple of TremorLine
        All tremors of the session, that with the largest share first; the estimates of the summary
        are those of the first one.
    fit : FitCheck or None
        How well the model of the summary's line holds.
    initial_rms_ms2, final_rms_ms2 : Estimate
        RMS of the tremor at the beginning and at the end of the rest, m/s^2.
    """

    tremor_detected: bool
    still_s: float
    tremor_s: float
    occupancy: float | None
    reason: Note | None = None
    least_seen_ms2: float | None = None
    intermittent: bool = False
    duty_cycle: float | None = None
    lines: tuple[TremorLine, ...] = ()
    fit: FitCheck | None = None
    initial_rms_ms2: Estimate = field(default_factory=_not_saved)
    final_rms_ms2: Estimate = field(default_factory=_not_saved)


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class SpectrumView:
    """The mean spectrum of the tremor, or of the still time if there is none, for display.

    Parameters
    ----------
    of : {"tremor", "still"}
        Kind of the averaged windows.
    n_windows : int
        Number of averaged windows.
    frequency_hz : ndarray, shape (m,)
        Frequency of the bins, Hz.
    psd_ms2sq_per_hz : ndarray, shape (m,)
        PSD summed over the axes, (m/s^2)^2/Hz.
    line_ms2sq_per_hz : ndarray, shape (m,), or None
        The fitted lines of the summary, each for its share of the time, with their floor at the
        same frequencies, (m/s^2)^2/Hz.
    floor_ms2sq_per_hz : float or None
        The floor below the lines, that of all axes together, (m/s^2)^2/Hz; None without a line.

    Raises
    ------
    InvalidInputError
        If the arrays differ in length.
    """

    of: Literal["tremor", "still"]
    n_windows: int
    frequency_hz: Floats
    psd_ms2sq_per_hz: Floats
    line_ms2sq_per_hz: Floats | None
    floor_ms2sq_per_hz: float | None = None

    def __post_init__(self) -> None:
        require_one_length(self, ("frequency_hz", "psd_ms2sq_per_hz", "line_ms2sq_per_hz"))


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Analysis:
    """The result of one capture; every report renders this and nothing else.

    Parameters
    ----------
    status : {"measured", "no_tremor", "insufficient"}
        Kind of result.
    software : mapping of str to str
        Name and versions.
    source : Source
        The file of the capture; with empty fields if it came from arrays.
    settings : AnalysisSettings
        All settings.
    recording : CaptureInfo
        The capture.
    windows : WindowTable
        All windows.
    episodes : tuple of Episode
        In order of time.
    summary : Summary
        The session in few numbers.
    cautions : tuple of Caution
        What weakens the result, the strongest first.
    beyond_band : BeyondBand or None
        The strongest shaking outside the band; None if there is none.
    spectrum : SpectrumView or None
        None if no window could be judged.
    recovery : Recovery or None
        How the tremor fades with rest; None in documents from before it was measured.
    explanations : tuple of Explanation
        The three explanations of the article, strongest first, which do not exclude each other;
        empty if none were weighed.
    sensitivity : Sensitivity or None
        How much their order depends on the weights; None if none were weighed.
    warning_signs : tuple of WarningSign
        Signs that the runner ticked; never from the sensor.
    advice : tuple of Advice
        That for the leading explanations first, general advice last.
    spectrogram : Spectrogram or None
        The spectrum over time; None if no window has enough samples.
    strip : Strip or None
        A window as measured; None if there is none.
    options : mapping of str to str
        What was said of the rest and the run, by the name of its option without dashes, files
        without their folder; with those of the source and the settings, all that it takes to
        repeat the analysis.
    minutes_since_stop : float or None
        Time from the end of the run to the start of the capture as it was answered, min.
    """

    status: Status
    software: Mapping[str, str]
    source: Source
    settings: AnalysisSettings
    recording: CaptureInfo
    windows: WindowTable
    episodes: tuple[Episode, ...]
    summary: Summary
    cautions: tuple[Caution, ...] = ()
    beyond_band: BeyondBand | None = None
    spectrum: SpectrumView | None = None
    recovery: Recovery | None = None
    explanations: tuple[Explanation, ...] = ()
    sensitivity: Sensitivity | None = None
    warning_signs: tuple[WarningSign, ...] = ()
    advice: tuple[Advice, ...] = ()
    spectrogram: Spectrogram | None = None
    strip: Strip | None = None
    options: Mapping[str, str] = field(default_factory=dict)
    minutes_since_stop: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the document of schema ``tremor.analysis/1``.

        Returns
        -------
        dict
            Numbers, strings, lists and dictionaries only; no NaN.
        """
        messages = _report("messages")
        return {
            "schema": SCHEMA,
            **codec.write(self, messages),
            "intervals": dict(messages.section("intervals")),
        }

    def to_json(self, *, indent: int | None = None) -> str:
        """Return the document as JSON text.

        Parameters
        ----------
        indent : int, optional
            Spaces per level; one line without it.

        Returns
        -------
        str
            JSON.
        """
        return json.dumps(self.to_dict(), indent=indent, ensure_ascii=False, allow_nan=False)

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Self:
        """Read a document of schema ``tremor.analysis/1``.

        Parameters
        ----------
        document : mapping
            What `to_dict` returned; unknown keys are ignored.

        Returns
        -------
        Analysis
            The analysis as it was.

        Raises
        ------
        InvalidInputError
            If the schema is another one, or a part is missing or of the wrong type.
        """
        if document.get("schema") != SCHEMA:
            raise InvalidInputError(
                f"the document has schema {document.get('schema')!r}; this version reads {SCHEMA!r}"
            )
        try:
            found = codec.read(cls, document)
        except InvalidInputError as error:
            raise InvalidInputError(
                f"the document is not a whole {SCHEMA}: {error}; write it anew with: "
                "tremor analyze --json"
            ) from error
        # In the document the file is named once, in the records also by that of the capture.
        source = found.source if found.source.format != "arrays" else None
        segments_s = [one.start_s for one in found.recording.segments]
        return replace(
            found,
            recording=replace(found.recording, source=source),
            windows=found.windows.in_segments(segments_s),
        )

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` returned.

        Parameters
        ----------
        text : str
            JSON of one analysis.

        Returns
        -------
        Analysis
            The analysis as it was.

        Raises
        ------
        InvalidInputError
            If the text is not JSON or not an analysis.
        """
        try:
            document = msgspec.json.decode(text)
        except (msgspec.DecodeError, RecursionError, UnicodeEncodeError) as error:
            raise InvalidInputError(f"the text is not JSON: {error}") from error
        if not isinstance(document, dict):
            raise InvalidInputError(f"the JSON is not an analysis of schema {SCHEMA}")
        return cls.from_dict(document)

    @staticmethod
    def schema() -> dict[str, Any]:
        """Return the JSON Schema of the document."""
        made = codec.schema_of(Analysis)
        properties = {"schema": {"const": SCHEMA}, **made.pop("properties")}
        properties["intervals"] = {
            "type": "object",
            "description": "What the interval of a frequency is for, by the method that made it.",
            "additionalProperties": {"type": "string"},
        }
        return made | {
            "$id": "urn:tremor-analyzer:tremor.analysis:1",
            "title": SCHEMA,
            "description": "What was found in one capture. Times are in seconds from its start. "
            "An estimate is an object or null, and then a reason stands beside it. Keys may be "
            "added without a new number of the schema.",
            "required": ["schema", *made["required"]],
            "properties": properties,
        }

    def windows_frame(self) -> pd.DataFrame:
        """Return the windows as a table, one row each, units in the names of the columns.

        Returns
        -------
        pandas.DataFrame
            Limits, s, verdict and reason; value, low and high of each estimate; the scores.
        """
        import pandas as pd

        table = self.windows
        columns: dict[str, Any] = {
            "start_s": table.start_s,
            "end_s": table.end_s,
            "verdict": table.verdict,
            "reason": _report("messages").window_reasons(table),
        }
        for name, triple in table.estimates.items():
            columns |= {f"{name}{end}": triple[:, k] for k, end in enumerate(_ENDS)}
        columns["coherence"] = table.polarisation
        return pd.DataFrame(columns | dict(table.scores))

    def episodes_frame(self) -> pd.DataFrame:
        """Return the episodes as a table, one row each, columns as in `windows_frame`.

        Returns
        -------
        pandas.DataFrame
            Limits, s, and value, low and high of each estimate.
        """
        import pandas as pd

        columns = ["start_s", "end_s", *_estimate_columns()]
        rows = [[one.start_s, one.end_s, *_estimate_cells(one)] for one in self.episodes]
        return pd.DataFrame(rows, columns=columns, dtype=float)

    def summary_row(self) -> pd.DataFrame:
        """Return the session as a table of one row, to be concatenated with other captures.

        Returns
        -------
        pandas.DataFrame
            The columns of `tremor.results.summary_columns.SUMMARY_COLUMNS`.
        """
        import pandas as pd

        return pd.DataFrame([row_of(self, SUMMARY_COLUMNS)])

    def to_html(self) -> str:
        """Return the report as one HTML page that needs no other file."""
        page: str = _report("as_html").render(self)
        return page

    def plot(self) -> Figure:
        """Draw the RMS over time and the spectrum.

        Returns
        -------
        matplotlib.figure.Figure
            The figures of the report, one above the other.
        """
        figure: Figure = _report("figures").plot(self)
        return figure

    def __repr__(self) -> str:
        """Return the result in a few lines."""
        text: str = _report("as_text").short(self)
        return text

    def _repr_html_(self) -> str:
        """Return the result as HTML for a notebook."""
        text: str = _report("as_html").short(self)
        return text


_ENDS: Final = ("", "_low", "_high")


def _estimate_columns() -> list[str]:
    return [f"{name}{end}" for name in ESTIMATE_NAMES for end in _ENDS]


def _estimate_cells(record: TremorEstimates) -> list[float | None]:
    return [
        getattr(getattr(record, name), part)
        for name in ESTIMATE_NAMES
        for part in ("value", "low", "high")
    ]


def _report(module: str) -> Any:  # noqa: ANN401 - a module of a floor above, loaded when asked for
    return import_module(f"tremor.report.{module}")
