"""ETTh1, 96 hours from 96 hours, all seven columns: the proposed networks compared with published ones.

The usual split: 12, 4 and 4 months of hours for training, validation and test; values standardised by the training
hours; MSE and MAE are means over all windows of the split, hours and columns. Published, look-back 96: iTransformer
0.386 / 0.405 (Liu and others 2024), which reports DLinear as 0.386 / 0.400. Goal: the linear network at most 0.390.
Recipes were chosen on the validation hours only (`--tune`); the test hours are evaluated once.
"""

from _report import Report, arguments, start, trained

from weftnet.compete.propose import propose
from weftnet.data import open_data
from weftnet.tasks import TASKS
from weftnet.tasks._propose.candidate import adamw, plain

MONTHS = {"train": 12 * 30 * 24, "validation": 4 * 30 * 24, "test": 4 * 30 * 24}
GOAL = 0.390


def main() -> None:
    parser = arguments(__doc__, seeds=3, epochs=5, slow_seeds=1, context=96, horizon=96)
    parser.add_argument("--networks", nargs="*", help="names of proposals; default all")
    parser.add_argument("--tune", action="store_true", help="print validation errors instead")
    parser.add_argument("--zoo", metavar="NAME", help="an entry of the zoo instead of the proposals, by AdamW at 1e-3")
    args = start(parser)
    data = open_data(
        args.data / "etth1" / "ETTh1.csv.xz", context=args.context, horizon=args.horizon, time="date", splits=MONTHS
    )
    task = TASKS.get("forecasting").from_data(data, period=24)
    note = (
        f"{data.sizes['train']} training windows, {data.sizes['test']} test windows, {args.epochs} epochs, the best by "
        "validation; each network's recipe is the proposal's. The naive forecast repeats the last hour, the seasonal "
        f"one the last day. Networks but the linear one ran with {args.slow_seeds} seed(s)."
    )
    name = f"etth1_{args.zoo}" if args.zoo else "etth1"
    report = Report(name, f"ETTh1, {args.horizon} hours ahead, test errors of standardised values", args, note)
    reported = False
    entry = [plain(args.zoo, {"horizon": args.horizon}, adamw(1e-3, clip=1.0), "")] if args.zoo else []
    for candidate in entry or propose(data.signals, task):
        if args.networks and candidate.name not in args.networks:
            continue
        for seed in range(args.seeds if candidate.name == "linear" else args.slow_seeds):
            recipe = {**candidate.recipe, "epochs": args.epochs, "seed": seed, "threads": args.threads}
            loaded, facts = trained(candidate.architecture, task, data, **recipe)
            if args.tune:
                print(candidate.name, seed, loaded.metrics(data, "validation")["mse"], facts, flush=True)
                continue
            values = loaded.metrics(data, "test")
            if not reported:
                for name in ("naive", "seasonal"):
                    report.add(name, "MSE", values[f"{name}_mse"], MAE=round(values[f"{name}_mae"], 4))
                reported = True
            goal = {"goal": f"≤ {GOAL}", "met": lambda mean: mean <= GOAL} if candidate.name == "linear" else {}
            report.add(
                candidate.name, "MSE", values["mse"], **goal, MAE=round(values["mae"], 4),
                skill=round(values["skill"], 4), **facts,
            )  # fmt: skip


if __name__ == "__main__":
    main()
