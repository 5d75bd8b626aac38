"""Transcription, judged: which words and characters are told wrongly, by how much, and the worst texts.

interval   of the word error rate: bootstrap over the recordings, Σ edits / Σ words
baseline   the text that most training recordings have, for all of them
edits      the fewest substitutions, deletions and insertions, counted by jiwer
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from weftnet.base.extras import need
from weftnet.base.figures import Figure, Histogram, Paragraph, Span, Table
from weftnet.data.outputs import chosen
from weftnet.errors import DataError
from weftnet.metrics._edits import edits, texts_of
from weftnet.tasks._judgement import Answered, Baseline, Bounds, Case, Judgement, Section, Worst
from weftnet.tasks._resampling import bootstrap_weights, middle
from weftnet.tasks._writer import writer_of
from weftnet.tasks.transcription._ctc import nats_of
from weftnet.tasks.transcription.task import Transcription

#: samples of the bootstrap, worst texts, and rows of a table
_SAMPLES, _WORST, _ROWS = 1000, 12, 12


@dataclass(frozen=True)
class _Told:
    """What was said and what is told: rows in the source, texts, and the texts that have more tokens than steps."""

    rows: list[int]
    truth: list[str]
    told: list[str]
    long: int


def transcription(task: Transcription, answered: Answered) -> Judgement:
    """The judgement of a split.

    Raises:
        DataError: it has no recordings.
    """
    told = _told(task, answered)
    if not told.rows:
        raise DataError("there is nothing to judge", where=answered.data.name, got=f"no {answered.split} examples")
    counts = np.array([edits([a], [b], "words") for a, b in zip(told.truth, told.told, strict=True)], np.float64)
    share = counts[:, 0] / np.maximum(counts[:, 1], 1)
    worst = [int(place) for place in np.argsort(-share, kind="stable") if counts[place, 0]][:_WORST]
    return Judgement(
        interval=_bootstrapped(counts),
        baseline=_most_frequent(task, answered, told),
        sections=(Section("Errors", _errors(told, share)),),
        worst=Worst(
            tuple(Case(i, told.rows[i], _beside(told.truth[i], told.told[i])) for i in worst),
            "texts with the most wrong words in their own",
            none="Every text of this split is right.",
            best=int(share.argmin()),
        ),
    )


def _told(task: Transcription, answered: Answered) -> _Told:
    kind, told = writer_of(task.writer), _Told([], [], [], 0)
    long = 0
    for batch in answered.batches():
        outputs = answered.infer(batch)
        long += int((~nats_of(chosen(outputs).to(batch.target.device), batch.target)[1]).sum())
        told.rows.extend(batch.rows.tolist())
        told.truth.extend(texts_of(kind, batch.target))
        told.told.extend(texts_of(kind, chosen(outputs, "tokens")))
    return _Told(told.rows, told.truth, told.told, long)


def _bootstrapped(counts: NDArray[np.float64]) -> Bounds | None:
    """The interval of Σ edits / Σ words over recordings (n, 2) that are drawn with replacement."""
    if len(counts) < 2 or not counts[:, 1].any():
        return None
    sums = [weights @ counts for weights in bootstrap_weights(len(counts), _SAMPLES)]
    return Bounds(*middle([float(wrong / max(words, 1.0)) for wrong, words in sums]), "bootstrap, over the recordings")


def _most_frequent(task: Transcription, answered: Answered, told: _Told) -> Baseline:
    kind, seen = writer_of(task.writer), Counter[str]()
    for target in answered.known_targets():
        seen.update(texts_of(kind, target))
    always = min(seen, key=lambda text: (-seen[text], text))
    wrong, words = edits(told.truth, [always] * len(told.truth), "words")
    return Baseline(wrong / words if words else float("nan"), f"always “{always}”")


def _errors(told: _Told, share: NDArray[np.float64]) -> tuple[Figure, ...]:
    """How errors are spread over the texts, their sorts, and what is mistaken for what most often."""
    figures: list[Figure] = [
        Histogram(
            share,
            "word error rate",
            "The share of a text's words that are wrong: most should lie at 0; look for texts near 1.",
        )
    ]
    right = float(np.mean([a == b for a, b in zip(told.truth, told.told, strict=True)]))
    figures.append(Paragraph(f"{100 * right:.1f} % of the texts are right from the first to the last character."))
    if told.long:
        what = f"{told.long} of {len(told.rows)} texts have more tokens than their recordings have steps"
        figures.append(Paragraph(f"{what}: they can't be told right. Stride less, or read more of the recording."))
    sorts, mistaken = _sorts(told.truth, told.told)
    figures.append(sorts)
    return (*figures, *([mistaken] if mistaken.rows else []))


def _sorts(truth: Sequence[str], told: Sequence[str]) -> tuple[Table, Table]:
    """Substitutions, deletions and insertions of words and characters; and the commonest substitutions of words."""
    jiwer = need("jiwer", extra="audio", what="counting wrong words")
    rows, pairs = [], Counter[tuple[str, str]]()
    for name, count in (("words", jiwer.process_words), ("characters", jiwer.process_characters)):
        found = count(list(truth), list(told))
        wrong = (found.substitutions, found.deletions, found.insertions)
        total = found.hits + found.substitutions + found.deletions
        rows.append((name, total, *wrong, sum(wrong) / total if total else float("nan")))
        if name == "words":
            for a, b, chunks in zip(found.references, found.hypotheses, found.alignments, strict=True):
                for each in (chunk for chunk in chunks if chunk.type == "substitute"):
                    here, there = a[each.ref_start_idx : each.ref_end_idx], b[each.hyp_start_idx : each.hyp_end_idx]
                    pairs.update(zip(here, there, strict=True))
    columns = ("counted", "in all", "substituted", "left out", "inserted", "error rate")
    commonest = sorted(pairs.items(), key=lambda item: (-item[1], item[0]))[:_ROWS]
    mistaken = Table("mistaken words", ("said", "told", "times"), tuple((*pair, n) for pair, n in commonest))
    return Table("edits", columns, tuple(rows), {"error rate": "share"}), mistaken


def _beside(truth: str, told: str) -> tuple[Figure, ...]:
    """What is told and what was said."""
    return (Paragraph((Span(told or "nothing", "wrong"),)), Paragraph(("true: ", Span(truth or "nothing", "right"))))
