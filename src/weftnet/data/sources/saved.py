"""Folders that the library `datasets` wrote by `save_to_disk` (extra `hub`): one data set, or one for each split.

dataset_info.json, state.json, data-00000-of-00001.arrow …        a data set, to be split
dataset_dict.json, train/…, test/…                                a data set with its own splits
"""

from pathlib import Path

from weftnet.base.extras import need
from weftnet.data.content import Content
from weftnet.data.read import LIMIT
from weftnet.data.sources._hub import of_splits
from weftnet.data.sources._place import Place
from weftnet.errors import DataError

FOLDER = "what the library datasets saved"


def opens(place: Place) -> float:
    """Folders that the library wrote."""
    one = all((place.path / name).is_file() for name in ("dataset_info.json", "state.json"))
    return float(place.is_folder and (one or (place.path / "dataset_dict.json").is_file()))


def read(path: Path, *, limit: int = LIMIT) -> Content:
    """Read a saved data set.

    Args:
        path: the folder.
        limit: bytes it may have in memory.

    Raises:
        DataError: the folder is damaged, or its splits differ in their columns.
        MissingExtra: `datasets` is not installed.
    """
    library = need("datasets", extra="hub", what="reading a folder that datasets saved")
    try:
        loaded = library.load_from_disk(str(path))
    except (OSError, ValueError, KeyError, TypeError, library.exceptions.DatasetsError) as fault:
        raise DataError(
            "the folder is not as `save_to_disk` writes it",
            where=str(path),
            got=f"{type(fault).__name__}: {fault}".split("\n")[0],
            fix="save it again",
        ) from None
    return of_splits(loaded if isinstance(loaded, dict) else {"all": loaded}, path, limit)


def example(folder: Path) -> Path:
    """A data set with a column of numbers, and one of words."""
    library = need("datasets", extra="hub", what="writing a data set of the library datasets")
    rows = library.Dataset.from_dict({"age": list(range(24)), "city": ["Oslo", "Rome", "Kyiv"] * 8})
    rows.save_to_disk(str(folder / "saved"))
    return folder / "saved"
