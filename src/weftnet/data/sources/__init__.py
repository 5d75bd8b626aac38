"""Sources: each module reads one sort of source into a `Content`. A new sort is a new file; what it may define:

    opens(place) -> float                  how sure it is, 0 to 1, that this file, folder, name or mapping is its own
    read(path, *, limit, …) -> Content     the whole in memory; the keyword arguments are the source's options
    hold(values, name) -> Content          the same of values in memory, for a source that opens those
    ENDINGS, FOLDER                        endings of its files, without that of the compression; its folders in words
    NAMES_FILES                            whether columns may name files beside it
    WEIGHT                                 bytes in memory for each byte of the uncompressed file
    stream(path, folder, *, limit, …)      as `read` with columns that stay on disk, for sets larger than memory
    FORM                                   "windows" of one running text, which `read` gives; otherwise rows
    COLUMNS                                the columns that every file of it has, where they have names of its own

The surest source reads; where two are equally sure, that is an error. In a plugin's single file a source is a class
with these as static methods. Nothing heavy is imported before something is read.
"""

from pathlib import Path
from typing import Any

from weftnet.data.sources._place import Place
from weftnet.errors import DataError, closest
from weftnet.registry import Registry

SOURCES: Registry[Any] = Registry("source", __name__, Path(__file__).parent, whole=True)


def source_of(place: Place) -> Any:
    """The source that opens a place.

    Raises:
        DataError: there is nothing, no source opens it, or two would.
    """
    sure = {name: float(SOURCES.get(name).opens(place)) for name in SOURCES}
    first, *others = sorted(sure, key=lambda name: -sure[name])
    if not sure[first]:
        raise _unknown(place)
    if others and sure[others[0]] == sure[first]:
        raise DataError("two sources open it", where=place.name, got=f"{first} and {others[0]}, both as sure")
    return SOURCES.get(first)


#: what can be done about files that people have and no source opens
_OTHERWISE = {
    (".zip", ".tar", ".tgz", ".tar.gz", ".tar.xz", ".7z", ".rar"): "unpack it, and give the folder or the file in it",
    (".xlsx", ".xls", ".ods"): "save the sheet as .csv",
    (".h5", ".hdf5", ".mat", ".pkl", ".pickle", ".pt", ".rda", ".rds", ".sqlite", ".db"): (
        "save its arrays with numpy.savez, or its table as .csv or .parquet"
    ),
}


def _unknown(place: Place) -> DataError:
    """Why a place can't be opened."""
    if place.values is not None:
        got = ", ".join(map(str, place.mapping)) if place.mapping is not None else type(place.values).__name__
        expected = (
            "a path, a mapping of arrays or columns, a frame of pandas, polars or Arrow, X or (X, y), "
            "a Dataset or DataLoader of torch, a data set of Hugging Face"
        )
        return DataError("this holds nothing that can be read", where=place.name, expected=expected, got=got)
    sources = [SOURCES.get(name) for name in SOURCES]
    if place.is_folder:
        what, folders = "the folder holds nothing that can be read", [getattr(each, "FOLDER", "") for each in sources]
        names = sorted(file.name for file in place.path.iterdir())[:10]
        got = ", ".join(names) or "nothing"
        return DataError(what, where=place.name, expected=", ".join(filter(None, folders)), got=got)
    if place.path.is_file():
        endings = [ending for each in sources for ending in getattr(each, "ENDINGS", ())]
        expected = ", ".join(endings) + ", compressed as .xz or .gz or not; or a folder"
        what = f"files that end in {place.path.suffix or 'nothing'} are not supported"
        fix = next((fix for endings, fix in _OTHERWISE.items() if place.path.name.lower().endswith(endings)), "")
        return DataError(what, where=place.name, expected=expected, fix=fix)
    parent = place.path.parent
    close = closest(place.path.name, [file.name for file in parent.iterdir()]) if parent.is_dir() else ()
    fix = f"did you mean {parent / close[0]}?" if close else "give a path, or 'digits'"
    return DataError("there is no such file or folder", where=place.name, fix=fix)
