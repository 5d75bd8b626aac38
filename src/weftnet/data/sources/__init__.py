"""Sources: each module reads one sort of source into a `Content`. A new sort is a new file; what it may define:

    ENDINGS                                endings of its files, without that of the compression
    recognises(path) -> bool               whether a folder is of this sort; the first module to accept it reads it
    read(path, *, limit, …) -> Content     the whole in memory; the keyword arguments are the source's options
    NAMES_FILES                            whether columns may name files beside it
    WEIGHT                                 bytes in memory for each byte of the uncompressed file
    stream(path, folder, *, limit, …)      the same with columns that stay on disk, for sets larger than memory

Nothing heavy is imported before something is read.
"""

import pkgutil
from collections.abc import Iterator
from importlib import import_module
from types import ModuleType


def readers() -> Iterator[ModuleType]:
    """The modules that read sources, by name."""
    for info in pkgutil.iter_modules(__path__):
        module = import_module(f"{__name__}.{info.name}")
        if hasattr(module, "read"):
            yield module
