"""Tagging: a tag for every word of a sentence.

    scores x = network(words)                                  a score for each tag, at every word
    p(y | words) = exp Σ_t ψ_t[y_{t−1}, y_t] / Z               crf: the tags are chosen together (block crf)
    p(y_t | words) = softmax(x_t)                              otherwise: each word by itself
    loss = −log p(y | words), summed over the sentences        in nats per word: divided by the number of words

Source: J. Lafferty, A. McCallum, F. Pereira, Conditional random fields, 2001,
https://repository.upenn.edu/handle/20.500.14332/6188; over a recurrent network: Z. Huang, W. Xu, K. Yu, 2015,
https://arxiv.org/abs/1508.01991.

Where tags mark spans (B-PER, I-PER, O) the score is the F1 of whole spans, else the share of words whose tag is right.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from weftnet.architecture.signal import Signal
from weftnet.architecture.spec import Block, Node
from weftnet.base.spans import marked
from weftnet.blocks.structured._paths import log_partition, scores
from weftnet.data.batch import Batch
from weftnet.data.data import Data
from weftnet.data.kinds._kind import Kind
from weftnet.data.kinds.tag_list import TagList
from weftnet.data.kinds.word_list import WordList
from weftnet.data.outputs import Outputs
from weftnet.data.preprocessing import Preprocessing
from weftnet.data.splits import SPLITS
from weftnet.data.ways import read_as
from weftnet.errors import DataError, SettingError
from weftnet.metrics._metric import Metric, On
from weftnet.metrics.mean import Mean
from weftnet.metrics.span_f1 import SpanF1
from weftnet.metrics.tag_accuracy import TagAccuracy
from weftnet.tasks._heads import refusal, to_tokens
from weftnet.tasks._task import Task, target_of, wrong_target
from weftnet.tasks.tagging._paths import decoded

_AT_ONCE = 512


@dataclass(frozen=True)
class Tagging(Task):
    """One network with a score for each tag at every word.

    Args:
        labels: the names of the tags, in the order of the scores.
        context: how many words the network reads at once.
        crf: whether the tags of a sentence are chosen together.
        strict: whether only B begins a span; otherwise an I that nothing precedes does too, as the CoNLL tasks count.
        writer: the state of the kind that turns what the network reads into words.
    """

    labels: list[str]
    context: int
    crf: bool = True
    strict: bool = False
    writer: Mapping[str, Any] | None = None

    reads: ClassVar[type[Kind]] = TagList
    choice: ClassVar[str] = "loss"

    def __post_init__(self) -> None:
        where = "task tagging"
        if len(self.labels) < 2 or len(set(self.labels)) != len(self.labels):
            raise SettingError("labels are not distinct", where=where, expected="two or more", got=str(self.labels))
        if self.context < 1:
            raise SettingError("context is too small", where=where, expected="at least 1", got=str(self.context))

    @property
    def score(self) -> str:  # type: ignore[override]  # it depends on the tags
        """F1 of spans where the tags mark any, else the accuracy."""
        return "span_f1" if marked(self.labels) else "accuracy"

    @classmethod
    def suits(cls, data: Data) -> float:
        """Sure of a list of tags."""
        return float(isinstance(data.target, TagList))

    @classmethod
    def from_data(cls, data: Data, **settings: Any) -> "Tagging":
        """The task for sentences whose target is a list of tags.

        Raises:
            DataError: the target is something else, the words are no list, or a sentence has more words than tags.
        """
        if not isinstance(data.target, TagList):
            fix = f"read the target as a list of tags: {read_as(target_of(data), 'tag_list')}"
            raise wrong_target(data, "a list of tags", fix)
        columns = dict(Preprocessing.from_state(data.state()["preprocessing"]).columns)
        kinds = list(columns.values())
        if len(kinds) != 1 or not isinstance(kinds[0], WordList):
            got = ", ".join(f"{name}: {type(kind).__name__.lower()}" for name, kind in columns.items())
            fix = "leave other columns out; " + read_as(next(iter(columns)), "word_list")
            raise DataError("tags are given to words", where=data.name, expected="one list of words", got=got, fix=fix)
        _aligned(data)
        own = {"labels": list(data.target.labels), "context": kinds[0].time, "writer": kinds[0].state()}
        return cls(**{**own, **settings})

    def head(self, part: str, gives: Signal, last_block: str | None) -> tuple[Node, ...]:
        """A dense layer of a score for each tag, and their chain."""
        tags = len(self.labels)
        if self.crf and gives.sizes == (self.context, tags, tags):
            return ()
        if last_block == "crf":
            what = "its chain is not of the task's tags: leave it out, the task appends its own unless crf is false"
            raise refusal(part, last_block, what, reads=f"{self.context} words, {tags} tags", received=str(gives))
        scored = to_tokens(part, gives, last_block, tags, self.context, "every word has a tag")
        return (*scored, *([Block("crf", {})] * self.crf))

    def losses(self, model: nn.ModuleDict, batch: Batch, generator: torch.Generator) -> Iterator[tuple[str, Tensor]]:
        """Nats per word."""
        outputs, tags, real = aligned(model["network"](batch.inputs, batch.masks), batch)
        yield "network", nats(outputs, tags, real).sum() / real.sum().clamp(min=1)

    def metrics(self) -> list[Metric]:
        """Loss, F1 of spans where the tags mark any, and the accuracy."""
        spans: list[Metric] = [SpanF1(self.labels, self.strict)] if marked(self.labels) else []
        return [On("nats", Mean("min", "nats")).called("loss"), *spans, TagAccuracy().called("accuracy")]

    def evidence(self, model: nn.ModuleDict, batches: Iterable[Batch]) -> Iterator[tuple[Outputs, Tensor]]:
        """Tags, −1 behind the end, and the nats of every word: its share of its sentence's; and the true tags."""
        for batch in batches:
            outputs, tags, real = aligned(model["network"](batch.inputs, batch.masks), batch)
            lengths = real.sum(1)
            each = nats(outputs.double(), tags, real) / lengths.clamp(min=1)
            found, _ = decoded(outputs.cpu().numpy(), real.cpu().numpy())
            truth = tags.masked_fill(~real, -1)
            yield {"tags": torch.from_numpy(found).to(tags), "nats": each.repeat_interleave(lengths)}, truth


def aligned(outputs: Tensor, batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
    """Outputs, tags and which words there are, all of one length (batch, time, …)."""
    tags, real = batch.target, batch.target_mask
    if real is None:
        real = tags >= 0
    time = min(outputs.shape[1], tags.shape[1])
    return outputs[:, :time], tags[:, :time].clamp(min=0), real[:, :time]


def nats(outputs: Tensor, tags: Tensor, real: Tensor) -> Tensor:
    """(batch,) −log p of each sentence's tags, from potentials or logits."""
    if outputs.dim() == 4:
        return log_partition(outputs, real) - scores(outputs, tags, real)
    each = F.cross_entropy(outputs.transpose(1, 2), tags, reduction="none")
    return each.masked_fill(~real, 0.0).sum(1)


def _aligned(data: Data) -> None:
    """Refuse a sentence of which not every word has a tag."""
    for split in SPLITS:
        for batch in data.batches(split, _AT_ONCE):
            words = next(iter(batch.masks.values())).sum(1)
            tags = words if batch.target_mask is None else batch.target_mask.sum(1)
            if not torch.equal(words, tags):
                place = int((words != tags).nonzero()[0])
                raise DataError(
                    "a sentence has not as many tags as words",
                    where=f"{data.name}: {data.named} {data.name_of(int(batch.rows[place]))}",
                    expected=f"{int(words[place])} tags",
                    got=f"{int(tags[place])}",
                )
