"""A registry is a folder: the file `conv2d.py` registers the class or function in it, `Conv2d`, as `conv2d`.

An entry is imported when it is first requested, so listing names does not import torch. There is no decorator and no
list to edit: a new file is a new entry. Two files with the same name are an error, wherever in the folder they are.
An entry with several facets is a folder, and each facet has a registry (`tasks/gan/task.py` registers `GAN` as `gan`).
A facet that an entry can't have is a file too: it holds nothing but `not_applicable`, the reason.
Plugins add entries (`plugins.py`): a folder laid out alike, by `extend`, or a single class or function, by `add`.
A run names entries, never a file.
"""

import importlib
import importlib.util
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Generic, TypeVar, cast

from weftnet import plugins
from weftnet.errors import SettingError, UnknownName, WeftnetError

Entry = TypeVar("Entry")


class Registry(Generic[Entry]):
    """The entries of a folder by name.

    >>> "conv2d" in weftnet.BLOCKS and "resnet" in weftnet.ZOO and "conv2d" not in weftnet.TASKS
    True
    >>> weftnet.ZOO.get("mlp")(widths=[8]).parts.keys()
    dict_keys(['network'])

    Args:
        kind: what an entry is called in messages ("block").
        package: dotted name of the folder's package ("weftnet.blocks").
        folder: the package's folder.
        facet: if set, each entry is a folder with a file of this name that holds it ("task").
        whole: the entry is the file's module itself.
    """

    def __init__(self, kind: str, package: str, folder: Path, facet: str = "", whole: bool = False) -> None:
        self.kind, self._package, self._facet, self._whole = kind, package, facet, whole
        self._modules: dict[str, str] = {}
        self._entries: dict[str, Entry] = {}
        self._plugins: dict[str, str] = {}
        self.extend(folder, package)

    def extend(self, folder: Path, package: str, plugin: str = "") -> list[str]:
        """Add the entries of a folder, without importing them; returns their names.

        Args:
            folder: laid out as the registry's own.
            package: its dotted name.
            plugin: that brings it.

        Raises:
            SettingError: a name is taken; all stays as it was.
        """
        found: dict[str, str] = {}
        for path in sorted(folder.glob(f"*/{self._facet}.py") if self._facet else folder.rglob("*.py")):
            parts = path.relative_to(folder).with_suffix("").parts
            name = parts[0] if self._facet else path.stem
            if any(part.startswith("_") for part in parts):
                continue
            module = ".".join((package, *parts))
            self._refuse_taken(name, found.get(name), module)
            found[name] = module
        self._modules |= found
        self._plugins |= dict.fromkeys(found, plugin) if plugin else {}
        return list(found)

    def add(self, name: str, entry: Entry, plugin: str = "a program") -> None:
        """Add a single entry, that of a plugin or of the program that runs.

        Raises:
            SettingError: the name is taken.
        """
        if self._entries.get(name) is not entry:
            self._refuse_taken(name, None, plugin)
        self._entries[name] = entry
        self._plugins[name] = plugin

    def remove(self, name: str, plugin: str) -> None:
        """Take one of a plugin's entries out again; nothing where it has none of that name."""
        if self._plugins.get(name) == plugin:
            self._entries.pop(name, None)
            del self._plugins[name]

    def forget(self, plugin: str) -> None:
        """Take a plugin's entries out again."""
        for name in [name for name, its in self._plugins.items() if its == plugin]:
            self._modules.pop(name, None)
            self._entries.pop(name, None)
            del self._plugins[name]

    def names(self) -> list[str]:
        """All names, sorted; those of installed plugins too."""
        plugins.load_installed()
        return sorted({*self._modules, *self._entries})

    def modules(self) -> list[str]:
        """Dotted names of the modules that hold one entry each."""
        return sorted(self._modules.values())

    def __contains__(self, name: object) -> bool:
        if not self._holds(name):
            plugins.load_installed()
        return self._holds(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self.names())

    def plugin(self, name: str) -> str:
        """The plugin that brought an entry; empty for one of weftnet's own."""
        self._check(name)
        return self._plugins.get(name, "")

    def family(self, name: str) -> str:
        """The subfolder that holds an entry; `plugin` for one that a plugin brought."""
        if self.plugin(name):
            return "plugin"
        return self._modules[name].removeprefix(self._package + ".").rpartition(".")[0]

    def get(self, name: str) -> Entry:
        """The entry called `name`.

        Raises:
            UnknownName: there is no such entry.
            SettingError: it is not applicable, or its file fails.
        """
        self._check(name)
        if name not in self._entries:
            if why := self.reason(name):
                raise SettingError(f"{name} has no {self.kind}", got=f"not applicable, {why}")
            self._entries[name] = self._entry(self._imported(name), name)
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
        return str(getattr(self._imported(name), "not_applicable", ""))

    def module(self, name: str) -> ModuleType:
        """The module that defines an entry."""
        self._check(name)
        return self._imported(name) if name in self._modules else importlib.import_module(self.get(name).__module__)

    def file(self, name: str) -> Path | None:
        """The file that holds this entry alone, whose docstring is its page in the catalogue; None if there is none."""
        self._check(name)
        spec = importlib.util.find_spec(self._modules[name]) if name in self._modules else None
        return Path(spec.origin) if spec and spec.origin else None

    def _holds(self, name: object) -> bool:
        return name in self._modules or name in self._entries

    def _check(self, name: str) -> None:
        if name not in self:
            raise UnknownName(self.kind, name, self.names(), fix=plugins.remedy(name))

    def _refuse_taken(self, name: str, twin: str | None, new: str) -> None:
        """Refuse a name that another entry has.

        Raises:
            SettingError: names both.
        """
        if twin is None and self._holds(name):
            twin = self._plugins.get(name) or self._modules[name]
        if twin is not None:
            what = f"the {self.kind} {name!r} already exists"
            raise SettingError(what, where=new, got=f"that of {twin}", fix="rename one of them")

    def _imported(self, name: str) -> ModuleType:
        """The module of an entry; what fails in a plugin's file is the user's to mend, and no fault of weftnet."""
        try:
            return importlib.import_module(self._modules[name])
        except WeftnetError:
            raise
        except Exception as error:
            if name not in self._plugins:
                raise
            what = f"the {self.kind} {name!r} fails: {type(error).__name__}: {error}"
            raise SettingError(what, where=str(self.file(name))) from error

    def _entry(self, module: ModuleType, name: str) -> Entry:
        """What the module defines under the name of its file; `conv2d.py` defines `Conv2d`."""
        if self._whole:
            return cast(Entry, module)
        plain = name.replace("_", "")
        for key, value in vars(module).items():
            if key.replace("_", "").lower() == plain and getattr(value, "__module__", None) == module.__name__:
                entry: Entry = value
                return entry
        what = f"{module.__name__} defines no {self.kind} {name!r}"
        raise SettingError(what, fix="name the class or function after its file")
