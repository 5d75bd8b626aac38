"""The documentation site by Sphinx, MyST and furo: `make docs` builds it and checks its links.

Its source is the repository, so that a page has the same links here and there: `sphinx-build -c docs . build/site`.
"""

import re
import shutil
import sys
from pathlib import Path
from typing import Any

import weftnet

sys.path.insert(0, str(Path(__file__).parent))
from contents import CONTENTS
from pictures import draw_blocks

#: a line's end within Chinese text, which a browser would show as a blank
BREAK = re.compile(r"(?<=[\u2026\u3000-\u9fff\uff00-\uffef])\n *(?=[\u3000-\u9fff\uff00-\uffef])")
#: code in single backticks, and whether a letter follows, as in the plural
CODE = re.compile(r"(?<!`)`([^`]+)`(?!`)(?=(\w?))")
#: a block of the catalogue, in either language
ENTRY = re.compile(r"^### (\w+)\n", re.M)
DRAWN = Path(__file__).parents[1] / "build" / "drawn"
PICTURE = "```{image} \\1\n:width: \\2px\n:align: center\n:alt: \\3\n```"

project = "weftnet"
author = "the weftnet authors"
project_copyright = author
version = release = weftnet.__version__
language = "en"

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
root_doc = "README"
include_patterns = [
    "README.md",
    "README.zh.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "docs/**",
    "benchmarks/**.md",
]
exclude_patterns = [".*", "src", "tests", "runs", "build", "dist", "scripts", "benchmarks/gpu"]
templates_path = ["_templates"]
html_static_path = ["_static", str(DRAWN)]
html_css_files = ["site.css"]
html_theme = "furo"
html_title = "weftnet"
html_copy_source = False
html_show_sphinx = False
html_sidebars = {
    "**": [
        "sidebar/brand.html",
        "sidebar/language.html",
        "sidebar/search.html",
        "sidebar/scroll-start.html",
        "sidebar/navigation.html",
        "sidebar/scroll-end.html",
    ]
}
myst_heading_anchors = 4
highlight_language = "none"  # a block without a language is output, or a formula
smartquotes = False
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_preserve_defaults = True
python_use_unqualified_type_names = True
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_rtype = False


def read(app: Any, name: str, source: list[str]) -> None:
    """Chinese without blanks at ends of lines, folders and pictures as Sphinx knows them, and tables of contents."""
    if name == "README.zh" or name.startswith("docs/zh/"):
        parts = re.split(r"(^```.*?^```$)", source[0], flags=re.M | re.S)
        source[0] = "".join(part if part.startswith("```") else BREAK.sub("", part) for part in parts)
    source[0] = re.sub(r"\]\(([^):\s]+/)\)", r"](\1index.md)", source[0])
    if name in ("docs/blocks", "docs/zh/blocks"):
        top = "../" * name.count("/")
        source[0] = ENTRY.sub(rf'\g<0>\n<img src="{top}_static/blocks/\1.svg" alt="\1" loading="lazy">\n', source[0])
    if name in CONTENTS:
        text = re.sub(r'<img src="([^"]+)" width="(\d+)"[^>]*alt="([^"]*)">', PICTURE, source[0])
        source[0] = text + CONTENTS[name]


def unfold(app: Any, what: str, name: str, thing: Any, options: Any, lines: list[str]) -> None:
    """Docstrings are written as Markdown: code in single backticks, and indented where it has lines of its own."""
    found: list[str] = []
    literal = False
    for number, line in enumerate(lines):
        before = next((each for each in reversed(lines[:number]) if each.strip()), "")
        if line.startswith("    ") and number and not lines[number - 1].strip() and not before.startswith(" "):
            found += ["::", ""]
            literal = True
        literal = literal and (line.startswith("    ") or not line)
        found.append(line if literal else CODE.sub(lambda code: f"``{code[1]}``" + r"\ " * bool(code[2]), line))
    lines[:] = found


def shorten(app: Any, what: str, name: str, thing: Any, options: Any, signature: str, gives: str) -> tuple[str, str]:
    """A signature names types without their modules."""
    return tuple(text and re.sub(r"~?(?:\w+\.)+(?=[A-Z]\w)", "", text) for text in (signature, gives))


def begin(app: Any, config: Any) -> None:
    """What is drawn for the site, before it looks for its files."""
    draw_blocks(DRAWN / "blocks")


def speak(app: Any, name: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """A page says its language, and where the other one is if it has been translated."""
    chinese = name == "README.zh" or name.startswith("docs/zh/")
    if chinese:
        context["language"] = "zh-CN"
    here, there = ("docs/zh/", "docs/") if chinese else ("docs/", "docs/zh/")
    other, first = there + name.removeprefix(here), "README" if chinese else "README.zh"
    context["other_page"] = other if name.startswith(here) and other in app.env.all_docs else first
    context["other_language"] = "English" if chinese else "中文"


def end(app: Any, fault: Exception | None) -> None:
    """A web server looks for index.html."""
    if fault is None and app.builder.name == "html":
        shutil.copyfile(Path(app.outdir) / "README.html", Path(app.outdir) / "index.html")


def setup(app: Any) -> dict[str, bool]:
    """Sphinx calls this."""
    app.connect("source-read", read)
    app.connect("build-finished", end)
    app.connect("config-inited", begin, priority=100)  # before Sphinx looks for the folder
    app.connect("autodoc-process-docstring", unfold, priority=100)  # before napoleon reads its sections
    app.connect("autodoc-process-signature", shorten)
    app.connect("html-page-context", speak)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
