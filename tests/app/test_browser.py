"""The whole flow in a browser: rehearsal, loss, reload, interview, report, second session, trend.

Needs Chromium and the extras ``app`` and ``dev``; skipped without. The program is a process of its
own, in a folder of its own.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys

import numpy as np
import pytest

api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed")
pytest.importorskip("uvicorn", reason="the extra app is not installed")

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
BROWSER = next((path for name in NAMES if (path := shutil.which(name))), None)
pytestmark = pytest.mark.skipif(BROWSER is None, reason="there is no Chromium on this computer")

QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1200, "height": 900}
#: A machine with other work needs its time, ms.
PATIENCE_MS = 90_000


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    """The program in a folder of its own: its address, and the folder."""
    folder = tmp_path_factory.mktemp("sofa")
    started = subprocess.Popen(
        [sys.executable, "-m", "tremor", "app", "--port", "0", "--no-browser"],
        cwd=folder,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    yield started.stdout.readline().strip(), folder
    started.send_signal(signal.SIGINT)
    code = started.wait(60)
    started.stdout.close()
    assert code == 0


@pytest.fixture(scope="module")
def browser():
    with api.sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=BROWSER, args=[*QUIET])
        yield started
        started.close()


class Visitor:
    """A page whose console and requests are watched."""

    def __init__(self, browser, url, *, screen, scheme):
        self.url = url
        self.context = browser.new_context(viewport=screen, color_scheme=scheme)
        self.context.set_default_timeout(PATIENCE_MS)
        self.page = self.context.new_page()
        self.said, self.asked = [], []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self._views = f"{screen['width']}-{scheme}"

    def look(self, name):
        """Hold a view against the rules of accessibility, and keep its picture."""
        found = axe.Axe().run(self.page)
        assert not found.response["violations"], (name, found.generate_report())
        wide = self.page.evaluate("document.documentElement.scrollWidth")
        assert wide <= self.page.viewport_size["width"], name
        folder = os.environ.get("TREMOR_SCREENSHOTS")
        if folder:
            self.page.screenshot(path=f"{folder}/app-{name}-{self._views}.png", full_page=True)

    def leave(self):
        self.context.close()
        assert self.said == []
        foreign = [url for url in self.asked if not url.startswith((self.url, "data:"))]
        assert foreign == []

    # --- the flow --------------------------------------------------------------------------------

    def start(self, sensor):
        self.page.goto(self.url)
        self.page.get_by_label(sensor).check()
        self.page.get_by_label("Where it is worn").select_option("left-calf")
        self.page.get_by_label("How long").select_option("600")
        self.look("home")
        self.page.get_by_role("button", name="Start").click()
        self.page.wait_for_url("**/live")

    def press(self, button, note):
        self.page.get_by_role("button", name=button).click()
        self.page.locator("#notes", has_text=note).wait_for()

    def wait_for_minute(self, minute):
        """Wait until this minute of the measurement has begun."""
        self.page.wait_for_function(
            "minute => parseInt(document.getElementById('time').textContent) >= minute", arg=minute
        )

    def answer(self, most):
        """Reply to questions, as far as they are asked; return what was understood."""
        page, understood = self.page, []
        page.wait_for_url("**/questions")
        for number in range(1, most + 1):
            if not page.locator(".question").count():
                break
            self.look(f"question-{number}")
            if page.locator("#reply").count():
                page.locator("#reply").fill("no number")
                page.get_by_role("button", name="Next").click()
                page.locator("#refusal").wait_for()
                self.look("refusal")
                weighs = "weigh" in page.locator("label.question").inner_text()
                page.locator("#reply").fill("70 kg and 69 kg" if weighs else "7")
            else:
                page.locator(".pick").last.click()
            page.get_by_role("button", name="Next").click()
            page.get_by_text(f"Question {number + 1},").or_(
                page.get_by_text("Nothing else would")
            ).wait_for()
            understood.append(
                page.locator("[role=status]").inner_text().partition("Understood: ")[2]
            )
        return understood


def test_the_whole_flow(browser, program):
    url, folder = program
    visitor = Visitor(browser, url, screen=PHONE, scheme="light")
    page = visitor.page
    visitor.start("with lost packets")
    page.get_by_role("heading", name="Measuring").wait_for()
    page.locator(".strength", has_text="m/s²").wait_for()
    visitor.press("Mark this moment", "Noted: marker.")
    visitor.look("live")
    page.reload()  # the recording does not depend on the page
    page.locator("#notes", has_text="Noted: marker.").wait_for()
    visitor.press("Pain 7", "Noted: pain or cramp 7.")
    page.get_by_role("heading", name="The sensor is lost").wait_for()
    visitor.look("lost")
    page.get_by_role("heading", name="Measuring").wait_for()
    visitor.wait_for_minute(3)
    page.get_by_role("button", name="Stop and save").click()
    understood = visitor.answer(10)
    assert understood[0] == "none"
    assert len(understood) >= 3
    page.get_by_role("button", name="the report").click()
    page.wait_for_url("**/sessions/*")
    page.frame_locator("iframe").get_by_text("times a second").first.wait_for()
    visitor.look("report")
    visitor.leave()
    (recording,) = folder.glob("recording-*-left-calf")
    events = (recording / "recording.json").read_text(encoding="utf-8")
    assert '"marker"' in events
    assert (recording / "context.toml").is_file()


def test_enter_in_the_form_starts_and_looks_for_nothing(browser, program):
    url, _ = program
    visitor = Visitor(browser, url, screen=PHONE, scheme="light")
    page = visitor.page
    page.goto(url)
    page.get_by_label("A phone with phyphox").check()
    page.get_by_label("Address that phyphox shows").press("Enter")
    page.get_by_role("alert").get_by_text("as phyphox shows it").wait_for()
    visitor.look("home-refused")
    visitor.said = [one for one in visitor.said if "400" not in one]  # the browser notes it
    visitor.leave()


def test_a_second_session_and_the_trend(browser, program):
    url, folder = program
    visitor = Visitor(browser, url, screen=DESKTOP, scheme="dark")
    page = visitor.page
    visitor.start("20 times as fast")
    page.get_by_role("heading", name="Measuring").wait_for()
    visitor.wait_for_minute(1)
    visitor.look("live")
    page.get_by_role("button", name="Stop and save").press("Enter")
    page.wait_for_url("**/questions")
    visitor.look("question")
    page.get_by_role("button", name="Enough").click()
    page.wait_for_url("**/sessions/*")
    visitor.look("report")
    page.get_by_role("link", name="Sessions", exact=True).click()
    page.get_by_role("heading", name="Sessions so far").wait_for()
    names = page.locator(".rows a").all_inner_texts()
    assert sorted(names, reverse=True) == sorted(
        (one.name for one in folder.glob("recording-*")), reverse=True
    )
    visitor.look("sessions")
    page.get_by_role("link", name="How it changed").click()
    page.frame_locator("iframe").get_by_role("heading", name="Sessions").first.wait_for()
    visitor.look("trend")
    visitor.leave()


def test_a_capture_is_dropped(browser, program, tmp_path):
    url, _ = program
    rows = ["time_s,x,y,z"]
    rng = np.random.default_rng(0)
    for time_s in np.arange(6000) / 100.0:
        shake = 0.5 * np.sin(2.0 * np.pi * 8.0 * time_s) + rng.normal(0.0, 0.01)
        rows.append(
            f"{time_s:.3f},{0.6 * shake:.5f},{0.8 * shake:.5f},{9.81 + rng.normal(0.0, 0.01):.5f}"
        )
    file = tmp_path / "my leg.csv"
    file.write_text("\n".join(rows), encoding="utf-8")
    visitor = Visitor(browser, url, screen=PHONE, scheme="dark")
    page = visitor.page
    page.goto(f"{url}drop")
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
    page.frame_locator("iframe").get_by_text("times a second").first.wait_for()
    visitor.look("capture-report")
    visitor.leave()
