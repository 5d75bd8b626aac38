"""What there is to explain: the score of an item, of the first one in the answer if none is named."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from weftnet.errors import SettingError
from weftnet.tasks import Targets


def ranking(settings: Mapping[str, Any], outputs: Tensor, target: str | int | None) -> Targets:
    """The score of item `target`.

    Raises:
        SettingError: there is no such item.
    """
    if target is None:
        index = outputs.flatten(1).argmax(1)
    elif str(target).isdecimal() and int(target) < settings["items"]:
        index = torch.full((len(outputs),), int(target), device=outputs.device)
    else:
        expected = f"0 to {settings['items'] - 1}"
        raise SettingError("there is no such item", where="target", expected=expected, got=repr(target))

    def score(outputs: Tensor, index: Tensor) -> Tensor:
        return outputs.flatten(1).gather(1, index[:, None])[:, 0]

    return Targets([f"item {place}" for place in index.tolist()], index, score, score)
