"""The interface of every entry of the registry `TARGETS`."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Protocol, runtime_checkable

from numpy.typing import NDArray

from weftnet.architecture.signal import Signal
from weftnet.compose.network import Network
from weftnet.export.capture import Captured
from weftnet.export.diverge import Inner
from weftnet.export.parity import Arrays, Values
from weftnet.export.stepping import Steps


class Target(Protocol):
    """Writes, runs and inspects files of one format."""

    suffix: ClassVar[str]
    """Of the files."""
    runs_alone: ClassVar[bool]
    """Whether the runner, which has no torch, can use them."""

    def write(self, network: Network, signals: Mapping[str, Signal], path: Path) -> Captured:
        """Write a network.

        Raises:
            ExportError: it can't be written in this format.
        """
        ...

    def open(self, path: Path) -> Callable[[Values], Arrays]:
        """A file as a function of inputs by name."""
        ...

    def inner(self, path: Path, values: Values) -> Sequence[Inner]:
        """Every intermediate value, with the module it came from and those that read it."""
        ...


@runtime_checkable
class WritesSteps(Protocol):
    """A target that can write a network's next steps too."""

    def write_steps(self, steps: Steps, path: Path) -> Callable[[Values], Mapping[str, NDArray[Any]]]:
        """Write them; the file as a function of inputs and states by name.

        Raises:
            ExportError: they can't be written in this format.
        """
        ...
