"""Where models lie: a run, an export, the folder of a fit, or a folder of versions.

weftnet serve runs/digits            one model called `digits`, version 1
weftnet serve flowers=runs/iris      one model called `flowers`
weftnet serve runs/wine              the folder of a `weftnet fit`: its best run
weftnet serve shop/                  with shop/1, shop/2 …: a model with as many versions; the highest answers
"""

import errno
import re
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from weftnet.base.files import parse_json, read_text
from weftnet.compete.competition import best_run
from weftnet.errors import DamagedCheckpoint, RunError, SettingError, WeftnetError

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_MANIFESTS = ("run.json", "manifest.json")


@dataclass(frozen=True)
class Place:
    """Where a model is.

    Args:
        name: it is served under.
        folder: a run, an export, the folder of a fit (its best run), or a folder of them with numbers for names.
    """

    name: str
    folder: Path

    @classmethod
    def parse(cls, text: str) -> "Place":
        """`NAME=FOLDER` or `FOLDER`.

        Raises:
            SettingError: the name can't be part of a URL.
        """
        name, equals, folder = text.partition("=")
        path = Path(folder if equals else text)
        name = name if equals else path.resolve().name
        if not _NAME.fullmatch(name):
            expected = "letters, digits, dots, dashes and underscores"
            fix = f"name it: NAME={path}"
            raise SettingError("this name can't be part of a URL", where=text, expected=expected, got=name, fix=fix)
        return cls(name, path)

    def versions(self) -> dict[str, Path]:
        """The folders to load, by version; of a competition, its best run.

        Raises:
            DamagedCheckpoint: the file of the competition can't be read.
            OSError: nor can the folder.
        """
        try:
            folder = best_run(self.folder)
        except DamagedCheckpoint:
            raise
        except RunError:  # a fit without a best run yet
            return {}
        if _manifest(folder) is not None:
            return {"1": folder}
        if not self.folder.is_dir():
            return {}
        numbered = {path.name: path for path in self.folder.iterdir() if path.name.isdigit()}
        return {name: path for name, path in numbered.items() if _manifest(path) is not None}


@dataclass(frozen=True)
class Found:
    """A version as it lies on the disk.

    Args:
        folder: of the run or the export.
        digest: of its manifest; another one is another version to load.
        error: why it can't be a version.
    """

    folder: Path
    digest: str
    error: WeftnetError | None = None


def find(place: Place, first: bool) -> dict[str, Found]:
    """The versions of a place, by their number.

    A run still in training is no version yet; if it is all that the server was started with, loading it says so.

    Raises:
        DamagedCheckpoint: the file of a competition can't be read.
        OSError: the folder can't.
    """
    result = {}
    for number, folder in place.versions().items():
        if (path := _manifest(folder)) is None:  # it went just now
            continue
        try:
            if not number.isascii():
                raise RunError(
                    "is no number", where=str(folder), expected="digits from 0 to 9", fix="rename the folder"
                )
            content = read_text(path)
            if path.name == "run.json" and not _finished(content, path) and not (first and folder == place.folder):
                continue
            result[number] = Found(folder, sha256(content.encode()).hexdigest())
        except RunError as error:
            result[number] = Found(folder, str(error), error)
    return result


def _manifest(folder: Path) -> Path | None:
    """The manifest that is there, even where it can't be read: a link to nowhere, or a folder closed to this user."""
    for path in (folder / name for name in _MANIFESTS):
        try:
            path.lstat()
        except OSError as error:
            if error.errno in (errno.ENOENT, errno.ENOTDIR):
                continue
        return path
    return None


def _finished(content: str, path: Path) -> bool:
    document = parse_json(content, str(path))
    if not isinstance(document, dict) or not isinstance(document.get("status"), str):
        raise DamagedCheckpoint("says no status", where=str(path), expected='"status": "finished"')
    return bool(document["status"] == "finished")
