"""Whether a written model is the network: the same outputs for every signature it will meet.

A signature is a batch size and, for inputs whose time axis is free, a length. Inputs are drawn at random, tokens from
the whole vocabulary, masks of random lengths; examples of real data may come on top.

    |y − ŷ| ≤ 1e−5 + 1e−4 · max |y|

Both engines compute in float32 (ε = 6e−8) but add in another order, so a sum of n terms differs by some √n · ε of its
size. The largest difference measured over the zoo is 1.5e−6; a fault such as two gates in the wrong order gives
differences of the size of y. The bound stands between, fifty times above the one and far below the other.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray

from weftnet.architecture.signal import Signal
from weftnet.compose.network import Network
from weftnet.data.batch import Batch
from weftnet.execution.session import MASK

ABSOLUTE, RELATIVE = 1e-5, 1e-4
BATCHES = (1, 2, 7, 32)
_QUARTERS = (1, 2, 3, 4)

#: values by the names of a program's inputs
Values: TypeAlias = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class Compared:
    """How far two answers lie apart.

    Args:
        signature: of the inputs: batch size and shapes.
        difference: the largest absolute one.
        allowed: what the tolerance is for outputs of this size.
    """

    signature: str
    difference: float
    allowed: float

    @property
    def close(self) -> bool:
        """Whether they agree; what is not a number never does."""
        return self.difference <= self.allowed


def compare(values: Values, expected: Sequence[NDArray[Any]], got: Sequence[NDArray[Any]]) -> Compared:
    """The largest difference between outputs; infinite where shapes differ or one is not finite."""
    largest, allowed = 0.0, ABSOLUTE
    for one, other in zip(expected, got, strict=True):
        allowed = max(allowed, ABSOLUTE + RELATIVE * float(np.abs(one).max(initial=0.0)))
        largest = max(largest, distance(one, other))
    return Compared(signature(values), largest, allowed)


def distance(one: NDArray[Any], other: NDArray[Any]) -> float:
    """max |one − other|; infinite where the shapes differ, or one value is finite and the other is not."""
    if one.shape != other.shape:
        return float("inf")
    apart = np.abs(one.astype(np.float64) - other.astype(np.float64))
    return float(np.nan_to_num(apart, nan=np.inf).max(initial=0.0))


def signature(values: Values) -> str:
    """`image 7×1×28×28`, `tokens 2×31`."""
    shown = [(name, value) for name, value in values.items() if not (name.endswith(MASK) and value.dtype == np.bool_)]
    return ", ".join(f"{name} {'×'.join(map(str, value.shape))}" for name, value in shown)


def drawn(signals: Mapping[str, Signal], free: Mapping[str, bool], seed: int = 0) -> Iterator[dict[str, NDArray[Any]]]:
    """Random inputs of every signature: each batch size at each length."""
    generator = np.random.default_rng(seed)
    quarters = _QUARTERS if any(free.values()) else _QUARTERS[-1:]
    for batch in BATCHES:
        for quarter in quarters:
            lengths = {
                name: _length(signal.size("time"), quarter if free.get(name) else _QUARTERS[-1])
                for name, signal in signals.items()
                if signal.padded
            }
            yield _random(signals, lengths, batch, generator)


def given(batch: Batch) -> dict[str, NDArray[Any]]:
    """A batch of real examples by the names of a program's inputs."""
    masks = {name + MASK: mask.numpy() for name, mask in batch.masks.items()}
    return {name: value.numpy() for name, value in batch.inputs.items()} | masks


def reference(network: Network, signals: Mapping[str, Signal], values: Values) -> list[NDArray[Any]]:
    """What the network itself gives."""
    inputs = {name: torch.from_numpy(values[name]) for name in signals}
    masks = {name: torch.from_numpy(values[name + MASK]) for name, signal in signals.items() if signal.padded}
    with torch.inference_mode():
        outputs = network(inputs, masks)
    return [output.numpy() for output in (outputs.values() if isinstance(outputs, dict) else [outputs])]


def check(
    network: Network,
    signals: Mapping[str, Signal],
    run: Callable[[Values], Sequence[NDArray[Any]]],
    inputs: Iterable[Values],
) -> tuple[list[Compared], Values | None]:
    """Compare until two answers differ.

    Args:
        network: that was written.
        signals: what it reads.
        run: the written model.
        inputs: to compare on; lengths that the network itself refuses are left out.

    Returns:
        what was compared, and the inputs of the first difference, if there is one.
    """
    compared: list[Compared] = []
    for values in inputs:
        try:
            expected = reference(network, signals, values)
        except RuntimeError:
            if _whole(signals, values):
                raise
            continue  # too short for a kernel, say: the network would never be given it
        compared.append(compare(values, expected, run(values)))
        if not compared[-1].close:
            return compared, values
    return compared, None


def _length(time: int, quarter: int) -> int:
    """A quarter of the time, or more; two steps at least, since a single one is a program of its own to torch."""
    return max(min(2, time), time * quarter // _QUARTERS[-1])


def _random(
    signals: Mapping[str, Signal], lengths: Mapping[str, int], batch: int, generator: np.random.Generator
) -> dict[str, NDArray[Any]]:
    values: dict[str, NDArray[Any]] = {}
    masks: dict[str, NDArray[Any]] = {}
    for name, signal in signals.items():
        shape = list(signal.shape(batch))
        if name in lengths:
            shape[1] = lengths[name]
            real = generator.integers(1, shape[1], size=(batch, 1), endpoint=True)
            masks[name + MASK] = np.arange(shape[1]) < real
        if signal.dtype == "int":
            values[name] = generator.integers(0, signal.known.get("vocabulary", 2), size=shape)
        else:
            values[name] = generator.standard_normal(shape, dtype=np.float32)
    return values | masks


def _whole(signals: Mapping[str, Signal], values: Values) -> bool:
    return all(values[name].shape[1:] == signal.sizes for name, signal in signals.items())
