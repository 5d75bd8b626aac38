"""Language model: the next token, from all the tokens before it.

    p(token_{t+1} | token_1 … token_t) = softmax(network(tokens)_t)
    loss = −mean log p(token_{t+1} | …)        over all t with a next token, padding left out; in nats per token
    perplexity = exp(loss)

Source: Bengio et al., A Neural Probabilistic Language Model, 2003, https://jmlr.org/papers/v3/bengio03a.html.

Windows of one long text have the next tokens as their target; in a column of texts, each text is its own target from
its second token on.

The network returns logits (batch, time, vocabulary) for every position at once. They are only of use if position t has
not seen token t + 1: `check` changes later tokens and refuses a network whose earlier outputs change.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from weftnet.architecture.signal import Signal
from weftnet.architecture.spec import Node
from weftnet.data.batch import Batch
from weftnet.data.data import Data
from weftnet.data.kinds.characters import Characters
from weftnet.data.outputs import Outputs
from weftnet.errors import SettingError
from weftnet.losses._objective import LossSpec
from weftnet.metrics._metric import Metric
from weftnet.metrics.cross_entropy import CrossEntropy
from weftnet.metrics.perplexity import Perplexity
from weftnet.tasks._ahead import refuse_looking_ahead
from weftnet.tasks._heads import to_tokens
from weftnet.tasks._passes import obstacle
from weftnet.tasks._task import Task
from weftnet.tasks._tokens import of_tokens


@dataclass(frozen=True)
class LanguageModel(Task):
    """One causal network from tokens to logits of the next token.

    Args:
        vocabulary: how many different tokens there are.
        context: how many tokens the network reads at once.
        writer: the state of the kind that turns tokens into text; None where tokens are answered as numbers.
        loss: instead of cross-entropy, what `weftnet.losses` takes, over logits (batch, time, vocabulary).
    """

    vocabulary: int
    context: int
    writer: Mapping[str, Any] | None = None
    loss: Any = None

    ends: ClassVar[Mapping[str, Mapping[str, Any]]] = {"next token": {}}
    score: ClassVar[str] = "nats_per_token"
    steps: ClassVar[tuple[str, ...]] = ("network",)

    def __post_init__(self) -> None:
        self.objective  # noqa: B018  # made now, so that a loss that can't be used is refused now
        for name, value in (("vocabulary", self.vocabulary), ("context", self.context)):
            if value < 2:
                raise SettingError(
                    f"{name} is too small", where="task language_model", expected="at least 2", got=str(value)
                )

    @classmethod
    def suits(cls, data: Data) -> float:
        """Sure of a running text; likely for a lone column of texts."""
        if isinstance(data.target, Characters):
            return 0.9
        signals = list(data.signals.values())
        return 0.6 * (data.target is None and len(signals) == 1 and "vocabulary" in signals[0].known)

    @classmethod
    def from_data(cls, data: Data, **settings: Any) -> "LanguageModel":
        """The task for data whose one input is tokens.

        Raises:
            DataError: the input is something else, or there are several.
        """
        return cls(**{**of_tokens(data, "a language model reads text"), **settings})

    def head(self, part: str, gives: Signal, last_block: str | None) -> tuple[Node, ...]:
        """A dense layer of width `vocabulary` at every position."""
        what = "a language model answers at every position"
        return to_tokens(part, gives, last_block, self.vocabulary, self.context, what)

    def check(self, model: nn.ModuleDict) -> None:
        """Refuse a network whose output at a position depends on later tokens.

        Raises:
            ArchitectureError: the network sees the future.
        """
        network, generator = model["network"], torch.Generator().manual_seed(0)
        device = next(network.parameters()).device
        tokens = torch.randint(self.vocabulary, (2, self.context), generator=generator).to(device)
        what = (
            "it sees the future: it would copy the next token instead of learning to predict it; "
            "set causal: true (attention), padding: causal (conv1d), bidirectional: false (recurrent)"
        )
        others, cuts = (tokens + 1) % self.vocabulary, (self.context // 2, self.context - 1)
        refuse_looking_ahead(network, network, tokens, others, cuts, what)

    def losses(self, model: nn.ModuleDict, batch: Batch, generator: torch.Generator) -> Iterator[tuple[str, Tensor]]:
        """Cross-entropy of the next token, in nats per token."""
        tokens, real = following(batch)
        logits = model["network"](batch.inputs, batch.masks)[:, : tokens.shape[1]]
        yield "network", self.objective(logits, tokens, real)  # a batch of texts of one token predicts nothing

    def own_loss(self) -> LossSpec:
        """Cross-entropy."""
        return "cross_entropy"

    def metrics(self) -> list[Metric]:
        """Nats per token over all the tokens of the batches, and perplexity."""
        return [CrossEntropy().called("nats_per_token"), Perplexity()]

    def evidence(self, model: nn.ModuleDict, batches: Iterable[Batch]) -> Iterator[tuple[Outputs, Tensor]]:
        """Logits (n, vocabulary) and the tokens that followed (n), without padding."""
        for batch in batches:
            tokens, real = following(batch)
            logits = model["network"](batch.inputs, batch.masks)[:, : tokens.shape[1]]
            yield logits[real], tokens[real]

    def whole_passes(self, model: nn.ModuleDict) -> str:
        """Why `sample` reads the whole text for each token; empty if it works step by step within the context."""
        return obstacle(model["network"], self.context)


def following(batch: Batch) -> tuple[Tensor, Tensor]:
    """The tokens that follow, from the first position on, and which of them are no padding; both (batch, time).

    They are the target of a window, or a text from its second token on.
    """
    ((name, tokens),) = batch.inputs.items()
    after = batch.targets.get("next")
    if after is None or after.shape != tokens.shape:  # none, or the label of a text
        after = tokens[:, 1:]
    mask = batch.masks.get(name)
    if mask is None:
        return after, torch.ones_like(after, dtype=torch.bool)
    return after, mask[:, tokens.shape[1] - after.shape[1] :]  # its end, one position for each token that follows
