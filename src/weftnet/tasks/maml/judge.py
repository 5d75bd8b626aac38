"""Model-agnostic meta-learning, judged: how well are classes told apart by a few examples of each?"""

from weftnet.tasks._episodes import judged
from weftnet.tasks._judgement import Answered, Judgement
from weftnet.tasks.maml.task import Maml


def maml(task: Maml, answered: Answered) -> Judgement:
    """The judgement of a split.

    Raises:
        DataError: it has no episodes.
    """
    return judged(task, task.ways, answered)
