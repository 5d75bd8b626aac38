"""Masked values, judged: what was hidden and how it was told, and how far off, against always telling the mean.

error      mean (x − y)² over the hidden values of each example, standardised, of the pieces that the score hides too
interval   of the mean error: bootstrap over the examples
baseline   zero, the mean of the training split, for everything that is hidden
"""

import numpy as np
import torch
from torch import Tensor

from weftnet.base.figures import Figure, Group, Histogram, Lines, Paragraph, Picture
from weftnet.errors import DataError
from weftnet.tasks._examples import as_bytes, example, pixels
from weftnet.tasks._judgement import Answered, Baseline, Bounds, Case, Judgement, Section, Worst
from weftnet.tasks._resampling import bootstrapped_mean
from weftnet.tasks._sheet import tiled
from weftnet.tasks.masked_values.task import MaskedValues, over_hidden

#: examples that are drawn as they are read and told: images, and others
_IMAGES, _CURVES = 10, 4
#: the worst examples
_WORST = 12
_OFF = "How far off what is told is, by example: examples far to the right are unlike the others."


def masked_values(task: MaskedValues, answered: Answered) -> Judgement:
    """The judgement of a split.

    Raises:
        DataError: it has no examples.
    """
    rows: list[Tensor] = []
    errors: list[Tensor] = []
    means: list[Tensor] = []
    drawn: tuple[Figure, ...] = ()
    generator = torch.Generator().manual_seed(0)  # the pieces of the task's own score
    with torch.inference_mode():
        for batch in answered.batches():
            x, hidden = example(batch), task.hide(batch, generator)
            y = task.told(answered.model, batch, hidden)
            for kept, told in ((errors, y), (means, torch.zeros_like(x))):
                kept.append(over_hidden((x - told).square(), hidden).double().cpu())
            rows.append(batch.rows.cpu())
            if not drawn:
                drawn = _drawn(task, x, y, hidden)
    if not rows:
        raise DataError("there is nothing to judge", where=answered.data.name, got=f"no {answered.split} examples")
    error, zero, numbers = torch.cat(errors).numpy(), torch.cat(means).numpy(), torch.cat(rows)
    bounds = bootstrapped_mean(error)
    worst = np.argsort(-error, kind="stable")[:_WORST].tolist()
    explained = 1 - error.mean() / zero.mean() if zero.mean() else 0.0
    told_of = f"Of the variance of what is hidden, {100 * explained:.1f} % is told from the rest."
    return Judgement(
        interval=Bounds(*bounds, "bootstrap, over the examples") if bounds else None,
        baseline=Baseline(float(zero.mean()), "always the mean"),
        sections=(
            Section("Hidden and told", drawn),
            Section("Errors", (Histogram(error, "error", _OFF), Paragraph(told_of))),
        ),
        worst=Worst(
            tuple(Case(i, int(numbers[i]), (Paragraph(f"error {error[i]:.3g}"),)) for i in worst),
            "examples whose hidden pieces are told worst",
            best=int(error.argmin()),
        ),
    )  # fmt: skip


def _drawn(task: MaskedValues, x: Tensor, y: Tensor, hidden: Tensor) -> tuple[Figure, ...]:
    """The first examples of a batch: as they are, as they were read, and as they are told."""
    told = torch.where(hidden, y, x)
    if task.mean is not None and task.scale is not None and len(task.mean) in (1, 3):
        read = x.masked_fill(hidden, 0.0)
        rows = torch.cat([pixels(each[:_IMAGES], task.mean, task.scale) for each in (x, read, told)])
        sheet = tiled(as_bytes(rows), columns=min(_IMAGES, len(x)))
        return (Picture(sheet, "above: examples; between: what the network reads of them; below: what it tells"),)
    return (Group(tuple(_curves(*each) for each in zip(x[:_CURVES], told, hidden.expand_as(x), strict=False))),)


def _curves(x: Tensor, told: Tensor, hidden: Tensor) -> Lines:
    """An example, and what was told where it was hidden."""
    at = hidden.flatten().nonzero()[:, 0].tolist()
    curves = {"example": list(enumerate(x.flatten().tolist()))}
    return Lines(
        curves | {"told": [(place, float(told.flatten()[place])) for place in at]},
        "value", "standardised", "An example, and what was told of it where it was hidden: look for where they part.",
    )  # fmt: skip
