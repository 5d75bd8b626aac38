"""Weights of another shape that are made to fit: positions, vocabulary, channels; each against the sum written out."""

from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import torch
from torch import nn

from weftnet.architecture.reading import from_dict
from weftnet.architecture.signal import parse
from weftnet.data import Data, open_data
from weftnet.run.folder import Run
from weftnet.run.loading import load
from weftnet.tasks import TASKS
from weftnet.train import Recipe, Start, fit
from weftnet.train.refitting import Scene


def scene(before: str, after: str, role: str = "", tokens: tuple[Any, Any] = ((), ())) -> Scene:
    roles = {"w": role} if role else {}
    return Scene(roles, frozenset({"w"}), {"x": parse(before)}, {"x": parse(after)}, *map(tuple, tokens))


def adapted(this: Scene, old: torch.Tensor, shape: tuple[int, ...]) -> tuple[torch.Tensor, str]:
    made = this.adapted("w", old, torch.full(shape, 7.0))
    assert made is not None
    return made


@pytest.mark.parametrize("extra", [0, 1])
def test_a_grid_of_positions_is_resized(extra: int) -> None:
    """A plane over the grid stays a plane, at the centres of the new cells; the class token's row stays."""
    rows, columns, more, wide = 8, 12, 4, 6

    def plane(high: int, width: int, step: float) -> torch.Tensor:
        down, right = (torch.arange(high) + 0.5) * step * 3, (torch.arange(width) + 0.5) * step
        return torch.stack(torch.meshgrid(down, right, indexing="ij")).reshape(2, -1).t()

    old = torch.cat([torch.full((extra, 2), -5.0), plane(rows, columns, 1.0)])
    new, how = adapted(scene("image:3x32x48", "image:3x16x24", "positions"), old, (extra + more * wide, 2))
    assert how == "a grid of 8×12 resized to 4×6"
    assert torch.equal(new[:extra], old[:extra])
    inner = new[extra:].reshape(more, wide, 2)[1:-1, 1:-1]
    torch.testing.assert_close(inner, plane(more, wide, 2.0).reshape(more, wide, 2)[1:-1, 1:-1])


def test_a_grid_that_is_none() -> None:
    assert (
        scene("image:3x32x32", "image:3x16x16", "positions").adapted("w", torch.ones(15, 2), torch.ones(5, 2)) is None
    )


def test_positions_of_a_text_are_cut_or_kept() -> None:
    old, this = torch.randn(6, 3), scene("tokens:6,vocabulary=9", "tokens:4,vocabulary=9", "positions")
    new, how = adapted(this, old, (4, 3))
    assert torch.equal(new, old[:4])
    assert how == "the first 4 rows of 6"
    new, how = adapted(this, old, (8, 3))
    assert torch.equal(new[:6], old)
    assert bool((new[6:] == 7).all())
    assert how == "6 rows, 2 new behind"


def test_tokens_are_known_by_their_text() -> None:
    old = torch.arange(8.0).reshape(4, 2)
    tokens = (("\x000", "\x001", "bee", "cow"), ("\x000", "\x001", "cow", "ant", "bee"))
    this = scene("tokens:3,vocabulary=4", "tokens:3,vocabulary=5", "vocabulary", tokens)
    new, how = adapted(this, old, (5, 2))
    assert new.tolist() == [[0, 1], [2, 3], [6, 7], [7, 7], [4, 5]]
    assert how == "4 of 5 tokens known there, the others new"
    assert this.unlike("w", torch.ones(4, 2), torch.ones(4, 2)), "the same shape, and other numbers"
    assert (
        scene("tokens:3,vocabulary=4", "tokens:3,vocabulary=5", "vocabulary").adapted("w", old, torch.ones(5, 2))
        is None
    )


@pytest.mark.parametrize("shape", [(5, 3, 2, 2), (5, 12)])
def test_channels_become_grey(shape: tuple[int, ...]) -> None:
    """A grey image gives what the same image in three equal channels gives: of a convolution, and of patches."""
    old = torch.randn(shape)
    new, how = adapted(scene("image:3x8x8", "image:1x8x8"), old, (5, 1, 2, 2) if len(shape) == 4 else (5, 4))
    assert how == "summed over 3 channels"
    grey = torch.randn(1, 1, 2, 2)
    x = (new.reshape(5, -1) * grey.reshape(1, -1)).sum(1)
    y = (old.reshape(5, -1) * grey.expand(1, 3, 2, 2).reshape(1, -1)).sum(1)
    torch.testing.assert_close(x, y)


def test_channels_are_repeated() -> None:
    old = torch.randn(5, 3, 2, 2)
    new, how = adapted(scene("image:3x8x8", "image:4x8x8"), old, (5, 4, 2, 2))
    assert how == "3 channels repeated to 4"
    torch.testing.assert_close(new, old[:, [0, 1, 2, 0]] * 3 / 4)
    assert scene("image:3x8x8", "image:4x8x8").adapted("w", old, torch.ones(6, 4, 2, 2)) is None


def trained(folder: Path, data: Data, net: Any, start: Start | None = None) -> Run:
    task = TASKS.get("classification").from_data(data)
    recipe = Recipe.for_task(task, steps=1, plan="eager", lr=1e-9, keep="last", batch_size=8)
    return fit(from_dict(net), task, data, recipe, folder, start=start, device="cpu")


def weights(run: Run) -> dict[str, torch.Tensor]:
    return dict(cast(nn.Module, load(run).model).state_dict())


def test_a_training_from_another_vocabulary_and_longer_texts(tmp_path: Path) -> None:
    net = {"chain": [{"embedding": {"dim": 6}}, "learned_positions", "global_average_pool1d"]}
    first = {"text": ["the bee hums", "the cow moos loud today"] * 20, "y": ["a", "b"] * 20}
    other = {"text": ["a cow and the bee", "the ant and a bee sing here now and then"] * 20, "y": ["a", "b"] * 20}
    origin = trained(tmp_path / "first", open_data(first, target="y", kinds={"text": "text"}), net)
    data = open_data(other, target="y", kinds={"text": "text"})  # its own vocabulary: fitted anew
    run = trained(tmp_path / "second", data, net, Start(str(origin.folder)))
    before, after = weights(origin), weights(run)
    (old,), (new,) = (each.json("data.json")["preprocessing"]["columns"].values() for each in (origin, run))
    for token in ("cow", "the", "bee"):
        rows = (state["vocabulary"].index(token) + 2 for state in (old, new))
        here, there = next(rows), next(rows)
        torch.testing.assert_close(after["network.0.table.weight"][there], before["network.0.table.weight"][here])
    kept = len(before["network.1.weight"])
    torch.testing.assert_close(after["network.1.weight"][:kept], before["network.1.weight"])
    assert run.facts.start is not None
    (line,) = [line for line in run.facts.start.lines if line.startswith("made to fit")]
    assert "tokens known there, the others new" in line
    assert f"{kept} rows, {len(after['network.1.weight']) - kept} new behind" in line


def test_a_training_of_grey_images_from_coloured(tmp_path: Path) -> None:
    net = {"chain": [{"conv2d": {"channels": 4}}, "relu", "global_average_pool2d"]}
    draw = np.random.default_rng(0)
    colour = {"x": draw.integers(0, 255, (40, 6, 6, 3)).astype(np.uint8), "y": ["a", "b"] * 20}
    grey = {"x": draw.integers(0, 255, (40, 6, 6)).astype(np.uint8), "y": ["a", "b"] * 20}
    origin = trained(tmp_path / "first", open_data(colour), net)
    run = trained(tmp_path / "second", open_data(grey), net, Start(str(origin.folder)))
    before, after = weights(origin), weights(run)
    wanted = before["network.0.conv.weight"].sum(1, keepdim=True)
    torch.testing.assert_close(after["network.0.conv.weight"], wanted)
