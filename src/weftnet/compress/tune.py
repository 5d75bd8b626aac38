"""Training on after a cut: the run's own recipe, shorter and at a lower rate.

    lr = SHARE · the recipe's lr

The weights are near a good place already, and the schedule still rises and falls; a full rate would throw them out of
it. Measured on the validation split; the best weights are kept, as the recipe says.
"""

import inspect
from dataclasses import replace
from typing import Any

from weftnet.compress.means import Means
from weftnet.optim import OPTIMISERS
from weftnet.train.recipe import Recipe

SHARE = 0.3


def shortened(recipe: Recipe, means: Means) -> Recipe:
    """The recipe of a training that lasts as long as the means allow."""
    default = inspect.signature(OPTIMISERS.get(recipe.optimiser)).parameters["lr"].default
    rate = default if recipe.lr is None else recipe.lr
    return replace(
        recipe,
        lr=SHARE * rate,
        optimiser_settings={name: _slower(name, value) for name, value in recipe.optimiser_settings.items()},
        groups={},
        epochs=None,
        steps=None,
        budget=means.seconds or 1.0,
        patience=None,
        ema=None,
        seed=means.seed,
    )


def _slower(name: str, value: Any) -> Any:
    """Further rates of an optimiser, such as muon's `lr_others`."""
    return SHARE * value if name.startswith("lr") and isinstance(value, int | float) else value
