"""A session that is stopped at each of its stages: what was received is saved, and nobody errs."""

from __future__ import annotations

import asyncio
import json

import pytest

from tremor.session.interface import Command
from tremor.session.plan import Plan
from tremor.session.sensor_choice import RequestedSensor
from tremor.session.session import record_session
from tremor.session.stopping import Stop


class Screen:
    """A screen without a terminal, as a page would be."""

    def __init__(self):
        self.views, self.notes = [], []

    def show(self, make, **_when):
        self.views.append(make())

    def note(self, text):
        self.notes.append(text)


class Controls:
    hint, prompt = "buttons", ""
    labels = {"go_on": "the green button", "check_again": "the red button"}  # noqa: RUF012

    def __init__(self, *, is_there=False):
        self.is_there = is_there
        self.given = []

    def take(self):
        given, self.given = self.given, []
        return given


def session(folder, *, stop_at, duration_s=5.0, screen=None, controls=None):
    told = []

    async def main():
        stop = Stop()

        def emit(event, content):
            told.append((event, content.get("stage")))
            if stop_at in (event, content.get("stage")):
                stop.ask("terminated")

        return await record_session(
            Plan(
                sensors=(RequestedSensor("", "simulated"),),
                folder=folder,
                duration_s=duration_s,
                options={"speed": "25", "scene": "steady"},
                asks=controls is not None,
            ),
            screen=screen or Screen(),
            controls=controls or Controls(),
            stop=stop,
            emit=emit,
        )

    return asyncio.run(main()), told


@pytest.mark.parametrize("stage", ["connected", "fit", "settle", "measure"])
def test_stop_at_any_stage_saves(tmp_path, stage):
    outcome, told = session(tmp_path / "x", stop_at=stage)
    assert outcome.why == "terminated"
    assert outcome.was_cut_short
    assert [name for event, name in told if event == "stage"][-1] == "save"
    (one,) = outcome.recorded
    assert one.lost is None
    manifest = json.loads((one.folder / "recording.json").read_text(encoding="utf-8"))
    assert manifest["closed"]
    assert manifest["extra"]["ended_by"] == "terminated"
    assert manifest["counts"]["n_samples"] == one.counts.n_samples


def test_whole_session_ends_by_itself(tmp_path):
    outcome, told = session(tmp_path / "x", stop_at="never")
    assert outcome.why == ""
    assert not outcome.was_cut_short
    assert outcome.recorded[0].counts.n_samples > 1000
    assert [stage for event, stage in told if event == "stage"] == [
        "fit", "settle", "measure", "save",
    ]  # fmt: skip


def test_a_session_is_shown_and_controlled_without_a_terminal(tmp_path):
    screen, controls = Screen(), Controls(is_there=True)
    show = screen.show

    def press(make, **_when):
        view = make()
        show(lambda: view)
        if view.stage == "measure" and len(controls.pressed) < 2:
            controls.pressed.append(view.time_s)
            controls.given = [Command("marker") if len(controls.pressed) == 1 else Command("stop")]

    screen.show, controls.pressed = press, []
    outcome, told = session(
        tmp_path / "x", stop_at="never", duration_s=3600.0, screen=screen, controls=controls
    )
    assert outcome.why == "key"
    assert ("marker", None) in told
    assert {view.hint for view in screen.views} == {"buttons"}
    assert any("feels no taps" in view.words for view in screen.views)
    assert any(view.words == "Noted: marker." for view in screen.views)
    assert any(note.startswith("fit: the strap was not checked; ") for note in screen.notes)
    assert screen.views[-1].words == ""  # what was said is over, and the block stays


@pytest.mark.parametrize(
    ("label", "placement", "given"),
    [
        ("", "left-calf", "left-calf"),
        ("", "", ""),
        ("left", "", "left-leg"),
        ("left", "calf", "left-calf"),
        ("right", "left-thigh", "right-thigh"),
        ("wrist", "calf", "wrist"),
    ],
)
def test_label_of_a_sensor_tells_the_side(tmp_path, label, placement, given):
    sensor = RequestedSensor(label, "simulated")
    plan = Plan(sensors=(sensor,), folder=tmp_path, placement=placement)
    assert plan.placement_of(sensor) == given
    assert plan.folder_of(sensor) == tmp_path
    two = Plan(sensors=(sensor, RequestedSensor("other", "x")), folder=tmp_path)
    assert two.folder_of(sensor) == tmp_path / label
