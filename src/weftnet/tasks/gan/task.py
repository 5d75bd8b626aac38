"""Generative adversarial network: a generator makes examples from noise, a critic judges how real they look.

    critic     loss = mean f(g(z)) − mean f(x) + λ · mean (|∇f(x̂)| − 1)²,   x̂ = u·x + (1 − u)·g(z),  u ~ U(0, 1)
    generator  loss = −mean f(g(z))

Source: Gulrajani et al., Improved Training of Wasserstein GANs, 2017, https://arxiv.org/abs/1704.00028, whose optimiser
settings are the recipe's defaults. The penalty keeps the critic's slope near 1, so that its gap mean f(x) − mean
f(g(z)) estimates the Wasserstein distance of the two distributions.

One step is `critic_steps` losses of the critic, then one of the generator. The critic's losses read the same real
batch, each with fresh noise and fresh x̂ (the paper draws a fresh real batch too; here a step costs one batch of data).
Noise and u come from the loop's generator alone. The penalty is a gradient of each example by itself: a critic that
mixes the examples of a batch (batch normalisation) is refused. It is differentiated twice, which every block of plain
arithmetic allows, but fused attention and fused LSTMs on some devices don't.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from weftnet.architecture.signal import Signal, parse
from weftnet.architecture.spec import Node
from weftnet.data.batch import Batch
from weftnet.data.data import Data
from weftnet.data.outputs import Outputs
from weftnet.errors import SettingError
from weftnet.metrics._metric import Metric, On
from weftnet.metrics.mean import Mean
from weftnet.metrics.mmd import Mmd
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
from weftnet.tasks._heads import refusal, to_signal, to_vector
from weftnet.tasks._task import NO_TARGET, Task, evaluating, noise, on_trial


@dataclass(frozen=True)
class GAN(Task):
    """A generator from a latent vector to an example, and a critic from an example to a number.

    Args:
        signal: of an example, as `image:1x28x28` or `vector:13`.
        latent: length of the noise vector.
        critic_steps: losses of the critic per loss of the generator.
        penalty: weight λ of the gradient penalty.
        mean: of each channel of an image, in [0, 1].
        scale: standard deviation of each channel.
    """

    signal: str
    latent: int = 64
    critic_steps: int = 5
    penalty: float = 10.0
    mean: list[float] | None = None
    scale: list[float] | None = None

    parts: ClassVar[tuple[str, ...]] = ("generator", "critic")
    groups: ClassVar[Mapping[str, tuple[str, ...]]] = {"critic": ("critic",), "generator": ("generator",)}
    recipe_defaults: ClassVar[Mapping[str, Any]] = MappingProxyType(
        {
            "optimiser": "adam",
            "lr": 1e-4,
            "optimiser_settings": {"betas": [0.0, 0.9]},
            "schedule": "constant",
            "patience": None,
        }
    )
    score: ClassVar[str] = "mmd"

    def __post_init__(self) -> None:
        where = "task gan"
        example_signal(self.signal, self.mean, self.scale, where)
        limits = (("latent", self.latent, 1), ("critic_steps", self.critic_steps, 1), ("penalty", self.penalty, 0))
        for name, value, least in limits:
            if value < least:
                raise SettingError(f"{name} is out of range", where=where, expected=f"at least {least}", got=str(value))

    @classmethod
    def suits(cls, data: Data) -> float:
        """Possible for examples without a target; an autoencoder is the safer choice."""
        return 0.3 * can_be_drawn(data)

    @classmethod
    def from_data(cls, data: Data, **settings: Any) -> "GAN":
        """The task for data with one input of floats.

        Raises:
            DataError: there are several inputs, or they are tokens or padded.
        """
        return cls(**{**settings_from(data), **settings})

    def inputs(self, signals: Mapping[str, Signal]) -> dict[str, dict[str, Signal]]:
        """The generator reads noise, the critic an example."""
        name, signal = only_signal(signals, "task gan")
        return {"generator": {"noise": Signal(("dim",), (self.latent,))}, "critic": {name: signal}}

    def head(self, part: str, gives: Signal, last_block: str | None) -> tuple[Node, ...]:
        """Generator: the shape of an example. Critic: flatten and a dense layer of width 1."""
        if part == "generator":
            return to_signal(part, gives, last_block, parse(self.signal), *reach(self.mean, self.scale))
        if last_block in ("softmax", "sigmoid"):
            what = f"a critic returns any number, not a probability; remove the {last_block}"
            raise refusal(part, last_block, what)
        return to_vector(part, gives, last_block, 1, image=["flatten"], sequence=["flatten"])

    def check(self, model: nn.ModuleDict) -> None:
        """Refuse a critic that mixes the examples of a batch.

        Raises:
            ArchitectureError: changing one example changed the critic's value of another.
        """
        critic = model["critic"]
        like = next(critic.parameters())
        x = noise((4, *parse(self.signal).sizes), like, torch.Generator().manual_seed(0))
        values = []
        with on_trial(critic), torch.random.fork_rng(devices=[like.device] if like.is_cuda else []):
            critic.train()
            for last in (x[3:], -3 * x[3:]):
                torch.manual_seed(0)  # the same dropout twice
                values.append(critic(torch.cat([x[:3], last])).flatten()[:3])
        if not torch.allclose(values[0], values[1], rtol=1e-4, atol=1e-5):
            what = (
                "it mixes the examples of a batch, so that the gradient penalty would not be each example's own; "
                "use layer_norm or group_norm instead of batch_norm"
            )
            raise refusal("critic", None, what)

    def losses(self, model: nn.ModuleDict, batch: Batch, generator: torch.Generator) -> Iterator[tuple[str, Tensor]]:
        """`critic_steps` times the critic's loss, then the generator's."""
        real = example(batch)
        shape = (len(real), self.latent)
        for _ in range(self.critic_steps):
            with torch.no_grad():
                fake = model["generator"](noise(shape, real, generator))
            gap = model["critic"](fake).mean() - model["critic"](real).mean()
            yield "critic", gap + self.penalty * gradient_penalty(model["critic"], real, fake, generator)
        yield "generator", -model["critic"](model["generator"](noise(shape, real, generator))).mean()

    def metrics(self) -> list[Metric]:
        """`wasserstein`, the critic's gap, and `mmd` (squared) between real and as many generated examples.

        The gap is only as good as the critic: compare it within a run. `mmd` needs no network.
        """
        return [On("gap", Mean().called("wasserstein")), Mmd()]

    def evidence(self, model: nn.ModuleDict, batches: Iterable[Batch]) -> Iterator[tuple[Outputs, Tensor]]:
        """`gap` of the critic's values of each pair (batch), and the examples `real` and `fake`; with the same noise
        every time.
        """
        generator = torch.Generator().manual_seed(0)
        for batch in batches:
            real = example(batch)
            fake = model["generator"](noise((len(real), self.latent), real, generator))
            gap = (model["critic"](real) - model["critic"](fake)).flatten()
            yield {"gap": gap, "real": real, "fake": fake}, NO_TARGET

    def samples(self, model: nn.ModuleDict, count: int, generator: torch.Generator) -> Tensor:
        """New examples from noise: uint8 images, or vectors and sequences in the standardised space."""
        like = next(model["generator"].parameters())
        with evaluating(model):
            return self.drawn(model["generator"](noise((count, self.latent), like, generator)))

    def drawn(self, y: Tensor) -> Tensor:
        """The generator's outputs as examples: uint8 images, or values in the standardised space."""
        if self.mean is None or self.scale is None:
            return y.detach()
        return as_bytes(pixels(y, self.mean, self.scale))


def gradient_penalty(critic: nn.Module, real: Tensor, fake: Tensor, generator: torch.Generator) -> Tensor:
    """mean (|∇f(x̂)| − 1)² at points between real and fake, one to each example, differentiable in the critic."""
    share = torch.rand(len(real), generator=generator, device=generator.device, dtype=real.dtype).to(real.device)
    share = share.reshape(-1, *[1] * (real.dim() - 1))
    between = (share * real + (1 - share) * fake).detach().requires_grad_()
    (gradient,) = torch.autograd.grad(critic(between).sum(), between, create_graph=True)
    slope: Tensor = gradient.flatten(1).norm(dim=1)
    return (slope - 1).square().mean()
