"""Without labels first, then with a few: an encoder of an autoencoder, contrastive learning, or hidden squares.

    python pretraining.py --data DIR [--seeds 3] [--unlabelled 3000] [--few 10 50]

Fashion-MNIST: the convolutional encoder of `vae_conv` learns from some pictures without their labels, as the encoder of
a variational autoencoder, by contrastive learning, or by telling hidden squares from the rest; then it learns from a
few labelled examples of each class. Beside it the same network from nothing. Each seed draws other examples; all get
the same ones, as many steps with labels, the same recipe, and keep the last weights. 5,000 test pictures are the test
part, evaluated once.
"""

import io
import lzma
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from _report import Report, arguments, start

from weftnet.architecture.spec import Architecture
from weftnet.data import Data, open_data
from weftnet.run.loading import load
from weftnet.tasks import TASKS
from weftnet.train import Recipe, Start, fit
from weftnet.zoo import ZOO

VAE: Architecture = ZOO.get("vae_conv")()
ENCODER = Architecture({"network": VAE.parts["encoder"]})
FIRST: dict[str, tuple[Architecture, dict[str, Any]]] = {
    "variational_autoencoder": (VAE, {"batch_size": 64, "lr": 2e-3}),
    "contrastive": (ENCODER, {"batch_size": 256, "lr": 2e-3}),
    "masked_values": (ENCODER, {"batch_size": 64, "lr": 2e-3}),
}
STEPS = 200


def main() -> None:
    parser = arguments(__doc__, seeds=3, unlabelled=3000, epochs=5)
    parser.add_argument("--few", type=int, nargs="*", default=[10, 50], help="labelled examples of each class")
    args = start(parser)
    note = (
        f"The encoder of `vae_conv`, {STEPS} steps with labels in batches of 50 for all; {args.unlabelled} pictures "
        f"without labels, {args.epochs} epochs. Test accuracy, evaluated once."
    )
    report = Report("pretraining", "Without labels first, then with a few: Fashion-MNIST", args, note)
    parts = read(args.data)
    for seed in range(args.seeds):
        with tempfile.TemporaryDirectory() as folder:
            one(report, args, parts, Path(folder), seed)


def one(report: Report, args: Any, parts: dict[str, Any], folder: Path, seed: int) -> None:
    """One seed: both pre-trainings, then every number of labels from nothing and from each of them."""
    draw = np.random.default_rng(seed)
    order = draw.permutation(len(parts["y_train"]))
    unlabelled = open_data({"x": parts["x_train"][order[: args.unlabelled]]})
    for name, (network, recipe) in FIRST.items():
        task = TASKS.get(name).from_data(unlabelled)
        own = Recipe.for_task(task, **recipe, epochs=args.epochs, keep="last", seed=seed, plan="eager")
        fit(network, task, unlabelled, own, folder / name, device="cpu")
    for few in args.few:
        rest = order[args.unlabelled :]
        rows = np.concatenate([rest[parts["y_train"][rest] == k][:few] for k in range(10)])
        labelled = {each: parts[f"{each}_train"][rows] for each in "xy"}
        test = {each: parts[f"{each}_test"][:5000] for each in "xy"}
        for first in (None, *FIRST):
            begun = None if first is None else Start(str(folder / first))
            data = open_data(labelled, test=test, fitted=begun.fitted() if begun else None)
            found = finetuned(data, begun, folder / f"{first}-{few}", seed)
            what = f"{few} a class, {'from nothing' if first is None else f'from {first}'}"
            report.add(what, "test accuracy, %", found, digits=2)


def finetuned(data: Data, begun: Start | None, folder: Path, seed: int) -> float:
    """Test accuracy after learning from the labels."""
    task = TASKS.get("classification").from_data(data)
    recipe = Recipe.for_task(task, steps=STEPS, batch_size=50, lr=2e-3, keep="last", seed=seed, plan="eager")
    run = fit(ENCODER, task, data, recipe, folder, start=begun, device="cpu")
    return 100 * load(run).metrics(data, "test")["accuracy"]


def read(data: Path) -> dict[str, Any]:
    folder = data / "fashion_mnist"
    x = {f"x_{part}": np.load(io.BytesIO(lzma.decompress((folder / f"x_{part}.npy.xz").read_bytes())))
         for part in ("train", "test")}  # fmt: skip
    return x | {f"y_{part}": np.load(folder / f"y_{part}.npy") for part in ("train", "test")}


if __name__ == "__main__":
    main()
