"""Records a stream of blocks, packets and events into a folder.

The content of a recording is decided here; writing it to disk is `tremor.recorder.disk`.
"""

from __future__ import annotations

import asyncio
import os
import platform
import time
from collections.abc import AsyncIterable, AsyncIterator, Callable
from contextlib import suppress
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import numpy as np

from tremor import system_calls
from tremor._version import __version__
from tremor.clock.running import ClockEstimate, RunningClock
from tremor.errors import InvalidInputError, WouldOverwriteError
from tremor.files import sync_folder
from tremor.formats.csv.native import NativePreamble
from tremor.formats.folder.packet_log import StreamGranted
from tremor.formats.folder.samples import StampConverter, Times, samples_header
from tremor.packets import LinkEvent, Packet
from tremor.recorder.counts import RecorderCounts, Zero
from tremor.recorder.description import StreamDescription
from tremor.recorder.disk import DiskWriter, Header, Rows
from tremor.recorder.events import MARKERS, EventLog
from tremor.recorder.lock import LOCK_FILE, FolderLock
from tremor.recorder.replaced import REPLACED_FOLDER
from tremor.recording import Placement, SampleBlock

__all__ = ["Recorder"]

#: Items that may wait for the disk: 90 s at 208 packets and blocks a second.
_MOST_WAITING: Final = 40_000
#: Delay of the manifest after an event, and its longest interval, s.
_MANIFEST_SOON_S: Final = 1.0
_MANIFEST_LATEST_S: Final = 10.0
#: How long a failing disk is tried again at the end, s.
_PATIENCE_S: Final = 5.0
_LINK_IS_GONE: Final = frozenset({"lost", "silent", "restarted"})


class Recorder:
    """Writes a recording folder while samples arrive.

    Parameters
    ----------
    folder : path
        Folder to write; it does not exist yet, or is empty.
    stream : StreamDescription, optional
        Sensor and settings; or they follow by `describe`, also after a reconnection.
    placement : Placement or str, optional
        Where the sensor is worn.
    zero : Zero, optional
        Time zero, which two recorders of a session share; by default the first packet, event or
        block.
    most_waiting : int
        Packets and blocks that may wait for the disk; further ones are dropped and counted.
    lock : FolderLock, optional
        Lock on the folder that the caller holds; without it the recorder takes one until `close`.
    now, wall_now : callable
        Monotonic and wall clock, s.

    Raises
    ------
    WouldOverwriteError
        If the folder is not empty, or another recorder writes into it.
    InvalidInputError
        If it cannot be written.

    Notes
    -----
    Nothing but `close` waits for the disk. A packet is written within 0.05 s and synced each
    second: a killed program loses the last moment, a power cut the last second.

    Examples
    --------
    >>> import asyncio, tempfile
    >>> import tremor
    >>> async def record(folder):
    ...     stream = StreamDescription(sampling_rate_hz=100.0, detects_loss=True)
    ...     async with Recorder(folder, stream=stream, placement="left-calf") as recorder:
    ...         for first in range(0, 1000, 10):
    ...             samples = np.tile([0.0, 0.0, 9.81], (10, 1))
    ...             stamps = np.arange(first, first + 10) / 100.0
    ...             arrival_s = stamps[-1] + 5.02
    ...             recorder.take(SampleBlock(first, samples, arrival_s, None, stamps))
    ...     return recorder.counts.n_samples
    >>> with tempfile.TemporaryDirectory() as parent:
    ...     asyncio.run(record(Path(parent) / "session"))
    ...     sorted(path.name for path in (Path(parent) / "session").iterdir())
    1000
    ['packets.bin', 'recording.json', 'samples.csv']
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        *,
        stream: StreamDescription | None = None,
        placement: Placement | str | None = None,
        zero: Zero | None = None,
        most_waiting: int = _MOST_WAITING,
        lock: FolderLock | None = None,
        now: Callable[[], float] = time.monotonic,
        wall_now: Callable[[], float] = time.time,
    ) -> None:
        self._folder = Path(folder)
        self._stream = stream or StreamDescription()
        self._is_described = stream is not None
        self._placement = (
            Placement.from_text(placement) if isinstance(placement, str) else placement
        )
        self._zero = zero
        self._most_waiting = most_waiting
        self._given_lock = lock
        self._lock: FolderLock | None = None
        self._now, self._wall_now = now, wall_now
        self._disk: DiskWriter | None = None
        self._counts = RecorderCounts()
        self._clock = RunningClock(nominal_sampling_rate_hz=self._stream.sampling_rate_hz)
        self._stamps = StampConverter()
        self._times: Times | None = None
        #: The first block, if it has no stamps: the next one shows whether its sensor stamps.
        self._first: SampleBlock | None = None
        self._with_angular_velocity = False
        self._next_index: int | None = None
        self._last_time_s = 0.0
        #: When links were lost after which no samples were taken yet, s.
        self._lost_s: list[float] = []
        self._events = EventLog()
        self._reported_drops = (0, 0)
        self._manifest_due_s = -np.inf

    @property
    def folder(self) -> Path:
        """Return the folder of the recording."""
        return self._folder

    @property
    def zero(self) -> Zero | None:
        """Return time zero; None before anything arrived."""
        return self._zero

    @property
    def clock(self) -> ClockEstimate:
        """Return the present estimate of the sampling rate."""
        return self._clock.estimate

    @property
    def counts(self) -> RecorderCounts:
        """Return the counts of what the recording holds."""
        disk = self._disk
        if disk is None:
            return self._counts
        return replace(self._counts, n_waiting=disk.n_waiting, disk=disk.state)

    async def __aenter__(self) -> Self:
        self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    def start(self) -> None:
        """Make the folder and start; ``async with`` does it.

        Raises
        ------
        WouldOverwriteError, InvalidInputError
            As for the class.
        """
        folder = self._folder
        try:
            self._disk = self._opened()
        except WouldOverwriteError:
            raise
        except (NotADirectoryError, FileExistsError) as error:
            raise WouldOverwriteError(f"{folder} is a file; give another path") from error
        except OSError as error:
            raise InvalidInputError(
                f"{folder} cannot be written ({error.strerror}); give another path"
            ) from error
        if self._is_described:
            self._log_settings()
        self._write_manifest()

    def describe(self, stream: StreamDescription) -> None:
        """Set the sensor and its granted settings, for what arrives from now on.

        Parameters
        ----------
        stream : StreamDescription
            To be given when the sensor has started, and after each restart.
        """
        if stream == self._stream and self._is_described:
            return
        self._stream, self._is_described = stream, True
        if self._next_index is None:
            self._clock = RunningClock(nominal_sampling_rate_hz=stream.sampling_rate_hz)
        self._log_settings()
        self._manifest_soon()

    def tap(self, record: Packet | LinkEvent) -> None:
        """Record a packet or an event of the link; never waits.

        Parameters
        ----------
        record : Packet or LinkEvent
            In order of arrival.
        """
        zero = self._zero_from(record.arrival_s, record.wall_s)
        taken = self._put(record)
        was = self._counts
        if isinstance(record, Packet):
            self._counts = replace(
                was,
                n_packets=was.n_packets + taken,
                n_packet_bytes=was.n_packet_bytes + taken * len(record.data),
                n_dropped_packets=was.n_dropped_packets + (not taken),
            )
            return
        n_refused = was.n_refused + (record.kind == "refused")
        self._counts = replace(was, n_events=was.n_events + 1, n_refused=n_refused)
        if record.kind in _LINK_IS_GONE:
            self._lost_s.append(record.arrival_s)
        self._events.add_event(record, time_s=record.arrival_s - zero.arrival_s)
        self._manifest_soon()

    def marker(
        self, detail: str = "", *, kind: str = "marker", arrival_s: float | None = None
    ) -> None:
        """Record a marker of the runner.

        Parameters
        ----------
        detail : str
            Such as ``stood up``, or a number for ``pain``.
        kind : str
            ``marker`` or ``pain``.
        arrival_s : float, optional
            When, s on the host's monotonic clock; now, without it.

        Raises
        ------
        InvalidInputError
            If the kind is neither of the two.
        """
        if kind not in MARKERS:
            raise InvalidInputError(f"marker of kind {kind!r}; give {' or '.join(MARKERS)}")
        now_s, wall_s = self._now(), self._wall_now()
        at_s = now_s if arrival_s is None else arrival_s
        wall_s -= 0.0 if arrival_s is None else now_s - at_s
        self.tap(LinkEvent(at_s, wall_s, kind, detail))

    def add(self, key: str, value: object) -> None:
        """Record a value beside the samples, such as the check of the strap.

        Parameters
        ----------
        key : str
            Its key in ``extra`` of the manifest.
        value : object
            A JSON value.
        """
        self._events.extra[key] = value
        self._manifest_soon()

    def take(self, block: SampleBlock) -> None:
        """Record the samples of a block; never waits.

        Parameters
        ----------
        block : SampleBlock
            In order of arrival. Samples whose index repeats are left out and counted. A first
            block without stamps of the sensor is written with the one that follows.
        """
        zero = self._zero_from(block.arrival_s, None)
        if self._next_index is None:
            if self._first is None and block.device_time_s is None:
                self._first = block
                return
            self._begin(block, zero)
        self._take(block, zero)

    def _take(self, block: SampleBlock, zero: Zero) -> None:
        assert self._next_index is not None
        self._clock.add(block)
        n_repeated = min(len(block.acceleration_ms2), max(0, self._next_index - block.first_index))
        if n_repeated:
            block = _without_first(block, n_repeated)
        n = len(block.acceleration_ms2)
        arrival_s = block.arrival_s - zero.arrival_s
        n_lost = max(0, block.first_index - self._next_index)
        # Blocks that were received before a link was lost may be taken after it.
        is_back = any(lost_s < block.arrival_s for lost_s in self._lost_s)
        if n_lost:
            self._note_gap(n_lost, by_link=is_back)
        self._next_index = max(self._next_index, block.first_index + n)
        n_finite = n
        taken = True
        if n:
            n_finite = int(np.count_nonzero(np.isfinite(block.acceleration_ms2).all(axis=1)))
            time_s = self._times_of(block, arrival_s)
            self._last_time_s = float(time_s[-1])
            taken = self._put(Rows(block, time_s, arrival_s, self._with_angular_velocity))
            self._lost_s = [lost_s for lost_s in self._lost_s if lost_s >= block.arrival_s]
        was = self._counts
        self._counts = replace(
            was,
            n_samples=was.n_samples + taken * n_finite,
            n_lost=was.n_lost + n_lost + n - n_finite,
            n_repeated=was.n_repeated + n_repeated,
            n_gaps=was.n_gaps + (n_lost > 0),
            n_dropped_samples=was.n_dropped_samples + (not taken) * n_finite,
            last_arrival_s=arrival_s,
        )
        if self._now() >= self._manifest_due_s:
            self._write_manifest()

    async def through(self, blocks: AsyncIterable[SampleBlock]) -> AsyncIterator[SampleBlock]:
        """Record blocks and yield them again, so that they can be analysed meanwhile.

        Parameters
        ----------
        blocks : async iterable of SampleBlock
            The stream.

        Yields
        ------
        SampleBlock
            The same blocks.
        """
        async for block in blocks:
            self.take(block)
            yield block

    async def close(self) -> RecorderCounts:
        """Write what waits, end the recording, and wait for the disk.

        Returns
        -------
        RecorderCounts
            Final; ``disk.failure`` says what the disk refused.
        """
        return await asyncio.to_thread(self.finish)

    def finish(self) -> RecorderCounts:
        """Do the same as `close` where no event loop runs; nothing may arrive meanwhile."""
        disk = self._disk
        if disk is None:
            return self._counts
        if self._first is not None:
            self._begin(None, self._zero_from(self._first.arrival_s, None))
        self._report_drops()
        try:
            disk.end(patience_s=_PATIENCE_S)
            final = self._manifest(is_final=True) | {
                "closed": True,
                "files": disk.files(),
                "ended_at": _iso(self._wall_now()),
            }
            del final["process_id"]
            disk.write_manifest(final)
        finally:
            self._counts = replace(self.counts, disk=disk.state)
            self._disk = None
            self._release()
        return self._counts

    # --- within --------------------------------------------------------------------------------

    def _opened(self) -> DiskWriter:
        """Return the started writer of the folder; an error leaves everything as it was."""
        folder = self._folder
        missing = [one for one in (folder, *folder.parents) if not one.exists()]
        try:
            system_calls.make_folder(folder)
            for one in missing:
                sync_folder(one.parent)
            self._lock = None if self._given_lock is not None else FolderLock(folder)
            _require_empty(folder)
            disk = DiskWriter(folder, most_waiting=self._most_waiting)
            disk.start()
        except BaseException:
            self._release()
            for one in missing:
                with suppress(OSError):
                    system_calls.remove_folder(one)
            raise
        return disk

    def _release(self) -> None:
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def _put(self, item: Packet | LinkEvent | StreamGranted | Header | Rows) -> bool:
        disk = self._disk
        if disk is None:
            raise InvalidInputError("the recording is not open; use it inside of 'async with'")
        if self._n_unreported() and disk.n_waiting < self._most_waiting // 2:
            self._report_drops()
        return disk.put(item)

    def _n_unreported(self) -> int:
        counts = self._counts
        return counts.n_dropped_packets + counts.n_dropped_samples - sum(self._reported_drops)

    def _report_drops(self) -> None:
        """Report dropped items in log and manifest, once there is room again."""
        if self._disk is None or not self._n_unreported():
            return
        n_packets = self._counts.n_dropped_packets - self._reported_drops[0]
        n_samples = self._counts.n_dropped_samples - self._reported_drops[1]
        self._reported_drops = (self._counts.n_dropped_packets, self._counts.n_dropped_samples)
        detail = f"the disk did not keep up: {n_packets} packets and {n_samples} samples"
        self.tap(LinkEvent(self._now(), self._wall_now(), "dropped", detail))

    def _zero_from(self, arrival_s: float, wall_s: float | None) -> Zero:
        if self._zero is None:
            self._zero = Zero(arrival_s, self._wall_now() if wall_s is None else wall_s)
        return self._zero

    def _begin(self, block: SampleBlock | None, zero: Zero) -> None:
        """Write the head, and the first block if it waits; None where no other followed it."""
        first, self._first = self._first, None
        begin = [one for one in (first, block) if one is not None]
        is_stamped = any(one.device_time_s is not None for one in begin)
        self._next_index = begin[0].first_index
        self._times = "sensor" if is_stamped else "arrival"
        self._with_angular_velocity = any(one.angular_velocity_deg_s is not None for one in begin)
        header = samples_header(
            NativePreamble(
                gravity=self._stream.gravity,
                nominal_sampling_rate_hz=self._stream.sampling_rate_hz,
                started_at=datetime.fromtimestamp(zero.wall_s).astimezone(),
                sensor=self._stream.sensor,
                placement=self._placement,
            ),
            times=self._times,
            detects_loss=self._stream.detects_loss,
            with_angular_velocity=self._with_angular_velocity,
        )
        self._put(Header(header))
        if first is not None:
            rate_hz = self._clock.estimate.sampling_rate_hz
            self._take(first if block is None else _stamped_before(first, block, rate_hz), zero)

    def _times_of(self, block: SampleBlock, arrival_s: float) -> np.typing.NDArray[np.float64]:
        stamps_s = block.device_time_s
        if self._times == "sensor" and stamps_s is not None and np.isfinite(stamps_s).all():
            return self._stamps.convert(stamps_s, arrival_s=arrival_s)
        # A single block of a stamped stream may have no stamps; time never decreases.
        return np.full(len(block.acceleration_ms2), max(arrival_s, self._last_time_s))

    def _note_gap(self, n_lost: int, *, by_link: bool) -> None:
        assert self._next_index is not None
        self._events.add_gap(
            first_index=self._next_index,
            n_lost=n_lost,
            last_s=self._last_time_s,
            sampling_rate_hz=self._clock.estimate.sampling_rate_hz,
            detected_by="sensor" if self._stream.detects_loss else "host clock",
            cause="link" if by_link else "",
        )

    def _log_settings(self) -> None:
        if self._disk is None:
            return
        stream = self._stream
        self._put(
            StreamGranted(self._now(), self._wall_now(), stream.sensor.profile, stream.settings())
        )

    def _manifest_soon(self) -> None:
        self._manifest_due_s = min(self._manifest_due_s, self._now() + _MANIFEST_SOON_S)

    def _write_manifest(self) -> None:
        assert self._disk is not None
        self._manifest_due_s = self._now() + _MANIFEST_LATEST_S
        self._disk.put_manifest(self._manifest())

    def _manifest(self, *, is_final: bool = False) -> dict[str, object]:
        zero, counts, placement = self._zero, self._counts, self._placement
        last_s = counts.last_arrival_s
        kept = {key: value for key, value in asdict(counts).items() if key.startswith("n_")}
        del kept["n_waiting"]
        return {
            "closed": False,
            "process_id": os.getpid(),
            "started_at": None if zero is None else _iso(zero.wall_s),
            "started_monotonic_s": None if zero is None else zero.arrival_s,
            "ended_at": None,
            "duration_s": None if last_s is None else round(last_s, 6),
            **self._stream.to_manifest(),
            "placement": str(placement) if placement else None,
            "times": self._times,
            "clock": asdict(self._clock.estimate),
            "counts": kept,
            **self._events.to_manifest(is_final=is_final),
            "software": {
                "name": "tremor-analyzer",
                "version": __version__,
                "python": platform.python_version(),
            },
        }


def _require_empty(folder: Path) -> None:
    if any(path.name not in (LOCK_FILE, REPLACED_FOLDER) for path in folder.iterdir()):
        raise WouldOverwriteError(f"{folder} is not empty; give another folder")


def _iso(wall_s: float) -> str:
    return datetime.fromtimestamp(wall_s).astimezone().isoformat()


def _stamped_before(
    first: SampleBlock, second: SampleBlock, sampling_rate_hz: float | None
) -> SampleBlock:
    """Return the first block with the stamps that lead to those of the second, if it has any."""
    if second.device_time_s is None or sampling_rate_hz is None:
        return first
    index = first.first_index + np.arange(len(first.acceleration_ms2))
    ahead_s = (second.first_index - index) / sampling_rate_hz
    return replace(first, device_time_s=second.device_time_s[0] - ahead_s)


def _without_first(block: SampleBlock, n: int) -> SampleBlock:
    turns, stamps_s = block.angular_velocity_deg_s, block.device_time_s
    return SampleBlock(
        block.first_index + n,
        block.acceleration_ms2[n:],
        block.arrival_s,
        None if turns is None else turns[n:],
        None if stamps_s is None else stamps_s[n:],
    )
