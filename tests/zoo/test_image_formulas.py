"""Networks for images against the formulas of their papers, written out over the same weights in their order."""

from collections.abc import Iterator
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from oracles import same
from torch import Tensor, nn
from weights import network, shaken

from weftnet.errors import SettingError
from weftnet.zoo import ZOO


class Layers:
    """The weights of a network's layers, one after another, as plain functions."""

    def __init__(self, net: nn.Module) -> None:
        kinds = nn.Conv2d | nn.BatchNorm2d | nn.Linear
        self.left: Iterator[Any] = iter([each for each in net.modules() if isinstance(each, kinds)])

    def conv(
        self, x: Tensor, stride: int = 1, dilation: int = 1, groups: int = 1, padding: int | None = None
    ) -> Tensor:
        layer = next(self.left)
        reach = (layer.weight.shape[2] - 1) * dilation // 2
        return F.conv2d(x, layer.weight, layer.bias, stride, reach if padding is None else padding, dilation, groups)

    def norm(self, x: Tensor, eps: float = 1e-5) -> Tensor:
        layer = next(self.left)
        mean, var = (each[:, None, None] for each in (layer.running_mean, layer.running_var))
        return (x - mean) / (var + eps).sqrt() * layer.weight[:, None, None] + layer.bias[:, None, None]

    def dense(self, x: Tensor) -> Tensor:
        layer = next(self.left)
        return x @ layer.weight.T + layer.bias

    def done(self) -> None:
        assert next(self.left, None) is None


def made(name: str, text: str, **settings: Any) -> tuple[nn.Module, Layers, Tensor]:
    net = shaken(network(ZOO.get(name)(**settings), text))
    size = [int(each) for each in text.partition(":")[2].split("x")]
    return net, Layers(net), torch.randn(2, *size, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


def test_densenet() -> None:
    net, own, x = made("densenet", "image:3x8x10", growth=4, layers=[2, 3], stem="small", classes=5)
    y = F.relu(own.norm(own.conv(x)))
    for block, count in enumerate((2, 3)):
        features = [y]
        for _ in range(count):
            seen = torch.cat(features, 1)
            features.append(own.conv(F.relu(own.norm(own.conv(F.relu(own.norm(seen)))))))
        y = torch.cat(features, 1)
        if block == 0:
            y = F.avg_pool2d(own.conv(F.relu(own.norm(y))), 2)
    y = own.dense(F.relu(own.norm(y)).mean((2, 3)))
    own.done()
    same(net(x), y)


def test_googlenet() -> None:
    net, own, x = made("googlenet", "image:3x9x12", narrower=16, stem="small", classes=5)

    def conv(x: Tensor) -> Tensor:
        return F.relu(own.norm(own.conv(x), 1e-3))

    y = conv(conv(x))
    for number, count in enumerate((2, 5, 2)):
        y = F.max_pool2d(y, 3, 2, 1) if number else y
        for _ in range(count):
            y = torch.cat([conv(y), conv(conv(y)), conv(conv(y)), conv(F.max_pool2d(y, 3, 1, 1))], 1)
    y = own.dense(y.mean((2, 3)))
    own.done()
    same(net(x), y)


def test_wide_resnet() -> None:
    net, own, x = made("wide_resnet", "image:3x9x8", depth=16, widen=2, dropout=0.3, classes=5)
    y = own.conv(x)
    for stage in range(3):
        for i in range(2):
            stride = 2 if stage and not i else 1
            a = F.relu(own.norm(y))
            inner = own.conv(F.relu(own.norm(own.conv(a, stride))))
            y = inner + (own.conv(a, stride) if i == 0 else y)
    y = own.dense(F.relu(own.norm(y)).mean((2, 3)))
    own.done()
    same(net(x), y)


@pytest.mark.parametrize("size", ["small", "large"])
def test_mobilenet_v3(size: str) -> None:
    """The paper's tables once more, by the rows' kernels; gates are a quarter as wide."""
    net, own, x = made("mobilenet_v3", "image:3x33x40", size=size, width=0.25, classes=5)
    relu, swish = F.relu, lambda x: x * F.relu6(x + 3) / 6
    rows = {
        "large": "16r1 64r2 72r1 72sr2 120sr1 120sr1 240h2 200h1 184h1 184h1 480sh1 672sh1 672sh2 960sh1 960sh1",
        "small": "16sr2 72r2 88r1 96sh2 240sh1 240sh1 120sh1 144sh1 288sh2 576sh1 576sh1",
    }[size].split()
    y = swish(own.norm(own.conv(x, 2), 1e-3))
    for number, row in enumerate(rows):
        activation, stride, inner = (swish if "h" in row else relu), int(row[-1]), y
        if number:  # the first row does not expand
            inner = activation(own.norm(own.conv(inner), 1e-3))
        inner = activation(own.norm(own.conv(inner, stride, groups=inner.shape[1]), 1e-3))
        if "s" in row:
            gate = own.dense(relu(own.dense(inner.mean((2, 3)))))
            inner = inner * (F.relu6(gate + 3) / 6)[:, :, None, None]
        inner = own.norm(own.conv(inner), 1e-3)
        y = inner + y if inner.shape == y.shape and stride == 1 else inner
    y = swish(own.norm(own.conv(y), 1e-3)).mean((2, 3))
    y = own.dense(swish(own.dense(y)))
    own.done()
    same(net(x), y, 1e-6)


def bottlenecks(own: Layers, y: Tensor, count: int, stride: int, dilations: tuple[int, int], groups: int = 1) -> Tensor:
    for i in range(count):
        inner = F.relu(own.norm(own.conv(y)))
        inner = F.relu(own.norm(own.conv(inner, 1 if i else stride, dilations[i > 0], groups)))
        inner = own.norm(own.conv(inner))
        y = F.relu(inner + (y if i else own.norm(own.conv(y, stride))))
    return y


def stem(own: Layers, x: Tensor) -> Tensor:
    return F.max_pool2d(F.relu(own.norm(own.conv(x, 2))), 3, 2, 1)


@pytest.mark.slow
def test_resnext() -> None:
    net, own, x = made("resnet", "image:3x32x40", depth=50, groups=4, width=8, classes=5)
    y = stem(own, x)
    for number, count in enumerate((3, 4, 6, 3)):
        y = bottlenecks(own, y, count, 2 if number else 1, (1, 1), 4)
    y = own.dense(y.mean((2, 3)))
    own.done()
    same(net(x), y, 1e-8)


@pytest.mark.slow
@pytest.mark.parametrize(("reduced", "last"), [(8, ((1, 1, 2), (1, 2, 4))), (16, ((2, 1, 1), (1, 1, 2)))])
def test_dilations_for_strides(reduced: int, last: tuple[tuple[int, int, int], ...]) -> None:
    """FCN, and DeepLab v3, whose pyramid reads 6 or 12, 12 or 24, 18 or 36 pixels apart."""
    steps = ((1, 1, 1), (2, 1, 1), *last)
    net, own, x = made("fcn", "image:3x64x32", reduced=reduced)
    y = stem(own, x)
    for count, (stride, first, others) in zip((3, 4, 6, 3), steps, strict=True):
        y = bottlenecks(own, y, count, stride, (first, others))
    assert y.shape[2:] == (64 // reduced, 32 // reduced)
    y = F.relu(own.norm(own.conv(y)))
    own.done()
    same(net(x), y, 1e-8)


@pytest.mark.slow
def test_deeplab_v3_plus() -> None:
    net, own, x = made("deeplab", "image:3x64x32", width=8)

    def conv(x: Tensor, dilation: int = 1) -> Tensor:
        return F.relu(own.norm(own.conv(x, dilation=dilation)))

    first = bottlenecks(own, stem(own, x), 3, 1, (1, 1))
    fine = conv(first)
    y = bottlenecks(own, first, 4, 2, (1, 1))
    y = bottlenecks(own, y, 6, 2, (1, 1))
    y = bottlenecks(own, y, 3, 1, (1, 2))
    branches = [conv(y), conv(y, 6), conv(y, 12), conv(y, 18)]
    branches.append(conv(y.mean((2, 3), keepdim=True)).expand_as(branches[0]))
    y = F.interpolate(conv(torch.cat(branches, 1)), scale_factor=4, mode="bilinear")
    y = conv(conv(torch.cat([fine, y], 1)))
    own.done()
    same(net(x), y, 1e-8)


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("resnet", {"depth": 18, "groups": 2}),
        ("resnet", {"depth": 20}),
        ("densenet", {"depth": 120}),
        ("googlenet", {"kernel": 7}),
        ("wide_resnet", {"depth": 27}),
        ("mobilenet_v3", {"size": "medium"}),
        ("efficientnet", {"size": 8}),
        ("convnext", {"size": "huge"}),
        ("swin", {"channels": 40}),
        ("fcn", {"depth": 18, "reduced": 8}),
        ("deeplab", {"version": "v2"}),
    ],
)
def test_what_there_is_not_is_refused(name: str, settings: dict[str, Any]) -> None:
    with pytest.raises(SettingError, match=r"no such network[\s\S]*expected: [\s\S]*got: "):
        ZOO.get(name)(**settings)
