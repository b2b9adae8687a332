"""Sphinx's settings; the sources are written by ``build.py``."""

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.nodes import make_refnode

import edgeopt

project = "edgeopt"
author = "The edgeopt developers"
copyright = "the edgeopt developers, Apache-2.0"
version = release = edgeopt.__version__

extensions = [
    "myst_nb",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.viewcode",
    "sphinx_copybutton",
    "sphinx_design",
]
exclude_patterns = ["front.md", "files"]

myst_heading_anchors = 4
myst_enable_extensions = ["colon_fence"]
nb_execution_mode = "off"  # build.py has executed them
nb_merge_streams = True
nb_output_stderr = "remove"  # progress, and compilation on the first run

autosummary_generate = False
autodoc_default_options = {"members": True, "show-inheritance": False}
autodoc_typehints = "none"  # the sections on parameters have the types
numpydoc_show_class_members = False
default_role = "py:obj"  # single backticks in docstrings

copybutton_prompt_text = "$ "
copybutton_only_copy_prompt_lines = True

html_theme = "furo"
html_title = "edgeopt"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_js_files = ["site.js"]
html_copy_source = False
html_show_sphinx = False


def setup(app: Sphinx) -> None:
    """Connect what Sphinx does not do by itself."""
    app.connect("missing-reference", _by_last_name)
    app.connect("autodoc-skip-member", _skip_fields)


def _by_last_name(app: Sphinx, env: Any, node: Any, content: Any) -> nodes.reference | None:
    """Resolve the bare names in docstrings, such as `Problem`."""
    if node.get("refdomain") != "py" or not app.builder:
        return None
    objects = env.get_domain("py").objects
    ending = "." + node["reftarget"].rstrip("()")
    found = {
        (entry.docname, entry.node_id) for name, entry in objects.items() if name.endswith(ending)
    }
    if len(found) != 1:
        return None
    ((document, anchor),) = found
    return make_refnode(app.builder, node["refdoc"], document, anchor, content)


def _skip_fields(
    app: Sphinx, what: str, name: str, thing: Any, skip: bool, options: Any
) -> bool | None:
    """Skip the fields of named tuples, which their class describes."""
    return True if str(getattr(thing, "__doc__", "")).startswith("Alias for field") else None
