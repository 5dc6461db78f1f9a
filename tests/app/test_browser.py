"""The whole flow in a browser: two legs, loss, reload, interview, comparison, baseline, trend.

Needs Chromium and the extras ``app`` and ``dev``; skipped without. The program is a process of its
own, in a folder of its own; all tests visit the same one.
"""

from __future__ import annotations

import json
import signal

import numpy as np
import pytest
from rigs.visitor import BROWSER, QUIET, Visitor, running_app

from tremor.settings import APP_BOUNDS

api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed")
pytest.importorskip("uvicorn", reason="the extra app is not installed")


pytestmark = pytest.mark.skipif(BROWSER is None, reason="there is no Chromium on this computer")


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    """The program in a folder of its own: its address, and the folder."""
    folder = tmp_path_factory.mktemp("sofa")
    with running_app(folder) as (started, url):
        yield url, folder
        started.send_signal(signal.SIGINT)
        assert started.wait(60) == 0


@pytest.fixture(scope="module")
def browser():
    with api.sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=BROWSER, args=[*QUIET])
        yield started
        started.close()


@pytest.fixture
def visitor(browser, program):
    return Visitor(browser, program[0], axe.Axe().axe_script)


class Keyboard:
    """Somebody who presses keys alone, and wants to see where they are."""

    def __init__(self, page):
        self.page = page
        self.passed = []

    def to(self, name):
        """Press Tab until the focus is on what is called so; it must be seen there."""
        self.page.wait_for_load_state()
        for _ in range(40):
            self.page.keyboard.press("Tab")
            is_here, is_seen, label = self.page.evaluate(
                """name => {
                    const one = document.activeElement, style = getComputedStyle(one);
                    const label = (one.labels && one.labels[0] || one).innerText.trim();
                    const ring = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth);
                    return [label.includes(name), ring > 1 || one.tagName === 'IFRAME', label];
                }""",
                name,
            )
            self.passed.append(label)
            assert is_seen, label
            if is_here:
                return
        raise AssertionError((name, self.passed))

    def skip(self):
        """Leave the menu out."""
        self.to("To the content")
        self.press("Enter")
        self.page.wait_for_function("document.activeElement.id === 'main'")

    def press(self, *keys):
        for key in keys:
            self.page.keyboard.press(key)


def test_by_keyboard_before_the_run_and_after_it(visitor, program):
    page, folder, keys = visitor.page, program[1], Keyboard(visitor.page)
    page.goto(visitor.url)
    visitor.look("home")
    keys.skip()
    keys.to("A made-up sensor")
    keys.press("ArrowDown")  # the fast one
    keys.to("Samples a second")
    keys.press("5")  # 50 a second
    keys.to("Look for sensors")
    keys.to("Where it is worn")
    keys.press("l")
    keys.to("A second sensor")
    keys.to("When")
    keys.press("b")
    keys.to("How long")
    keys.to("Start")
    keys.press("Enter")
    page.get_by_role("heading", name="Before the run").wait_for()
    page.get_by_text("m/s² RMS at rest").wait_for()
    visitor.look("baseline")
    page.goto(visitor.url)
    keys.skip()
    keys.to("60 times as fast")  # sensor and leg are those of the last time
    assert page.locator("#placement").input_value() == "left-calf"
    keys.to("Hold it against")
    visitor.look("home-baseline")
    keys.to("Start")
    keys.press("Enter")
    page.locator("#notes", has_text="held against its level before the run").wait_for()
    visitor.wait_for_minute(1)
    keys.to("Mark this moment")
    keys.press("Space")
    page.locator("#notes", has_text="Noted: marker.").wait_for()
    keys.to("Stop and save")
    keys.press("Enter")
    page.wait_for_url("**/questions")
    keys.to("dark urine")
    keys.to("none")
    keys.press("Space")
    keys.to("Next")
    keys.press("Enter")
    page.get_by_text("Question 2,").wait_for()
    keys.to("Enough")
    keys.press("Enter")
    page.wait_for_url("**/sessions/*")
    visitor.read("report", "times a second")
    keys.to("Sessions")
    keys.press("Enter")
    page.get_by_role("heading", name="Sessions so far").wait_for()
    assert "before the run" in page.locator(".rows").inner_text()
    keys.to("How it changed")
    keys.press("Enter")
    visitor.read("trend", "What changed over time")
    visitor.leave()
    (before,) = folder.glob("baseline-*-left-calf")
    settings = json.loads((before / "recording.json").read_text("utf-8"))["settings"]
    assert settings["sampling_rate_hz"] == 50.0
    (report,) = folder.glob("recording-*-left-calf/report.html")
    assert f"--baseline {before.name}" in report.read_text("utf-8")


def test_two_legs_from_the_start_to_their_comparison(visitor, program):
    page, folder = visitor.page, program[1]
    visitor.choose("with lost packets", "left-calf", second="right-calf")
    visitor.look("home-two")
    visitor.start()
    page.get_by_role("heading", name="Measuring").wait_for()
    visitor.press("Mark this moment", "Noted: marker.")
    page.reload()  # the recording does not depend on the page
    visitor.listen()
    page.locator("#notes", has_text="Noted: marker.").wait_for()
    page.locator("#notes", has_text="is lost. The recording goes on").wait_for()
    visitor.press("Pain 7", "Noted: pain or cramp 7.")
    for leg in ("left calf", "right calf"):
        sensor = page.get_by_role("region", name=leg, exact=True)
        sensor.locator(".strength", has_text="m/s²").wait_for()
        assert "%" in sensor.locator(".loss").inner_text()
        assert "%" in sensor.locator(".battery").inner_text()
    visitor.look("live")
    visitor.wait_for_minute(3)
    told = page.evaluate("window.told")
    page.get_by_role("button", name="Stop and save").click()
    understood = visitor.answer(4)
    assert understood[0] == "none"
    assert len(understood) >= 3
    page.get_by_role("button", name="the report").click()
    page.wait_for_url("**/sessions/*")
    visitor.read("both", "The left leg and the right leg of one session")
    whole = page.frame_locator("iframe").locator("body").inner_text()
    assert "move in step" in whole
    assert "leads" in whole
    page.get_by_role("link", name="right calf", exact=True).click()
    visitor.read("leg", "times a second", alone=False)
    page.get_by_role("link", name="Sessions", exact=True).click()
    page.get_by_role("link", name="left calf", exact=True).wait_for()
    visitor.look("sessions")
    visitor.leave()
    # A screen reader is told one thing at a time.
    # On a busy machine the link may have broken before it listened.
    assert any(word in words for _, words in told for word in ("Measuring", "lost", "Noted"))
    apart_ms = np.diff([when for when, _ in told])
    assert apart_ms.min(initial=np.inf) >= 1000.0 * APP_BOUNDS.words_interval_s - 1.0
    (session,) = (one.parent for one in folder.glob("recording-*/left-calf"))
    assert (session / "context.toml").is_file()
    for leg in ("left-calf", "right-calf"):
        markers = json.loads((session / leg / "recording.json").read_text("utf-8"))["markers"]
        assert {one["kind"] for one in markers} == {"marker", "pain"}


def test_enter_in_the_form_starts_and_looks_for_nothing(visitor):
    page = visitor.page
    page.goto(visitor.url)
    page.get_by_label("A phone with phyphox").first.check()
    page.locator("#placement").select_option("right-shin")
    page.get_by_label("Address that phyphox shows").first.press("Enter")
    page.get_by_role("alert").get_by_text("as phyphox shows it").wait_for()
    assert page.locator("#placement").input_value() == "right-shin"  # nothing is filled in twice
    visitor.look("home-refused")
    visitor.leave(expected=["400"])  # the browser notes it


def test_a_capture_is_dropped(visitor, tmp_path):
    rows = ["time_s,x,y,z"]
    rng = np.random.default_rng(0)
    for time_s in np.arange(6000) / 100.0:
        shake = 0.5 * np.sin(2.0 * np.pi * 8.0 * time_s) + rng.normal(0.0, 0.01)
        rows.append(
            f"{time_s:.3f},{0.6 * shake:.5f},{0.8 * shake:.5f},{9.81 + rng.normal(0.0, 0.01):.5f}"
        )
    file = tmp_path / "my leg.csv"
    file.write_text("\n".join(rows), encoding="utf-8")
    page = visitor.page
    page.goto(f"{visitor.url}drop")
    visitor.look("drop")
    page.get_by_label("File").set_input_files(file)
    page.wait_for_url("**/captures/*")
    page.get_by_role("heading", name="How it was read").wait_for()
    visitor.look("capture")
    page.get_by_label("Sampling rate, Hz").fill("-3")
    page.get_by_role("button", name="Read it again").click()
    page.get_by_text("sampling rate is -3").wait_for()
    visitor.look("capture-refused")
    page.get_by_label("Sampling rate, Hz").fill("")
    page.get_by_label("Where it was worn").fill("right-thigh")
    page.get_by_role("button", name="Read it again").click()
    page.get_by_text("said by you").first.wait_for()
    page.get_by_role("button", name="Measure it").click()
    page.wait_for_url("**/questions")
    page.get_by_role("button", name="Enough").click()
    visitor.read("capture-report", "times a second", alone=False)
    visitor.leave()
