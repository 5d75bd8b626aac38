"""By what the weights that are kept are chosen, and when a training ends early, where the recipe leaves it open.

                                  keep: auto                               patience: auto
    fewer than FEW validation     "loss", by the task's own (`choice`),    PATIENCE, where the length is a budget
    examples                      unless a score is named
    otherwise                     "best", by the score                     none

An accuracy on few examples takes few values, and the best of hundreds of evaluations is a lucky one; the loss tells
more of every example. Measured on seven tables of 150 to 1,797 rows, three networks and two seeds each, 120 epochs:
chosen by accuracy, the weights have a test loss of 0.501 and a test accuracy of 85.1 %; by the loss 0.355 and 85.5 %.
Means over three or five evaluations choose no better than single ones. To stop after 20 evaluations without a lower
loss chose as well on average as all 120 did, in 67, and of 500 in 70; PATIENCE is a little more. At 1,000
examples the standard error of an accuracy of 90 % is one point. Leaderboards rank by the task's score all the same.

The answers are written into the run's recipe before the first step: a resumed training goes on by the same rule.
"""

from dataclasses import replace

from weftnet.base.scores import Score
from weftnet.data.data import Data
from weftnet.tasks._scoring import Scoring
from weftnet.tasks._task import Task
from weftnet.train.recipe import Recipe

#: validation examples below which a score by example is too coarse
FEW = 1000
#: evaluations without a better score after which a training on few examples ends
PATIENCE = 30


def settled(recipe: Recipe, task: Task, data: Data) -> Recipe:
    """The recipe with `keep` and `patience` as this task and these data have them, where they are open."""
    if recipe.solver is not None:  # there are no evaluations to choose among
        return recipe
    few, keep, patience = 0 < data.sizes.get("validation", 0) < FEW, recipe.keep, recipe.patience
    if keep == "auto":
        keep = "loss" if few and task.choice and recipe.score is None else "best"
    if patience == "auto":
        patience = PATIENCE if few and recipe.budget is not None and keep != "last" else None
    return replace(recipe, keep=keep, patience=patience)


def deciding(scoring: Scoring, keep: str) -> Score:
    """The metric by which the weights are chosen."""
    name = scoring.task.choice if keep == "loss" and scoring.task.choice else scoring.score
    return Score(name, scoring.direction(name), scoring.unit(name))


def reason(recipe: Recipe, data: Data) -> str:
    """Why the weights were chosen otherwise than by the score; empty where they were not."""
    few = data.sizes.get("validation", 0)
    return f", whose loss on the {few} validation examples is the lowest" if recipe.keep == "loss" else ""
