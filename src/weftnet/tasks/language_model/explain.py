"""What there is to explain: the logit of the token that follows the last position."""

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from weftnet.errors import SettingError
from weftnet.tasks._targets import Targets, labels


def language_model(settings: Mapping[str, Any], outputs: Tensor, target: str | int | None) -> Targets:
    """The logit of the token `target`, a number; of the likeliest one for None.

    Raises:
        SettingError: there is no such token.
    """
    vocabulary = int(settings["vocabulary"])
    if target is not None and not (str(target).isdecimal() and int(target) < vocabulary):
        expected = f"the number of a token, below {vocabulary}"
        raise SettingError("there is no such token", where="target", expected=expected, got=repr(target))
    last = labels(_last(outputs), [str(token) for token in range(vocabulary)], target, "softmax")
    return Targets(
        [f"token {name}" for name in last.names],
        last.index,
        lambda outputs, index: last.scores(_last(outputs), index),
        lambda outputs, index: last.certainty(_last(outputs), index),
    )


def _last(outputs: Tensor) -> Tensor:
    """(batch, vocabulary) logits at the last position: what the task infers, or those of (batch, time, vocabulary)."""
    return outputs if outputs.dim() == 2 else outputs[:, -1]
