"""One sensor while it is recorded: its source, its folder, its live windows, and its state."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from tremor import system_calls
from tremor.analysis.live import LiveAnalyzer
from tremor.analysis.stream import StreamFacts
from tremor.errors import InvalidInputError, LinkError
from tremor.integrity import find_clipped
from tremor.packets import LinkEvent, Packet
from tremor.recorder import LOCK_FILE, FolderLock, Recorder, RecorderCounts, StreamDescription, Zero
from tremor.recording import Floats, SampleBlock, SensorInfo
from tremor.session.plan import Silence
from tremor.session.settling import gross_movement_ms2
from tremor.session.view import SensorView, Tremor
from tremor.settings import STRAP

if TYPE_CHECKING:
    from devices.link.source import SensorSource
    from devices.network.lsl_outlet import LslOutlet
    from tremor.results.windows import WindowAnalysis

__all__ = ["Track", "describe", "warm_up"]

#: How much of the stream is kept in memory, s: the strap check needs some seconds.
_KEPT_S: Final = 6.0
#: Over how long the leg must be still to be at rest, s.
_STILL_OVER_S: Final = 2.0
#: How long after the last block the leg is still known to be at rest, s.
_STALE_S: Final = 3.0
#: Over how long the present loss is averaged, s.
_LOSS_OVER_S: Final = 10.0
#: Longest time without a sample at either end of a recording that is no loss, s.
_LEAST_SILENCE_S: Final = 3.0
#: Packets and blocks of a simulated sensor that may wait for the disk, and how long it is waited
#: for before another look, s.
_MOST_WAITING: Final = 2000
_DISK_WAIT_S: Final = 0.01
_GONE: Final = frozenset({"lost", "silent"})
#: Events of the link whose sentence is for the user.
_NOTICES: Final = frozenset({"shared", "mtu", "claimed"})


def describe(source: SensorSource) -> StreamDescription:
    """Return the settings that a source granted, as a recording keeps them.

    Parameters
    ----------
    source : SensorSource
        An open source.

    Returns
    -------
    StreamDescription
        Sensor, settings, and how losses are recognised.
    """
    started, profile = source.started, source.profile
    settings = started.settings
    rule = profile.loss_rule(settings)
    # A record: one argument for each field.
    return StreamDescription(
        sensor=SensorInfo(source.name, profile.slug),
        sampling_rate_hz=settings.sampling_rate_hz,
        range_g=settings.range_g,
        gyro=settings.gyro,
        options={name: str(value) for name, value in settings.options.items()},
        notes=started.notes,
        device_time=profile.device_time,
        loss=rule.loss,
        detects_loss=rule.detects_loss,
        gravity="included" if profile.includes_gravity(settings.options) else "removed",
    )


def warm_up() -> None:
    """Load what the first window of tremor needs, which takes a second or two.

    Nothing else runs while modules are loaded, and a streaming sensor would have to wait.
    """
    from tremor.report.as_json import document_of

    time_s = np.arange(1500) / 100.0
    samples = 0.01 * np.random.default_rng(0).standard_normal((1500, 3))
    samples[:, 2] += 9.81
    samples[:, 0] += np.where(time_s > 7.0, 0.3 * np.sin(2.0 * np.pi * 8.0 * time_s), 0.0)
    for window in LiveAnalyzer(sampling_rate_hz=100.0).feed(SampleBlock(0, samples, 15.0)):
        document_of(window)
    gross_movement_ms2(samples, fs=100.0)


@dataclass(frozen=True, slots=True)
class _CountsAt:
    time_s: float
    n_samples: int
    n_lost: int


class Track:
    """A sensor of a session.

    Parameters
    ----------
    label : str
        Its name in the session, such as ``left-calf``.
    folder : Path
        Folder of its recording.
    placement : str
        Where it is worn; empty if not known.
    is_simulated : bool
        Whether it is a simulated sensor, which nobody can tap, and which waits for the disk.
    on_window : callable, optional
        Called with the track and each finished window.
    on_notice : callable, optional
        Called with the track and what the user should know of its link, a sentence.
    lsl_name : str, optional
        Name of the stream by which other programs get the samples meanwhile.
    """

    def __init__(
        self,
        label: str,
        folder: Path,
        *,
        placement: str,
        is_simulated: bool = False,
        on_window: Callable[[Track, WindowAnalysis], None] | None = None,
        on_notice: Callable[[Track, str], None] | None = None,
        lsl_name: str | None = None,
    ) -> None:
        self.label = label
        self.folder = folder
        self.placement = placement
        self.is_simulated = is_simulated
        self.source: SensorSource | None = None
        self.recorder: Recorder | None = None
        self.counts = RecorderCounts()
        self.error: LinkError | None = None
        self.rssi_dbm: int | None = None
        self.battery_percent: int | None = None
        #: When the link was lost, s on the clock of the source; None while it is not.
        self.lost_since_s: float | None = None
        self.n_links_lost = 0
        #: Whether the sensor is reached, and measures nothing.
        self.is_paused = False
        #: Whether a loss can be distinguished from a delay.
        self.detects_loss = False
        self._is_back = False
        self._on_window = on_window
        self._on_notice = on_notice
        self._lsl_name = lsl_name
        self._outlet: LslOutlet | None = None
        self._pending: list[Packet | LinkEvent] = []
        self._blocks: deque[SampleBlock] = deque()
        self._live: LiveAnalyzer | None = None
        self._now: Tremor | None = None
        self._first_rms_ms2: float | None = None
        self._rms_ms2: list[float] = []
        self._recent_counts: deque[_CountsAt] = deque()
        self._reading: asyncio.Task[None] | None = None
        self._taken_s = time.monotonic()
        #: Begin and end of the recording, and first and last arrival of a sample, s on the clock of
        #: the source.
        self._begin_s = self._end_s = 0.0
        self._arrived_s: tuple[float, float] | None = None

    # --- from the link --------------------------------------------------------------------------

    def tap(self, record: Packet | LinkEvent) -> None:
        """Keep a packet or an event; until the folder exists, in memory."""
        if isinstance(record, LinkEvent):
            if record.kind in _GONE and self.lost_since_s is None:
                self.lost_since_s = record.arrival_s
                self.n_links_lost += 1
            elif record.kind == "paused":
                self.is_paused = True
            elif record.kind == "restarted":
                self.lost_since_s = None
                self.is_paused = False
                self._is_back = True
            elif record.kind in _NOTICES and self._on_notice is not None:
                self._on_notice(self, record.detail)
        if self.recorder is None:
            self._pending.append(record)
        else:
            self.recorder.tap(record)

    @property
    def first_record(self) -> Packet | LinkEvent | None:
        """The first packet or event, while it waits for the folder."""
        return self._pending[0] if self._pending else None

    def begin(self, zero: Zero | None, *, lock: FolderLock | None = None) -> None:
        """Create the folder, once the source is open, and start to read.

        Parameters
        ----------
        zero : Zero or None
            Zero of time that several sensors share.
        lock : FolderLock, optional
            Lock on the folder, if it is held already.

        Raises
        ------
        WouldOverwriteError, InvalidInputError
            If the folder cannot be used.
        """
        source = self.source
        assert source is not None
        stream = describe(source)
        self.detects_loss = stream.detects_loss
        self.rssi_dbm = source.rssi_dbm
        recorder = Recorder(
            self.folder,
            stream=stream,
            placement=self.placement or None,
            zero=zero,
            lock=lock,
            now=source.now_s,
        )
        if self._lsl_name is not None:
            from devices.network.lsl_outlet import LslOutlet

            self._outlet = LslOutlet(
                self._lsl_name,
                sampling_rate_hz=source.nominal_sampling_rate_hz,
                source=source.profile.name,
            )
        recorder.start()
        self.recorder = recorder
        first = self.first_record
        self._begin_s = source.now_s() if first is None else first.arrival_s
        waiting, self._pending = self._pending, []
        for record in waiting:
            recorder.tap(record)
        self._live = self._analyzer(stream)
        self._reading = asyncio.create_task(self._read())

    def _analyzer(self, stream: StreamDescription) -> LiveAnalyzer | None:
        try:
            return LiveAnalyzer(
                sampling_rate_hz=None,
                nominal_sampling_rate_hz=stream.sampling_rate_hz,
                facts=StreamFacts(range_ms2=stream.sensor.range_ms2),
            )
        except InvalidInputError:  # too slow for the band; the analysis of the whole says so
            return None

    async def _read(self) -> None:
        assert self.source is not None
        try:
            async for block in self.source:
                self.take(block)
                while self.is_simulated and self._is_disk_behind():
                    await asyncio.sleep(_DISK_WAIT_S)  # and with the reader the sensor waits
        except LinkError as error:
            self.error = error

    def _is_disk_behind(self) -> bool:
        recorder = self.recorder
        return recorder is not None and recorder.counts.n_waiting > _MOST_WAITING

    def take(self, block: SampleBlock) -> None:
        """Record a block, and analyse it."""
        assert self.recorder is not None
        self.recorder.take(block)
        if self._outlet is not None and self.source is not None:
            self._outlet.push(block, late_s=max(0.0, self.source.now_s() - block.arrival_s))
        if self._is_back:
            # What was lost with the link is shown as such, not as present loss.
            self._is_back = False
            self._recent_counts.clear()
        self._taken_s = time.monotonic()
        first_s = self._arrived_s[0] if self._arrived_s else block.arrival_s
        self._arrived_s = first_s, block.arrival_s
        self._blocks.append(block)
        while block.arrival_s - self._blocks[0].arrival_s > _KEPT_S:
            self._blocks.popleft()
        if self._live is None:
            return
        try:
            windows = self._live.feed(block)
        except InvalidInputError:
            # The sample count jumped by more than a day: what follows is another stream.
            assert self.source is not None
            self._live = self._analyzer(describe(self.source))
            return
        for window in windows:
            self._add(window)

    def _add(self, window: WindowAnalysis) -> None:
        rms_ms2, frequency_hz = window.rms_ms2.value, window.frequency_hz.value
        if window.verdict != "tremor" or frequency_hz is None:
            rms_ms2 = None
        self._now = Tremor(window.verdict, frequency_hz, rms_ms2)
        self._rms_ms2.append(np.nan if rms_ms2 is None else rms_ms2)
        if self._first_rms_ms2 is None:
            self._first_rms_ms2 = rms_ms2
        if self._on_window is not None:
            self._on_window(self, window)

    # --- state ---------------------------------------------------------------------------------

    @property
    def is_over(self) -> bool:
        """Whether the stream has ended."""
        return self._reading is not None and self._reading.done()

    @property
    def silence(self) -> Silence:
        """What is missing before the first and after the last sample, after `end`."""
        source = self.source
        if source is None or self.recorder is None:
            return Silence()
        moments_s = self._begin_s, *(self._arrived_s or ()), self._end_s
        waits_s = [after_s - before_s for before_s, after_s in pairwise(moments_s)]
        first_s, last_s = (waits_s[0] if self._arrived_s else 0.0), waits_s[-1]
        return Silence(
            first_s=first_s if first_s >= _LEAST_SILENCE_S else 0.0,
            last_s=last_s if last_s >= _LEAST_SILENCE_S else 0.0,
            rate_hz=source.nominal_sampling_rate_hz,
        )

    @property
    def has_recorded(self) -> bool:
        """Whether anything was received, after `end`."""
        return bool(self.counts.n_samples or self.counts.n_packets)

    def fault(self) -> BaseException | None:
        """Return the error that ended the reading and is no lost link."""
        reading = self._reading
        if reading is None or not reading.done() or reading.cancelled():
            return None
        return reading.exception()

    @property
    def n_samples(self) -> int:
        """Number of samples so far."""
        return (self.recorder.counts if self.recorder else self.counts).n_samples

    def recent(self, duration_s: float) -> Floats:
        """Return the acceleration of the last seconds, m/s^2, shape (n, 3)."""
        if not self._blocks:
            return np.zeros((0, 3))
        since_s = self._blocks[-1].arrival_s - duration_s
        return np.concatenate(
            [one.acceleration_ms2 for one in self._blocks if one.arrival_s > since_s]
        )

    @property
    def rate_hz(self) -> float:
        """Sampling rate, Hz: measured as soon as it is known, nominal before."""
        assert self.source is not None
        known = self.recorder.clock.sampling_rate_hz if self.recorder else None
        return known or self.source.nominal_sampling_rate_hz

    def is_still(self) -> bool | None:
        """Return whether the leg rests; None if too little is received."""
        if self.source is None or self._is_silent() or self.lost_since_s is not None:
            return None
        moved_ms2 = gross_movement_ms2(self.recent(_STILL_OVER_S), fs=self.rate_hz)
        return None if moved_ms2 is None else moved_ms2 < STRAP.still_ms2

    def _is_silent(self) -> bool:
        """Return whether nothing is received now."""
        # Real seconds: those of a fast simulated sensor are over at once.
        return not self._blocks or time.monotonic() - self._taken_s > _STALE_S

    def clipped_share(self, duration_s: float) -> float:
        """Return the share of clipped samples in the last seconds."""
        samples = self.recent(duration_s)
        assert self.source is not None
        range_ms2 = describe(self.source).sensor.range_ms2
        if range_ms2 is None or not len(samples):
            return 0.0
        return float(np.mean(find_clipped(samples, range_ms2=range_ms2)))

    def recent_loss(self) -> float:
        """Return the share of samples lost in the last 10 s."""
        if self.recorder is None or self.source is None:
            return 0.0
        counts, now_s = self.recorder.counts, self.source.now_s()
        self._recent_counts.append(_CountsAt(now_s, counts.n_samples, counts.n_lost))
        while now_s - self._recent_counts[0].time_s > _LOSS_OVER_S and len(self._recent_counts) > 2:
            self._recent_counts.popleft()
        before = self._recent_counts[0]
        lost = counts.n_lost - before.n_lost
        there = counts.n_samples - before.n_samples
        return lost / (lost + there) if lost else 0.0

    async def read_battery(self) -> None:
        """Read the charge, if the sensor reports it."""
        if self.source is None or self.lost_since_s is not None:
            return
        percent = await self.source.battery_percent()
        if percent is not None:
            self.battery_percent = percent

    def view(self) -> SensorView:
        """Return what is shown of the sensor."""
        recorder, source = self.recorder, self.source
        if recorder is None or source is None:
            return SensorView(label=self.label)
        counts, clock = recorder.counts, recorder.clock
        lost_for_s = None
        if self.lost_since_s is not None:
            lost_for_s = max(0.0, source.now_s() - self.lost_since_s)
        # A record: one argument for each field.
        return SensorView(
            label=self.label,
            rate_hz=self.rate_hz,
            rate_is_measured=clock.converged,
            lost_share=self._lost_share(counts),
            n_refused=counts.n_refused,
            battery_percent=self.battery_percent,
            rssi_dbm=self.rssi_dbm,
            is_still=self.is_still(),
            is_silent=self._is_silent(),
            now=self._now,
            first_rms_ms2=self._first_rms_ms2,
            rms_ms2=tuple(self._rms_ms2),
            lost_for_s=lost_for_s,
            is_paused=self.is_paused,
            ended=str(self.error) if self.error is not None else "",
        )

    def _lost_share(self, counts: RecorderCounts) -> float | None:
        """Return the share of samples lost so far; of a silence the next sample will tell."""
        n_all = counts.n_lost + counts.n_samples
        return counts.n_lost / n_all if self.detects_loss and not self._is_silent() else None

    # --- the end -------------------------------------------------------------------------------

    async def end(self) -> None:
        """Stop the sensor, take what is still underway, and close the folder."""
        try:
            if self.source is not None:
                self._end_s = self.source.now_s()
                await self.source.stop()
            if self._reading is not None:
                await asyncio.wait({self._reading})
        finally:
            await self._take_rest()
            if self._outlet is not None:
                self._outlet.close()
            recorder = self.recorder
            if recorder is not None:
                self.counts = await recorder.close()

    async def _take_rest(self) -> None:
        """Take what the reading has not, where a second Ctrl-C cut it short."""
        reading = self._reading
        if reading is None or reading.done():
            return
        reading.cancel()
        await asyncio.wait({reading})
        assert self.source is not None
        for block in self.source.decode_waiting():
            self.take(block)

    def discard(self) -> None:
        """Remove the folder of a recording that received nothing."""
        if self.recorder is None or self.has_recorded:
            return
        for path in self.folder.iterdir():
            if path.is_file() and path.name != LOCK_FILE:
                with suppress(OSError):
                    system_calls.remove(path)
        with suppress(OSError):  # what it was to replace is in it
            system_calls.remove_folder(self.folder)
