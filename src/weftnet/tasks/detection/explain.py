"""What there is to explain: the logit of a class at the place that is surest of it."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from weftnet.errors import UnknownName
from weftnet.tasks._targets import Targets
from weftnet.tasks.detection._suppression import PLACE


def detection(settings: Mapping[str, Any], outputs: Tensor, target: str | int | None) -> Targets:
    """The largest logit of the class `target` in a picture; of the surest class for None.

    Raises:
        UnknownName: there is no such class.
    """
    names: list[str] = settings["labels"]
    logits = outputs[..., PLACE:]
    if target is None:
        classes = logits.amax(1).argmax(1)
    elif str(target) in names:
        classes = torch.full((len(outputs),), names.index(str(target)), device=outputs.device)
    else:
        raise UnknownName("class", str(target), names, where="target")
    places = logits.gather(2, classes[:, None, None].expand(-1, logits.shape[1], 1))[..., 0].argmax(1)
    index = torch.stack([places, PLACE + classes], 1)
    return Targets([names[k] for k in classes.tolist()], index, _logit, _certainty)


def _logit(outputs: Tensor, index: Tensor) -> Tensor:
    """(batch,) the outputs (batch, places, numbers) at these places and numbers."""
    rows = torch.arange(len(outputs), device=outputs.device)
    return outputs[rows, index[:, 0], index[:, 1]]


def _certainty(outputs: Tensor, index: Tensor) -> Tensor:
    """(batch,) the likelihood."""
    return _logit(outputs, index).sigmoid()
