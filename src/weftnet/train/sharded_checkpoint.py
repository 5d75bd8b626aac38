"""Checkpoints that every worker writes its share of, in the background, by torch's distributed checkpoint (DCP).

    checkpoints/00001234/shard-00001-….safetensors    one file a worker; its header says which slices it holds
    checkpoints/00001234/state.json                   counters, history; checksums of all files

`async_save` copies the tensors and returns; a thread writes them while training goes on. The leader makes the
checkpoint whole – its JSON, its final name – once every worker has written. Shards are safetensors (DCP's own format
has a pickle in it). Reading asks for slices, so another number of workers can read them. The folder has to lie on a
disk that all workers share.
"""

import json
import os
import shutil
import warnings
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.distributed.checkpoint.api import CheckpointException
from torch.distributed.checkpoint.hf_storage import HuggingFaceStorageReader, HuggingFaceStorageWriter
from torch.distributed.checkpoint.metadata import TensorStorageMetadata
from torch.distributed.checkpoint.state_dict_loader import load
from torch.distributed.checkpoint.state_dict_saver import async_save
from torch.distributed.tensor import DTensor, distribute_tensor

from weftnet.base import tensors as tensor_files
from weftnet.base.files import flush, inside, sha256
from weftnet.base.typed import misfit
from weftnet.errors import DamagedCheckpoint, RunError
from weftnet.train.checkpoint import KEPT, Checkpoints, Saved, facts_of, read, write_facts
from weftnet.train.following import sent
from weftnet.train.parallel import Workers, beside


class ShardedCheckpoints(Checkpoints):
    """Checkpoints in shards.

    Args:
        folder: where they lie.
        team: whose workers all ask for the same at the same time.
        like: gives for a saved tensor's name the one that is spread over the workers as it shall be, if there is one.
    """

    def __init__(self, folder: Path, team: Workers, like: Callable[[str], Tensor | None]) -> None:
        super().__init__(folder)
        self.team, self.like = team, like
        self._writing: Future[None] | None = None

    def save(self, step: int, tensors: Mapping[str, Tensor], facts: Mapping[str, Any]) -> Path:
        """Begin to write the checkpoint of a step, once the one before is written.

        Raises:
            RunError: the one before could not be written.
        """
        self.settle()
        place, new = self.folder / f"{step:08d}", self.folder / f".new-{step:08d}"
        if self.team.leads:
            shutil.rmtree(new, ignore_errors=True)
            new.mkdir(parents=True)
        self.team.agree(False)  # until the folder is there
        text = json.dumps({"step": step, **facts})  # now: training goes on meanwhile
        writer = HuggingFaceStorageWriter(path=str(new), save_distributed=True)
        written = async_save(dict(tensors), storage_writer=writer, process_group=beside())
        self._writing = _then(written, (lambda: self._complete(new, place, text)) if self.team.leads else None)
        return place

    def settle(self) -> None:
        """Wait until what was begun is written.

        Raises:
            RunError: it could not be written.
        """
        if self._writing is None:
            return
        writing, self._writing = self._writing, None
        try:
            writing.result()
        except (OSError, RuntimeError, CheckpointException) as error:
            fix = "free some space; the checkpoint before is kept: `weftnet resume` goes on from there"
            raise RunError(f"the checkpoint can't be written: {error}", where=str(self.folder), fix=fix) from error

    def newest(self) -> tuple[Saved | None, list[DamagedCheckpoint]]:
        """The newest good checkpoint: the leader chooses, every worker reads its own share."""
        found, complaints = super().newest() if self.team.leads else (None, [])
        if self.team.same(found is not None and "shards" not in found.facts):  # of workers that had whole weights
            whole = sent(found, self.team)
            assert whole is not None  # the leader has found one
            tensors = {name: _spread(tensor, self.like(name)) for name, tensor in whole.tensors.items()}
            return Saved(whole.step, tensors, whole.facts), complaints
        about = self.team.same(None if found is None else {"step": found.step, "facts": found.facts})
        if about is None:
            return None, complaints
        place = self.folder / f"{about['step']:08d}"
        return Saved(about["step"], _load(place, self.like, beside()), about["facts"]), complaints

    def clear(self) -> None:
        """Delete all of them."""
        self.settle()
        if self.team.leads:
            super().clear()

    def _complete(self, new: Path, place: Path, text: str) -> None:
        """Name the files and their checksums, and give the folder its name."""
        state = json.loads(text) | {"shards": {path.name: sha256(path) for path in sorted(new.glob("*.safetensors"))}}
        write_facts(new, state)
        shutil.rmtree(place, ignore_errors=True)
        os.replace(new, place)
        flush(self.folder)
        for old in self._whole()[:-KEPT]:
            shutil.rmtree(old, ignore_errors=True)

    def _read(self, place: Path) -> Saved:
        """Its counters; no tensors yet, if they lie in shards."""
        state = facts_of(place)
        if "shards" not in state:
            return read(place, state)
        _check(place, state)
        return Saved(state["step"], {}, state)


def read_whole(place: Path, state: Mapping[str, Any]) -> dict[str, Tensor]:
    """All tensors of a checkpoint in shards, by one process that knows of no others.

    Raises:
        DamagedCheckpoint: they are not what was written.
    """
    _check(place, state)
    return _load(place, lambda name: None, None)


def _load(place: Path, like: Callable[[str], Tensor | None], group: Any) -> dict[str, Tensor]:
    """The tensors, each spread as the one it is like; without a group by this process alone."""
    tensors, reader = {}, HuggingFaceStorageReader(str(place))
    for name, meta in reader.read_metadata().state_dict_metadata.items():
        assert isinstance(meta, TensorStorageMetadata)  # safetensors hold nothing else
        pattern, dtype = like(name), meta.properties.dtype
        if pattern is None or pattern.shape != meta.size:  # the latter: a moment that is a single number
            tensors[name] = torch.empty(meta.size, dtype=dtype)
        else:
            tensors[name] = torch.empty_like(pattern, dtype=dtype)
    with warnings.catch_warnings():  # of the intent
        warnings.filterwarnings("ignore", "torch.distributed is disabled", UserWarning)
        load(tensors, storage_reader=reader, process_group=group, no_dist=group is None)
    return tensors


def _spread(tensor: Tensor, like: Tensor | None) -> Tensor:
    """This worker's share of a tensor, if the one it is like is spread over the workers."""
    if not isinstance(like, DTensor) or like.shape != tensor.shape:
        return tensor
    return distribute_tensor(tensor.to(like.device), like.device_mesh, like.placements, src_data_rank=None)


def _check(place: Path, state: Mapping[str, Any]) -> None:
    """Refuse shards that are not what was written.

    Raises:
        DamagedCheckpoint: with the first of them.
    """
    shards: dict[str, str] = state.get("shards", {})
    if wrong := misfit(state.get("step"), int) or misfit(shards, dict[str, str]):
        raise DamagedCheckpoint("is no checkpoint in shards", where=str(place / "state.json"), expected=wrong)
    if set(shards) != {path.name for path in place.glob("*.safetensors")}:
        raise DamagedCheckpoint("has other shards than were written", where=str(place))
    for name, wanted in shards.items():
        path = inside(place, name)
        tensor_files.shapes(path)  # a header that can be read
        if (found := sha256(path)) != wanted:
            raise DamagedCheckpoint("its checksum is wrong", where=str(path), expected=f"sha256 {wanted}", got=found)


def _then(written: Any, complete: Callable[[], None] | None) -> "Future[None]":
    """A future of the writing and what follows it, in the thread that wrote."""
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
