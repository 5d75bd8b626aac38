"""The files of a checkpoint whose tensors lie in one file.

state.safetensors    every tensor: weights, buffers, averages, optimiser state, best weights
state.json           counters, history, the optimisers' numbers; checksums of both files
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from weftnet.base import tensors as tensor_files
from weftnet.base.files import read_json, sha256, write_text
from weftnet.base.typed import misfit
from weftnet.errors import DamagedCheckpoint


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint in memory.

    Args:
        step: after which it was written.
        tensors: by name.
        facts: everything else, as JSON.
    """

    step: int
    tensors: dict[str, Tensor]
    facts: dict[str, Any]


def write_checkpoint(folder: Path, step: int, tensors: Mapping[str, Tensor], facts: Mapping[str, Any]) -> None:
    """Write both files."""
    path = folder / "state.safetensors"
    tensor_files.save(path, tensors)
    write_facts(folder, {"step": step, "tensors": sha256(path), **facts})


def read_checkpoint(folder: Path, facts: dict[str, Any]) -> Checkpoint:
    """The checkpoint with these facts, if its tensors are those that were written.

    Raises:
        DamagedCheckpoint: they are not.
    """
    if wrong := misfit(facts.get("step"), int) or misfit(facts.get("tensors"), str):
        raise DamagedCheckpoint("is no checkpoint", where=str(folder / "state.json"), expected=wrong)
    path = folder / "state.safetensors"
    if not path.is_file():
        raise DamagedCheckpoint("is missing", where=str(path))
    check_sum(path, facts["tensors"])
    return Checkpoint(facts["step"], tensor_files.load(path), facts)


def write_facts(folder: Path, facts: Mapping[str, Any]) -> None:
    """Write the JSON of a checkpoint, with its checksum."""
    write_text(folder / "state.json", json.dumps({"sha256": _checksum(facts), "state": facts}))


def read_facts(folder: Path) -> dict[str, Any]:
    """The JSON of a checkpoint, if it is what was written.

    Raises:
        DamagedCheckpoint: it is not.
    """
    document = read_json(folder / "state.json")
    facts, expected = document.get("state"), document.get("sha256")
    if not isinstance(facts, dict) or _checksum(facts) != expected:
        where = str(folder / "state.json")
        raise DamagedCheckpoint("its checksum is wrong", where=where, expected=f"sha256 {expected}")
    return facts


def check_sum(path: Path, expected: str) -> None:
    """Refuse a file with another checksum than was noted when it was written.

    Raises:
        DamagedCheckpoint: it has.
    """
    if (actual := sha256(path)) != expected:
        raise DamagedCheckpoint("its checksum is wrong", where=str(path), expected=f"sha256 {expected}", got=actual)


def _checksum(facts: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()
