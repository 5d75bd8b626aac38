"""What a start changes of a training's cost: what is frozen has no gradients, no optimiser state, and below the lowest
layer that learns no saved activations; adapters are there besides.

Memory and time are those of the steps after everything that thaws has thawed, which cost most.
"""

from dataclasses import replace

import torch
from torch import nn

from weftnet.compose.network import Network
from weftnet.cost.check import PartTune
from weftnet.run.lineage import StartFacts
from weftnet.tasks._assemble import Assembled
from weftnet.train.adapting import chosen, put
from weftnet.train.freezing import check, freeze, set_frozen, to_training
from weftnet.train.start import Start, head_nodes
from weftnet.train.tuning import plain, way_of

#: set on networks that are tuned already
_DONE = "_weftnet_tuned"


class Tuned:
    """Freezes and adapts the networks of a model, one by one.

    Args:
        facts: of the start.
    """

    def __init__(self, facts: StartFacts) -> None:
        self.facts = replace(facts, thaw={})

    def __call__(self, part: str, network: nn.Module) -> None:
        """Freeze and adapt a network once, and leave in evaluation mode what is frozen."""
        if not hasattr(network, _DONE):
            model, adapt = nn.ModuleDict({part: network}), self.facts.adapt
            own = [name for name in adapt.weights if name.startswith(f"{part}.")] if adapt else []
            facts = replace(self.facts, adapt=adapt and replace(adapt, weights=tuple(own)))
            put(model, facts, seed=0)
            set_frozen(model, facts)
            setattr(network, _DONE, True)
        if network.training:
            to_training(network)


def tuned(start: Start, assembled: Assembled) -> PartTune | None:
    """What a start changes of a complete architecture; None if all of it is trained as it is.

    Raises:
        SettingError: a pattern covers nothing, or nothing is left to train.
    """
    with torch.device("meta"):
        model = nn.ModuleDict({part: Network(tree) for part, tree in assembled.resolved.items()})
    name, adapt = way_of(start.tune)
    facts = StartFacts(
        start.run, freeze=tuple(start.freeze), rate=dict(start.rate), tune=name, adapt=adapt,
        thaw={path: float(share) for path, share in start.thaw.items()}, head=head_nodes(model, assembled),
    )  # fmt: skip
    facts = chosen(model, facts)
    put(model, facts, seed=0)
    freeze(model, facts)
    check(model, facts.rate, "rate")
    return None if plain(facts) else Tuned(facts)
