"""Adapters against `peft` and against the weights they stand for: outputs, gradients, merging."""

import copy
import warnings
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from weftnet.execution.adapters import attach, matrices, merge, size

LAYERS: dict[str, tuple[Any, tuple[int, ...]]] = {
    "dense": (lambda: nn.Linear(7, 5), (3, 4, 7)),
    "dense without bias": (lambda: nn.Linear(7, 5, bias=False), (3, 7)),
    "conv1d": (lambda: nn.Conv1d(3, 5, 3, padding=1), (2, 3, 8)),
    "conv2d": (lambda: nn.Conv2d(3, 5, (3, 2), stride=2, padding=1), (2, 3, 8, 9)),
    "dilated": (lambda: nn.Conv2d(3, 5, 3, dilation=2, padding="same", padding_mode="circular"), (2, 3, 8, 9)),
    "grouped": (lambda: nn.Conv2d(4, 6, 3, groups=2), (2, 4, 8, 9)),
    "conv3d": (lambda: nn.Conv3d(2, 5, 2), (2, 2, 4, 5, 6)),
    "transposed": (lambda: nn.ConvTranspose2d(3, 5, 3, stride=2), (2, 3, 4, 5)),
    "rnn": (lambda: nn.RNN(5, 4, batch_first=True), (2, 6, 5)),
    "gru": (lambda: nn.GRU(5, 4, batch_first=True, bidirectional=True), (2, 6, 5)),
    "lstm": (lambda: nn.LSTM(5, 4, num_layers=2, batch_first=True), (2, 6, 5)),
}  # fmt: skip


def output(layer: nn.Module, x: Tensor) -> Tensor:
    y = layer(x)
    return y[0] if isinstance(y, tuple) else y


def with_adapters(layer: nn.Module, magnitude: bool, rank: int = 2, scale: float = 1.5) -> nn.Module:
    """A copy with adapters of random values."""
    layer = copy.deepcopy(layer)
    draw = torch.Generator().manual_seed(1)
    for name in matrices(layer):
        adapter = attach(layer, name, rank, scale, magnitude)
        adapter.draw(draw)
        with torch.no_grad():
            adapter.B.copy_(torch.randn(adapter.B.shape, generator=draw, dtype=torch.float64) / 3)
            if adapter.magnitude is not None:
                adapter.magnitude.mul_(1 + torch.rand(len(adapter.magnitude), generator=draw, dtype=torch.float64))
    return layer


@pytest.fixture(params=LAYERS)
def scene(request: pytest.FixtureRequest) -> tuple[nn.Module, Tensor]:
    torch.manual_seed(0)
    make, shape = LAYERS[request.param]
    return make().double(), torch.randn(shape, dtype=torch.float64)


@pytest.mark.parametrize("magnitude", [False, True], ids=["lora", "dora"])
def test_the_first_outputs_are_the_layers_own_to_the_bit(scene: tuple[nn.Module, Tensor], magnitude: bool) -> None:
    layer, x = scene[0].float(), scene[1].float()
    before = output(layer, x)
    names = matrices(layer)
    assert names
    for name in names:
        attach(layer, name, 3, 2.0, magnitude).draw(torch.Generator().manual_seed(3))
    assert torch.equal(output(layer, x), before)


@pytest.mark.parametrize("magnitude", [False, True], ids=["lora", "dora"])
def test_it_computes_with_the_weight_of_the_formula(scene: tuple[nn.Module, Tensor], magnitude: bool) -> None:
    """The oracle: the layer itself, its weight replaced by W'; DoRA's norm is a constant for the gradient."""
    layer, x = scene
    adapted = with_adapters(layer, magnitude)
    x = x.requires_grad_()
    output(adapted, x).sin().sum().backward()
    own = {name: value.grad for name, value in adapted.named_parameters() if "adapters" in name}
    gradient, x.grad = x.grad, None
    leaves = {name: value.detach().requires_grad_() for name, value in adapted.named_parameters() if "adapters" in name}
    weights: dict[str, Tensor] = dict(layer.named_parameters())
    for name in matrices(layer):
        A, B = leaves[f"adapters.{name}.A"], leaves[f"adapters.{name}.B"]
        W = weights[name].detach()
        turned = isinstance(layer, nn.ConvTranspose2d)
        W = W.transpose(0, 1) if turned else W
        whole = W + 1.5 * torch.einsum("or,r...->o...", B, A)
        if magnitude:
            norm = whole.detach().flatten(1).norm(dim=1)
            whole = whole * (leaves[f"adapters.{name}.magnitude"] / norm).view(-1, *[1] * (W.dim() - 1))
        weights[name] = whole.transpose(0, 1) if turned else whole
    expected = torch.func.functional_call(layer, weights, (x,))
    expected = expected[0] if isinstance(expected, tuple) else expected
    torch.testing.assert_close(output(adapted, x), expected)
    expected.sin().sum().backward()
    torch.testing.assert_close(gradient, x.grad)
    for name, value in leaves.items():
        torch.testing.assert_close(own[name], value.grad)


@pytest.mark.parametrize("magnitude", [False, True], ids=["lora", "dora"])
def test_merged_it_is_the_layer_again(scene: tuple[nn.Module, Tensor], magnitude: bool) -> None:
    layer, x = scene
    adapted = with_adapters(layer, magnitude)
    before = output(adapted, x).detach()
    names, kept = list(layer.state_dict()), copy.deepcopy(adapted)
    merge(adapted)
    assert type(adapted) is type(layer)
    assert list(adapted.state_dict()) == names
    torch.testing.assert_close(output(adapted, x), before)
    single, y = copy.deepcopy(kept).float(), output(kept.float(), x.float()).detach()
    merge(single)
    torch.testing.assert_close(output(single, x.float()), y, rtol=0, atol=1e-5)


@pytest.mark.parametrize("magnitude", [False, True], ids=["lora", "dora"])
@pytest.mark.parametrize("name", ["dense", "dense without bias", "conv1d", "conv2d", "conv3d"])
def test_as_peft(name: str, magnitude: bool) -> None:
    """The same weights in, the same outputs and gradients; and the same merged weight."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        peft = pytest.importorskip("peft")
    torch.manual_seed(0)
    make, shape = LAYERS[name]
    layer, x = make(), torch.randn(shape)
    ours = with_adapters(layer, magnitude)
    config = peft.LoraConfig(r=2, lora_alpha=3, target_modules=["0"], use_dora=magnitude, lora_dropout=0.0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = peft.get_peft_model(nn.Sequential(copy.deepcopy(layer)), config)
        (inner,) = [each for each in theirs.modules() if hasattr(each, "lora_A") and hasattr(each, "base_layer")]
        A, B = inner.lora_A["default"].weight, inner.lora_B["default"].weight
        adapter: Any = ours.adapters["weight"]  # type: ignore[index]
        with torch.no_grad():
            A.copy_(adapter.A)
            B.copy_(adapter.B.view(B.shape))
            if magnitude:
                scale = inner.lora_magnitude_vector["default"].weight
                scale.copy_(adapter.magnitude.view(scale.shape))
        y = theirs(x)
    torch.testing.assert_close(ours(x), y, rtol=1e-5, atol=1e-5)
    y.sin().sum().backward()
    ours(x).sin().sum().backward()
    torch.testing.assert_close(adapter.A.grad, A.grad, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(adapter.B.grad.view(B.shape), B.grad, rtol=1e-4, atol=1e-5)
    if magnitude:
        torch.testing.assert_close(adapter.magnitude.grad.view(scale.shape), scale.grad, rtol=1e-4, atol=1e-5)
    merge(ours)
    inner.merge()
    torch.testing.assert_close(ours.weight, inner.base_layer.weight, rtol=1e-5, atol=1e-6)


def test_whoever_reads_the_weight_gets_what_the_layer_computes_with() -> None:
    layer = with_adapters(nn.Linear(7, 5).double(), False)
    x = torch.randn(3, 7, dtype=torch.float64)
    torch.testing.assert_close(nn.functional.linear(x, layer.weight, layer.bias), layer(x))  # type: ignore[arg-type]


@pytest.mark.parametrize("name", LAYERS)
def test_the_size_is_that_of_its_parameters(name: str) -> None:
    layer = LAYERS[name][0]()
    for weight in matrices(layer):
        expected = size(layer, weight, 3, True)
        own = copy.deepcopy(layer)
        assert sum(each.numel() for each in attach(own, weight, 3, 1.0, True).parameters()) == expected


@pytest.mark.parametrize(
    ("layer", "name"),
    [(nn.LayerNorm(4), "weight"), (nn.Linear(3, 4), "bias"), (nn.ConvTranspose2d(4, 4, 2, groups=2), "weight")],
)
def test_what_cannot_have_an_adapter(layer: nn.Module, name: str) -> None:
    with pytest.raises(ValueError, match="expected a weight of a dense, convolutional or recurrent layer"):
        attach(layer, name, 2, 1.0)
