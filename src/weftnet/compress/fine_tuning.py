"""Fine-tuning after pruning or factorising: the run's own recipe, shorter and at a lower learning rate.

    lr = SHARE · the recipe's lr

The weights are near an optimum already, and the schedule still warms up and decays; the full rate would lose it.
Evaluated on the validation split; the best weights are kept, as in the recipe.
"""

import inspect
from dataclasses import replace
from typing import Any

from weftnet.compress.resources import Resources
from weftnet.optim import OPTIMISERS
from weftnet.train.recipe import Recipe

SHARE = 0.3


def fine_tuning_recipe(recipe: Recipe, resources: Resources) -> Recipe:
    """The recipe of a training that lasts as long as the resources allow."""
    default_rate = inspect.signature(OPTIMISERS.get(recipe.optimiser)).parameters["lr"].default
    rate = default_rate if recipe.lr is None else recipe.lr
    return replace(
        recipe,
        lr=SHARE * rate,
        optimiser_settings={name: _slower(name, value) for name, value in recipe.optimiser_settings.items()},
        groups={},
        epochs=None,
        steps=None,
        budget=resources.seconds or 1.0,
        patience=None,
        ema=None,
        teacher=None,
        seed=resources.seed,
    )


def _slower(name: str, value: Any) -> Any:
    """Reduce further learning rates of an optimiser, such as muon's `lr_others`."""
    return SHARE * value if name.startswith("lr") and isinstance(value, int | float) else value
