"""manifest.json of an exported folder: what it holds, from which run, and the checksum of every file it names.

format         1
target         onnx or torch_export
task           {"name", "settings"}
parts          by name: {"file", "inputs", "outputs", "signals": {input: text}, "time": {input: "free" | "fixed"}}
preprocessing  its state; null if the run reads no columns
answers        whether the folder alone answers raw inputs; else `because` says why not
files          {name: sha256}
parity         {"compared", "largest", "absolute", "relative"}
run            where it comes from
"""

from pathlib import Path
from typing import Any

from weftnet.architecture.signal import Signal, parse
from weftnet.base.files import inside, read_json, sha256
from weftnet.errors import DamagedCheckpoint, RunError

FORMAT = 1
NAME = "manifest.json"
_FIELDS: dict[str, type] = {"format": int, "target": str, "task": dict, "parts": dict, "files": dict, "answers": bool}
_PART: dict[str, type] = {"file": str, "inputs": list, "outputs": list, "signals": dict, "time": dict}


class Manifest:
    """The manifest of an exported folder, checked.

    Args:
        folder: with a manifest.json in it.

    Raises:
        RunError: there is none, it is of a newer weftnet, or a file it names is missing or outside the folder.
        DamagedCheckpoint: it is not what `export` writes, or a file has another checksum.
    """

    def __init__(self, folder: Path) -> None:
        self.folder, self._path = folder, folder / NAME
        if not self._path.is_file():
            raise RunError("is no exported folder: it has no manifest.json", where=str(folder))
        self.document = read_json(self._path)
        if isinstance(self.document.get("format"), int) and self.document["format"] > FORMAT:
            got = f"format {self.document['format']}"
            raise RunError(
                "was written by a newer weftnet", where=str(self._path), expected=f"format {FORMAT}", got=got
            )
        self._require(self.document, _FIELDS, "")
        self._require(self.document["task"], {"name": str, "settings": dict}, "task.")
        for name, part in self.document["parts"].items():
            self._require(part if isinstance(part, dict) else {}, _PART, f"parts.{name}.")
        for name, wanted in self.document["files"].items():
            path = inside(folder, name)
            if not path.is_file():
                raise RunError("is missing", where=str(path))
            if (found := sha256(path)) != wanted:
                raise DamagedCheckpoint(
                    "is not the file that was exported", where=str(path), expected=f"sha256 {wanted}", got=found
                )

    def part(self, name: str = "network") -> dict[str, Any]:
        """One of its parts.

        Raises:
            RunError: there is no such part.
        """
        parts = self.document["parts"]
        if name not in parts:
            raise RunError(f"has no part {name!r}", where=str(self._path), expected=", ".join(parts))
        found: dict[str, Any] = parts[name]
        return found

    def file(self, part: dict[str, Any]) -> Path:
        """The model of a part, one of the files that were checked.

        Raises:
            DamagedCheckpoint: it is not among them.
        """
        if part["file"] not in self.document["files"]:
            raise DamagedCheckpoint("names a file without its checksum", where=str(self._path), got=part["file"])
        return inside(self.folder, part["file"])

    def signals(self, part: dict[str, Any]) -> dict[str, Signal]:
        """What a part reads."""
        return {str(name): parse(str(text)) for name, text in part["signals"].items()}

    def _require(self, document: dict[str, Any], wanted: dict[str, type], prefix: str) -> None:
        for name, kind in wanted.items():
            if not isinstance(document.get(name), kind):
                got = type(document[name]).__name__ if name in document else "nothing"
                what = f"the field {prefix + name!r} is wrong"
                raise DamagedCheckpoint(what, where=str(self._path), expected=kind.__name__, got=got)
