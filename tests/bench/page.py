"""What the local page costs, and how late it is: record, live analysis and page at 416 Hz.

    python tests/bench/page.py [--seconds 60] [--sensors 2]

(a) time from the last sample of a window to the frame of the browser that shows it; (b) processor
time of the program, and of the browser with everything that it draws, in per cent of one core.
Needs Chromium, and the extras ``app`` and ``dev``.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path

import numpy as np
from playwright.sync_api import sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
COMMAND = ("-m", "tremor", "app", "--port", "0", "--no-browser")
RATE_HZ = 416
#: Notes when the frame after a new window was drawn, and the end of that window.
HOOK = """() => {
  window.shown = [];
  const show = window.showSensor;
  window.showSensor = (state) => {
    show(state);
    const ends = state.points.map((point) => point[0]);
    requestAnimationFrame(() => setTimeout(
      () => ends.forEach((end) => window.shown.push([state.label, end, Date.now() / 1000]))));
  };
}"""


def used_s(pid):
    """Processor time of a process and those that it started, s."""
    tick = os.sysconf("SC_CLK_TCK")
    table = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text(encoding="utf-8").rpartition(")")[2].split()
        except OSError:  # it has ended
            continue
        table[int(stat.parent.name)] = (int(fields[1]), (int(fields[11]) + int(fields[12])) / tick)
    of_it = {pid}
    while more := {one for one, (parent, _) in table.items() if parent in of_it} - of_it:
        of_it |= more
    return sum(table[one][1] for one in of_it if one in table)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60.0, help="how long to measure")
    parser.add_argument("--sensors", type=int, choices=(1, 2), default=1, help="how many")
    asked = parser.parse_args()
    seconds = asked.seconds
    browser_path = next(path for name in NAMES if (path := shutil.which(name)))
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        program = subprocess.Popen(
            [sys.executable, *COMMAND],
            cwd=folder,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(["", *sys.path])},
        )
        url = program.stdout.readline().strip()
        browser = driver.chromium.launch(
            executable_path=browser_path, args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page()
        page.goto(url)
        page.get_by_label("to rehearse in real time").check()
        page.locator("#rate-simulated").select_option(str(RATE_HZ))
        page.locator("#placement").select_option("left-calf")
        page.get_by_label("How long").select_option("600")
        if asked.sensors == 2:
            page.locator("summary").click()
            page.get_by_label("Another made-up sensor").check()
            page.locator("#placement_2").select_option("right-calf")
        page.get_by_role("button", name="Start").click()
        page.get_by_role("heading", name="Measuring").wait_for(timeout=120_000)
        page.evaluate(HOOK)
        pids = {"program": program.pid, "browser": browser_pid(program.pid)}
        before = {name: used_s(pid) for name, pid in pids.items()}
        began_s = time.monotonic()
        page.wait_for_timeout(1000.0 * seconds)
        lasted_s = time.monotonic() - began_s
        shares = {name: (used_s(pid) - before[name]) / lasted_s for name, pid in pids.items()}
        shown = page.evaluate("window.shown")
        page.get_by_role("button", name="Stop and save").click()
        page.wait_for_url("**/questions", timeout=120_000)
        browser.close()
        program.send_signal(signal.SIGINT)
        program.wait(60)
        program.stdout.close()
        facts = [
            json.loads(one.read_text(encoding="utf-8"))
            for one in Path(folder).rglob("recording.json")
        ]
    assert len(facts) == asked.sensors
    start_s = {
        one["placement"]: datetime.fromisoformat(one["started_at"]).timestamp() for one in facts
    }
    late_ms = [1000.0 * (at - start_s[leg] - end) for leg, end, at in shown]
    low, middle, high = np.percentile(late_ms, [0, 50, 95])
    for one in facts:
        rate_hz = one["counts"]["n_samples"] / one["duration_s"]
        print(f"{one['placement']}: {rate_hz:.1f} Hz, {one['counts']['n_lost']} lost")
    print(f"{len(shown)} windows in {lasted_s:.0f} s")
    print(
        f"(a) last sample to screen: {low:.0f} ms least, {middle:.0f} ms median, {high:.0f} ms p95"
    )
    for name, share in shares.items():
        print(f"(b) {name}: {100.0 * share:.1f} % of a core")


def browser_pid(program_pid):
    """Process of the browser: the child of this program's driver that draws."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        text = stat.read_text(encoding="utf-8")
        parent = int(text.rpartition(")")[2].split()[1])
        if parent == os.getpid() and int(stat.parent.name) != program_pid:
            return int(stat.parent.name)
    raise RuntimeError("there is no process of the browser")


if __name__ == "__main__":
    main()
