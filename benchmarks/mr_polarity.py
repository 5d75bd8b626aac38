"""Sentence polarity (Pang and Lee 2005), ten folds: Kim's CNN with random word vectors, and embedding – LSTM – LSTM.

Goal: at least 76.1 % on average over the folds, Kim's CNN-rand (2014, https://arxiv.org/abs/1408.5882). A tenth of each
fold's training sentences is its validation split and chooses the epoch; recipes were chosen on validation splits only
(`--tune`), test folds are evaluated once.
"""

import csv
import lzma
import tempfile
from pathlib import Path

from _report import HERE, Report, arguments, read, start, trained

from weftnet.data import open_data
from weftnet.tasks import TASKS

RECIPES = {
    "text_cnn": {
        "lr": 2e-3,
        "batch_size": 50,
        "epochs": 5,
        "optimiser_settings": {"weight_decay": 0.1},
        "ema": 0.998,
    },
    "text_lstm": {"lr": 1e-2, "batch_size": 50, "epochs": 5, "optimiser_settings": {"weight_decay": 0.1}},
}
#: tried on the validation split of the first folds
TRIED = {
    "text_cnn": [{}, {"lr": 3e-3}, {"lr": 1e-2}, {"ema": None}, {"keep": "last", "epochs": 7}],
    "text_lstm": [{}, {"lr": 2e-2}],
}


def main() -> None:
    parser = arguments(__doc__, folds=10, epochs=0, lstm_folds=3)
    parser.add_argument("--tune", choices=RECIPES, help="print validation accuracies of some recipes instead")
    args = start(parser)
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "mr_polarity.csv"
        write(args.data / "mr_polarity", table)
        if args.tune:
            tune(args, table)
            return
        note = (
            f"Stratified folds; recipes: {RECIPES}, the epoch chosen on validation. The LSTM network ran on the "
            f"first {args.lstm_folds} folds only."
        )
        report = Report("mr_polarity", "Sentence polarity, test accuracy over folds", args, note)
        for fold in range(args.folds):
            for name in RECIPES:
                if name == "text_lstm" and fold >= args.lstm_folds:
                    continue
                score, facts = run(args, table, name, fold)
                goal = {"goal": "≥ 76.1, ten folds", "met": lambda mean: mean >= 76.1} if name == "text_cnn" else {}
                report.add(f"{name}.yaml", "test accuracy, %", score * 100, digits=2, **goal, **facts)


def write(source: Path, table: Path) -> None:
    """Both files of sentences as one table: text, label."""
    with table.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["text", "label"])
        for label in ("pos", "neg"):
            with lzma.open(source / f"rt-polarity.{label}.xz", "rt", encoding="cp1252") as lines:
                rows.writerows((line.strip(), label) for line in lines)


def run(args, table, name, fold, split="test", **change):
    """Accuracy of one fold, and the facts of its training."""
    data = open_data(table, target="label", kinds={"text": "text"}, splits={"folds": 10, "fold": fold})
    task = TASKS.get("classification").from_data(data)
    recipe = {**RECIPES[name], "seed": fold, "threads": args.threads, **change}
    recipe |= {"epochs": args.epochs} if args.epochs else {}
    loaded, facts = trained(read(HERE / "architectures" / f"{name}.yaml"), task, data, **recipe)
    return loaded.metrics(data, split)["accuracy"], facts


def tune(args, table) -> None:
    """Validation accuracy of each recipe on the first folds; never a test fold."""
    for change in TRIED[args.tune]:
        results = [run(args, table, args.tune, fold, "validation", **change) for fold in range(args.folds)]
        print(change, [f"{score:.4f}" for score, _ in results], results[0][1]["seconds"], "s", flush=True)


if __name__ == "__main__":
    main()
