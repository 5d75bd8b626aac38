"""CIFAR-10 to 94 %: the airbench94 recipe composed in weftnet, compared with airbench's own script on the same GPU.

    python benchmarks/airbench.py --data DIR --device cuda --runs 5 --airbench PATH/airbench94_muon.py
    python benchmarks/airbench.py --data DIR --device cpu --small      # two steps on few images, as a smoke test

The network is architectures/airbench94.yaml: whitening filters computed from patches, convolutions that start as the
identity, norms without gain, GELU. Recipe: Muon on normalised filters (airbench_parts/optimiser.py), a linearly
decaying rate, label smoothing 0.2, alternating flips, shifts by two pixels with mirrored edges, 8 epochs of batches of
2,000. Answers are the mean over six views of each image.

The time covers computing the filters, the steps and the answers. As in airbench's script, one-time work per machine is
excluded: there by a whole warm-up run, here by counting the first steps, which compile, at the speed of the others. The
difference is in the row `first steps`. Images are normalised when the data are opened; airbench does that on the GPU,
within its time. `--airbench` names a copy of that script, which gets the same images.
"""

import contextlib
import importlib.util
import io
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as parquet
import torch
from _device import Watch, done, forget_peak, peak_mib, words
from _report import HERE, Report, arguments, read, start
from airbench_parts.optimiser import airbench_muon
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional as F

from weftnet.compose import build
from weftnet.data import open_data
from weftnet.optim import OPTIMISERS
from weftnet.plugins import load_plugin
from weftnet.run.loading import load
from weftnet.tasks import TASKS
from weftnet.tasks._assemble import assemble
from weftnet.train import Recipe, fit
from weftnet.train.first_look import first_look

CLASSES = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
PLANS = {
    "eager": {"channels_last": True, "precision": "bfloat16"},
    "compiled": {"channels_last": True, "precision": "bfloat16", "compiled": True},
    "graphs": {"channels_last": True, "precision": "bfloat16", "compiled": True, "graphs": True},
}


def main() -> None:
    parser = arguments(__doc__, epochs=8, runs=5)
    parser.add_argument("--device", default="cuda", help="(cuda)")
    parser.add_argument(
        "--plan", choices=PLANS, nargs="+", default=["compiled"], help="plan of weftnet's steps (compiled)"
    )
    parser.add_argument("--airbench", type=Path, metavar="PATH", help="a copy of airbench94_muon.py to compare with")
    parser.add_argument("--mode", default="max-autotune", help="how airbench's network is compiled (max-autotune)")
    parser.add_argument("--small", action="store_true", help="two steps on 200 images")
    args = start(parser)
    torch.backends.cudnn.benchmark = True
    prepare()
    arrays = pictures(args.data / "cifar10", 200 if args.small else None)
    note = f"{words(args.device)} {args.epochs} epochs."
    report = Report("airbench", "CIFAR-10 to 94 %, airbench94's recipe", args, note)
    data = open_data(arrays)
    for plan in args.plan:
        for seed in range(1 if args.small else args.runs):
            add_rows(report, f"weftnet, {plan}", weftnet(data, args, PLANS[plan], seed))
    if args.airbench:
        for result in airbench(args.airbench, arrays, args):
            add_rows(report, "airbench's own", result)


def prepare() -> None:
    """Register the plugin's blocks and the optimiser."""
    load_plugin(HERE / "airbench_parts" / "blocks.py")
    OPTIMISERS.add("airbench_muon", airbench_muon)


def add_rows(report: Report, who: str, result: dict[str, float]) -> None:
    """The rows of one run."""
    goal = {"goal": "≥ 94", "met": lambda mean: mean >= 94}
    report.add(who, "test accuracy, %", 100 * result["accuracy"], digits=2, **goal)
    report.add(who, "s", result["seconds"], digits=3)
    for name in ("first steps", "MiB"):
        if name in result:
            report.add(who, name, result[name], digits=1)


def pictures(folder: Path, few: int | None) -> dict[str, np.ndarray]:
    """Images (…, 32, 32, 3) of bytes, and classes; the test images are the validation split, evaluated at the end."""
    arrays: dict[str, np.ndarray] = {}
    for ours, theirs in (("train", "train"), ("val", "test")):
        table = parquet.read_table(folder / f"{theirs}.parquet")
        table = table if few is None else table.slice(0, few)
        images = (np.asarray(Image.open(io.BytesIO(each.as_py()))) for each in table["image"])
        arrays[f"x_{ours}"] = np.stack(list(images))
        arrays[f"y_{ours}"] = table["label"].to_numpy().astype(np.int64)
    return arrays


def recipe_of(args: Any, plan: dict[str, Any], seed: int) -> Recipe:
    """The recipe; with --small two steps."""
    batch = 50 if args.small else 2000
    length = {"steps": 2} if args.small else {"epochs": args.epochs}
    settings = {"batch": batch, "whitening": 3 / args.epochs}
    return Recipe(
        optimiser="airbench_muon", lr=0.24, optimiser_settings=settings, schedule="linear", batch_size=batch, seed=seed,
        augment=["alternating_flip", {"crop": {"padding": 2, "border": "reflect"}}], keep="last",
        evaluate_every="1000 epochs", checkpoint_every=1e6, plan=plan, **length,
    )  # fmt: skip


def weftnet(data: Any, args: Any, plan: dict[str, Any], seed: int) -> dict[str, float]:
    """Train once and answer."""
    task = TASKS.get("classification").from_data(data, label_smoothing=0.2)
    architecture, recipe, watch = read(HERE / "architectures" / "airbench94.yaml"), recipe_of(args, plan, seed), Watch()
    forget_peak(args.device)
    with tempfile.TemporaryDirectory() as folder:
        loaded = load(
            fit(architecture, task, data, recipe, Path(folder) / "run", listeners=[watch], device=args.device)
        )
    looking = looked(architecture, task, data, recipe, args.device)
    network = loaded.model["network"].to(args.device).to(memory_format=torch.channels_last).eval()
    batches = [batch.to(args.device) for batch in data.batches("validation", 2000)]
    answered(network, batches)  # warm-up: kernels are chosen
    done(args.device)
    began = time.perf_counter()
    accuracy = answered(network, batches)
    answering, (steps, first) = time.perf_counter() - began, watch.seconds
    return {"accuracy": accuracy, "seconds": looking + steps + answering, "first steps": first,
            "MiB": peak_mib(args.device)}  # fmt: skip


def looked(architecture: Any, task: Any, data: Any, recipe: Recipe, device: str) -> float:
    """Seconds for computing the whitening filters of an untrained network; the second time counts."""
    complete = assemble(architecture, task, data.signals)
    model = build(complete.architecture, complete.inputs).to(device)
    for _ in range(2):
        done(device)
        began = time.perf_counter()
        first_look(model, task, data, recipe)
        done(device)
    return time.perf_counter() - began


def answered(network: nn.Module, batches: list[Any]) -> float:
    """Accuracy of the mean over six views; synchronises once, for that number."""
    right, total = [], 0
    device = batches[0].rows.device.type
    with torch.no_grad(), torch.autocast(device, torch.bfloat16, enabled=device == "cuda"):
        for batch in batches:
            (images,) = batch.inputs.values()
            images = images.contiguous(memory_format=torch.channels_last)
            right.append((six_views(network, images).argmax(1) == batch.target).sum())
            total += len(images)
    return float(torch.stack(right).sum()) / total


def six_views(network: nn.Module, images: Tensor) -> Tensor:
    """Logits: half from the image and its mirror, half from both shifted a pixel up and left, or down and right."""
    padded, size = F.pad(images, [1] * 4, "reflect"), images.shape[-1]
    moved = [padded[..., :size, :size], padded[..., 2:, 2:]]
    views = [(0.5, images), *((0.25, each) for each in moved)]
    return sum(share * (network(view) + network(view.flip(-1))).float() / 2 for share, view in views)


def airbench(script: Path, arrays: dict[str, np.ndarray], args: Any) -> Iterator[dict[str, float]]:
    """Runs of airbench's script, after its own warm-up, in a folder with the same images in its format."""
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        os.mkdir("cifar10")
        for ours, theirs in (("train", "train"), ("val", "test")):
            images, labels = torch.from_numpy(arrays[f"x_{ours}"]), torch.from_numpy(arrays[f"y_{ours}"])
            torch.save({"images": images, "labels": labels, "classes": CLASSES}, f"cifar10/{theirs}.pt")
        own = imported(script)
        network = own.CifarNet().cuda().to(memory_format=torch.channels_last)
        network.compile(mode=args.mode)
        began = time.perf_counter()
        once(own, "warmup", network)
        first = time.perf_counter() - began
        for run in range(args.runs):
            yield once(own, run, network) | ({"first steps": first} if run == 0 else {})


def imported(script: Path) -> Any:
    """The script as a module; it reads its own source through argv."""
    spec = importlib.util.spec_from_file_location("airbench_own", script)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    before, sys.argv = sys.argv, [str(script)]
    try:
        spec.loader.exec_module(module)
    finally:
        sys.argv = before
    return module


def once(own: Any, run: Any, network: nn.Module) -> dict[str, float]:
    """One of its runs; the seconds are in the last column of the last line that it prints."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        accuracy = own.main(run, network)
    return {"accuracy": accuracy, "seconds": seconds_in(printed.getvalue())}


def seconds_in(printed: str) -> float:
    """The last number in the table that airbench prints."""
    rows = [line for line in printed.splitlines() if line.startswith("|")]
    return float(rows[-1].strip("| ").split("|")[-1])


if __name__ == "__main__":
    main()
