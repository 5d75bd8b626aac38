"""Quantisation to eight bits by ONNX Runtime: what the static and the dynamic method share.

    q = round(x / scale) + zero,  x ≈ (q − zero) · scale

A weight's scale is known (one for each output channel). An activation's is measured in advance on training examples
(static) or computed for every batch (dynamic).
Source: B. Jacob and others, Quantization and training of neural networks for efficient integer-arithmetic-only
inference, 2018, https://arxiv.org/abs/1712.05877.
"""

import logging
import platform
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from weftnet.base.extras import need
from weftnet.base.workplace import workplace
from weftnet.blocks.recurrent.lstm import SHUT
from weftnet.compress.resources import Resources, network_of
from weftnet.data.batch import Batch
from weftnet.errors import WeftnetError
from weftnet.execution.session import MASK
from weftnet.export.onnx import onnx_model
from weftnet.run.loading import Loaded


def products_saturate() -> bool:
    """Whether this processor adds two eight-bit products in 16 bits, where they overflow: x86 without VNNI.

    Weights in seven bits (ONNX Runtime's `reduce_range`) avoid it: 2 · 255 · 64 < 2¹⁵.
    """
    return platform.machine() in ("x86_64", "AMD64") and not torch.cpu._is_vnni_supported()


class CalibrationReader:
    """Batches of training examples in the form that ONNX Runtime's calibration reads: one after another, then None.

    Args:
        resources: whose training split is read.
        count: number of batches.
        size: examples per batch.
    """

    def __init__(self, resources: Resources, count: int, size: int) -> None:
        size = min(size, resources.data.sizes["train"])
        batches = [resources.data.train_batch(step, size, resources.seed) for step in range(count)]
        self._batches = iter(_padded_alike(batches))

    def get_next(self) -> dict[str, NDArray[Any]] | None:
        """The next batch, by the names of the model's inputs."""
        batch = next(self._batches, None)
        if batch is None:
            return None
        masks = {name + MASK: mask.numpy() for name, mask in batch.masks.items()}
        return {name: values.numpy() for name, values in batch.inputs.items()} | masks


def _padded_alike(batches: list[Batch]) -> list[Batch]:
    """The batches, padded to the longest: calibration computes histograms over arrays of one shape."""
    longest = {name: max(batch.masks[name].shape[1] for batch in batches) for name in batches[0].masks}

    def padded(values: Mapping[str, Tensor]) -> dict[str, Tensor]:
        more = {name: longest.get(name, 0) - (each.shape[1] if each.dim() > 1 else 0) for name, each in values.items()}
        return {
            name: F.pad(each, [0, 0] * (each.dim() - 2) + [0, more[name]]) if name in longest else each
            for name, each in values.items()
        }

    return [replace(batch, inputs=padded(batch.inputs), masks=padded(batch.masks)) for batch in batches]


@contextmanager
def prepared(loaded: Loaded) -> Iterator[Path]:
    """The run as a temporary ONNX file with normalisations folded into convolutions and constants computed.

    Raises:
        MissingExtra: onnxruntime, onnx or onnxscript is not installed.
        ExportError: the network can't be written as ONNX.
    """
    shape_inference = need("onnxruntime.quantization.shape_inference", extra="compress", what="quantising")
    with workplace(Path(tempfile.gettempdir()), "weftnet-quantise") as folder, quiet():
        plain, path = folder / "plain.onnx", folder / "prepared.onnx"
        onnx_model(*network_of(loaded), plain)
        shape_inference.quant_pre_process(str(plain), str(path), skip_symbolic_shape=True)
        _open_gates(path)
        yield path


def _open_gates(path: Path) -> None:
    """Let an LSTM process padding where its last cell state is not used.

    The block closes its gates at padding by weights of ±SHUT (see blocks/recurrent/lstm.py). They would determine the
    scale of their rows, and every other weight there would round to zero. The outputs don't need them: those at padding
    are zeroed, and padding comes after all real steps.
    """
    onnx = need("onnx", extra="compress", what="quantising")
    model = onnx.load(path)
    weights = {each.name: each for each in model.graph.initializer}
    read = {name for node in model.graph.node for name in node.input} | {each.name for each in model.graph.output}
    for node in model.graph.node:
        if node.op_type == "LSTM" and node.input[1] in weights and not {*node.output[2:]} & read:
            kept = onnx.numpy_helper.to_array(weights[node.input[1]]).copy()  # (directions, 4 · dim, dim_in)
            kept[abs(kept) == SHUT] = 0
            weights[node.input[1]].CopyFrom(onnx.numpy_helper.from_array(kept, node.input[1]))
    onnx.save(model, path)


def fuse(path: Path) -> None:
    """Replace a file by its fused form: integer operators instead of quantise–dequantise pairs around float ones.

    ONNX Runtime does this whenever it opens a file; done once in advance, the file is smaller and opens faster. The
    level "extended" uses only operators that any processor supports.
    """
    runtime = need("onnxruntime", extra="compress", what="quantising")
    new = path.with_name("fused.onnx")
    options = runtime.SessionOptions()
    options.graph_optimization_level = runtime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    options.optimized_model_filepath = str(new)
    runtime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    new.replace(path)


@contextmanager
def quiet() -> Iterator[None]:
    """Suppress ONNX Runtime's advice on preprocessing, which was followed, and the output of its calibration.

    Raises:
        WeftnetError: ONNX Runtime can't quantise the network.
    """
    state = need("onnxruntime.capi.onnxruntime_pybind11_state", extra="compress", what="quantising")
    faults = (state.Fail, state.InvalidGraph, state.InvalidArgument, state.NotImplemented, state.RuntimeException)
    logger, level = logging.getLogger(), logging.getLogger().level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings(), redirect_stdout(StringIO()):
            warnings.simplefilter("ignore", DeprecationWarning)  # of onnx in onnxruntime
            yield
    except (*faults, ValueError, TypeError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise WeftnetError(f"ONNX Runtime can't quantise this network: {reason}") from error
    finally:
        logger.setLevel(level)
