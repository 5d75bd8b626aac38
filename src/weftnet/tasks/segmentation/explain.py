"""What there is to explain: the mean logit of one class over the pixels that are answered with it.

Source: K. Vinogradova, A. Dibrov, G. Myers, Towards interpretable semantic segmentation via gradient-weighted class
activation mapping, 2020, https://arxiv.org/abs/2002.11434.
"""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from weftnet.errors import UnknownName
from weftnet.tasks._targets import Targets


def segmentation(settings: Mapping[str, Any], outputs: Tensor, target: str | int | None) -> Targets:
    """The mean logit of the class `target`; of the one that most pixels of an image are answered with for None.

    Where no pixel is answered with it, the mean is over the whole image.

    Raises:
        UnknownName: there is no such class.
    """
    names: list[str] = settings["labels"]
    answer = outputs.argmax(1)
    if target is None:
        places = torch.stack([(answer == k).flatten(1).sum(1) for k in range(len(names))], 1).argmax(1)
    elif str(target) in names:
        places = torch.full((len(outputs),), names.index(str(target)), device=outputs.device)
    else:
        raise UnknownName("class", str(target), names, where="target")
    pixels = answer == places[:, None, None]
    pixels |= ~pixels.flatten(1).any(1)[:, None, None]
    of_class = torch.nn.functional.one_hot(places, len(names)).bool()
    return Targets([names[k] for k in places.tolist()], of_class[:, :, None, None] & pixels[:, None], _mean, _certainty)


def _mean(outputs: Tensor, index: Tensor) -> Tensor:
    """(batch,) the mean of the outputs (batch, classes, height, width) that are marked."""
    return (outputs * index).flatten(1).sum(1) / index.flatten(1).sum(1)


def _certainty(outputs: Tensor, index: Tensor) -> Tensor:
    """(batch,) the mean probability of the class over its pixels."""
    return _mean(outputs.softmax(1), index)
