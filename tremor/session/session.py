"""The session from the first search for a sensor to the closed folder; each stage in its turn.

``find``, ``fit`` (the strap check), ``settle``, ``measure`` (``recover`` while a link is lost),
``save``. Where it is shown and controlled from is up to the caller (`tremor.session.interface`);
what follows is `tremor.session.outcome`.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import asdict
from typing import TYPE_CHECKING, Final

from tremor.errors import LinkError, SensorLostError
from tremor.formats.folder.manifest import BASELINE, LEVEL_BEFORE_KEY, PURPOSE_KEY
from tremor.measures.taps import TapResponse
from tremor.packets import LinkEvent
from tremor.recorder import Zero
from tremor.report.messages import text
from tremor.session.coaching import Coach, Moment
from tremor.session.folders import ClaimedFolder
from tremor.session.interface import Command, Controls, Emit, Screen
from tremor.session.plan import Plan, SensorOutcome, SessionOutcome
from tremor.session.searching import Search
from tremor.session.settling import Settling
from tremor.session.stopping import Stop, StoppedError
from tremor.session.strap_check import StrapCheck, check_strap
from tremor.session.strap_signals import CHECK_S, strap_facts, with_new_taps
from tremor.session.track import Track, warm_up
from tremor.session.view import SessionView, Stage

if TYPE_CHECKING:
    from pathlib import Path

    from tremor.results.windows import WindowAnalysis

__all__ = ["record_session"]

_TICK_S: Final = 0.05
#: Taps that are awaited, and for how long, s.
_N_TAPS: Final = 2
_TAPS_S: Final = 20.0
#: Interval between two readings of the battery, s of real time.
_BATTERY_INTERVAL_S: Final = 120.0
#: How long the strap check waits for the first of them, s.
_BATTERY_S: Final = 3.0
#: How long words stay on the screen, s.
_WORDS_S: Final = 12.0
_MARK_WORDS_S: Final = 4.0
_UNTIL_REPLACED_S: Final = math.inf


async def record_session(
    plan: Plan, *, screen: Screen, controls: Controls, stop: Stop, emit: Emit
) -> SessionOutcome:
    """Record a session.

    Parameters
    ----------
    plan : Plan
        What to record.
    screen : Screen
        Where it is shown.
    controls : Controls
        Where the commands of the runner come from.
    stop : Stop
        Ends the session when asked.
    emit : callable
        Called with the name and the contents of each event: ``connected``, ``stage``, ``fit``,
        ``window``, ``coaching``, ``marker``, ``pain``.

    Returns
    -------
    SessionOutcome
        Whatever was received is in the folders.

    Raises
    ------
    StoppedError
        If it was stopped before a sensor streamed; nothing is left behind.
    LinkError
        If there is no Bluetooth, no sensor, or the sensor refuses.
    """
    session = _Session(plan, screen=screen, controls=controls, stop=stop, emit=emit)
    async with AsyncExitStack() as stack:
        await session.find(stack)
        try:
            session.begin()
            await session.check_straps()
            await session.settle()
            await session.measure()
        finally:
            await session.save()
    return session.outcome()


def _said(name: str, /, **values: object) -> str:
    return text("session", name, **values)


class _Session:
    def __init__(
        self, plan: Plan, *, screen: Screen, controls: Controls, stop: Stop, emit: Emit
    ) -> None:
        self._plan = plan
        self._screen = screen
        self._controls = controls
        self._stop = stop
        self._emit = emit
        self._stage: Stage = "find"
        self._stage_began_s = 0.0
        self._words = ""
        self._words_until_s = 0.0
        self._next_battery_s = 0.0
        self._battery: asyncio.Task[None] | None = None
        self._claimed: ClaimedFolder | None = None
        self._kept: Path | None = None
        self._tracks = [
            Track(
                plan.placement_of(sensor) or sensor.label or "sensor",
                plan.folder_of(sensor),
                placement=plan.placement_of(sensor),
                is_simulated=sensor.is_simulated,
                on_window=self._on_window,
                on_notice=self._on_notice,
                lsl_name=plan.lsl_name_of(sensor),
            )
            for sensor in plan.sensors
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

    def _show(self, words: str, *, for_s: float = _UNTIL_REPLACED_S) -> None:
        """Show a sentence for a while, in place of the one before."""
        self._words, self._words_until_s = words, time.monotonic() + for_s

    def _view(self) -> SessionView:
        stage: Stage = self._stage
        if stage == "measure" and any(track.lost_since_s is not None for track in self._tracks):
            stage = "recover"
        words = self._words if time.monotonic() < self._words_until_s else ""
        return SessionView(
            stage=stage,
            time_s=self._elapsed_s(),
            duration_s=self._plan.duration_s,
            sensors=tuple(track.view() for track in self._tracks),
            words=self._controls.prompt or words,
            hint=self._controls.hint if self._controls.is_there else "",
        )

    async def _tick(self) -> bool:
        """Let time pass; return whether the session goes on."""
        await asyncio.sleep(_TICK_S)
        self._screen.show(self._view)
        if time.monotonic() >= self._next_battery_s:
            self._next_battery_s = time.monotonic() + _BATTERY_INTERVAL_S
            self._battery = asyncio.create_task(self._read_batteries())
        return not self._stop.is_asked and not all(track.is_over for track in self._tracks)

    async def _read_batteries(self) -> None:
        for track in self._tracks:
            await track.read_battery()

    def _on_window(self, track: Track, window: WindowAnalysis) -> None:
        from tremor.report.as_json import document_of

        self._emit("window", {"sensor": track.label, "window": document_of(window)})

    def _on_notice(self, track: Track, words: str) -> None:
        label = f"{track.label}: " if len(self._tracks) > 1 else ""
        self._screen.note(label + words)

    def _is_still(self) -> bool | None:
        known = [track.is_still() for track in self._tracks if not track.is_over]
        if any(still is False for still in known):
            return False
        return True if known and all(known) else None

    def _take_commands(self) -> list[Command]:
        """Carry out the commands that hold at any stage; return the others."""
        others = []
        for command in self._controls.take():
            if command.kind == "stop":
                self._stop.ask("key")
            elif command.kind in ("marker", "pain"):
                self._mark(command)
            else:
                others.append(command)
        return others

    def _mark(self, command: Command) -> None:
        for track in self._tracks:
            if track.recorder is not None:
                track.recorder.marker(command.detail, kind=command.kind)
        if command.kind == "pain":
            self._show(_said("pain_marked", rating=command.detail), for_s=_MARK_WORDS_S)
        else:
            self._show(_said("marked"), for_s=_MARK_WORDS_S)
        self._emit(command.kind, {"detail": command.detail})

    # --- find ----------------------------------------------------------------------------------

    async def find(self, stack: AsyncExitStack) -> None:
        """Find, connect and start all sensors."""
        search = Search(self._plan, say=self._screen.note, controls=self._controls)
        search.check_settings()
        warming = asyncio.create_task(asyncio.to_thread(warm_up))
        for sensor, track in zip(self._plan.sensors, self._tracks, strict=True):
            source = await self._stop.or_done(search.source_of(sensor, tap=track.tap))
            track.source = source  # type: ignore[assignment]  # never a file
        await warming  # before anything streams
        for track in self._tracks:
            assert track.source is not None
            await self._stop.or_done(self._open(stack, track))
            name, rate_hz = track.source.name, track.source.nominal_sampling_rate_hz
            connected = _said("connected", sensor=name, rate_hz=rate_hz)
            self._screen.note("; ".join((connected, *track.source.started.notes)))
            self._emit(
                "connected",
                {
                    "sensor": track.label,
                    "name": name,
                    "profile": track.source.profile.slug,
                    "nominal_sampling_rate_hz": rate_hz,
                },
            )

    async def _open(self, stack: AsyncExitStack, track: Track) -> None:
        assert track.source is not None
        await stack.enter_async_context(track.source)

    # --- strap check ---------------------------------------------------------------------------

    def begin(self) -> None:
        """Create the folders; from here on everything received is kept."""
        zero = None
        if len(self._tracks) > 1:
            first = [one for track in self._tracks if (one := track.first_record) is not None]
            earliest = min(first, key=lambda one: one.arrival_s)
            zero = Zero(earliest.arrival_s, earliest.wall_s)
        plan = self._plan
        self._claimed = ClaimedFolder(plan.folder, overwrite=plan.overwrite)
        for track in self._tracks:
            is_claimed = track.folder == plan.folder
            track.begin(zero, lock=self._claimed.lock if is_claimed else None)
            if track.recorder is None:
                continue
            if plan.is_baseline:
                track.recorder.add(PURPOSE_KEY, BASELINE)
            elif plan.levels_before is not None:
                level = plan.levels_before.get(track.folder)
                track.recorder.add(LEVEL_BEFORE_KEY, level and level.to_dict())

    async def check_straps(self) -> None:
        """Check how the sensors are worn, again if the runner wants to."""
        self._enter("fit")
        self._next_battery_s = time.monotonic() + _BATTERY_INTERVAL_S
        # From here on there is something to save: a stop ends the stage and raises nothing.
        with suppress(TimeoutError, StoppedError):
            async with asyncio.timeout(_BATTERY_S):
                await self._stop.or_done(self._read_batteries())
        while True:
            checks = [await self._check_strap(track) for track in self._tracks]
            is_loose = any(check.word == "re-strap" for check in checks)
            if not is_loose or self._stop.is_asked or not await self._wants_again():
                return

    @property
    def _can_ask(self) -> bool:
        return self._plan.asks and self._controls.is_there

    async def _wants_again(self) -> bool:
        if not self._can_ask:
            return False
        self._show(_said("restrap", **self._controls.labels))
        while await self._tick():
            for command in self._take_commands():
                if command.kind in ("check_again", "go_on"):
                    return command.kind == "check_again"
        return False

    async def _check_strap(self, track: Track) -> StrapCheck:
        taps = None
        if self._can_ask and not track.is_simulated:
            taps = await self._await_taps(track)
        else:
            if self._can_ask:
                self._show(_said("tap_simulated", name=self._name_in_question(track)))
            await self._look_for(CHECK_S)
        self._show("")
        check = check_strap(strap_facts(track, self._plan, taps=taps))
        if track.recorder is not None:
            track.recorder.add("fit", check.to_dict())
        label = f"{track.label}: " if len(self._tracks) > 1 else ""
        reasons = "; ".join(check.reasons)
        said = "strap" if check.is_checked else "strap_unchecked"
        self._screen.note(_said(said, label=label, grade=check.word, reasons=reasons))
        self._emit("fit", {"sensor": track.label, "fit": check.to_dict()})
        return check

    def _name_in_question(self, track: Track) -> str:
        """Return which of several sensors is meant, with a blank before it."""
        return f" {track.label.replace('-', ' ')}" if len(self._tracks) > 1 else ""

    async def _look_for(self, duration_s: float) -> None:
        began_s = self._now_s()
        while await self._tick() and self._now_s() - began_s < duration_s:
            pass

    async def _await_taps(self, track: Track) -> tuple[TapResponse, ...]:
        taps: tuple[TapResponse, ...] = ()
        began_s = self._now_s()
        self._show(_said("tap", name=self._name_in_question(track), **self._controls.labels))
        while await self._tick() and self._now_s() - began_s < _TAPS_S:
            n_before = len(taps)
            taps = with_new_taps(taps, track, elapsed_s=self._now_s() - began_s)
            if len(taps) > n_before:
                self._show(_said("tap_felt", n_taps=len(taps), n_wanted=_N_TAPS))
            if len(taps) >= _N_TAPS or any(one.kind == "go_on" for one in self._take_commands()):
                break
        return taps

    # --- settle and measure --------------------------------------------------------------------

    async def settle(self) -> None:
        """Wait until the leg rests."""
        if self._stop.is_asked:
            return
        self._enter("settle")
        self._screen.note(_said("sit_down"))
        settling = Settling()
        while await self._tick():
            self._take_commands()
            state = settling.at(self._elapsed_s(), is_still=self._is_still())
            if state.is_over:
                break
            if state.left_s:
                self._show(_said("countdown", left_s=state.left_s), for_s=1.0)
            else:
                self._show(_said("hold_still"), for_s=1.0)
        else:
            return
        if state.note:
            self._screen.note(_said("not_at_rest", why=state.note))
        for track in self._tracks:
            if track.recorder is not None:
                track.recorder.add("settling", asdict(state) | {"lasted_s": self._elapsed_s()})

    async def measure(self) -> None:
        """Record for the planned duration."""
        if self._stop.is_asked:
            return
        self._enter("measure")
        coach, duration_s = Coach(), self._plan.duration_s
        while await self._tick() and self._elapsed_s() < duration_s:
            self._take_commands()
            words = coach.at(self._moment())
            if words:
                self._show(words, for_s=_WORDS_S)
                self._screen.note(words)
                self._emit("coaching", {"words": words, "time_s": self._elapsed_s()})
        self._words = ""  # the block stays on the terminal, and what was said is over
        self._screen.show(self._view, at_once=True)

    def _names_of(self, tracks: Sequence[Track]) -> tuple[str, ...]:
        """Return the labels of sensors; an empty one for the only sensor."""
        return tuple(track.label if len(self._tracks) > 1 else "" for track in tracks)

    def _moment(self) -> Moment:
        tracks = [track for track in self._tracks if not track.is_over]
        charges = [track.battery_percent for track in tracks if track.battery_percent is not None]
        troubles = [track.recorder.counts.disk.trouble for track in tracks if track.recorder]
        return Moment(
            time_s=self._elapsed_s(),
            left_s=self._plan.duration_s - self._elapsed_s(),
            is_still=self._is_still(),
            lost=self._names_of([one for one in tracks if one.lost_since_s is not None]),
            paused=self._names_of([one for one in tracks if one.is_paused]),
            lost_share=max((track.recent_loss() for track in tracks), default=0.0),
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
        faults: list[BaseException] = []
        is_complete = False
        try:
            results = await asyncio.gather(
                *(track.end() for track in self._tracks), return_exceptions=True
            )
            faults = [one for one in results if isinstance(one, BaseException)]
            faults += [fault for track in self._tracks if (fault := track.fault()) is not None]
            is_complete = not faults
        finally:  # also when a second Ctrl-C ends it
            self._end_claim(is_complete=is_complete)
        if faults:
            raise faults[0]

    def _end_claim(self, *, is_complete: bool) -> None:
        """Remove what the recording replaces, or put it back if there is no recording."""
        for track in self._tracks:
            track.discard()
        claimed, self._claimed = self._claimed, None
        if claimed is None:
            return
        recorded = [track.counts for track in self._tracks if track.has_recorded]
        if not recorded:
            claimed.give_back()
            return
        is_whole = all(one.n_samples and not one.disk.failure for one in recorded)
        self._kept = claimed.keep(is_whole=is_whole and is_complete)

    def outcome(self) -> SessionOutcome:
        """Return what was recorded.

        Raises
        ------
        LinkError, StoppedError
            If nothing was.
        """
        if not any(track.has_recorded for track in self._tracks):
            raise next((one.error for one in self._tracks if one.error), None) or StoppedError
        return SessionOutcome(
            tuple(
                SensorOutcome(
                    track.label,
                    track.folder,
                    track.counts,
                    self._loss_of(track),
                    detects_loss=track.detects_loss,
                    silence=track.silence,
                )
                for track in self._tracks
            ),
            self._stop.why,
            self._kept,
        )

    def _loss_of(self, track: Track) -> LinkError | None:
        if track.error is not None:
            return track.error
        if track.lost_since_s is None or self._stop.is_asked:
            return None
        return SensorLostError(f"{track.label} was lost and was not back when the time was over")
