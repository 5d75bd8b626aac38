"""A registry is a folder: the file `conv2d.py` registers its one public thing, `Conv2d`, as `conv2d`.

Nothing is imported before it is asked for, so listing names costs no `import torch`. There is no decorator and no list
to edit: a new file is a new entry. Two files of one name are refused, wherever below the folder they lie. Where an
entry has several facets it is a folder, and each facet has a registry (`tasks/gan/task.py` registers `GAN` as `gan`).
A user's own things join with `add`, from a file the user names on the command line; an artefact never names a file.
"""

import importlib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from weftnet.errors import SettingError, UnknownName


class Registry:
    """The entries of a folder by name.

    Args:
        kind: what an entry is called in messages ("block").
        package: dotted name of the folder's package ("weftnet.blocks").
        folder: where the package lies.
        facet: the entries are folders, each with a file of this name that holds the entry ("task").
    """

    def __init__(self, kind: str, package: str, folder: Path, facet: str = "") -> None:
        self.kind, self._package, self._folder = kind, package, folder
        self._modules: dict[str, str] = {}
        self._things: dict[str, Any] = {}
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
        return sorted({*self._modules, *self._things})

    def modules(self) -> list[str]:
        """Dotted names of the modules that hold the folder's entries."""
        return sorted(self._modules.values())

    def __contains__(self, name: object) -> bool:
        return name in self._modules or name in self._things

    def __iter__(self) -> Iterator[str]:
        return iter(self.names())

    def family(self, name: str) -> str:
        """The subfolder an entry lies in, `plugin` for one that was added."""
        self._known(name)
        if name not in self._modules:
            return "plugin"
        return self._modules[name].removeprefix(self._package + ".").rpartition(".")[0]

    def get(self, name: str) -> Any:
        """The entry called `name`.

        Raises:
            UnknownName: nobody is called so.
        """
        self._known(name)
        if name not in self._things:
            self._things[name] = self._only(importlib.import_module(self._modules[name]), name)
        return self._things[name]

    def add(self, name: str, thing: Any) -> None:
        """Register a user's own entry.

        Raises:
            SettingError: the name is taken.
        """
        if name in self and self._things.get(name) is not thing:
            raise SettingError(f"the {self.kind} {name!r} exists already", fix="give yours another name")
        self._things[name] = thing

    def module(self, name: str) -> ModuleType:
        """The module that holds an entry; its docstring is the entry's page in the catalogue."""
        return importlib.import_module(self.get(name).__module__)

    def _known(self, name: str) -> None:
        if name not in self:
            raise UnknownName(self.kind, name, self.names())

    def _only(self, module: ModuleType, name: str) -> Any:
        plain = name.replace("_", "")
        for key, thing in vars(module).items():
            if key.replace("_", "").lower() == plain and getattr(thing, "__module__", None) == module.__name__:
                return thing
        raise SettingError(f"{module.__name__} holds no {self.kind} {name!r}", fix="call the class as its file")
