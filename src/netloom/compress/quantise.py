"""Eight-bit ONNX files by ONNX Runtime, and what both ways of making them share.

    q = round(x / scale) + zero,  x ≈ (q − zero) · scale

A weight's scale is known (one for each output channel). An activation's is measured beforehand on training examples
(static) or taken anew from every batch (dynamic).
Source: B. Jacob and others, Quantization and training of neural networks for efficient integer-arithmetic-only
inference, 2018, https://arxiv.org/abs/1712.05877.
"""

import logging
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from netloom.compress.means import Means, network_of
from netloom.evaluate import Loaded
from netloom.export.onnx import onnx_model
from netloom.extras import need

MASK = "_mask"


class Examples:
    """Batches of training examples as ONNX Runtime's calibration reads them: one after another, then None.

    Args:
        means: whose training split is read.
        count: batches.
        size: examples in each.
    """

    def __init__(self, means: Means, count: int, size: int) -> None:
        size = min(size, means.data.sizes["train"])
        self._batches = iter([means.data.train_batch(step, size, means.seed) for step in range(count)])

    def get_next(self) -> dict[str, NDArray[Any]] | None:
        """The next batch by the names of the file's inputs."""
        batch = next(self._batches, None)
        if batch is None:
            return None
        masks = {name + MASK: mask.numpy() for name, mask in batch.masks.items()}
        return {name: values.numpy() for name, values in batch.inputs.items()} | masks


@contextmanager
def prepared(loaded: Loaded) -> Iterator[Path]:
    """The run as an ONNX file with normalisations folded into convolutions and constants computed, for a moment.

    Raises:
        MissingExtra: onnxruntime, onnx or onnxscript is not installed.
        ExportError: the network can't be written as ONNX.
    """
    shape_inference = need("onnxruntime.quantization.shape_inference", extra="compress", what="quantising")
    with tempfile.TemporaryDirectory() as folder, quiet():
        plain, path = Path(folder) / "plain.onnx", Path(folder) / "prepared.onnx"
        onnx_model(*network_of(loaded), plain)
        shape_inference.quant_pre_process(str(plain), str(path), skip_symbolic_shape=True)
        yield path


def operators(path: Path) -> dict[str, int]:
    """How many nodes of each operator multiply by a weight that lies in the file, or look something up in it."""
    onnx = need("onnx", extra="compress", what="quantising")
    graph = onnx.load(path).graph
    weights = {each.name for each in graph.initializer if len(each.dims) >= 2}
    found: dict[str, int] = {}
    for node in graph.node:
        if weights & set(node.input):
            found[node.op_type] = found.get(node.op_type, 0) + 1
    return found


def tidy(path: Path) -> None:
    """Take out what only readers of the file want: texts, and shapes between the nodes."""
    onnx = need("onnx", extra="compress", what="quantising")
    model = onnx.load(path)
    del model.graph.value_info[:]
    for node in model.graph.node:
        node.doc_string = ""
        del node.metadata_props[:]
    onnx.save(model, path)


@contextmanager
def quiet() -> Iterator[None]:
    """Without ONNX Runtime's advice on preprocessing, which was followed."""
    logger, level = logging.getLogger(), logging.getLogger().level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of onnx in onnxruntime
            yield
    finally:
        logger.setLevel(level)
