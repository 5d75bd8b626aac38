"""Optional libraries: imported where they are used, and missed with the line that installs them."""

from importlib import import_module
from typing import Any

from weftnet.errors import MissingExtra


def need(module: str, *, extra: str, what: str) -> Any:
    """Import an optional library.

    Args:
        module: to import, `onnxruntime` or `torch.export`.
        extra: of weftnet that installs it.
        what: is to be done with it, for the message.

    Raises:
        MissingExtra: it is not installed; says the `pip install` line.
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if error.name != module.partition(".")[0]:  # it is there, but something it needs is not
            raise
        raise MissingExtra(module.partition(".")[0], extra, what=what) from None
