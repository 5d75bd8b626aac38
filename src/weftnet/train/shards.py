"""Reading a checkpoint in shards: one file a worker, of which each reader takes the slices it needs.

Any number of processes can read them, a single one too.
"""

import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.distributed.checkpoint.hf_storage import HuggingFaceStorageReader
from torch.distributed.checkpoint.metadata import TensorStorageMetadata
from torch.distributed.checkpoint.state_dict_loader import load

from weftnet.base import tensors as tensor_files
from weftnet.base.files import inside
from weftnet.base.typed import misfit
from weftnet.errors import DamagedCheckpoint
from weftnet.train.checkpoint_files import Checkpoint, check_sum


def read_shards(folder: Path, like: Callable[[str], Tensor | None], group: Any) -> dict[str, Tensor]:
    """All tensors of a checkpoint.

    Args:
        folder: of the checkpoint.
        like: gives for a tensor's name the tensor whose placement over the workers it shall have, if there is one.
        group: the processes that read together; None is this process alone.
    """
    tensors, reader = {}, HuggingFaceStorageReader(str(folder))
    for name, meta in reader.read_metadata().state_dict_metadata.items():
        assert isinstance(meta, TensorStorageMetadata)  # safetensors hold nothing else
        pattern, dtype = like(name), meta.properties.dtype
        if pattern is None or pattern.shape != meta.size:  # the latter: a moment that is a single number
            tensors[name] = torch.empty(meta.size, dtype=dtype)
        else:
            tensors[name] = torch.empty_like(pattern, dtype=dtype)
    with warnings.catch_warnings():  # torch warns that one process reads alone, which is meant
        warnings.filterwarnings("ignore", "torch.distributed is disabled", UserWarning)
        load(tensors, storage_reader=reader, process_group=group, no_dist=group is None)
    return tensors


def read_whole(folder: Path, facts: dict[str, Any]) -> Checkpoint:
    """A checkpoint in shards, with whole tensors, read by a single process.

    Raises:
        DamagedCheckpoint: the shards are not those that were written.
    """
    check_shards(folder, facts)
    return Checkpoint(facts["step"], read_shards(folder, lambda name: None, None), facts)


def check_shards(folder: Path, facts: Mapping[str, Any]) -> None:
    """Refuse shards that are not those that were written.

    Raises:
        DamagedCheckpoint: names the first that is not.
    """
    shards: dict[str, str] = facts.get("shards", {})
    if wrong := misfit(facts.get("step"), int) or misfit(shards, dict[str, str]):
        raise DamagedCheckpoint("is no checkpoint in shards", where=str(folder / "state.json"), expected=wrong)
    if set(shards) != {path.name for path in folder.glob("*.safetensors")}:
        raise DamagedCheckpoint("has other shards than were written", where=str(folder))
    for name, checksum in shards.items():
        path = inside(folder, name)
        tensor_files.shapes(path)  # refuses a header that can't be read
        check_sum(path, checksum)
