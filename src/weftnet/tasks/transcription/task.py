"""Transcription: the text of a recording, or of a picture of a line of text.

    p[t, k] = softmax(W · network(x)[t] + b)          over the tokens and a blank, at every step of the network
    p(text) = Σ over all ways to spread the text over the steps of Π_t p[t, …]                 (`_ctc.py`)
    loss = −Σ log p(text) / Σ tokens of the texts     in nats per token

Nobody has to say where a token lies. The network may be of any kind that keeps a time axis, with more steps than a text
has tokens; strides and pools make it shorter. Texts are read by characters unless another kind is asked for. A text
with more tokens than its recording has steps can't be told and is left out of the loss, not of the error rates; the
judge says how many there are.

Source: A. Graves and others, Connectionist temporal classification: labelling unsegmented sequence data with recurrent
neural networks, 2006, https://doi.org/10.1145/1143844.1143891; characters: A. Graves, N. Jaitly, Towards end-to-end
speech recognition with recurrent neural networks, 2014, https://proceedings.mlr.press/v32/graves14.html.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from weftnet.architecture.signal import Signal
from weftnet.architecture.spec import Block, Node
from weftnet.data.batch import Batch
from weftnet.data.data import Data
from weftnet.data.kinds._kind import Kind
from weftnet.data.kinds._sequence import TokenSequence
from weftnet.data.kinds.text import Text
from weftnet.data.outputs import Outputs, chosen
from weftnet.errors import DataError, SettingError
from weftnet.metrics._metric import Metric
from weftnet.metrics.character_error_rate import CharacterErrorRate
from weftnet.metrics.word_error_rate import WordErrorRate
from weftnet.tasks._heads import refusal
from weftnet.tasks._task import Task, wrong_target
from weftnet.tasks.transcription._ctc import NatsPerToken, nats_of

#: kinds of signal that a text can be read from
_READ = ("wave", "image", "series")


@dataclass(frozen=True)
class Transcription(Task):
    """One network with log-probabilities of the tokens at every step.

    Args:
        vocabulary: how many different tokens there are, the blank (0, which pads texts) among them.
        longest: tokens of the longest text.
        rate: steps a second of the input; 0 where it is not known.
        writer: the state of the kind that turns tokens into text.
    """

    vocabulary: int
    longest: int
    rate: int = 0
    writer: Mapping[str, Any] | None = None

    reads: ClassVar[type[Kind] | None] = Text
    reads_with: ClassVar[Mapping[str, Any]] = {"level": "characters", "least": 1}
    score: ClassVar[str] = "word_error_rate"
    choice: ClassVar[str] = "loss"

    def __post_init__(self) -> None:
        for name, value, least in (("vocabulary", self.vocabulary, 2), ("longest", self.longest, 1)):
            if value < least:
                raise SettingError(
                    f"{name} is too small", where="task transcription", expected=f"at least {least}", got=str(value)
                )

    @classmethod
    def suits(cls, data: Data) -> float:
        """Sure of texts beside recordings; likely beside pictures."""
        if not isinstance(data.target, TokenSequence):
            return 0.0
        kinds = [signal.kind for signal in data.signals.values()]
        return {"wave": 0.95, "image": 0.5, "series": 0.3}.get(kinds[0], 0.0) if len(kinds) == 1 else 0.0

    @classmethod
    def from_data(cls, data: Data, **settings: Any) -> "Transcription":
        """The task for data with a text for each recording or picture.

        Raises:
            DataError: the target is no text, or the input neither.
        """
        if not isinstance(data.target, TokenSequence):
            fix = "read the target as texts: {'text': {'level': 'characters'}}"
            raise wrong_target(data, "a transcript, read as text", fix)
        signals = list(data.signals.values())
        if len(signals) != 1 or signals[0].kind not in _READ:
            raise DataError(
                "a transcript is of one recording or picture",
                where=data.name,
                expected=f"one input: {', '.join(_READ)}",
                got=", ".join(f"{name}: {signal}" for name, signal in data.signals.items()),
                fix="name the column of recordings as the only input, or use another task",
            )
        texts = data.target.signal
        known = {"vocabulary": texts.known["vocabulary"], "longest": texts.size("time")}
        rate = signals[0].known.get("rate", 0)
        return cls(**{**known, "rate": rate, "writer": data.target.state(), **settings})

    def head(self, part: str, gives: Signal, last_block: str | None) -> tuple[Node, ...]:
        """Log-probabilities of `vocabulary` tokens at every step.

        Raises:
            ArchitectureError: the output has no time axis, or fewer steps than a text has tokens.
        """
        if last_block == "softmax":
            raise refusal(part, last_block, "the head includes the softmax; remove the softmax")
        reads = f"a sequence of {self.longest} steps or more"
        if gives.axes != ("time", "dim") or gives.dtype != "float":
            what = "a transcript is told step by step; leave out what pools or drops the time axis"
            raise refusal(part, last_block, what, reads=reads, received=str(gives))
        if gives.size("time") < self.longest:
            what = "the longest text has more tokens than the output has steps; stride or pool less"
            raise refusal(part, last_block, what, reads=reads, received=str(gives))
        done = last_block == "ctc_head" and gives.size("dim") == self.vocabulary
        return () if done else (Block("ctc_head", {"dim": self.vocabulary}),)

    def losses(self, model: nn.ModuleDict, batch: Batch, generator: torch.Generator) -> Iterator[tuple[str, Tensor]]:
        """Nats per token, over the texts that fit into their steps."""
        nats, fits = nats_of(model["network"](batch.inputs, batch.masks), batch.target)
        yield "network", nats.sum() / (batch.target[fits] != 0).sum().clamp(min=1)

    def metrics(self) -> list[Metric]:
        """Nats per token, and the error rates of words and characters."""
        return [NatsPerToken().called("loss"), WordErrorRate(self.writer), CharacterErrorRate(self.writer)]

    def evidence(self, model: nn.ModuleDict, batches: Iterable[Batch]) -> Iterator[tuple[Outputs, Tensor]]:
        """The tokens that are told, what the right ones cost, and which of them fit; the right ones as the target."""
        for batch in batches:
            outputs = self.infer(model, batch)
            nats, fits = nats_of(chosen(outputs).double().to(batch.target.device), batch.target)
            yield {"tokens": chosen(outputs, "tokens"), "nats": nats, "fits": fits}, batch.target
