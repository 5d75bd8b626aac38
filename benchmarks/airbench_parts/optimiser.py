"""The optimiser of airbench94_muon: Muon on normed filters, Nesterov's momentum on the rest, as one.

    filters     θ ← θ · √rows / ‖θ‖;   θ ← θ − lr · orthogonal(g + momentum · v),   v ← momentum · v + g
    the rest    Nesterov's SGD on the gradient of the *sum* of the batch's losses, decay decoupled from the rate
    whitening   as the rest, its rate falling to zero within a share of the training

weftnet's losses are means, so gradients are multiplied by the batch: rate · batch, and decay / batch.

Airbench draws the head's weights with a deviation of one and divides what it gives by 256. A `dense` of 256 inputs
starts with a deviation of 1/√768; with `scale` √768/256 before it, and a rate 768 times smaller, it is the same
training.
Source: K. Jordan, https://github.com/KellerJordan/cifar10-airbench, airbench94_muon.py, 2024.
"""

from collections.abc import Iterable

import torch
from torch import nn

from weftnet.optim.optimisers._orthogonal import orthogonal
from weftnet.optim.optimisers._together import Together

HEAD = 768.0


def airbench_muon(
    parameters: Iterable[tuple[str, nn.Parameter]],
    lr: float = 0.24,
    lr_bias: float = 0.053,
    lr_head: float = 0.67,
    decay: float = 2e-6,
    batch: int = 2000,
    whitening: float = 0.375,
) -> torch.optim.Optimizer:
    """airbench's optimiser.

    Args:
        parameters: (name, parameter) pairs.
        lr: of the filters.
        lr_bias: of the biases of norms and whitening, per example.
        lr_head: of the head, per example.
        decay: per step and example, whatever the rate.
        batch: examples in a batch.
        whitening: share of the training in which the whitening bias is trained.
    """
    pairs = [(name, value) for name, value in parameters if value.requires_grad]
    filters = [value for _, value in pairs if value.ndim == 4]
    first = [value for name, value in pairs if "Whitening" in name]
    biases = [value for name, value in pairs if value.ndim == 1 and "Whitening" not in name]
    heads = [value for _, value in pairs if value.ndim == 2]

    def group(values: list[nn.Parameter], rate: float) -> dict:
        return {"params": values, "lr": rate * batch, "weight_decay": decay / rate}

    momentum = {"momentum": 0.85, "nesterov": True}
    rest = torch.optim.SGD([group(biases, lr_bias), group(heads, lr_head / HEAD)], **momentum)
    return Together(NormedMuon(filters, lr, 0.6), rest, Fading([group(first, lr_bias)], whitening, **momentum))


class NormedMuon(torch.optim.Optimizer):
    """Filters of fixed norm, moved along the orthogonal matrix nearest to their momentum."""

    def __init__(self, filters: list[nn.Parameter], lr: float, momentum: float, rounds: int = 3) -> None:
        super().__init__(filters, {"lr": lr, "momentum": momentum, "rounds": rounds})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:
        """Move every filter."""
        for group in self.param_groups:
            for value in group["params"]:
                state = self.state[value]
                if not state:
                    state["mean"] = torch.zeros_like(value)
                mean = state["mean"].mul_(group["momentum"]).add_(value.grad)
                ahead = value.grad.add(mean, alpha=group["momentum"]).flatten(1)
                direction = orthogonal(ahead.bfloat16() if value.is_cuda else ahead, group["rounds"])
                value.mul_(len(value) ** 0.5 / value.norm())
                value.add_(direction.view(value.shape), alpha=-group["lr"])


class Fading(torch.optim.SGD):
    """SGD whose rate decays linearly to zero within a share of a training with a linear schedule to zero."""

    def __init__(self, groups: list[dict], share: float, **settings: float) -> None:
        super().__init__(groups, **settings)
        self.share, self.bases = share, [group["lr"] for group in self.param_groups]

    def step(self, closure: None = None) -> None:
        """Step at the faded rate."""
        given = [group["lr"] for group in self.param_groups]
        for group, rate, base in zip(self.param_groups, given, self.bases, strict=True):
            group["lr"] = base * max(0.0, 1 - (1 - rate / base) / self.share)
        super().step()
        for group, rate in zip(self.param_groups, given, strict=True):
            group["lr"] = rate
