"""How `make docs` builds the site of these pages."""

import bench

project = "SeqBench"
copyright = "the SeqBench authors"
version = release = bench.__version__
extensions = ["myst_parser"]
myst_heading_anchors = 3  # a link to a heading that is not there is an error, as is one to a page
html_theme = "furo"
html_title = f"SeqBench {version}"
html_show_sphinx = False
