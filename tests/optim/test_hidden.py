"""Hidden matrices are decided by layer types and their order, whatever the names."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from weftnet.architecture.reading import read_text
from weftnet.architecture.signal import parse
from weftnet.compose import build
from weftnet.errors import SettingError
from weftnet.optim import OPTIMISERS
from weftnet.optim.hidden import hidden_matrices, needs_matrices
from weftnet.train.recipe import Recipe
from weftnet.train.state import State

#: Nodes whose names say the opposite of what they are.
MISNAMED = """
graph:
  nodes:
    dense: {embedding: {dim: 6}, from: x}
    hidden: {learned_positions: {}, from: dense}
    token_embedding: {transformer_encoder_layer: {heads: 2}, from: hidden}
    position: {lstm: {dim: 5}, from: token_embedding}
    pooled: {last_step: {}, from: position}
    table: {dense: {dim: 3}, from: pooled}
  outputs: table
"""


def misnamed() -> nn.ModuleDict:
    architecture, faults = read_text(MISNAMED)
    assert architecture is not None, faults
    return build(architecture, {"network": {"x": parse("tokens:7,vocabulary=11")}})


def names(model: nn.Module, chosen: list[nn.Parameter]) -> list[str]:
    name_of = {id(parameter): name for name, parameter in model.named_parameters()}
    return [name_of[id(parameter)] for parameter in chosen]


def test_names_say_nothing() -> None:
    """All matrices of the transformer layer and of the LSTM; not the tables of tokens and positions, not the head."""
    model = misnamed()
    chosen = names(model, hidden_matrices(model.values()))
    matrices = [name for name, parameter in model.named_parameters() if parameter.ndim >= 2]
    outside = [name for name in matrices if name not in chosen]
    assert [name.split(".")[1] for name in outside] == ["dense", "hidden", "table"]
    assert {name.split(".")[1] for name in chosen} == {"token_embedding", "position"}


def test_the_training_gives_muon_these() -> None:
    model = misnamed()
    task: Any = type("Task", (), {"groups": {"network": ("network",)}})
    state = State(model, task, Recipe(optimiser="muon"))
    by_muon = [p for entry in state.optimisers["network"].param_groups if "rounds" in entry for p in entry["params"]]
    assert names(model, by_muon) == names(model, hidden_matrices(model.values()))


def test_a_recipe_does_not_choose_them() -> None:
    with pytest.raises(SettingError, match="muon has no setting 'hidden'"):
        Recipe(optimiser="muon", optimiser_settings={"hidden": []})


def tied() -> nn.Sequential:
    layers = nn.Sequential(nn.Embedding(7, 4), nn.Linear(4, 4), nn.Linear(4, 7))
    layers[2].weight = layers[0].weight
    return layers


def shared() -> nn.Sequential:
    layer = nn.Linear(4, 4)
    return nn.Sequential(layer, layer, nn.Linear(4, 2))


def frozen_head() -> nn.Sequential:
    layers = nn.Sequential(nn.Linear(5, 4), nn.Linear(4, 4), nn.Linear(4, 2))
    layers[2].requires_grad_(False)
    return layers


@pytest.mark.parametrize(
    ("network", "expected"),
    [
        (tied, ["1.weight"]),
        (shared, ["0.weight"]),
        (frozen_head, ["0.weight", "1.weight"]),
        (lambda: nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Flatten(), nn.Linear(8, 2)), ["0.weight"]),
        (lambda: nn.Sequential(nn.GRU(3, 4), nn.Linear(4, 2)), ["0.weight_ih_l0", "0.weight_hh_l0"]),
        (lambda: nn.Sequential(nn.Linear(3, 2)), []),
        (lambda: nn.Sequential(nn.ReLU()), []),
    ],
)
def test_layers(network: Callable[[], nn.Module], expected: list[str]) -> None:
    made = network()
    assert names(made, hidden_matrices([made])) == expected


def test_of_several_networks_the_last_one_ends_in_the_head() -> None:
    encoder, decoder = nn.Linear(5, 3), nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 5))
    assert hidden_matrices([encoder, decoder]) == [encoder.weight, decoder[0].weight]


def test_what_is_frozen_is_not_trained() -> None:
    layers = frozen_head()
    layers[0].requires_grad_(False)
    optimiser = OPTIMISERS.get("muon")(layers.named_parameters(), hidden=hidden_matrices([layers]))
    by_muon, by_adamw = optimiser.optimisers
    assert [p for group in by_muon.param_groups for p in group["params"]] == [layers[1].weight]
    assert [p for group in by_adamw.param_groups for p in group["params"]] == [layers[1].bias]


def test_only_muon_needs_whole_matrices() -> None:
    assert [name for name in OPTIMISERS.names() if needs_matrices(OPTIMISERS.get(name))] == ["muon"]


def test_a_block_of_its_own_parameters_is_left_to_adamw() -> None:
    class Table(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.ones(3, 4))

    model = nn.Sequential(Table(), nn.Linear(4, 4), nn.Linear(4, 2))
    assert names(model, hidden_matrices([model])) == ["1.weight"]
