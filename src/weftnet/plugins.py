"""Plugins: entries of every registry, from a file or a folder that the user names, or from an installed package.

A folder is laid out as weftnet is, see `REGISTRIES`:

    blocks/squared_relu.py    a class SquaredRelu
    tasks/ranking/task.py     a class Ranking; judge.py beside it a function ranking; …

In a file every public `nn.Module` defined there is a block, and all else is named:

    ENTRIES = {"metric": [Ndcg], "loss": [list_net], "judge": {"ranking": judge_ranking}}

Names are those of classes and functions in snake case: `Ndcg` is `ndcg`. A folder's `__init__.py` may hold ENTRIES too.
An installed package names such a module, or such a package, in its entry-point group `weftnet.plugins`; it is looked at
when names are listed, or when one is not known. A plugin is executed like any Python program. It is named on the
command line or in a call, never by an architecture or a run: a run records what its plugins brought, so that it can
say which one is missing.
"""

import importlib.util
import re
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.machinery import ModuleSpec
from pathlib import Path
from threading import RLock
from types import ModuleType
from typing import Any, Protocol

from weftnet.errors import SettingError, WeftnetError, closest

GROUP = "weftnet.plugins"
#: what `ENTRIES` calls it → the folder of a plugin, the registry
REGISTRIES: Mapping[str, tuple[str, str]] = {
    "block": ("blocks", "weftnet.blocks:BLOCKS"),
    "zoo": ("zoo", "weftnet.zoo:ZOO"),
    "task": ("tasks", "weftnet.tasks:TASKS"),
    "answer": ("tasks", "weftnet.tasks:ANSWERS"),
    "infer": ("tasks", "weftnet.tasks:INFERENCES"),
    "judge": ("tasks", "weftnet.tasks:JUDGES"),
    "explain": ("tasks", "weftnet.tasks:EXPLANATIONS"),
    "propose": ("tasks", "weftnet.tasks:PROPOSALS"),
    "distil": ("tasks", "weftnet.tasks:DISTILLATIONS"),
    "example": ("tasks", "weftnet.tasks:EXAMPLES"),
    "signal": ("signals", "weftnet.tasks._propose:SIGNALS"),
    "source": ("sources", "weftnet.data.sources:SOURCES"),
    "kind": ("kinds", "weftnet.data.kinds:KINDS"),
    "augmentation": ("augment", "weftnet.data.augment:AUGMENTATIONS"),
    "optimiser": ("optimisers", "weftnet.optim:OPTIMISERS"),
    "schedule": ("schedules", "weftnet.optim:SCHEDULES"),
    "solver": ("solvers", "weftnet.solvers:SOLVERS"),
    "loss": ("losses", "weftnet.losses:LOSSES"),
    "metric": ("metrics", "weftnet.metrics:METRICS"),
    "listener": ("listeners", "weftnet.train.listeners:LISTENERS"),
    "explainer": ("explainers", "weftnet.explain.methods:METHODS"),
    "compressor": ("compressors", "weftnet.compress.methods:METHODS"),
    "export_target": ("export_targets", "weftnet.export.targets:TARGETS"),
    "engine": ("engines", "weftnet.serve.engines:ENGINES"),
}


class _Registry(Protocol):
    """What a plugin needs of a registry."""

    def extend(self, folder: Path, package: str, plugin: str = "") -> list[str]: ...
    def add(self, name: str, entry: Any, plugin: str = "") -> None: ...
    def remove(self, name: str, plugin: str) -> None: ...
    def forget(self, plugin: str) -> None: ...


@dataclass(frozen=True)
class Plugin:
    """What was loaded.

    Args:
        name: of the file, the folder or the entry point.
        version: its `__version__`, or the installed package's.
        where: its path, or the package.
        entries: names by registry, as `ENTRIES` calls it.
    """

    name: str
    version: str
    where: str
    entries: Mapping[str, Sequence[str]]

    def __str__(self) -> str:
        return f"{self.name} {self.version}".strip()


_LOADED: dict[str, Plugin] = {}
#: name of an entry → the plugin that had brought it when a run was trained
_RECORDED: dict[str, str] = {}
_LOCK = RLock()
_looked = False


def load_plugin(path: str | Path) -> Plugin:
    """Execute a file, or a folder's `__init__.py`, and register its entries; a second time nothing happens.

    >>> lines = ["from torch import nn", "class Twice(nn.Module):", "    def forward(self, x): return 2 * x"]
    >>> _ = Path("mine.py").write_text("\\n".join(lines))
    >>> weftnet.load_plugin("mine.py").entries
    {'block': ['twice']}

    Raises:
        SettingError: there is no such file or folder, it fails, it brings nothing, or a name is taken.
    """
    path = Path(path).expanduser().resolve()
    if not path.is_dir() and (path.suffix != ".py" or not path.is_file()):
        what = "is no plugin"
        raise SettingError(what, where=str(path), expected="a Python file, or a folder of blocks/, tasks/ …")
    name = re.sub(r"\W", "_", path.name.removesuffix(".py"))
    if (known := _LOADED.get(name)) is not None:
        if known.where == str(path):
            return known
        raise SettingError(f"two plugins are called {name!r}", where=str(path), got=known.where, fix="rename one")
    module = f"weftnet_plugin_{name}"
    try:
        return _registered(_executed(path, module), name, "", str(path))
    except BaseException:
        for each in [each for each in sys.modules if each == module or each.startswith(module + ".")]:
            del sys.modules[each]
        raise


def give(word: str, name: str, entry: Any, plugin: str) -> None:
    """Register an entry that the program which runs has made; it replaces the one that was given as this before.

    Args:
        word: the registry, as `ENTRIES` calls it.
        name: of the entry.
        entry: that is registered.
        plugin: what the entry comes with, for whoever reads a run that needs it.
    """
    before = _LOADED.get(plugin)
    kept = {} if before is None else {each: list(names) for each, names in before.entries.items()}
    _registry(word).remove(name, plugin)
    _registry(word).add(name, entry, plugin)
    entries = {**kept, word: sorted({*kept.get(word, ()), name})}
    _LOADED[plugin] = Plugin(plugin, "", "this program", entries)


def load_installed() -> None:
    """Register the plugins of installed packages, once. One that fails is left out, with a warning that says why."""
    global _looked
    if _looked:
        return
    with _LOCK:
        if _looked:
            return
        _looked = True  # before they are loaded: they may look names up themselves
        from importlib.metadata import entry_points

        for point in entry_points(group=GROUP):
            package = point.dist.name if point.dist else point.module
            try:
                module = importlib.import_module(point.module)
                _registered(module, point.name, point.dist.version if point.dist else "", package)
            except Exception as error:
                what = str(error) if isinstance(error, WeftnetError) else f"{type(error).__name__}: {error}"
                text = f"the plugin {point.name} of the installed package {package} is left out: {what}"
                warnings.warn(text, stacklevel=2)


def loaded() -> list[Plugin]:
    """The plugins in force."""
    return list(_LOADED.values())


def unload(name: str) -> None:
    """Take a plugin's entries out of the registries again."""
    plugin = _LOADED.pop(name)
    for word in plugin.entries:
        _registry(word).forget(name)
    module = f"weftnet_plugin_{name}"
    for each in [each for each in sys.modules if each == module or each.startswith(module + ".")]:
        del sys.modules[each]


def record() -> dict[str, dict[str, list[str]]]:
    """What the plugins in force brought, for a run to keep: names by plugin and registry."""
    return {str(plugin): {word: list(names) for word, names in plugin.entries.items()} for plugin in loaded()}


def recall(recorded: Mapping[str, Mapping[str, Sequence[str]]]) -> None:
    """Remember what a run's plugins had brought, so that a name that is missing now can be explained."""
    for plugin, entries in recorded.items():
        _RECORDED.update({name: plugin for names in entries.values() for name in names})


def remedy(name: str) -> str:
    """How to get an entry that is not there; empty if that is not known."""
    if name not in _RECORDED:
        return ""
    return f"it came with the plugin {_RECORDED[name]}: add --plugin PATH, its file or folder, or install its package"


def snake_case(name: str) -> str:
    """`SquaredRelu` → squared_relu, `LSTMCell2` → lstm_cell2, `Conv2d` → conv2d."""
    words = re.sub(r"([A-Z]+)([A-Z][a-z])|([a-z0-9])([A-Z])", r"\1\3_\2\4", name)
    return words.lower()


def _executed(path: Path, name: str) -> ModuleType:
    """The module of a file, or the package of a folder."""
    init = path / "__init__.py" if path.is_dir() else path
    inside = [str(path)] if path.is_dir() else None
    if init.is_file():
        spec = importlib.util.spec_from_file_location(name, init, submodule_search_locations=inside)
    else:
        spec = ModuleSpec(name, None, is_package=True)
        spec.submodule_search_locations = inside
    if spec is None:
        raise SettingError("cannot be imported", where=str(path))
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    try:
        if spec.loader is not None and init.is_file():
            spec.loader.exec_module(module)
    except Exception as error:
        raise SettingError(f"fails: {type(error).__name__}: {error}", where=str(path)) from error
    return module


def _registered(module: ModuleType, name: str, version: str, where: str) -> Plugin:
    """Register the entries of a module, and those in the folders of a package; all of them or none."""
    entries: dict[str, list[str]] = {}
    try:
        for folder in map(Path, getattr(module, "__path__", ())):
            _refuse_misspelt(folder)
            for word, (inner, _) in REGISTRIES.items():
                if (folder / inner).is_dir():
                    entries.setdefault(word, [])
                    entries[word] += _registry(word).extend(folder / inner, f"{module.__name__}.{inner}", name)
        for word, named in _named(module, where).items():
            entries.setdefault(word, [])
            for each, entry in named.items():
                _registry(word).add(each, entry, name)
                entries[word].append(each)
        if not any(entries.values()):
            expected = "a public nn.Module, ENTRIES, or folders: " + ", ".join(_folders())
            raise SettingError("brings nothing", where=where, expected=expected)
    except BaseException:
        for word in entries:
            _registry(word).forget(name)
        raise
    version = version or str(getattr(module, "__version__", ""))
    plugin = Plugin(name, version, where, {word: sorted(names) for word, names in entries.items() if names})
    _LOADED[name] = plugin
    return plugin


def _named(module: ModuleType, where: str) -> dict[str, dict[str, Any]]:
    """Registry → name → entry: what a module's ENTRIES say, and its blocks."""
    found: dict[str, dict[str, Any]] = {}
    for word, entries in getattr(module, "ENTRIES", {}).items():
        if word not in REGISTRIES:
            close = closest(word, REGISTRIES, 1)
            fix = f"did you mean {close[0]!r}?" if close else ""
            expected = ", ".join(REGISTRIES)
            raise SettingError(
                "there is no such registry", where=f"{where}: ENTRIES", expected=expected, got=word, fix=fix
            )
        found[word] = dict(entries) if isinstance(entries, Mapping) else {_name_of(e, where): e for e in entries}
    named = [id(entry) for entries in found.values() for entry in entries.values()]
    blocks = {snake_case(block.__name__): block for block in _modules(module) if id(block) not in named}
    return found | {"block": found.get("block", {}) | blocks}


def _name_of(entry: Any, where: str) -> str:
    if not hasattr(entry, "__name__"):
        what, fix = "an entry has no name of its own", "write {name: entry}"
        raise SettingError(what, where=f"{where}: ENTRIES", expected="a class or function", got=repr(entry), fix=fix)
    return snake_case(entry.__name__)


def _modules(module: ModuleType) -> Iterator[type]:
    """The public `nn.Module` classes that a module defines; there is none if it did not import torch."""
    torch = sys.modules.get("torch")
    for name, value in vars(module).items():
        own = isinstance(value, type) and value.__module__ == module.__name__ and not name.startswith("_")
        if own and torch is not None and issubclass(value, torch.nn.Module):
            yield value


def _refuse_misspelt(folder: Path) -> None:
    """Refuse `metric/` beside `metrics/`: it would be left out silently."""
    known = {name.rstrip("s"): name for name in _folders()}
    for path in folder.iterdir():
        meant = known.get(path.name.replace("-", "_").rstrip("s"))
        if path.is_dir() and meant not in (None, path.name):
            raise SettingError("no registry reads this folder", where=str(path), fix=f"rename it {meant}/")


def _folders() -> list[str]:
    return list(dict.fromkeys(folder for folder, _ in REGISTRIES.values()))


def _registry(word: str) -> _Registry:
    module, _, name = REGISTRIES[word][1].partition(":")
    registry: _Registry = getattr(importlib.import_module(module), name)
    return registry
