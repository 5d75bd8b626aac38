"""The tables of contents of the site: what is put behind the text of its first pages."""

from pathlib import Path

DOCS = Path(__file__).parent
GUIDE = [
    "installing", "first_steps", "python", "commands", "composing", "checking", "data", "fitting", "tasks", "budgets",
    "plans", "transfer", "runs", "forecasting", "detecting", "reports", "explaining", "compressing", "exporting",
    "serving", "weights", "parallel", "extending",
]  # fmt: skip
TUTORIALS = [
    f"tutorials/{name}" for name in ("first_network", "families", "hybrid", "table", "production", "coming_from")
]
REFERENCE = ["api", "blocks", "zoo", "augmenting", "grid", "errata", "glossary", "versions", "decisions/index"]


def tree(caption: str, pages: list[str]) -> str:
    """A hidden table of contents; a page has to be there, or `*` in its name stands for several."""
    return "\n".join(["", "```{toctree}", ":hidden:", ":glob:", f":caption: {caption}", "", *pages, "```", ""])


def translated(pages: list[str]) -> list[str]:
    """Those that are there in Chinese."""
    return [f"docs/zh/{page}" for page in pages if (DOCS / "zh" / f"{page}.md").exists()]


#: page → what is put behind its text
CONTENTS = {
    "README": tree("Tutorials", [f"docs/{page}" for page in TUTORIALS])
    + tree("Guide", [f"docs/{page}" for page in GUIDE])
    + tree("Reference", [f"docs/{page}" for page in REFERENCE])
    + tree("Project", ["benchmarks/README", "CHANGELOG", "CONTRIBUTING", "SECURITY"])
    + tree("中文", ["README.zh"]),
    "README.zh": tree("中文", translated(TUTORIALS + GUIDE + REFERENCE)),
    "benchmarks/README": tree("Results", ["results/*"]),
}
