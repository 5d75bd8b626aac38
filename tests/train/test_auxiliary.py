"""What blocks ask for beside the task's loss is trained, with the recipe's weights, for the group of their part."""

from pathlib import Path
from typing import Any

import pytest
import torch

from weftnet.architecture.reading import from_dict
from weftnet.base import tensors
from weftnet.compose import build
from weftnet.data import open_data
from weftnet.errors import SettingError
from weftnet.execution.executor import Executor
from weftnet.execution.plan import Plan
from weftnet.tasks import TASKS
from weftnet.tasks._assemble import assemble
from weftnet.train import Recipe, fit

CODED = from_dict([{"dense": {"dim": 6}}, {"vector_quantiser": {"vocabulary": 9}}, {"dense": {"dim": 5}}, "relu"])
RNG = torch.Generator().manual_seed(0)
SOURCE = {"x": torch.randn(60, 7, generator=RNG).numpy(), "y": (torch.arange(60) % 3).numpy().astype(str)}


@pytest.mark.parametrize("weights", [{}, {"commitment": 0.0}, {"commitment": 3.0, "codebook": 0.5}], ids=str)
def test_a_loss_is_the_tasks_and_the_weighted_sum_of_the_blocks(weights: dict[str, float]) -> None:
    data = open_data(SOURCE)
    task = TASKS.get("classification").from_data(data)
    done = assemble(CODED, task, data.signals)
    model = build(done.architecture, done.inputs).train()
    batch, generator = data.train_batch(0, 8, 0), torch.Generator()
    model["network"](batch.inputs)  # of no step: it must not count
    ((group, loss),) = Executor(model, Plan()).losses(task, model, batch, generator, weights)
    ((_, alone),) = task.losses(model, batch, generator)
    blocks = model["network"].take_losses()
    wanted = alone + sum(weights.get(name, 1.0) * value for name, value in blocks.items())
    assert group == "network"
    torch.testing.assert_close(loss, wanted)
    assert blocks["codebook"] > 0


def trained(folder: Path, **auxiliary: Any) -> dict[str, torch.Tensor]:
    data = open_data(SOURCE)
    task = TASKS.get("classification").from_data(data)
    recipe = Recipe(steps=6, batch_size=8, lr=0.05, threads=1, plan="eager", keep="last", auxiliary=auxiliary)
    run = fit(CODED, task, data, recipe, folder, device="cpu")
    assert run.json("recipe.json")["auxiliary"] == auxiliary
    return tensors.load(run.folder / "weights.safetensors")


def test_the_table_learns_only_by_its_loss(tmp_path: Path) -> None:
    one, zero, again = (trained(tmp_path / str(i), codebook=weight) for i, weight in enumerate((1.0, 0.0, 1.0)))
    (name,) = (name for name in one if name.endswith("table"))
    assert torch.equal(one[name], again[name])
    assert not torch.allclose(one[name], zero[name], atol=1e-3)


def test_a_weight_of_no_loss_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="no block gives a loss called 'comitment'") as caught:
        trained(tmp_path / "run", comitment=1.0)
    assert "did you mean 'commitment'?" in str(caught.value)
    with pytest.raises(SettingError, match="auxiliary can't be used"):
        Recipe(auxiliary={"commitment": -1})
