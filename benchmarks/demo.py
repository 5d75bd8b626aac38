"""`make demo`: architectures compete on the digits that lie in the package; the test accuracy of the one chosen.

    python benchmarks/demo.py --seeds 3 --budget 6

The command of the Makefile is run as it stands there. The winner is chosen by its mean validation score over the seeds;
its accuracy is that on the test split. The budget is time, so that a busy machine trains less.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from _report import Report, arguments, start

from weftnet.compete.compare import compare

GOAL = 98.5


def main() -> None:
    args = start(arguments(__doc__ or "", seeds=3, budget=6), needs_data=False)
    note = f"`weftnet fit digits --budget {args.budget}s --seeds {args.seeds}`; *chosen* is the best on validation."
    report = Report("demo", "Architectures on handwritten digits", args, note)
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "demo"
        command = ["fit", "digits", "--budget", f"{args.budget}s", "--seeds", str(args.seeds), "--out", str(out)]
        began = time.perf_counter()
        subprocess.run([sys.executable, "-m", "weftnet", *command], check=True)
        seconds = time.perf_counter() - began
        comparison = compare([out])
        for place, row in enumerate(comparison.rows):
            name = f"chosen: {row.name}" if place == 0 else row.name
            for seed, accuracy in sorted(row.scores["test"].items()):
                validation = 100 * row.scores["validation"][seed]
                goal = {"goal": f"≥ {GOAL}", "met": lambda mean: mean >= GOAL} if place == 0 else {}
                report.add(
                    name,
                    "test accuracy, %",
                    100 * accuracy,
                    digits=2,
                    seed=seed,
                    validation=round(validation, 2),
                    **goal,
                )
        report.add("all of it", "s", seconds, digits=0)


if __name__ == "__main__":
    main()
