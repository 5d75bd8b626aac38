"""Checkpoints: the whole state of a training after some step, checked by checksums; the newest two are kept.

    checkpoints/00001234/    see `checkpoint_files.py`, and `sharded_checkpoint.py` for those in shards

A checkpoint is written under another name and renamed, so that after a kill it is either whole or absent. A checkpoint
that fails its checksum is reported, set aside as `damaged-00001234`, and the one before it is used.
"""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from weftnet.base.files import UNFINISHED, flush
from weftnet.errors import DamagedCheckpoint, RunError
from weftnet.train.checkpoint_files import Checkpoint, read_checkpoint, read_facts, write_checkpoint

#: Checkpoints that are kept.
KEPT = 2
#: What helps when a checkpoint can't be written.
FREE_SPACE = "free some space; the checkpoint before is kept: `weftnet resume` goes on from there"


class Checkpoints:
    """The checkpoints of a run.

    Args:
        folder: that holds them.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def save(self, step: int, tensors: Mapping[str, Tensor], facts: Mapping[str, Any]) -> Path:
        """Write the checkpoint of a step, then delete all but the newest two.

        Raises:
            RunError: the disk is full or the folder can't be written; the earlier checkpoints stay.
        """
        place, new = self._names(step)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            shutil.rmtree(new, ignore_errors=True)
            new.mkdir()
            write_checkpoint(new, step, tensors, facts)
            self._publish(new, place)
        except (OSError, RunError) as error:
            shutil.rmtree(new, ignore_errors=True)
            reason = getattr(error, "strerror", None) or error
            what = f"the checkpoint can't be written: {reason}"
            raise RunError(what, where=str(place), fix=FREE_SPACE) from error
        self._delete_old()
        for left in self.folder.glob(f"{UNFINISHED}*"):
            shutil.rmtree(left, ignore_errors=True)
        return place

    def newest(self) -> tuple[Checkpoint | None, list[DamagedCheckpoint]]:
        """The newest good checkpoint, if there is any; and an error for each damaged one, which is set aside.

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
        """Wait for a checkpoint that is being written; here `save` has waited already."""

    def _read(self, place: Path) -> Checkpoint:
        facts = read_facts(place)
        if "shards" not in facts:
            return read_checkpoint(place, facts)
        from weftnet.train.shards import read_whole  # here, as it takes a second to import

        return read_whole(place, facts)

    def _names(self, step: int) -> tuple[Path, Path]:
        """The folder of a step's checkpoint, and its name while it is being written."""
        return self.folder / f"{step:08d}", self.folder / f"{UNFINISHED}{step:08d}"

    def _publish(self, new: Path, place: Path) -> None:
        """Give a checkpoint that is wholly written its name."""
        shutil.rmtree(place, ignore_errors=True)
        os.replace(new, place)
        flush(self.folder)

    def _delete_old(self) -> None:
        for old in self._whole()[:-KEPT]:
            shutil.rmtree(old, ignore_errors=True)

    def _whole(self) -> list[Path]:
        """The checkpoints by step, oldest first."""
        return sorted(path for path in self.folder.glob("*") if path.name.isdecimal() and path.is_dir())
