"""What SpecAugment hides, counted over many draws."""

import pytest
import torch
from oracles import exports, normal, padding_neutral

from weftnet.blocks import BLOCKS


def hidden(bands: int, stretches: int, share: float, time: int = 20, dim: int = 10) -> torch.Tensor:
    """(batch, time, dim) which values of ones became zeros."""
    torch.manual_seed(0)
    block = BLOCKS.get("spec_augment")(bands, stretches, share).train()
    return block(torch.ones(4000, time, dim)) == 0


@pytest.mark.parametrize("axis", ["time", "dim"])
def test_one_mask_is_a_run_of_uniform_width_and_place(axis: str) -> None:
    found = hidden(1, 0, 0.3) if axis == "dim" else hidden(0, 1, 0.3)
    line, length, widest = (found[:, 0], 10, 3) if axis == "dim" else (found[:, :, 0], 20, 6)
    assert torch.equal(found, line.unsqueeze(1 if axis == "dim" else 2).expand_as(found)), "whole rows or columns"
    widths = line.sum(1)
    assert ((line[:, 1:] & ~line[:, :-1]).sum(1) + line[:, 0] <= 1).all(), "in one piece"
    shares = widths.bincount(minlength=widest + 1) / len(line)
    assert len(shares) == widest + 1
    torch.testing.assert_close(shares, torch.full_like(shares, 1 / (widest + 1)), atol=0.03, rtol=0)
    starts = line[widths == widest].int().argmax(1)
    places = starts.bincount(minlength=length - widest + 1) / len(starts)
    assert len(places) == length - widest + 1
    torch.testing.assert_close(places, torch.full_like(places, 1 / len(places)), atol=0.04, rtol=0)


def test_several_masks_hide_more_and_none_hides_nothing() -> None:
    assert not hidden(0, 0, 0.5).any()
    assert hidden(2, 2, 0.3).float().mean() > 1.5 * hidden(1, 1, 0.3).float().mean() > 0


def test_what_is_left_is_unchanged_and_evaluation_hides_nothing() -> None:
    block, x = BLOCKS.get("spec_augment")(), normal(3, 9, 5)
    y = block.train()(x)
    assert torch.equal(y[y != 0], x[y != 0])
    assert torch.equal(block.eval()(x), x)
    padding_neutral(block, x, [9, 4, 1], lambda steps: steps)
    exports(block, x)


def test_training_draws_by_torchs_generator() -> None:
    block, x = BLOCKS.get("spec_augment")(share=0.5).train(), torch.ones(8, 30, 30)
    torch.manual_seed(3)
    first = block(x)
    assert not torch.equal(block(x), first)
    torch.manual_seed(3)
    assert torch.equal(block(x), first)


@pytest.mark.parametrize("settings", [{"bands": -1}, {"stretches": -1}, {"share": 0.0}, {"share": 1.0}])
def test_bad_settings(settings: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"^spec_augment: "):
        BLOCKS.get("spec_augment")(**settings)
