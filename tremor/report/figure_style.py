"""What the figures of all pages share: colours, sizes, and the SVG that stands in a page."""

from __future__ import annotations

import io
import re
from html import escape
from typing import Any, Final

from matplotlib.figure import Figure

__all__ = [
    "BLUE",
    "GREEN",
    "GREY",
    "INK",
    "ORANGE",
    "SKY",
    "STYLE",
    "VERMILLION",
    "WIDTH_IN",
    "svg_of",
]

# The colours of Okabe and Ito, distinct with any colour vision.
BLUE: Final = "#0072B2"
SKY: Final = "#56B4E9"
VERMILLION: Final = "#D55E00"
ORANGE: Final = "#E69F00"
GREEN: Final = "#009E73"
GREY: Final = "#999999"
INK: Final = "#222222"
#: A page of 390 px shows 4.4 inches at 1.13 times their size: 11 points are 12 px there.
WIDTH_IN: Final = 4.4
STYLE: Final[dict[Any, Any]] = {
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 11.0,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "hatch.linewidth": 0.7,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
}


def svg_of(figure: Figure, *, prefix: str, title: str, desc: str) -> str:
    """Write a figure as an element of a page.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        The figure.
    prefix : str
        Begins every id of the figure, so that several can stand in one page.
    title, desc : str
        Read out in place of the figure.

    Returns
    -------
    str
        One ``svg`` element with ids of its own.

    Raises
    ------
    RuntimeError
        If matplotlib writes a figure without a viewBox.
    """
    buffer = io.StringIO()
    figure.savefig(
        buffer,
        format="svg",
        dpi=144,
        metadata={"Date": None, "Creator": None, "Format": None, "Type": None},
    )
    element = buffer.getvalue()
    element = element[element.index("<svg") :]
    element = re.sub(r"<metadata>.*?</metadata>\s*", "", element, flags=re.DOTALL)
    element = re.sub(r'\bid="([^"]+)"', rf'id="{prefix}-\1"', element)
    element = re.sub(r"url\(#([^)]+)\)", rf"url(#{prefix}-\1)", element)
    element = re.sub(r'href="#([^"]+)"', rf'href="#{prefix}-\1"', element)
    view = re.search(r'viewBox="([^"]+)"', element)
    if view is None:
        raise RuntimeError("matplotlib wrote a figure without a viewBox")
    opening = (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'viewBox="{view[1]}" role="img" aria-labelledby="{prefix}-title {prefix}-desc">\n'
        f'<title id="{prefix}-title">{escape(title)}</title>\n'
        f'<desc id="{prefix}-desc">{escape(desc)}</desc>'
    )
    return re.sub(r"<svg[^>]*>", lambda _: opening, element, count=1).strip()
