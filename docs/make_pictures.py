"""Make the pictures of the README from the shipped capture: the terminal and the page.

Run it in the checkout with the extra ``dev`` and Chromium: ``python docs/make_pictures.py``.
"""

from __future__ import annotations

import io
import re
import shutil
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright
from rich.console import Console
from rich.text import Text

import tremor
from tremor.report import as_html, as_text

ROOT = Path(__file__).parents[1]
IMAGES = ROOT / "docs" / "images"
CAPTURE = ROOT / "sample_data" / "post_run_calf.csv"
ANSWERS = ROOT / "sample_data" / "context.toml"
COMMAND = "tremor analyze sample_data/post_run_calf.csv --context sample_data/context.toml"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
PHONE = {"width": 390, "height": 844}
#: What each picture of the page begins with.
PARTS = {"report-1.png": "h1", "report-2.png": "#h-amplitude", "report-3.png": "#h-explain"}


def terminal(analysis: tremor.Analysis) -> str:
    """Return what the command prints, as a picture of a terminal."""
    console = Console(width=80, record=True, file=io.StringIO(), force_terminal=True)
    console.print(Text(f"$ {COMMAND}", style="bold"))
    console.print(Text(as_text.render_screen(analysis)), end="")
    picture = console.export_svg(title="tremor")
    # Nothing is fetched when the picture is shown: the reader's own monospaced font will do.
    picture = re.sub(r"@font-face \{.*?\}\s*", "", picture, flags=re.DOTALL)
    return re.sub(r"<!--.*?-->\s*", "", picture, flags=re.DOTALL)


def page(analysis: tremor.Analysis) -> None:
    """Write three parts of the report as a phone shows them."""
    browser_path = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        file = Path(folder) / "report.html"
        file.write_text(as_html.render(analysis), encoding="utf-8")
        browser = driver.chromium.launch(executable_path=browser_path, args=["--no-sandbox"])
        shown = browser.new_page(viewport=PHONE, color_scheme="light")
        shown.goto(file.as_uri())
        for name, begin in PARTS.items():
            shown.locator(begin).evaluate("one => one.scrollIntoView()")
            shown.screenshot(path=IMAGES / name)
        browser.close()


def main() -> None:
    """Write all pictures."""
    context = tremor.Context.from_file(ANSWERS)
    analysis = tremor.analyze(CAPTURE, context=context)
    IMAGES.mkdir(exist_ok=True)
    (IMAGES / "terminal.svg").write_text(terminal(analysis), encoding="utf-8")
    page(analysis)


if __name__ == "__main__":
    main()
