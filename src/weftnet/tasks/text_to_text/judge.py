"""Text to text, judged: BLEU and chrF with their signatures, exact texts, what a token costs, and the worst texts.

nats       −log p(token | the true tokens before it, the source), ends among the tokens
interval   of the nats per token: bootstrap over the texts, each with as many tokens as it has
baseline   each token by its frequency in the training split (one added to every count), whatever precedes it

Texts are written as a question without options has them (`infer.py`), and compared with the true ones as they were
read: where the target is longer than what is read, with all of it.
"""

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from weftnet.base.figures import Figure, Histogram, Paragraph, Span, Table
from weftnet.base.numbers import number
from weftnet.data.batch import Batch
from weftnet.errors import DataError, MissingExtra
from weftnet.metrics._texts import rouge, sacrebleu
from weftnet.tasks._judgement import Answered, Baseline, Bounds, Case, Judgement, Section, Worst
from weftnet.tasks._resampling import bootstrap_weights, middle
from weftnet.tasks.text_to_text._begin import shifted
from weftnet.tasks.text_to_text.task import TextToText

#: samples of the bootstrap, and the worst texts
_SAMPLES, _WORST = 1000, 12


def text_to_text(task: TextToText, answered: Answered) -> Judgement:
    """The judgement of a split.

    Raises:
        DataError: it has no texts.
    """
    rows, sums, counts, written = [], [], [], list[str]()
    true, sources = list[str](), list[str]()
    for batch in answered.batches():
        with torch.inference_mode():
            nats, real = nats_of(task, answered, batch)
        sums.append(nats)
        counts.append(real)
        rows.append(batch.rows.cpu())
        written += [each["text"] for each in task.answers(answered.infer(batch))]
        true += _texts(answered, batch.target)
        sources += _read(answered, task, batch)
    if not sums:
        raise DataError("there is nothing to judge", where=answered.data.name, got=f"no {answered.split} examples")
    total, count, numbers = torch.cat(sums).numpy(), torch.cat(counts).numpy(), torch.cat(rows)
    each = total / count
    worst = np.argsort(-each, kind="stable")[:_WORST].tolist()
    cases = [Case(k, int(numbers[k]), _shown(sources[k], written[k], true[k], float(each[k]))) for k in worst]
    drawn = Histogram(
        each,
        "nats",
        "What a token costs on average, by text: near 0 it is sure; texts far to the right are odd ones.",
    )
    return Judgement(
        interval=_bootstrapped(total, count),
        baseline=_frequencies(task, answered),
        sections=(Section("Texts", scores(written, true)), Section("Errors", (drawn,))),
        worst=Worst(tuple(cases), "texts whose tokens cost most", best=int(each.argmin())),
    )


def nats_of(task: TextToText, answered: Answered, batch: Batch) -> tuple[Tensor, Tensor]:
    """(n,) the nats of each text, and (n,) its tokens, both on the CPU in float64."""
    logits, following, real = task.forced(answered.model, batch)
    nats = F.cross_entropy(logits.transpose(1, 2).double(), following, reduction="none").masked_fill(~real, 0.0)
    return nats.sum(1).cpu(), real.sum(1).double().cpu()


def scores(written: Sequence[str], true: Sequence[str]) -> tuple[Figure, ...]:
    """How alike written and true texts are, with the signatures of what was computed."""
    exact = sum(one == other for one, other in zip(written, true, strict=True)) / len(written)
    lengths = sum(map(len, written)) / max(sum(map(len, true)), 1)
    rows: list[tuple[str | float, ...]] = []
    said: list[Paragraph] = []
    try:
        for name, metric in (("BLEU", sacrebleu("BLEU")), ("chrF2", sacrebleu("CHRF"))):
            rows.append((name, metric.corpus_score(list(written), [list(true)]).score))
            said.append(Paragraph(f"{name}: {metric.get_signature()}, by sacrebleu.", soft=True))
        scorer = rouge(["rouge1", "rouge2", "rougeL"])
        found = [scorer.score(one, other) for one, other in zip(true, written, strict=True)]
        for name in ("rouge1", "rouge2", "rougeL"):
            mean = sum(each[name].fmeasure for each in found) / len(found)
            rows.append((name.replace("rouge", "ROUGE-"), 100 * mean))
        said.append(Paragraph("ROUGE: F-measure with stemming, by rouge-score; meant for summaries.", soft=True))
    except MissingExtra as error:
        said.append(Paragraph(f"BLEU, chrF and ROUGE are not computed: {error.what}. {error.fix}"))
    rows += [("exact texts, %", 100 * exact), ("characters written for 100 true ones", 100 * lengths)]
    return (Table("texts", ("score", "value"), tuple(rows)), *said)


def _texts(answered: Answered, target: Tensor) -> list[str]:
    """True texts of (batch, time) tokens."""
    kind = answered.data.target
    assert kind is not None  # the task has one
    texts: list[str] = kind.decode(target.cpu().numpy())
    return texts


def _read(answered: Answered, task: TextToText, batch: Batch) -> list[str]:
    """The sources as the network reads them."""
    kind = answered.data.kinds.get(task.source)
    tokens = batch.inputs[task.source].cpu().numpy()
    return [""] * len(tokens) if kind is None else list(kind.decode(tokens))


def _shown(source: str, written: str, true: str, nats: float) -> tuple[Figure, ...]:
    """A text beside the true one."""
    return (
        Paragraph(source, soft=True),
        Paragraph((Span(written or "nothing", "right" if written == true else "wrong"),)),
        Paragraph((Span(true, "strong"), f" · {number(nats, 3)} nats per token")),
    )


def _bootstrapped(total: NDArray[np.float64], count: NDArray[np.float64]) -> Bounds | None:
    """The interval of Σ nats / Σ tokens over texts (n) that are drawn with replacement."""
    if len(total) < 2:
        return None
    means = [float(w @ total) / max(float(w @ count), 1.0) for w in bootstrap_weights(len(total), _SAMPLES)]
    return Bounds(*middle(means), "bootstrap, over the texts")


def _frequencies(task: TextToText, answered: Answered) -> Baseline:
    """The nats of the judged tokens by how often each occurs in the training split."""
    counts = {
        split: torch.zeros(task.vocabulary + 2, dtype=torch.float64) for split in (answered.known, answered.split)
    }
    for split, count in counts.items():
        for target in answered.data.targets(split, 4096):
            _, following, real = shifted(target, target != 0, task.vocabulary)
            count += torch.bincount(following[real].cpu(), minlength=len(count))
    shares = (counts[answered.known] + 1) / (counts[answered.known] + 1).sum()
    judged = counts[answered.split]
    return Baseline(float(-(judged * shares.log()).sum() / judged.sum()), "each token by its frequency alone")
