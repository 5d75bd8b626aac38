"""Few examples: a network that knows digits from elsewhere beside one that starts from scratch.

A small CNN learns MNIST (LeCun and others 1998). Then the digits that come with weftnet, written by other people and
scanned otherwise (8×8 pixels, here enlarged to 28×28), are learnt from a few examples each: from scratch, from that
run, and from that run with its convolutions frozen. Each seed draws other examples; all three get the same ones, and
the same number of steps, and the last weights are kept. All other images are the test part, evaluated once.
"""

import lzma
import tempfile
from pathlib import Path

import numpy as np
from _report import Report, arguments, start

import weftnet
from weftnet.architecture.reading import from_dict
from weftnet.data import open_data
from weftnet.run.loading import load
from weftnet.tasks import TASKS
from weftnet.train import Recipe, Start, fit

BODY = [
    {"conv2d": {"channels": 16}}, "batch_norm2d", "relu", {"max_pool2d": {"size": 2}},
    {"conv2d": {"channels": 32}}, "batch_norm2d", "relu", {"max_pool2d": {"size": 2}}, "flatten",
]  # fmt: skip
NETWORK = from_dict({"chain": [{"chain": BODY, "name": "body"}, {"dense": {"dim": 64}}, "relu"]})
STEPS = 60


def main() -> None:
    args = start(arguments(__doc__, seeds=5, examples=4, before=8000))
    note = f"{args.before} images of MNIST first; then {args.examples} images of each digit, {STEPS} steps."
    report = Report("transfer", "Few examples from elsewhere, test accuracy", args, note)
    x, y = here()
    with tempfile.TemporaryDirectory() as folder:
        known = some(*there(args.data / "mnist"), args.before // 10, seed=0)[:2]
        before = trained(Path(folder) / "before", {"x": known[0], "y": known[1]}, epochs=2, seed=0)
        kinds = {"from scratch": None, "from the run": {}, "from the run, convolutions frozen": {"freeze": ["body"]}}
        for seed in range(args.seeds):
            *few, rest = some(x, y, args.examples, seed)
            arrays = {"x_train": few[0], "y_train": few[1], "x_test": x[rest], "y_test": y[rest]}
            for what, more in kinds.items():
                begin = None if more is None else Start(str(before.folder), **more)
                place = Path(folder) / f"{what}-{seed}"
                run = trained(place, arrays, begin, steps=STEPS, seed=seed, batch_size=16, keep="last")
                score = load(run).metrics(data_of(arrays, begin), "test")["accuracy"]
                report.add(what, "test accuracy, %", score * 100, digits=2)


def here() -> tuple[np.ndarray, np.ndarray]:
    """The digits that come with weftnet, enlarged."""
    with np.load(Path(weftnet.__file__).parent / "data" / "digits.npz") as arrays:
        x, y = arrays["x"] / arrays["x"].max() * 255, arrays["y"]
    return np.pad(np.kron(x.astype(np.uint8), np.ones((1, 3, 3), np.uint8)), ((0, 0), (2, 2), (2, 2))), y


def there(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """MNIST's training images."""
    with lzma.open(folder / "x_train.npy.xz") as file:
        return np.load(file), np.load(folder / "y_train.npy")


def some(x, y, each, seed):
    """`each` random images of every digit; and the numbers of all others."""
    draw = np.random.default_rng(seed)
    rows = np.concatenate([draw.permutation(np.flatnonzero(y == digit))[:each] for digit in range(10)])
    return x[rows], y[rows], np.setdiff1d(np.arange(len(y)), rows)


def data_of(arrays, begin):
    return open_data(arrays, kinds={"y": "category"}, fitted=None if begin is None else begin.fitted())


def trained(folder, arrays, begin=None, **recipe):
    """A run, from scratch or from another one."""
    data = data_of(arrays, begin)
    task = TASKS.get("classification").from_data(data)
    return fit(NETWORK, task, data, Recipe.for_task(task, plan="eager", **recipe), folder, start=begin, device="cpu")


if __name__ == "__main__":
    main()
