"""A small network alone, and taught by a large one: points lost to the teacher, at a fifth of its parameters or less.

    python distilling.py --data DIR [--seeds 3] [--sets fashion fsdd mr]

Pictures (Fashion-MNIST, 5,000 labelled examples, 5,000 test pictures), spoken digits (FSDD, 600 recordings, the
official test part) and sentences (MR, three quarters of them, the rest as test). Each seed draws other examples;
teacher and students get the same ones, both students the same number of steps, weights and order of examples. All by
default: share 0.9, temperature 4. The last weights are kept; the test part is evaluated once.
"""

import io
import lzma
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from _report import Report, arguments, start

from weftnet.architecture.spec import Architecture, Block, Chain
from weftnet.data import Data, open_data
from weftnet.run.loading import Loaded, load
from weftnet.tasks import TASKS
from weftnet.train import Recipe, fit
from weftnet.zoo import ZOO


@dataclass(frozen=True)
class Case:
    """A set with a teacher and a student.

    Args:
        open: folder of the data, seed → data with a test part.
        teacher: its network.
        student: its network, of another family or size.
        recipe: of all three trainings.
    """

    open: Callable[[Path, int], Data]
    teacher: Architecture
    student: Architecture
    recipe: Mapping[str, Any]


def main() -> None:
    parser = arguments(__doc__, seeds=3)
    parser.add_argument("--sets", nargs="*", choices=CASES, default=list(CASES), help="default all")
    args = start(parser)
    note = (
        "The same examples, steps and initial weights for the student alone and taught; share 0.9, temperature 4, "
        "the defaults. Test accuracy, evaluated once."
    )
    report = Report("distilling", "A small network alone, and taught by a large one", args, note)
    for name in args.sets:
        case = CASES[name]
        for seed in range(args.seeds):
            with tempfile.TemporaryDirectory() as folder:
                measure(report, name, case, case.open(args.data, seed), Path(folder), seed)


def measure(report: Report, name: str, case: Case, data: Data, folder: Path, seed: int) -> None:
    """One seed: teacher, student alone, student taught."""
    task = TASKS.get("classification").from_data(data)

    def trained(what: str, network: Architecture, **more: Any) -> Loaded:
        recipe = Recipe.for_task(task, **{**case.recipe, "keep": "last", "plan": "eager", "seed": seed, **more})
        return load(fit(network, task, data, recipe, folder / what, device="cpu"))

    teacher = trained("teacher", case.teacher)
    students = {
        "alone": trained("alone", case.student),
        "taught": trained("taught", case.student, teacher={"from": [str(folder / "teacher")]}),
    }
    best = accuracy(teacher, data)
    report.add(f"{name}: teacher", "test accuracy, %", best, digits=2, parameters=size(teacher))
    for what, student in students.items():
        found = accuracy(student, data)
        facts = {"parameters": size(student), "lost": round(best - found, 2), "seconds": student.run.facts.seconds}
        facts["seconds"] = round(facts["seconds"] or 0.0, 1)
        report.add(f"{name}: student {what}", "test accuracy, %", found, digits=2, **facts)


def accuracy(loaded: Loaded, data: Data) -> float:
    return 100 * loaded.metrics(data, "test")["accuracy"]


def size(loaded: Loaded) -> int:
    return sum(each.numel() for each in loaded.model.parameters())


def fashion(folder: Path, seed: int) -> Data:
    """5,000 of the training pictures, 500 of each class, and the first 5,000 test pictures."""
    there = folder / "fashion_mnist"
    x, test = (
        np.load(io.BytesIO(lzma.decompress((there / f"x_{part}.npy.xz").read_bytes()))) for part in ("train", "test")
    )
    y, truth = (np.load(there / f"y_{part}.npy") for part in ("train", "test"))
    draw = np.random.default_rng(seed)
    few = np.concatenate([draw.permutation(np.flatnonzero(y == k))[:500] for k in range(10)])
    return of_parts(x[few], y[few], test[:5000], truth[:5000])


def fsdd(folder: Path, seed: int) -> Data:
    """600 recordings, and the 300 of the official test part."""
    files = sorted((folder / "fsdd" / "recordings").glob("*.flac"))
    waves = np.empty(len(files), object)
    for place, path in enumerate(files):
        waves[place] = soundfile.read(path, dtype="float32")[0][:8000]
    longest = max(map(len, waves))
    x = np.stack([np.pad(wave, (0, longest - len(wave))) for wave in waves])[..., None]
    y, take = (np.array([path.stem.split("_")[part] for path in files]) for part in (0, 2))
    held = take.astype(int) < 5
    return of_parts(x[~held], y[~held], x[held], y[held], kinds={"x": {"series": {}}})


def mr(folder: Path, seed: int) -> Data:
    """Sentences of both classes, a quarter of them as test."""
    texts, y = [], []
    for part in ("pos", "neg"):
        packed = (folder / "mr_polarity" / f"rt-polarity.{part}.xz").read_bytes()
        lines = lzma.decompress(packed).decode("cp1252").splitlines()
        texts += lines
        y += [part] * len(lines)
    order = np.random.default_rng(seed).permutation(len(y))
    x, labels, cut = np.array(texts, object)[order], np.array(y)[order], len(y) * 3 // 4
    return of_parts(x[:cut], labels[:cut], x[cut:], labels[cut:], kinds={"x": "text"})


def of_parts(x: Any, y: Any, test: Any, truth: Any, **options: Any) -> Data:
    return open_data({"x": x, "y": y}, test={"x": test, "y": truth}, **options)


def sound(*stages: int) -> Architecture:
    """Convolutions on a log-mel spectrogram of recordings of 8 kHz."""
    spectrogram = Block("spectrogram", {"window": 200, "hop": 80, "bands": 32, "rate": 8000})
    net = ZOO.get("vgg")(stages=[[width] for width in stages]).parts["network"]
    return Architecture({"network": Chain((spectrogram, Block("batch_norm"), Block("sequence_to_channels"), net))})


CASES: dict[str, Case] = {
    "fashion": Case(
        fashion, ZOO.get("cnn")(widths=[32, 64, 64], dense=64), ZOO.get("cnn")(widths=[8, 16, 16], dense=16),
        {"epochs": 8, "batch_size": 50, "lr": 3e-3},
    ),
    "fsdd": Case(fsdd, sound(16, 32, 64, 128), sound(8, 16, 32), {"epochs": 20, "batch_size": 32, "lr": 4e-3}),
    "mr": Case(
        mr, ZOO.get("text_cnn")(dim=100, filters=64),
        Architecture({"network": Chain((
            Block("embedding", {"dim": 16}), Block("conv1d", {"dim": 48, "kernel": 3}), Block("relu"),
            Block("global_max_pool1d"), Block("dropout", {"rate": 0.3}),
        ))}),
        {"epochs": 8, "batch_size": 64, "lr": 4e-3},
    ),
}  # fmt: skip


if __name__ == "__main__":
    main()
