"""The conditional random field, against every path written out, and against the package pytorch-crf."""

import itertools

import pytest
import torch
from oracles import exports, gradients_match, normal, padding_neutral, randomise, same
from torch import Tensor
from torchcrf import CRF

from weftnet.blocks import BLOCKS
from weftnet.blocks.structured._paths import log_partition, scores, through

LENGTHS = [5, 3, 1]


def block(tags: int) -> torch.nn.Module:
    made: torch.nn.Module = randomise(BLOCKS.get("crf")(tags))
    return made


def masks(time: int = 5) -> Tensor:
    return torch.arange(time) < torch.tensor(LENGTHS).unsqueeze(1)


def paths(x: Tensor, start: Tensor, end: Tensor, transitions: Tensor) -> dict[tuple[int, ...], Tensor]:
    """The score of every path of one row (time, tags), by the formula with start, transitions and end."""
    found = {}
    for path in itertools.product(range(x.shape[1]), repeat=len(x)):
        score = start[path[0]] + end[path[-1]]
        for step, tag in enumerate(path):
            score = score + x[step, tag] + (transitions[path[step - 1], tag] if step else 0.0)
        found[path] = score
    return found


def test_its_partition_and_scores_are_those_of_all_paths() -> None:
    crf, x, mask = block(4), normal(3, 5, 4), masks()
    psi = crf(x, mask)
    partition = log_partition(psi, mask)
    for row, length in enumerate(LENGTHS):
        every = paths(x[row, :length], crf.start, crf.end, crf.transitions)
        same(partition[row], torch.stack(list(every.values())).logsumexp(0))
        for path in list(every)[:: max(1, len(every) // 7)]:
            tags = torch.full((3, 5), 99)  # what is not real may be anything
            tags[mask] = 0
            tags[row, :length] = torch.tensor(path)
            same(scores(psi, tags, mask)[row], every[path])


def test_its_likelihood_has_the_gradients_of_all_paths() -> None:
    def own(x: Tensor, start: Tensor, end: Tensor, transitions: Tensor) -> Tensor:
        weights = {"start": start, "end": end, "transitions": transitions}
        psi = torch.func.functional_call(BLOCKS.get("crf")(3).double(), weights, (x,))
        return scores(psi, torch.tensor([[2, 0, 0, 1], [1, 1, 2, 0]])) - log_partition(psi)

    def written(x: Tensor, *weights: Tensor) -> Tensor:
        every = [paths(row, *weights) for row in x]
        truth = [(2, 0, 0, 1), (1, 1, 2, 0)]
        pairs = zip(every, truth, strict=True)
        return torch.stack([e[t] - torch.stack(list(e.values())).logsumexp(0) for e, t in pairs])

    gradients_match(own, written, [normal(2, 4, 3), normal(3), normal(3), normal(3, 3)])


def test_it_is_pytorch_crf() -> None:
    crf, other, x = block(6), CRF(6, batch_first=True).double(), normal(3, 5, 6)
    mask, tags = masks(), torch.randint(6, (3, 5))
    other.start_transitions.data, other.end_transitions.data = crf.start.data, crf.end.data
    other.transitions.data = crf.transitions.data

    def own(x: Tensor) -> Tensor:
        psi = crf(x, mask)
        return scores(psi, tags, mask) - log_partition(psi, mask)

    gradients_match(own, lambda x: other(x, tags, mask, reduction="none"), [x])


def test_paths_through_a_tag_are_those_that_pass_it() -> None:
    crf, x = block(3), normal(1, 4, 3)
    found = through(crf(x))[0]
    every = paths(x[0], crf.start, crf.end, crf.transitions)
    for step, tag in itertools.product(range(4), range(3)):
        passing = [score for path, score in every.items() if path[step] == tag]
        same(found[step, tag], torch.stack(passing).logsumexp(0))


def test_padding_adds_the_same_to_all_tags() -> None:
    crf, x, mask = block(3), normal(3, 5, 3), masks()
    padded, alone = through(crf(x, mask)), through(crf(x[1:2, :3]))
    shift = padded[1, :3] - alone[0]
    same(shift, shift[0, 0].expand(3, 3))


def test_padding_and_export() -> None:
    crf = block(3)
    padding_neutral(crf, normal(3, 5, 3), LENGTHS, lambda length: length)
    exports(crf, normal(3, 5, 3), masks())


def test_a_row_without_a_real_step_counts_for_nothing() -> None:
    crf, x = block(3), normal(2, 4, 3).requires_grad_()
    mask = torch.tensor([[True] * 4, [False] * 4])
    psi = crf(x, mask)
    nats = log_partition(psi, mask) - scores(psi, torch.zeros(2, 4, dtype=torch.long), mask)
    assert float(nats[1].detach()) == 0
    (gradient,) = torch.autograd.grad(nats.sum(), x)
    assert gradient.isfinite().all()
    assert not gradient[1].any()


def test_it_refuses_no_tags() -> None:
    with pytest.raises(ValueError, match="crf: dim_in: expected a positive integer, got 0"):
        BLOCKS.get("crf")(0)
