"""The example of a task, on which its entries are tried."""

import torch

from weftnet.contract._scene import scene


def test_its_run_is_trained_once_and_loaded_whenever_it_is_asked_for() -> None:
    made = scene("regression")
    first = made.trained()
    written = {path: path.stat().st_mtime_ns for path in made.path("trained").rglob("*")}
    second = made.trained()
    assert first.run.status == "finished"
    assert first.model is not second.model
    for name, tensor in first.model.state_dict().items():
        assert torch.equal(tensor, second.model.state_dict()[name])
    assert written == {path: path.stat().st_mtime_ns for path in made.path("trained").rglob("*")}
