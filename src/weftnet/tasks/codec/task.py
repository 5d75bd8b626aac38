"""Compression of sound: a recording as whole numbers, few bits a second, and the recording that they stand for.

    codes = quantiser(encoder(x)),   y = decoder(vectors of the codes)
    loss = Σ |x − y| / Σ |x| + spectral · distance of their spectra (`_spectra.py`)         the mean over the examples
           + the quantiser's own losses, which the recipe's `auxiliary` weighs

The network is one chain with a quantiser among its nodes, which `check` finds. To answer it is run as two
(`_halves.py`): `encoder` gives codes, `decoder` a wave. A code takes ⌈log₂ vocabulary⌉ bits: codes are packed, not
entropy-coded.

Source: N. Zeghidour and others, SoundStream: an end-to-end neural audio codec, 2021, https://arxiv.org/abs/2107.03312;
A. Défossez and others, High fidelity neural audio compression, 2022, https://arxiv.org/abs/2210.13438.
Differs: without their discriminators, and with the spectral distance of Parallel WaveGAN.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from weftnet.architecture.signal import Signal
from weftnet.architecture.spec import Block, Node
from weftnet.compose.network import Network
from weftnet.data.batch import Batch
from weftnet.data.data import Data
from weftnet.data.kinds.audio import Audio
from weftnet.data.outputs import Outputs
from weftnet.data.preprocessing import Preprocessing
from weftnet.errors import DataError, SettingError
from weftnet.metrics._metric import Metric, On
from weftnet.metrics.mean import Mean
from weftnet.metrics.si_sdr import SiSdr
from weftnet.metrics.spectral_distance import SpectralDistance
from weftnet.tasks._heads import BOUNDED, refusal
from weftnet.tasks._task import Task
from weftnet.tasks._waves import cut, silenced
from weftnet.tasks.codec._halves import BITS, halves, quantiser
from weftnet.tasks.codec._spectra import spectral


@dataclass(frozen=True)
class Codec(Task):
    """One network from a wave to itself, through a quantiser.

    Args:
        rate: samples a second.
        time: samples that a recording is read to.
        scale: what an output is multiplied by to be a sample.
        spectral: weight of the distance of spectra.
        windows: samples of their frames, divisible by 4.
    """

    rate: int
    time: int
    scale: float = 1.0
    spectral: float = 1.0
    windows: tuple[int, ...] | list[int] = (64, 256, 1024)

    score: ClassVar[str] = "si_sdr"

    def __post_init__(self) -> None:
        if not self.spectral >= 0:
            raise SettingError(
                "spectral is out of range", where="task codec", expected="at least 0", got=str(self.spectral)
            )
        if not self.windows or any(window < 4 or window % 4 for window in self.windows):
            raise SettingError(
                "windows are out of range", where="task codec", expected="multiples of 4", got=str(list(self.windows))
            )

    @classmethod
    def suits(cls, data: Data) -> float:
        """Possible for recordings alone."""
        return 0.1 * ([each.kind for each in data.signals.values()] == ["wave"] and data.target is None)

    @classmethod
    def from_data(cls, data: Data, **settings: Any) -> "Codec":
        """The task for recordings; a target is not looked at.

        Raises:
            DataError: the input is no recording.
        """
        signals = list(data.signals.values())
        if [signal.kind for signal in signals] != ["wave"]:
            got = ", ".join(f"{name}: {signal}" for name, signal in data.signals.items())
            raise DataError("a codec reads recordings", where=data.name, expected="one input of sound", got=got)
        (kind,) = Preprocessing.from_state(data.state()["preprocessing"]).columns.values()
        scale = kind.rms if isinstance(kind, Audio) else 1.0
        return cls(**{"rate": signals[0].known["rate"], "time": signals[0].size("time"), "scale": scale, **settings})

    def head(self, part: str, gives: Signal, last_block: str | None) -> tuple[Node, ...]:
        """A dense layer to one value a sample, where there are several.

        Raises:
            ArchitectureError: the output is shorter than the wave, or can't be negative.
        """
        if gives.axes != ("time", "dim") or gives.dtype != "float" or gives.size("time") < self.time:
            what = "what is decoded has as many samples as the recording; lengthen it as often as it is shortened"
            raise refusal(part, last_block, what, reads=f"a sequence of {self.time} steps or more", received=str(gives))
        if gives.size("dim") > 1:
            return (Block("dense", {"dim": 1}),)
        if last_block in BOUNDED and last_block != "tanh":
            raise refusal(part, last_block, f"{last_block} bounds its outputs, and a wave is on both sides of zero")
        return ()

    def check(self, model: nn.ModuleDict) -> None:
        """Refuse a network without a quantiser between two halves.

        Raises:
            SettingError: it has none.
        """
        quantiser(_network(model))

    def losses(self, model: nn.ModuleDict, batch: Batch, generator: torch.Generator) -> Iterator[tuple[str, Tensor]]:
        """What is wrong with the wave, and with its spectra; the quantiser's losses are auxiliary."""
        s, mask = self.true(batch)
        y = cut(model["network"](batch.inputs, batch.masks), mask, s.shape[1])
        wrong = (s - y).abs().sum((1, 2)) / (s.abs().sum((1, 2)) + 1e-8)
        distances = self.spectral * spectral(y, s, self.windows) if self.spectral else 0.0
        yield "network", (wrong + distances).mean()

    def passes(self, model: nn.ModuleDict) -> dict[str, nn.Module]:
        """`encoder`, which gives codes and bits, and `decoder`."""
        encoder, decoder = halves(_network(model))
        return {"encoder": encoder, "decoder": decoder}

    def pass_inputs(self, signals: Mapping[str, Signal]) -> dict[str, dict[str, Signal]]:
        """The encoder reads the recording; what the decoder reads, the network says."""
        return {"encoder": dict(signals)}

    @staticmethod
    def true(batch: Batch) -> tuple[Tensor, Tensor | None]:
        """The waves (batch, time, 1), zero at padding, and which samples are real."""
        ((name, x),) = batch.inputs.items()
        mask = batch.masks.get(name)
        return silenced(x, mask), mask

    def metrics(self) -> list[Metric]:
        """SI-SDR of what is decoded and the distance of its spectra, in decibels, and bits a second."""
        return [SiSdr(), SpectralDistance(), On("bits_a_second", Mean().called("bits_a_second"))]

    def evidence(self, model: nn.ModuleDict, batches: Iterable[Batch]) -> Iterator[tuple[Outputs, Tensor]]:
        """What is decoded, and the recording as the target; `bits_a_second` (batch,), without the head of a file."""
        encoder, _ = halves(_network(model))
        for batch in batches:
            s, mask = self.true(batch)
            y = cut(model["network"](batch.inputs, batch.masks), mask, s.shape[1])
            bits = encoder(batch.inputs, batch.masks)[BITS]
            samples = s.new_full((len(s),), s.shape[1]) if mask is None else mask.sum(1)
            yield {"wave": y, "bits_a_second": bits[:, 0] * self.rate / samples}, s


def _network(model: nn.ModuleDict) -> Network:
    """The network itself, whatever runs it."""
    return next(module for module in model["network"].modules() if isinstance(module, Network))
