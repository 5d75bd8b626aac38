"""Connectionist temporal classification: what a text costs, however it is spread over the steps.

    B(path) = the path's tokens, each run of one token as one token, blanks left out
    p(text) = Σ over paths of one token or blank a step with B(path) = text of Π_t p[t, path_t]
    nats = −log p(text)

Source: A. Graves and others, Connectionist temporal classification, 2006, section 4,
https://doi.org/10.1145/1143844.1143891. The same as torch's `ctc_loss` with `blank=0`.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from weftnet.data.outputs import Outputs, chosen
from weftnet.metrics._metric import Metric

BLANK = 0


def steps_of(outputs: Tensor) -> Tensor:
    """(batch) the real steps of log-probabilities (batch, time, tokens), all 0 at padding."""
    return (outputs != 0).any(2).sum(1)


def nats_of(outputs: Tensor, tokens: Tensor) -> tuple[Tensor, Tensor]:
    """(batch) −log p(text) in nats, and (batch) which texts fit into their steps; 0 nats where one doesn't.

    Args:
        outputs: (batch, time, tokens) log-probabilities; 0 throughout at padding.
        tokens: (batch, length) the texts, padded with 0.
    """
    steps, lengths = steps_of(outputs), (tokens != BLANK).sum(1)
    p = outputs.to(torch.promote_types(outputs.dtype, torch.float32)).transpose(0, 1)
    nats = F.ctc_loss(p, tokens, steps, lengths, blank=BLANK, reduction="none", zero_infinity=True)
    return nats, needed(tokens) <= steps


def needed(tokens: Tensor) -> Tensor:
    """(batch) the steps that texts (batch, length) need: one for each token, and a blank between equal neighbours."""
    repeated = (tokens[:, 1:] == tokens[:, :-1]) & (tokens[:, 1:] != BLANK)
    return (tokens != BLANK).sum(1) + repeated.sum(1)


class NatsPerToken(Metric, better="min", unit="nats"):
    """Σ nats / Σ tokens over the texts that fit, from outputs `nats` and `fits` (batch), and tokens (batch, length)."""

    def reset(self) -> None:
        """Forget every batch."""
        self._nats, self._tokens = 0.0, 0

    def update(self, outputs: Outputs, target: Tensor) -> None:
        """Add a batch."""
        self._nats += float(chosen(outputs, "nats").sum())
        self._tokens += int((target[chosen(outputs, "fits")] != BLANK).sum())

    def compute(self) -> Tensor | float:
        """The quotient."""
        return self._nats / self._tokens if self._tokens else torch.nan
