"""Convolutions over turns: their formulas as loops, and what they are for: turned input, turned output."""

import pytest
import torch
from oracles import functional, gradients_match, same
from torch import nn
from torch.nn import functional as F

from weftnet.blocks.convolution.rotation_conv2d import RotationConv2d
from weftnet.blocks.convolution.rotation_lifting2d import RotationLifting2d
from weftnet.blocks.normalisation.rotation_norm2d import RotationNorm2d
from weftnet.blocks.pooling.rotation_pool2d import RotationPool2d


def turned(filter_, turns):
    """Index by index: a turn anticlockwise takes row i, column j from row j, column k − 1 − i."""
    k = filter_.shape[-1]
    for _ in range(turns):
        rows = [torch.stack([filter_[j, k - 1 - i] for j in range(k)]) for i in range(k)]
        filter_ = torch.stack(rows)
    return filter_


def convolved(plane, filter_):
    """(batch, height, width) by one filter, zeros around."""
    return F.conv2d(plane[:, None], filter_[None, None], padding=filter_.shape[-1] // 2)[:, 0]


def lifting(x, weight, bias):
    planes = []
    for c in range(len(weight)):
        for r in range(4):
            planes.append(bias[c] + sum(convolved(x[:, i], turned(weight[c, i], r)) for i in range(x.shape[1])))
    return torch.stack(planes, 1)


def over_turns(x, weight, bias):
    planes = []
    for c in range(len(weight)):
        for r in range(4):
            y = bias[c]
            for i in range(x.shape[1] // 4):
                for s in range(4):
                    y = y + convolved(x[:, 4 * i + s], turned(weight[c, i, (s - r) % 4], r))
            planes.append(y)
    return torch.stack(planes, 1)


@pytest.mark.parametrize("kernel", [1, 3])
def test_they_are_their_formulas(kernel):
    f, weights = functional(RotationLifting2d(2, 3, kernel))
    gradients_match(f, lifting, [torch.randn(2, 2, 5, 4).double(), *weights])
    f, weights = functional(RotationConv2d(8, 3, kernel))
    gradients_match(f, over_turns, [torch.randn(2, 8, 5, 4).double(), *weights])


def network():
    """Lifting, norms, activations, pooling, convolutions over turns: all that keeps turns."""
    net = nn.Sequential(
        RotationLifting2d(3, 5), RotationNorm2d(20), nn.ReLU(), nn.MaxPool2d(2), RotationConv2d(20, 6, 5), nn.SiLU(),
        RotationConv2d(24, 4),
    )  # fmt: skip
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.normal_(0, 0.5)
    return net


@pytest.mark.parametrize("train", [False, True])
def test_a_turned_image_gives_turned_features_whose_turns_move_on(train):
    net = network().double().train(train)
    x = torch.randn(2, 3, 12, 8, dtype=torch.float64)
    y = net(x).unflatten(1, (4, 4))
    for turns in range(1, 4):
        of_turned = net(x.rot90(turns, (2, 3))).unflatten(1, (4, 4))
        same(of_turned, y.rot90(turns, (3, 4)).roll(turns, 2), 1e-9)
        assert (of_turned - y.rot90(turns, (3, 4))).abs().max() > 0.01


@pytest.mark.parametrize("how", ["max", "mean"])
def test_pooled_the_answer_does_not_know_how_an_image_is_turned(how):
    """In single precision, as it is trained, to 1e-6 of the largest value."""
    net, pool = network().eval(), RotationPool2d(16, how)
    x = torch.randn(3, 3, 8, 8)
    y = pool(net(x)).detach()
    for turns in range(1, 4):
        plane = pool(net(x.rot90(turns, (2, 3))))
        torch.testing.assert_close(plane.mean((2, 3)), y.mean((2, 3)), rtol=0, atol=1e-6 * float(y.abs().max()))
        torch.testing.assert_close(plane, y.rot90(turns, (2, 3)), rtol=0, atol=1e-5 * float(y.abs().max()))


def test_the_norm_has_one_statistic_for_the_four_turns():
    norm, theirs = RotationNorm2d(12).double(), nn.BatchNorm1d(3).double()
    x = torch.randn(5, 12, 3, 2, dtype=torch.float64)
    with torch.no_grad():
        norm.norm.weight.normal_()
        norm.norm.bias.normal_()
    theirs.load_state_dict(norm.norm.state_dict())

    def flat(values):
        rows = values.view(5, 3, 4, 3, 2).movedim(1, -1).reshape(-1, 3)
        return theirs(rows).view(5, 4, 3, 2, 3).movedim(-1, 1).reshape(5, 12, 3, 2)

    gradients_match(norm, flat, [x])
    norm.eval(), theirs.eval()
    gradients_match(norm, flat, [x])


def test_pools_are_over_turns_alone():
    x = torch.randn(2, 8, 3, 4).double()
    same(RotationPool2d(8, "mean")(x), torch.stack([x[:, :4].mean(1), x[:, 4:].mean(1)], 1))
    same(RotationPool2d(8)(x), torch.stack([x[:, :4].amax(1), x[:, 4:].amax(1)], 1))


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: RotationLifting2d(3, 4, 2), "rotation_lifting2d: kernel: expected an odd number, got 2"),
        (lambda: RotationLifting2d(0, 4), "rotation_lifting2d: channels_in: expected a positive integer, got 0"),
        (
            lambda: RotationConv2d(6, 4),
            "rotation_conv2d: channels_in: expected a multiple of 4.*got 6; put rotation_lift",
        ),
        (lambda: RotationConv2d(8, 4, 4), "rotation_conv2d: kernel: expected an odd number, got 4"),
        (lambda: RotationPool2d(2), "rotation_pool2d: channels_in: expected a multiple of 4"),
        (lambda: RotationNorm2d(8, eps=0.0), "rotation_norm2d: expected eps > 0"),
    ],
)
def test_settings_are_checked(make, text):
    with pytest.raises(ValueError, match=text):
        make()
