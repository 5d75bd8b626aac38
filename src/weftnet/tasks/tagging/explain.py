"""What there is to explain: the score of one word's tag.

Without a chain that is its logit. Of a chain of tags it is the log of the sum over all paths that pass through the tag,
which is a logit too: the softmax of these sums are the shares of the tags.
"""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from weftnet.base.spans import OUTSIDE
from weftnet.blocks.structured._paths import through
from weftnet.errors import SettingError, UnknownName
from weftnet.tasks._targets import Targets, at


def tagging(settings: Mapping[str, Any], outputs: Tensor, target: str | int | None) -> Targets:
    """The score of a tag: `3:B-PER`, of the word 3, counted from 1, or `3` of the likeliest tag there.

    For None the word that most certainly has a tag other than O, or the first word.

    Raises:
        SettingError: there is no such word.
        UnknownName: there is no such tag.
    """
    names: list[str] = settings["labels"]
    logits = _logits(outputs)
    likeliest = logits.argmax(2)
    if target is None:
        certain = logits.softmax(2)
        if OUTSIDE in names:
            certain = certain.masked_fill(torch.arange(len(names), device=logits.device) == names.index(OUTSIDE), 0.0)
        best = certain.amax(2)
        words = torch.where(best.amax(1) > 0.5, best.argmax(1), 0)
        tags = likeliest.gather(1, words[:, None])[:, 0]
    else:
        place, _, tag = str(target).partition(":")
        if not (place.isdecimal() and 1 <= int(place) <= logits.shape[1]):
            expected = f"the number of a word, 1 to {logits.shape[1]}, or NUMBER:TAG"
            raise SettingError("there is no such word", where="target", expected=expected, got=repr(target))
        if tag and tag not in names:
            raise UnknownName("tag", tag, names, where="target")
        words = torch.full((len(logits),), int(place) - 1, device=logits.device)
        tags = torch.full_like(words, names.index(tag)) if tag else likeliest[:, int(place) - 1]
    said = [f"{names[tag]} of word {word + 1}" for word, tag in zip(words.tolist(), tags.tolist(), strict=True)]
    return Targets(said, words * len(names) + tags, _score, _certainty)


def _logits(outputs: Tensor) -> Tensor:
    return through(outputs) if outputs.dim() == 4 else outputs


def _score(outputs: Tensor, index: Tensor) -> Tensor:
    return at(_logits(outputs), index)


def _certainty(outputs: Tensor, index: Tensor) -> Tensor:
    return at(_logits(outputs).softmax(2), index)
