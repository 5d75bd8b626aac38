"""Reading somebody else's weights: what is taken, and what is refused before anything of it is executed."""

import json
import pickle
import zipfile
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from weftnet.errors import DamagedCheckpoint, RunError
from weftnet.transfer.foreign import is_foreign, read

A, B = torch.arange(6.0).reshape(2, 3), torch.ones(4)


def saved(folder: Path, name: str, value: Any) -> Path:
    torch.save(value, folder / name)
    return folder / name


@pytest.mark.parametrize(
    "wrapped", [lambda x: x, lambda x: {"state_dict": x, "epoch": 3}, lambda x: {"model": {"state_dict": x}}]
)
def test_a_file_of_torch(tmp_path: Path, wrapped: Any) -> None:
    got = read(saved(tmp_path, "net.pth", wrapped({"a": A, "b": B, "note": "words"})))
    assert got.tensors.keys() == {"a", "b"}
    assert torch.equal(got.tensors["a"], A)
    assert got.left == ("note",)
    assert list(got.files) == ["net.pth"]


def test_a_folder_whole_and_in_shards(tmp_path: Path) -> None:
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    for folder in (whole, parts):
        folder.mkdir()
        (folder / "config.json").write_text('{"hidden_size": 3}')
    save_file({"a": A, "b": B}, whole / "model.safetensors")
    save_file({"a": A}, parts / "one.safetensors")
    save_file({"b": B}, parts / "two.safetensors")
    index = {"weight_map": {"a": "one.safetensors", "b": "two.safetensors"}}
    (parts / "model.safetensors.index.json").write_text(json.dumps(index))
    for folder, count in ((whole, 1), (parts, 2)):
        got = read(folder)
        assert got.config == {"hidden_size": 3}
        assert torch.equal(got.tensors["b"], B)
        assert len(got.files) == count
        assert is_foreign(folder)


def test_a_shard_outside_of_the_folder_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    save_file({"a": A}, tmp_path / "one.safetensors")
    (folder / "model.safetensors.index.json").write_text('{"weight_map": {"a": "../one.safetensors"}}')
    with pytest.raises(RunError, match="is refused"):
        read(folder)


class Touches:
    """A pickled object that would write a file when it is read."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return Path.touch, (self.path,)


@pytest.mark.parametrize("how", ["torch", "pickle"])
def test_what_would_execute_code_is_refused(tmp_path: Path, how: str) -> None:
    trap, path = tmp_path / "executed", tmp_path / "net.pth"
    if how == "torch":
        torch.save({"a": A, "trap": Touches(trap)}, path)
    else:
        path.write_bytes(pickle.dumps({"trap": Touches(trap)}))
    with pytest.raises(RunError, match=r"holds more than tensors[\s\S]*fix: save its tensors alone"):
        read(path)
    assert not trap.exists()


def test_a_file_that_would_swell_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "net.pth"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("net/data/0", bytes(2**26))
    with pytest.raises(RunError, match="claims more than its bytes allow"):
        read(path)


def test_what_is_no_weights(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "notes.txt").write_text("words")
    (tmp_path / "cut.safetensors").write_bytes(b"\x10\0\0\0\0\0\0\0{}")
    for name, error, text in (
        ("absent", RunError, "no such file"), ("empty", RunError, "holds no weights"),
        ("notes.txt", RunError, r"expected: \.safetensors"), ("cut.safetensors", DamagedCheckpoint, "no intact"),
    ):  # fmt: skip
        with pytest.raises(error, match=text):
            read(tmp_path / name)
        assert not is_foreign(tmp_path / name) or name == "cut.safetensors"
    with pytest.raises(RunError, match="holds no weights by name"):
        read(saved(tmp_path, "list.pth", [A]))


def test_the_size_is_limited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEFTNET_LIMITS", "bytes=100")
    with pytest.raises(RunError, match="the weights are too large"):
        read(saved(tmp_path, "net.pth", {"a": A}))
