"""Reading somebody else's weights: a file, or a folder as Hugging Face writes it. Nothing in it is executed.

    NAME.safetensors                      tensors by name
    NAME.pth, .pt, .bin, .ckpt            what torch saved, read by `torch.load(weights_only=True)`: tensors alone
    folder                                model.safetensors or pytorch_model.bin, whole or in shards with an index;
                                          config.json, and what else lies there, is read by whoever needs it

A training's checkpoint holds more than the weights: they are looked for under the usual names (`state_dict`, `model`).
"""

import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from weftnet.base import tensors
from weftnet.base.files import inside, read_json, sha256
from weftnet.base.foreign import reading
from weftnet.base.limits import exceeded, expanded, limit
from weftnet.errors import RunError

SAFE, TORCH = (".safetensors",), (".pth", ".pt", ".bin", ".ckpt", ".tar")
#: names of a folder's weights, the first that is there counts; an index names shards
_WHOLE = ("model.safetensors", "pytorch_model.bin")
_SHARDED = ("model.safetensors.index.json", "pytorch_model.bin.index.json")
#: where checkpoints of trainings keep their weights
_WITHIN = ("state_dict_ema", "model_ema", "state_dict", "model_state_dict", "model", "params", "net")


@dataclass(frozen=True)
class Foreign:
    """Weights that were read.

    Args:
        path: of the file or folder.
        tensors: by name.
        files: sha256 of each file of weights, by name.
        config: of config.json; {} where there is none.
        left: what lay among the tensors and is none.
    """

    path: Path
    tensors: Mapping[str, Tensor]
    files: Mapping[str, str]
    config: Mapping[str, Any] = field(default_factory=dict)
    left: tuple[str, ...] = ()

    def document(self, name: str) -> dict[str, Any] | None:
        """A JSON file that lies in the folder; None if there is none.

        Raises:
            DamagedCheckpoint: it can't be read.
        """
        path = self.beside(name)
        return None if path is None else read_json(path)

    def beside(self, name: str) -> Path | None:
        """The path of a file that lies in the folder; None if there is none."""
        path = self.path / name
        return path if self.path.is_dir() and path.is_file() else None


def is_foreign(what: str | Path) -> bool:
    """Whether a path is a file of weights, or a folder of them that is no run."""
    path = Path(what)
    if path.is_file():
        return path.suffix in SAFE + TORCH
    return path.is_dir() and not (path / "run.json").is_file() and bool(_weights_of(path))


def read(path: str | Path) -> Foreign:
    """The weights of a file or folder.

    Raises:
        RunError: there are none, they are too large, or hold more than tensors.
        DamagedCheckpoint: a file is damaged.
    """
    path = Path(path)
    if not path.exists():
        raise RunError("there is no such file or folder", where=str(path))
    files = [path] if path.is_file() else _weights_of(path)
    if not files:
        there = ", ".join(sorted(each.name for each in path.iterdir())[:8])
        raise RunError("holds no weights", where=str(path), expected=" or ".join(_WHOLE), got=there)
    if (total := sum(each.stat().st_size for each in files)) > limit("bytes"):
        raise exceeded("bytes", "the weights are too large", where=str(path), got=f"{total} bytes", error=RunError)
    found: dict[str, Tensor] = {}
    left: list[str] = []
    for each in files:
        values = tensors.load(each) if each.suffix in SAFE else _unpickled(each)
        left += [name for name, value in values.items() if not isinstance(value, Tensor)]
        found |= {name: value for name, value in values.items() if isinstance(value, Tensor)}
    if not found:
        raise RunError("holds no tensors", where=str(path), got=", ".join(left[:8]))
    config = path / "config.json"
    own = read_json(config) if path.is_dir() and config.is_file() else {}
    return Foreign(path, found, {each.name: sha256(each) for each in files}, own, tuple(left))


def _weights_of(folder: Path) -> list[Path]:
    """The files of a folder that hold its weights: one, or the shards of an index, or the only file of weights."""
    for name in _WHOLE:
        if (folder / name).is_file():
            return [folder / name]
    for name in _SHARDED:
        if (folder / name).is_file():
            shards = read_json(folder / name).get("weight_map", {})
            return sorted({inside(folder, str(shard)) for shard in dict(shards).values()})
    alone = [each for each in sorted(folder.iterdir()) if each.is_file() and each.suffix in SAFE + TORCH]
    return alone if len(alone) == 1 else []


def _unpickled(path: Path) -> dict[str, Any]:
    """What torch saved, its tensors alone.

    Raises:
        RunError: it holds more, or claims to be larger than its bytes allow.
    """
    if path.suffix not in TORCH:
        expected = ", ".join(SAFE + TORCH)
        raise RunError("is no file of weights", where=str(path), expected=expected, got=path.suffix or "no ending")
    with reading(path, "is no intact file of weights", error=RunError):
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                claimed = sum(each.file_size for each in archive.infolist())
            if claimed > (most := expanded(path.stat().st_size)):
                raise exceeded(
                    "expansion", "claims more than its bytes allow", where=str(path), got=str(claimed), at_most=most,
                    error=RunError,
                )  # fmt: skip
    fix = (
        "save its tensors alone: safetensors.torch.save_file(model.state_dict(), …), or torch.save(model.state_dict())"
    )
    what = "holds more than tensors: reading it would execute code, so it is refused"
    with reading(path, what, error=RunError, fix=fix):
        loaded = torch.load(path, map_location="cpu", weights_only=True)
    for _ in range(3):
        if not isinstance(loaded, Mapping) or any(isinstance(value, Tensor) for value in loaded.values()):
            break
        loaded = next((loaded[name] for name in _WITHIN if isinstance(loaded.get(name), Mapping)), None)
    if not isinstance(loaded, Mapping):
        expected = "a mapping of names to tensors, alone or under " + ", ".join(_WITHIN)
        raise RunError("holds no weights by name", where=str(path), expected=expected)
    return {str(name): value for name, value in loaded.items()}
