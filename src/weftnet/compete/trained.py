"""How far a training got: hardly anywhere, still improving when it ended, or to its end – and what would help.

hardly       fewer than 20 steps, or less than one epoch and fewer than 1,000 steps
improving    the best of at least four scores came in the last tenth of them, and a tenth or more of all that was
             gained since the first came in the last quarter
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from weftnet.base.numbers import number
from weftnet.base.scores import Score
from weftnet.compete.sizes import ENOUGH, LONGEST
from weftnet.run.folder import Run

#: Steps of a training that was hardly one.
HARDLY = 20
#: Fewest scores that tell whether it was still improving; their last part that counts, and the gain in it.
_FEWEST, _LAST, _QUARTER, _GAIN = 4, 0.1, 0.25, 0.1


@dataclass(frozen=True)
class Trained:
    """How far a training got.

    Args:
        steps: that it made.
        epochs: passes over the training split; 0 of what takes no steps.
        improving: whether its score was still improving when it ended.
        longer: the option of a training that would get further; empty where its length is not known.
    """

    steps: int = 0
    epochs: float = 0.0
    improving: bool = False
    longer: str = ""

    @property
    def hardly(self) -> bool:
        """Whether it was hardly trained."""
        return self.epochs > 0 and self.steps < (HARDLY if self.epochs >= 1 else LONGEST)

    @property
    def note(self) -> str:
        """What a person who reads its score should know; empty if nothing."""
        if self.hardly:
            count = f"{self.steps} step{'s' * (self.steps != 1)}, {number(self.epochs, 2)} epochs"
            text = f"hardly trained: {count}"
        else:
            text = "still improving when its training ended" if self.improving else ""
        return f"{text}; longer: {self.longer}" if text and self.longer else text


def trained(history: Sequence[Mapping[str, Any]], recipe: Mapping[str, Any], score: Score) -> Trained:
    """How far a training got.

    Args:
        history: its evaluations, one at least.
        recipe: its fields.
        score: that decides.
    """
    if recipe.get("solver") is not None:  # it took no steps
        return Trained()
    steps, epochs = history[-1]["step"], history[-1]["epoch"]
    known = Trained(steps, epochs, _improving([e["validation"].get(score.name) for e in history], score))
    factor = max(2.0, ENOUGH / steps, 1 / epochs) if known.hardly else 2.0
    return Trained(steps, epochs, known.improving, _longer(recipe, factor))


def how_far(run: Run, score: Score) -> Trained:
    """How far the training of a run got."""
    history = run.history
    return trained(history, run.json("recipe.json"), score) if history else Trained()


def _improving(values: Sequence[float | None], score: Score) -> bool:
    scores = [value for value in values if value is not None and not math.isnan(value)]
    if len(scores) < _FEWEST:
        return False
    pick = max if score.better == "max" else min
    best, before = pick(scores), pick(scores[: -math.ceil(_QUARTER * len(scores))])
    recent = scores[-max(1, int(_LAST * len(scores))) :]
    return best in recent and score.lead(best, before) > _GAIN * score.lead(best, scores[0])


def _longer(recipe: Mapping[str, Any], factor: float) -> str:
    for name in ("budget", "epochs", "steps"):
        if recipe.get(name) is not None:
            return f"--{name} {math.ceil(recipe[name] * factor)}{'s' * (name == 'budget')}"
    return ""
