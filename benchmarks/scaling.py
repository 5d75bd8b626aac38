"""Two workers of one thread each compared with one process with one thread and with two, on the same batches.

Two networks on Fashion-MNIST: the Fashion CNN (much arithmetic, 0.4 MB of gradients per step) and a wide MLP (little,
7.5 MB). A turn trains each in every way, one after the other, and ratios are taken within the turn:

    one               one process, one thread
    one, 2 threads    one process, two threads
    two               --workers 2, one thread each
    two, --shard      the same with half the weights each
    two apart         two independent trainings with half the batch at the same time

share of time in communication = 1 − rate(two) / (rate of one apart + rate of the other): what the same two processes
lose to sending and waiting. More than two workers are not measured: `weftnet.cost.communication` predicts them from the
seconds of a step and the bytes of its gradients, for networks with 1 Gbit/s and 10 Gbit/s.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from _report import HERE, Report, arguments, read, start

from weftnet.compose import build
from weftnet.cost.communication import step_seconds, volume
from weftnet.cost.step_time import StepTime
from weftnet.data import open_data
from weftnet.tasks import TASKS
from weftnet.tasks._assemble import assemble

BATCH = 128
#: network → steps of a training.
NETWORKS = {"fashion_cnn": 30, "wide_mlp": 200}
WAYS: dict[str, list[str]] = {
    "one": ["--set", "threads=1", "--jobs", "1"],
    "one, 2 threads": ["--set", "threads=2", "--jobs", "1"],
    "two": ["--set", "threads=1", "--workers", "2"],
    "two, --shard": ["--set", "threads=1", "--workers", "2", "--shard"],
}


def main() -> None:
    args = start(arguments(__doc__, turns=3, percent=100))
    note = (
        f"Batches of {BATCH}, plan eager, gloo on one machine; examples/s over the steps of one training, start and "
        "evaluation not counted."
    )
    report = Report("scaling", "Workers that train together", args, note)
    source = args.data / "fashion_mnist"
    for turn in range(args.turns):
        for network, steps in NETWORKS.items():
            rates: dict[str, float] = {}
            steps = max(2, steps * args.percent // 100)
            for way in list(WAYS) if turn % 2 == 0 else reversed(WAYS):
                rates[way] = trained(source, network, steps, BATCH, [WAYS[way]])
            rates["two apart"] = trained(source, network, steps, BATCH // 2, [WAYS["one"]] * 2)
            load = round(os.getloadavg()[0], 1)
            for way, rate in rates.items():
                report.add(f"{network}: {way}", "examples/s", rate, digits=0, load=load)
            for way in ("one, 2 threads", "two", "two, --shard"):
                report.add(f"{network}: {way} / one", "ratio", rates[way] / rates["one"], digits=2)
            for way in ("two", "two, --shard"):
                share = 100 * (1 - rates[way] / rates["two apart"])
                report.add(f"{network}: {way}", "% of time in communication", share, digits=1)
            if turn == args.turns - 1:
                mean = report.rows[f"{network}: one", "examples/s"]["mean"]
                on_paper(report, args.data, network, BATCH / mean)


def trained(source: Path, network: str, steps: int, batch: int, ways: list[list[str]]) -> float:
    """Total examples per second of trainings that start at the same time."""
    with tempfile.TemporaryDirectory() as folder:
        processes = []
        for number, way in enumerate(ways):
            command = [sys.executable, "-m", "weftnet", "fit", str(source), "--plan", "eager", "--steps", str(steps)]
            command += ["--arch", str(HERE / "architectures" / f"{network}.yaml"), "--set", f"batch_size={batch}"]
            command += [*way, "--out", str(Path(folder, str(number)))]
            quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
            processes.append(subprocess.Popen(command, env=os.environ | {"OMP_NUM_THREADS": "1"}, **quiet))
        for process in processes:
            if process.wait():
                raise SystemExit(f"{' '.join(map(str, process.args))} failed")
        histories = list(Path(folder).glob("*/*/history.jsonl"))
        return sum(json.loads(path.read_text(encoding="utf-8").splitlines()[-1])["rate"] for path in histories)


def on_paper(report: Report, folder: Path, network: str, seconds: float) -> None:
    """The predicted speed-up of more workers, from the seconds of a step on one."""
    data = open_data(folder / "fashion_mnist")
    task = TASKS.get("classification").from_data(data)
    complete = assemble(read(HERE / "architectures" / f"{network}.yaml"), task, data.signals)
    model = build(complete.architecture, complete.inputs)
    for workers in (2, 8, 64):
        what, sent = f"{network}, on paper: {workers} workers", volume(model, workers)
        share = StepTime(seconds / 3 / workers, seconds * 2 / 3 / workers, 0.0)
        report.add(what, "kB a worker sends in a step", sent.total / 1e3, digits=1)
        for gigabits in (1, 10):
            planned = seconds / step_seconds(share, sent, gigabits * 1e9 / 8)
            report.add(f"{what}, {gigabits} Gbit/s", "speed-up", planned, digits=2)


if __name__ == "__main__":
    main()
