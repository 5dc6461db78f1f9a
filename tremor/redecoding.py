"""Decoding the packets of a recording again, as a newer decoder reads them.

The recording itself is not changed.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tremor.counted import counted
from tremor.errors import (
    CaptureReadError,
    InsufficientDataError,
    InvalidInputError,
    PacketError,
    TremorError,
)
from tremor.files import real_path
from tremor.formats.folder.manifest import PACKETS_FILE, part_of, read_manifest

if TYPE_CHECKING:
    from devices.profile import Decoder, SensorProfile
    from tremor.formats.folder.packet_log import LogRecord, PacketLog, StreamGranted
    from tremor.recorder import StreamDescription, Zero
    from tremor.recording import Recording, SampleBlock

__all__ = ["Redecoded", "redecode"]

#: Events of a link between which the packets hold samples.
_BEGINS: Final = frozenset({"started", "restarted"})
_ENDS: Final = frozenset({"lost", "stopped"})
#: Blocks that may wait for the temporary file, and how long it is waited for, s.
_MOST_WAITING: Final = 2000
_WAIT_S: Final = 0.01


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Redecoded:
    """Contents of the packets of a recording.

    Parameters
    ----------
    recording : Recording
        The samples.
    last_s : float
        When the last block arrived, s from the start of the recording.
    profile : str
        Slug of the sensor profile whose decoder was used.
    n_packets, n_refused : int
        Number of packets, and of those that the decoder refused.
    n_bytes_left_out : int
        Bytes of the log that belong to no complete packet.
    """

    recording: Recording
    last_s: float
    profile: str
    n_packets: int
    n_refused: int
    n_bytes_left_out: int


def redecode(folder: Path) -> Redecoded:
    """Decode the packets of a recording again.

    Parameters
    ----------
    folder : Path
        Folder of the recording.

    Returns
    -------
    Redecoded
        The samples on their clock, as `tremor.read` returns them.

    Raises
    ------
    InvalidInputError
        If the path is not that of a recording, or its sensor is not known.
    InsufficientDataError
        If there are no samples in the packets.
    """
    from tremor.formats.folder.packet_log import read_packet_log

    if not (folder / PACKETS_FILE).is_file():
        raise InvalidInputError(
            f"{folder} is not a recording with {PACKETS_FILE}; --redecode needs its folder"
        )
    log = read_packet_log(folder / PACKETS_FILE)
    manifest = read_manifest(folder) or {}
    granted = _granted(log, manifest, folder)
    profile = _profile(granted)
    stream = _description(granted, profile, manifest)
    decoding = _Decoding(_decoder(profile, granted, folder))
    recorded = _recorded(
        decoding.blocks(log.records), stream, _zero(log, manifest), _placement(manifest), folder
    )
    if recorded is None:
        raise InsufficientDataError(
            f"{folder / PACKETS_FILE} holds {counted(decoding.n_packets, 'packet')} of the stream, "
            f"and no samples in them (refused: {decoding.n_refused}); samples.csv is all there is"
        )
    return Redecoded(
        recording=recorded[0],
        last_s=recorded[1],
        profile=profile.slug,
        n_packets=decoding.n_packets,
        n_refused=decoding.n_refused,
        n_bytes_left_out=log.n_bytes_left_out,
    )


class _Decoding:
    """Passes packets to a decoder as the link did."""

    def __init__(self, decoder: Decoder) -> None:
        self._decoder = decoder
        self.n_packets = self.n_refused = 0

    def blocks(self, records: tuple[LogRecord, ...]) -> Iterator[SampleBlock]:
        from devices.profile import finished
        from tremor.packets import LinkEvent, Packet

        # Without an event that says when the stream began, all packets belong to it.
        streams = not any(isinstance(one, LinkEvent) and one.kind in _BEGINS for one in records)
        connected_s: float | None = None
        for one in records:
            if isinstance(one, LinkEvent):
                if one.kind == "connected":
                    connected_s = one.arrival_s
                elif one.kind in _BEGINS:
                    if one.kind == "restarted":
                        self._decoder.restart(connected_s)
                    connected_s = None
                streams = one.kind in _BEGINS or (streams and one.kind not in _ENDS)
            elif isinstance(one, Packet) and streams:
                self.n_packets += 1
                try:
                    yield from self._decoder.feed(one.characteristic, one.data, one.arrival_s)
                except PacketError:
                    self.n_refused += 1
        yield from finished(self._decoder)


def _granted(log: PacketLog, manifest: dict[str, Any], folder: Path) -> StreamGranted:
    """Return the settings of the stream, from the log or else from the manifest."""
    from tremor.formats.folder.packet_log import StreamGranted

    logged = [one for one in log.records if isinstance(one, StreamGranted)]
    known = {(one.profile, repr(sorted(one.settings.items()))) for one in logged}
    if len(known) > 1:
        raise InvalidInputError(
            f"{folder} holds packets of {len(known)} settings; its samples are in samples.csv"
        )
    if logged:
        return logged[0]
    slug = part_of(manifest, "sensor").get("profile")
    return StreamGranted(0.0, 0.0, str(slug or ""), part_of(manifest, "settings"))


def _profile(granted: StreamGranted) -> SensorProfile:
    import devices

    profile = devices.PROFILES.get(granted.profile)
    if profile is None:
        raise InvalidInputError(
            f"the recording is of sensor {granted.profile or 'unknown'!r}, and its packets can be "
            f"decoded for {', '.join(devices.PROFILES)}; install the package that brings its "
            "sensor, or decode it with the version that recorded it"
        )
    return profile


def _decoder(profile: SensorProfile, granted: StreamGranted, folder: Path) -> Decoder:
    try:
        return profile.decoder(**_arguments(granted))
    except TremorError:
        raise
    except (TypeError, ValueError, OverflowError) as error:
        raise CaptureReadError(
            f"{folder} holds settings of the sensor that are damaged ({error}); its samples.csv "
            "is all there is"
        ) from error


def _placement(manifest: Mapping[str, Any]) -> str | None:
    placement = manifest.get("placement")
    return placement if isinstance(placement, str) else None


def _arguments(granted: StreamGranted) -> dict[str, Any]:
    settings = dict(granted.settings)
    settings.pop("options", None)
    return {**settings, **_options(granted)}


def _options(granted: StreamGranted) -> dict[str, str]:
    options = granted.settings.get("options")
    return options if isinstance(options, dict) else {}


def _description(
    granted: StreamGranted, profile: SensorProfile, manifest: dict[str, Any]
) -> StreamDescription:
    from tremor.recorder import StreamDescription
    from tremor.recording import SensorInfo

    sensor, settings = part_of(manifest, "sensor"), dict(granted.settings)
    return StreamDescription(
        sensor=SensorInfo(
            sensor.get("name") or profile.name, granted.profile, sensor.get("range_ms2")
        ),
        sampling_rate_hz=settings.get("sampling_rate_hz"),  # type: ignore[arg-type]
        range_g=settings.get("range_g"),  # type: ignore[arg-type]
        detects_loss=manifest.get("tells_loss", profile.detects_loss),
        gravity="included" if profile.includes_gravity(_options(granted)) else "removed",
    )


def _zero(log: PacketLog, manifest: dict[str, Any]) -> Zero | None:
    """Return the zero of time of the recording, or its first record if there is none."""
    from tremor.packets import LinkEvent, Packet
    from tremor.recorder import Zero

    arrival_s, started_at = manifest.get("started_monotonic_s"), manifest.get("started_at")
    if isinstance(arrival_s, int | float) and isinstance(started_at, str):
        with suppress(ValueError, OverflowError):  # a damaged byte
            return Zero(arrival_s, datetime.fromisoformat(started_at).timestamp())
    first = next((one for one in log.records if isinstance(one, Packet | LinkEvent)), None)
    return None if first is None else Zero(first.arrival_s, first.wall_s)


def _recorded(
    blocks: Iterator[SampleBlock],
    stream: StreamDescription,
    zero: Zero | None,
    placement: str | None,
    folder: Path,
) -> tuple[Recording, float] | None:
    """Record the blocks into a temporary folder and read it: all samples take the same road.

    Returns the recording and when its last block arrived, s; None without a block.
    """
    from dataclasses import replace

    from tremor.formats.readers import open_capture
    from tremor.recorder import Recorder

    with tempfile.TemporaryDirectory(prefix="tremor-") as parent:
        again = Path(parent) / real_path(folder).name
        recorder = Recorder(again, stream=stream, zero=zero, placement=placement)
        recorder.start()
        try:
            for block in blocks:
                recorder.take(block)
                while recorder.counts.n_waiting > _MOST_WAITING:
                    time.sleep(_WAIT_S)
        finally:
            recorder.finish()
        last_s = recorder.counts.last_arrival_s
        if last_s is None:
            return None
        _require_kept(recorder.counts.disk.failure)
        with open_capture(again) as opened:
            recording = opened.in_memory()
    history = ("packets decoded again", *recording.history)
    return replace(recording, history=history), last_s


def _require_kept(failure: str) -> None:
    if failure:
        raise CaptureReadError(
            f"the packets cannot be decoded in the temporary folder {tempfile.gettempdir()}: "
            f"{failure}; make room there, or name another folder in TMPDIR"
        )
