"""Low-rank factors: exact at full rank, the truncated decomposition below it."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from compress_fakes import network
from torch import Tensor

from weftnet.architecture.spec import to_dict
from weftnet.compress.factor import factors, rank_for
from weftnet.compress.methods.low_rank import factorise, replace_layers


def truncated(matrix: Tensor, rank: int) -> Tensor:
    u, s, vt = np.linalg.svd(matrix.double().numpy(), full_matrices=False)
    return torch.from_numpy((u[:, :rank] * s[:rank]) @ vt[:rank]).float()


def test_factors_are_the_nearest_of_their_rank() -> None:
    weight = torch.randn(9, 14)
    first, second = factors(weight, 4)
    assert (first.shape, second.shape) == ((4, 14), (9, 4))
    assert torch.allclose(second @ first, truncated(weight, 4), atol=1e-5)
    assert torch.allclose(first.norm(dim=1), second.norm(dim=0), atol=1e-5)


def test_the_rank_keeps_its_share_and_one_less_does_not() -> None:
    weight = torch.randn(11, 17)
    squares = np.linalg.svd(weight.double().numpy(), compute_uv=False) ** 2
    for energy in (0.3, 0.6, 0.95):
        rank = rank_for(weight, energy)
        assert squares[:rank].sum() >= energy * squares.sum() > squares[: rank - 1].sum()
    assert rank_for(weight, 1.0) == 11
    assert rank_for(torch.ones(5, 6), 0.99) == 1


@pytest.mark.parametrize("name", ["plain", "residual", "branches", "lstm", "stacked", "transformer", "graph"])
def test_at_full_rank_nothing_changes(name: str) -> None:
    whole, architecture, inputs, batch = network(name)
    factorisations = factorise(whole, architecture, lambda weight: min(weight.shape), max_share=100.0)
    _, thin = replace_layers(whole, architecture, inputs, factorisations)
    assert factorisations
    assert torch.allclose(thin(batch.inputs, batch.masks), whole(batch.inputs, batch.masks), atol=2e-5)


def test_a_convolution_of_rank_r_is_that_of_the_truncated_weight() -> None:
    whole, architecture, inputs, batch = network("residual")
    factorisations = [each for each in factorise(whole, architecture, lambda _: 3, 100.0) if each.block == "4.body.0"]
    written, thin = replace_layers(whole, architecture, inputs, factorisations)
    conv = whole.get_submodule("4.body.0.conv")
    weight = conv.get_parameter("weight").detach()
    x = torch.randn(2, 12, 8, 8)
    low = truncated(weight.flatten(1), 3).reshape(weight.shape)
    expected = F.conv2d(x, low, conv.get_parameter("bias"), stride=2, padding=1)
    pair = thin.get_submodule("4.body.0")
    assert torch.allclose(pair.get_submodule("1")(pair.get_submodule("0")(x)), expected, atol=1e-4)
    nodes = to_dict(written)["chain"][4]["residual"]["body"][0]
    assert nodes == [
        {"conv2d": {"channels": 3, "stride": 2, "bias": False}}, {"conv2d": {"channels": 20, "kernel": 1}},
    ]  # fmt: skip
    assert thin(batch.inputs).shape == (4, 3)


def test_an_embedding_of_rank_r_looks_up_the_truncated_table() -> None:
    whole, architecture, inputs, batch = network("lstm")
    factorisations = [each for each in factorise(whole, architecture, lambda _: 2, 100.0) if each.block == "0"]
    _, thin = replace_layers(whole, architecture, inputs, factorisations)
    table = truncated(whole.get_submodule("0.table").get_parameter("weight").detach(), 2)
    read = thin.get_submodule("0.1")(thin.get_submodule("0.0")(batch.inputs["x"]))
    assert torch.allclose(read, table[batch.inputs["x"]], atol=1e-5)


def test_the_inputs_of_both_directions_share_their_first_factor() -> None:
    whole, architecture, inputs, _ = network("stacked")
    factorisations = [each for each in factorise(whole, architecture, lambda _: 4, 100.0) if each.block == "1"]
    _, thin = replace_layers(whole, architecture, inputs, factorisations)
    lstm, narrow = whole.get_submodule("1.lstm"), thin.get_submodule("1.1.lstm")
    ways = ["weight_ih_l0", "weight_ih_l0_reverse"]
    low = truncated(torch.cat([lstm.get_parameter(way).detach() for way in ways]), 4)
    first = thin.get_submodule("1.0.linear").get_parameter("weight")
    product = torch.cat([narrow.get_parameter(way) for way in ways]) @ first
    assert torch.allclose(product, low, atol=1e-5)


def test_layers_that_would_not_shrink_stay() -> None:
    whole, architecture, _, _ = network("plain")
    assert factorise(whole, architecture, lambda weight: min(weight.shape), 0.8) == []
    factorisations = factorise(whole, architecture, lambda _: 1, 0.15)
    assert [each.block for each in factorisations] == ["3", "6"]
