"""A plugin: masks as a kind of target whose values are files, and folders of images and their masks as a source."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from weftnet.architecture.signal import Signal
from weftnet.data.content import Content
from weftnet.data.folder import digest_of, list_folder
from weftnet.data.kinds import Kind, RawColumn

_VOID = 255


@dataclass
class Outline(Kind):
    """Grey PNG files: a class for each pixel.

    Args:
        names: of the classes.
    """

    suffixes: ClassVar[tuple[str, ...]] = (".png",)
    names: list[str] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list, init=False)

    @classmethod
    def recognises(cls, column: RawColumn) -> float:
        paths = bool(column.sample) and isinstance(column.sample[0], Path)
        return 0.99 * (column.target and paths and column.sample[0].suffix == ".png")

    @property
    def labels(self) -> list[str]:
        return self.names

    @property
    def signal(self) -> Signal:
        return Signal(("height", "width"), tuple(self.sizes), "int")

    def fit(self, values: Any) -> Self:
        self.sizes = list(_pixels(values[0]).shape)
        return self

    def packs(self, values: Any) -> bool:
        return True

    def pack(self, values: Any) -> NDArray[np.uint8]:
        return np.stack([_pixels(path) for path in values])

    def unpack(self, packed: NDArray[np.uint8]) -> NDArray[np.int64]:
        return packed.astype(np.int64)

    def encode(self, values: Any) -> NDArray[np.int64]:
        return self.unpack(self.pack(values))

    def decode(self, values: NDArray[Any]) -> list[NDArray[np.uint8]]:
        return list(values.astype(np.uint8))

    def mask(self, values: NDArray[Any]) -> NDArray[np.bool_]:
        known: NDArray[np.bool_] = values != _VOID
        return known

    def moved(self, values: Any, mask: Any, transform: Any) -> Any:
        values = transform.nearest(values, _VOID)
        return values, values != _VOID


class Pairs:
    """FOLDER/images/NAME.png with FOLDER/masks/NAME.png; names of the classes in FOLDER/classes.txt."""

    FOLDER = "images and masks"

    @staticmethod
    def opens(place: Any) -> float:
        return 0.99 * (place.is_folder and (place.path / "images").is_dir() and (place.path / "masks").is_dir())

    @staticmethod
    def read(path: Path, *, limit: int = 2**20) -> Content:
        images, masks = (list_folder(path / name, (".png",)).files for name in ("images", "masks"))
        columns = {"image": np.array(images, object), "mask": np.array(masks, object)}
        names = path / "classes.txt"
        kinds = {"mask": {"outline": {"names": names.read_text().split()}}} if names.exists() else {}
        digest = digest_of([*images, *masks, *([names] if kinds else [])], path, limit)
        return Content(path.name, str(path), columns, digest, "mask", table=True, typed=True, kinds=kinds)


def _pixels(path: Any) -> NDArray[np.uint8]:
    from PIL import Image

    with Image.open(path) as picture:
        return np.asarray(picture.convert("L"))


ENTRIES = {"kind": [Outline], "source": [Pairs]}
