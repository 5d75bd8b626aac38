"""Variational autoencoder, judged: reconstructions beside what they are of, and the terms of the bound.

ELBO       log p(x | z) − KL, of each example, with the noise of the score
interval   of the mean ELBO: bootstrap over the examples
baseline   the mean of the training examples, whatever the input; it needs no code, so its KL is 0
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from weftnet.base.figures import Figure, Group, Histogram, Lines, Paragraph, Picture
from weftnet.base.numbers import number
from weftnet.errors import DataError
from weftnet.tasks._examples import example
from weftnet.tasks._judgement import Answered, Baseline, Bounds, Case, Judgement, Section, Worst
from weftnet.tasks._resampling import bootstrapped_mean
from weftnet.tasks._sheet import tiled
from weftnet.tasks.variational_autoencoder.task import VariationalAutoencoder

#: examples that are drawn beside their reconstructions: images, and others
_IMAGES, _CURVES = 10, 4
#: the worst examples
_WORST = 12
#: mean KL in nats below which the code is said to be unused
_FORGOTTEN = 0.05
Floats = NDArray[np.float64]


def variational_autoencoder(task: VariationalAutoencoder, answered: Answered) -> Judgement:
    """The judgement of a split.

    Raises:
        DataError: it has no examples.
    """
    rows, terms = [], []
    generator = torch.Generator().manual_seed(0)  # the noise of the task's own score
    with torch.inference_mode():
        for batch in answered.batches():
            rows.append(batch.rows.cpu())
            terms.append(torch.stack(task.terms(answered.model, example(batch), generator)).double().cpu())
        if not rows:
            raise DataError("there is nothing to judge", where=answered.data.name, got=f"no {answered.split} examples")
        likelihood, kl = torch.cat(terms, 1).numpy()
        bound, numbers = likelihood - kl, torch.cat(rows)
        bounds = bootstrapped_mean(bound)
        worst = np.argsort(bound, kind="stable")[:_WORST].tolist()
        return Judgement(
            interval=Bounds(*bounds, "bootstrap, over the examples") if bounds else None,
            baseline=_mean_example(task, answered),
            sections=(
                Section("Reconstructions", _reconstructions(task, answered, len(bound))),
                Section("Errors", _terms(likelihood, kl)),
            ),
            worst=Worst(
                tuple(Case(i, int(numbers[i]), (Paragraph(f"ELBO {number(bound[i])} nats"),)) for i in worst),
                "examples with the lowest ELBO",
                best=int(bound.argmax()),
            ),
        )


def _mean_example(task: VariationalAutoencoder, answered: Answered) -> Baseline:
    """The log-likelihood of a decoder that always gives the mean example."""
    sums, count = torch.zeros(()), 0
    for batch in answered.data.batches(answered.known, 512):
        sums = sums + example(batch).sum(0, keepdim=True)
        count += batch.size
    y = task.constant(sums / count)
    likelihoods = [task.log_likelihood(x, y.expand_as(x)).double() for x in map(example, answered.batches())]
    return Baseline(float(torch.cat(likelihoods).mean()), "always the mean example")


def _reconstructions(task: VariationalAutoencoder, answered: Answered, count: int) -> tuple[Figure, ...]:
    """Some examples, evenly spaced over the split, beside their reconstructions from the mean code."""
    shown = _IMAGES if task.mean is not None else _CURVES
    places = np.unique(np.linspace(0, count - 1, min(shown, count)).astype(int)).tolist()
    x = torch.cat([example(batch) for _, batch in answered.at(places)])
    m, _ = answered.model["encoder"](x).chunk(2, dim=1)
    y = answered.model["decoder"](m)
    if task.mean is not None and len(task.mean) in (1, 3):
        both = torch.cat([task.original(x), task.drawn(y)])
        return (Picture(tiled(both, columns=len(x)), "above: examples; below: their reconstructions, without noise"),)
    return (Group(tuple(map(_curves, x.flatten(1), y.flatten(1)))),)


def _curves(x: Tensor, y: Tensor) -> Lines:
    curves = {"example": list(enumerate(x.tolist())), "reconstruction": list(enumerate(y.tolist()))}
    return Lines(
        curves, "value", "standardised", "An example and its reconstruction, without noise: look for where they part."
    )


def _terms(likelihood: Floats, kl: Floats) -> tuple[Figure, ...]:
    told = (
        f"Of the bound, {number(likelihood.mean())} nats are the reconstruction's and {number(-kl.mean())} the code's."
    )
    if kl.mean() < _FORGOTTEN:
        told += " The code is hardly used: the decoder gives nearly the same whatever the example (posterior collapse)."
    drawn = (
        Histogram(
            likelihood, "nats", "Log-likelihood of each reconstruction: examples far to the left are not reproduced."
        ),
        Histogram(kl, "nats", "KL, what the code of an example costs: if all lie near 0, the code says nothing."),
    )
    return (Group(drawn), Paragraph(told))
