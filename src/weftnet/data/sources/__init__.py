"""Sources: each file reads one sort of source into a `Content`. A new sort is a new file; what a file may hold:

    ENDINGS                                what its files end in, packing left aside
    recognises(path) -> bool               whether a folder is of this sort; the first file to say so reads it
    read(path, *, limit, …) -> Content     the whole in memory; the keyword arguments are the source's options
    NAMES_FILES                            whether columns may name files beside it
    stream(path, folder, *, limit, …)      the same with columns that stay on the disk, for sets larger than memory

Nothing heavy is imported before something is read.
"""

import pkgutil
from collections.abc import Iterator
from importlib import import_module
from types import ModuleType


def readers() -> Iterator[ModuleType]:
    """The files that read sources, by name."""
    for found in pkgutil.iter_modules(__path__):
        module = import_module(f"{__name__}.{found.name}")
        if hasattr(module, "read"):
            yield module
