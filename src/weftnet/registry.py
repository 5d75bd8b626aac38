"""A registry is a folder: the file `conv2d.py` registers the class or function in it, `Conv2d`, as `conv2d`.

An entry is imported when it is first requested, so listing names does not import torch. There is no decorator and no
list to edit: a new file is a new entry. Two files with the same name are an error, wherever in the folder they are.
An entry with several facets is a folder, and each facet has a registry (`tasks/gan/task.py` registers `GAN` as `gan`).
A facet that an entry can't have is a file too: it holds nothing but `not_applicable`, the reason.
A user's own entries are added with `add`, from a file named on the command line; a run never names a file.
"""

import importlib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Generic, TypeVar

from weftnet.errors import SettingError, UnknownName

Entry = TypeVar("Entry")


class Registry(Generic[Entry]):
    """The entries of a folder by name.

    Args:
        kind: what an entry is called in messages ("block").
        package: dotted name of the folder's package ("weftnet.blocks").
        folder: the package's folder.
        facet: if set, each entry is a folder with a file of this name that holds it ("task").
    """

    def __init__(self, kind: str, package: str, folder: Path, facet: str = "") -> None:
        self.kind, self._package, self._folder, self._facet = kind, package, folder, facet
        self._modules: dict[str, str] = {}
        self._entries: dict[str, Entry] = {}
        for path in sorted(folder.glob(f"*/{facet}.py") if facet else folder.rglob("*.py")):
            parts = path.relative_to(folder).with_suffix("").parts
            name = parts[0] if facet else path.stem
            if name.startswith("_"):
                continue
            if name in self._modules:
                raise SettingError(f"two files register the {kind} {name!r}", where=str(path))
            self._modules[name] = ".".join((package, *parts))

    def names(self) -> list[str]:
        """All names, sorted."""
        return sorted({*self._modules, *self._entries})

    def modules(self) -> list[str]:
        """Dotted names of the modules in the folder that hold entries."""
        return sorted(self._modules.values())

    def __contains__(self, name: object) -> bool:
        return name in self._modules or name in self._entries

    def __iter__(self) -> Iterator[str]:
        return iter(self.names())

    def family(self, name: str) -> str:
        """The subfolder that holds an entry; `plugin` for one that was added."""
        self._check(name)
        if name not in self._modules:
            return "plugin"
        return self._modules[name].removeprefix(self._package + ".").rpartition(".")[0]

    def get(self, name: str) -> Entry:
        """The entry called `name`.

        Raises:
            UnknownName: there is no such entry.
            SettingError: it is not applicable.
        """
        self._check(name)
        if name not in self._entries:
            if why := self.reason(name):
                raise SettingError(f"{name} has no {self.kind}", got=f"not applicable, {why}")
            self._entries[name] = self._entry(importlib.import_module(self._modules[name]), name)
        return self._entries[name]

    def find(self, name: str) -> Entry | None:
        """The entry called `name`; None where its facet is not applicable."""
        return None if self.reason(name) else self.get(name)

    def reason(self, name: str) -> str:
        """Why an entry lacks this facet; empty if it has it."""
        if name not in self:
            return f"because {name} brings no {self._facet or self.kind}.py"
        if name not in self._modules:
            return ""
        return str(getattr(importlib.import_module(self._modules[name]), "not_applicable", ""))

    def add(self, name: str, entry: Entry) -> None:
        """Register a user's own entry.

        Raises:
            SettingError: the name is taken.
        """
        if name in self and self._entries.get(name) is not entry:
            raise SettingError(f"the {self.kind} {name!r} already exists", fix="rename yours")
        self._entries[name] = entry

    def module(self, name: str) -> ModuleType:
        """The module that holds an entry; its docstring is the entry's page in the catalogue."""
        return importlib.import_module(self.get(name).__module__)

    def _check(self, name: str) -> None:
        if name not in self:
            raise UnknownName(self.kind, name, self.names())

    def _entry(self, module: ModuleType, name: str) -> Entry:
        """What the module defines under the name of its file; `conv2d.py` defines `Conv2d`."""
        plain = name.replace("_", "")
        for key, value in vars(module).items():
            if key.replace("_", "").lower() == plain and getattr(value, "__module__", None) == module.__name__:
                entry: Entry = value
                return entry
        what = f"{module.__name__} defines no {self.kind} {name!r}"
        raise SettingError(what, fix="name the class or function after its file")
