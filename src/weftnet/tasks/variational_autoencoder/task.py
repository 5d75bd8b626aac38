"""Variational autoencoder: an encoder infers the latent causes of an example, a decoder reconstructs it from them.

    [m, v] = encoder(x),  q(z|x) = N(m, exp(v))          z = m + exp(v/2) · ε,  ε ~ N(0, 1)
    ELBO   = log p(x | decoder(z)) − KL,                 KL = ½ Σ (m² + exp(v) − 1 − v)
    loss   = mean of −log p(x | decoder(z)) + β · KL     in nats per example

Source: Kingma & Welling, Auto-Encoding Variational Bayes, 2014, https://arxiv.org/abs/1312.6114; β: Higgins et al.,
β-VAE, 2017, https://openreview.net/forum?id=Sy2fzU9gl. β = 1 is the bound itself, which is what `evaluate` reports.

The likelihood decides what the decoder's outputs are:
    bernoulli  logits of pixels. The data are standardised, so they are brought back to [0, 1] first:
               log p = Σ p log σ(y) + (1 − p) log(1 − σ(y)). For grey values this is the usual surrogate, not a density
               of p (Loaiza-Ganem & Cunningham 2019): compare its ELBO only with itself.
    gaussian   means in the standardised space, with one fixed `deviation` s for all of them:
               log p = −½ Σ ((x − y)/s)² − n log(s √(2π)), a density, which can be positive. Causes that move an
               example by less than s are not worth their KL and are forgotten.

Encoder and decoder are optimised together: one optimiser, the group `autoencoder`.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from weftnet.architecture.signal import Signal, parse
from weftnet.architecture.spec import Block, Node
from weftnet.data.batch import Batch
from weftnet.data.data import Data
from weftnet.data.outputs import Outputs
from weftnet.errors import SettingError
from weftnet.metrics._metric import Direction, Metric, On
from weftnet.metrics.mean import Mean
from weftnet.tasks._examples import (
    as_bytes,
    can_be_drawn,
    example,
    example_signal,
    only_signal,
    pixels,
    reach,
    settings_from,
)  # fmt: skip
from weftnet.tasks._heads import BOUNDED, refusal, to_signal
from weftnet.tasks._task import NO_TARGET, Task, evaluating, noise


@dataclass(frozen=True)
class VariationalAutoencoder(Task):
    """An encoder to mean and log-variance of the latent vector, and a decoder back.

    Args:
        signal: of an example, as `image:1x28x28` or `vector:13`.
        likelihood: "bernoulli" (images) or "gaussian".
        latent: length of the latent vector.
        beta: weight of the KL term while training.
        deviation: standard deviation of the Gaussian likelihood, in the standardised space.
        mean: of each channel of an image, in [0, 1].
        scale: standard deviation of each channel.
    """

    signal: str
    likelihood: Literal["bernoulli", "gaussian"] = "gaussian"
    latent: int = 16
    beta: float = 1.0
    deviation: float = 1.0
    mean: list[float] | None = None
    scale: list[float] | None = None

    parts: ClassVar[tuple[str, ...]] = ("encoder", "decoder")
    groups: ClassVar[Mapping[str, tuple[str, ...]]] = {"autoencoder": ("encoder", "decoder")}
    score: ClassVar[str] = "elbo"

    def __post_init__(self) -> None:
        where = "task variational_autoencoder"
        example_signal(self.signal, self.mean, self.scale, where)
        if self.likelihood not in ("bernoulli", "gaussian"):
            raise SettingError(
                "no such likelihood", where=where, expected="bernoulli or gaussian", got=repr(self.likelihood)
            )
        if self.likelihood == "bernoulli" and self.mean is None:
            raise SettingError(
                "the Bernoulli likelihood needs pixels",
                where=where,
                expected="an image with mean and scale",
                got=self.signal,
                fix="use likelihood gaussian",
            )
        for name, value, least in (("latent", self.latent, 1), ("beta", self.beta, 0)):
            if value < least:
                raise SettingError(f"{name} is out of range", where=where, expected=f"at least {least}", got=str(value))
        if not self.deviation > 0:
            raise SettingError(
                "deviation is out of range", where=where, expected="a positive number", got=str(self.deviation)
            )

    @classmethod
    def suits(cls, data: Data) -> float:
        """Likely for examples without a target."""
        return 0.5 * can_be_drawn(data)

    @classmethod
    def from_data(cls, data: Data, **settings: Any) -> "VariationalAutoencoder":
        """The task for data with one input of floats; images get the Bernoulli likelihood by default.

        Raises:
            DataError: there are several inputs, or they are tokens or padded.
        """
        learnt = settings_from(data)
        return cls(**{**learnt, "likelihood": "bernoulli" if "mean" in learnt else "gaussian", **settings})

    def inputs(self, signals: Mapping[str, Signal]) -> dict[str, dict[str, Signal]]:
        """The encoder reads the example, the decoder the latent vector."""
        name, signal = only_signal(signals, "task variational_autoencoder")
        return {"encoder": {name: signal}, "decoder": {"latent": Signal(("dim",), (self.latent,))}}

    def head(self, part: str, gives: Signal, last_block: str | None) -> tuple[Node, ...]:
        """Encoder: flatten and a dense layer to mean and log-variance. Decoder: the shape of an example."""
        if part == "decoder":
            bounds = reach(self.mean, self.scale) if self.likelihood == "gaussian" else (-math.inf, math.inf)
            return to_signal(part, gives, last_block, parse(self.signal), *bounds)
        if gives.dtype != "float":
            raise refusal(part, last_block, "its output can't become a vector", reads="floats", received=str(gives))
        if gives.kind != "vector":
            return (Block("flatten"), Block("dense", {"dim": 2 * self.latent}))
        if last_block == "dense" and gives.size("dim") == 2 * self.latent:
            return ()
        if last_block in BOUNDED and gives.size("dim") == 2 * self.latent:
            what = f"{last_block} bounds mean and log-variance, which must be free; remove the {last_block}"
            raise refusal(part, last_block, what)
        return (Block("dense", {"dim": 2 * self.latent}),)

    def losses(self, model: nn.ModuleDict, batch: Batch, generator: torch.Generator) -> Iterator[tuple[str, Tensor]]:
        """−ELBO with the KL term weighted by β, in nats per example."""
        reconstruction, kl = self.terms(model, example(batch), generator)
        yield "autoencoder", (self.beta * kl - reconstruction).mean()

    def metrics(self) -> list[Metric]:
        """ELBO (β = 1), reconstruction log-likelihood and KL in nats per example."""
        better: dict[str, Direction] = {"elbo": "max", "reconstruction": "max", "kl": ""}
        return [On(name, Mean(each, "nats").called(name)) for name, each in better.items()]

    def evidence(self, model: nn.ModuleDict, batches: Iterable[Batch]) -> Iterator[tuple[Outputs, Tensor]]:
        """`elbo`, `reconstruction` and `kl` of each example (batch), with the same noise every time."""
        generator = torch.Generator().manual_seed(0)
        for batch in batches:
            reconstruction, kl = self.terms(model, example(batch), generator)
            yield {"elbo": reconstruction - kl, "reconstruction": reconstruction, "kl": kl}, NO_TARGET

    def samples(self, model: nn.ModuleDict, count: int, generator: torch.Generator) -> Tensor:
        """New examples from latent noise: uint8 images, or vectors and sequences in the standardised space."""
        like = next(model["decoder"].parameters())
        with evaluating(model):
            return self.drawn(model["decoder"](noise((count, self.latent), like, generator)))

    def terms(self, model: nn.ModuleDict, x: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """log p(x|z) with z drawn by the generator, and KL, both (batch)."""
        m, v = model["encoder"](x).chunk(2, dim=1)
        y = model["decoder"](m + (v / 2).exp() * noise(m.shape, m, generator))
        return self.log_likelihood(x, y), (m.square() + v.exp() - 1 - v).sum(1) / 2

    def log_likelihood(self, x: Tensor, y: Tensor) -> Tensor:
        """log p(x|z) (batch) of examples from the decoder's outputs y."""
        if self.likelihood == "bernoulli":
            log_p = -F.binary_cross_entropy_with_logits(y, self._pixels(x), reduction="none")
        else:
            log_p = -((x - y) / self.deviation).square() / 2 - math.log(self.deviation * math.sqrt(2 * math.pi))
        return log_p.flatten(1).sum(1)

    def constant(self, x: Tensor) -> Tensor:
        """The decoder's output that stands for the example x (1, …)."""
        return self._pixels(x).clamp(1e-6, 1 - 1e-6).logit() if self.likelihood == "bernoulli" else x

    def drawn(self, y: Tensor) -> Tensor:
        """The decoder's outputs as examples: uint8 images, or values in the standardised space."""
        if self.mean is None or self.scale is None:
            return y.detach()
        return as_bytes(y.sigmoid() if self.likelihood == "bernoulli" else pixels(y, self.mean, self.scale))

    def original(self, x: Tensor) -> Tensor:
        """Examples as they are drawn: uint8 images, or values in the standardised space."""
        return x if self.mean is None else as_bytes(self._pixels(x))

    def _pixels(self, x: Tensor) -> Tensor:
        # rounding, or a test image brighter than any in training, must not leave [0, 1]
        return pixels(x, self.mean or [], self.scale or []).clamp(0, 1)
