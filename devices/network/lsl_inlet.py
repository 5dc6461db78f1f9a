"""A stream of the Lab Streaming Layer as a sensor."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final, TypeAlias

from devices.link.options import HostClocks, LinkTimeouts
from devices.network.lsl_library import lsl_library
from devices.network.source import PhoneSource, converse
from devices.profile import RequestedSettings, SensorProfile
from devices.sensors.lsl import DATA, INFO, encode_info, encode_samples
from tremor.errors import InvalidInputError, LinkError, SensorNotFoundError
from tremor.packets import LinkEvent, Packet

__all__ = ["LslSource"]

_Tap: TypeAlias = Callable[[Packet | LinkEvent], None]

#: How often it is looked for samples, s.
_LOOK_S: Final = 0.04
#: How long one search for the stream takes, s, after which the program can be stopped.
_SEARCH_S: Final = 1.0
#: Samples that are taken at once, and for how long the library keeps those that are not, s.
_MOST_SAMPLES: Final = 4096
_KEPT_S: Final = 360


class LslSource(PhoneSource):
    """Samples of an LSL stream.

    Parameters
    ----------
    profile, settings
        As for `PhoneSource`.
    stream : str
        Name of the stream.
    tap, timeouts, clocks
        As for `PhoneSource`.

    Raises
    ------
    InvalidInputError
        If pylsl is not installed.
    """

    def __init__(
        self,
        profile: SensorProfile,
        settings: RequestedSettings,
        *,
        stream: str,
        tap: _Tap | None = None,
        timeouts: LinkTimeouts | None = None,
        clocks: HostClocks | None = None,
    ) -> None:
        super().__init__(profile, settings, tap=tap, timeouts=timeouts, clocks=clocks)
        self._lsl = lsl_library()
        self._name = stream
        self._inlet: Any = None
        self._streamed_s = self._clocks.timer()

    @property
    def address(self) -> str:
        """Name of the stream."""
        return self._name

    async def _open(self) -> None:
        self._inlet = await self._connect(self._timeouts.find_s)
        self._report("connected", self.name)
        self._begin(await converse(self.profile.start(self._settings), self._read))
        self._streamed_s = self._clocks.timer()

    async def _connect(self, limit_s: float) -> Any:  # noqa: ANN401 - pylsl has no types
        """Find the stream and subscribe to it."""
        end_s = self._clocks.timer() + limit_s
        found: list[Any] = []
        while not found and self._clocks.timer() < end_s:
            # In steps: a thread cannot be interrupted.
            found = await asyncio.to_thread(
                self._lsl.resolve_byprop, "name", self._name, 1, _SEARCH_S
            )
        if not found:
            raise SensorNotFoundError(
                f"no LSL stream {self._name!r} was found within {limit_s:g} s; is its program "
                "running, in the same network, and not blocked by a firewall?"
            )
        if len({one.source_id() for one in found}) > 1:
            raise InvalidInputError(
                f"{len(found)} LSL streams are named {self._name!r}; stop all but one, or rename it"
            )
        # Channels of text have no samples to measure.
        if found[0].channel_format() == self._lsl.cf_string:
            raise InvalidInputError(f"the LSL stream {self._name!r} holds text; name another one")
        inlet = self._lsl.StreamInlet(found[0], _KEPT_S, recover=False)
        try:
            await asyncio.to_thread(inlet.open_stream, self._timeouts.connect_s)
        except Exception as error:
            raise LinkError(
                f"the LSL stream {self._name!r} was found and does not open: {error}"
            ) from error
        return inlet

    async def _read(self, path: str) -> bytes:
        assert path == INFO
        info = await asyncio.to_thread(self._inlet.info, self._timeouts.step_s)
        n_channels = info.channel_count()
        labels, units = [""] * n_channels, [""] * n_channels
        channel = info.desc().child("channels").child("channel")
        for number in range(n_channels):
            labels[number] = channel.child_value("label") or str(number + 1)
            units[number] = channel.child_value("unit")
            channel = channel.next_sibling("channel")
        body = encode_info(rate_hz=info.nominal_srate(), labels=labels, units=units)
        self._hand_to_tap(self._packet(path, body))
        return body

    async def _follow(self) -> None:
        waits = self._timeouts.backoff_s(self._rng)
        while True:
            await asyncio.sleep(_LOOK_S)
            silent_s = self._clocks.timer() - self._streamed_s
            if self._inlet is None:
                if silent_s >= self._timeouts.give_up_s:
                    raise self._given_up("its program ended", silent_s)
                await asyncio.sleep(next(waits))
                try:
                    self._inlet = await self._connect(_SEARCH_S)
                except LinkError:
                    continue
            elif self._take():
                waits = self._timeouts.backoff_s(self._rng)
            elif silent_s > self._timeouts.silence_s:
                self._lose("the stream sends nothing", silent_s=silent_s)
                if silent_s >= self._timeouts.give_up_s:
                    raise self._given_up("it sent nothing", silent_s)

    def _take(self) -> bool:
        """Take what has come; return whether there was anything."""
        try:
            rows, times_s = self._inlet.pull_chunk(timeout=0.0, max_samples=_MOST_SAMPLES)
        except self._lsl.LostError:
            self._inlet = None
            self._lose("the stream ended")
            return False
        if not times_s:
            return False
        self._streamed_s = self._clocks.timer()
        packet = self._packet(DATA, encode_samples(times_s, rows))
        self._find_again(packet)
        self._receive(packet)
        return True

    async def _close(self) -> None:
        inlet, self._inlet = self._inlet, None
        if inlet is not None:
            await asyncio.to_thread(inlet.close_stream)
