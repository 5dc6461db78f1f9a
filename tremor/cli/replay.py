"""``tremor replay``: a capture through the live path, one line for each window."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from tremor.cli.options import (
    CaptureOptions,
    capture_options,
    check_devices,
    common_options,
    is_quiet,
    lsl_option,
    read_settings,
    settings_options,
)
from tremor.cli.paths import PATH
from tremor.cli.streams import echo, say, warn_of_capture
from tremor.errors import InsufficientDataError, InvalidInputError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from devices.replay import ReplaySource
    from tremor.recording import Recording, SampleBlock
    from tremor.results.windows import WindowAnalysis
    from tremor.settings import AnalysisSettings

__all__ = ["replay"]

_EPILOG: Final = """\b
Examples:
  tremor replay capture.csv
  tremor replay capture.csv --speed 10
  tremor replay capture.csv --speed max --json > windows.jsonl

\b
Exit codes:
  0  done, with or without tremor; also when stopped with Ctrl-C
  2  wrong usage
  3  capture missing, unreadable or not recognised
  4  not enough good data (the windows are still written)
"""
_INSUFFICIENT: Final = 4
#: Length of the blocks that are played, s of real time, and at most, s of the capture.
_PACKET_S: Final = 0.1
_LONGEST_PACKET_S: Final = 2.0


def _read_speed(ctx: click.Context, param: click.Parameter, value: str) -> float | None:
    """Parse a number above zero; ``max`` is None."""
    if value.strip().lower() == "max":
        return None
    try:
        speed = float(value)
    except ValueError:
        speed = 0.0
    from tremor.settings.bounds import OPTION_BOUNDS

    slowest, fastest = OPTION_BOUNDS.playing_speed
    if not slowest <= speed <= fastest:
        raise click.BadParameter(
            f"{value!r} is no speed; give {slowest:g} to {fastest:.0f}, or max", ctx, param
        )
    return speed


@dataclass(slots=True)
class _Tally:
    """Counts of all windows, for the line at the end."""

    settings: AnalysisSettings
    counts: Counter[str] = field(default_factory=Counter)
    frequencies_hz: list[float] = field(default_factory=list)
    end_s: float = 0.0
    judged_s: float = 0.0
    judged_until_s: float = 0.0
    last: WindowAnalysis | None = None

    def add(self, window: WindowAnalysis) -> None:
        self.counts[window.verdict] += 1
        self.end_s = window.end_s
        self.last = window
        if window.frequency_hz.value is not None:
            self.frequencies_hz.append(window.frequency_hz.value)
        if window.verdict in ("tremor", "no_tremor"):
            self.judged_s += window.end_s - max(window.start_s, self.judged_until_s)
            self.judged_until_s = window.end_s

    @property
    def is_insufficient(self) -> bool:
        return self.judged_s < self.settings.still_least_s - 1e-6

    def line(self) -> str:
        """Return the counts of the verdicts and the median frequency."""
        from statistics import median

        from tremor.report.numbers import clock, number
        from tremor.report.view import verdict_word
        from tremor.results.verdicts import VERDICTS

        total = sum(self.counts.values())
        if not total:
            return f"no window of {self.settings.window_s:g} s was finished"
        parts = [f"{total} windows in {clock(round(self.end_s))}"]
        parts += [
            f"{self.counts[verdict]} {verdict_word(verdict)}"
            for verdict in VERDICTS
            if self.counts[verdict]
        ]
        if self.frequencies_hz:
            parts.append(f"median {number(median(self.frequencies_hz))} Hz")
        return ", ".join(parts)


@click.command(epilog=_EPILOG)
@click.argument("file", metavar="FILE", type=PATH)
@click.option(
    "--speed",
    callback=_read_speed,
    default="1",
    show_default=True,
    metavar="FACTOR",
    help="Times real time, such as 10, or max.",
)
@lsl_option
@click.option("--json", "as_json", is_flag=True, help="One JSON object a window on stdout.")
@settings_options
@capture_options
@common_options
@click.pass_context
def replay(
    ctx: click.Context,
    *,
    file: Path,
    speed: float | None,
    lsl: str | None,
    as_json: bool,
    settings_file: Path | None,
    pairs: tuple[str, ...],
    given: CaptureOptions,
) -> None:
    """Play a capture as if its sensor were worn now.

    Prints each window when its last sample is there: when, what, and how sure. The windows are
    those that analyze finds; episodes and the numbers of the session are left to it.
    """
    import asyncio

    if lsl is not None and speed is None:
        raise InvalidInputError("--lsl has no time at --speed max; give a speed, such as 1")
    settings = read_settings(settings_file, pairs)
    recording = given.read(file)
    _check_band(settings, recording)
    warn_of_capture(file, recording.warnings)
    tally = _Tally(settings)
    stopped = False
    try:
        asyncio.run(_play(recording, speed, tally, as_json=as_json, lsl=lsl))
    except KeyboardInterrupt:
        stopped = True
    if not is_quiet():
        say(f"{file}: {'stopped: ' * stopped}{tally.line()}")
    if tally.is_insufficient and not stopped:
        say(f"{file}: not enough good data: {_why(tally, recording)}")
        ctx.exit(_INSUFFICIENT)


def _check_band(settings: AnalysisSettings, recording: Recording) -> None:
    """Refuse a capture that is too slow for the band, as ``tremor analyze`` does.

    Raises
    ------
    InsufficientDataError
        If its Nyquist frequency is too low.
    """
    from tremor.measures.band import usable_band

    try:
        usable_band((settings.band_low_hz, settings.band_high_hz), fs=recording.sampling_rate_hz)
    except InvalidInputError as error:
        raise InsufficientDataError(str(error)) from error


async def _play(
    recording: Recording, speed: float | None, tally: _Tally, *, as_json: bool, lsl: str | None
) -> None:
    from contextlib import aclosing

    from devices.replay import ReplaySource
    from tremor.analysis.live import live_windows
    from tremor.analysis.stream import StreamFacts

    check_devices()
    longest_s = _LONGEST_PACKET_S
    packet_s = longest_s if speed is None else min(_PACKET_S * speed, longest_s)
    source = ReplaySource(recording, speed=speed, packet_s=packet_s)
    show = _json_line if as_json else _text_line
    async with source:
        windows = live_windows(
            source if lsl is None else _streamed(source, lsl, speed=speed or 1.0),
            sampling_rate_hz=recording.sampling_rate_hz,
            settings=tally.settings,
            facts=StreamFacts.of(recording),
        )
        async with aclosing(windows):
            async for one in windows:
                tally.add(one.window)
                echo(show(one.window))


async def _streamed(source: ReplaySource, name: str, *, speed: float) -> AsyncIterator[SampleBlock]:
    """Yield the blocks of a source, and send each as a stream of LSL."""
    from devices.network.lsl_outlet import LslOutlet

    rate_hz = source.recording.sampling_rate_hz * speed
    outlet = LslOutlet(name, sampling_rate_hz=rate_hz, source=source.name)
    began_s: float | None = None
    try:
        async for block in source:
            now_s, played_s = time.monotonic(), block.arrival_s / speed
            began_s = now_s - played_s if began_s is None else began_s
            outlet.push(block, late_s=now_s - began_s - played_s)
            yield block
    finally:
        outlet.close()


def _json_line(window: WindowAnalysis) -> str:
    import json

    from tremor.report.as_json import document_of

    return json.dumps(document_of(window), ensure_ascii=False, allow_nan=False)


def _text_line(window: WindowAnalysis) -> str:
    from tremor.report.messages import sentence
    from tremor.report.numbers import clock, value_text
    from tremor.report.view import range_text, verdict_word

    result = sentence(window.reason)
    if window.frequency_hz.value is not None:
        frequency, rms = window.frequency_hz, window.rms_ms2
        result = (
            f"{value_text(frequency, 'Hz')} {range_text(frequency)}, "
            f"{value_text(rms, 'm/s^2')} {range_text(rms)}; {result}"
        )
    times = f"{clock(round(window.start_s))}-{clock(round(window.end_s))}"
    return f"{times:>11}  {verdict_word(window.verdict):<18}  {result}"


def _why(tally: _Tally, recording: Recording) -> str:
    from tremor.report.messages import sentence

    settings = tally.settings
    if tally.last is None:
        longest_s = max(one.n_samples for one in recording.segments) / recording.sampling_rate_hz
        return f"the capture lasts {longest_s:.3g} s; at least {settings.window_s:g} s are needed"
    return (
        f"only {tally.judged_s:.3g} s could be judged; at least {settings.still_least_s:g} s "
        f"are needed. The last window: {tally.last.verdict}: {sentence(tally.last.reason)}"
    )
