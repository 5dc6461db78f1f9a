"""What ``tremor compare`` and ``tremor trend`` share: where the page goes, and what is shown."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tremor.cli.files import output_paths
from tremor.cli.streams import echo, print_json, shows_unicode
from tremor.files import write_text

if TYPE_CHECKING:
    from tremor.results.comparison import Comparison, Trend

__all__ = ["page_path", "show"]


def page_path(html: Path | None, source: Path, *, overwrite: bool) -> Path | None:
    """Return where the page goes; refuse before anything is computed."""
    if html is None:
        return None
    return output_paths(html, [source], suffix=".html", overwrite=overwrite)[0]


def show(found: Comparison | Trend, page: Path | None, *, as_json: bool) -> None:
    """Write the page, and print the result as text or JSON."""
    if page is not None:
        from tremor.report.comparison_page import render_comparison_page

        write_text(page, render_comparison_page(found))
    if as_json:
        print_json(found.to_dict())
        return
    from tremor.report.comparison_text import render

    echo(render(found, unicode=shows_unicode()), nl=False)
