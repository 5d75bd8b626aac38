"""How good a run is on a split: its metrics, and what the judge of its task says."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from weftnet.base import html
from weftnet.base.figures import Cell, Figure, Matrix, Table, flat
from weftnet.base.scores import in_unit
from weftnet.data import Data
from weftnet.run.judging import judge
from weftnet.run.loading import Loaded
from weftnet.run.own_data import split_of
from weftnet.tasks._judgement import Judgement


@dataclass(frozen=True, eq=False)
class Evaluation(Mapping[str, float]):
    """The metrics by name, and more.

        evaluation["accuracy"], evaluation.split, evaluation.interval

    Args:
        loaded: the run.
        data: that it was judged by.
        split: of them.
        metrics: by name.
    """

    loaded: Loaded
    data: Data
    split: str
    metrics: Mapping[str, float]

    def __getitem__(self, name: str) -> float:
        return self.metrics[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.metrics)

    def __len__(self) -> int:
        return len(self.metrics)

    def __repr__(self) -> str:
        told = ", ".join(f"{name} {text}" for name, text in self.texts.items())
        return f"{self.data.name}, {self.split}, {self.data.sizes[self.split]} examples: {told}"

    @property
    def texts(self) -> dict[str, str]:
        """The metrics in their units."""
        return {name: in_unit(value, self.loaded.scoring.unit(name)) for name, value in self.metrics.items()}

    @cached_property
    def judgement(self) -> Judgement:
        """What the judge of the task says: interval, baseline, figures, worst examples."""
        return judge(self.loaded, self.data, self.split)

    @property
    def figures(self) -> list[Figure]:
        """The judge's figures."""
        return flat([figure for section in self.judgement.sections for figure in section.figures])

    @property
    def tables(self) -> dict[str, Any]:
        """The judge's tables by name: of a table by row, then by column; of a confusion matrix the counts."""
        return {each.name: _content(each) for each in self.figures if isinstance(each, Table | Matrix)}

    @property
    def lines(self) -> list[tuple[str, str]]:
        """Metrics, their interval, and what a trivial answer reaches, as texts."""
        own, rows = self.loaded.scoring.own, [*self.texts.items()]
        if bounds := self.judgement.interval:
            rows.append((f"{own.name}, 95 % interval", bounds.text(own)))
        if trivial := self.judgement.baseline:
            rows.append((f"{own.name}, {trivial.what}", own.text(trivial.score)))
        return rows

    def _repr_html_(self) -> str:
        title = f"{self.data.name}, {self.split}: {self.data.sizes[self.split]} examples"
        tables = [each for each in self.figures if isinstance(each, Table)]
        body = [html.table(each.columns, [each.cells(row) for row in each.rows]) for each in tables]
        return html.shown(html.heading(title), html.facts(self.lines), *body)


def evaluated(loaded: Loaded, data: Data, split: str | None = None) -> Evaluation:
    """The evaluation on a split; by default on the first there is of test, validation and train.

    Raises:
        DataError: there is no such split.
    """
    split = split or split_of(data)
    return Evaluation(loaded, data, split, loaded.metrics(data, split))


def plain(value: Cell) -> Cell | None:
    """The value for JSON, which has no NaN."""
    return value if isinstance(value, str) or math.isfinite(value) else None


def _content(figure: Table | Matrix) -> Any:
    """The figure's values: of a table by row, then by column."""
    if isinstance(figure, Matrix):
        return figure.counts.tolist()
    names = [name.lower().replace(" ", "_") for name in figure.columns[1:]]
    return {
        str(row[0]): {name: plain(value) for name, value in zip(names, row[1:], strict=True)} for row in figure.rows
    }
