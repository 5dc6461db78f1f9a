"""Interface of a sensor file: how to recognise, start, stop and decode one kind of sensor.

A sensor file uses neither asyncio nor a Bluetooth library. Its start and stop are generators of
steps (`Conversation`), which `devices.link.conversation` carries out, so that every sensor can be
tested without a radio, byte for byte. This module does not load numpy either, which keeps the
listing of sensors fast.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias, runtime_checkable

from tremor.errors import InvalidInputError

if TYPE_CHECKING:
    from tremor.recording import SampleBlock

__all__ = [
    "LOSS_BY_TIME_STAMPS",
    "LOSS_NOT_DETECTABLE",
    "Advertisement",
    "Ask",
    "Conversation",
    "Decoder",
    "HoldingDecoder",
    "LossRule",
    "Pause",
    "Read",
    "RequestedSettings",
    "SensorProfile",
    "Started",
    "Step",
    "StopConversation",
    "StreamSettings",
    "Subscribe",
    "Unsubscribe",
    "Write",
    "finished",
]


@dataclass(frozen=True, slots=True)
class Advertisement:
    """What a device advertises before a connection.

    Parameters
    ----------
    name : str
        Local name; empty if none is advertised.
    service_uuids : tuple of str
        Advertised services, full UUIDs in lower case.
    manufacturer_ids : tuple of int
        Company identifiers of the manufacturer data.
    """

    name: str = ""
    service_uuids: tuple[str, ...] = ()
    manufacturer_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamSettings:
    """Settings of a stream, requested or granted.

    Parameters
    ----------
    sampling_rate_hz : float
        Nominal sampling rate, Hz.
    range_g : float or None
        Full scale, g; None if the sensor has no selectable range.
    gyro : bool
        Whether to stream angular velocity as well, if the sensor has it.
    options : mapping of str to str
        Options of this kind of sensor, such as the layout of a packet.
    """

    sampling_rate_hz: float
    range_g: float | None = None
    gyro: bool = False
    options: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestedSettings:
    """Settings as a user asks for them, before the kind of sensor is known.

    Parameters
    ----------
    sampling_rate_hz : float or None
        Sampling rate, Hz; None for the default of the profile.
    range_g : float or None
        Full scale, g; likewise.
    gyro : bool
        Whether to stream angular velocity as well.
    options : mapping of str to str
        Options of the kind of sensor.
    """

    sampling_rate_hz: float | None = None
    range_g: float | None = None
    gyro: bool = False
    options: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def resolve(
        self, profile: SensorProfile, advertisement: Advertisement | None = None
    ) -> StreamSettings:
        """Fill in the defaults of a profile and check the result.

        Parameters
        ----------
        profile : SensorProfile
            Kind of sensor.
        advertisement : Advertisement, optional
            What the sensor advertises. Options that follow from it are used where none are given.

        Returns
        -------
        StreamSettings
            Valid settings.

        Raises
        ------
        InvalidInputError
            If the sensor does not support them.
        """
        options = self.options
        if not options and advertisement is not None and profile.options_by_advertisement:
            options = profile.options_by_advertisement(advertisement)
        return profile.settings(
            sampling_rate_hz=self.sampling_rate_hz,
            range_g=self.range_g,
            gyro=self.gyro,
            **options,
        )


@dataclass(frozen=True, slots=True)
class Subscribe:
    """Enable notifications (or indications) of a characteristic."""

    characteristic: str


@dataclass(frozen=True, slots=True)
class Unsubscribe:
    """Disable notifications of a characteristic."""

    characteristic: str


@dataclass(frozen=True, slots=True)
class Write:
    """Write to a characteristic; the conversation receives None."""

    characteristic: str
    data: bytes
    response: bool = True


@dataclass(frozen=True, slots=True)
class Read:
    """Read a characteristic; the conversation receives its value.

    If ``optional`` and the characteristic does not exist, it receives None.
    """

    characteristic: str
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Ask:
    """Write a request and wait for the notification that replies; the conversation receives it.

    Without a reply in time the conversation receives None if ``optional``; otherwise the link
    raises an error whose message contains ``purpose``.

    Parameters
    ----------
    characteristic : str
        Characteristic to write to.
    data : bytes
        Request.
    reply_on : str
        Characteristic whose notification carries the reply.
    is_reply : callable
        Whether a notification is the reply.
    purpose : str
        What is asked for, as in ``start the accelerometer``; for messages.
    timeout_s : float
        Longest wait for the reply, s.
    optional : bool
        Whether the sensor may leave the request unanswered.
    assemble : callable, optional
        Join a reply that is sent in several notifications: takes all matching notifications so
        far, in order, and returns the complete reply, or None if more are to come. Without it
        the first matching notification is the reply.
    """

    characteristic: str
    data: bytes
    reply_on: str
    is_reply: Callable[[bytes], bool]
    purpose: str
    timeout_s: float = 5.0
    optional: bool = False
    assemble: Callable[[Sequence[bytes]], bytes | None] | None = None


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait; some sensors lose a write that follows another one too closely."""

    duration_s: float


Step: TypeAlias = Subscribe | Unsubscribe | Write | Read | Ask | Pause


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """Outcome of a start.

    Parameters
    ----------
    settings : StreamSettings
        Granted settings; the decoder is made from them.
    notes : tuple of str
        Deviations from the request, and facts such as firmware or battery; clauses without a
        full stop.
    """

    settings: StreamSettings
    notes: tuple[str, ...] = ()


#: Start of a stream. Yields steps, receives the bytes for `Read` and `Ask` (None for the others),
#: and returns what was granted. Raises `SensorRefusedError` if a reply is a refusal.
Conversation: TypeAlias = Generator[Step, bytes | None, Started]
#: Stop of a stream; likewise, but returns nothing.
StopConversation: TypeAlias = Generator[Step, bytes | None, None]


class Decoder(Protocol):
    """Decoder of the notifications of one sensor; synchronous and deterministic."""

    def feed(self, characteristic_uuid: str, data: bytes, arrival_s: float) -> list[SampleBlock]:
        """Decode one notification.

        Parameters
        ----------
        characteristic_uuid : str
            Characteristic that sent it; one that carries no samples yields no blocks.
        data : bytes
            Notification as received.
        arrival_s : float
            Arrival time on a monotonic clock, s.

        Returns
        -------
        list of SampleBlock
            Samples that are complete now, in m/s^2 and deg/s. ``first_index`` skips the samples
            that are known to be lost.

        Raises
        ------
        PacketError
            If the sensor cannot have sent these bytes, for example because they are truncated.
            They are discarded, and the next packet is decoded as if they had never arrived.
        """

    def restart(self, began_s: float | None = None) -> None:
        """Discard a partial frame; the link was lost and is back.

        The sample index continues. The gap is taken from the time stamps of the sensor if its
        clock kept running, otherwise from the clock of the host.

        Parameters
        ----------
        began_s : float, optional
            When the link came back, on the clock of the arrivals, s. No later sample is older,
            however late its packet arrives.
        """

    @property
    def n_rejected(self) -> int:
        """Number of lines, frames or bytes that were discarded as damaged."""


@runtime_checkable
class HoldingDecoder(Protocol):
    """Decoder that may hold packets until those before them have come."""

    def finish(self) -> list[SampleBlock]:
        """Decode what is held, once the stream has ended.

        Returns
        -------
        list of SampleBlock
            As of `Decoder.feed`.
        """


def finished(decoder: Decoder) -> list[SampleBlock]:
    """Return what a decoder still holds at the end of a stream; of most it is nothing."""
    return decoder.finish() if isinstance(decoder, HoldingDecoder) else []


@dataclass(frozen=True, slots=True, kw_only=True)
class LossRule:
    """How lost samples are detected.

    Parameters
    ----------
    detects_loss : bool
        Whether a loss can be distinguished from a delay.
    loss : str
        The method, a sentence for the recording.
    """

    detects_loss: bool
    loss: str


LOSS_BY_TIME_STAMPS: Final = LossRule(
    detects_loss=True,
    loss=(
        "Losses are counted by the sensor's own time stamps: elapsed time at the measured rate, "
        "less the samples that came."
    ),
)
LOSS_NOT_DETECTABLE: Final = LossRule(
    detects_loss=False,
    loss="The sensor sends neither a counter nor a time: a loss cannot be told from a delay.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SensorProfile:
    """One kind of sensor: a row of the table of sensors, one keyword for each fact.

    Parameters
    ----------
    slug : str
        Name in files and options, such as ``polar-h10``.
    name : str
        Name in messages, such as ``Polar H10``.
    name_pattern : str
        Form of the advertised name, for people: ``Polar H10 XXXXXXXX``.
    services : tuple of str
        Service UUIDs to look for.
    recognises : callable
        Whether an advertisement comes from such a sensor.
    rates_hz, ranges_g : tuple of float
        Selectable sampling rates, Hz, and full scales, g; empty if there is no choice or it is
        unknown.
    default_rate_hz : float
        Sampling rate to request by default, Hz: the best one for leg tremor.
    default_range_g : float or None
        Full scale to request by default, g.
    has_gyro : bool
        Whether the sensor can stream angular velocity.
    device_time : str
        What the sensor stamps, as a phrase: ``ns stamp of the last sample of a packet``; empty
        if it sends no time.
    default_loss_rule : LossRule
        How losses are detected with the default settings.
    data_characteristics : tuple of str
        Characteristics that carry samples; paths, if it is reached over the network.
    battery_characteristic : str or None
        Characteristic that holds the charge in percent.
    remarks : tuple of str
        What a user should know, one sentence each.
    start : callable
        `Conversation` that starts the stream with the given `StreamSettings`.
    stop : callable
        `StopConversation` that ends it; carried out on every way out.
    make_decoder : callable
        `Decoder` for granted `StreamSettings`.
    loss_by_settings : callable, optional
        `LossRule` for given `StreamSettings`, if it depends on them.
    options : mapping of str to str, optional
        Known options, each with a description for the help text. Without it they are not checked.
    options_by_advertisement : callable, optional
        Options that follow from an `Advertisement`, such as the preset of a board that is known
        by its name.
    check : callable, optional
        Raise `InvalidInputError` for invalid `StreamSettings`, beyond rate, range and the names
        of the options.
    manual : str
        Further text for the page of the sensor, lines of at most 80 columns.
    gravity_by_options : callable, optional
        Whether gravity is in the samples with given options, if it is not always.
    address_form : str
        Form in which ``--sensor`` names a sensor that is reached over the network; empty for one
        over Bluetooth.
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
    default_loss_rule: LossRule
    data_characteristics: tuple[str, ...]
    battery_characteristic: str | None = None
    remarks: tuple[str, ...] = ()
    start: Callable[[StreamSettings], Conversation]
    stop: Callable[[StreamSettings], StopConversation]
    make_decoder: Callable[[StreamSettings], Decoder]
    loss_by_settings: Callable[[StreamSettings], LossRule] | None = None
    options: Mapping[str, str] | None = None
    options_by_advertisement: Callable[[Advertisement], Mapping[str, str]] | None = None
    check: Callable[[StreamSettings], object] | None = None
    manual: str = ""
    gravity_by_options: Callable[[Mapping[str, str]], bool] | None = None
    address_form: str = ""

    @property
    def detects_loss(self) -> bool:
        """Whether a loss can be distinguished from a delay with the default settings."""
        return self.default_loss_rule.detects_loss

    @property
    def loss(self) -> str:
        """How losses are detected with the default settings, a sentence."""
        return self.default_loss_rule.loss

    def loss_rule(self, settings: StreamSettings) -> LossRule:
        """Return how losses are detected with given settings.

        Parameters
        ----------
        settings : StreamSettings
            Granted settings.

        Returns
        -------
        LossRule
            That of the profile, unless it depends on the settings.
        """
        if self.loss_by_settings is not None:
            return self.loss_by_settings(settings)
        return self.default_loss_rule

    def includes_gravity(self, options: Mapping[str, str]) -> bool:
        """Check whether gravity is in the samples.

        Parameters
        ----------
        options : mapping of str to str
            Granted options.

        Returns
        -------
        bool
            True unless the sensor takes it out with these options.
        """
        return self.gravity_by_options is None or self.gravity_by_options(options)

    def settings(
        self,
        *,
        sampling_rate_hz: float | None = None,
        range_g: float | None = None,
        gyro: bool = False,
        **options: str,
    ) -> StreamSettings:
        """Fill in the defaults and check the settings against what the sensor supports.

        Parameters
        ----------
        sampling_rate_hz : float, optional
            Sampling rate, Hz; by default that of the profile.
        range_g : float, optional
            Full scale, g; likewise.
        gyro : bool
            Whether to stream angular velocity.
        **options : str
            Options of this kind of sensor.

        Returns
        -------
        StreamSettings
            Valid settings.

        Raises
        ------
        InvalidInputError
            If the sensor does not support them; the message lists what it supports.
        """
        settings = self._with_defaults(sampling_rate_hz, range_g, gyro=gyro, options=options)
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
        """Make a decoder for packets that were sent with given settings.

        A sensor may have granted settings that cannot be requested, so rate and range are not
        checked.

        Parameters
        ----------
        sampling_rate_hz, range_g, gyro, **options
            As for `settings`.

        Returns
        -------
        Decoder
            New decoder.

        Raises
        ------
        InvalidInputError
            If an option is unknown or invalid.
        """
        settings = self._with_defaults(sampling_rate_hz, range_g, gyro=gyro, options=options)
        if self.check is not None:
            self.check(settings)
        return self.make_decoder(settings)

    def _with_defaults(
        self,
        sampling_rate_hz: float | None,
        range_g: float | None,
        *,
        gyro: bool,
        options: Mapping[str, str],
    ) -> StreamSettings:
        """Fill in the defaults; refuse unknown options."""
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
