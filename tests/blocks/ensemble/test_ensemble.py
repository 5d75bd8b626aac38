"""The blocks of an ensemble against its members one by one, and its loss against the mean of theirs."""

import pytest
import torch
import torch.nn.functional as F
from oracles import exports, functional, gradients_match, normal, randomise, same, unchecked

from weftnet.blocks.ensemble.member_dense import MemberDense
from weftnet.blocks.ensemble.member_mean import MemberMean
from weftnet.blocks.ensemble.rank_one_dense import RankOneDense
from weftnet.blocks.ensemble.to_members import ToMembers


def test_every_member_reads_the_vector():
    x = normal(3, 4)
    y = ToMembers(5)(x)
    same(y, torch.stack([x] * 5, 1))
    exports(ToMembers(5), x)


def test_rank_one_weights_are_the_member_s_own():
    f, weights = functional(RankOneDense(4, members=3, dim=6))

    def oracle(x, weight, scale_in, scale_out, bias):
        own = [weight * scale_out[m].outer(scale_in[m]) for m in range(3)]
        return torch.stack([x[:, m] @ own[m].T + bias[m] for m in range(3)], 1)

    gradients_match(f, oracle, [normal(5, 3, 4), *weights])
    exports(randomise(RankOneDense(4, 3, 6)), normal(5, 3, 4))


@pytest.mark.parametrize("start", ["ones", "signs", "normal"])
def test_members_start_alike_but_for_the_scales(start):
    block = RankOneDense(400, members=3, dim=6, start=start)
    assert (block.bias == block.bias[0]).all()
    assert (block.scale_out == 1).all()
    scale = block.scale_in
    if start == "normal":
        assert scale.std().item() == pytest.approx(1, abs=0.1)
    else:
        assert (scale.abs() == 1).all()
        assert abs(scale.mean().item() - (start == "ones")) < 0.15


def test_heads_are_a_dense_layer_each():
    f, weights = functional(MemberDense(4, members=3, dim=6))

    def oracle(x, weight, bias):
        return torch.stack([F.linear(x[:, m], weight[m].T, bias[m]) for m in range(3)], 1)

    gradients_match(f, oracle, [normal(5, 3, 4), *weights])
    exports(randomise(MemberDense(4, 3, 6)), normal(5, 3, 4))


def classes(smoothing):
    target = torch.tensor([0, 2, 1, 1, 0])
    return lambda outputs: F.cross_entropy(outputs, target, label_smoothing=smoothing)


LOSSES = {
    "classes": classes(0.0),
    "classes smoothed": classes(0.1),
    "labels": lambda outputs: F.binary_cross_entropy_with_logits(outputs, torch.linspace(0, 1, 15).view(5, 3).double()),
    "numbers": lambda outputs: F.mse_loss(outputs, torch.linspace(-2, 1, 15).view(5, 3).double()),
}


@pytest.mark.parametrize("name", LOSSES)
def test_the_loss_of_the_mean_and_the_spread_are_the_members_mean_loss(name):
    block, loss = MemberMean(name.split()[0]).train(), LOSSES[name]

    def together(x):
        y, spread = block(x)
        return loss(y) + spread

    def one_by_one(x):
        return sum(loss(x[:, m]) for m in range(4)) / 4

    gradients_match(together, one_by_one, [3 * normal(5, 4, 3)])


@pytest.mark.parametrize(
    ("of", "probabilities"), [("classes", lambda x: x.softmax(-1)), ("labels", torch.sigmoid), ("numbers", lambda x: x)]
)
def test_the_answer_is_the_mean_of_probabilities(of, probabilities):
    x = 3 * normal(5, 4, 3)
    y, _ = MemberMean(of).eval()(x)
    same(probabilities(y), probabilities(x).mean(1))
    with unchecked():
        program = torch.export.export(MemberMean(of).eval(), (x,)).module()
    same(program(x.flip(0))[0], y.flip(0))


def test_settings_are_checked():
    for make, message in (
        (lambda: ToMembers(0), "to_members: count: expected a positive integer, got 0"),
        (lambda: RankOneDense(3, 2, 0), "rank_one_dense: dim: expected a positive integer, got 0"),
        (lambda: MemberDense(3, 0, 2), "member_dense: members: expected a positive integer, got 0"),
        (lambda: MemberMean("votes"), "member_mean: of: expected classes, labels or numbers, got 'votes'"),
    ):
        with unchecked(), pytest.raises(ValueError, match=message):
            make()
