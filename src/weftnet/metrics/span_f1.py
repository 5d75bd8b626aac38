"""Span F1: how well the spans of tagged sentences are found; a span counts only with its type and both of its ends.

    precision = right / found,  recall = right / there,  F1 = 2 · precision · recall / (precision + recall)

over all spans of all types (`base/spans.py`), as in the CoNLL tasks: E. Tjong Kim Sang, F. De Meulder, Introduction to
the CoNLL-2003 shared task, 2003, https://aclanthology.org/W03-0419; equal to seqeval's, with `strict` to its IOB2 mode.
Where there is no span at all it is 0.
"""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from weftnet.base.spans import marked, spans
from weftnet.data.outputs import Outputs, chosen
from weftnet.metrics._metric import Metric


class SpanF1(Metric, better="max", unit="share"):
    """From tags and the true ones (n, time), whole numbers, −1 where a sentence has ended.

    Args:
        labels: the names of the tags.
        strict: whether only B begins a span.
    """

    def __init__(self, labels: Sequence[str], strict: bool = False) -> None:
        self.labels, self.strict, self.marks = list(labels), strict, marked(labels)
        super().__init__()

    def reset(self) -> None:
        """Forget every batch."""
        self._seen: list[tuple[Tensor, Tensor]] = []

    def update(self, outputs: Outputs, target: Tensor) -> None:
        """Keep a batch."""
        self._seen.append((chosen(outputs), target))

    def compute(self) -> float:
        """The number over all sentences."""
        return f1(torch.cat([self.counts(*pair) for pair in self._seen]).sum(0))

    def counts(self, tags: Tensor, target: Tensor) -> Tensor:
        """(n, 3) the spans of each sentence that are right, found and there."""
        pairs = zip(self._spans(tags, target), self._spans(target, target), strict=True)
        each = [[len(found & there), len(found), len(there)] for found, there in pairs]
        return torch.tensor(each, dtype=torch.int64).view(-1, 3)

    def _spans(self, tags: Tensor, target: Tensor) -> Iterator[set[tuple[str, int, int]]]:
        for row, truth in zip(tags.tolist(), target.tolist(), strict=True):
            names = [self.labels[tag] for tag, true in zip(row, truth, strict=True) if true >= 0]
            yield set(spans(names, self.strict, self.marks))


def f1(counts: Tensor) -> float:
    """From the numbers of spans that are right, found and there: 2 · right / (found + there)."""
    right, found, there = map(float, counts.tolist())
    return 2 * right / max(found + there, 1.0)


def example(generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Tags of sentences of several lengths."""
    tags, target = (torch.randint(3, (12, 6), generator=generator) for _ in range(2))
    ended = torch.arange(6) >= torch.randint(1, 7, (12, 1), generator=generator)
    return tags.masked_fill(ended, -1), target.masked_fill(ended, -1)
