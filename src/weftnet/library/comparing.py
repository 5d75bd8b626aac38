"""Runs side by side, as `weftnet compare` prints them."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from weftnet.base import html
from weftnet.base.extras import need
from weftnet.compete import compare as comparing
from weftnet.compete import compared
from weftnet.library.fit import Fit


@dataclass(frozen=True, repr=False)
class Compared:
    """Rows of runs that differ only in the seed, and how much better the best is.

    Args:
        result: as data: `result.rows`, `result.differences`.
    """

    result: comparing.Comparison

    def frame(self) -> Any:
        """A DataFrame of pandas with a row for each architecture.

        Raises:
            MissingExtra: pandas is not installed.
        """
        pandas = need("pandas", extra="pandas", what="a comparison as a table")
        rows = []
        for row in self.result.rows:
            means = {split: row.interval(split) for split in row.scores}
            scores = {split: None if each is None else each.mean for split, each in means.items()}
            rows.append({"network": row.name, **scores, "seeds": row.seeds, "seconds": row.seconds})
        return pandas.DataFrame(rows)

    def markdown(self) -> str:
        """Both tables as Markdown."""
        return compared.typeset(self.result, "markdown")

    def latex(self) -> str:
        r"""Both tables as LaTeX; the document needs \usepackage{booktabs}."""
        return compared.typeset(self.result, "latex")

    def __repr__(self) -> str:
        from rich.console import Console

        stream = io.StringIO()
        Console(file=stream, width=110, color_system=None).print(compared.render(self.result))
        return stream.getvalue()

    def _repr_html_(self) -> str:
        return html.shown(f"<pre>{escape(repr(self))}</pre>")


def compare(runs: Sequence[str | Path | Fit], score: str = "") -> Compared:
    """Runs side by side, with confidence intervals, and differences paired over seeds and examples.

    >>> weftnet.compare(["runs/digits"]).frame()["network"].tolist()
    ['mlp']

    Args:
        runs: folders of runs or of whole competitions, or what was fitted.
        score: the metric; by default the one that decided.

    Raises:
        RunError: there are fewer than two runs, or they can't be compared.
    """
    return Compared(comparing.compare([each.folder if isinstance(each, Fit) else each for each in runs], score))
