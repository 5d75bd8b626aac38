"""What a compression method receives besides the run, and what it returns where it does not apply."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Protocol

from weftnet.architecture.signal import Signal
from weftnet.architecture.spec import Architecture
from weftnet.compose.network import Network
from weftnet.data import Data
from weftnet.run.folder import Run
from weftnet.run.loading import Loaded


@dataclass(frozen=True)
class Resources:
    """What a method may use.

    Args:
        data: of the run; the training split is for calibration and training, the validation split for choosing only.
        seconds: of fine-tuning for a network that was pruned or factorised; 0 leaves it as it is.
        seed: of everything random.
        origin: the folder of the run that is compressed, and the checksum of its weights.
        student: a smaller network that somebody gives, without a head; None for none.
    """

    data: Data
    seconds: float = 0.0
    seed: int = 0
    origin: Mapping[str, Any] = field(default_factory=dict)
    student: Architecture | None = None


@dataclass(frozen=True)
class NotApplicable:
    """A method that does not apply to a run, and why."""

    reason: str


def network_of(loaded: Loaded) -> tuple[Network, dict[str, Signal]]:
    """The network of a run whose engine is torch, and its inputs."""
    network = loaded.model["network"]
    assert isinstance(network, Network)  # `compress` refuses other runs
    return network, loaded.task.inputs(loaded.signals)["network"]


class Method(Protocol):
    """The interface of every entry of the registry `METHODS`.

    One with `on_request = True` is tried where it is named alone.
    """

    order: ClassVar[int]
    """Its place where methods are combined: pruning, factorising, quantising."""
    engine: ClassVar[str]
    """The engine of its runs: "torch", or "onnx" for ONNX Runtime, to which no other method applies."""
    variants: ClassVar[Sequence[Mapping[str, Any]]]
    """The settings that are tried; `chosen(resources)`, where a method has it, says which of them, or which others."""

    @staticmethod
    def label(**setting: Any) -> str:
        """A name for a variant: prune-50."""
        ...

    @staticmethod
    def apply(loaded: Loaded, means: Resources, folder: Path, **setting: Any) -> Run | NotApplicable:
        """A finished run in a new folder, or why the method does not apply.

        Raises:
            WeftnetError: it applies, but failed.
        """
        ...
