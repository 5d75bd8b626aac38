"""The poolings over a whole image or a whole sequence, and the picking of one step."""

import pytest
import torch
from oracles import exports, functional, gradients_match, padding_neutral, randomise, same

from weftnet.blocks import BLOCKS

IMAGES = {
    "global_average_pool2d": lambda x: x.flatten(2).sum(-1) / (x.shape[2] * x.shape[3]),
    "global_max_pool2d": lambda x: x.flatten(2).max(-1).values,
}
SEQUENCES = {
    "global_average_pool1d": lambda x: sum(x.unbind(1)) / x.shape[1],
    "global_max_pool1d": lambda x: x.max(1).values,
    "last_step": lambda x: x.unbind(1)[-1],
    "first_step": lambda x: x.unbind(1)[0],
}


def attention(x, key, bias, query):
    """The formula of the docstring, row by row."""
    rows = []
    for row in x:
        shares = torch.stack([(query[0] * torch.tanh(key @ step + bias)).sum() for step in row]).exp()
        rows.append(sum(share * step for share, step in zip(shares / shares.sum(), row, strict=True)))
    return torch.stack(rows)


def make(name):
    return randomise(BLOCKS.get(name)(4, 3) if name == "attention_pool" else BLOCKS.get(name)())


@pytest.mark.parametrize("name", IMAGES)
def test_an_image_becomes_a_vector(name):
    gradients_match(make(name), IMAGES[name], [torch.randn(2, 3, 5, 4).double()])


@pytest.mark.parametrize("name", SEQUENCES)
def test_a_sequence_becomes_a_vector(name):
    gradients_match(make(name), SEQUENCES[name], [torch.randn(2, 5, 4).double()])


@pytest.mark.parametrize("dim_hidden", [None, 3])
def test_attention_is_its_formula(dim_hidden):
    f, weights = functional(BLOCKS.get("attention_pool")(4, dim_hidden))
    assert weights[0].shape == (dim_hidden or 4, 4)
    gradients_match(f, attention, [torch.randn(2, 5, 4).double(), *weights])


@pytest.mark.parametrize("name", [*SEQUENCES, "attention_pool"])
def test_padding_never_changes_the_answer(name):
    x = torch.randn(4, 7, 4).double() - 5  # all negative: a zero of the padding would win a maximum
    padding_neutral(make(name), x, [7, 3, 1, 5], None)


@pytest.mark.parametrize("name", [*SEQUENCES, "attention_pool"])
def test_padding_at_the_start_and_between_counts_for_nothing_either(name):
    block, x = make(name), torch.randn(2, 6, 4).double()
    mask = torch.tensor([[False, True, True, False, True, False], [True, False, False, True, False, True]])
    for row in range(2):
        same(block(x, mask)[row : row + 1], block(x[row : row + 1, mask[row]]))


@pytest.mark.parametrize("name", [*SEQUENCES, "attention_pool"])
def test_a_row_of_padding_alone_gives_zero_and_no_gradient(name):
    block, mask = make(name), torch.tensor([[True, True, False], [False, False, False]])
    x = torch.randn(2, 3, 4).double()
    x[1] = torch.nan
    x.requires_grad_()
    y = block(x, mask)
    assert not y[1].any()
    gradients = torch.autograd.grad(y.square().sum(), [x, *block.parameters()])
    assert not gradients[0][1].any()
    assert all(gradient.isfinite().all() for gradient in gradients)


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("name", [*SEQUENCES, "attention_pool"])
def test_a_sequence_exports_and_keeps_bfloat16(name, masked):
    mask = torch.arange(5) < torch.tensor([[5], [2]]) if masked else None
    x = torch.randn(2, 5, 4)
    exports(make(name), x.double(), mask)
    assert make(name).bfloat16()(x.bfloat16(), mask).dtype == torch.bfloat16


@pytest.mark.parametrize("name", IMAGES)
def test_an_image_exports_and_keeps_bfloat16(name):
    exports(make(name), torch.randn(2, 3, 5, 4))
    assert make(name)(torch.randn(2, 3, 5, 4).bfloat16()).dtype == torch.bfloat16


@pytest.mark.parametrize(("settings", "name"), [((0,), "dim_in"), ((4, 0), "dim_hidden")])
def test_bad_sizes_of_attention_are_rejected(settings, name):
    with pytest.raises(ValueError, match=f"^attention_pool: {name}: expected a positive integer, got 0$"):
        BLOCKS.get("attention_pool")(*settings)
