"""A run's answers on a split beside the truth, as its task's judge sees them."""

from weftnet.data.data import Data
from weftnet.run.loading import Loaded
from weftnet.tasks import JUDGES
from weftnet.tasks._judgement import Answered, Judgement


def judge(loaded: Loaded, data: Data, split: str) -> Judgement:
    """The judgement of the run's task; an empty one where the task has no judge.

    Raises:
        DataError: the split has no examples, or no targets.
    """
    judging = JUDGES.find(loaded.run.facts.task.name)
    if judging is None:
        return Judgement()
    judgement: Judgement = judging(loaded.task, Answered(data, split, loaded.outputs, loaded.model))
    return judgement
