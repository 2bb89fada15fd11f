"""How Sphinx makes the manual of docs/; ``make docs`` runs it. Nothing in the built pages asks the network."""

import importlib.metadata
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_sphinx"))

project = "bayesmixed"
author = "the bayesmixed developers"
copyright = "the bayesmixed developers"
release = version = importlib.metadata.version(project)

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.autosummary", "sphinx.ext.napoleon"]
extensions += ["contents", "docstrings"]  # of _sphinx/, beside this file
exclude_patterns = ["_sphinx", "data", "images/*.py"]
nitpicky = True
toc_object_entries_show_parents = "hide"
# Other packages are not asked for their names over the network.
nitpick_ignore_regex = [("py:.*", r"(numpy|pandas|xarray|arviz|matplotlib|bambi|pymc|scipy)\..*")]

# Pages are plain Markdown, which the repository's own pages show as well.
myst_heading_anchors = 4

# Docstrings: numpydoc sections as text, so that "ndarray, shape (n, N)" is no reference to a class.
default_role = "py:obj"
autodoc_member_order = "alphabetical"
autodoc_typehints = "none"
autodoc_preserve_defaults = True
autosummary_generate = False
napoleon_google_docstring = False
napoleon_use_param = False
napoleon_use_rtype = False
napoleon_use_ivar = True

templates_path = ["_sphinx/templates"]
html_static_path = ["_sphinx/static"]
html_css_files = ["manual.css"]
html_theme = "pydata_sphinx_theme"
html_title = f"bayesmixed {version}"
html_sidebars = {"**": ["whole-contents.html"]}
html_copy_source = html_show_sourcelink = html_show_sphinx = False
html_theme_options = {
    "logo": {"text": project},
    "navbar_center": [],
    "navbar_end": ["theme-switcher"],
    "navbar_persistent": ["search-button-field"],
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
    "show_toc_level": 2,
}
