"""Blocks of sequences: what is counted is what their docstrings say, and what a step really holds."""

from typing import Any

import pytest
import torch
from torch import nn
from torch.autograd.graph import saved_tensors_hooks

from weftnet.architecture.signal import parse
from weftnet.architecture.spec import Block
from weftnet.compose.resolve import examine
from weftnet.cost.cost import Cost, cost

TIME, DIM, HIDDEN = 48, 32, 24
D, INNER, RANK = 8, 2 * DIM, 2
#: settings, multiplications of a sequence, parameters
CASES: list[tuple[str, dict[str, Any], int, int]] = [
    (
        "grouped_attention",
        {"heads": 4, "key_heads": 2, "causal": True, "window": 5},
        2 * TIME * DIM * (DIM + 2 * D) + 2 * TIME**2 * DIM,
        2 * DIM * (DIM + 2 * D),
    ),
    ("alibi_attention", {"heads": 4}, 4 * TIME * DIM**2 + 2 * TIME**2 * DIM, 4 * DIM * (DIM + 1)),
    ("bucketed_attention", {"heads": 4}, 4 * TIME * DIM**2 + 2 * TIME**2 * DIM, 4 * DIM**2 + 32 * 4),
    (
        "linear_attention",
        {"heads": 4, "causal": True},
        4 * TIME * DIM**2 + 64 * (DIM * (2 * D + 2 * 32) + 4 * (2 * D + 32)),  # two whole chunks; a column of ones
        4 * DIM * (DIM + 1),
    ),
    ("swiglu", {"dim_hidden": HIDDEN}, TIME * 3 * DIM * HIDDEN, 3 * DIM * HIDDEN),
    (
        "mixture_of_experts",
        {"experts": 3, "k": 2, "dim_hidden": HIDDEN},
        TIME * (3 * DIM + 2 * 2 * DIM * HIDDEN + 2 * 3),  # and the shares of the balance
        3 * (DIM + 2 * DIM * HIDDEN + HIDDEN + DIM),
    ),
    ("min_gru", {"dim": HIDDEN}, TIME * 2 * HIDDEN * DIM, 2 * HIDDEN * (DIM + 1)),
    (
        "selective_state_space",
        {"states": 3},
        TIME * (3 * DIM * INNER + INNER * (4 + 2 * RANK + 3 * 3)),
        3 * DIM * INNER + INNER * (4 + 2 * RANK + 3 * 3 + 3),
    ),
    (
        "tcn_layer",
        {"dim": HIDDEN, "dilation": 2},
        TIME * (3 * HIDDEN * (DIM + HIDDEN) + DIM * HIDDEN),
        3 * HIDDEN * (DIM + HIDDEN) + DIM * HIDDEN + 5 * HIDDEN,
    ),
    (
        "wavenet_stack",
        {"dim_out": HIDDEN, "depth": 3},
        TIME * (3 * (4 * DIM**2 + DIM * (DIM + HIDDEN)) - DIM**2),
        3 * (4 * DIM**2 + DIM * (DIM + HIDDEN) + 3 * DIM + HIDDEN) - DIM**2 - DIM,
    ),
]


def counted(name: str, settings: dict[str, Any], batch: int) -> tuple[Cost, nn.Module]:
    resolved, faults = examine(Block(name, settings), {"x": parse(f"series:{TIME}x{DIM}")})
    assert resolved is not None, faults
    return cost(resolved, batch), resolved.cls(**resolved.settings)


@pytest.mark.parametrize(("name", "settings", "multiplications", "parameters"), CASES)
def test_it_costs_what_its_docstring_says(
    name: str, settings: dict[str, Any], multiplications: int, parameters: int
) -> None:
    found, block = counted(name, settings, 4)
    assert found.parameters == parameters
    assert found.flops == 2 * multiplications
    kept, own = {}, {parameter.untyped_storage().data_ptr() for parameter in block.parameters()}

    def save(tensor: torch.Tensor) -> torch.Tensor:
        if tensor.untyped_storage().data_ptr() not in own:
            kept[tensor.untyped_storage().data_ptr()] = tensor
        return tensor

    x = torch.randn(4, TIME, DIM)
    with saved_tensors_hooks(save, lambda tensor: tensor):
        y = block(x)
    held = sum(tensor.untyped_storage().nbytes() for tensor in kept.values())
    assert y is not None
    assert found.saved == pytest.approx(held, rel=0.1)
