"""Whether an exported model equals its network: the same outputs for every input signature.

A signature is a batch size and, for inputs whose time axis is dynamic, a length. Inputs are random: tokens from the
whole vocabulary, masks of random lengths; real examples can be added.

    |y − ŷ| ≤ 1e−5 + 1e−4 · max |y|

Both engines compute in float32 (ε = 6e−8) but add in a different order, so a sum of n terms differs by about √n · ε of
its size. The largest difference measured over the zoo is 1.5e−6; an error such as two swapped gates gives differences
of the size of y. The bound is between the two, fifty times above the former and far below the latter.

Whole numbers are decisions: which vector is nearest, which token is likeliest. Where two are nearly equal, rounding
decides, so of whole numbers one in a thousand may differ, and one of fewer. Truths are decisions too: which of two
boxes stays. There one choice is two truths, so of fewer than two thousand two may differ.
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
#: decisions of which one may differ
DECISIONS = 1000
BATCHES = (1, 2, 7, 32)
_QUARTERS = (1, 2, 3, 4)

#: values by the names of a program's inputs
Values: TypeAlias = Mapping[str, NDArray[Any]]
#: a program's outputs in their order
Arrays: TypeAlias = Sequence[NDArray[Any]]


@dataclass(frozen=True)
class Compared:
    """The difference between the outputs of two models.

    Args:
        signature: of the inputs: batch size and shapes.
        difference: the largest absolute one.
        allowed: the tolerance for outputs of this size.
    """

    signature: str
    difference: float
    allowed: float

    @property
    def close(self) -> bool:
        """Whether they agree; NaN never does."""
        return self.difference <= self.allowed


def compare(values: Values, expected: Arrays, got: Arrays) -> Compared:
    """The largest difference between outputs; infinite where shapes differ or one is not finite."""
    largest, allowed = 0.0, ABSOLUTE
    for one, other in zip(expected, got, strict=True):
        if decided_alike(one, other):
            continue
        allowed = max(allowed, ABSOLUTE + RELATIVE * float(np.abs(one).max(initial=0.0)))
        largest = max(largest, distance(one, other))
    return Compared(signature(values), largest, allowed)


def decided_alike(one: NDArray[Any], other: NDArray[Any]) -> bool:
    """Whether two outputs are whole numbers, or truths, of which few enough differ."""
    kinds = [each.dtype.kind.replace("u", "i") for each in (one, other)]
    if kinds not in (["i"] * 2, ["b"] * 2) or one.shape != other.shape:
        return False
    return int((one != other).sum()) <= max(2 if kinds[0] == "b" else 1, one.size // DECISIONS)


def distance(one: NDArray[Any], other: NDArray[Any]) -> float:
    """max |one − other|; infinite where the shapes differ, or one value is finite and the other is not."""
    if one.shape != other.shape:
        return float("inf")
    difference = np.abs(one.astype(np.float64) - other.astype(np.float64))
    return float(np.nan_to_num(difference, nan=np.inf).max(initial=0.0))


def signature(values: Values) -> str:
    """`image 7×1×28×28`, `tokens 2×31`."""
    inputs = [(name, value) for name, value in values.items() if not (name.endswith(MASK) and value.dtype == np.bool_)]
    return ", ".join(f"{name} {'×'.join(map(str, value.shape))}" for name, value in inputs)


def random_inputs(
    signals: Mapping[str, Signal], free: Mapping[str, bool], seed: int = 0
) -> Iterator[dict[str, NDArray[Any]]]:
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


def arguments_of(batch: Batch) -> dict[str, NDArray[Any]]:
    """A batch of real examples by the names of a program's inputs."""
    masks = {name + MASK: mask.numpy() for name, mask in batch.masks.items()}
    return {name: value.numpy() for name, value in batch.inputs.items()} | masks


def reference(network: Network, signals: Mapping[str, Signal], values: Values) -> list[NDArray[Any]]:
    """The outputs of the network itself."""
    inputs = {name: torch.from_numpy(values[name]) for name in signals}
    masks = {name: torch.from_numpy(values[name + MASK]) for name, signal in signals.items() if signal.padded}
    with torch.inference_mode():
        outputs = network(inputs, masks)
    return [output.numpy() for output in (outputs.values() if isinstance(outputs, dict) else [outputs])]


def check(
    network: Network,
    signals: Mapping[str, Signal],
    run: Callable[[Values], Arrays],
    inputs: Iterable[Values],
) -> tuple[list[Compared], Values | None]:
    """Compare until the outputs differ.

    Args:
        network: the exported one.
        signals: its inputs.
        run: the exported model.
        inputs: to compare on; lengths that the network itself refuses are skipped.

    Returns:
        the comparisons, and the inputs of the first difference, if there is one.
    """
    compared: list[Compared] = []
    for values in inputs:
        try:
            expected = reference(network, signals, values)
        except RuntimeError:
            if _full_length(signals, values):
                raise
            continue  # too short for a kernel, say: such inputs never reach the network
        compared.append(compare(values, expected, run(values)))
        if not compared[-1].close:
            return compared, values
    return compared, None


def _length(time: int, quarter: int) -> int:
    """One to four quarters of the time; at least two steps, since torch specialises programs to a single one."""
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


def _full_length(signals: Mapping[str, Signal], values: Values) -> bool:
    return all(values[name].shape[1:] == signal.sizes for name, signal in signals.items())
