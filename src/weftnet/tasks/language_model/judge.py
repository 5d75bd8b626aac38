"""Language model, judged: how much a token costs at each place of the window, and against its frequency alone.

nats       −log p(token | those before it)
interval   of the nats per token: bootstrap over the windows or texts, each with as many tokens as it has
baseline   each token by its frequency in the training split (one added to every count), whatever precedes it
"""

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from weftnet.base.figures import Lines, Paragraph
from weftnet.base.numbers import number
from weftnet.data.batch import Batch
from weftnet.errors import DataError
from weftnet.tasks._judgement import Answered, Baseline, Bounds, Judgement, Section
from weftnet.tasks._resampling import bootstrap_weights, middle
from weftnet.tasks.language_model.task import LanguageModel, following

#: samples of the bootstrap, and the most places of a window that are drawn
_SAMPLES, _PLACES = 1000, 256


def language_model(task: LanguageModel, answered: Answered) -> Judgement:
    """The judgement of a split.

    Raises:
        DataError: it has no tokens.
    """
    sums, counts = [], []  # of each window or text
    places = torch.zeros(2, task.context, dtype=torch.float64)  # nats and tokens by place
    for batch in answered.batches():
        with torch.inference_mode():
            logits = answered.model["network"](batch.inputs, batch.masks)
        nats, real = nats_of(batch, logits)
        sums.append(nats.sum(1))
        counts.append(real.sum(1))
        places[:, : nats.shape[1]] += torch.stack([nats.sum(0), real.sum(0)])
    if not sums:
        raise DataError("there is nothing to judge", where=answered.data.name, got=f"no {answered.split} examples")
    return Judgement(
        interval=_bootstrapped(torch.cat(sums), torch.cat(counts)),
        baseline=_frequencies(task, answered),
        sections=(Section("Errors", _by_place(places)),),
    )


def nats_of(batch: Batch, logits: Tensor) -> tuple[Tensor, Tensor]:
    """−log p of the tokens that follow, and which of them are real; both (n, time) in float64, 0 where padding is."""
    after, real = (each.cpu() for each in following(batch))
    pairs = zip(logits.cpu(), after, strict=True)  # in double precision one at a time: logits are large
    nats = [F.cross_entropy(row[: len(tokens)].double(), tokens, reduction="none") for row, tokens in pairs]
    return torch.stack(nats) * real, real


def _bootstrapped(sums: Tensor, counts: Tensor) -> Bounds | None:
    """The interval of Σ nats / Σ tokens over windows (n) that are drawn with replacement."""
    if len(sums) < 2:
        return None
    nats, tokens = sums.numpy(), counts.numpy()
    means = [float(w @ nats / max(w @ tokens, 1.0)) for w in bootstrap_weights(len(nats), _SAMPLES)]
    return Bounds(*middle(means), "bootstrap, over the windows")


def _frequencies(task: LanguageModel, answered: Answered) -> Baseline | None:
    counts = {split: torch.zeros(task.vocabulary, dtype=torch.float64) for split in (answered.known, answered.split)}
    for split, count in counts.items():
        for batch in answered.data.batches(split, 512):
            tokens, real = following(batch)
            count += torch.bincount(tokens[real].cpu(), minlength=task.vocabulary)
    shares = (counts[answered.known] + 1) / (counts[answered.known] + 1).sum()
    judged = counts[answered.split]
    nats = float(-(judged * shares.log()).sum() / judged.sum())
    return None if math.isnan(nats) else Baseline(nats, "each token by its frequency alone")


def _by_place(places: Tensor) -> tuple[Lines | Paragraph, ...]:
    """How the nats fall with what is known before."""
    nats, tokens = (each.numpy() for each in places)
    step = max(1, len(nats) // _PLACES)
    means = [(float(k + 1), float(nats[k] / tokens[k])) for k in range(0, len(nats), step) if tokens[k]]
    caption = (
        "Nats per token by place in the window: it should fall, as the tokens before help; "
        "where it is flat, more of them don't."
    )
    half = len(nats) // 2
    first, last = (
        float(np.sum(nats[part]) / max(np.sum(tokens[part]), 1)) for part in (slice(half), slice(half, None))
    )
    told = (
        f"In the first half of the window a token costs {number(first)} nats on average, in the second {number(last)}."
    )
    curve = Lines({"nats per token": means}, "place in the window", "nats per token", caption)
    return (curve, Paragraph(told)) if tokens[half:].any() else (curve,)
