"""Digits that are turned: trained upright, tested upright and turned by 90°, 180° and 270°.

    python benchmarks/rotated.py --epochs 30 --seeds 3                               the embedded digits, 8×8 pixels
    python benchmarks/rotated.py --data DIR --epochs 5 --images 10000 --seeds 3      the first images of MNIST

Three networks of three convolutional layers and as many weights, by epochs:

    cnn            convolutions, normalised, pooled twice, and the average of what is left
    cnn, turned    the same; the training images are turned by right angles at random (`quarter_turns`)
    equivariant    convolutions over the four turns (`rotation_conv2d`): its answer is the same for an image and its
                   turns, whatever it learnt

Accuracy is that of the test images, which no choice depends on: three tenths of the embedded digits, the 10,000
official ones of MNIST. A turned 6 looks like a 9: a network that answers alike for all turns can't use which way is up.
"""

from typing import Any

import numpy as np
import torch
from _report import Report, arguments, start, trained

from weftnet.architecture.reading import from_dict
from weftnet.data import open_data
from weftnet.data.data import Data
from weftnet.data.sources.arrays import load as arrays
from weftnet.run.loading import Loaded
from weftnet.tasks import TASKS

WIDTHS = (20, 40, 40)
TURNS = (0, 90, 180, 270)


def plain() -> list[Any]:
    """Convolutions."""
    nodes: list[Any] = []
    for number, width in enumerate(WIDTHS):
        nodes += [{"conv2d": {"channels": width}}, "batch_norm2d", "relu", *(["max_pool2d"] if number < 2 else [])]
    return [*nodes, "global_average_pool2d"]


def equivariant() -> list[Any]:
    """The same over shifts and turns: half as many features have as many weights."""
    nodes: list[Any] = []
    for number, width in enumerate(WIDTHS):
        kind = "rotation_conv2d" if number else "rotation_lifting2d"
        nodes += [{kind: {"channels": width // 2}}, "rotation_norm2d", "relu", *(["max_pool2d"] if number < 2 else [])]
    return [*nodes, "rotation_pool2d", "global_average_pool2d"]


NETWORKS: dict[str, tuple[list[Any], list[Any]]] = {
    "cnn": (plain(), []),
    "cnn, turned": (plain(), ["quarter_turns"]),
    "equivariant": (equivariant(), []),
}


def accuracies(loaded: Loaded, data: Data) -> dict[int, float]:
    """Of the test images, by how far they are turned."""
    right, total, network = dict.fromkeys(TURNS, 0), 0, loaded.model["network"]
    with torch.inference_mode():
        for batch in data.batches("test", 500):
            ((name, images),) = batch.inputs.items()
            total += batch.size
            for turn in TURNS:
                turned = images.rot90(turn // 90, (2, 3))
                right[turn] += int((network({name: turned}, {}).argmax(1) == batch.target).sum())
    return {turn: count / total for turn, count in right.items()}


def opened(args: Any) -> tuple[str, Data]:
    """The data, and what they are."""
    if args.data is None:
        return "The embedded digits, 8×8", open_data("digits", splits={"train": 0.6, "validation": 0.1, "test": 0.3})
    named = arrays(args.data / "mnist")
    first = {"x_train": named["x_train"][: args.images], "y_train": named["y_train"][: args.images]}
    data = open_data({**first, "x_test": named["x_test"], "y_test": named["y_test"]})
    return f"The first {args.images} training images of MNIST", data


def main() -> None:
    """Train every network with every seed, and write the report."""
    args = start(arguments(__doc__ or "", epochs=30, images=10000, seeds=3), needs_data=False)
    what, data = opened(args)
    task = TASKS.get("classification").from_data(data)
    report = Report(
        "rotated" if args.data is None else "rotated_mnist", "Digits that are turned", args,
        f"{what}: {data.sizes['train']} upright ones to train on, {args.epochs} epochs of AdamW at 0.003; accuracy of "
        f"{data.sizes['test']} test images. All networks and settings were fixed before.",
    )  # fmt: skip
    for seed in range(args.seeds):
        for name, (nodes, augment) in NETWORKS.items():
            loaded, facts = trained(
                from_dict({"chain": nodes}), task, data, epochs=args.epochs, lr=3e-3, seed=seed, augment=augment,
                patience=None, keep="last", threads=args.threads, evaluate_every=f"{args.epochs} epochs",
            )  # fmt: skip
            found = accuracies(loaded, data)
            kept = {"parameters": facts["parameters"], "seconds": facts["seconds"]}
            report.add(name, "accuracy upright", found[0], **kept)
            report.add(name, "accuracy turned by 90°", found[90], **kept)
            report.add(name, "accuracy of all four turns", float(np.mean(list(found.values()))), **kept)


if __name__ == "__main__":
    main()
