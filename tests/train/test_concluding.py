"""What is left in the folder of a training that has ended."""

from pathlib import Path

from training_fakes import go, plain, weights

from weftnet.run.folder import Run
from weftnet.train.recipe import Recipe


def test_a_finished_run_has_its_weights_and_no_checkpoints(tmp_path: Path) -> None:
    result = go(tmp_path, Recipe(steps=4, evaluate_every="2 steps", checkpoint_every=0.0), plain())
    assert (result.status, Run.open(tmp_path).status) == ("finished", "finished")
    assert weights(tmp_path).keys() == plain().state_dict().keys()
    assert not (tmp_path / "checkpoints").exists()
