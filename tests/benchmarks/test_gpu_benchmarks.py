"""Smoke tests of the benchmarks meant for a GPU: run in small on the CPU, on data made here."""

import importlib
import io
import json
import lzma
import sys
from argparse import Namespace
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest
import torch
from oracles import same, unchecked
from PIL import Image
from torch import nn
from torch.nn import functional as F

from weftnet import plugins
from weftnet.optim import OPTIMISERS

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
FOLDERS = (BENCHMARKS, BENCHMARKS / "gpu", BENCHMARKS / "speed", BENCHMARKS / "speed" / "peers")


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Any]]:
    """A benchmark's module; afterwards nothing of it is left, neither modules nor what it registered."""
    before, threads, tuned = set(sys.modules), torch.get_num_threads(), torch.backends.cudnn.benchmark
    for folder in FOLDERS:
        monkeypatch.syspath_prepend(str(folder))
    yield importlib.import_module
    torch.set_num_threads(threads)
    torch.backends.cudnn.benchmark = tuned
    OPTIMISERS.forget("a program")
    for plugin in plugins.loaded():
        plugins.unload(plugin.name)
    for name in set(sys.modules) - before:
        if str(BENCHMARKS) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]


def run(module: Any, monkeypatch: pytest.MonkeyPatch, *arguments: str | Path) -> None:
    """Its main, as from the command line."""
    monkeypatch.setattr(sys, "argv", [str(module.__file__), *map(str, arguments)])
    with unchecked():  # as a user runs it: compiled blocks can't be checked
        module.main()


def rows(folder: Path, name: str) -> dict[tuple[str, str], list[float]]:
    document = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    assert (folder / f"{name}.md").is_file()
    return {(row["what"], row["metric"]): row["values"] for row in document["rows"]}


def cifar(folder: Path, count: int = 60) -> Path:
    """Parquet files of small pictures, as the real set has them."""
    draw = np.random.default_rng(0)
    (folder / "cifar10").mkdir()
    for name in ("train", "test"):
        files = []
        for _ in range(count):
            held = io.BytesIO()
            Image.fromarray(draw.integers(256, size=(32, 32, 3), dtype=np.uint8)).save(held, "PNG")
            files.append(held.getvalue())
        labels = pa.array([k % 10 for k in range(count)], pa.uint8())
        parquet.write_table(pa.table({"label": labels, "image": files}), folder / "cifar10" / f"{name}.parquet")
    return folder


@pytest.mark.slow
def test_airbench_runs_in_small(module: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    airbench = module("airbench")
    run(airbench, monkeypatch, "--data", cifar(tmp_path), "--device", "cpu", "--small", "--plan", "eager", "--out",
        tmp_path)  # fmt: skip
    figures = rows(tmp_path, "airbench")
    assert 0 <= figures["weftnet, eager", "test accuracy, %"][0] <= 100
    assert figures["weftnet, eager", "s"][0] > 0


def test_airbenchs_seconds_are_read_from_what_it_prints(module: Any) -> None:
    lines = [
        "-----",
        "|  run   |  epoch  |  time_seconds  |",
        "|  3  |  7  |  2.0000  |",
        "|    |  eval  |  2.5410  |",
        "---",
    ]
    printed = "\n".join(lines)
    assert module("airbench").seconds_in(printed) == 2.541


def test_seconds_count_the_first_steps_as_the_others(module: Any) -> None:
    watch = module("_device").Watch()
    watch.steps, watch.seen = 100, [(0, 0.0), (1, 20.0), (2, 30.0), (7, 32.5), (40, 49.0), (100, 79.0)]
    steady, first = watch.seconds
    assert steady == pytest.approx(50.0)
    assert first == pytest.approx(29.0)
    watch.seen = [(0, 0.0), (2, 30.0), (100, 79.0)]
    assert watch.seconds[0] == pytest.approx(50.0)
    watch.seen = [(0, 1.0), (100, 3.0)]
    assert watch.seconds == (2.0, 0.0)


def test_the_six_views(module: Any) -> None:
    images = torch.randn(4, 3, 6, 6)

    def network(x: torch.Tensor) -> torch.Tensor:
        return torch.sin(x.flatten(1) * torch.linspace(0.1, 2, x[0].numel())).cumsum(1)[:, ::17]

    same(module("airbench").six_views(network, images), six(network, images), 1e-5)


def six(network: Any, images: torch.Tensor) -> torch.Tensor:
    """The six views by hand: every pixel from its place, moved and mirrored at the edge."""
    size = images.shape[-1]
    places = torch.arange(size)
    total: Any = 0
    for move, share in ((0, 0.5), (-1, 0.25), (1, 0.25)):
        moved = (places + move).abs()
        moved = torch.where(moved < size, moved, 2 * (size - 1) - moved)
        view = images[:, :, moved][:, :, :, moved]
        total = total + share * (network(view) + network(view.flip(3))) / 2
    return total


def newton_schulz(g: torch.Tensor, rounds: int = 3) -> torch.Tensor:
    """As airbench has it, written out: σ → 3.4445 σ − 4.775 σ³ + 2.0315 σ⁵ on the singular values of g / ‖g‖."""
    u, sigma, vt = torch.linalg.svd(g / g.norm(), full_matrices=False)
    for _ in range(rounds):
        sigma = 3.4445 * sigma - 4.7750 * sigma**3 + 2.0315 * sigma**5
    return u @ torch.diag(sigma) @ vt


def test_the_optimiser_is_airbenchs(module: Any) -> None:
    """Four steps of all of it against the formulas, in float64, with the rates that a straight line gives."""
    made = module("airbench_parts.optimiser")
    shapes = {"0.WhiteningConv2d.bias": (5,), "1.Conv2d.weight": (4, 3, 2, 2), "2.BatchNorm2d.bias": (4,),
              "9.Linear.weight": (2, 4)}  # fmt: skip
    values = {name: nn.Parameter(torch.randn(shape, dtype=torch.float64)) for name, shape in shapes.items()}
    batch, steps, share = 20, 8, 0.375
    optimiser = made.airbench_muon(values.items(), batch=batch, whitening=share)
    bases = [group["lr"] for group in optimiser.param_groups]
    mine = {name: value.detach().clone() for name, value in values.items()}
    speed = {name: torch.zeros_like(value) for name, value in mine.items()}
    rates = {"0.": 0.053, "2.": 0.053, "9.": 0.67}
    for step in range(6):
        left = 1 - step / steps
        for group, base in zip(optimiser.param_groups, bases, strict=True):
            group["lr"] = base * left
        for name, value in values.items():
            gradient = torch.randn(value.shape, dtype=torch.float64)
            value.grad = gradient.clone()  # of a mean; airbench's is of the sum
            if name.startswith("1."):
                speed[name] = 0.6 * speed[name] + gradient
                ahead = (gradient + 0.6 * speed[name]).flatten(1)
                normed = mine[name] * len(gradient) ** 0.5 / mine[name].norm()
                mine[name] = normed - 0.24 * left * newton_schulz(ahead).view(gradient.shape)
                continue
            rate, decay = rates[name[:2]], 2e-6 * batch
            factor = max(0.0, 1 - step / (share * steps)) if name.startswith("0.") else left
            scale = 768**0.5 if name.startswith("9.") else 1.0  # of the head: w = √768 · ours
            pull = gradient * batch / scale + decay / rate * (mine[name] * scale)
            speed[name] = 0.85 * speed[name] + pull
            mine[name] = mine[name] - rate * factor * (pull + 0.85 * speed[name]) / scale
        optimiser.step()
        for name, value in values.items():
            same(value.detach(), mine[name], 1e-9)


def test_the_convolution_starts_as_the_identity(module: Any) -> None:
    block = module("airbench_parts.blocks").DiracConv2d(3, 7)
    x = torch.randn(2, 3, 5, 4)
    same(block(x)[:, :3], x, 1e-6)
    same(block(x), F.conv2d(x, block.conv.weight, padding=1), 1e-6)
    assert block(x)[:, 3:].abs().min() > 0


def shakespeare(folder: Path) -> Path:
    (folder / "tiny_shakespeare").mkdir()
    text = "To be, or not to be, that is the question: whether 'tis nobler in the mind to suffer. " * 60
    (folder / "tiny_shakespeare" / "input.txt.xz").write_bytes(lzma.compress(text.encode()))
    return folder


def test_the_flops_of_the_gpt_are_those_of_its_matrices(module: Any, tmp_path: Path) -> None:
    gpt = module("gpt_throughput")
    job = gpt.Job(Namespace(device="cpu", planned=1, data=shakespeare(tmp_path)), gpt.SMALL)
    dim, depth, context, vocabulary = 32, 2, 32, job.task.vocabulary
    matrices = depth * (4 * dim**2 + 8 * dim**2) + dim * vocabulary
    small = depth * (4 * dim + 5 * dim + 4 * dim) + 2 * dim + vocabulary  # biases and norms
    assert job.flops == 6 * (matrices + small) + 12 * depth * dim * context


def test_the_hand_written_loop_learns(module: Any, tmp_path: Path) -> None:
    gpt = module("gpt_throughput")
    job = gpt.Job(Namespace(device="cpu", planned=1, data=shakespeare(tmp_path)), gpt.SMALL)
    loop = gpt.Loop(job, 30, compiled=False)
    tokens, following = loop.windows()
    assert torch.equal(tokens[:, 1:], following[:, :-1])

    def loss() -> float:
        batches = job.data.batches("validation", 8)
        return float(job.task.evaluate(loop.model, batches)["nats_per_token"])

    before = loss()
    for step in range(30):
        loop.step(step)
    assert loss() < before - 0.3


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of torch's compiler itself
def test_gpt_throughput_runs_in_small(module: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    gpt = module("gpt_throughput")
    length = ("--steps", "12", "--rounds", "1", "--planned", "12", "--minutes", "0.03")
    run(gpt, monkeypatch, "--data", shakespeare(tmp_path), "--device", "cpu", "--small", *length, "--out", tmp_path)
    figures = rows(tmp_path, "gpt_throughput")
    speeds = [figures[who, "tokens/s"][0] for who in ("eager", "compiled", "weftnet")]
    shares = [figures[who, "share of the peak"][0] for who in ("eager", "compiled", "weftnet")]
    assert min(speeds + shares) > 0
    per_token = [share / speed for share, speed in zip(shares, speeds, strict=True)]
    assert per_token == pytest.approx([per_token[0]] * 3, rel=1e-6)  # all by the same FLOPs and the same peak
    assert {"compiled, 0.03 min", "weftnet, 0.03 min"} <= {what for what, _ in figures}


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of torch's compiler itself
def test_gpu_speed_runs_in_small(module: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    run(module("speed"), monkeypatch, "--device", "cpu", "--small", "--out", tmp_path)
    figures = rows(tmp_path, "gpu_speed")
    for name in ("mlp", "vae"):
        assert all(figures[f"{name}: {who}", "samples/s"][0] > 0 for who in ("eager", "compiled", "weftnet"))


def test_the_race_to_an_accuracy_runs_in_small(module: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Both contenders reach a low mark on images that are easy; a second call finds all pieces done."""
    folder = tmp_path / "fashion_mnist"
    folder.mkdir()
    draw = np.random.default_rng(0)
    patterns = draw.integers(256, size=(10, 28, 28))
    for name, count in (("train", 640), ("test", 100)):
        y = draw.integers(10, size=count).astype(np.uint8)
        x = (0.7 * patterns[y] + 0.3 * draw.integers(256, size=(count, 28, 28))).astype(np.uint8)
        held = io.BytesIO()
        np.save(held, x)
        (folder / f"x_{name}.npy.xz").write_bytes(lzma.compress(held.getvalue(), preset=0))
        np.save(folder / f"y_{name}.npy", y)
    race = module("fashion_time")
    arguments = ("--data", tmp_path, "--epochs", "3", "--seeds", "1", "--counts", "1", "--out", tmp_path)
    run(race, monkeypatch, *arguments)
    pieces = json.loads((tmp_path / "fashion_time_pieces.json").read_text(encoding="utf-8"))
    assert [piece["who"] for piece in pieces] == ["plain", "weftnet"]
    assert all(piece["seconds"] == piece["total"] for piece in pieces)
    assert all(max(piece["accuracies"][:-1], default=0) < race.GOAL <= piece["accuracies"][-1] for piece in pieces)
    figures = rows(tmp_path, "fashion_time")
    ratio = pieces[1]["seconds"] / pieces[0]["seconds"]
    assert figures["weftnet / plain, 1 thread", "of the time"] == [pytest.approx(ratio)]
    monkeypatch.setattr(race, "plain", None)  # a piece that is done is not run again
    run(race, monkeypatch, *arguments)
