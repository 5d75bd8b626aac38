"""Ranking, judged: NDCG of every query.

interval   of the NDCG: the middle 95 % of its mean over 1000 samples of the queries
baseline   the items as they were given
"""

import numpy as np
import torch

from weftnet.base.figures import Group, Histogram, Paragraph
from weftnet.tasks import Answered, Baseline, Bounds, Case, Judgement, Section, Worst

from ...metrics.ndcg import ndcg_of
from .task import Ranking

_WORST, _SAMPLES = 6, 1000


def ranking(task: Ranking, answered: Answered) -> Judgement:
    """The judgement of a split.

    Raises:
        DataError: it has no examples, or they have no grades.
    """
    gathered = answered.gathered()
    scores, grades = gathered.outputs.squeeze(2), gathered.target
    each = ndcg_of(scores, grades, task.k).numpy()
    as_given = ndcg_of(-torch.arange(grades.shape[1]).expand_as(grades).double(), grades, task.k)
    known = each[~np.isnan(each)]
    worst = [int(place) for place in np.argsort(each, kind="stable") if each[place] < 1][:_WORST]
    cases = (Case(i, int(gathered.rows[i]), (Paragraph(f"NDCG {each[i]:.3f}"),)) for i in worst)
    drawn = Group((Histogram(known, f"NDCG@{task.k}", "queries by how well they are ranked"),))
    summary = Paragraph(f"{(known == 1).sum()} of {len(known)} queries are ranked perfectly.")
    return Judgement(
        interval=_interval(known),
        baseline=Baseline(float(as_given.nanmean()), "the items as they were given"),
        sections=(Section("Queries", (drawn, summary)),),
        worst=Worst(tuple(cases), "queries with the lowest NDCG", none="Every query is ranked perfectly."),
    )


def _interval(values: np.ndarray) -> Bounds | None:
    if len(values) < 2:
        return None
    draw = np.random.default_rng(0)
    means = [values[draw.integers(0, len(values), len(values))].mean() for _ in range(_SAMPLES)]
    low, high = np.quantile(means, (0.025, 0.975)).tolist()
    return Bounds(low, high, "bootstrap, over the queries")
