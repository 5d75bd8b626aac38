"""Prototypical networks, judged: how well are classes told apart by a few examples of each?"""

from weftnet.tasks._episodes import judged
from weftnet.tasks._judgement import Answered, Judgement
from weftnet.tasks.prototypical.task import Prototypical


def prototypical(task: Prototypical, answered: Answered) -> Judgement:
    """The judgement of a split.

    Raises:
        DataError: it has no episodes.
    """
    return judged(task, task.ways, answered)
