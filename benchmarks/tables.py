"""Tables: small networks compared with scikit-learn's gradient-boosted trees on exactly the same rows.

breast_cancer, wine and diabetes come with scikit-learn; etth1_random_split is ETTh1's oil temperature from the other
six columns and the hour, *rows split at random*: a regression table, not the forecast that ETTh1 is known for. Rows are
split 70/15/15 anew for every seed. Both sides train on the training rows and choose one of their candidates on the
validation rows; the test rows are evaluated once. Goal: at most one point (% of accuracy, or R² × 100) below the trees.
"""

import csv
import lzma
import tempfile
from datetime import datetime
from pathlib import Path

import numpy as np
from _report import Report, arguments, start, trained
from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

from weftnet.data import open_data
from weftnet.tasks import TASKS
from weftnet.zoo import ZOO

LOADERS = {"breast_cancer": load_breast_cancer, "wine": load_wine, "diabetes": load_diabetes}
#: zoo entry, its settings, bins for encoding numbers
NETWORKS = (
    ("linear", {}, 0),
    ("mlp", {"widths": [64], "dropout": 0.3}, 0),
    ("mlp", {"widths": [256, 128], "dropout": 0.1}, 16),
    ("tabular", {"dim": 64, "hidden": 128}, 0),
    ("tabular", {"dim": 128, "hidden": 256, "dropout": 0.1}, 16),
)
TREES = ({}, {"learning_rate": 0.05, "max_iter": 300}, {"max_leaf_nodes": 8}, {"max_iter": 500, "early_stopping": True})


def main() -> None:
    parser = arguments(__doc__, seeds=5, steps=400)
    parser.add_argument("--sets", nargs="*", default=[*LOADERS, "etth1_random_split"], help="names of tables")
    args = start(parser)
    note = (
        f"Networks: {NETWORKS}, {args.steps} steps of 64 rows (etth1: eight times as many steps of 256, the last two "
        f"networks, 2 seeds), AdamW 3e-3, decay 0.1. Trees: HistGradientBoosting with {TREES}. Each side's choice is "
        "made on validation rows. Points are % of accuracy or R² × 100; difference = network − trees, seed by seed."
    )
    report = Report("tables", "Tables, networks beside gradient-boosted trees", args, note)
    with tempfile.TemporaryDirectory() as folder:
        for name in args.sets:
            big = name not in LOADERS
            table = Path(folder) / f"{name}.csv"
            header, rows = etth1(args.data) if big else from_sklearn(LOADERS[name]())
            with table.open("w", newline="", encoding="utf-8") as file:
                csv.writer(file).writerows([header, *rows])
            for seed in range(min(2, args.seeds) if big else args.seeds):
                compare(report, args, name, table, header, rows, seed, big)


def from_sklearn(bunch):
    """Header and rows of a data set, the target last."""
    names = getattr(bunch, "target_names", None)
    target = bunch.target if names is None or bunch.target.dtype.kind == "f" else [names[i] for i in bunch.target]
    header = [*map(str, bunch.feature_names), "target"]
    return header, [[*map(float, x), y] for x, y in zip(bunch.data, target, strict=True)]


def etth1(data):
    """Oil temperature from the six loads and the hour."""
    with lzma.open(data / "etth1" / "ETTh1.csv.xz", "rt", encoding="utf-8") as file:
        records = list(csv.DictReader(file))
    loads = ["HUFL", "HULL", "MUFL", "MULL", "LUFL", "LULL"]
    rows = [
        [*(float(row[load]) for load in loads), datetime.fromisoformat(row["date"]).hour, float(row["OT"])]
        for row in records
    ]
    return [*loads, "hour", "target"], rows


def compare(report, args, name, table, header, rows, seed, big) -> None:
    """One split: the chosen network and the chosen trees on its test rows."""
    x = np.array([row[:-1] for row in rows])
    y = np.array([row[-1] for row in rows])
    words = y.dtype.kind == "U"
    metric = "accuracy" if words else "r2"
    results = []
    for entry, settings, bins in NETWORKS[2::2] if big else NETWORKS:
        kinds = {column: {"number": {"bins": bins}} for column in header[:-1]} | {
            "target": "category" if words else "number"
        }
        share = {"train": 0.7, "validation": 0.15, "test": 0.15}
        data = open_data(table, target="target", kinds=kinds, splits=share, seed=seed)
        task = TASKS.get("classification" if words else "regression").from_data(data)
        loaded, _ = trained(
            ZOO.get(entry)(**settings), task, data, lr=3e-3, optimiser_settings={"weight_decay": 0.1},
            batch_size=256 if big else 64, steps=args.steps * (8 if big else 1),
            evaluate_every=f"{args.steps if big else max(1, args.steps // 10)} steps", seed=seed, threads=args.threads,
        )  # fmt: skip
        results.append((loaded.metrics(data, "validation")[metric], f"{entry}, {bins} bins", loaded, data))
    _, chosen, loaded, data = max(results, key=lambda one: one[0])
    network = 100 * loaded.metrics(data, "test")[metric]

    part = {split: data.rows(split).numpy() for split in ("train", "validation", "test")}
    kind = HistGradientBoostingClassifier if words else HistGradientBoostingRegressor
    forests = [kind(random_state=seed, **each).fit(x[part["train"]], y[part["train"]]) for each in TREES]
    best = max(forests, key=lambda forest: forest.score(x[part["validation"]], y[part["validation"]]))
    trees = 100 * best.score(x[part["test"]], y[part["test"]])

    unit = "accuracy, %" if words else "R² × 100"
    report.add(f"{name}: network", unit, network, digits=2, chosen=chosen)
    report.add(f"{name}: trees", unit, trees, digits=2)
    report.add(f"{name}: difference", "points", network - trees, digits=2, goal="≥ −1", met=lambda mean: mean >= -1)


if __name__ == "__main__":
    main()
