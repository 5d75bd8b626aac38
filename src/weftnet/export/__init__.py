"""Export: a run → a folder that answers raw inputs without torch, written only if it agrees with the run.

write(loaded, folder, target="onnx") → Exported      `targets/` write, `parity.py` compares, `diverge.py` locates errors
onnx_model(network, signals, path)                   one network as an ONNX file, not yet compared
"""

from weftnet.export.capture import Captured, capture
from weftnet.export.diverge import Inner
from weftnet.export.fault import ExportError
from weftnet.export.onnx import onnx_model
from weftnet.export.parity import Values
from weftnet.export.targets import TARGETS
from weftnet.export.write import Exported, write

__all__ = ["TARGETS", "Captured", "ExportError", "Exported", "Inner", "Values", "capture", "onnx_model", "write"]
