"""Masked tokens, judged: what a hidden token costs, against its frequency alone.

nats       −log p(token | all others), of the tokens that the score chooses too
interval   of the nats per token: bootstrap over the texts, each with as many tokens as were chosen of it
baseline   each token by its frequency in the training split (one added to every count)
worst      the texts whose hidden tokens cost most
"""

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from weftnet.base.figures import Histogram, Paragraph
from weftnet.base.numbers import number
from weftnet.errors import DataError
from weftnet.tasks._judgement import Answered, Baseline, Bounds, Case, Judgement, Section, Worst
from weftnet.tasks._resampling import bootstrap_weights, middle
from weftnet.tasks.masked.task import Masked

#: samples of the bootstrap, and the worst texts
_SAMPLES, _WORST = 1000, 12


def masked(task: Masked, answered: Answered) -> Judgement:
    """The judgement of a split.

    Raises:
        DataError: it has no texts.
    """
    generator = torch.Generator().manual_seed(0)  # the choice of the task's own score
    rows, sums, counts, right, judged = [], [], [], 0, torch.zeros(task.vocabulary, dtype=torch.float64)
    with torch.inference_mode():
        for batch in answered.batches():
            read, tokens, chosen = task.hide(batch, generator)
            logits = answered.model["network"](read.inputs, read.masks)
            nats = torch.zeros(tokens.shape, dtype=torch.float64, device=tokens.device)
            nats[chosen] = F.cross_entropy(logits[chosen].double(), tokens[chosen], reduction="none")
            right += int((logits[chosen].argmax(1) == tokens[chosen]).sum())
            rows.append(batch.rows.cpu())
            sums.append(nats.sum(1).cpu())
            counts.append(chosen.sum(1).cpu())
            judged += torch.bincount(tokens[chosen].cpu(), minlength=task.vocabulary)
    if not sums:
        raise DataError("there is nothing to judge", where=answered.data.name, got=f"no {answered.split} examples")
    total, count, numbers = torch.cat(sums).numpy(), torch.cat(counts).numpy(), torch.cat(rows)
    each = total / count
    worst = np.argsort(-each, kind="stable")[:_WORST].tolist()
    told = f"Of {int(count.sum())} hidden tokens {right / count.sum():.1%} are told right.".replace("%", " %")
    drawn = Histogram(
        each,
        "nats",
        "What a hidden token costs, by text: near 0 it is guessed surely; texts far to the right are odd ones.",
    )
    return Judgement(
        interval=_bootstrapped(total, count),
        baseline=_frequencies(task, answered, judged),
        sections=(Section("Errors", (drawn, Paragraph(told))),),
        worst=Worst(
            tuple(Case(i, int(numbers[i]), (Paragraph(f"{number(each[i], 3)} nats per hidden token"),)) for i in worst),
            "texts whose hidden tokens cost most",
            best=int(each.argmin()),
        ),
    )


def _bootstrapped(total: NDArray[np.float64], count: NDArray[np.int64]) -> Bounds | None:
    """The interval of Σ nats / Σ tokens over texts (n) that are drawn with replacement."""
    if len(total) < 2:
        return None
    nats, tokens = total, count.astype(np.float64)
    means = [float(w @ nats) / max(float(w @ tokens), 1.0) for w in bootstrap_weights(len(nats), _SAMPLES)]
    return Bounds(*middle(means), "bootstrap, over the texts")


def _frequencies(task: Masked, answered: Answered, judged: torch.Tensor) -> Baseline:
    """The nats of the judged tokens by how often each occurs."""
    counts = torch.ones(task.vocabulary, dtype=torch.float64)
    for batch in answered.data.batches(answered.known, 512):
        ((name, tokens),) = batch.inputs.items()
        real = batch.masks.get(name, torch.ones_like(tokens, dtype=torch.bool))
        counts += torch.bincount(tokens[real].cpu(), minlength=task.vocabulary)
    nats = float(-(judged * (counts / counts.sum()).log()).sum() / judged.sum())
    return Baseline(nats, "each token by its frequency alone")
