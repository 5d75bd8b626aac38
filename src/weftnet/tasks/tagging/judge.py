"""Tagging, judged: how well each type of span is found, which tags are taken for which, and the worst sentences.

interval   of the score: bootstrap over the sentences
baseline   each word by the tag that it has most often in training; an unknown word by that of unknown ones
worst      the sentences with wrong tags whose true ones were least likely, word by word
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from weftnet.base.figures import Cell, Figure, Paragraph, Span, Table
from weftnet.base.numbers import number
from weftnet.base.spans import OUTSIDE, marked, spans
from weftnet.data.batch import Batch
from weftnet.errors import DataError
from weftnet.metrics._counts import confusion
from weftnet.metrics.span_f1 import SpanF1, f1
from weftnet.tasks._confusion import confusion_figures
from weftnet.tasks._judgement import Answered, Baseline, Bounds, Case, Judgement, Section, Worst
from weftnet.tasks._resampling import bootstrap_weights, middle
from weftnet.tasks._writer import writer_of
from weftnet.tasks.tagging._paths import decoded
from weftnet.tasks.tagging.task import Tagging, aligned, nats

_SAMPLES, _WORST = 1000, 12


@dataclass(frozen=True)
class _Sentence:
    """A judged sentence: its row, its nats per word, its words, the tags found and the true ones."""

    row: int
    nats: float
    words: Tensor
    found: NDArray[np.int64]
    truth: NDArray[np.int64]


def tagging(task: Tagging, answered: Answered) -> Judgement:
    """The judgement of a split.

    Raises:
        DataError: it has no sentences.
    """
    judged = [each for batch in answered.batches() for each in _sentences(answered, batch)]
    if not judged:
        raise DataError("there is nothing to judge", where=answered.data.name, got=f"no {answered.split} examples")
    counts = np.array([_counts(task, each.found, each.truth) for each in judged])
    wrong = [place for place, each in enumerate(judged) if (each.found != each.truth).any()]
    worst = sorted(wrong, key=lambda place: -judged[place].nats)[:_WORST]
    cases = (Case(place, judged[place].row, _told(task, judged[place])) for place in worst)
    true, found = (torch.from_numpy(np.concatenate([getattr(s, n) for s in judged])) for n in ("truth", "found"))
    tables: tuple[Figure, ...] = (_by_type(task, judged),) if marked(task.labels) else ()
    confused = confusion_figures(confusion(true, found, len(task.labels)), task.labels)
    return Judgement(
        interval=_interval(counts),
        baseline=_baseline(task, answered, judged),
        sections=(Section("Errors", (*tables, *confused)),),
        worst=Worst(
            tuple(cases),
            "sentences with wrong tags whose true tags were least likely",
            none="Every word on this split has its true tag.",
            best=int(np.argmin([each.nats for each in judged])),
        ),
    )


def _sentences(answered: Answered, batch: Batch) -> Iterator[_Sentence]:
    """The sentences of a batch."""
    with torch.inference_mode():
        outputs, tags, real = aligned(answered.model["network"](batch.inputs, batch.masks), batch)
        costs = (nats(outputs.double(), tags, real) / real.sum(1).clamp(min=1)).tolist()
    found, _ = decoded(outputs.cpu().numpy(), real.cpu().numpy())
    (words,) = batch.inputs.values()
    for row, cost, read, own, truth, here in zip(
        batch.rows.tolist(), costs, words.cpu(), found, tags.cpu().numpy(), real.cpu().numpy(), strict=True
    ):
        yield _Sentence(row, cost, read[: len(here)][torch.from_numpy(here)], own[here], truth[here])


def _counts(task: Tagging, found: NDArray[np.int64], truth: NDArray[np.int64]) -> list[int]:
    """What is right, found and there: spans, or words where tags mark none."""
    (counts,) = SpanF1(task.labels, task.strict).counts(torch.from_numpy(found[None]), torch.from_numpy(truth[None]))
    return [int(each) for each in counts]


def _interval(counts: NDArray[np.int64]) -> Bounds | None:
    if len(counts) < 2:
        return None
    scores = [f1(torch.from_numpy(weights @ counts)) for weights in bootstrap_weights(len(counts), _SAMPLES)]
    return Bounds(*middle(scores), "bootstrap, over the sentences")


def _baseline(task: Tagging, answered: Answered, judged: list[_Sentence]) -> Baseline:
    """Each word by its most frequent tag, from the split that is known."""
    seen: defaultdict[int, NDArray[np.int64]] = defaultdict(lambda: np.zeros(len(task.labels), np.int64))
    for batch in answered.data.batches(answered.known, 512):
        (words,) = batch.inputs.values()
        _, tags, real = aligned(words, batch)
        numbers = _numbers(words[:, : real.shape[1]])[real].tolist()
        for word, tag in zip(numbers, tags[real].tolist(), strict=True):
            seen[word][tag] += 1
    often = int(np.sum(list(seen.values()), axis=0).argmax())
    likely = {word: int(counts.argmax()) for word, counts in seen.items()}
    guesses = [
        np.array([likely.get(word, often) for word in _numbers(each.words[None])[0].tolist()]) for each in judged
    ]
    counts = np.sum([_counts(task, own, each.truth) for own, each in zip(guesses, judged, strict=True)], axis=0)
    return Baseline(f1(torch.from_numpy(counts)), "each word by its most frequent tag")


def _numbers(words: Tensor) -> Tensor:
    """(batch, time) the number of each word, without its letters."""
    return words if words.dim() == 2 else words[:, :, 0]


def _by_type(task: Tagging, judged: list[_Sentence]) -> Table:
    """Precision, recall and F1 of every type of span."""
    right, found, there = (defaultdict[str, int](int) for _ in range(3))
    for each in judged:
        own, true = (set(spans(_names(task, tags), task.strict)) for tags in (each.found, each.truth))
        for counted, which in ((right, own & true), (found, own), (there, true)):
            for kind, _, _ in which:
                counted[kind] += 1
    rows: list[tuple[Cell, ...]] = []
    for kind in sorted({*found, *there}):
        ratios = [right[kind] / n if n else np.nan for n in (found[kind], there[kind])]
        rows.append((kind, *ratios, f1(torch.tensor([right[kind], found[kind], there[kind]])), there[kind]))
    units = dict.fromkeys(("precision", "recall", "F1"), "share")
    return Table("spans", ("type", *units, "spans"), tuple(rows), units)


def _names(task: Tagging, tags: NDArray[np.int64]) -> list[str]:
    return [task.labels[tag] for tag in tags.tolist()]


def _told(task: Tagging, sentence: _Sentence) -> tuple[Figure, ...]:
    """The sentence, its words with the tags found: wrong ones beside the true ones."""
    kind = writer_of(task.writer)
    numbered = [str(place) for place in range(len(sentence.truth))]
    words = numbered if kind is None else kind.decode(sentence.words[None].numpy())[0]
    pieces: list[str | Span] = []
    for word, own, true in zip(words, _names(task, sentence.found), _names(task, sentence.truth), strict=True):
        pieces.append(f"{word} ")
        if own != true:
            pieces += [Span(own, "wrong"), " ", Span(true, "right"), " "]
        elif true != OUTSIDE:
            pieces += [Span(own, "soft"), " "]
    return (Paragraph(tuple(pieces)), Paragraph(f"{number(sentence.nats, 3)} nats per word", soft=True))
