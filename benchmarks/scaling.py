"""Two workers against one on the same batch: examples a second, by turns, one thread each; and what more would give.

The Fashion CNN, the same command with and without `--workers 2`. A turn is both; the ratio is that of one turn. Past
two workers nothing is measured: `netloom.communication` plans it from the seconds of a step and the bytes of its
gradients, for a network of 1 Gbit/s and of 10 Gbit/s.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from _report import HERE, Report, arguments, read, start

from netloom.assemble import assemble
from netloom.build import build
from netloom.communication import step_seconds, volume
from netloom.data import open_data
from netloom.machine import StepTime
from netloom.tasks import TASKS

BATCH = 128
NETWORK = HERE / "architectures" / "fashion_cnn.yaml"


def main() -> None:
    args = start(arguments(__doc__, turns=3, steps=60))
    data = open_data(args.data / "fashion_mnist")
    task = TASKS.get("classification").from_data(data)
    complete = assemble(read(NETWORK), task, data.signals)
    model = build(complete.architecture, complete.inputs)
    note = f"Batches of {BATCH}, {args.steps} steps, plan eager, one thread a worker, gloo on one machine."
    report = Report("scaling", "Workers that train together", args, note)
    rates: dict[int, list[float]] = {1: [], 2: []}
    for turn in range(args.turns):
        for workers in (1, 2) if turn % 2 == 0 else (2, 1):
            rates[workers].append(rate(args.data / "fashion_mnist", args.steps, workers))
            load = round(os.getloadavg()[0], 1)
            report.add(f"workers: {workers}", "examples/s", rates[workers][-1], digits=0, load=load)
        report.add("two workers against one", "ratio", rates[2][-1] / rates[1][-1], digits=2)
    seconds = BATCH / (sum(rates[1]) / len(rates[1]))
    for workers in (2, 8, 64):
        sent, share = volume(model, workers), StepTime(seconds / 3 / workers, seconds * 2 / 3 / workers, 0.0)
        report.add(f"on paper: {workers} workers", "kB a worker sends in a step", sent.total / 1e3, digits=1)
        for gigabits in (1, 10):
            planned = seconds / step_seconds(share, sent, gigabits * 1e9 / 8)
            report.add(f"on paper: {workers} workers, {gigabits} Gbit/s", "speed-up", planned, digits=2)


def rate(source: Path, steps: int, workers: int) -> float:
    """Examples a second of one training."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "netloom", "fit", str(source), "--arch", str(NETWORK), "--plan", "eager"]
        command += ["--steps", str(steps), "--set", f"batch_size={BATCH}", "--set", "threads=1", "--jobs", "1"]
        command += ["--workers", str(workers), "--out", folder]
        subprocess.run(command, check=True, capture_output=True, env=os.environ | {"OMP_NUM_THREADS": "1"})
        (history,) = Path(folder).glob("*/history.jsonl")
        found: float = json.loads(history.read_text(encoding="utf-8").splitlines()[-1])["rate"]
        return found


if __name__ == "__main__":
    main()
