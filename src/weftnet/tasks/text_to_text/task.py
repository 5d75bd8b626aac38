"""Text to text: a text is read, and another is written, token by token – a translation, a summary, another form.

    p(y | x) = Π_t p(y_t | y_1 … y_{t−1}, x) = Π_t softmax(network(x, [begin, y_1 … y_{t−1}])_t)
    loss = mean over t of −Σ_k s_tk log p_tk,   s_t = (1 − ε) · one-hot(y_t) + ε / K        y ends with `end`
    nats per token = mean of −log p(y_t | …)

Sources: I. Sutskever, O. Vinyals, Q. Le, Sequence to sequence learning with neural networks, 2014,
https://arxiv.org/abs/1409.3215; label smoothing (ε = 0.1) as A. Vaswani and others, Attention is all you need, 2017,
section 5.4, https://arxiv.org/abs/1706.03762.

The network is one graph that reads the data's input and `target`, and gives logits (batch, time, vocabulary). While it
trains, `target` is the true text behind `begin` (teacher forcing); `check` refuses a network that looks ahead in it.
The task numbers `end` and `begin` behind the vocabulary of the target's kind: K = vocabulary + 2.

To answer, the network is run as two (`compose/dividing.py`): `encoder`, what depends on the source alone, once; then
`decoder`, step by step. How tokens are chosen is in `infer.py`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from weftnet.architecture.signal import Signal
from weftnet.architecture.spec import Node
from weftnet.compose.dividing import divided
from weftnet.data.batch import Batch
from weftnet.data.by_length import by_length
from weftnet.data.data import Data
from weftnet.data.kinds._kind import Kind
from weftnet.data.kinds._sequence import TokenSequence
from weftnet.data.kinds.subwords import Subwords
from weftnet.data.outputs import Outputs
from weftnet.data.ways import read_as
from weftnet.errors import DataError, SettingError
from weftnet.losses._objective import LossSpec
from weftnet.metrics._metric import Metric, update_all
from weftnet.metrics._texts import OfTexts
from weftnet.metrics.cross_entropy import CrossEntropy
from weftnet.metrics.perplexity import Perplexity
from weftnet.tasks._ahead import refuse_looking_ahead
from weftnet.tasks._heads import refusal, to_tokens
from weftnet.tasks._task import Task, target_of, wrong_target
from weftnet.tasks.text_to_text._begin import TARGET, shifted


@dataclass(frozen=True)
class TextToText(Task):
    """One network from a source and the target so far to logits of the target's next token.

    Args:
        source: the name of the input that is read.
        vocabulary: different tokens of the target, without `begin` and `end`.
        longest: tokens of the longest target.
        writer: the state of the kind that turns the target's tokens into text.
        shared: whether the source has the target's vocabulary, so that one embedding can serve both.
        label_smoothing: ε.
        batch_tokens: tokens of a training batch, those of source and target with their padding; 0 for batch_size times
            the mean of a pair. Batches hold texts of like length (`data/by_length.py`).
        loss: instead of smoothed cross-entropy, what `weftnet.losses` takes, over logits (batch, time, vocabulary + 2).
    """

    source: str
    vocabulary: int
    longest: int
    writer: Mapping[str, Any] | None = None
    shared: bool = False
    label_smoothing: float = 0.1
    batch_tokens: int = 0
    loss: Any = None

    reads: ClassVar[type[Kind]] = Subwords
    score: ClassVar[str] = "nats_per_token"
    steps: ClassVar[tuple[str, ...]] = ("decoder",)

    def __post_init__(self) -> None:
        self.objective  # noqa: B018  # made now, so that a loss that can't be used is refused now
        for name, value, least in (
            ("vocabulary", self.vocabulary, 2),
            ("longest", self.longest, 1),
            ("batch_tokens", self.batch_tokens, 0),
        ):
            if value < least:
                raise SettingError(f"{name} is too small", where="task text_to_text", expected=f"at least {least}",
                                   got=str(value))  # fmt: skip

    @classmethod
    def suits(cls, data: Data) -> float:
        """Sure of a text whose target is a text."""
        texts = [name for name, signal in data.signals.items() if signal.kind == "tokens"]
        return 0.95 * (isinstance(data.target, TokenSequence) and len(texts) == len(data.signals) == 1)

    @classmethod
    def from_data(cls, data: Data, **settings: Any) -> "TextToText":
        """The task for one input of tokens, and a target of tokens.

        Raises:
            DataError: the target is of another kind, or the input.
        """
        target = data.target
        if not isinstance(target, TokenSequence):
            fix = f"say how it is read: {read_as(target_of(data), 'subwords')}, or --task text_to_text"
            raise wrong_target(data, "texts, read as subwords, words or characters", fix)
        if len(data.signals) != 1 or next(iter(data.signals.values())).kind != "tokens":
            got = ", ".join(f"{name}: {signal}" for name, signal in data.signals.items())
            columns: Any = data.state().get("preprocessing", {})
            alone = [*columns.get("columns", ())] if len(columns.get("columns", ())) == 1 else []
            ways = read_as(alone[0], "text") if alone else read_as("COLUMN", None)
            fix = f"say that it is a text: {ways}" if alone else f"leave others out: {ways}"
            raise DataError(
                "a text is made of one text", where=data.name, expected="one input of tokens", got=got, fix=fix
            )
        ((name, signal),) = data.signals.items()
        writer, kind = target.state(), data.kinds.get(name)
        same = isinstance(kind, TokenSequence) and kind.shared and kind.beside() == target.beside()
        learnt = {"source": name, "vocabulary": target.signal.known["vocabulary"], "longest": target.time,
                  "writer": writer, "shared": same and signal.known == target.signal.known}  # fmt: skip
        return cls(**{**learnt, **settings})

    def arranged(self, data: Data) -> Data:
        """With training batches of texts of like length."""
        return by_length(data, self.batch_tokens)

    def inputs(self, signals: Mapping[str, Signal]) -> dict[str, dict[str, Signal]]:
        """The source, and the target behind `begin`."""
        known = {"vocabulary": self.vocabulary + 2}
        target = Signal(("time",), (self.longest + 1,), "int", known, True)
        own = {name: Signal(each.axes, each.sizes, each.dtype, known, each.padded) if self.shared else each
               for name, each in signals.items()}  # fmt: skip
        return {"network": {**own, TARGET: target}}

    def head(self, part: str, gives: Signal, last_block: str | None) -> tuple[Node, ...]:
        """A dense layer of width `vocabulary` + 2 at every position of the target."""
        what = "a text is written at every position of the target"
        return to_tokens(part, gives, last_block, self.vocabulary + 2, self.longest + 1, what)

    def check(self, model: nn.ModuleDict) -> None:
        """Refuse a network whose output at a position depends on later tokens of the target, or can't be divided.

        Raises:
            ArchitectureError: the network sees the future, or its encoder changes the length of a text.
            SettingError: the network doesn't read `target` beside the source.
        """
        network: Any = model["network"]
        if hasattr(network, "resolved"):
            encoder, _ = divided(network, TARGET)
            time = network.inputs[self.source].size("time")
            gives = encoder.gives if isinstance(encoder.gives, Mapping) else {"": encoder.gives}
            for name, signal in gives.items():
                if signal.padded and signal.size("time") != time:
                    what = "the encoder changes the length of the text; leave out what strides or pools in it"
                    raise refusal(f"network.{name}", None, what, reads=f"{time} steps", received=str(signal))
        device = next(network.parameters()).device
        generator = torch.Generator().manual_seed(0)
        source = torch.randint(2, 3, (2, network.inputs[self.source].size("time")), generator=generator).to(device)
        target = torch.randint(self.vocabulary, (2, self.longest + 1), generator=generator).to(device)
        masks = {
            name: torch.ones_like(each, dtype=torch.bool) for name, each in ((self.source, source), (TARGET, target))
        }

        def run(target: Tensor) -> Tensor:
            outputs: Tensor = network({self.source: source, TARGET: target}, masks)
            return outputs

        what = "it looks ahead in the target: it would copy the next token instead of learning to write it"
        others, cuts = (target + 1) % self.vocabulary, ((self.longest + 1) // 2, self.longest)
        refuse_looking_ahead(network, run, target, others, cuts, what)

    def losses(self, model: nn.ModuleDict, batch: Batch, generator: torch.Generator) -> Iterator[tuple[str, Tensor]]:
        """Smoothed cross-entropy of every token and of `end`, in nats per token."""
        logits, following, real = self.forced(model, batch)
        yield "network", self.objective(logits, following, real)

    def own_loss(self) -> LossSpec:
        """Cross-entropy with label smoothing."""
        return {"cross_entropy": {"label_smoothing": self.label_smoothing}}

    def forced(self, model: nn.ModuleDict, batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
        """Logits (n, time, vocabulary + 2) behind the true tokens, what follows, and which places are real."""
        read, following, real = shifted(batch.target, batch.target_mask, self.vocabulary)
        inputs, masks = {**batch.inputs, TARGET: read}, {**batch.masks, TARGET: real}
        return model["network"](inputs, masks), following, real

    def passes(self, model: nn.ModuleDict) -> dict[str, nn.Module]:
        """`encoder`, what depends on the source alone, and `decoder`, the rest."""
        network: Any = model["network"]
        encoder, decoder = divided(network, TARGET)
        return {"encoder": encoder, "decoder": decoder}

    def pass_inputs(self, signals: Mapping[str, Signal]) -> dict[str, dict[str, Signal]]:
        """The encoder reads the source; what the decoder reads, the network says."""
        return {"encoder": dict(signals)}

    def metrics(self) -> list[Metric]:
        """Nats per token over all tokens, ends among them, and perplexity."""
        return [CrossEntropy().called("nats_per_token"), Perplexity()]

    def evidence(self, model: nn.ModuleDict, batches: Iterable[Batch]) -> Iterator[tuple[Outputs, Tensor]]:
        """Logits (n, vocabulary + 2) and the tokens that followed (n), without padding."""
        for batch in batches:
            logits, following, real = self.forced(model, batch)
            yield logits[real], following[real]

    def evaluate(
        self, model: nn.ModuleDict, batches: Iterable[Batch], metrics: Sequence[Metric] | None = None
    ) -> dict[str, float]:
        """As every task; metrics of texts, such as BLEU, see what is written (batch, time) beside the true tokens."""
        wanted = self.metrics() if metrics is None else metrics
        texts = [metric for metric in wanted if isinstance(metric, OfTexts)]
        tokens = [metric for metric in wanted if not isinstance(metric, OfTexts)]

        def seen() -> Iterator[Batch]:
            for batch in batches:
                if texts:
                    written = self.infer(model, batch)
                    assert isinstance(written, Mapping)
                    update_all(texts, written["written"], batch.target.cpu())
                yield batch

        found = super().evaluate(model, seen(), tokens)
        return found | {metric.name: float(metric.compute()) for metric in texts}
