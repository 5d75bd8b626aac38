"""No check of blocks and of the zoo is kept by everything: for each there is one that breaks it."""

from typing import Any

import pytest
import torch
from broken import outcome, sentences
from jaxtyping import Bool, Float
from torch import Tensor, nn

from weftnet.architecture.spec import Architecture, Block
from weftnet.zoo import ZOO


class OtherDtype(nn.Module):
    def forward(self, x: Float[Tensor, "batch dim"]) -> Float[Tensor, "batch dim"]:
        return x.float()


class Mixes(nn.Module):
    def forward(self, x: Float[Tensor, "batch dim"]) -> Float[Tensor, "batch dim"]:
        return x - x.mean(0)


class Unused(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(3))

    def forward(self, x: Float[Tensor, "batch dim"]) -> Float[Tensor, "batch dim"]:
        return 2 * x


class SeesPadding(nn.Module):
    def forward(
        self, x: Float[Tensor, "batch time dim"], mask: Bool[Tensor, "batch time"] | None = None
    ) -> Float[Tensor, "batch dim"]:
        return x.nan_to_num(7).mean(1)


class Noisy(nn.Module):
    def forward(self, x: Float[Tensor, "batch dim"]) -> Float[Tensor, "batch dim"]:
        return x + torch.randn_like(x)


class Clairvoyant(nn.Module):
    def __init__(self, causal: bool = False) -> None:
        super().__init__()

    def forward(self, x: Float[Tensor, "batch time dim"]) -> Float[Tensor, "batch time dim"]:
        return x + x.mean(1, keepdim=True)


class OtherSteps(nn.Module):
    def forward(self, x: Float[Tensor, "batch time dim"]) -> Float[Tensor, "batch time dim"]:
        return x.cumsum(1)

    def initial_state(self, batch: int, time: int) -> None:
        return None

    def step(self, x: Float[Tensor, "batch time dim"], state: None) -> tuple[Float[Tensor, "batch time dim"], None]:
        return x, None


class OtherExported(nn.Module):
    def forward(self, x: Float[Tensor, "batch dim"]) -> Float[Tensor, "batch dim"]:
        return x + float(torch.compiler.is_exporting())


class Silent(nn.Module):
    def __init__(self, gain: float = 2.0) -> None:
        super().__init__()
        self.gain = gain

    def forward(self, x: Float[Tensor, "batch dim"]) -> Float[Tensor, "batch dim"]:
        return self.gain * x


BLOCKS: dict[str, type[nn.Module]] = {
    "It gives the shape that it promises, finite, in the dtype that it was given": OtherDtype,
    "Each example of a batch gives what it gives alone": Mixes,
    "The gradient reaches every parameter and every input": Unused,
    "Padding never changes the answer, whatever stands in it; padded steps of the output are zero": SeesPadding,
    "In evaluation it repeats, and its state dict is all that it knows": Noisy,
    "Where it is causal, no step sees a later one": Clairvoyant,
    "Where it works step by step, the steps give what the whole pass gives, with tensors between": OtherSteps,
    "torch.export gives a program of the same numbers": OtherExported,
    "It has a formula, a source with its year and link, a cost, and says when to choose it": Silent,
    "Every argument of its constructor has a line under Args": Silent,
}


@pytest.mark.parametrize("sentence", BLOCKS)
def test_a_broken_block_is_found(sentence: str) -> None:
    found = outcome("block", sentence, {"block": BLOCKS[sentence]})
    assert found.verdict == "broken", found
    assert "it fails" not in found.why


def mlp(**settings: Any) -> Architecture:
    return ZOO.get("mlp")(widths=[5], **settings)


def of_tuples(classes: int | None = None) -> Architecture:
    return Architecture.of([Block("conv2d", {"channels": 3, "kernel": (3, 3)})])


def two_more(classes: int | None = None) -> Architecture:
    more = [Block("dense", {"dim": classes})] * 2 if classes else []
    return Architecture.of([Block("dense", {"dim": 5}), *more])


def of_broken(classes: int | None = None) -> Architecture:
    return Architecture.of([Block("dense", {"dim": 3}), Block("broken", {})])


def example(entry: Any, reads: str, parameters: int = 0) -> Any:
    entry.example = lambda: ({}, reads)
    entry.published = lambda: [({}, reads, parameters)]
    return entry


NETWORKS: dict[str, Any] = {
    "Written as YAML and read again it is the same, in its own size and in the small one": (
        example(of_tuples, "image:1x4x4"), None,
    ),
    "With `classes` it ends in one dense layer more, and is else the same": (example(two_more, "vector:3"), None),
    "Eight steps lower a loss, and the gradient reaches every parameter": (example(of_broken, "vector:3"), Unused),
    "torch.export gives a program of the same numbers": (example(of_broken, "vector:3"), OtherExported),
    "It has as many parameters as its source says": (example(mlp, "vector:3", 999), None),
    "It names its source, its parameters and every argument, and all have defaults": (example(mlp, "vector:3"), None),
}  # fmt: skip


@pytest.mark.parametrize("sentence", NETWORKS)
def test_a_broken_network_is_found(sentence: str) -> None:
    entry, block = NETWORKS[sentence]
    found = outcome("zoo", sentence, {"zoo": entry} | ({"block": block} if block else {}))
    assert found.verdict == "broken", found
    assert "it fails" not in found.why


@pytest.mark.parametrize(("word", "table"), [("block", BLOCKS), ("zoo", NETWORKS)])
def test_every_check_is_seen_to_fail(word: str, table: dict[str, Any]) -> None:
    assert sorted(table) == sorted(sentences(word))
