"""The state of every optimiser survives JSON and safetensors."""

import json
from pathlib import Path

import pytest
import torch

from weftnet.base import tensors
from weftnet.errors import RunError
from weftnet.optim import OPTIMISERS
from weftnet.train.packing import pack, unpack


def test_nested(tmp_path: Path) -> None:
    tree = {"a": [1, (2.5, None)], "b": {0: torch.arange(3), "x": True}, "c": torch.ones(2, 3, 4, 5)}
    tree["c"] = tree["c"].to(memory_format=torch.channels_last)
    packed: dict[str, torch.Tensor] = {}
    plain = json.loads(json.dumps(pack(tree, "t", packed)))
    tensors.save(tmp_path / "x.safetensors", packed)
    back = unpack(plain, tensors.load(tmp_path / "x.safetensors"))
    assert back["a"] == [1, (2.5, None)]
    assert back["b"]["x"] is True
    assert torch.equal(back["b"][0], torch.arange(3))
    assert back["c"].stride() == tree["c"].stride()


@pytest.mark.parametrize("name", OPTIMISERS.names())
def test_optimisers(name: str, tmp_path: Path) -> None:
    torch.manual_seed(2)
    model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Linear(4, 2))
    optimiser = OPTIMISERS.get(name)(model.named_parameters())
    model(torch.randn(5, 3)).square().sum().backward()
    optimiser.step()
    packed: dict[str, torch.Tensor] = {}
    state = optimiser.state_dict()
    plain = json.loads(json.dumps(pack(state, "o", packed)))
    tensors.save(tmp_path / "x.safetensors", packed)
    back = unpack(plain, tensors.load(tmp_path / "x.safetensors"))
    assert repr(back) == repr(state)


def test_objects_are_refused() -> None:
    with pytest.raises(RunError, match=r"a\.b: object can't be saved"):
        pack({"b": object()}, "a", {})
