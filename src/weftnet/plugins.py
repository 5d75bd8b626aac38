"""A user's own blocks, from a Python file that the user names.

Every public `nn.Module` defined in the file is registered under its snake-case name: `SquaredRelu` is `squared_relu`,
`Conv2d` would be `conv2d`. The file is executed like any Python program. It is named on the command line or in a call,
never by an architecture or a run.
"""

import importlib.util
import re
import sys
from hashlib import sha256
from pathlib import Path
from types import ModuleType

from weftnet.blocks import BLOCKS
from weftnet.errors import SettingError


def load_plugin(path: str | Path) -> list[str]:
    """Execute a file and register its blocks; returns their names.

    Raises:
        SettingError: there is no such file, it fails, it defines no block, or the name of a block is taken.
    """
    path = Path(path)
    if path.suffix != ".py" or not path.is_file():
        raise SettingError("is not a Python file", where=str(path), expected="a file NAME.py of nn.Module classes")
    module = _executed(path.resolve())
    from torch import nn  # the plugin has imported it already

    blocks = {
        snake_case(name): value
        for name, value in vars(module).items()
        if isinstance(value, type)
        and issubclass(value, nn.Module)
        and value.__module__ == module.__name__
        and not name.startswith("_")
    }
    if not blocks:
        raise SettingError("defines no block", where=str(path), expected="a public class that is an nn.Module")
    for name, block in blocks.items():
        BLOCKS.add(name, block)
    return sorted(blocks)


def snake_case(name: str) -> str:
    """`SquaredRelu` → squared_relu, `LSTMCell2` → lstm_cell2, `Conv2d` → conv2d."""
    words = re.sub(r"([A-Z]+)([A-Z][a-z])|([a-z0-9])([A-Z])", r"\1\3_\2\4", name)
    return words.lower()


def _executed(path: Path) -> ModuleType:
    """The file's module, executed once however often it is loaded."""
    name = f"weftnet_plugin_{path.stem}_{sha256(str(path).encode()).hexdigest()[:8]}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise SettingError("cannot be imported", where=str(path))
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[name]
        raise SettingError(f"fails: {type(error).__name__}: {error}", where=str(path)) from error
    return module
