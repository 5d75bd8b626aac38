"""A user's own blocks, from a file that the user names."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from weftnet.architecture.signal import parse
from weftnet.architecture.spec import Architecture, Block, Chain
from weftnet.blocks import BLOCKS
from weftnet.compose import build, examine
from weftnet.errors import SettingError
from weftnet.plugins import load_plugin, snake_case

GOOD = '''
"""Blocks of mine."""
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import Dropout  # not defined here: no block of this file


class ScaleTime(nn.Module):
    """Its axes have names of its own, which match any."""

    def __init__(self, d: int, gain: float = 2.0) -> None:
        super().__init__()
        self.gain, self.linear = gain, nn.Linear(d, d)

    def forward(self, x: Float[Tensor, "b t d"]) -> Float[Tensor, "b t d"]:
        return self.gain * self.linear(x)


class _Hidden(nn.Module): ...


class Bare(nn.Module):
    def forward(self, x):
        return x


class Fussy(nn.Module):
    def forward(self, x: Float[Tensor, "batch dim"]) -> Float[Tensor, "batch dim"]:
        return nn.functional.linear(x, x.new_zeros(3, 99))
'''


@pytest.fixture
def loaded(tmp_path: Path) -> Iterator[list[str]]:
    (tmp_path / "mine.py").write_text(GOOD)
    names = load_plugin(tmp_path / "mine.py")
    assert load_plugin(tmp_path / "mine.py") == names  # named twice, executed once
    yield names
    for name in names:
        del BLOCKS._entries[name]


def test_names(loaded: list[str]) -> None:
    assert loaded == ["bare", "fussy", "scale_time"]
    assert BLOCKS.family("scale_time") == "plugin"
    assert snake_case("Conv2d") == "conv2d"
    assert snake_case("LSTMCell2") == "lstm_cell2"
    assert snake_case("SquaredReLU") == "squared_re_lu"


def test_a_plugin_is_a_block_like_any_other(loaded: list[str]) -> None:
    signal = parse("series:5x3,padded")
    node = Chain((Block("scale_time", {"gain": 0.5}), Block("last_step")))
    network = build(Architecture.of(node), {"network": {"x": signal}})["network"]
    assert network.get_submodule("0").linear.in_features == 3
    assert [row.output.axes for row in network.rows] == [("time", "dim"), ("dim",)]
    mask = torch.tensor([[True] * 5, [True] * 2 + [False] * 3])
    x = torch.randn(2, 5, 3)
    y = network(x, {"x": mask})
    torch.testing.assert_close(y[1], network.get_submodule("0")(x[1:, :2])[0, -1])


def test_a_plugin_without_annotations(loaded: list[str]) -> None:
    _, faults = examine(Chain((Block("bare"),)), {"x": parse("vector:3")})
    (fault,) = faults
    assert str(fault).splitlines()[:2] == [
        "0 (bare): is not a block: forward's argument 'x' has no shape annotation",
        '  reads: a jaxtyping annotation such as Float[Tensor, "batch time dim_in"]',
    ]


def test_torch_is_translated(loaded: list[str]) -> None:
    _, faults = examine(Chain((Block("fussy"),)), {"x": parse("vector:4")})
    assert faults[0].what == "reads 99 values per position, not 4"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (None, "is not a Python file"),
        ("", "defines no block"),
        ("from torch.nn import Linear\nclass _Mine(Linear): ...", "defines no block"),
        ("import nothing_of_that_name", "fails: ModuleNotFoundError: No module named 'nothing_of_that_name'"),
        ("from torch import nn\nclass Dense(nn.Module): ...", "the block 'dense' already exists"),
    ],
)
def test_what_is_no_plugin(tmp_path: Path, text: str | None, says: str) -> None:
    path = tmp_path / "mine.py"
    if text is not None:
        path.write_text(text)
    before = BLOCKS.names()
    with pytest.raises(SettingError, match=says):
        load_plugin(path)
    assert BLOCKS.names() == before
