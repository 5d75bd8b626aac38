"""Connectionist temporal classification against sums and maxima over every path, and against the forward algorithm."""

import itertools
import math

import numpy as np
import pytest
import torch
from oracles import gradients_match, same
from torch import Tensor

from weftnet.tasks.transcription._ctc import NatsPerToken, nats_of, needed, steps_of
from weftnet.tasks.transcription._paths import aligned, greedy, runs, searched


def collapsed(path: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(k for k, _ in itertools.groupby(path) if k != 0)


def by_brute_force(p: np.ndarray) -> dict[tuple[int, ...], float]:
    """The probability of every text, summed over all paths."""
    texts: dict[tuple[int, ...], float] = {}
    for path in itertools.product(range(p.shape[1]), repeat=len(p)):
        text = collapsed(path)
        texts[text] = texts.get(text, 0.0) + math.exp(sum(p[t, k] for t, k in enumerate(path)))
    return texts


def forward(p: Tensor, text: list[int]) -> Tensor:
    """−log p(text) by the recursion of Graves and others (2006), equations 6 to 8, in plain probabilities."""
    states = [0, *(each for token in text for each in (token, 0))]
    steps = p.exp()
    alpha = [steps[0, k] if s < 2 else steps.new_zeros(()) for s, k in enumerate(states)]
    for t in range(1, len(steps)):
        before, alpha = alpha, []
        for s, k in enumerate(states):
            total = before[s] + (before[s - 1] if s > 0 else 0)
            if s > 1 and k != 0 and k != states[s - 2]:
                total = total + before[s - 2]
            alpha.append(total * steps[t, k])
    return -(alpha[-1] + (alpha[-2] if len(alpha) > 1 else 0)).log()


def drawn(steps: int, tokens: int, seed: int = 0) -> np.ndarray:
    logits = torch.randn(steps, tokens, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) * 1.5
    return logits.log_softmax(1).numpy()


def test_nats_are_those_of_the_forward_algorithm_and_of_all_paths() -> None:
    """Values and gradients, of texts of several lengths, with repeated tokens, an empty one, and padded steps."""
    logits = torch.randn(4, 6, 4, dtype=torch.float64)
    texts, lengths = [[1, 1, 2], [3, 2], [], [2]], [6, 4, 6, 1]
    tokens = torch.zeros(4, 3, dtype=torch.int64)
    for row, text in enumerate(texts):
        tokens[row, : len(text)] = torch.tensor(text, dtype=torch.int64)
    real = torch.arange(6) < torch.tensor(lengths).unsqueeze(1)

    def head(logits: Tensor) -> Tensor:
        return logits.log_softmax(2).masked_fill(~real.unsqueeze(2), 0)

    def oracle(logits: Tensor) -> Tensor:
        p = logits.log_softmax(2)
        return torch.stack([forward(p[row, : lengths[row]], text) for row, text in enumerate(texts)])

    assert steps_of(head(logits)).tolist() == lengths
    gradients_match(lambda logits: nats_of(head(logits), tokens)[0], oracle, [logits], 1e-9)
    for row, text in enumerate(texts):
        everything = by_brute_force(logits[row, : lengths[row]].log_softmax(1).numpy())
        assert float(oracle(logits)[row]) == pytest.approx(-math.log(everything[tuple(text)]))
        assert sum(everything.values()) == pytest.approx(1)


def test_a_text_that_does_not_fit_is_left_out_without_a_gradient() -> None:
    logits = torch.randn(2, 3, 3, dtype=torch.float64, requires_grad=True)
    tokens = torch.tensor([[1, 1, 0], [1, 1, 2]])  # three steps each, with the blank between: one fits
    assert needed(tokens).tolist() == [3, 4]
    nats, fits = nats_of(logits.log_softmax(2), tokens)
    assert fits.tolist() == [True, False]
    nats.sum().backward()
    assert logits.grad is not None
    assert logits.grad[0].any()
    assert not logits.grad[1].any()
    metric = NatsPerToken()
    metric.update({"tokens": tokens, "nats": nats.detach(), "fits": fits}, tokens)
    assert metric.compute() == pytest.approx(float(nats.detach()[0]) / 2)


@pytest.mark.parametrize("seed", range(6))
def test_a_wide_beam_finds_the_likeliest_text_of_all(seed: int) -> None:
    p = drawn(5, 4, seed)
    texts = by_brute_force(p)
    assert tuple(searched(p, 500)) == max(texts, key=texts.__getitem__)
    tokens, path = greedy(p)
    assert collapsed(tuple(path.tolist())) == tuple(tokens)
    assert path.tolist() == p.argmax(1).tolist()
    narrow = tuple(searched(p, 2))
    assert texts[narrow] >= texts[tuple(tokens)] - 1e-12 or narrow in texts


def test_a_text_can_be_likelier_than_the_likeliest_path() -> None:
    """Two steps of (blank 0.6, a 0.4): the path of blanks has 0.36, the text "a" 0.64."""
    p = np.log(np.array([[0.6, 0.4], [0.6, 0.4]]))
    assert greedy(p)[0] == []
    assert searched(p, 2) == [1]


@pytest.mark.parametrize("seed", range(4))
def test_a_text_lies_where_its_likeliest_path_has_it(seed: int) -> None:
    p = drawn(6, 3, seed)
    for text in ([1, 2], [1, 1], [2], [2, 1, 2], []):
        paths = [path for path in itertools.product(range(3), repeat=6) if collapsed(path) == tuple(text)]
        best = max(paths, key=lambda path: sum(p[t, k] for t, k in enumerate(path)))
        assert aligned(p, text).tolist() == list(best)


def test_runs_are_where_tokens_begin_and_end() -> None:
    path = np.array([0, 2, 2, 0, 2, 1, 1])
    assert runs(path).tolist() == [[1, 3], [4, 5], [5, 7]]
    assert runs(np.array([0, 0])).tolist() == []
    same(torch.tensor(greedy(np.log(np.eye(3)[path] * 0.9 + 0.03))[0]), torch.tensor([2, 2, 1]))
