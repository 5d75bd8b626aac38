"""Dynamic int8: weights in eight bits, activations quantised anew for every batch.

Nothing is calibrated, so nothing can be calibrated wrongly; the price is a look at every activation before it is
multiplied. It pays where weights are large beside activations: dense layers, attention, recurrent layers, and the
tables of embeddings, which shrink to a quarter. For convolutions it is slower than float32: see int8_static.
Weights are signed, with a scale for each output channel.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from netloom.compress.emit import ONNX, finish_onnx, new_onnx
from netloom.compress.means import Means, Skipped
from netloom.compress.quantise import fused, operators, prepared, quiet
from netloom.evaluate import Loaded
from netloom.extras import need
from netloom.run import Run

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
        with prepared(loaded) as path, quiet():
            found = operators(path)
            if found.get("Conv", 0) and not found.keys() & {"LSTM", "Gather", "Attention"}:
                return Skipped("activations measured anew at every convolution cost more than they save")
            if not any(name in found for name in _QUANTISED):
                return Skipped(f"no dense, recurrent or embedding layer among {', '.join(sorted(found))}")
            run = new_onnx(loaded, folder, means, {"method": "int8_dynamic"})
            quantization.quantize_dynamic(
                str(path),
                str(folder / ONNX),
                op_types_to_quantize=[name for name in _QUANTISED if name in found],
                weight_type=quantization.QuantType.QInt8,
                per_channel=True,
            )
            fused(folder / ONNX)
        return finish_onnx(run)
