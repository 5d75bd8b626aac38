"""Images and a mask for each, in two folders: `FOLDER/images/NAME.jpg` with `FOLDER/masks/NAME.png`.

    FOLDER/images/train/NAME.jpg, FOLDER/masks/train/NAME.png     with splits (also val, valid, dev, validation, test)
    FOLDER/train/images/NAME.jpg, FOLDER/train/masks/NAME.png     likewise
    FOLDER/classes.txt                                            names of the classes, a line each

An image and its mask have the same name but for the ending, in the same folder below the two. Two columns: `image`, and
`mask`, the target. An image without a mask, or a mask without an image, is an error.
"""

from pathlib import Path

import numpy as np

from weftnet.base.foreign import reading
from weftnet.base.png import png
from weftnet.data.content import Content, short_name
from weftnet.data.folder import digest_of, list_folder
from weftnet.data.kinds.mask import Mask, names_in
from weftnet.data.media import IMAGES, LARGEST
from weftnet.data.pairs import pairs
from weftnet.data.sources._place import Place
from weftnet.data.split_names import split_named
from weftnet.errors import DataError

FOLDER = "a folder with the folders images and masks"
_CLASSES = "classes.txt"


def opens(place: Place) -> float:
    """Folders with a folder of images and one of masks, in them or in each of their folders of splits."""
    return 0.95 if place.is_folder and pairs(place.path) else 0.0


def read(path: Path, *, limit: int = LARGEST) -> Content:
    """Read the two folders.

    Args:
        path: of the folder that holds them.
        limit: bytes that one file may have.

    Raises:
        DataError: an image has no mask, a mask no image, or a file is too large or leads outside.
    """
    images, masks = _files(path, 0, IMAGES), _files(path, 1, Mask.suffixes)
    for have, lack, what in ((images, masks, "the image has no mask"), (masks, images, "the mask has no image")):
        if alone := sorted(have.keys() - lack.keys()):
            got = f"{len(alone)} such files" if len(alone) > 1 else ""
            raise DataError(what, where=str(have[alone[0]]), got=got)
    keys = sorted(images)
    splits: dict[str, list[int]] = {}
    for row, (split, _) in enumerate(keys):
        splits.setdefault(split, []).append(row)
    files = [images[key] for key in keys] + [masks[key] for key in keys]
    columns = {"image": np.empty(len(keys), object), "mask": np.empty(len(keys), object)}
    columns["image"][:], columns["mask"][:] = files[: len(keys)], files[len(keys) :]
    return Content(
        short_name(str(path)),
        str(path),
        columns,
        digest_of([*files, *path.glob(_CLASSES)], path, limit),
        target="mask",
        kinds={"mask": {"mask": {"classes": _names(path)}}},
        table=True,
        typed=True,
        splits={split: np.array(rows, np.int64) for split, rows in splits.items()} if len(splits) > 1 else {},
        files=files[: len(keys)],
    )


def _names(path: Path) -> list[str]:
    """The names of the classes; [] where no file names them."""
    file = path / _CLASSES
    with reading(file, "the names of the classes can't be read"):
        return names_in(file.read_text(encoding="utf-8")) if file.is_file() else []


def _files(path: Path, place: int, endings: tuple[str, ...]) -> dict[tuple[str, str], Path]:
    """(split, name without its ending) → file; the split is empty where there are none."""
    files: dict[tuple[str, str], Path] = {}
    for pair in pairs(path):
        folder = pair[place]
        own = "" if folder.parent == path else str(split_named(folder.parent.name))
        for file in list_folder(folder, endings).files:
            below = file.relative_to(folder)
            split = own or (split_named(below.parts[0]) or "" if len(below.parts) > 1 else "")
            files[split, below.with_suffix("").as_posix()] = file
    return files


def example(folder: Path) -> Path:
    """Grey images and masks of two classes."""
    for name, high in (("images", 200), ("masks", 1)):
        (folder / "pairs" / name).mkdir(parents=True)
        for number in range(12):
            pixels = np.zeros((6, 4), np.uint8)
            pixels[: number % 5] = high
            (folder / "pairs" / name / f"{number}.png").write_bytes(png(pixels))
    return folder / "pairs"
