"""The package's door: what is exported, and what importing it costs."""

import subprocess
import sys

import pytest
import torch

from weftnet import data
from weftnet.data import Batch


def test_exports() -> None:
    assert set(data.__all__) == {"AUGMENTATIONS", "KINDS", "Batch", "Data", "Preprocessing", "open_data"}
    assert all(getattr(data, name) is not None for name in data.__all__)
    with pytest.raises(AttributeError, match="no attribute 'open'"):
        _ = data.open  # type: ignore[attr-defined]


def test_listing_names_imports_nothing_heavy() -> None:
    code = "import sys, weftnet.data as d; d.KINDS.names(), d.AUGMENTATIONS.names(); print(*sys.modules)"
    modules = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"torch", "pyarrow", "numpy"} & set(modules)


def test_a_batch_moves_as_a_whole() -> None:
    batch = Batch(
        {"x": torch.ones(3, 2)}, {"x": torch.ones(3, 2, dtype=torch.bool)}, {"y": torch.zeros(3)}, torch.arange(3)
    )
    moved = batch.to("meta")
    assert {moved.inputs["x"].device.type, moved.masks["x"].device.type, moved.rows.device.type} == {"meta"}
    assert moved.target is not None
    assert moved.target.device.type == "meta"
    assert moved.size == 3
    assert Batch({}, {}, {}, torch.arange(2)).to("meta").targets == {}
