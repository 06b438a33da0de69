"""How Sphinx makes the site of these pages: `make docs`, strictly, so that a wrong link or name fails.

The pages of the reference that are written nowhere else come from `reference.py` beside this file.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

project = "Spruce"
extensions = ["myst_parser", "sphinx.ext.autodoc", "generated"]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = "Spruce"
html_copy_source = False
html_show_copyright = False
myst_heading_anchors = 4
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
suppress_warnings = ["ref.python"]  # a name of a type may be that of two, such as Query; then it is no link
