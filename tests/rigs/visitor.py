"""A visitor of the local page: a browser whose console, requests and looks are watched."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from contextlib import contextmanager

__all__ = ["BROWSER", "PHONE", "QUIET", "Visitor", "running_app"]

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
BROWSER = next((path for name in NAMES if (path := shutil.which(name))), None)
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
#: Each view is held against the rules of accessibility at these widths and in these themes.
LOOKS = tuple((width, theme) for theme in ("light", "dark") for width in (390, 1280))
#: Nothing scrolls sideways, and no value leaves its box, at this width, and where two legs begin to
#: stand side by side.
NARROWEST = 320
MIDDLE = 780
FITS = """document.documentElement.scrollWidth <= window.innerWidth
    && [...document.querySelectorAll("dd, button")].every(
        one => one.scrollWidth <= Math.ceil(one.getBoundingClientRect().width))"""
#: A report within the page runs no script, so it is looked at where it stands alone.
VIOLATIONS = """axe.run(document, { iframes: false, resultTypes: ["violations"] })
    .then(found => found.violations.map(one => [one.id, one.nodes.map(node => node.html)]))"""
#: Keeps what a screen reader is told, and when.
LISTENER = """() => {
    const region = document.getElementById("spoken");
    window.told = [];
    new MutationObserver(() => told.push([performance.now(), region.textContent]))
        .observe(region, { childList: true, characterData: true, subtree: true });
}"""
#: A machine with other work needs its time, ms.
PATIENCE_MS = 90_000
#: How much faster than life the made-up sensors of a rehearsal are here.
SPEED = 60
#: The command with fast sensors.
PROGRAM = f"""
from tremor.app import sensors
sensors._QUICK = {SPEED}
from tremor.cli.main import main
main()
"""


@contextmanager
def running_app(folder, *options):
    """Run the program in a folder; yield the process and its address."""
    command = [sys.executable, "-c", PROGRAM, "app", "--port", "0", "--no-browser", *options]
    started = subprocess.Popen(
        command,
        cwd=folder,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    try:
        yield started, started.stdout.readline().strip()
    finally:
        started.kill()
        started.wait(60)
        started.stdout.close()


class Visitor:
    """A page whose console and requests are watched."""

    def __init__(self, browser, url, axe_script):
        self.url = url
        self.axe_script = axe_script
        self.context = browser.new_context(viewport=PHONE)
        self.context.set_default_timeout(PATIENCE_MS)
        self.page = self.context.new_page()
        self.said, self.asked = [], []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))

    def look(self, name, looks=LOOKS):
        """Hold a view against the rules of accessibility in all its looks, and keep pictures."""
        folder = os.environ.get("TREMOR_SCREENSHOTS")
        for width, theme in looks:
            self.page.set_viewport_size({**PHONE, "width": width})
            self.page.emulate_media(color_scheme=theme)
            if not self.page.evaluate("'axe' in window"):
                self.page.evaluate(self.axe_script)
            violations = self.page.evaluate(VIOLATIONS)
            assert not violations, (name, width, theme, violations)
            if folder:
                path = f"{folder}/app-{name}-{width}-{theme}.png"
                self.page.screenshot(path=path, full_page=True)
        for width in (NARROWEST, MIDDLE, PHONE["width"]):
            self.page.set_viewport_size({**PHONE, "width": width})
            self.page.wait_for_function(FITS, timeout=5_000)
        self.page.emulate_media(color_scheme="light")

    def leave(self, expected=()):
        """Check that nothing was said on the console but this, and nobody else was asked."""
        self.context.close()
        said = [one for one in self.said if not any(re.search(a, one) for a in expected)]
        assert said == [], said
        foreign = [url for url in self.asked if not url.startswith((self.url, "data:"))]
        assert foreign == [], foreign

    # --- the flow --------------------------------------------------------------------------------

    def choose(self, sensor, placement, *, second="", duration="600"):
        """Fill in the start."""
        page = self.page
        page.goto(self.url)
        page.get_by_label(sensor).check()
        page.locator("#placement").select_option(placement)
        page.get_by_label("How long").select_option(duration)
        if second:
            page.locator("summary").click()
            page.get_by_label("Another made-up sensor").check()
            page.locator("#placement_2").select_option(second)

    def start(self):
        """Press the button, and wait for the live view."""
        self.page.get_by_role("button", name="Start").click()
        self.page.wait_for_url("**/live")

    def listen(self):
        """Keep from now on what a screen reader is told."""
        self.page.evaluate(LISTENER)

    def press(self, button, note):
        """Press a button, and wait for what is noted."""
        self.page.get_by_role("button", name=button).click()
        self.page.locator("#notes", has_text=note).wait_for()

    def wait_for_minute(self, minute):
        """Wait until this minute of the measurement has begun."""
        self.page.wait_for_function(
            "minute => parseInt(document.getElementById('time').textContent) >= minute", arg=minute
        )

    def answer(self, most):
        """Reply to questions, as far as they are asked; return what was understood."""
        page, understood, seen = self.page, [], set()
        page.wait_for_url("**/questions")
        for number in range(1, most + 1):
            if not page.locator(".question").count():
                break
            kind = "line" if page.locator("#reply").count() else "boxes"
            if kind not in seen:
                self.look(f"question-{kind}")
            if kind == "line":
                if kind not in seen:
                    page.locator("#reply").fill("no number")
                    page.get_by_role("button", name="Next").click()
                    page.locator("#refusal").wait_for()
                    self.look("question-refused")
                weighs = "weigh" in page.locator("label.question").inner_text()
                page.locator("#reply").fill("70 kg and 69 kg" if weighs else "7")
            else:
                page.locator(".pick").last.click()
            seen.add(kind)
            page.get_by_role("button", name="Next").click()
            page.get_by_text(f"Question {number + 1},").or_(
                page.get_by_text("Nothing else would")
            ).wait_for()
            understood.append(
                page.locator("[role=status]").inner_text().partition("Understood: ")[2]
            )
        return understood

    def read(self, name, words, *, alone=True):
        """Look at a page with a report, and at the report where it stands alone."""
        self.page.frame_locator("iframe").get_by_text(words).first.wait_for()
        self.look(name)
        if alone:
            there = self.page.url
            self.page.goto(self.url.rstrip("/") + self.page.locator("iframe").get_attribute("src"))
            self.look(f"{name}-alone", looks=LOOKS[1:3])
            self.page.goto(there)
