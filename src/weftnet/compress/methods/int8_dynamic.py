"""Dynamic int8: weights in eight bits, activations quantised anew for every batch.

Nothing is calibrated, so nothing can be calibrated wrongly; the price is a look at every activation before it is
multiplied. It pays where weights are large beside activations: dense layers, attention, recurrent layers, and the
tables of embeddings, which shrink to a quarter. For convolutions it is slower than float32: see int8_static.
Weights are signed, with a scale for each output channel.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from weftnet.base.extras import need
from weftnet.compress.emit import ONNX, finish_onnx, new_onnx
from weftnet.compress.layers import layers
from weftnet.compress.means import Means, Skipped, network_of
from weftnet.compress.quantise import fused, prepared, quiet
from weftnet.run.folder import Run
from weftnet.run.loading import Loaded

_QUANTISED = ("MatMul", "Gemm", "LSTM", "Gather", "Attention")


class Int8Dynamic:
    """Eight bits, scales taken from every batch."""

    order: ClassVar[int] = 4
    engine: ClassVar[str] = "onnx"
    variants: ClassVar[Sequence[Mapping[str, Any]]] = ({},)

    @staticmethod
    def label() -> str:
        """int8_dynamic."""
        return "int8_dynamic"

    @staticmethod
    def apply(loaded: Loaded, means: Means, folder: Path) -> Run | Skipped:
        """A run that ONNX Runtime answers for, its weights in eight bits."""
        quantization = need("onnxruntime.quantization", extra="compress", what="quantising")
        has = layers(network_of(loaded)[0])
        if has["conv"] and not (has["LSTM"] or has["embedding"] or has["attention"]):
            return Skipped("activations measured anew at every convolution cost more than they save")
        if not (has["linear"] or has["LSTM"] or has["embedding"]):
            return Skipped("no dense, LSTM or embedding layer, of which ONNX Runtime has dynamic forms")
        with prepared(loaded) as path, quiet():
            run = new_onnx(loaded, folder, means, {"method": "int8_dynamic"})
            quantization.quantize_dynamic(
                str(path),
                str(folder / ONNX),
                op_types_to_quantize=list(_QUANTISED),
                weight_type=quantization.QuantType.QInt8,
                per_channel=True,
            )
            fused(folder / ONNX)
        return finish_onnx(run)
