"""Dense layers by oneDNN: the values, gradients and second gradients of the same layers written as loops."""

import copy

import pytest
import torch
from torch import nn

from weftnet.base.onednn import can_use_onednn
from weftnet.execution.products import dense_by_onednn

pytestmark = pytest.mark.skipif(not can_use_onednn(), reason="torch was built without oneDNN")


def by_hand(x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None) -> torch.Tensor:
    """y[…, o] = Σᵢ x[…, i] · weight[o, i] + bias[o] in float64."""
    columns = [(x * row).sum(-1) + (0 if bias is None else bias[o]) for o, row in enumerate(weight)]
    return torch.stack(columns, dim=-1)


@pytest.mark.parametrize("shape", [(5, 7), (2, 3, 7), (2, 4, 3, 7)], ids=str)
@pytest.mark.parametrize("bias", [True, False])
def test_values_gradients_and_second_gradients(shape: tuple[int, ...], bias: bool) -> None:
    torch.manual_seed(0)
    layer = nn.Linear(7, 4, bias=bias)
    assert dense_by_onednn(layer) == 1
    x = torch.randn(shape, requires_grad=True)
    exact = [value.detach().double().requires_grad_() for value in (x, *layer.parameters())]
    results = []
    for y, leaves in (
        (layer(x), [x, *layer.parameters()]),
        (by_hand(exact[0], exact[1], exact[2] if bias else None), exact),
    ):
        first = torch.autograd.grad(y.sin().sum(), leaves, create_graph=True)
        second = torch.autograd.grad(sum(each.square().sum() for each in first), leaves)
        results.append([y, *first, *second])
    for ours, true in zip(*results, strict=True):
        torch.testing.assert_close(ours.double(), true, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("dim", [1, 2, 3])
def test_gradients_that_come_in_other_layouts(dim: int) -> None:
    layer = nn.Linear(6, 5)
    x = torch.randn(4, 3, 6)
    gradient = torch.randn(5, 3, 4).permute(2, 1, 0) if dim == 3 else torch.ones(1).expand(4, 3, 5)
    gradients = []
    for use in (lambda _: None, dense_by_onednn):
        use(layer)
        part = x[..., ::1] if dim == 1 else x.transpose(0, 1).contiguous().transpose(0, 1)
        layer(part).backward(gradient)
        gradients.append([parameter.grad.clone() for parameter in layer.parameters()])
        layer.zero_grad()
    torch.testing.assert_close(*gradients, rtol=1e-5, atol=1e-5)


def test_a_copy_uses_its_own_weights_and_nothing_stays_behind() -> None:
    model = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
    dense_by_onednn(model)
    other = copy.deepcopy(model)
    with torch.no_grad():
        for parameter in other.parameters():
            parameter.zero_()
    x = torch.randn(5, 3)
    assert not other(x).any()
    assert model(x).any()
    assert list(model.state_dict()) == ["0.weight", "0.bias", "2.weight", "2.bias"]
    assert dense_by_onednn(model) == 0  # each layer is replaced once
    assert all("forward" not in module.__dict__ for module in model.modules())


@pytest.mark.parametrize(
    "x", [torch.randn(3), torch.randn(0, 3), torch.randn(2, 3, dtype=torch.float64)], ids=["vector", "empty", "double"]
)
def test_what_onednn_does_not_take_is_computed_as_ever(x: torch.Tensor) -> None:
    layer = nn.Linear(3, 4, dtype=x.dtype)
    expected = layer(x)
    dense_by_onednn(layer)
    assert torch.equal(layer(x), expected)


def test_no_rows_have_gradients_of_zeros() -> None:
    layer, x = nn.Linear(3, 4), torch.randn(0, 3, requires_grad=True)
    dense_by_onednn(layer)
    layer(x).sum().backward()
    assert x.grad is not None
    assert x.grad.shape == (0, 3)
    assert not any(parameter.grad is None or parameter.grad.any() for parameter in layer.parameters())


def test_autocast_still_decides() -> None:
    layer = nn.Linear(3, 4)
    dense_by_onednn(layer)
    with torch.autocast("cpu", torch.bfloat16):
        assert layer(torch.randn(2, 3)).dtype == torch.bfloat16
