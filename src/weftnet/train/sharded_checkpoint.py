"""Checkpoints of which every worker writes its shard in the background, by torch's distributed checkpoint (DCP).

    checkpoints/00001234/shard-00001-….safetensors    one file a worker; its header says which slices it holds
    checkpoints/00001234/state.json                   counters, history; checksums of all files

`async_save` copies the tensors and returns; a thread writes them while training goes on. Once every worker has written
its shard, the leader completes the checkpoint: its JSON, its final name. Shards are safetensors, as DCP's own format
contains a pickle. Readers ask for slices, so another number of workers can read them. The folder has to be on a disk
that all workers share.
"""

import json
import shutil
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from torch import Tensor
from torch.distributed.checkpoint.api import CheckpointException
from torch.distributed.checkpoint.hf_storage import HuggingFaceStorageWriter
from torch.distributed.checkpoint.state_dict_saver import async_save
from torch.distributed.tensor import DTensor, distribute_tensor

from weftnet.base.files import sha256
from weftnet.errors import DamagedCheckpoint, RunError
from weftnet.train.checkpoint import FREE_SPACE, Checkpoints
from weftnet.train.checkpoint_files import Checkpoint, read_checkpoint, read_facts, write_facts
from weftnet.train.following import broadcast
from weftnet.train.process_group import background_group
from weftnet.train.shards import check_shards, read_shards
from weftnet.train.team import Team


class ShardedCheckpoints(Checkpoints):
    """Checkpoints in shards.

    Args:
        folder: that holds them.
        team: whose workers all make the same calls at the same time.
        like: gives for a saved tensor's name the tensor whose placement over the workers it shall have, if any.
    """

    def __init__(self, folder: Path, team: Team, like: Callable[[str], Tensor | None]) -> None:
        super().__init__(folder)
        self.team, self.like = team, like
        self._writing: Future[None] | None = None

    def save(self, step: int, tensors: Mapping[str, Tensor], facts: Mapping[str, Any]) -> Path:
        """Begin to write the checkpoint of a step, once the one before is written.

        Raises:
            RunError: the one before could not be written.
        """
        self.settle()
        place, new = self._names(step)
        if self.team.leads:
            shutil.rmtree(new, ignore_errors=True)
            new.mkdir(parents=True)
        self.team.agree(False)  # nobody writes before the folder is there
        text = json.dumps({"step": step, **facts})  # now, as training goes on meanwhile
        writer = HuggingFaceStorageWriter(path=str(new), save_distributed=True)
        written = async_save(dict(tensors), storage_writer=writer, process_group=background_group())
        self._writing = _then(written, (lambda: self._complete(new, place, text)) if self.team.leads else None)
        return place

    def settle(self) -> None:
        """Wait until the checkpoint that was begun is written.

        Raises:
            RunError: it could not be written.
        """
        if self._writing is None:
            return
        writing, self._writing = self._writing, None
        try:
            writing.result()
        except (OSError, RuntimeError, CheckpointException) as error:
            what = f"the checkpoint can't be written: {error}"
            raise RunError(what, where=str(self.folder), fix=FREE_SPACE) from error

    def newest(self) -> tuple[Checkpoint | None, list[DamagedCheckpoint]]:
        """The newest good checkpoint: the leader chooses it, every worker reads its own slices."""
        newest, complaints = super().newest() if self.team.leads else (None, [])
        if self.team.from_leader(newest is not None and "shards" not in newest.facts):  # written with whole weights
            return self._distributed(newest), complaints
        header = self.team.from_leader(None if newest is None else {"step": newest.step, "facts": newest.facts})
        if header is None:
            return None, complaints
        place, _ = self._names(header["step"])
        tensors = read_shards(place, self.like, background_group())
        return Checkpoint(header["step"], tensors, header["facts"]), complaints

    def clear(self) -> None:
        """Delete all of them."""
        self.settle()
        if self.team.leads:
            super().clear()

    def _distributed(self, newest: Checkpoint | None) -> Checkpoint:
        """The leader's checkpoint of whole tensors, of which each worker keeps its slices."""
        whole = broadcast(newest, self.team)
        assert whole is not None  # the leader has one
        tensors = {name: _distribute(tensor, self.like(name)) for name, tensor in whole.tensors.items()}
        return Checkpoint(whole.step, tensors, whole.facts)

    def _complete(self, new: Path, place: Path, text: str) -> None:
        """Write the JSON, with the files' checksums, and give the folder its name."""
        facts = json.loads(text) | {"shards": {path.name: sha256(path) for path in sorted(new.glob("*.safetensors"))}}
        write_facts(new, facts)
        self._publish(new, place)
        self._delete_old()

    def _read(self, place: Path) -> Checkpoint:
        """Its facts; no tensors yet, if it is in shards."""
        facts = read_facts(place)
        if "shards" not in facts:
            return read_checkpoint(place, facts)
        check_shards(place, facts)
        return Checkpoint(facts["step"], {}, facts)


def _distribute(tensor: Tensor, like: Tensor | None) -> Tensor:
    """This worker's slice of a tensor, if the tensor it is like is distributed over the workers."""
    if not isinstance(like, DTensor) or like.shape != tensor.shape:
        return tensor
    return distribute_tensor(tensor.to(like.device), like.device_mesh, like.placements, src_data_rank=None)


def _then(written: Any, complete: Callable[[], None] | None) -> "Future[None]":
    """A future of the writing and of `complete` after it, which runs in the thread that wrote."""
    done: Future[None] = Future()

    def finish(future: Any) -> None:
        try:
            future.result()
            if complete:
                complete()
        except BaseException as error:  # raised again where it is waited for
            done.set_exception(error)
        else:
            done.set_result(None)

    written.add_done_callback(finish)
    return done
