"""A safetensors file gives back values, ties and layouts."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from weftnet.base import tensors
from weftnet.errors import DamagedCheckpoint, RunError


def test_round_trip(tmp_path: Path) -> None:
    whole = torch.randn(6, 5)
    given = {
        "half": torch.randn(3).half(),
        "count": torch.tensor(7),
        "none": torch.empty(0, 4),
        "also none": torch.empty(0, 4),
        "part": whole[2:4],
        "whole": whole,
        "turned": whole.T,
        "last": torch.randn(2, 3, 4, 5).to(memory_format=torch.channels_last),
        "every other": torch.arange(10)[::2],
        "expanded": torch.randn(3, 1).expand(3, 4),
    }
    tensors.save(tmp_path / "x.safetensors", given)
    back = tensors.load(tmp_path / "x.safetensors")
    assert back.keys() == given.keys()
    for name, tensor in given.items():
        assert back[name].dtype == tensor.dtype
        assert torch.equal(back[name], tensor), name
    assert back["last"].stride() == given["last"].stride()
    assert back["turned"].stride() == given["turned"].stride()


def test_the_same_tensors_are_the_same_bytes(tmp_path: Path) -> None:
    last = torch.randn(2, 3, 4, 5).to(memory_format=torch.channels_last)
    given = {name: torch.full((2, 3), float(place)) for place, name in enumerate("zbyaxc")}
    given |= {"last": last, "tied": last, "half": torch.ones(2).half()}
    for number in range(8):
        order = sorted(given, reverse=bool(number % 2))
        tensors.save(tmp_path / f"{number}.safetensors", {name: given[name] for name in order if name != "tied"})
        tensors.save(tmp_path / f"tied{number}.safetensors", given)
    for kind in ("[0-7]", "tied?"):
        assert len({path.read_bytes() for path in tmp_path.glob(f"{kind}.safetensors")}) == 1


def test_files_of_earlier_versions(tmp_path: Path) -> None:
    metadata = {"ties": '{"b": "a"}', "orders": '{"a": [1, 0]}'}
    save_file({"a": torch.arange(6).reshape(3, 2)}, tmp_path / "x.safetensors", metadata=metadata)
    back = tensors.load(tmp_path / "x.safetensors")
    assert torch.equal(back["a"], torch.arange(6).reshape(3, 2).T)
    assert back["b"] is back["a"]
    assert tensors.shapes(tmp_path / "x.safetensors") == {"a": (2, 3), "b": (2, 3)}


def test_ties_are_saved_once(tmp_path: Path) -> None:
    model = nn.Sequential(nn.Embedding(1000, 8), nn.Linear(8, 1000, bias=False))
    model[1].weight = model[0].weight
    tensors.save(tmp_path / "x.safetensors", model.state_dict())
    assert (tmp_path / "x.safetensors").stat().st_size < 1000 * 8 * 4 + 1000
    back = tensors.load(tmp_path / "x.safetensors")
    assert back["0.weight"] is back["1.weight"]
    model.load_state_dict(back)


def test_missing_and_damaged(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    with pytest.raises(RunError, match="is missing"):
        tensors.load(path)
    tensors.save(path, {"a": torch.ones(50)})
    whole = path.read_bytes()
    for broken in (b"", whole[:7], whole[:60], whole[:-1], b"\xff" * 100, whole.replace(b"{", b"[")):
        path.write_bytes(broken)
        with pytest.raises(DamagedCheckpoint, match="is no intact safetensors file"):
            tensors.load(path)


def test_unwritable(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match="can't be written"):
        tensors.save(tmp_path / "file" / "x.safetensors", {"a": torch.ones(2)})
