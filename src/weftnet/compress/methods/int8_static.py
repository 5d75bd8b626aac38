"""Static int8: weights and activations in eight bits, with scales measured on training examples in advance.

    calibration   minmax      the observed range
                  percentile  the range without the largest 0.001 %, so that one outlier does not coarsen the rest

Weights: signed, symmetric, a scale for each output channel; activations: unsigned with a zero point, the combination
that AVX-512 VNNI multiplies in one instruction (both signed is three times slower there, measured). Written as
quantise–dequantise pairs and then fused into integer operators: the alternative, ONNX Runtime's QOperator format, drops
a relu after a pooling (measured: 13 points of accuracy).
Weights have seven bits where the processor has no VNNI: its sums of two products would overflow.
For convolutions and dense layers. Recurrent layers have no static form in ONNX Runtime: see int8_dynamic.

Source: B. Jacob and others, Quantization and training of neural networks for efficient integer-arithmetic-only
inference, 2018, https://arxiv.org/abs/1712.05877. Computed by ONNX Runtime.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal

from weftnet.base.extras import need
from weftnet.compress.emit import ONNX, finish_onnx, new_onnx
from weftnet.compress.layers import RECURRENT, layer_families
from weftnet.compress.quantise import CalibrationReader, fuse, prepared, products_saturate, quiet
from weftnet.compress.resources import NotApplicable, Resources, network_of
from weftnet.run.folder import Run
from weftnet.run.loading import Loaded

BATCHES, SIZE = 8, 32


class Int8Static:
    """Eight bits, all scales measured in advance."""

    order: ClassVar[int] = 3
    engine: ClassVar[str] = "onnx"
    variants: ClassVar[Sequence[Mapping[str, Any]]] = ({"calibration": "minmax"}, {"calibration": "percentile"})

    @staticmethod
    def label(*, calibration: str) -> str:
        """int8_static, int8_static-percentile."""
        return "int8_static" if calibration == "minmax" else f"int8_static-{calibration}"

    @staticmethod
    def apply(
        loaded: Loaded, resources: Resources, folder: Path, *, calibration: Literal["minmax", "percentile"]
    ) -> Run | NotApplicable:
        """A run for ONNX Runtime in eight bits."""
        quantization = need("onnxruntime.quantization", extra="compress", what="quantising")
        method = {"minmax": "MinMax", "percentile": "Percentile"}[calibration]
        has = layer_families(network_of(loaded)[0])
        if recurrent := [name for name in RECURRENT if has[name]]:
            return NotApplicable(
                f"ONNX Runtime has no static int8 {recurrent[0]}; int8_dynamic suits recurrent networks"
            )
        if not (has["conv"] or has["linear"]):
            return NotApplicable("no convolution or dense layer")
        with prepared(loaded) as path, quiet():
            run = new_onnx(loaded, folder, resources, {"method": "int8_static", "calibration": calibration})
            quantization.quantize_static(
                str(path),
                str(folder / ONNX),
                CalibrationReader(resources, BATCHES, SIZE),
                quant_format=quantization.QuantFormat.QDQ,
                activation_type=quantization.QuantType.QUInt8,
                weight_type=quantization.QuantType.QInt8,
                per_channel=True,
                reduce_range=products_saturate(),
                calibrate_method=getattr(quantization.CalibrationMethod, method),
            )
            fuse(folder / ONNX)
        return finish_onnx(run, resources)
