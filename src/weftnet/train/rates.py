"""Learning rates of parts of a model, as multiples of the recipe's; and weights that decay towards where they started.

    rate = base · (factor of the first pattern that covers it) · depth_rateᵈ        d: layers below the head

L2 towards the start ("L2-SP", X. Li, Y. Grandvalet, F. Davoine, Explicit Inductive Bias for Transfer Learning with
Convolutional Networks, 2018, https://arxiv.org/abs/1802.01483):

    loss + α/2 · Σ ‖w − w⁰‖²    over the weights that were taken,    so gradient + α (w − w⁰)

These weights don't decay towards zero besides; those of a new head do, as the recipe says. The start w⁰ is in every
checkpoint, so that a training is resumed without the run it started from. As weight decay is, the penalty is left out
of the losses that are shown.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from weftnet.errors import SettingError
from weftnet.run.lineage import StartFacts
from weftnet.train.depths import depths
from weftnet.train.freezing import check, covers, waiting

#: of what is trained beside the model: rate, whether it is pulled, when it begins
_PLAIN = (1.0, False, 0.0)


def set_rates(optimisers: Iterable[torch.optim.Optimizer], model: nn.ModuleDict, facts: StartFacts) -> None:
    """Give every parameter its rate, and those that are pulled to their start no other decay.

    Groups of an optimiser's parameters are split, so that each has one rate and begins to learn as a whole.

    Raises:
        SettingError: a pattern covers nothing.
    """
    check(model, facts.rate, "rate")
    factors = _factors(model, facts)
    pulled = {id(parameter) for _, parameter in anchored(model, facts)}
    later = {id(parameter): share for parameter, share in waiting(model)}
    kinds = {key: (factor, key in pulled, later.get(key, 0.0)) for key, factor in factors.items()}
    for optimiser in optimisers:
        inner = getattr(optimiser, "optimisers", (optimiser,))
        for each in inner:
            each.param_groups = [part for group in each.param_groups for part in _split(group, kinds)]
        if len(inner) > 1 or inner[0] is not optimiser:
            optimiser.param_groups = [group for each in inner for group in each.param_groups]


def anchored(model: nn.ModuleDict, facts: StartFacts) -> Iterator[tuple[str, nn.Parameter]]:
    """The parameters that are pulled to where they started: those that were taken, as far as they ever learn."""
    if not facts.l2_sp:
        return
    later = {id(parameter) for parameter, _ in waiting(model)}
    for name, parameter in model.named_parameters():
        if name not in facts.fresh and (parameter.requires_grad or id(parameter) in later):
            yield name, parameter


class Anchors:
    """Pulls weights to where they started.

    Args:
        model: with the weights of the start.
        facts: of the start.

    Raises:
        SettingError: nothing that was taken is trained.
    """

    def __init__(self, model: nn.ModuleDict, facts: StartFacts) -> None:
        self.strength = facts.l2_sp
        self.parameters = dict(anchored(model, facts))
        self.values = {name: parameter.detach().clone() for name, parameter in self.parameters.items()}
        self._names = {id(parameter): name for name, parameter in self.parameters.items()}
        if self.strength and not self.values:
            raise SettingError("nothing that was taken is trained", where="start: l2_sp", fix="leave out --l2-sp")

    @torch.no_grad()
    def pull(self, parameters: Iterable[nn.Parameter]) -> None:
        """Add the penalty's gradient to those of these parameters."""
        if not self.values:
            return
        names = [(self._names.get(id(each)), each) for each in parameters if each.grad is not None]
        pairs = [(each, self.values[name]) for name, each in names if name is not None]
        if pairs:
            moved = torch._foreach_sub([each for each, _ in pairs], [value for _, value in pairs])
            torch._foreach_add_([each.grad for each, _ in pairs], moved, alpha=self.strength)

    def tensors(self) -> dict[str, Tensor]:
        """The start of each, for a checkpoint."""
        return {f"anchor.{name}": value for name, value in self.values.items()}

    def load(self, tensors: Mapping[str, Tensor]) -> None:
        """Load what was saved."""
        for name, value in self.values.items():
            value.copy_(tensors[f"anchor.{name}"])


def _factors(model: nn.ModuleDict, facts: StartFacts) -> dict[int, float]:
    """The factor of each parameter's rate."""
    below = {} if facts.depth_rate is None else depths(model, facts.head)
    by_depth = 1.0 if facts.depth_rate is None else facts.depth_rate
    return {
        id(parameter): next((factor for pattern, factor in facts.rate.items() if covers(pattern, name)), 1.0)
        * by_depth ** below.get(name, 0)
        for name, parameter in model.named_parameters()
    }


def _split(group: Mapping[str, Any], kinds: Mapping[int, tuple[float, bool, float]]) -> Iterator[dict[str, Any]]:
    """A group of an optimiser's parameters, by the factor of their rate, by how they decay, and by when they begin."""
    for kind in dict.fromkeys(kinds.get(id(parameter), _PLAIN) for parameter in group["params"]):
        factor, is_pulled, _ = kind
        own = [parameter for parameter in group["params"] if kinds.get(id(parameter), _PLAIN) == kind]
        decay = {"weight_decay": 0.0} if is_pulled and "weight_decay" in group else {}
        yield {**group, "params": own, "lr": group["lr"] * factor, **decay}
