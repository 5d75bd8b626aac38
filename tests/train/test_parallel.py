"""Several workers train what one process trains: the same curve, the same weights, within rounding."""

import atexit
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from once import once
from parallel_scenes import SCENES
from parallel_workers import together
from training_fakes import Data, go, weights

from weftnet.errors import DamagedCheckpoint, RunError, SettingError
from weftnet.run.folder import Run
from weftnet.train import process_group, worker
from weftnet.train.parallel import Workers
from weftnet.train.recipe import Recipe
from weftnet.train.sharded_checkpoint import ShardedCheckpoints
from weftnet.train.sharding import Sharded
from weftnet.train.team import ALONE
from weftnet.train.worker import own_device

F64 = Data(dtype=torch.float64)
CLOSE = {"rtol": 1e-9, "atol": 1e-11}


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every scene, trained by one process."""

    def make(folder: Path) -> None:
        for name, (model, task, recipe) in SCENES.items():
            go(folder / name, recipe, model(), task, F64)

    return once(tmp_path_factory, "alone", make)


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every scene, trained by two workers: to the end, and stopped after ten steps."""
    work = {name: ["scene", {"name": name}] for name in SCENES}
    cut = {f"{name}, cut": ["scene", {"name": name, "stop": 10 * SCENES[name][2].accumulate - 1}] for name in SCENES}
    spread = {"name": "one optimiser", "shard": True}
    shards = {"sharded": ["scene", spread], "sharded, cut": ["scene", spread | {"stop": 19}]}
    plain = {"name": "one optimiser"}
    turns = {"turned": ["turns", [plain | {"stop": 13}, spread | {"stop": 31}, plain]]}
    ends = (
        "finished 24\n" * 2 + "stopped 10\n" * 2 + "finished 24\nstopped 10\n" + "stopped 7\nstopped 16\nfinished 24\n"
    )

    def make(folder: Path) -> None:
        printed = together(2, "everything", folder, **work, **cut, **shards, **turns)
        assert printed[0] == printed[1] == ends

    return once(tmp_path_factory, "two", make)


def same(one: Path, other: Path) -> None:
    want, got = weights(one), weights(other)
    assert want.keys() == got.keys()
    for name, value in want.items():
        torch.testing.assert_close(got[name], value, **CLOSE)
    lines, others = Run.open(one).history, Run.open(other).history
    assert [line["step"] for line in lines] == [line["step"] for line in others]
    for line, another in zip(lines, others, strict=True):
        assert another["loss"] == pytest.approx(line["loss"], rel=1e-6)  # noted in float32
        assert another["validation"] == pytest.approx(line["validation"], rel=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize("scene", SCENES)
def test_two_workers_give_the_curve_of_one(scene: str, alone: Path, two: Path) -> None:
    """Batches of 9 and 11 rows: the shares are unequal. Batch statistics are those of all rows."""
    same(alone / scene, two / scene)
    assert not (two / scene / "checkpoints").exists()


@pytest.mark.slow
@pytest.mark.parametrize("scene", SCENES)
def test_stopped_with_two_workers_and_resumed_by_one(scene: str, alone: Path, two: Path) -> None:
    run = two / f"{scene}, cut"
    assert Run.open(run).status == "stopped"
    model, task, recipe = SCENES[scene]
    outcome = go(run, recipe, model(), task, F64)
    assert (outcome.status, outcome.step) == ("finished", 24)
    same(alone / scene, run)


@pytest.mark.slow
def test_two_workers_with_half_the_weights_each_give_the_curve_of_one(alone: Path, two: Path) -> None:
    same(alone / "one optimiser", two / "sharded")
    assert not (two / "sharded" / "checkpoints").exists()


@pytest.mark.slow
def test_shards_of_two_are_read_by_one_process_with_whole_weights(alone: Path, two: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(two / "sharded, cut", run)
    model, task, recipe = SCENES["one optimiser"]
    assert go(run, recipe, model(), task, F64).status == "finished"
    same(alone / "one optimiser", run)


@pytest.mark.slow
def test_whole_weights_then_shards_then_whole_weights(alone: Path, two: Path) -> None:
    same(alone / "one optimiser", two / "turned")


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 3])
def test_shards_of_two_are_read_by_other_numbers_of_workers(
    workers: int, alone: Path, two: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    shutil.copytree(two / "sharded, cut", run)
    assert together(workers, "scene", run, name="one optimiser", shard=True) == ["finished 24\n"] * workers
    same(alone / "one optimiser", run)


@pytest.mark.slow
def test_two_then_three_then_one_worker(alone: Path, tmp_path: Path) -> None:
    run, accumulate = tmp_path / "run", 2
    together(2, "scene", run, name="one optimiser", stop=6 * accumulate - 1)
    together(3, "scene", run, name="one optimiser", stop=15 * accumulate - 1)
    model, task, recipe = SCENES["one optimiser"]
    assert go(run, recipe, model(), task, F64).status == "finished"
    same(alone / "one optimiser", run)


@pytest.mark.slow
def test_damaged_shards_are_refused_by_name(two: Path, tmp_path: Path) -> None:
    place = tmp_path / "00000010"
    shutil.copytree(two / "sharded, cut" / "checkpoints" / "00000010", place)
    checkpoints = ShardedCheckpoints(tmp_path, ALONE, lambda name: None)
    assert checkpoints._read(place).step == 10
    first, second = sorted(place.glob("*.safetensors"))
    raw = bytearray(first.read_bytes())
    raw[-3] ^= 4
    first.write_bytes(raw)
    with pytest.raises(DamagedCheckpoint, match=r"shard-00001.*: its checksum is wrong"):
        checkpoints._read(place)
    second.unlink()
    with pytest.raises(DamagedCheckpoint, match="has other shards than were written"):
        checkpoints._read(place)
    (place / "state.json").write_text("{}")
    with pytest.raises(RunError, match="its checksum is wrong"):
        checkpoints._read(place)


@pytest.mark.parametrize(
    ("groups", "recipe", "text"),
    [
        (("critic", "generator"), {}, "a task with one group of parts\n  got: critic, generator"),
        (("network",), {"optimiser": "muon"}, "muon can't be sharded: it needs whole matrices"),
        (("network",), {"plan": {"compiled": True}}, "the plan can't be sharded"),
    ],
)
def test_what_cannot_be_sharded(groups: tuple[str, ...], recipe: dict[str, Any], text: str) -> None:
    task = SimpleNamespace(groups={group: (group,) for group in groups})
    with pytest.raises(SettingError, match=text):
        Sharded.__new__(Sharded).check(task, Recipe(**recipe))


def test_workers_on_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    """What can be tested without a GPU: the assignment of devices, and the backends."""
    joined, chosen = [], []
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(worker, "_check_device", lambda device: None)  # it puts a tensor there
    monkeypatch.setattr(torch.cuda, "set_device", chosen.append)
    monkeypatch.setattr(torch.distributed, "init_process_group", lambda backend, **_: joined.append(backend))
    monkeypatch.setattr(process_group, "rendezvous", lambda *_, **__: iter([(torch.distributed.HashStore(), 1, 2)]))
    monkeypatch.setattr(atexit, "register", lambda _: None)
    assert own_device() == "cuda"
    for name, value in {"RANK": "5", "WORLD_SIZE": "6", "LOCAL_RANK": "1"}.items():
        monkeypatch.setenv(name, value)
    assert own_device() == own_device("cuda") == "cuda:1"
    assert own_device("cpu") == "cpu"
    assert own_device("cuda:0") == "cuda:0"
    process_group.join_group("cuda:1")
    process_group.join_group("cpu")
    assert (joined, chosen) == (["cpu:gloo,cuda:nccl", "gloo"], ["cuda:1"])
    monkeypatch.setenv("LOCAL_RANK", "2")
    with pytest.raises(SettingError, match="no GPU of its own\n  expected: at most 2 on this machine"):
        own_device()


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_shares_are_the_batch(size: int) -> None:
    """Every row once, in order; weights · rows add up to the batch."""
    batch = F64.train_batch(0, 11, 0)
    rows, weight = [], 0.0
    for rank in range(size):
        worker = Workers.__new__(Workers)
        worker.rank, worker.size = rank, size
        share, heavy = worker.share(batch)
        rows.append(share.rows)
        weight += heavy / size
        assert heavy == pytest.approx(size * len(share.rows) / 11)
    assert torch.equal(torch.cat(rows), batch.rows)
    assert weight == pytest.approx(1.0)
    worker.size = 12
    with pytest.raises(SettingError, match="fewer rows than there are workers\n  expected: at least 12\n  got: 11"):
        worker.share(batch)
