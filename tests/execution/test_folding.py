"""Norms folded into the layer in front: the values of the unfolded network in float64, and nothing of it changed."""

import copy
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from weftnet.architecture.reading import from_dict
from weftnet.architecture.signal import parse
from weftnet.base.onednn import can_use_onednn
from weftnet.compose import Network, build
from weftnet.execution.folding import fold_norms
from weftnet.execution.products import dense_by_onednn
from weftnet.execution.rewrites import pool_first

IMAGE, SERIES, VECTOR = "image:6x9x7", "series:11x6", "vector:6"
#: The chain, what it reads, how many of its norms can be folded.
CASES: dict[str, tuple[list[Any], str, int]] = {
    "conv2d": ([{"conv2d": {"channels": 5}}, "batch_norm2d", "relu"], IMAGE, 1),
    "without bias": ([{"conv2d": {"channels": 5, "bias": False}}, "batch_norm2d"], IMAGE, 1),
    "without gain": ([{"conv2d": {"channels": 5}}, {"batch_norm2d": {"gain": False, "eps": 1e-3}}], IMAGE, 1),
    "grouped": ([{"conv2d": {"channels": 4, "groups": 2, "stride": [2, 1], "dilation": 2}}, "batch_norm2d"], IMAGE, 1),
    "depthwise": ([{"conv2d": {"channels": 6, "groups": 6, "kernel": [2, 3]}}, "batch_norm2d"], IMAGE, 1),
    "separable": ([{"separable_conv2d": {"channels": 5}}, "batch_norm2d"], IMAGE, 1),
    "transposed": ([{"transposed_conv2d": {"channels": 4, "kernel": 3}}, "batch_norm2d"], IMAGE, 1),
    "conv1d": ([{"conv1d": {"dim": 4, "bias": False}}, "batch_norm"], SERIES, 1),
    "causal": ([{"conv1d": {"dim": 4, "padding": "causal", "kernel": 4, "groups": 2}}, "batch_norm"], SERIES, 1),
    "transposed in time": ([{"transposed_conv1d": {"dim": 5, "kernel": 3}}, "batch_norm"], SERIES, 1),
    "dense": (
        [{"dense": {"dim": 7}}, "batch_norm", "tanh", {"dense": {"dim": 3, "bias": False}}, "batch_norm"], VECTOR, 2
    ),
    "steps": ([{"dense": {"dim": 7}}, "batch_norm"], SERIES, 1),
    "chains in chains": ([[{"conv2d": {"channels": 5}}], ["batch_norm2d", "relu"]], IMAGE, 1),
    "repeated": ([{"repeat": {"times": 3, "body": [{"dense": {"dim": 6}}, "batch_norm", "relu"]}}], VECTOR, 3),
    "residual": (
        [{"residual": {
            "body": [{"conv2d": {"channels": 5, "bias": False}}, "batch_norm2d"],
            "shortcut": [{"conv2d": {"channels": 5, "kernel": 1}}, "batch_norm2d"],
        }}, "batch_norm2d"], IMAGE, 2,
    ),
    "two norms": ([{"conv2d": {"channels": 5}}, "batch_norm2d", "batch_norm2d"], IMAGE, 1),
    "a norm before": (["batch_norm2d", {"conv2d": {"channels": 5}}, "relu", "batch_norm2d"], IMAGE, 0),
    "other norms": ([{"dense": {"dim": 5}}, "layer_norm", {"dense": {"dim": 5}}, "rms_norm"], VECTOR, 0),
    "branches": (
        [{"parallel": {"merge": "concat", "branches": [{"dense": {"dim": 3}}, []]}}, "batch_norm"], VECTOR, 0
    ),
}  # fmt: skip


def network(blocks: Any, signal: str, dtype: torch.dtype = torch.float32) -> Network:
    """Random weights and random running statistics, in evaluation mode."""
    built = build(from_dict({"chain": blocks}), {"network": {"x": parse(signal)}}, seed=1)["network"]
    with torch.no_grad():
        for name, values in [*built.named_parameters(), *built.named_buffers()]:
            if name.endswith("running_var"):
                values.uniform_(0.2, 3.0)
            elif values.is_floating_point():
                values.normal_()
    assert isinstance(built, Network)
    return built.eval().to(dtype)


def drawn(signal: str, count: int = 4, dtype: torch.dtype = torch.float32) -> Tensor:
    return torch.randn(count, *parse(signal).sizes, dtype=dtype)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_values_are_those_of_the_unfolded_network_in_float64(case: str) -> None:
    blocks, signal, count = CASES[case]
    model, x = network(blocks, signal), drawn(signal)
    exact = copy.deepcopy(model).double()
    with torch.inference_mode():
        written = model(x)
        assert fold_norms(model) == count
        folded = model(x)
        true = exact(x.double())
        torch.testing.assert_close(folded.double(), true, rtol=1e-4, atol=float(true.abs().max()) * 1e-6)
        assert torch.equal(folded, written) == (count == 0)
        assert fold_norms(exact) == count
        torch.testing.assert_close(exact(x.double()), true, rtol=1e-11, atol=float(true.abs().max()) * 1e-13)


def test_the_norm_computes_nothing_and_the_blocks_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    blocks, signal, _ = CASES["residual"]
    model, x = network(blocks, signal), drawn(signal)
    names = [name for name, _ in model.named_modules()]
    fold_norms(model)
    ran: list[int] = []
    forward = nn.BatchNorm2d.forward
    monkeypatch.setattr(nn.BatchNorm2d, "forward", lambda self, x: ran.append(1) or forward(self, x))
    with torch.no_grad():
        model(x)
    assert len(ran) == 1  # that behind the sum
    assert [name for name, _ in model.named_modules()] == names


@pytest.mark.parametrize("first", [{"conv1d": {"dim": 5, "stride": 2}}, {"dense": {"dim": 5}}], ids=str)
def test_padding_stays_zero_and_changes_no_real_step(first: Any) -> None:
    model = network([first, "batch_norm"], "series:11x6,padded", torch.float64)
    x, lengths = drawn(SERIES, 3, torch.float64), torch.tensor([11, 1, 6])
    mask = torch.arange(11) < lengths[:, None]
    x[~mask] = float("nan")
    with torch.inference_mode():
        written, after = model.run(x, {"x": mask})["y"]
        assert fold_norms(model) == 1
        folded = model(x, {"x": mask})
        torch.testing.assert_close(folded, written, rtol=1e-11, atol=1e-11)
        assert not folded[~after].any()
        for row, length in enumerate(lengths):
            alone = model(x[row : row + 1, :length])
            torch.testing.assert_close(folded[row : row + 1, : alone.shape[1]], alone, rtol=1e-11, atol=1e-11)


def test_what_stands_at_several_places_or_is_watched_is_left_alone() -> None:
    blocks = [{"dense": {"dim": 6}}, "batch_norm", "relu", {"dense": {"dim": 6}}, "batch_norm"]
    x = drawn(VECTOR)
    shared = network(blocks, VECTOR)
    shared.add_module("3", shared.get_submodule("0"))
    assert fold_norms(shared) == 0
    watched = network(blocks, VECTOR)
    watched.get_submodule("0.linear").register_forward_hook(lambda *_: None)
    watched.get_submodule("4").register_forward_pre_hook(lambda *_: None)
    assert fold_norms(watched) == 0
    tied = network(blocks, VECTOR)  # other layers' weights: nothing of theirs changes, so both fold
    tied.get_submodule("3.linear").weight = tied.get_submodule("0.linear").weight
    with torch.inference_mode():
        written = tied(x)
        assert fold_norms(tied) == 2
        torch.testing.assert_close(tied(x), written, rtol=1e-4, atol=1e-4)


class Adapted(nn.Linear):
    """Another kind of layer in a block's place, as adapters put it there."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) * 2


def test_another_kind_of_layer_is_not_folded() -> None:
    model = network([{"dense": {"dim": 5}}, "batch_norm"], VECTOR)
    model.get_submodule("0").linear = Adapted(6, 5)
    assert fold_norms(model) == 0


def test_the_weights_layout_is_kept_and_pools_still_move() -> None:
    model = network([{"conv2d": {"channels": 5}}, "batch_norm2d", "relu", "max_pool2d"], IMAGE)
    x = drawn(IMAGE)
    with torch.inference_mode():
        written = model(x)
    model.to(memory_format=torch.channels_last)
    assert pool_first(model) == 1
    assert fold_norms(model) == 1
    weight = model.get_parameter("0.conv.weight")
    assert weight.is_contiguous(memory_format=torch.channels_last)
    assert not weight.is_contiguous()
    with torch.inference_mode():
        torch.testing.assert_close(model(x), written, rtol=1e-4, atol=1e-4)


@pytest.mark.skipif(not can_use_onednn(), reason="torch was built without oneDNN")
def test_folded_layers_are_computed_by_onednn_too() -> None:
    blocks, signal, count = CASES["dense"]
    model, x = network(blocks, signal), drawn(signal)
    with torch.inference_mode():
        written = model(x)
        assert (fold_norms(model), dense_by_onednn(model)) == (count, 2)
        torch.testing.assert_close(model(x), written, rtol=1e-4, atol=1e-4)


def test_a_copy_has_its_own_weights() -> None:
    blocks, signal, _ = CASES["conv2d"]
    model, x = network(blocks, signal), drawn(signal)
    fold_norms(model)
    other = copy.deepcopy(model)
    with torch.no_grad():
        for parameter in other.parameters():
            parameter.zero_()
        assert not other(x).any()
        assert model(x).any()
