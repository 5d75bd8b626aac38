"""The runner inside an export: a copy of those sources of weftnet, and of plugins, that answer without torch.

Which modules are copied follows from the sources themselves: those that `weftnet.answer` imports, the entries that the
run names – the kinds of its columns, its task's answer and inference – and those that they import in turn. An entry of
a plugin is copied with the layout of its package, and registered when the runner starts.
"""

import shutil
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, TypeAlias

from weftnet.base.version import VERSION
from weftnet.data import KINDS
from weftnet.data.preprocessing import Preprocessing
from weftnet.export.sources import Sources
from weftnet.registry import Registry
from weftnet.tasks import ANSWERS, INFERENCES

_ROOTS = ("weftnet.answer.main",)
_INIT = '"""The part of weftnet {version} that answers without torch."""\n\n__version__ = {version!r}\n'
_MAIN = '''\
"""python {folder} rows.csv: answers of the exported run beside this folder, as JSON lines."""

import sys
from importlib import import_module
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from weftnet.answer.main import main  # noqa: E402

#: entries of plugins: registry, name, what it is
ENTRIES: tuple[tuple[str, str, str], ...] = {entries}


def named(path: str) -> object:
    """package.module:name."""
    module, _, name = path.partition(":")
    return getattr(import_module(module), name)


for registry, name, entry in ENTRIES:
    named(registry).add(name, named(entry))

raise SystemExit(main(HERE.parent))
'''
_REGISTRIES: tuple[tuple[str, Registry[Any]], ...] = (
    ("weftnet.data.kinds:KINDS", KINDS), ("weftnet.tasks:ANSWERS", ANSWERS), ("weftnet.tasks:INFERENCES", INFERENCES),
)  # fmt: skip
#: registry, name
_Named: TypeAlias = tuple[str, Registry[Any], str]


def copy_runner(folder: Path, preprocessing: Preprocessing, task: str) -> None:
    """Write the runner's sources and requirements into a folder.

    Args:
        folder: new.
        preprocessing: of the run; its kinds determine which packages are required.
        task: of the run.
    """
    entries = list(_entries(preprocessing, task))
    sources = Sources((*_ROOTS, *(registry.module(name).__name__ for _, registry, name in entries)))
    for module, source in sources.files.items():
        copy = folder / sources.relative(module)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, copy)
    init = _INIT.format(version=VERSION)
    (folder / "weftnet" / "__init__.py").write_text(init, encoding="utf-8")
    foreign = tuple(
        (where, name, f"{registry.module(name).__name__}:{registry.get(name).__name__}")
        for where, registry, name in entries
        if registry.plugin(name)
    )
    (folder / "__main__.py").write_text(_MAIN.format(folder=folder.name, entries=foreign), encoding="utf-8")
    needed = {package for kind in preprocessing.columns.values() for package in kind.packages}
    packages = ["numpy", "onnxruntime", *sorted(needed)]
    (folder / "requirements.txt").write_text("".join(f"{_pinned(name)}\n" for name in packages), encoding="utf-8")


def needing_torch(preprocessing: Preprocessing, task: str) -> list[str]:
    """Modules of plugins that the runner would need and that import torch, which it doesn't have."""
    entries = _entries(preprocessing, task)
    return Sources(registry.module(name).__name__ for _, registry, name in entries).needing_torch


def _entries(preprocessing: Preprocessing, task: str) -> Iterator[_Named]:
    """The entries that answers of this run need."""
    columns = [*preprocessing.columns.values(), *([] if preprocessing.target is None else [preprocessing.target])]
    kinds = {str(kind.state()["kind"]) for kind in columns}
    for where, registry in _REGISTRIES:
        names = sorted(kinds) if registry is KINDS else [task] * (registry.find(task) is not None)
        yield from ((where, registry, name) for name in names)


def _pinned(package: str) -> str:
    """At least the version installed here: older ones are untested."""
    try:
        return f"{package}>={version(package)}"
    except PackageNotFoundError:
        return package
