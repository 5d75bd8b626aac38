"""A network as an ONNX file: opset 20, float32, the batch axis dynamic, time axes of padded inputs too where possible.

    inputs   the signals by name, and NAME_mask (bool, batch × time) for each padded one
    output   `output`; the outputs' names if the network has several

Every node carries `weftnet.path`, the path of the module it came from ("3.body.0"), and nothing about the machine that
wrote it. Weights are in the file; above 1.5 GB (protobuf is limited to 2 GB) next to it in NAME.onnx.data.
"""

import ast
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from weftnet.architecture.signal import Signal
from weftnet.base.extras import need
from weftnet.compose.network import Network
from weftnet.export.capture import Captured, capture, quiet
from weftnet.export.fault import ExportError
from weftnet.export.recurrent import any_length, translations

OPSET = 20
PATH = "weftnet.path"
_INLINE_BYTES = 1_500_000_000
_SCOPES = "pkg.torch.onnx.name_scopes"


def onnx_model(network: Network, signals: Mapping[str, Signal], path: Path) -> Captured:
    """Write a network as ONNX; `parity` checks whether it computes the same numbers.

    Args:
        network: on the CPU, in evaluation mode, float32.
        signals: its inputs by name.
        path: the file.

    Returns:
        the names of inputs and outputs, and which time axes are dynamic.

    Raises:
        MissingExtra: onnx or onnxscript is not installed.
        ExportError: torch can't capture the network, or ONNX has no operator for part of it.
    """
    return write_onnx(capture(network, signals), path)


def write_onnx(captured: Captured, path: Path) -> Captured:
    """Write a program as ONNX.

    Raises:
        MissingExtra: onnx or onnxscript is not installed.
        ExportError: ONNX has no operator for part of it.
    """
    need("onnx", extra="export", what="exporting to ONNX")
    need("onnxscript", extra="export", what="exporting to ONNX")
    with quiet(), any_length():
        try:
            written: Any = torch.onnx.export(
                captured.program,
                input_names=list(captured.arguments),
                output_names=list(captured.outputs),
                opset_version=OPSET,
                custom_translation_table=translations(),
                dynamo=True,
                verbose=False,
            )
        except torch.onnx.errors.OnnxExporterError as error:
            raise ExportError(f"this network can't be written as ONNX: {_reason(error)}") from error
    _tidy(written.model, captured)
    size = sum(weight.nbytes for weight in captured.program.state_dict.values())
    written.save(path, external_data=size > _INLINE_BYTES)
    return captured


def _tidy(model: Any, captured: Captured) -> None:
    """Keep only the blocks' paths of the exporter's metadata, name the axes, and drop intermediate shapes.

    Intermediate shapes contain torch's symbols, on which quantisation fails.
    """
    graph = model.graph
    model.metadata_props.clear()
    graph.metadata_props.clear()
    edges = {*graph.inputs, *graph.outputs}
    reserved = {value.name for value in edges}
    for node in graph.all_nodes():
        path = _path(node.metadata_props.get(_SCOPES, "[]"))
        node.metadata_props.clear()
        node.doc_string = None
        if path is not None:
            node.metadata_props[PATH] = path
        for value in node.outputs:
            value.metadata_props.clear()
            if value not in edges:
                value.shape = None
                if value.name in reserved:
                    value.name = f"{value.name}_inner"
    names = _axis_names(graph.inputs, captured)
    for value in edges:
        value.metadata_props.clear()
        value.shape = type(value.shape)([names.get(str(axis), axis) for axis in value.shape])
        value.doc_string = None
    for value in graph.initializers.values():
        value.metadata_props.clear()


def _axis_names(inputs: Any, captured: Captured) -> dict[str, str]:
    """torch's symbols for dynamic axes → our names."""
    names: dict[str, str] = {}
    for name, value in zip(captured.arguments, inputs, strict=True):
        names.setdefault(str(value.shape[0]), "batch")
        if captured.free.get(name):
            names.setdefault(str(value.shape[1]), f"{name}_time")
    return names


def _path(scopes: str) -> str | None:
    """['', 'network', 'network.3', 'network.3.conv', 'conv2d'] → 3.conv: the module that the node was called by."""
    modules = [scope for scope in ast.literal_eval(scopes) if scope.startswith("network.")]
    return modules[-1].removeprefix("network.") if modules else None


def _reason(error: BaseException) -> str:
    """The first non-empty line of the innermost error."""
    while error.__cause__ is not None:
        error = error.__cause__
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__
