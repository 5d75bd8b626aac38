"""Dynamic int8: weights in eight bits, activations quantised for every batch.

Nothing is calibrated, so nothing can be calibrated wrongly; the cost is a pass over every activation before it is
multiplied. It pays off where weights are large compared with activations: dense layers, attention, recurrent layers,
and the tables of embeddings, which shrink to a quarter. For convolutions it is slower than float32: see int8_static.
Weights are signed, with a scale for each output channel; seven bits where the processor has no VNNI.

Source: B. Jacob and others, Quantization and training of neural networks for efficient integer-arithmetic-only
inference, 2018, https://arxiv.org/abs/1712.05877. Computed by ONNX Runtime.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from weftnet.base.extras import need
from weftnet.compress.emit import ONNX, finish_onnx, new_onnx
from weftnet.compress.layers import layer_families
from weftnet.compress.quantise import fuse, prepared, products_saturate, quiet
from weftnet.compress.resources import NotApplicable, Resources, network_of
from weftnet.run.folder import Run
from weftnet.run.loading import Loaded

_QUANTISED = ("MatMul", "Gemm", "LSTM", "Gather", "Attention")


class Int8Dynamic:
    """Eight bits, activation scales computed for every batch."""

    order: ClassVar[int] = 4
    engine: ClassVar[str] = "onnx"
    variants: ClassVar[Sequence[Mapping[str, Any]]] = ({},)

    @staticmethod
    def label() -> str:
        """int8_dynamic."""
        return "int8_dynamic"

    @staticmethod
    def apply(loaded: Loaded, resources: Resources, folder: Path) -> Run | NotApplicable:
        """A run for ONNX Runtime with its weights in eight bits."""
        quantization = need("onnxruntime.quantization", extra="compress", what="quantising")
        has = layer_families(network_of(loaded)[0])
        if has["conv"] and not (has["LSTM"] or has["embedding"] or has["attention"]):
            return NotApplicable("quantising the activations of every convolution costs more than it saves")
        if not (has["linear"] or has["LSTM"] or has["embedding"]):
            return NotApplicable("no dense, LSTM or embedding layer, for which ONNX Runtime has dynamic forms")
        with prepared(loaded) as path, quiet():
            run = new_onnx(loaded, folder, resources, {"method": "int8_dynamic"})
            quantization.quantize_dynamic(
                str(path),
                str(folder / ONNX),
                op_types_to_quantize=list(_QUANTISED),
                weight_type=quantization.QuantType.QInt8,
                per_channel=True,
                reduce_range=products_saturate(),
            )
            fuse(folder / ONNX)
        return finish_onnx(run, resources)
