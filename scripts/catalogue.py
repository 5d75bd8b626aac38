"""Write docs/blocks.md and docs/zoo.md from docstrings and signatures: `python scripts/catalogue.py`.

With `--check` nothing is written, and the exit status says whether the pages are current.
"""

import sys
from pathlib import Path

from weftnet.blocks import BLOCKS
from weftnet.cli.catalogue import Page, page
from weftnet.registry import Registry
from weftnet.zoo import ZOO

DOCS = Path(__file__).parents[1] / "docs"
BLOCKS_OPENING = """\
Every block is a plain `nn.Module` in a file of its own below `src/weftnet/blocks`. An architecture names it, `relu`,
or with settings, `conv2d: {channels: 32}`. Sizes marked "from the input" are filled in and never written.

This page is written by `scripts/catalogue.py`; `weftnet blocks NAME` prints the same in a terminal."""
ZOO_OPENING = """\
Every entry is a function in a file of its own below `src/weftnet/zoo`; it returns an architecture. Without `classes` it
gives features, for a task to put its head on. `weftnet zoo NAME --yaml` prints the architecture, to start from.

This page is written by `scripts/catalogue.py`; `weftnet zoo NAME` prints the same in a terminal."""


def pages() -> dict[Path, str]:
    """What each page should hold."""
    return {
        DOCS / "blocks.md": markdown(BLOCKS, "Blocks", BLOCKS_OPENING),
        DOCS / "zoo.md": markdown(ZOO, "Zoo", ZOO_OPENING),
    }


def markdown(registry: Registry, title: str, opening: str) -> str:
    """All entries of a registry by family."""
    lines = [f"# {title}", "", opening, ""]
    names = [name for name in registry.names() if registry.family(name) != "plugin"]
    for family in sorted({registry.family(name) for name in names}):
        lines += [f"## {family.replace('_', ' ').capitalize()}", ""] if family else []
        for name in names:
            if registry.family(name) == family:
                lines += chapter(page(registry, name), "###" if family else "##")
    return "\n".join(lines).rstrip() + "\n"


def chapter(entry: Page, heading: str) -> list[str]:
    """One entry."""
    lines = [f"{heading} {entry.name}", "", entry.summary, ""]
    lines += ["```text", *entry.formula.split("\n"), "```", ""] if entry.formula else []
    lines += [escaped(entry.text), ""] if entry.text else []
    lines += [f"Source: {entry.source}", ""]
    lines += [f"{'Cost' if entry.reads else 'Parameters'}: {escaped(entry.cost)}", ""]
    if entry.reads:
        reads = ", ".join(f"`{name}` ({axes})" for name, axes in entry.reads.items())
        lines += [escaped(f"Reads {reads}; gives ({entry.gives})."), ""]
    if entry.settings:
        lines += ["| setting | type | default | |", "| --- | --- | --- | --- |"]
        for setting in entry.settings:
            default = "from the input" if setting.filled else setting.default or "to be given"
            cells = (f"`{setting.name}`", setting.type, default, setting.about)
            lines.append("| " + " | ".join(escaped(cell).replace("|", "\\|") for cell in cells) + " |")
        lines.append("")
    return lines


def escaped(text: str) -> str:
    """Stars as stars."""
    return text.replace("*", "\\*")


def main() -> int:
    """Write the pages, or check them."""
    stale = [path for path, text in pages().items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    for path in stale:
        print(("is not current: " if "--check" in sys.argv else "written: ") + str(path))
        if "--check" not in sys.argv:
            path.parent.mkdir(exist_ok=True)
            path.write_text(pages()[path], encoding="utf-8")
    return int(bool(stale) and "--check" in sys.argv)


if __name__ == "__main__":
    sys.exit(main())
