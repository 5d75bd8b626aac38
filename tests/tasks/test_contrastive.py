import math

import numpy as np
import pytest
import torch
from torch import nn

from weftnet.architecture.signal import parse
from weftnet.architecture.spec import Block
from weftnet.blocks import BLOCKS
from weftnet.data.batch import Batch
from weftnet.errors import ArchitectureError, DataError, SettingError
from weftnet.tasks import ANSWERS
from weftnet.tasks.contrastive.task import Contrastive, nt_xent, terms
from weftnet.tasks.contrastive.views import VIEWS

TEXT = {"signals": {"tokens": "tokens:7,vocabulary=20,padded"}}


def unit(n, dim, seed):
    z = torch.randn(n, dim, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
    return (z / z.norm(dim=1, keepdim=True)).requires_grad_()


def test_nt_xent_and_its_gradients_equal_the_formula_written_as_loops():
    a, b, temperature = unit(5, 3, 0), unit(5, 3, 1), 0.3
    views, total = [*a, *b], 0.0
    for i in range(10):
        twin = (i + 5) % 10
        others = sum(torch.exp((views[i] * views[k]).sum() / temperature) for k in range(10) if k != i)
        total = total - torch.log(torch.exp((views[i] * views[twin]).sum() / temperature) / others)
    expected = total / 10
    wanted = torch.autograd.grad(expected, (a, b))
    got = nt_xent(a, b, temperature)
    torch.testing.assert_close(got, expected)
    for one, other in zip(torch.autograd.grad(got, (a, b)), wanted, strict=True):
        torch.testing.assert_close(one, other)


def test_terms_equal_their_definitions():
    a, b, temperature = unit(6, 4, 2).detach(), unit(6, 4, 3).detach(), 0.2
    got = terms(a, b, temperature)
    for i in range(6):
        near = [float(a[i] @ b[k]) for k in range(6)]
        assert float(got["retrieval"][i]) == (max(range(6), key=near.__getitem__) == i)
        weights = [math.exp(each / temperature) for each in near]
        assert float(got["loss"][i]) == pytest.approx(-math.log(weights[i] / sum(weights)))
        assert float(got["alignment"][i]) == pytest.approx(float(((a[i] - b[i]) ** 2).sum()))
        apart = [math.exp(-2 * float(((a[i] - a[k]) ** 2).sum())) for k in range(6) if k != i]
        assert float(got["uniformity"][i]) == pytest.approx(sum(apart) / 5)


class Mean(nn.Module):
    """The mean of random vectors of the tokens that count."""

    def __init__(self, dropout=0.0):
        super().__init__()
        self.table, self.dropout = nn.Embedding(20, 5), nn.Dropout(dropout)

    def forward(self, inputs, masks=None):
        count = masks["tokens"][:, :, None]
        return self.dropout((self.table(inputs["tokens"]) * count).sum(1) / count.sum(1))


def texts():
    tokens = torch.tensor([[3, 4, 5, 6, 7, 8, 9], [2, 3, 0, 0, 0, 0, 0]])
    return Batch({"tokens": tokens}, {"tokens": tokens > 0}, {}, torch.arange(2))


def test_twins_of_tokens_differ_by_dropout_alone_while_training_and_by_words_where_they_are_looked_for():
    task, model = Contrastive(**TEXT), nn.ModuleDict({"network": Mean(0.5)})
    view = task.view(texts(), torch.Generator().manual_seed(0), 0.0)
    assert torch.equal(view.inputs["tokens"], texts().inputs["tokens"])
    a, b = task.pair(model["network"].train(), texts(), torch.Generator().manual_seed(0), 0.0)
    assert not torch.equal(a, b)
    a, b = task.pair(model["network"].eval(), texts(), torch.Generator().manual_seed(1), 0.4)
    assert not torch.equal(a, b)


def test_words_that_are_left_out_are_closed_up_and_one_is_always_left():
    for seed in range(20):
        tokens, mask = VIEWS["tokens"](
            texts().inputs["tokens"], texts().masks["tokens"], torch.Generator().manual_seed(seed), drop=0.6
        )
        for row, real, before in zip(tokens, mask, texts().inputs["tokens"], strict=True):
            kept = row[real].tolist()
            assert kept
            assert kept == [each for each in before.tolist() if each in kept]
            assert not row[~real].any()
            assert real.tolist() == sorted(real.tolist(), reverse=True)


def test_columns_of_a_vector_are_swapped_whole_and_come_from_the_same_column():
    x = torch.arange(20 * 6, dtype=torch.float32).reshape(20, 6)
    y, _ = VIEWS["vector"](x, None, torch.Generator().manual_seed(0), widths=[1, 3, 2])
    assert torch.equal(y % 6, x % 6)
    rows = (y // 6).long()
    for start, end in ((0, 1), (1, 4), (4, 6)):
        assert torch.equal(rows[:, start:end], rows[:, start : start + 1].expand(-1, end - start))
    changed = (rows[:, [0, 1, 4]] != torch.arange(20)[:, None]).double().mean()
    assert 0.1 < changed < 0.5


@pytest.mark.parametrize("kind", ["image", "series", "vector"])
def test_a_view_is_drawn_by_the_generator_alone_and_changes_every_example(kind):
    x = torch.randn({"image": (9, 3, 8, 8), "series": (9, 20, 3), "vector": (9, 30)}[kind])
    first, again, other = (VIEWS[kind](x, None, torch.Generator().manual_seed(seed))[0] for seed in (0, 0, 1))
    assert torch.equal(first, again)
    assert first.shape == x.shape
    assert (first != x).flatten(1).any(1).all()
    assert (first != other).flatten(1).any(1).all()


def test_padded_steps_of_a_series_stay_zero():
    mask = torch.arange(6) < torch.tensor([[6], [2]])
    y, after = VIEWS["series"](torch.ones(2, 6, 1), mask, torch.Generator().manual_seed(0))
    assert after is mask
    assert not y[~mask].any()


def test_a_network_without_dropout_is_refused_for_tokens_with_two_ways_out():
    model = nn.ModuleDict({"network": Mean()}).train()
    with pytest.raises(ArchitectureError, match=r"no dropout.*add \{dropout: \{rate: 0.1\}\}.*drop=0.1"):
        Contrastive(**TEXT).check(model)
    Contrastive(**TEXT, drop=0.1).check(model)
    Contrastive(**TEXT).check(nn.ModuleDict({"network": Mean(0.1)}))


def test_the_head_pools_and_projects_and_a_run_may_do_without_a_projection():
    task, bare = Contrastive({"image": "image:1x8x8"}), Contrastive({"image": "image:1x8x8"}, projection=False)
    assert task.head("network", parse("image:4x8x8"), "conv2d") == (Block("global_average_pool2d"), Block("projection"))
    assert bare.head("network", parse("vector:9"), "dense") == ()
    assert bare.head("network", parse("series:5x9"), "lstm") == (Block("global_average_pool1d"),)
    with pytest.raises(ArchitectureError, match="can't become a vector"):
        task.head("network", parse("tokens:5,vocabulary=9"), None)


def test_a_projection_is_two_layers_while_training_and_nothing_in_evaluation():
    block = BLOCKS.get("projection")(dim=5, hidden=3).double()
    x = torch.randn(4, 5, dtype=torch.float64, requires_grad=True)
    w1, b1, w2, b2 = block.inner.weight, block.inner.bias, block.outer.weight, block.outer.bias
    expected = torch.stack([
        torch.stack([
            sum(((x[n] * w1[h]).sum() + b1[h]).clamp(min=0) * w2[d, h] for h in range(3)) + b2[d] for d in range(5)
        ])
        for n in range(4)
    ])  # fmt: skip
    torch.testing.assert_close(block.train()(x), expected)
    assert block.eval()(x) is x
    with pytest.raises(ValueError, match="projection: hidden"):
        BLOCKS.get("projection")(dim=5, hidden=0)


def test_answers_are_of_length_one():
    first, zero = ANSWERS.get("contrastive")(np.array([[3.0, 4.0], [0.0, 0.0]], np.float32), {})
    assert first == {"vector": [pytest.approx(0.6), pytest.approx(0.8)]}
    assert zero == {"vector": [0.0, 0.0]}


@pytest.mark.parametrize(
    ("settings", "match"),
    [
        ({"temperature": 0}, "temperature is out of range"),
        ({"drop": 1.0}, "drop is out of range"),
        ({"signals": {"x": "boxes:4"}}, "boxes"),
    ],
)
def test_settings_are_checked(settings, match):
    with pytest.raises((SettingError, DataError), match=match):
        Contrastive(**{"signals": {"image": "image:1x8x8"}, **settings})
