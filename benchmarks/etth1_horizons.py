"""ETTh1 over horizons: 96, 192, 336 and 720 hours ahead, all seven columns, with intervals of 90 %.

A cell is a network at a horizon, from the 96 hours before: the usual split (12, 4 and 4 months), values standardised by
the training hours, errors over all windows of the test months. Linear maps are solved for; others are trained for a
fixed number of epochs, the best weights by validation. Intervals are calibrated on the validation months; beside them
stand those that are calibrated anew once in a horizon. Published (96 hours read): iTransformer, Liu and others 2024,
tables 1 and 10.

Cells are kept in etth1_horizons_cells.json, each as it is finished: what is there already is not measured again, so the
table can be made in pieces. `--cells dlinear:96 dlinear:192` names some; with none the table is written anew.
"""

import json
import os
import time

import numpy as np
from _report import Report, arguments, circumstances, start, trained

from weftnet.compete.propose import propose
from weftnet.data import open_data
from weftnet.run.judging import judge
from weftnet.tasks import TASKS
from weftnet.tasks._propose.candidate import adamw, plain

MONTHS = {"train": 12 * 30 * 24, "validation": 4 * 30 * 24, "test": 4 * 30 * 24}
HORIZONS = (96, 192, 336, 720)
#: test MSE as published, by horizon: of DLinear, PatchTST and iTransformer in Liu and others' tables
PUBLISHED = {
    "dlinear": (0.386, 0.437, 0.481, 0.519),
    "patch_tst": (0.414, 0.460, 0.501, 0.500),
    "itransformer": (0.386, 0.441, 0.487, 0.503),
}
SOLVED = ("last_season", "ets", "nlinear", "nlinear_own")
TRAINED = ("dlinear", "patch_tst", "itransformer", "series_lstm")


def main() -> None:
    parser = arguments(__doc__, epochs=10, seed=0)
    cells = [f"{name}:{horizon}" for horizon in HORIZONS for name in (*SOLVED, *TRAINED)]
    parser.add_argument("--cells", nargs="*", default=cells, help="NAME:HORIZON of those to measure; default all")
    args = start(parser)
    kept = args.out / "etth1_horizons_cells.json"
    known = json.loads(kept.read_text(encoding="utf-8")) if kept.exists() else {}
    args.out.mkdir(parents=True, exist_ok=True)
    for cell in args.cells:
        if cell not in known:
            known[cell] = measured(cell, args)
            kept.write_text(json.dumps(known, indent=1) + "\n", encoding="utf-8")
    report({each: known[each] for each in cells if each in known}, args)


def measured(cell, args):
    """One network at one horizon."""
    name, horizon = cell.split(":")[0], int(cell.split(":")[1])
    load, began = os.getloadavg()[0], time.perf_counter()
    source = args.data / "etth1" / "ETTh1.csv.xz"
    data = open_data(source, context=96, horizon=horizon, time="date", splits=MONTHS)
    task = TASKS.get("forecasting").from_data(data, period=24)
    candidate = next((each for each in propose(data.signals, task) if each.name == name), None)
    if name in ("patch_tst", "itransformer"):
        wide = {"dim": 512, "hidden": 512} if name == "itransformer" and horizon > 192 else {}
        candidate = plain(name, {"horizon": horizon, **wide}, adamw(5e-4, clip=1.0), "")
    found = {}

    def judged(loaded):
        found["test"] = loaded.metrics(data, "test")
        sections = {each.title: each for each in judge(loaded, data, "test").sections}
        (table,) = (each for each in sections["Intervals"].figures if getattr(each, "name", "") == "intervals")
        found["anew"] = float(np.mean([row[2] for row in table.rows]))

    recipe = {**candidate.recipe, "seed": args.seed, "threads": args.threads}
    if candidate.recipe.get("solver") is None:
        recipe["epochs"] = args.epochs
    _, facts = trained(candidate.architecture, task, data, then=judged, **recipe)
    facts.pop("validation")
    print(cell, found, facts, flush=True)
    return {
        **found, **facts, "epochs": recipe.get("epochs"), "seed": args.seed,
        "wall": round(time.perf_counter() - began, 1), **circumstances(args, load),
    }  # fmt: skip


def report(known, args):
    """The table of all cells so far."""
    note = (
        "Test errors of standardised values, 96 hours read. MSE, and among the facts MAE; `inside`: the share of test "
        "values inside their 90 % intervals, calibrated on the validation months; `anew`: the same where they are "
        "calibrated anew once in a horizon; `width`: mean width in standard deviations. One seed; date, machine and "
        "load of each cell are in etth1_horizons_cells.json."
    )
    table = Report("etth1_horizons", "ETTh1, four horizons, with intervals", args, note)
    for cell, each in known.items():
        name, horizon = cell.split(":")
        test = each["test"]
        facts = {
            "MAE": round(test["mae"], 3), "inside": round(test["coverage"], 3), "anew": round(each["anew"], 3),
            "width": round(test["width"], 2), "parameters": each["parameters"], "epochs": each["epochs"],
            "seconds": each["seconds"],
        }  # fmt: skip
        if name in PUBLISHED:
            facts["published MSE"] = PUBLISHED[name][HORIZONS.index(int(horizon))]
        table.add(f"{name}, {horizon}", "MSE", test["mse"], **facts)


if __name__ == "__main__":
    main()
