"""The pages in a browser: accessible, quiet, and within the screen, however they are looked at.

Needs Chromium, and ``playwright`` and ``axe-playwright-python`` of the extra ``dev``; skipped
without. ``nox -s browser`` runs it.
"""

from __future__ import annotations

import itertools
import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from rigs.visitor import BROWSER, QUIET

import tremor
from tremor.report import as_html
from tremor.report.comparison_page import render_comparison_page

api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed")

pytestmark = pytest.mark.skipif(BROWSER is None, reason="there is no Chromium on this computer")

SCREENS = {"phone": (390, 844), "desktop": (1280, 900)}
#: Smallest text of a figure on a phone, CSS pixels.
LEAST_TEXT_PX = 11.9


def leg(duration_s=200.0, *, kind="fading", fs=100.0, seed=0):
    """A made-up leg at rest: 8.3 Hz with a wandering phase, or something else."""
    rng = np.random.default_rng(seed)
    t = np.arange(round(duration_s * fs)) / fs
    phase = 2.0 * np.pi * 8.3 * t + np.cumsum(rng.normal(0.0, 0.15, len(t)))
    strength = {
        "fading": 0.5 * np.exp2(-t / 40.0) + 0.05,
        "noisy": np.full(len(t), 0.06),
        "quiet": np.zeros(len(t)),
        "machine": np.zeros(len(t)),
        "walk": np.zeros(len(t)),
    }[kind]
    shake = strength * np.sin(phase)
    if kind == "machine":
        shake = 0.3 * np.sin(2.0 * np.pi * 9.0 * t)
    noise = 0.05 if kind == "noisy" else 0.01
    samples = shake[:, None] * [0.6, 0.0, 0.8] + rng.normal(0.0, noise, (len(t), 3))
    if kind == "walk":
        samples += 4.0 * np.sin(2.0 * np.pi * 1.8 * t)[:, None] * [0.3, 0.2, 1.0]
    return np.add(samples, [0.0, 0.0, 9.81])


ANSWERS = {
    "rpe": 9,
    "duration_min": 95,
    "temperature_c": 29,
    "humidity_pct": 70,
    "mass_before_kg": 70,
    "mass_after_kg": 68.5,
    "medicines": ["diuretic"],
}


def analysed(kind, **answers):
    return tremor.analyze(leg(kind=kind), sampling_rate_hz=100.0, context=answers or None)


def weeks(analysis):
    """Sessions of one leg, two of them on days that follow each other."""
    first = datetime(2025, 12, 20, 18, tzinfo=UTC)
    return [
        replace(
            analysis,
            source=replace(analysis.source, name=f"day{day}.csv"),
            recording=replace(analysis.recording, started_at=first + timedelta(days=day)),
        )
        for day in (0, 1, 9, 14, 30, 44, 45)
    ]


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """Every kind of page, as files."""
    folder = tmp_path_factory.mktemp("pages")
    fading = analysed("fading", **ANSWERS)
    made = {
        "fading": as_html.render(fading),
        "noisy": as_html.render(analysed("noisy")),
        "quiet": as_html.render(analysed("quiet")),
        "walk": as_html.render(analysed("walk")),
        "machine": as_html.render(analysed("machine", **ANSWERS)),
        "warning": as_html.render(analysed("fading", signs=["chest_pain"], rpe=8)),
        "comparison": render_comparison_page(tremor.compare(fading, analysed("noisy"))),
        "trend": render_comparison_page(tremor.trend(weeks(fading))),
    }
    paths = {}
    for name, html in made.items():
        paths[name] = folder / f"{name}.html"
        paths[name].write_text(html, encoding="utf-8")
    return paths


@pytest.fixture(scope="module")
def browser():
    with api.sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=BROWSER, args=[*QUIET])
        yield started
        started.close()


NAMES_OF_PAGES = ("fading", "noisy", "quiet", "walk", "machine", "warning", "comparison", "trend")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("screen", SCREENS)
@pytest.mark.parametrize("name", NAMES_OF_PAGES)
def test_page_is_accessible_quiet_and_within_the_screen(browser, pages, name, screen, scheme):
    width, height = SCREENS[screen]
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=scheme, bypass_csp=True
    )
    page = context.new_page()
    said, asked = [], []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(pages[name].as_uri())
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    found = axe.Axe().run(page)
    assert not found.response["violations"], found.generate_report()
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= width
    assert said == []
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    if screen == "phone":
        assert smallest_text_px(page) >= LEAST_TEXT_PX
    folder = os.environ.get("TREMOR_SCREENSHOTS")
    if folder:
        page.screenshot(path=f"{folder}/{name}-{screen}-{scheme}.png", full_page=True)
    context.close()


def smallest_text_px(page):
    """The smallest text in the figures of a page, as it is shown."""
    return page.evaluate(
        """() => Math.min(...[...document.querySelectorAll('figure svg')].flatMap(svg => {
            const scale = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
            return [...svg.querySelectorAll('text')].map(
                one => parseFloat(getComputedStyle(one).fontSize) * scale);
        }), 99)"""
    )


def test_dates_below_the_axis_of_a_trend_do_not_collide(browser, pages):
    page = browser.new_context(viewport={"width": 390, "height": 844}).new_page()
    page.goto(pages["trend"].as_uri())
    boxes = page.evaluate(
        """() => [...document.querySelectorAll('figure svg g[id*="matplotlib.axis_1"] text')].map(
            one => [one.textContent, one.getBoundingClientRect()]).map(
            ([text, box]) => [text.trim(), box.left, box.right])"""
    )
    days = sorted((left, right, text) for text, left, right in boxes if not text.isdigit())
    assert [days[0][2], days[-1][2]] == ["20 Dec", "3 Feb"]
    assert len(days) >= 3
    assert all(one[1] < other[0] for one, other in itertools.pairwise(days))
    page.context.close()


@pytest.mark.parametrize("name", ["fading", "quiet", "walk"])
def test_page_prints_on_four_sheets_at_most(browser, pages, name):
    context = browser.new_context()
    page = context.new_page()
    page.goto(pages[name].as_uri())
    sheets = page.pdf(format="A4").count(b"/Type /Page\n") or page.pdf(format="A4").count(
        b"/Type/Page/"
    )
    context.close()
    assert 1 <= sheets <= 4


def test_page_works_without_scripts(browser, pages):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(pages["fading"].as_uri())
    page.locator("details.part > summary").click()
    assert page.get_by_role("heading", name="Method").is_visible()
    context.close()
