"""Python sources that run without torch: the modules that some need, as files of weftnet's and of plugins' packages.

What a module needs is what it imports, at any level but for the type checker, and the packages it lies in. Other
packages are left alone.
"""

import ast
import importlib
import importlib.util
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from weftnet import errors

_HOME = Path(errors.__file__).parent
_NAME = "weftnet"


class Sources:
    """The modules that entries need.

    Args:
        roots: dotted names of modules, of weftnet or of plugins.
    """

    def __init__(self, roots: Iterable[str]) -> None:
        waiting = set(roots)
        tops = {root.partition(".")[0] for root in waiting} - {_NAME}
        self._homes = {_NAME: _HOME, **{top: _home(top) for top in tops}}
        self.files: dict[str, Path] = {}
        """Module → its file; a package is its `__init__.py`."""
        self.needing_torch: list[str] = []
        """Modules of plugins that import torch."""
        while waiting:
            module = waiting.pop()
            source = self._source(module)
            tree = ast.parse(source.read_text(encoding="utf-8")) if source.is_file() else ast.Module([], [])
            if source.is_file():
                self.files[module] = source
            package = module if source.name == "__init__.py" else module.rpartition(".")[0]
            names = set(_imported(tree, package))
            if "torch" in {name.partition(".")[0] for name in names} and not module.startswith("weftnet."):
                self.needing_torch.append(module)
            found = {name for name in names if self._exists(name)}
            waiting |= ({module.rpartition(".")[0], *found} - {""}) - self.files.keys() - {module}
        self.files.pop(_NAME, None)  # that of the copy imports nothing

    def relative(self, module: str) -> Path:
        """Where a module's file lies in a folder of packages."""
        top = module.partition(".")[0]
        home = self._homes[top]
        return Path(f"{top}.py") if home.is_file() else top / self.files[module].relative_to(home)

    def _source(self, module: str) -> Path:
        top, *inner = module.split(".")
        home = self._homes[top]
        if home.is_file():
            return home
        path = home.joinpath(*inner)
        return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")

    def _exists(self, module: str) -> bool:
        top, dot, _ = module.partition(".")
        if top not in self._homes or (self._homes[top].is_file() and dot):
            return False
        return self._source(module).is_file()


def _home(top: str) -> Path:
    """The folder of a package, or the file of a module."""
    module = sys.modules.get(top) or importlib.import_module(top)
    file = getattr(module, "__file__", None)
    path = Path(file) if file else Path(next(iter(module.__path__)))
    return path.parent if path.name == "__init__.py" else path


def _imported(tree: ast.Module, package: str) -> Iterator[str]:
    """Absolute names of what a module imports, and of what may be modules in them."""
    types = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for statement in node.body
        for inner in ast.walk(statement)
    }
    for node in ast.walk(tree):
        if id(node) in types:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            name = importlib.util.resolve_name("." * node.level + (node.module or ""), package)
            yield name
            yield from (f"{name}.{alias.name}" for alias in node.names)
