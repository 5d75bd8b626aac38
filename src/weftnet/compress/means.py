"""What a method of compression is given besides the run, and what it says when it has nothing to offer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Protocol

from weftnet.architecture.signal import Signal
from weftnet.compose.network import Network
from weftnet.data import Data
from weftnet.run.folder import Run
from weftnet.run.loading import Loaded
from weftnet.train.progress import Progress


@dataclass(frozen=True)
class Means:
    """What a method may use.

    Args:
        data: the run's; the training split calibrates and trains, the validation split is for choosing only.
        seconds: of training for a network that was cut; 0 leaves it as it was cut.
        seed: of everything random.
        origin: where the run that is compressed lies, and the checksum of its weights.
        progress: is told how trainings go.
    """

    data: Data
    seconds: float = 0.0
    seed: int = 0
    origin: Mapping[str, Any] = field(default_factory=dict)
    progress: Progress | None = None


@dataclass(frozen=True)
class Skipped:
    """A method that does not apply to a run, and why."""

    reason: str


def network_of(loaded: Loaded) -> tuple[Network, dict[str, Signal]]:
    """The network of a run that torch answers for, and what it reads."""
    network = loaded.model["network"]
    assert isinstance(network, Network)  # `compress` refuses other runs
    return network, loaded.task.inputs(loaded.signals)["network"]


class Method(Protocol):
    """The interface of every entry of the registry `METHODS`."""

    order: ClassVar[int]
    """Its place where methods follow one another: cutting, factoring, quantising."""
    engine: ClassVar[str]
    """What answers for its runs: "torch", or "onnx" for ONNX Runtime, after which nothing else can be done."""
    variants: ClassVar[Sequence[Mapping[str, Any]]]
    """The settings that are tried."""

    @staticmethod
    def label(**setting: Any) -> str:
        """A name for a variant: prune-50."""
        ...

    @staticmethod
    def apply(loaded: Loaded, means: Means, folder: Path, **setting: Any) -> Run | Skipped:
        """A finished run in a new folder, or why there is none.

        Raises:
            WeftnetError: something went wrong that is no property of the method.
        """
        ...
