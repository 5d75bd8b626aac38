"""Operations that torch has only since somebody here registered them, and how each is written in ONNX.

    @in_onnx(torch.ops.weftnet.suppressed.default)
    def _(op, boxes, likelihood, overlap): return op.NonMaxSuppression(…)

Whoever registers an operation says it beside it; the export asks for all that are known when it writes a file.
"""

from collections.abc import Callable, Mapping
from typing import Any

#: operation of torch → a function of the operators of ONNX and the operation's own arguments
_WRITERS: dict[Any, Callable[..., Any]] = {}


def in_onnx(operation: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Say how an operation is written in ONNX."""

    def said(write: Callable[..., Any]) -> Callable[..., Any]:
        _WRITERS[operation] = write
        return write

    return said


def writers() -> Mapping[Any, Callable[..., Any]]:
    """The operations that are known now, and how they are written."""
    return dict(_WRITERS)
