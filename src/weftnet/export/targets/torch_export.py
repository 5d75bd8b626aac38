"""A `.pt2` file of torch.export: the network as a program, for torch itself, AOTInductor or ExecuTorch.

The program's inputs are the signals in order, then the masks of padded ones; its outputs are a tuple. torch loads it.
It is a zip of JSON and raw weights, but `torch.export.load` also reads pickles in it (the example inputs, and anything
else an attacker puts there; it retries without restriction where the safe way fails): load only files you trust.
weftnet itself loads one only to check what it has just written, and never loads a run from one.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import torch
from numpy.typing import NDArray

from weftnet.architecture.signal import Signal
from weftnet.compose.network import Network
from weftnet.export.capture import Captured, capture, quiet
from weftnet.export.diverge import Inner
from weftnet.export.parity import Values


class TorchExport:
    """Write, run and inspect a program of torch.export."""

    suffix: ClassVar[str] = ".pt2"
    runs_alone: ClassVar[bool] = False

    def write(self, network: Network, signals: Mapping[str, Signal], path: Path) -> Captured:
        """The network as a file."""
        captured = capture(network, signals)
        for node in captured.program.graph.nodes:
            node.meta.pop("stack_trace", None)  # paths of the machine that wrote it
        with quiet():
            torch.export.save(captured.program, path)
        return captured

    def open(self, path: Path) -> Callable[[Values], list[NDArray[Any]]]:
        """The file as a function of inputs by name; their order is the program's."""
        with quiet():
            module = torch.export.load(path).module()

        def run(values: Values) -> list[NDArray[Any]]:
            with torch.inference_mode():
                outputs = module(*(torch.from_numpy(value) for value in values.values()))
            return [output.numpy() for output in outputs]

        return run

    def inner(self, path: Path, values: Values) -> Sequence[Inner]:
        """Every intermediate value, with the module it came from and those that read it."""
        with quiet():
            module: Any = torch.export.load(path).module()
        paths = {node: _path(node) for node in module.graph.nodes}
        values_inside: list[Inner] = []

        class Recorder(torch.fx.Interpreter):
            def run_node(self, n: torch.fx.Node) -> Any:
                value = super().run_node(n)
                if n.op == "call_function" and isinstance(value, torch.Tensor):
                    values_inside.append(Inner(paths[n], tuple(paths[user] for user in n.users), value.numpy()))
                return value

        with torch.inference_mode():
            Recorder(module).run(*(torch.from_numpy(value) for value in values.values()))
        return values_inside


def _path(node: torch.fx.Node) -> str:
    """The deepest module that called a node, without the wrapper's `network.`."""
    modules = [path for path, _ in node.meta.get("nn_module_stack", {}).values() if path.startswith("network.")]
    return modules[-1].removeprefix("network.") if modules else ""
