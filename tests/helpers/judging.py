"""Judgements of made-up answers: a network's outputs and their targets, put in."""

from typing import Any, ClassVar

import numpy as np
import torch
from torch import nn

from weftnet.base.figures import Figure, Table, flat
from weftnet.data.batch import Batch
from weftnet.tasks import JUDGES
from weftnet.tasks._judgement import Answered, Judgement


class Given:
    """Data of one split, whose inputs are the outputs."""

    name = "given"
    signals: ClassVar[dict[str, Any]] = {}

    def __init__(self, outputs: Any, target: Any, known: Any = None, size: int = 7) -> None:
        self.outputs, self.target = torch.as_tensor(np.asarray(outputs)), target
        self.known, self.size = known, size
        self.sizes = {"train": 0 if known is None else len(known), "validation": 0, "test": len(self.outputs)}

    def targets(self, split: str, size: int) -> Any:
        return (batch.target for batch in self.batches(split, size))

    def batches(self, split: str, size: int) -> Any:
        values = self.outputs if split == "test" else torch.zeros(self.sizes[split], 1)
        targets = self.target if split == "test" else self.known
        for start in range(0, len(values), self.size):
            end = min(start + self.size, len(values))
            named = {} if targets is None else {"y": torch.as_tensor(np.asarray(targets))[start:end]}
            yield Batch({"x": values[start:end]}, {}, named, torch.arange(start, end) + 100)


def judged(task: Any, name: str, outputs: Any, target: Any, known: Any = None) -> Judgement:
    """The judgement of outputs (n, …) beside targets (n, …); `known` are the targets of training."""
    answered = Answered(Given(outputs, target, known), "test", lambda batch: batch.inputs["x"], nn.ModuleDict())  # type: ignore[arg-type]
    judgement: Judgement = JUDGES.get(name)(task, answered)
    return judgement


def figures(judgement: Judgement, section: str) -> list[Figure]:
    """The figures of a section, those in groups too."""
    (found,) = (each for each in judgement.sections if each.title == section)
    return flat(found.figures)


def table(judgement: Judgement, name: str = "") -> Table:
    """The only table, or the only one of that name."""
    tables = [each for section in judgement.sections for each in flat(section.figures) if isinstance(each, Table)]
    (found,) = (each for each in tables if not name or each.name == name)
    return found


def column(of: Table, name: str) -> list[Any]:
    """The values of a table's column."""
    return [row[of.columns.index(name)] for row in of.rows]


def texts(judgement: Judgement, section: str) -> str:
    """The words of a section."""
    return " ".join(each.text for each in figures(judgement, section) if hasattr(each, "text"))
