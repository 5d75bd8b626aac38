"""The runner inside an export: a copy of those sources of weftnet that answer without torch.

Which modules are copied follows from the sources themselves: those that `weftnet.answer` imports, those they import in
turn, and the entries of the registries of kinds and answers, which are imported by name.
"""

import ast
import shutil
from collections.abc import Iterable, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import weftnet
from weftnet.data import KINDS
from weftnet.data.preprocessing import Preprocessing
from weftnet.tasks import ANSWERS

_HOME = Path(weftnet.__file__).parent
_ROOTS = ("weftnet.answer.main",)
_INIT = '"""The part of weftnet {version} that answers without torch."""\n\n__version__ = {version!r}\n'
_MAIN = '''\
"""python {folder} rows.csv: answers of the exported run beside this folder, as JSON lines."""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from weftnet.answer.main import main  # noqa: E402

raise SystemExit(main(HERE.parent))
'''
#: packages that a kind of column needs beyond NumPy
_OF_KINDS: Mapping[str, str] = {"image": "Pillow", "subwords": "tokenizers", "audio": "soundfile"}


def copy_runner(folder: Path, preprocessing: Preprocessing) -> None:
    """Write the runner's sources and requirements into a folder.

    Args:
        folder: new.
        preprocessing: of the run; its kinds determine which packages are required.
    """
    kinds = {str(kind.state()["kind"]) for kind in preprocessing.columns.values()}
    for module in closure(_ROOTS + tuple(_registered())):
        source = _source(module)
        copy = folder / "weftnet" / source.relative_to(_HOME)
        copy.parent.mkdir(parents=True, exist_ok=True)
        if source != _HOME / "__init__.py":
            shutil.copyfile(source, copy)
    init = _INIT.format(version=weftnet.__version__)
    (folder / "weftnet" / "__init__.py").write_text(init, encoding="utf-8")
    (folder / "__main__.py").write_text(_MAIN.format(folder=folder.name), encoding="utf-8")
    packages = ["numpy", "onnxruntime", *(_OF_KINDS[kind] for kind in sorted(kinds & _OF_KINDS.keys()))]
    (folder / "requirements.txt").write_text("".join(f"{_pinned(name)}\n" for name in packages), encoding="utf-8")


def closure(roots: Iterable[str]) -> set[str]:
    """Modules of weftnet that these import, at any level but for type checking, and the packages that contain them."""
    modules: set[str] = set()
    waiting = set(roots)
    while waiting:
        module = waiting.pop()
        modules.add(module)
        tree = ast.parse(_source(module).read_text(encoding="utf-8"))
        if module != "weftnet":
            parent = module.rpartition(".")[0]
            waiting |= {parent, *_imported(tree)} - modules
    return modules


def _imported(tree: ast.Module) -> set[str]:
    types = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for statement in node.body
        for inner in ast.walk(statement)
    }
    names: set[str] = set()
    for node in ast.walk(tree):
        if id(node) in types:
            continue
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {f"{node.module}.{alias.name}" for alias in node.names} | {node.module}
    return {name for name in names if name.split(".")[0] == "weftnet" and _exists(name)}


def _registered() -> list[str]:
    return [name for registry in (KINDS, ANSWERS) for name in registry.modules()]


def _source(module: str) -> Path:
    path = _HOME.joinpath(*module.split(".")[1:])
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def _exists(module: str) -> bool:
    return _source(module).is_file()


def _pinned(package: str) -> str:
    """At least the version installed here: older ones are untested."""
    try:
        return f"{package}>={version(package)}"
    except PackageNotFoundError:
        return package
