"""Optional libraries: imported where they are used; if one is missing, the error says how to install it."""

from importlib import import_module
from typing import Any

from weftnet.errors import MissingExtra


def need(module: str, *, extra: str, what: str) -> Any:
    """Import an optional library.

    Args:
        module: to import, `onnxruntime` or `torch.export`.
        extra: the extra of weftnet that installs it.
        what: it is needed for, for the message.

    Raises:
        MissingExtra: it is not installed; with the `pip install` line.
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if error.name != module.partition(".")[0]:  # it is installed, but something it needs is not
            raise
        raise MissingExtra(module.partition(".")[0], extra, what=what) from None
