"""ONNX: a file that ONNX Runtime and many other engines run without torch.

`weftnet.export.onnx` describes its contents. Parity is checked with ONNX Runtime on the CPU.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from numpy.typing import NDArray

from weftnet.architecture.signal import Signal
from weftnet.base.extras import need
from weftnet.compose.network import Network
from weftnet.execution.session import Session
from weftnet.export.capture import Captured
from weftnet.export.diverge import Inner
from weftnet.export.onnx import PATH, onnx_model, write_onnx
from weftnet.export.parity import Values
from weftnet.export.stepping import Steps, captured


class Onnx:
    """Write, run and inspect an ONNX file."""

    suffix: ClassVar[str] = ".onnx"
    runs_alone: ClassVar[bool] = True  #: whether the runner, which has no torch, can use it

    def write(self, network: Network, signals: Mapping[str, Signal], path: Path) -> Captured:
        """The network as a file."""
        return onnx_model(network, signals, path)

    def open(self, path: Path) -> Callable[[Values], list[NDArray[Any]]]:
        """The file as a function of inputs by name."""
        session = Session(path)
        return lambda values: list(session.run(values).values())

    def write_steps(self, steps: Steps, path: Path) -> Callable[[Values], dict[str, NDArray[Any]]]:
        """Write the next steps; the file as a function of inputs and states by name."""
        write_onnx(captured(steps), path)
        return Session(path).run

    def inner(self, path: Path, values: Values) -> Sequence[Inner]:
        """Every intermediate value, with the module it came from and those that read it."""
        onnx = need("onnx", extra="export", what="inspecting an ONNX file")
        model = onnx.load(str(path), load_external_data=False)
        paths = {name: _path(node) for node in model.graph.node for name in node.output if name}
        readers: dict[str, list[str]] = {name: [] for name in paths}
        for node in model.graph.node:
            for name in node.input:
                if name in readers:
                    readers[name].append(_path(node))
        outputs = {value.name for value in model.graph.output}
        for name in outputs & readers.keys():
            readers[name].append("")
        model.graph.output.extend(onnx.ValueInfoProto(name=name) for name in paths if name not in outputs)
        instrumented = path.with_name(f".inner-{path.name}")
        try:
            instrumented.write_bytes(model.SerializeToString())
            computed = Session(instrumented).run(values)
        finally:
            instrumented.unlink(missing_ok=True)
        return [Inner(paths[name], tuple(readers[name]), value) for name, value in computed.items() if name in paths]


def _path(node: Any) -> str:
    return next((str(each.value) for each in node.metadata_props if each.key == PATH), "")
