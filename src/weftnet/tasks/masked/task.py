"""Masked tokens: some tokens of a text are hidden, and told from those on both sides.

    chosen: each real token with probability `share`, one at least
    read:   of the chosen ones 80 % as the unknown token, 10 % as any token, 10 % as they are
    p(token_t | all that is read) = softmax(network(tokens)_t)
    loss = −mean log p(token_t | …)            over the chosen tokens; in nats per token

A network that has learnt this from many texts without labels knows which words belong together: a classifier starts
from it. The unknown token, which every vocabulary has, stands for a hidden one; so a trained network also fills in what
is unknown in a text.

Source: J. Devlin and others, BERT: pre-training of deep bidirectional transformers, 2019, section 3.1,
https://arxiv.org/abs/1810.04805.
Differs from the paper: no token of its own for what is hidden, and no second task of following sentences; other tokens
are chosen for each batch anew, as in RoBERTa (Y. Liu and others, 2019, https://arxiv.org/abs/1907.11692).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from weftnet.architecture.signal import Signal
from weftnet.architecture.spec import Node
from weftnet.data.batch import Batch
from weftnet.data.data import Data
from weftnet.data.kinds._tokens import UNKNOWN
from weftnet.data.outputs import Outputs
from weftnet.errors import SettingError
from weftnet.losses._objective import LossSpec
from weftnet.metrics._metric import Metric
from weftnet.metrics.accuracy import Accuracy
from weftnet.metrics.cross_entropy import CrossEntropy
from weftnet.tasks._heads import to_tokens
from weftnet.tasks._task import Task
from weftnet.tasks._tokens import of_tokens

#: of the chosen tokens: those that are hidden, and those that are hidden or exchanged
_HIDDEN, _CHANGED = 0.8, 0.9


@dataclass(frozen=True)
class Masked(Task):
    """One network from tokens to logits of the token at every place.

    Args:
        vocabulary: how many different tokens there are.
        context: how many tokens the network reads at once.
        share: of the tokens that are chosen, in (0, 1).
        writer: the state of the kind that turns tokens into text; None where tokens are answered as numbers.
        loss: instead of cross-entropy, what `weftnet.losses` takes, over logits (tokens, vocabulary).
    """

    vocabulary: int
    context: int
    share: float = 0.15
    writer: Mapping[str, Any] | None = None
    loss: Any = None

    recipe_defaults: ClassVar[Mapping[str, Any]] = {"keep": "last", "patience": None}
    score: ClassVar[str] = "nats_per_token"

    def __post_init__(self) -> None:
        self.objective  # noqa: B018  # made now, so that a loss that can't be used is refused now
        where = "task masked"
        for name, value, least in (("vocabulary", self.vocabulary, 3), ("context", self.context, 2)):
            if value < least:
                raise SettingError(f"{name} is too small", where=where, expected=f"at least {least}", got=str(value))
        if not 0 < self.share < 1:
            raise SettingError("share is out of range", where=where, expected="0 < share < 1", got=str(self.share))

    @classmethod
    def suits(cls, data: Data) -> float:
        """Possible for a lone column of texts, where nothing else is meant."""
        signals = list(data.signals.values())
        return 0.1 * (data.target is None and len(signals) == 1 and "vocabulary" in signals[0].known)

    @classmethod
    def from_data(cls, data: Data, **settings: Any) -> "Masked":
        """The task for data whose one input is tokens; a target, if there is one, is not looked at.

        Raises:
            DataError: the input is something else, or there are several.
        """
        return cls(**{**of_tokens(data, "words are hidden in texts"), **settings})

    def head(self, part: str, gives: Signal, last_block: str | None) -> tuple[Node, ...]:
        """A dense layer of width `vocabulary` at every place."""
        what = "hidden words are told at every place"
        return to_tokens(part, gives, last_block, self.vocabulary, self.context, what)

    def losses(self, model: nn.ModuleDict, batch: Batch, generator: torch.Generator) -> Iterator[tuple[str, Tensor]]:
        """Cross-entropy of the chosen tokens, in nats per token."""
        read, tokens, chosen = self.hide(batch, generator)
        logits = model["network"](read.inputs, read.masks)
        yield "network", self.objective(logits[chosen], tokens[chosen])

    def own_loss(self) -> LossSpec:
        """Cross-entropy."""
        return "cross_entropy"

    def metrics(self) -> list[Metric]:
        """Nats per token and accuracy, over the chosen tokens."""
        return [CrossEntropy().called("nats_per_token"), Accuracy()]

    def evidence(self, model: nn.ModuleDict, batches: Iterable[Batch]) -> Iterator[tuple[Outputs, Tensor]]:
        """Logits (n, vocabulary) and tokens (n) of the chosen ones, the same every time."""
        generator = torch.Generator().manual_seed(0)
        for batch in batches:
            read, tokens, chosen = self.hide(batch, generator)
            yield model["network"](read.inputs, read.masks)[chosen], tokens[chosen]

    def hide(self, batch: Batch, generator: torch.Generator) -> tuple[Batch, Tensor, Tensor]:
        """The batch as it is read, its tokens, and which of them were chosen; the latter two (batch, time)."""
        ((name, tokens),) = batch.inputs.items()
        real = batch.masks.get(name, torch.ones_like(tokens, dtype=torch.bool))
        luck, how = torch.rand((2, *tokens.shape), generator=generator, device=generator.device).to(tokens.device)
        other = torch.randint(self.vocabulary - 1, tokens.shape, generator=generator, device=generator.device)
        first = luck.masked_fill(~real, 2.0).argmin(1, keepdim=True)
        places = torch.arange(tokens.shape[1], device=tokens.device)
        chosen = real & ((luck < self.share) | (places == first))
        changed = torch.where(how < _HIDDEN, UNKNOWN, torch.where(how < _CHANGED, 1 + other.to(tokens.device), tokens))
        return replace(batch, inputs={name: torch.where(chosen, changed, tokens)}), tokens, chosen
