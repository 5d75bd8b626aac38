"""TabM: an ensemble of multilayer perceptrons inside one, which share all weights but vectors of scales.

    h₀[m] = flatten(embedding(robust(x)))      for every member m
    hᵢ[m] = dropout(relu(s_i[m] ⊙ Wᵢ (r_i[m] ⊙ hᵢ₋₁[m]) + b_i[m]))

The task appends a head for each member, and answers with the mean of their probabilities; each member learns by its own
loss (`member_mean`).
Source: Y. Gorishniy, A. Kotelnikov, A. Babenko, TabM: advancing tabular deep learning with parameter-efficient
ensembling, 2025, https://arxiv.org/abs/2410.24210 (32 members, 3 layers of 512, dropout 0.1; with `bins` its TabM†).
Differs: values are scaled robustly in the network, where the paper transforms their quantiles before.
Parameters: of d values, M members, widths wᵢ, dᵢ the width before: Σ (dᵢ·wᵢ + M·(dᵢ + 2·wᵢ)), and the head
M·(wₙ + 1)·outputs; with `bins` d·(bins + 1)·dim + columns·dim before, and then d = columns·dim.
"""

from collections.abc import Sequence
from typing import Any

from weftnet.architecture.spec import Architecture
from weftnet.zoo._write import block, network
from weftnet.zoo._write import dropout as dropped


def tabm(
    widths: Sequence[int] = (512, 512, 512),
    members: int = 32,
    dropout: float = 0.1,
    bins: int = 0,
    dim: int = 16,
    columns: Sequence[int] | None = None,
) -> Architecture:
    """Dense layers for all members at once, each with scales of its own.

    Args:
        widths: sizes of the hidden layers.
        members: of the ensemble.
        dropout: rate after each layer, in training.
        bins: of a piecewise-linear embedding of each value; 0 for the values alone.
        dim: size of a column's vector, with `bins`.
        columns: with `bins`, how many values each column of the table takes up; one each by default.
    """
    embedded = [block("robust_scale")]
    if bins:
        more = {} if columns is None else {"columns": columns}
        embedded += [block("piecewise_linear_embedding", dim=dim, bins=bins, **more), block("flatten")]
    hidden = []
    for number, width in enumerate(widths):
        start = {} if number else {"start": "normal" if bins else "signs"}
        hidden += [block("rank_one_dense", dim=width, **start), block("relu"), *dropped(dropout)]
    return network(embedded, block("to_members", count=members), hidden)


def example() -> tuple[dict[str, Any], str]:
    """Settings of a small one, and what it reads."""
    return {"widths": [12, 10], "members": 3, "bins": 4, "dim": 3}, "vector:7"


def published() -> list[tuple[dict[str, Any], str, int]]:
    """Settings, what it reads, and its parameters as the source has them."""
    first, later = 13 * 512 + 32 * (13 + 2 * 512), 512 * 512 + 32 * 3 * 512
    embedded = 13 * 49 * 16 + 12 * 16
    wider = 12 * 16 * 512 + 32 * (12 * 16 + 2 * 512)
    columns = [1] * 11 + [2]
    return [
        ({}, "vector:13", first + 2 * later),
        ({"bins": 48, "columns": columns}, "vector:13", embedded + wider + 2 * later),
    ]
