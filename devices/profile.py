"""What a sensor file must provide: who it is, what it can do, how it is started and decoded.

A sensor file holds no asyncio and no Bluetooth library. What it wants done on a link it says in
steps, one after the other (`Conversation`), and `devices.link.source` does them; so each sensor
can be tested without a radio, down to the bytes. Nothing here imports numpy either, so that a list
of sensors comes at once.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol, TypeAlias

from tremor.errors import InvalidInputError

if TYPE_CHECKING:
    from tremor.recording import SampleBlock

__all__ = [
    "Advertisement",
    "Ask",
    "Conversation",
    "Decoder",
    "LossRule",
    "Pause",
    "Read",
    "SensorProfile",
    "Started",
    "Step",
    "StreamSettings",
    "Subscribe",
    "Unsubscribe",
    "Write",
]


@dataclass(frozen=True, slots=True)
class Advertisement:
    """What a sensor says of itself before anybody connects.

    Parameters
    ----------
    name : str
        Its name; empty where it gives none.
    service_uuids : tuple of str
        Services that it advertises: full UUIDs in lower case.
    manufacturer_ids : tuple of int
        Company identifiers of its manufacturer data.
    """

    name: str = ""
    service_uuids: tuple[str, ...] = ()
    manufacturer_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamSettings:
    """What is asked of a sensor.

    Parameters
    ----------
    sampling_rate_hz : float
        Nominal rate, Hz; one of the profile.
    range_g : float or None
        Full scale, g; one of the profile, or None where the sensor has one only.
    gyro : bool
        Whether angular velocity is wanted as well, where the sensor has it.
    options : mapping of str to str
        What only this sensor knows, such as the layout of a line.
    """

    sampling_rate_hz: float
    range_g: float | None = None
    gyro: bool = False
    options: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Subscribe:
    """Turn notifications (or indications) of a characteristic on."""

    characteristic: str


@dataclass(frozen=True, slots=True)
class Unsubscribe:
    """Turn them off."""

    characteristic: str


@dataclass(frozen=True, slots=True)
class Write:
    """Write to a characteristic; answered by nothing."""

    characteristic: str
    data: bytes
    response: bool = True


@dataclass(frozen=True, slots=True)
class Read:
    """Read a characteristic; answered by its bytes, or by None where ``optional`` and not there."""

    characteristic: str
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Ask:
    """Write, and wait for the notification that answers.

    Answered by its bytes, or by None where ``optional`` and none came in time; else the link
    gives up with a message that holds ``what``.

    Parameters
    ----------
    characteristic : str
        Where to write.
    data : bytes
        What.
    reply_on : str
        Characteristic whose notification answers.
    is_reply : callable
        Tells the answer from other notifications.
    what : str
        What was asked for, in words for a message: ``start the accelerometer``.
    timeout_s : float
        s.
    optional : bool
        Whether silence is an answer.
    whole_of : callable, optional
        For a sensor that parts a long answer: from all notifications so far for which
        ``is_reply`` holds, in order, to the whole answer, or to None where a further one is to
        come. Without it the first one is the answer.
    """

    characteristic: str
    data: bytes
    reply_on: str
    is_reply: Callable[[bytes], bool]
    what: str
    timeout_s: float = 5.0
    optional: bool = False
    whole_of: Callable[[Sequence[bytes]], bytes | None] | None = None


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait so many seconds: some sensors need time between two writes."""

    duration_s: float


Step: TypeAlias = Subscribe | Unsubscribe | Write | Read | Ask | Pause


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """What a sensor granted: its decoder is made of this.

    Parameters
    ----------
    settings : StreamSettings
        Rate, range and options as they are now.
    notes : tuple of str
        What differs from what was asked, and what is known of the sensor (firmware, battery).
    """

    settings: StreamSettings
    notes: tuple[str, ...] = ()


#: Yields steps, gets the bytes that answer `Read` and `Ask` (None for the others), and returns
#: what was granted. Raises `SensorRefusedError` where a reply says no.
Conversation: TypeAlias = Generator[Step, bytes | None, Started]
#: The same for stopping, which returns nothing.
StopConversation: TypeAlias = Generator[Step, bytes | None, None]


class Decoder(Protocol):
    """Bytes of one connection after the other in, samples out; synchronous and deterministic."""

    def feed(self, characteristic_uuid: str, data: bytes, arrival_s: float) -> list[SampleBlock]:
        """Decode one notification.

        Parameters
        ----------
        characteristic_uuid : str
            Where it came from; one that carries no samples gives no blocks.
        data : bytes
            As received.
        arrival_s : float
            When, s on a monotonic clock.

        Returns
        -------
        list of SampleBlock
            What is complete now, in m/s^2 and deg/s; ``first_index`` counts on over losses that
            the sensor lets one tell.

        Raises
        ------
        PacketError
            Where the bytes cannot be what the sensor sends: cut, or of another kind. Nothing of
            them is used, and the next packet is decoded as if they had not come.
        """

    def restart(self) -> None:
        """Forget half a frame and the device's clock: the link was lost and is there again.

        The count goes on: the gap is a jump, told by the sensor's stamps where they survived,
        else by the host's clock.
        """

    @property
    def n_rejected(self) -> int:
        """Count lines, frames or bytes of a byte stream that were left out as damaged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LossRule:
    """How lost samples are told.

    Parameters
    ----------
    tells_loss : bool
        Whether a loss can be told from a delay.
    loss : str
        How, a sentence that goes into the recording.
    """

    tells_loss: bool
    loss: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SensorProfile:
    """A kind of sensor.

    Parameters
    ----------
    slug : str
        Name in files and options, such as ``polar-h10``.
    name : str
        Name in messages, such as ``Polar H10``.
    name_pattern : str
        What its advertised name looks like, for people: ``Polar H10 XXXXXXXX``.
    services : tuple of str
        Service UUIDs to look for.
    recognises : callable
        Whether an advertisement is that of such a sensor.
    rates_hz, ranges_g : tuple of float
        What can be asked for; ranges are empty where there is nothing to choose or it is unknown.
    default_rate_hz : float
        Asked for unless told otherwise, Hz: best for tremor of a leg.
    default_range_g : float or None
        Full scale, g.
    has_gyro : bool
        Whether it can send angular velocity.
    device_time : str
        How its samples are stamped, a phrase: ``ns stamp of the last sample of a packet``; empty
        where they are not.
    loss : str
        How a loss is told, a sentence that goes into the recording.
    tells_loss : bool
        Whether a loss can be told from a delay.
    data_characteristics : tuple of str
        Where samples come from.
    battery_characteristic : str or None
        Where a charge in percent can be read.
    remarks : tuple of str
        What a user should know, a sentence each.
    start : callable
        From `StreamSettings` to the `Conversation` that starts the stream.
    stop : callable
        From `StreamSettings` to the steps that end it; they are done on every way out.
    make_decoder : callable
        From granted `StreamSettings` to a `Decoder`.
    loss_by_settings : callable, optional
        From `StreamSettings` to a `LossRule`, where it depends on them; ``tells_loss`` and
        ``loss`` are then those of the default settings. Ask `loss_rule`.
    options : mapping of str to str, optional
        Options that it knows, and what each is, for a help text. Without it they are not checked.
    check : callable, optional
        Raises `InvalidInputError` where settings cannot be, beyond rate, range and names of
        options.
    manual : str
        What else belongs on its page: lines of at most 80 columns; may be empty.
    """

    slug: str
    name: str
    name_pattern: str
    services: tuple[str, ...]
    recognises: Callable[[Advertisement], bool]
    rates_hz: tuple[float, ...]
    default_rate_hz: float
    ranges_g: tuple[float, ...]
    default_range_g: float | None
    has_gyro: bool
    device_time: str
    loss: str
    tells_loss: bool
    data_characteristics: tuple[str, ...]
    battery_characteristic: str | None = None
    remarks: tuple[str, ...] = ()
    start: Callable[[StreamSettings], Conversation]
    stop: Callable[[StreamSettings], StopConversation]
    make_decoder: Callable[[StreamSettings], Decoder]
    loss_by_settings: Callable[[StreamSettings], LossRule] | None = None
    options: Mapping[str, str] | None = None
    check: Callable[[StreamSettings], object] | None = None
    manual: str = ""

    def loss_rule(self, settings: StreamSettings) -> LossRule:
        """Tell how a loss is told with these settings.

        Parameters
        ----------
        settings : StreamSettings
            As granted.

        Returns
        -------
        LossRule
            That of the profile, unless it depends on the settings.
        """
        if self.loss_by_settings is not None:
            return self.loss_by_settings(settings)
        return LossRule(tells_loss=self.tells_loss, loss=self.loss)

    def settings(
        self,
        *,
        sampling_rate_hz: float | None = None,
        range_g: float | None = None,
        gyro: bool = False,
        **options: str,
    ) -> StreamSettings:
        """Choose settings, and check them against what the sensor can do.

        Parameters
        ----------
        sampling_rate_hz : float, optional
            Hz; the default of the profile without it.
        range_g : float, optional
            g; likewise.
        gyro : bool
            Whether angular velocity is wanted.
        **options : str
            What only this sensor knows.

        Returns
        -------
        StreamSettings
            Checked.

        Raises
        ------
        InvalidInputError
            Where the sensor cannot do that; the message lists what it can.
        """
        settings = self._settings(sampling_rate_hz, range_g, gyro=gyro, options=options)
        rate_hz, chosen_g = settings.sampling_rate_hz, settings.range_g
        if self.rates_hz and rate_hz not in self.rates_hz:
            allowed = ", ".join(f"{rate:g}" for rate in self.rates_hz)
            raise InvalidInputError(
                f"{self.name} cannot sample at {rate_hz:g} Hz; choose one of {allowed} Hz"
            )
        if self.ranges_g and chosen_g not in self.ranges_g:
            allowed = ", ".join(f"{one:g}" for one in self.ranges_g)
            raise InvalidInputError(
                f"{self.name} has no range of {chosen_g:g} g; choose one of {allowed} g"
            )
        if gyro and not self.has_gyro:
            raise InvalidInputError(f"{self.name} sends no angular velocity; leave --gyro out")
        if self.check is not None:
            self.check(settings)
        return settings

    def decoder(
        self,
        *,
        sampling_rate_hz: float | None = None,
        range_g: float | None = None,
        gyro: bool = False,
        **options: str,
    ) -> Decoder:
        """Make a decoder for packets that came with these settings.

        They are what a sensor granted, which need not be among what can be asked for.

        Parameters
        ----------
        sampling_rate_hz, range_g, gyro, **options
            As for `settings`.

        Returns
        -------
        Decoder
            Fresh.

        Raises
        ------
        InvalidInputError
            Where an option is not known or cannot be.
        """
        settings = self._settings(sampling_rate_hz, range_g, gyro=gyro, options=options)
        if self.check is not None:
            self.check(settings)
        return self.make_decoder(settings)

    def _settings(
        self,
        sampling_rate_hz: float | None,
        range_g: float | None,
        *,
        gyro: bool,
        options: Mapping[str, str],
    ) -> StreamSettings:
        """Fill in the defaults; refuses options that it does not know."""
        if self.options is not None:
            unknown = next((name for name in options if name not in self.options), None)
            if unknown is not None:
                known = ", ".join(self.options)
                remedy = f"choose one of {known}" if known else "leave it out"
                raise InvalidInputError(f"{self.name} has no option {unknown!r}; {remedy}")
        return StreamSettings(
            sampling_rate_hz=(
                self.default_rate_hz if sampling_rate_hz is None else float(sampling_rate_hz)
            ),
            range_g=self.default_range_g if range_g is None else float(range_g),
            gyro=gyro,
            options=MappingProxyType(dict(options)),
        )
