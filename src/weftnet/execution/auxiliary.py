"""Auxiliary losses: what blocks ask for beside the task's loss, as a vector quantiser or a mixture of experts does.

    loss of a group = the task's + Σ weight[name] · loss[name]        over the networks of the group's parts

A block gives them as outputs without any axis; the network keeps them from its passes in training mode until they are
taken here.
"""

from collections.abc import Iterator, Mapping

from torch import Tensor, nn

from weftnet.compose.network import Network
from weftnet.errors import SettingError, closest
from weftnet.tasks._task import Task


def with_auxiliary(
    losses: Iterator[tuple[str, Tensor]], task: Task, model: nn.ModuleDict, weights: Mapping[str, float]
) -> Iterator[tuple[str, Tensor]]:
    """The task's losses with the auxiliary ones of the same passes.

    Args:
        losses: of the task.
        task: says which parts a group has.
        model: the networks by part, possibly wrapped for several processes.
        weights: by name; 1 for every other.

    Raises:
        SettingError: a weight is of a loss that no network gives.
    """
    inner = {part: getattr(wrapped, "module", wrapped) for part, wrapped in model.items()}
    networks = {part: network for part, network in inner.items() if isinstance(network, Network) and network.losses}
    known = {name for network in networks.values() for name in network.losses}
    if unknown := sorted(weights.keys() - known):
        close = closest(unknown[0], known)
        fix = f"did you mean {close[0]!r}?" if close else ""
        expected = ", ".join(sorted(known)) or "none: no block gives an auxiliary loss"
        raise SettingError(
            f"no block gives a loss called {unknown[0]!r}", where="recipe: auxiliary", expected=expected, fix=fix
        )
    return _added(losses, task, networks, weights) if networks else losses


def _added(
    losses: Iterator[tuple[str, Tensor]], task: Task, networks: Mapping[str, Network], weights: Mapping[str, float]
) -> Iterator[tuple[str, Tensor]]:
    for network in networks.values():
        network.take_losses()  # of passes that were no part of a step
    for group, loss in losses:
        for part, network in networks.items():
            taken = network.take_losses()
            if part in task.groups[group]:
                loss = loss + sum(weights.get(name, 1.0) * value for name, value in taken.items())
        yield group, loss
