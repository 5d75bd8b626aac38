"""Checkpoints: all that a training is, after some step; whole, checked, and the last two of them.

    checkpoints/00001234/state.safetensors    every tensor: weights, buffers, averages, optimiser state, best weights
    checkpoints/00001234/state.json           counters, history, the optimisers' numbers; checksums of both files

A checkpoint is written under another name and renamed, so that a kill leaves it whole or not there. One that fails
its checksum is refused by name and set aside as `damaged-00001234`, and the one before it is used.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from weftnet.base import tensors as tensor_files
from weftnet.base.files import flush, read_json, sha256, write_text
from weftnet.base.typed import misfit
from weftnet.errors import DamagedCheckpoint, RunError

KEPT = 2


@dataclass(frozen=True)
class Saved:
    """A checkpoint as it was read."""

    step: int
    tensors: dict[str, Tensor]
    facts: dict[str, Any]


class Checkpoints:
    """The checkpoints of a run.

    Args:
        folder: where they lie.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def save(self, step: int, tensors: Mapping[str, Tensor], facts: Mapping[str, Any]) -> Path:
        """Write the checkpoint of a step, then delete all but the last two.

        Raises:
            RunError: the disk is full or the folder can't be written; the earlier checkpoints stay.
        """
        place, new = self.folder / f"{step:08d}", self.folder / f".new-{step:08d}"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            shutil.rmtree(new, ignore_errors=True)
            new.mkdir()
            tensor_files.save(new / "state.safetensors", tensors)
            state = {"step": step, "tensors": sha256(new / "state.safetensors"), **facts}
            write_facts(new, state)
            shutil.rmtree(place, ignore_errors=True)
            os.replace(new, place)
            flush(self.folder)
        except (OSError, RunError) as error:
            shutil.rmtree(new, ignore_errors=True)
            reason = getattr(error, "strerror", None) or error
            fix = "free some space; the checkpoint before is kept: `weftnet resume` goes on from there"
            raise RunError(f"the checkpoint can't be written: {reason}", where=str(place), fix=fix) from error
        for old in self._whole()[:-KEPT] + list(self.folder.glob(".new-*")):
            shutil.rmtree(old, ignore_errors=True)
        return place

    def newest(self) -> tuple[Saved | None, list[DamagedCheckpoint]]:
        """The newest good checkpoint if there is any, and the complaints about damaged ones, which are set aside.

        Raises:
            DamagedCheckpoint: there are checkpoints, and none is good.
        """
        complaints: list[DamagedCheckpoint] = []
        for place in reversed(self._whole()):
            try:
                return self._read(place), complaints
            except RunError as error:
                complaints.append(
                    DamagedCheckpoint(error.what, where=error.where, expected=error.expected, got=error.got)
                )
                aside = self.folder / f"damaged-{place.name}"
                shutil.rmtree(aside, ignore_errors=True)
                os.replace(place, aside)
        if complaints or any(self.folder.glob("damaged-*")):
            text = "\n  ".join(str(complaint) for complaint in complaints)
            fix = "the run can't be resumed: start it again"
            raise DamagedCheckpoint(f"no checkpoint is good\n  {text}", where=str(self.folder), fix=fix)
        return None, complaints

    def clear(self) -> None:
        """Delete all of them: a finished run needs none."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def settle(self) -> None:
        """Wait until what was begun is written; here nothing is left to wait for."""

    def _read(self, place: Path) -> Saved:
        return read(place, facts_of(place))

    def _whole(self) -> list[Path]:
        """The checkpoints by step, oldest first."""
        return sorted(path for path in self.folder.glob("*") if path.name.isdecimal() and path.is_dir())


def read(place: Path, state: dict[str, Any]) -> Saved:
    """The checkpoint whose JSON says `state`, if its tensors are what was written.

    Raises:
        DamagedCheckpoint: they are not.
    """
    if "shards" in state:
        from weftnet.train.sharded_checkpoint import read_whole  # here, as it takes a second to import

        return Saved(state["step"], read_whole(place, state), state)
    if wrong := misfit(state.get("step"), int) or misfit(state.get("tensors"), str):
        raise DamagedCheckpoint("is no checkpoint", where=str(place / "state.json"), expected=wrong)
    path = place / "state.safetensors"
    if not path.is_file():
        raise DamagedCheckpoint("is missing", where=str(path))
    if (found := sha256(path)) != state["tensors"]:
        raise DamagedCheckpoint(
            "its checksum is wrong", where=str(path), expected=f"sha256 {state['tensors']}", got=found
        )
    return Saved(state["step"], tensor_files.load(path), state)


def write_facts(place: Path, state: Mapping[str, Any]) -> None:
    """The JSON of a checkpoint, with its checksum; `facts_of` reads it."""
    write_text(place / "state.json", json.dumps({"sha256": _checksum(state), "state": state}))


def facts_of(place: Path) -> dict[str, Any]:
    """What the JSON of a checkpoint says, if it is what was written.

    Raises:
        DamagedCheckpoint: it is not.
    """
    document = read_json(place / "state.json")
    state, wanted = document.get("state"), document.get("sha256")
    if not isinstance(state, dict) or _checksum(state) != wanted:
        raise DamagedCheckpoint("its checksum is wrong", where=str(place / "state.json"), expected=f"sha256 {wanted}")
    return state


def _checksum(state: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(state, sort_keys=True).encode()).hexdigest()
