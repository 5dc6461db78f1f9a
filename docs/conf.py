"""Settings of Sphinx, which builds the documentation: ``nox -s docs``."""

from __future__ import annotations

import sys
from pathlib import Path

import tremor

sys.path.insert(0, str(Path(__file__).parent))

project = "tremor-analyzer"
author = "The tremor-analyzer developers"
project_copyright = author
version = release = tremor.__version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "numpydoc",
    "generated",
]
exclude_patterns = ["_build"]

# Links such as benchmarks.md#recovery lead to headings.
myst_heading_anchors = 3
myst_enable_extensions = ["colon_fence"]

autodoc_member_order = "bysource"
# Types stand in the docstrings, with units and shapes.
autodoc_typehints = "none"
# Members are listed where their classes are documented.
numpydoc_show_class_members = False
# A name in backquotes is a link where it is documented here, and code elsewhere.
default_role = "py:obj"

# A block without a language is typed into a terminal.
highlight_language = "text"

html_theme = "furo"
html_title = f"tremor-analyzer {release}"
html_show_sourcelink = False
html_copy_source = False
