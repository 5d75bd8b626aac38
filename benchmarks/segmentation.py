"""CamVid, 192×144 pixels, 11 classes and void: a proposed U-Net in a given time, the intersection over union by class.

The official split: 367 images for training, 101 for validation, 233 for the test, at which each run is looked at once.
Goal: a mean IoU of at least 0.50 over the 11 classes after 30 minutes on two cores. Published results are of 480×360
pixels, with most thin objects still visible, and don't compare: SegNet 0.464 (as tabulated by Jégou and others, 2017).
"""

from _report import Report, arguments, start, trained

from weftnet.compete.propose import propose
from weftnet.data import open_data
from weftnet.run.judging import judge
from weftnet.tasks import TASKS

CLASSES = (
    "Sky", "Building", "Pole", "Road", "Pavement", "Tree", "SignSymbol", "Fence", "Car", "Pedestrian", "Bicyclist",
    "Unlabelled",
)  # fmt: skip
GOAL = 0.50


def main() -> None:
    parser = arguments(__doc__, seeds=1, minutes=30)
    parser.add_argument("--network", default="unet_narrow", help="name of a proposal (unet_narrow)")
    args = start(parser)
    kinds = {"mask": {"mask": {"classes": list(CLASSES)}}}
    data = open_data(args.data / "camvid", kinds=kinds)
    (candidate,) = (each for each in propose(data.signals, "segmentation") if each.name == args.network)
    task = TASKS.get("segmentation").from_data(data, **candidate.settings)
    note = f"{candidate.name}, the proposal's recipe, {args.minutes} minutes on {args.threads} threads; test split."
    report = Report("segmentation", "CamVid, intersection over union of the test images", args, note)
    for seed in range(args.seeds):
        recipe = {**candidate.recipe, "budget": 60.0 * args.minutes, "seed": seed, "threads": args.threads}
        loaded, facts = trained(candidate.architecture, task, data, **recipe)
        metrics = loaded.metrics(data, "test")
        judgement = judge(loaded, data, "test")
        interval = judgement.interval
        between = {} if interval is None else {"low": round(interval.low, 4), "high": round(interval.high, 4)}
        report.add(
            "all classes", "mean IoU", metrics["mean_iou"], goal=f"≥ {GOAL:.2f}", met=lambda mean: mean >= GOAL,
            pixel_accuracy=round(metrics["pixel_accuracy"], 4), **between, **facts,
        )  # fmt: skip
        table = judgement.sections[0].figures[0]
        for name, *values in table.rows:
            report.add(name, "IoU", values[0], pixels=values[-1])


if __name__ == "__main__":
    main()
