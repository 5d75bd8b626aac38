"""Adapters on a model that starts from another run: which weights have one, and their first values.

Every dense, convolutional and recurrent weight below the head has one, or those below the paths that were named. A
weight that is no larger than its adapter would be is trained itself. All else that was taken – norms, biases,
embeddings – is frozen; the head is trained as a whole.
"""

from collections.abc import Iterator
from dataclasses import replace

import torch
from torch import nn

from weftnet.data.order import mix
from weftnet.errors import SettingError
from weftnet.execution.adapters import attach, matrices, size
from weftnet.run.lineage import Adapters, StartFacts
from weftnet.train.freezing import check, covers


def chosen(model: nn.ModuleDict, facts: StartFacts) -> StartFacts:
    """What a start says, with the names of the weights that have adapters.

    Raises:
        SettingError: a pattern covers nothing, or no weight can have one.
    """
    if facts.adapt is None:
        return facts
    check(model, facts.adapt.paths, "tune")
    small, large = list[str](), list[str]()
    for name, layer, key in _candidates(model, facts, facts.adapt):
        adapter = size(layer, key, facts.adapt.rank, facts.tune == "dora")
        (large if adapter < layer.get_parameter(key).numel() else small).append(name)
    if not large:
        what, fix = "no weight is larger than its adapter would be", "a smaller rank, other paths, or --tune all"
        raise SettingError(what, where="start: tune", got=f"rank {facts.adapt.rank}", fix=fix)
    return replace(facts, adapt=replace(facts.adapt, weights=tuple(large), whole=tuple(small)))


def put(model: nn.ModuleDict, facts: StartFacts, seed: int) -> None:
    """Put the adapters that a start names beside their weights; they add nothing yet.

    Args:
        model: with the weights of the start.
        facts: of the start.
        seed: of the training; each adapter draws its own numbers.

    Raises:
        SettingError: there is no such weight, or it can't have one.
    """
    if facts.adapt is None:
        return
    layers = dict(model.named_modules())
    for name in facts.adapt.weights:
        path, _, key = name.rpartition(".")
        try:
            scale = facts.adapt.alpha / facts.adapt.rank
            adapter = attach(layers[path], key, facts.adapt.rank, scale, facts.tune == "dora")
        except (KeyError, ValueError) as error:
            raise SettingError(f"{name} can't have an adapter", where="start: tune", got=str(error)) from error
        if not adapter.A.is_meta:
            adapter.draw(torch.Generator().manual_seed(mix(seed, name, "adapter") >> 1))


def _candidates(model: nn.ModuleDict, facts: StartFacts, adapt: Adapters) -> Iterator[tuple[str, nn.Module, str]]:
    """(name, layer, name in the layer) of the weights that may have an adapter; none that is a table of vectors too."""
    tables = [layer for layer in model.modules() if isinstance(layer, nn.Embedding | nn.EmbeddingBag)]
    seen = {id(table.weight) for table in tables}
    for path, layer in model.named_modules():
        for key in matrices(layer):
            name, weight = f"{path}.{key}", layer.get_parameter(key)
            wanted = any(covers(each, name) for each in adapt.paths) if adapt.paths else not _in_head(facts, name)
            if wanted and id(weight) not in seen:
                seen.add(id(weight))
                yield name, layer, key


def _in_head(facts: StartFacts, name: str) -> bool:
    return any(name.startswith(f"{head}.") for head in facts.head)
