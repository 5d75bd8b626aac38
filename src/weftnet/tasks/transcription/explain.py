"""What there is to explain: how likely a text is, log p(text), summed over all ways to spread it over the steps."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from weftnet.data.kinds._kind import Written
from weftnet.errors import SettingError
from weftnet.tasks._targets import Targets
from weftnet.tasks._writer import writer_of
from weftnet.tasks.transcription._ctc import BLANK, nats_of
from weftnet.tasks.transcription._paths import greedy


def transcription(settings: Mapping[str, Any], outputs: Tensor, target: str | int | None) -> Targets:
    """log p(text) of the text `target`; of each example's likeliest path for None.

    Args:
        settings: `writer` of the task.
        outputs: (batch, steps, tokens) log-probabilities.
        target: a text.

    Raises:
        SettingError: the text can't be written with the tokens, or not within the steps.
    """
    kind = writer_of(settings.get("writer"))
    if target is None:
        texts = [greedy(row)[0] for row in outputs.detach().cpu().numpy()]
    elif isinstance(kind, Written):
        texts = [kind.tokens(str(target)).tolist()] * len(outputs)
    else:
        raise SettingError("no text can be asked for", where="target", expected="a run that writes texts")
    tokens = torch.full((len(texts), max(1, *map(len, texts))), BLANK, dtype=torch.int64)
    for row, text in enumerate(texts):
        tokens[row, : len(text)] = torch.tensor(text, dtype=torch.int64)
    tokens = tokens.to(outputs.device)
    if not bool(nats_of(outputs.detach(), tokens)[1].all()):
        got = f"{len(texts[0])} tokens for {outputs.shape[1]} steps"
        raise SettingError("the text does not fit into the steps", where="target", got=got)
    names = [kind.text(row[row != BLANK].cpu().numpy()) if isinstance(kind, Written) else str(row) for row in tokens]
    return Targets(names, tokens, _score, _certainty)


def _score(outputs: Tensor, tokens: Tensor) -> Tensor:
    return -nats_of(outputs, tokens)[0]


def _certainty(outputs: Tensor, tokens: Tensor) -> Tensor:
    return _score(outputs, tokens).exp()
