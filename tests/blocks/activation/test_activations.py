"""The activations against their formulas, each written out here."""

import math

import pytest
import torch
from oracles import exports, gradients_match, same, unchecked

from weftnet.blocks import BLOCKS

FORMULAS = {
    "relu": ({}, lambda x: (x + x.abs()) / 2),
    "relu6": ({}, lambda x: 3 + ((x).abs() - (x - 6).abs()) / 2),
    "gelu": ({}, lambda x: x / 2 * (1 + torch.erf(x / math.sqrt(2)))),
    "gelu tanh": (
        {"approximate": "tanh"},
        lambda x: x / 2 * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))),
    ),
    "silu": ({}, lambda x: x / (1 + torch.exp(-x))),
    "mish": ({}, lambda x: x * torch.tanh(torch.log(1 + torch.exp(x)))),
    "hard_swish": ({}, lambda x: x * (x + 3).clamp(0, 6) / 6),
    "selu": ({}, lambda x: 1.0507009873554805 * torch.where(x > 0, x, 1.6732632423543772 * (torch.exp(x) - 1))),
    "tanh": ({}, lambda x: 2 / (1 + torch.exp(-2 * x)) - 1),
    "sigmoid": ({}, lambda x: 1 / (1 + torch.exp(-x))),
    "leaky_relu": ({}, lambda x: torch.where(x > 0, x, 0.01 * x)),
    "leaky_relu 0.2": ({"slope": 0.2}, lambda x: torch.where(x > 0, x, 0.2 * x)),
    "elu": ({}, lambda x: torch.where(x > 0, x, torch.exp(x) - 1)),
    "elu 1.7": ({"alpha": 1.7}, lambda x: torch.where(x > 0, x, 1.7 * (torch.exp(x) - 1))),
    "scale": ({"factor": -1.7}, lambda x: x + x - 3.7 * x),
    "softmax": ({}, lambda x: torch.exp(x) / torch.exp(x).sum(-1, keepdim=True)),
}


def block_of(case):
    settings, formula = FORMULAS[case]
    return BLOCKS.get(case.split()[0])(**settings), formula


@pytest.mark.parametrize("shape", [(2, 3), (2, 5, 3), (2, 3, 5, 4)])
@pytest.mark.parametrize("case", FORMULAS)
def test_is_its_formula(case, shape):
    block, formula = block_of(case)
    gradients_match(block, formula, [3 * torch.randn(shape, dtype=torch.float64)])


@pytest.mark.parametrize("case", FORMULAS)
def test_exports_and_keeps_the_dtype_and_the_input(case):
    block, _ = block_of(case)
    x = torch.randn(2, 3)
    kept = x.clone()
    exports(block, x)
    assert torch.equal(x, kept)
    assert block(x.bfloat16()).dtype == torch.bfloat16


def test_every_activation_is_here():
    family = {name for name in BLOCKS if BLOCKS.family(name) == "activation"}
    elsewhere = {"parametric_activation", "maxout"}  # these have tests of their own
    assert family - elsewhere == {case.split()[0] for case in FORMULAS}


def test_relu_has_no_gradient_at_zero():
    x = torch.zeros(3, requires_grad=True)
    BLOCKS.get("relu")()(x).sum().backward()
    assert not x.grad.any()


def test_softmax_of_large_values_is_finite():
    same(BLOCKS.get("softmax")()(torch.tensor([[1e4, 0.0, 1e4]])), torch.tensor([[0.5, 0.0, 0.5]]))


@pytest.mark.parametrize(
    ("name", "settings", "text"),
    [
        ("gelu", {"approximate": "sigmoid"}, "gelu: approximate: expected 'none' or 'tanh', got 'sigmoid'"),
        ("leaky_relu", {"slope": -0.1}, "leaky_relu: slope: expected a number from 0 to 1, got -0.1"),
        ("leaky_relu", {"slope": 1.1}, "leaky_relu: slope: expected a number from 0 to 1, got 1.1"),
        ("elu", {"alpha": 0.0}, "elu: alpha: expected a positive number, got 0.0"),
    ],
)
def test_a_bad_setting_is_rejected(name, settings, text):
    with unchecked(), pytest.raises(ValueError, match=f"^{text}$"):
        BLOCKS.get(name)(**settings)
