"""What is explained: a score of each example, made of the network's outputs.

A label's score is its logit. The softmax's probability would not do: it changes with the logits of the other labels,
and where it saturates near 0 or 1 every attribution vanishes. A number's score is in the target's own unit.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import torch
from torch import Tensor

from weftnet.errors import UnknownName

#: (batch, …) what is explained → further inputs of the network, and the masks of the padded ones
Given: TypeAlias = Callable[[Tensor], tuple[Mapping[str, Tensor], Mapping[str, Tensor]]]
#: (batch, …) outputs and (batch, …) what of them is explained → (batch,)
Score: TypeAlias = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class Targets:
    """One score for each example.

    Args:
        names: (batch) what is explained, in words.
        index: (batch, …) what of an example's outputs: their place, or a mask. It is repeated with the examples.
        scores: (outputs, index) → (batch,) the scores, differentiable.
        certainty: (outputs, index) → (batch,) how sure the network is: a probability, or the score itself.
        given: what the network reads beside an example, made of the index: what was written, of a text.
        steps: (batch) the words of the steps that were written, for an alignment with what they were read from.
    """

    names: list[str]
    index: Tensor
    scores: Score
    certainty: Score
    given: Given | None = None
    steps: Sequence[Sequence[str]] = ()


def labels(
    outputs: Tensor, names: Sequence[str], target: str | int | None, link: Literal["softmax", "sigmoid"]
) -> Targets:
    """The logit of a label, of the likeliest one if none is asked for.

    Args:
        outputs: (batch, labels) logits.
        names: of the labels.
        target: a label.
        link: what turns logits into probabilities.

    Raises:
        UnknownName: there is no such label.
    """
    if target is None:
        index = outputs.argmax(1)
    elif str(target) in names:
        index = everywhere(outputs, list(names).index(str(target)))
    else:
        raise UnknownName("label", str(target), names, where="target")

    def certainty(outputs: Tensor, index: Tensor) -> Tensor:
        return at(outputs.softmax(1) if link == "softmax" else outputs.sigmoid(), index)

    return Targets([names[k] for k in index.tolist()], index, at, certainty)


def number(outputs: Tensor, name: str, place: int, scale: float, mean: float) -> Targets:
    """One of the numbers that the network answers with, in its own unit: output · scale + mean.

    Args:
        outputs: (batch, …) standardised numbers.
        name: of the number.
        place: which one, as an index into an example's flattened outputs.
        scale: of the unit.
        mean: in the unit.
    """

    def score(outputs: Tensor, index: Tensor) -> Tensor:
        return at(outputs, index) * scale + mean

    return Targets([name] * len(outputs), everywhere(outputs, place), score, score)


def at(outputs: Tensor, index: Tensor) -> Tensor:
    """(batch,) the flattened outputs of each example at its index."""
    return outputs.flatten(1).gather(1, index[:, None])[:, 0]


def everywhere(outputs: Tensor, place: int) -> Tensor:
    """(batch,) the same place in every example."""
    return torch.full((len(outputs),), place, dtype=torch.int64, device=outputs.device)
