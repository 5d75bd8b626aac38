"""Contrastive learning, judged: is an example known again in another view, and how are the vectors spread?

interval   of the retrieval: Wilson
baseline   chance: one of the examples among which the twin is looked for
worst      the examples whose twin is hardest to tell from the views of others
"""

import numpy as np
import torch

from weftnet.base.figures import Group, Histogram, Paragraph
from weftnet.base.numbers import number
from weftnet.errors import DataError
from weftnet.tasks._judgement import Answered, Baseline, Bounds, Case, Judgement, Section, Worst
from weftnet.tasks._resampling import wilson
from weftnet.tasks._task import evaluating
from weftnet.tasks.contrastive.task import GROUP, Contrastive

#: the worst examples
_WORST = 12
#: uniformity of points that are spread over a sphere as evenly as can be, of many dimensions
_EVEN = -4.0
#: share of that from which on vectors are said to have collapsed
_COLLAPSED = 0.05
_HARD = "How hard an example's other view is to tell from those of others: those far to the right look like others."
_APART = "The distance between the vectors of two views of an example: near 0 is good, 2 is the most."


def contrastive(task: Contrastive, answered: Answered) -> Judgement:
    """The judgement of a split.

    Raises:
        DataError: it has no examples.
    """
    rows, seen = [], []
    with evaluating(answered.model):
        for batch in (batches := list(answered.batches())):
            rows.append(batch.rows.cpu())
        seen = [
            outputs for outputs, _ in task.evidence(answered.model, batches) if not isinstance(outputs, torch.Tensor)
        ]
    if not rows:
        raise DataError("there is nothing to judge", where=answered.data.name, got=f"no {answered.split} examples")
    found, loss, apart, near = (
        torch.cat([each[name] for each in seen]).cpu().numpy()
        for name in ("retrieval", "loss", "alignment", "uniformity")
    )
    numbers, count = torch.cat(rows), len(loss)
    groups = max(1, round(count / GROUP))
    uniformity = float(np.log(near.mean())) if count > 1 else 0.0
    told = f"Two views of an example are {number(np.sqrt(apart).mean(), 3)} apart on average, where 2 is the most; "
    told += f"uniformity is {number(uniformity, 3)}, of about {_EVEN:g} at best."
    if uniformity > _COLLAPSED * _EVEN:
        told += " The vectors are nearly the same whatever the example: they have collapsed."
    drawn = (
        Histogram(loss, "nats", _HARD),
        Histogram(np.sqrt(apart), "distance", _APART),
    )
    worst = np.argsort(-loss, kind="stable")[:_WORST].tolist()
    return Judgement(
        interval=Bounds(*wilson(int(found.sum()), count), "Wilson, over the examples"),
        baseline=Baseline(groups / count, "any of the other views"),
        sections=(Section("Views", (Group(drawn), Paragraph(told))),),
        worst=Worst(
            tuple(Case(i, int(numbers[i]), (Paragraph(f"{number(loss[i], 3)} nats"),)) for i in worst),
            "examples whose other view is the hardest to tell from those of others",
            best=int(loss.argmin()),
        ),
    )
