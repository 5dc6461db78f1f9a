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

    def start(self):
        self.page.goto(self.url)
        self.page.get_by_label("20 times as fast").check()
        self.page.get_by_label("Where it is worn").select_option("left-calf")
        self.page.get_by_label("How long").select_option("600")
        self.look("home")
        self.page.get_by_role("button", name="Start").click()
        self.page.wait_for_url("**/live")

    def answer_all(self):
        """Reply to every question; return the questions."""
        asked = []
        self.page.wait_for_url("**/questions")
        while self.page.locator(".question").count():
            asked.append(self.page.locator(".question").inner_text())
            self.look(f"question-{len(asked)}")
            self.page.get_by_role("button", name="Next").click()
            self.page.wait_for_load_state()
        return asked


def test_the_whole_flow(browser, program):
    url, folder = program
    visitor = Visitor(browser, url, screen=PHONE, scheme="light")
    page = visitor.page
    visitor.start()
    page.locator(".strength", has_text="m/s²").wait_for()
    page.get_by_role("button", name="Mark this moment").click()
    page.locator("#notes", has_text="Noted: marker.").wait_for()
    visitor.look("live")
    page.reload()  # the recording does not depend on the page
    page.locator(".strength", has_text="m/s²").wait_for()
    assert page.locator("#notes li").count() >= 3
    page.get_by_role("button", name="Pain 7").click()
    page.locator("#notes", has_text="Noted: pain or cramp 7.").wait_for()
    page.get_by_role("button", name="Stop and save").click()
    page.wait_for_url("**/questions")
    page.get_by_role("button", name="Enough").click()
    page.wait_for_url("**/sessions/*")
    page.frame_locator("iframe").get_by_text("Not a medical device").first.wait_for()
    visitor.look("report")
    visitor.leave()
    assert len(list(folder.glob("recording-*/report.html"))) == 1
