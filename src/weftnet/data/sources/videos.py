"""Videos, a folder for each class: `FOLDER/CLASS/CLIP.gif`, or frames as `FOLDER/CLASS/CLIP/FRAME.png`.

    FOLDER/CLASS/NAME.gif, .apng, .png, .webp, .npy     an animation, or an array of frames
    FOLDER/CLASS/NAME/0001.png, 0002.png …              a folder whose pictures have names alike but for their number
    FOLDER/train/CLASS/…, FOLDER/test/CLASS/…           the same with splits

Two columns: `video`, and `label`, the folder's name or what a pattern reads from the clip's (`_folders.py`).
"""

from collections.abc import Sequence
from itertools import islice
from pathlib import Path

import numpy as np

from weftnet.base.png import png
from weftnet.data.clips import CLIPS, are_frames, is_animated
from weftnet.data.content import Content
from weftnet.data.kinds.video import found_in
from weftnet.data.media import IMAGES, LARGEST
from weftnet.data.sources._folders import read_folder
from weftnet.data.sources._place import Place
from weftnet.data.split_names import split_named

FOLDER = "a folder of videos for each class, each a folder of frames or an animation"
#: files, or folders, that are looked at
_LOOKED, _WALKED = 20, 2000


def opens(place: Place) -> float:
    """Folders of whose clips most are animations, arrays, or folders of numbered pictures below classes'."""
    if not place.is_folder:
        return 0.0
    files = list(islice((file for file in place.path.rglob("*") if _may_be(file)), _WALKED))
    depths = {file: _depth(file, place.path) for file in files}
    folders: dict[Path, list[Path]] = {}
    for file in files:
        folders.setdefault(file.parent, []).append(file)
    clips = [own for own in islice(folders.values(), _LOOKED) if depths[own[0]] >= 3 and are_frames(own)]
    classes = {own[0].parent.parent for own in folders.values()}
    if len(classes) > 1 and 2 * len(clips) > min(len(folders), _LOOKED):
        return 0.85
    looked = [file for file in files if depths[file] >= 2][:_LOOKED]
    return 0.85 if looked and 2 * sum(map(is_animated, looked)) > len(looked) else 0.0


def read(path: Path, *, label: str = "", limit: int = LARGEST) -> Content:
    """Read a folder of videos.

    Args:
        path: the folder.
        label: the pattern that reads the label from the clips' names: "{label}_{}".
        limit: bytes that one file may have.

    Raises:
        DataError: a file is too large, leads outside, or is in no class's folder while others are.
    """
    endings: Sequence[str] = tuple(dict.fromkeys((*CLIPS, *IMAGES)))
    return read_folder(path, "video", endings, label, limit, found_in)


def _may_be(file: Path) -> bool:
    return file.suffix.lower() in (*CLIPS, *IMAGES) and not file.name.startswith(".")


def _depth(file: Path, path: Path) -> int:
    """How many parts lie below the folder, or below that of the split."""
    parts = file.relative_to(path).parts
    return len(parts) - (split_named(parts[0]) is not None)


def example(folder: Path) -> Path:
    """Grey clips of four frames, of two classes: they become brighter or darker."""
    for number in range(12):
        levels = [60 + 30 * i + number for i in range(4)]
        clip = folder / "clips" / ("brighter", "darker")[number % 2] / f"clip{number}"
        clip.mkdir(parents=True, exist_ok=True)
        for place, level in enumerate(levels[:: 1 - 2 * (number % 2)]):
            (clip / f"{place}.png").write_bytes(png(np.full((5, 4), level, np.uint8)))
    return folder / "clips"
