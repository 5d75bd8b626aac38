"""Denoising: the clean wave in a noisy one.

    y = network(x)                                       as many samples as x, or some more, which are cut off
    loss = −mean 10 log₁₀(Σ s² / (Σ (s − y)² + τ Σ s²)),   τ = 10⁻³            in decibels, over the examples

Data are pairs of files, x and s, or clean recordings s alone: noise of any colour between white and pink is then added
to them anew at every step (`_noise.py`), and always the same for a score. The loss keeps the loudness; τ stops it at
30 dB, where a recording is as good as clean.

Source of the loss: S. Wisdom and others, Unsupervised sound separation using mixture invariant training, 2020,
equation 2, https://arxiv.org/abs/2006.12701; of the score: J. Le Roux and others, SDR – half-baked or well done?, 2019,
https://arxiv.org/abs/1811.02508.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from weftnet.architecture.signal import Signal
from weftnet.architecture.spec import Block, Node
from weftnet.data.batch import Batch
from weftnet.data.data import Data
from weftnet.data.kinds.audio import Audio
from weftnet.data.outputs import Outputs, chosen
from weftnet.data.preprocessing import Preprocessing
from weftnet.errors import DataError, SettingError
from weftnet.metrics._metric import Metric
from weftnet.metrics.si_sdr import SiSdr, si_sdr
from weftnet.tasks._heads import BOUNDED, refusal
from weftnet.tasks._task import Task
from weftnet.tasks._waves import cut, silenced
from weftnet.tasks.denoising._noise import with_noise

#: share of the signal's energy that counts as none
_CLEAN = 1e-3


@dataclass(frozen=True)
class Denoising(Task):
    """One network from a noisy wave to a clean one.

    Args:
        rate: samples a second.
        time: samples that a recording is read to.
        scale: what an output is multiplied by to be a sample.
        read: what an input is multiplied by to be a sample.
        pairs: whether the data have the clean waves of noisy ones; otherwise noise is added to clean ones.
        low: decibels of the signal over the noise that is added, at least.
        high: at most.
    """

    rate: int
    time: int
    scale: float = 1.0
    read: float = 1.0
    pairs: bool = False
    low: float = 0.0
    high: float = 10.0

    score: ClassVar[str] = "si_sdr_gain"

    def __post_init__(self) -> None:
        if not self.low <= self.high:
            got = f"{self.low:g} and {self.high:g}"
            raise SettingError("low is above high", where="task denoising", expected="low ≤ high", got=got)

    @classmethod
    def suits(cls, data: Data) -> float:
        """Sure of recordings whose target are recordings; possible for recordings alone."""
        if [signal.kind for signal in data.signals.values()] != ["wave"]:
            return 0.0
        return 0.95 if isinstance(data.target, Audio) else 0.15 * (data.target is None)

    @classmethod
    def from_data(cls, data: Data, **settings: Any) -> "Denoising":
        """The task for noisy recordings and clean ones, or for clean ones alone; another target is not looked at.

        Raises:
            DataError: the input is no recording, or noisy and clean ones differ in rate or length.
        """
        signals = list(data.signals.values())
        if [signal.kind for signal in signals] != ["wave"]:
            got = ", ".join(f"{name}: {signal}" for name, signal in data.signals.items())
            raise DataError("denoising reads recordings", where=data.name, expected="one input of sound", got=got)
        (kind,) = Preprocessing.from_state(data.state()["preprocessing"]).columns.values()
        read = kind.rms if isinstance(kind, Audio) else 1.0
        known = {"rate": signals[0].known["rate"], "time": signals[0].size("time"), "read": read, "scale": read}
        if isinstance(target := data.target, Audio):
            if (target.hertz, target.time) != (known["rate"], known["time"]):
                expected, got = (f"{time} samples at {rate} Hz" for rate, time in (
                    (known["rate"], known["time"]), (target.hertz, target.time),
                ))  # fmt: skip
                fix = "set rate and seconds of both columns: {audio: {rate: 16000, seconds: 4}}"
                raise DataError(
                    "noisy and clean recordings differ", where=data.name, expected=expected, got=got, fix=fix
                )
            known |= {"scale": target.rms, "pairs": True}
        return cls(**{**known, **settings})

    def head(self, part: str, gives: Signal, last_block: str | None) -> tuple[Node, ...]:
        """A dense layer to one value a sample, where there are several.

        Raises:
            ArchitectureError: the output is shorter than the wave, or can't be negative.
        """
        reads = f"a sequence of {self.time} steps or more"
        if gives.axes != ("time", "dim") or gives.dtype != "float" or gives.size("time") < self.time:
            what = "a clean wave has as many samples as the noisy one; leave out what pools, or double time again"
            raise refusal(part, last_block, what, reads=reads, received=str(gives))
        if gives.size("dim") > 1:
            return (Block("dense", {"dim": 1}),)
        if last_block in BOUNDED and last_block != "tanh":
            raise refusal(part, last_block, f"{last_block} bounds its outputs, and a wave is on both sides of zero")
        return ()

    def losses(self, model: nn.ModuleDict, batch: Batch, generator: torch.Generator) -> Iterator[tuple[str, Tensor]]:
        """Decibels of what is wrong, over those of the signal."""
        noisy, clean, mask = self.mixed(batch, generator)
        y = cut(model["network"](noisy.inputs, noisy.masks), mask, clean.shape[1])
        power, wrong = clean.square().sum((1, 2)), (clean - y).square().sum((1, 2))
        yield "network", 10 * ((wrong + _CLEAN * power + 1e-8) / (power + 1e-8)).log10().mean()

    def mixed(self, batch: Batch, generator: torch.Generator) -> tuple[Batch, Tensor, Tensor | None]:
        """The batch as it is read, the clean waves (batch, time, 1), and which samples are real."""
        ((name, x),) = batch.inputs.items()
        mask = batch.masks.get(name)
        x = silenced(x, mask)
        if self.pairs:
            return batch, cut(batch.target, mask, x.shape[1]), mask
        noisy = with_noise(x, mask, self.low, self.high, generator)
        return Batch({name: noisy}, batch.masks, {}, batch.rows, batch.epoch), x, mask

    def metrics(self) -> list[Metric]:
        """SI-SDR of the answer, and how much better it is than that of the noisy wave; in decibels."""
        return [SiSdrGain().called("si_sdr_gain"), SiSdr()]

    def evidence(self, model: nn.ModuleDict, batches: Iterable[Batch]) -> Iterator[tuple[Outputs, Tensor]]:
        """The answer and the noisy wave, the clean one as the target; noise that is added is the same every time."""
        generator = torch.Generator().manual_seed(0)
        for batch in batches:
            noisy, clean, mask = self.mixed(batch, generator)
            y = cut(model["network"](noisy.inputs, noisy.masks), mask, clean.shape[1])
            (x,) = noisy.inputs.values()
            yield {"wave": y, "noisy": cut(x, mask, clean.shape[1])}, clean


class SiSdrGain(SiSdr, better="max"):
    """SI-SDR of the output `wave` minus that of the output `noisy`, the mean over the examples."""

    def update(self, outputs: Outputs, target: Tensor) -> None:
        """Add a batch."""
        gain = si_sdr(chosen(outputs, "wave"), target) - si_sdr(chosen(outputs, "noisy"), target)
        self._parts.append(torch.stack([gain.sum(), gain.new_tensor(len(gain))]))
