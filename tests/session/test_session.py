"""A session that is stopped at each of its stages: what was received is saved, and nobody errs."""

from __future__ import annotations

import asyncio
import json

import pytest

from tremor.cli.keyboard import Keyboard
from tremor.cli.screen import PlainScreen
from tremor.session.choosing import Wish
from tremor.session.plan import Plan
from tremor.session.session import record_session
from tremor.session.stopping import Stop


def session(folder, *, stop_at):
    told = []

    async def main():
        stop = Stop()

        def emit(event, content):
            told.append((event, content.get("stage")))
            if stop_at in (event, content.get("stage")):
                stop.ask("terminated")

        return await record_session(
            Plan(
                wishes=(Wish("", "simulated"),),
                folder=folder,
                duration_s=5.0,
                options={"speed": "25", "scene": "steady"},
                asks=False,
            ),
            screen=PlainScreen(),
            keyboard=Keyboard(is_wanted=False),
            stop=stop,
            emit=emit,
        )

    return asyncio.run(main()), told


@pytest.mark.parametrize("stage", ["connected", "fit", "settle", "measure"])
def test_stop_at_any_stage_saves(tmp_path, stage):
    outcome, told = session(tmp_path / "x", stop_at=stage)
    assert outcome.why == "terminated"
    assert outcome.was_cut_short
    assert told[-1] == ("stage", "save")
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
    wish = Wish(label, "simulated")
    plan = Plan(wishes=(wish,), folder=tmp_path, placement=placement)
    assert plan.placement_of(wish) == given
    assert plan.folder_of(wish) == tmp_path
    two = Plan(wishes=(wish, Wish("other", "x")), folder=tmp_path)
    assert two.folder_of(wish) == tmp_path / label
