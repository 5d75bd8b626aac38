"""What there is to explain: how likely the text that was written is, or one of its tokens, given those before it.

    score = mean log p(token | tokens written before it, source)        over all tokens and `end`, or of one token

The network reads what was written while it is explained (`Targets.given`); what every token looked at is drawn beside.
"""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from weftnet.data.kinds._kind import Written
from weftnet.errors import SettingError
from weftnet.tasks._targets import Targets
from weftnet.tasks._writer import writer_of
from weftnet.tasks.text_to_text._begin import TARGET, shifted

_END = "(end)"


def text_to_text(settings: Mapping[str, Any], outputs: Tensor, target: str | int | None) -> Targets:
    """The text for None, or the token `target`, counted from 1.

    Args:
        settings: of the task.
        outputs: (batch, longest) the tokens that were written, padded with 0.
        target: which token.

    Raises:
        SettingError: a text has no such token.
    """
    vocabulary, kind = int(settings["vocabulary"]), writer_of(settings.get("writer"))
    places = torch.arange(outputs.shape[1] + 1, device=outputs.device)
    lengths = (outputs > 0).sum(1)
    if target is None:
        counts = places <= lengths[:, None]
    elif str(target).isdecimal() and 1 <= int(target) <= int(lengths.min()) + 1:
        counts = (places == int(target) - 1).expand(len(outputs), -1)
    else:
        expected = f"the number of a token, from 1 to {int(lengths.min()) + 1}"
        raise SettingError("there is no such token", where="target", expected=expected, got=repr(target))

    def text(tokens: Tensor) -> str:
        row = tokens.cpu().numpy()
        return kind.text(row) if isinstance(kind, Written) else " ".join(map(str, row.tolist()))

    rows = [row[row > 0] for row in outputs]
    steps = [[*(text(token[None]) for token in row), _END] for row in rows]
    names = [text(row) for row in rows] if target is None else [each[int(target) - 1] for each in steps]
    index = torch.stack([torch.nn.functional.pad(outputs, (0, 1)), counts.long()], 1)  # (batch, 2, longest + 1)

    def given(index: Tensor) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        read, _, real = shifted(index[:, 0, :-1], index[:, 0, :-1] > 0, vocabulary)
        return {TARGET: read}, {TARGET: real}

    def score(logits: Tensor, index: Tensor) -> Tensor:
        _, following, _ = shifted(index[:, 0, :-1], index[:, 0, :-1] > 0, vocabulary)
        each = logits.log_softmax(2).gather(2, following[:, :, None]).squeeze(2)
        return (each * index[:, 1]).sum(1) / index[:, 1].sum(1)

    def certainty(logits: Tensor, index: Tensor) -> Tensor:
        return score(logits, index).exp()

    return Targets(names, index, score, certainty, given, steps)
