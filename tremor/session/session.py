"""The session from the first look for a sensor to the closed folder; each stage in its turn.

``find``, ``fit``, ``settle``, ``measure`` (``recover`` while a link is lost), ``save``. What is
asked and analysed afterwards is `tremor.session.outcome`.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack, suppress
from dataclasses import asdict
from typing import TYPE_CHECKING, Final

from tremor.cli.keyboard import Keyboard, KeyMeanings
from tremor.cli.screen import Screen
from tremor.errors import LinkError
from tremor.measures.taps import TapResponse
from tremor.packets import LinkEvent
from tremor.recorder import Zero
from tremor.session.coaching import Coach, Moment
from tremor.session.plan import Plan, Recorded, SessionOutcome
from tremor.session.searching import Search
from tremor.session.settling import INSTRUCTIONS, Settling
from tremor.session.stopping import Stop, StoppedError
from tremor.session.strap_check import FitCheck, judge_fit
from tremor.session.strap_signals import FIT_S, facts_of, with_new_taps
from tremor.session.track import Track, warm_up
from tremor.session.view import SessionView, Stage

if TYPE_CHECKING:
    from tremor.results.windows import WindowAnalysis

__all__ = ["Emit", "record_session"]

_TICK_S: Final = 0.05
#: Taps that are awaited, and for how long, s.
_TAPS: Final = 2
_TAPS_S: Final = 20.0
#: How often the charge is read, s of real time.
_BATTERY_EVERY_S: Final = 120.0
#: A sensor that does not tell it within this time may do so later, s.
_BATTERY_S: Final = 3.0
_KEYS: Final = "keys: m marker   p then 0-9 pain or cramp   q stop and save"
#: What is asked of the runner, by whether the sensor is made up.
_ASKS: Final = {
    False: (
        "Fit: sit, keep the leg still, and tap the{name} sensor twice with a finger. Enter leaves "
        "it out."
    ),
    True: "Fit: here you would tap the{name} sensor twice; a made-up one feels no taps.",
}
_GO_ON: Final = "\r\n "
_WORDS_STAY_S: Final = 12.0
_STAYS_S: Final = math.inf

Emit = Callable[[str, Mapping[str, object]], None]


async def record_session(
    plan: Plan, *, screen: Screen, keyboard: Keyboard, stop: Stop, emit: Emit
) -> SessionOutcome:
    """Record a session.

    Parameters
    ----------
    plan : Plan
        What.
    screen : Screen
        Where it is shown.
    keyboard : Keyboard
        Keys of the runner.
    stop : Stop
        Asked to end it.
    emit : callable
        Told of each thing that happens: its name, and what there is to say of it.

    Returns
    -------
    SessionOutcome
        Whatever was received is in the folders.

    Raises
    ------
    StoppedError
        Where it was stopped before a sensor streamed; nothing is left behind.
    LinkError
        Where there is no Bluetooth, or no sensor, or it refuses.
    """
    session = _Session(plan, screen=screen, keyboard=keyboard, stop=stop, emit=emit)
    async with AsyncExitStack() as stack:
        await session.find(stack)
        try:
            session.begin()
            await session.fit()
            await session.settle()
            await session.measure()
        finally:
            await session.save()
    return session.outcome()


class _Session:
    def __init__(
        self, plan: Plan, *, screen: Screen, keyboard: Keyboard, stop: Stop, emit: Emit
    ) -> None:
        self._plan = plan
        self._screen = screen
        self._keyboard = keyboard
        self._stop = stop
        self._emit = emit
        self._stage: Stage = "find"
        self._stage_began_s = 0.0
        self._words = ""
        self._words_until_s = 0.0
        self._next_battery_s = 0.0
        self._battery: asyncio.Task[None] | None = None
        self._meanings = KeyMeanings()
        self._tracks = [
            Track(
                plan.placement_of(wish) or wish.label or "sensor",
                plan.folder_of(wish),
                placement=plan.placement_of(wish),
                is_made_up=wish.is_simulated,
                on_window=self._on_window,
            )
            for wish in plan.wishes
        ]

    # --- in common -----------------------------------------------------------------------------

    def _now_s(self) -> float:
        source = self._tracks[0].source
        assert source is not None
        return source.now_s()

    def _enter(self, stage: Stage) -> None:
        self._stage = stage
        self._stage_began_s = self._now_s()
        for track in self._tracks:
            if track.recorder is not None:
                track.recorder.tap(LinkEvent(self._now_s(), time.time(), "stage", stage))
        self._emit("stage", {"stage": stage})

    def _elapsed_s(self) -> float:
        return self._now_s() - self._stage_began_s

    def _say(self, words: str) -> None:
        """Say something that stays on the screen."""
        self._screen.note(words)

    def _show_words(self, words: str, *, for_s: float = _WORDS_STAY_S) -> None:
        self._words, self._words_until_s = words, time.monotonic() + for_s

    def _view(self) -> SessionView:
        stage: Stage = self._stage
        if stage == "measure" and any(track.lost_since_s is not None for track in self._tracks):
            stage = "recover"
        words = self._words if time.monotonic() < self._words_until_s else ""
        if self._meanings.waits_for_number:
            words = "Pain or cramp: press 0 (none) to 9 (worst)."
        return SessionView(
            stage=stage,
            time_s=self._elapsed_s(),
            duration_s=self._plan.duration_s,
            sensors=tuple(track.view() for track in self._tracks),
            words=words,
            keys=_KEYS if self._keyboard.is_there else "",
        )

    async def _tick(self) -> bool:
        """Let time go by; tell whether the session goes on."""
        await asyncio.sleep(_TICK_S)
        self._screen.show(self._view)
        if time.monotonic() >= self._next_battery_s:
            self._next_battery_s = time.monotonic() + _BATTERY_EVERY_S
            self._battery = asyncio.create_task(self._read_batteries())
        return not self._stop.is_asked and not all(track.is_over for track in self._tracks)

    async def _read_batteries(self) -> None:
        for track in self._tracks:
            await track.read_battery()

    def _on_window(self, track: Track, window: WindowAnalysis) -> None:
        from tremor.report.as_json import document_of

        self._emit("window", {"sensor": track.label, "window": document_of(window)})

    def _is_still(self) -> bool | None:
        known = [track.is_still() for track in self._tracks if not track.is_over]
        if any(still is False for still in known):
            return False
        return True if known and all(known) else None

    def _take_keys(self) -> str:
        """Give the keys that mean nothing while it measures; do what the others mean."""
        others = ""
        for key in self._keyboard.take():
            action = self._meanings.take(key, now_s=time.monotonic())
            if action is None:
                others += key
            elif action.kind == "stop":
                self._stop.ask("key")
            else:
                self._mark(action.kind, action.detail)
        return others

    def _mark(self, kind: str, detail: str) -> None:
        for track in self._tracks:
            if track.recorder is not None:
                track.recorder.marker(detail, kind=kind)
        told = f"pain or cramp {detail}" if kind == "pain" else "marker"
        self._show_words(f"Noted: {told}.", for_s=4.0)
        self._emit(kind, {"detail": detail})

    # --- find ----------------------------------------------------------------------------------

    async def find(self, stack: AsyncExitStack) -> None:
        """Find, connect and start all sensors."""
        search = Search(self._plan, say=self._say, keyboard=self._keyboard)
        search.check_settings()
        warming = asyncio.create_task(asyncio.to_thread(warm_up))
        for wish, track in zip(self._plan.wishes, self._tracks, strict=True):
            source = await self._stop.or_done(search.source_of(wish, tap=track.tap))
            track.source = source  # type: ignore[assignment]  # never a file
        await warming  # before anything streams
        for track in self._tracks:
            assert track.source is not None
            await self._stop.or_done(self._open(stack, track))
            told = f"{track.source.name}: {track.source.nominal_sampling_rate_hz:g} Hz nominal"
            self._say(told + "".join(f"; {note}" for note in track.source.started.notes))
            self._emit(
                "connected",
                {
                    "sensor": track.label,
                    "name": track.source.name,
                    "profile": track.source.profile.slug,
                    "nominal_sampling_rate_hz": track.source.nominal_sampling_rate_hz,
                },
            )

    async def _open(self, stack: AsyncExitStack, track: Track) -> None:
        assert track.source is not None
        await stack.enter_async_context(track.source)

    # --- fit -----------------------------------------------------------------------------------

    def begin(self) -> None:
        """Make the folders; from here on everything that comes is kept."""
        zero = None
        if len(self._tracks) > 1:
            first = [one for track in self._tracks if (one := track.first_record) is not None]
            earliest = min(first, key=lambda one: one.arrival_s)
            zero = Zero(earliest.arrival_s, earliest.wall_s)
        for track in self._tracks:
            track.begin(zero)

    async def fit(self) -> None:
        """Look at how the sensors are worn."""
        self._enter("fit")
        self._next_battery_s = time.monotonic() + _BATTERY_EVERY_S
        # From here on there is something to save: a stop ends the stage and raises nothing.
        with suppress(TimeoutError, StoppedError):
            async with asyncio.timeout(_BATTERY_S):
                await self._stop.or_done(self._read_batteries())
        while True:
            checks = [await self._fit_of(track) for track in self._tracks]
            is_loose = any(check.word == "re-strap" for check in checks)
            if not is_loose or self._stop.is_asked or not await self._wants_again():
                return

    async def _wants_again(self) -> bool:
        if not (self._plan.asks and self._keyboard.is_there):
            return False
        self._show_words(
            "Tighten the strap and press r to check again; Enter goes on.", for_s=_STAYS_S
        )
        while await self._tick():
            for key in self._take_keys():
                if key in "rR":
                    return True
                if key in _GO_ON:
                    return False
        return False

    async def _fit_of(self, track: Track) -> FitCheck:
        is_asked = self._plan.asks and self._keyboard.is_there
        asks = is_asked and not track.is_made_up
        taps: tuple[TapResponse, ...] = ()
        began_s, longest_s = self._now_s(), _TAPS_S if asks else FIT_S
        if is_asked:
            name = f" {track.label.replace('-', ' ')}" if len(self._tracks) > 1 else ""
            self._show_words(_ASKS[track.is_made_up].format(name=name), for_s=_STAYS_S)
        while await self._tick() and self._now_s() - began_s < longest_s:
            if not asks:
                continue
            n_before = len(taps)
            taps = with_new_taps(taps, track, elapsed_s=self._now_s() - began_s)
            if len(taps) > n_before:
                self._show_words(f"Tap {len(taps)} of {_TAPS} felt.", for_s=_STAYS_S)
            if len(taps) >= _TAPS or any(key in _GO_ON for key in self._take_keys()):
                break
        self._show_words("")
        check = judge_fit(facts_of(track, self._plan, taps=taps if asks else None))
        if track.recorder is not None:
            track.recorder.add("fit", check.to_dict())
        label = f"{track.label}: " if len(self._tracks) > 1 else ""
        self._say(f"{label}fit {check.word}: {'; '.join(check.reasons)}")
        self._emit("fit", {"sensor": track.label, "fit": check.to_dict()})
        return check

    # --- settle and measure --------------------------------------------------------------------

    async def settle(self) -> None:
        """Wait until the leg rests."""
        if self._stop.is_asked:
            return
        self._enter("settle")
        self._say(INSTRUCTIONS)
        settling = Settling()
        while await self._tick():
            self._take_keys()
            state = settling.at(self._elapsed_s(), is_still=self._is_still())
            if state.is_over:
                break
            left = f"Starting in {state.left_s:.0f} s." if state.left_s else "Hold still."
            self._show_words(left, for_s=1.0)
        else:
            return
        if state.note:
            self._say(f"the measurement begins all the same: {state.note}")
        for track in self._tracks:
            if track.recorder is not None:
                track.recorder.add("settling", asdict(state) | {"lasted_s": self._elapsed_s()})

    async def measure(self) -> None:
        """Record for as long as was asked."""
        if self._stop.is_asked:
            return
        self._enter("measure")
        coach, duration_s = Coach(), self._plan.duration_s
        while await self._tick() and self._elapsed_s() < duration_s:
            self._take_keys()
            words = coach.at(self._moment())
            if words:
                self._show_words(words)
                self._say(words)
                self._emit("coaching", {"words": words, "time_s": self._elapsed_s()})

    def _moment(self) -> Moment:
        tracks = [track for track in self._tracks if not track.is_over]
        charges = [track.battery_percent for track in tracks if track.battery_percent is not None]
        troubles = [track.recorder.counts.disk.trouble for track in tracks if track.recorder]
        return Moment(
            time_s=self._elapsed_s(),
            left_s=self._plan.duration_s - self._elapsed_s(),
            is_still=self._is_still(),
            is_linked=all(track.lost_since_s is None for track in tracks),
            lost_share=max((track.lost_lately() for track in tracks), default=0.0),
            battery_percent=min(charges, default=None),
            disk_trouble=next((one for one in troubles if one), ""),
        )

    # --- save ----------------------------------------------------------------------------------

    async def save(self) -> None:
        """Stop all sensors and close all folders, whatever happened."""
        self._emit("stage", {"stage": "save"})
        if self._battery is not None:
            self._battery.cancel()
        for track in self._tracks:
            if track.recorder is not None:
                track.recorder.add("ended_by", self._stop.why or "duration")
        results = await asyncio.gather(
            *(track.end() for track in self._tracks), return_exceptions=True
        )
        faults = [one for one in results if isinstance(one, BaseException)]
        faults += [fault for track in self._tracks if (fault := track.fault()) is not None]
        for track in self._tracks:
            track.discard()
        if faults:
            raise faults[0]

    def outcome(self) -> SessionOutcome:
        """Give what came of it; an error where nothing did."""
        if not any(track.counts.n_packets or track.counts.n_samples for track in self._tracks):
            raise next((one.error for one in self._tracks if one.error), None) or StoppedError
        return SessionOutcome(
            tuple(
                Recorded(track.label, track.folder, track.counts, self._loss_of(track))
                for track in self._tracks
            ),
            self._stop.why,
        )

    def _loss_of(self, track: Track) -> LinkError | None:
        from tremor.errors import SensorLostError

        if track.error is not None:
            return track.error
        if track.lost_since_s is None or self._stop.is_asked:
            return None
        return SensorLostError(f"{track.label} was lost and was not back when the time was over")
