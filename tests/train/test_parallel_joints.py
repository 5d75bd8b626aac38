"""Several workers beside the other joints: starts, frozen parts, rates, auxiliary losses, shared weights, shards."""

from pathlib import Path
from typing import Any

import pytest
import torch
from parallel_workers import fitted, together
from training_fakes import weights

from weftnet.run.folder import Run

pytestmark = pytest.mark.slow

#: nothing random in a step, no bias before batch statistics, whose gradient would be mere
#: rounding; 9 rows are shared unequally
RECIPE: dict[str, Any] = {
    "steps": 8, "batch_size": 9, "lr": 0.02, "plan": "eager", "keep": "last", "clip": 0.5, "evaluate_every": "4 steps",
}  # fmt: skip
BODY: list[Any] = [{"dense": {"dim": 6, "bias": False}}, "batch_norm", "tanh"]
SHARED = [{"dense": {"dim": 6}}, "tanh", {"shared": "0"}, "relu"]
CODED = [{"dense": {"dim": 6}}, {"vector_quantiser": {"vocabulary": 9}}, {"dense": {"dim": 5}}, "relu"]


def jobs(origin: Path) -> dict[str, dict[str, Any]]:
    """What is trained once by one process and once by two."""
    start = {"run": str(origin), "map": {"0": "0", "1": "1"}}
    longer = {"net": [*BODY, {"dense": {"dim": 4}}, "relu"], "recipe": RECIPE}
    coded = {"net": CODED, "recipe": {**RECIPE, "auxiliary": {"commitment": 2.0}}}
    return {
        "start": {**longer, "start": start},
        "frozen": {**longer, "start": {**start, "freeze": ["0", "1"]}},
        "rates": {**longer, "start": {**start, "rate": {"0": 0.25}}},
        "thaw": {**longer, "start": {**start, "thaw": {"0": 0.5, "1": 0.25}, "l2_sp": 0.3, "depth_rate": 0.5}},
        "lora": {**longer, "start": {**start, "tune": {"lora": {"rank": 1}}}},
        "dora": {**longer, "start": {**start, "tune": {"dora": {"rank": 1}}, "delta": False}},
        "shared": {"net": SHARED, "recipe": RECIPE},
        "coded": coded,
        "start, sharded": {**longer, "start": start, "shard": True},
        "shared, sharded": {"net": SHARED, "recipe": RECIPE, "shard": True},
        "coded, sharded": {**coded, "shard": True},
    }


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """All of it, by one process and by two."""
    home = tmp_path_factory.mktemp("joints")
    fitted(home / "origin", {"net": BODY, "recipe": RECIPE})
    for name, settings in jobs(home / "origin").items():
        if "shard" not in settings:
            fitted(home / "one" / name, settings)
    together(2, "everything", home / "two", **{name: ["fitted", each] for name, each in jobs(home / "origin").items()})
    return home / "one", home / "two"


@pytest.mark.parametrize("name", jobs(Path()))
def test_two_workers_give_the_run_of_one(name: str, both: tuple[Path, Path]) -> None:
    one, two = both[0] / name.removesuffix(", sharded"), both[1] / name
    want, got = weights(one), weights(two)
    assert want.keys() == got.keys()
    for key, value in want.items():
        torch.testing.assert_close(got[key], value, rtol=1e-4, atol=1e-5)
    for line, other in zip(Run.open(one).history, Run.open(two).history, strict=True):
        assert other["loss"] == pytest.approx(line["loss"], rel=1e-4)
    assert Run.open(one).facts.start == Run.open(two).facts.start


def test_what_is_frozen_stays_as_it_was(both: tuple[Path, Path]) -> None:
    before, after = weights(both[0].parent / "origin"), weights(both[1] / "frozen")
    frozen = [key for key in after if key.startswith(("network.0.", "network.1."))]
    assert len(frozen) >= 4
    assert all(torch.equal(after[key], before[key]) for key in frozen)


def test_frozen_parts_are_not_sharded(both: tuple[Path, Path], tmp_path: Path) -> None:
    settings = jobs(both[0].parent / "origin")["frozen"] | {"shard": True}
    with pytest.raises(AssertionError, match="can't be sharded"):
        together(2, "fitted", tmp_path / "run", **settings)
