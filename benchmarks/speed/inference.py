"""Inference of the same networks: eager PyTorch, netloom's plan, ONNX Runtime, by turns, in one process.

    python benchmarks/speed/inference.py --batches 1 64

The plan is what `netloom evaluate` takes of the one measured for training the network on this machine.
All must give the same outputs.
"""

# ruff: noqa: E402  (the folders come before what lies in them)

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parent / "peers")]

import onnxruntime
import torch
from _job import Job
from _ready import Ready
from _report import HERE, Report
from _torch import parts
from in_netloom import settings
from networks import NETWORKS, prepare
from torch import Tensor

from netloom.data.batch import Batch
from netloom.export.onnx import onnx_model
from netloom.signal import parse
from netloom.train import Recipe
from netloom.train.plan import Plan
from netloom.train.planning import plan_of

ONE_PART = tuple(name for name in NETWORKS if name not in ("vae", "dcgan"))
#: Largest difference of outputs, relative to the largest output.
TOLERANCE = 1e-4
#: Calls in a block; the median of the blocks counts.
CALLS = 5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--networks", nargs="+", choices=ONE_PART, default=list(ONE_PART), metavar="NAME")
    parser.add_argument("--batches", nargs="+", type=int, default=[1, 64], metavar="N", help="examples a call (1 64)")
    parser.add_argument("--threads", type=int, default=1, metavar="N", help="(1)")
    parser.add_argument("--rounds", type=int, default=10, metavar="N", help="(10)")
    parser.add_argument("--planned", type=int, default=20_000, metavar="N", help="steps netloom plans for (20000)")
    parser.add_argument("--out", type=Path, metavar="DIR", default=HERE / "results", help="where the report goes")
    args = parser.parse_args()
    args.data = None
    torch.set_num_threads(args.threads)
    report = Report("speed_inference", "Inference speed", args, __doc__.split("\n", 1)[0])
    for name in args.networks:
        with tempfile.TemporaryDirectory() as work:
            os.environ["XDG_CACHE_HOME"] = work
            job = Job(prepare(NETWORKS[name], 10, args.planned, Path(work) / name))
            model, task = parts(job)
            found = plan_of(model, task, Ready(job), Recipe(**settings(job), steps=args.planned)).plan
            plan = Plan.for_answers(found.to_dict())
            for batch in args.batches:
                x = torch.from_numpy(job.arrays["x"][:batch])
                measure(f"{name}, batch {batch}", job, plan, x, args, report)


def measure(what: str, job: Job, plan: Plan, x: Tensor, args: argparse.Namespace, report: Report) -> None:
    """All ways to call a network, by turns."""
    eager, planned = (parts(job)[0].eval() for _ in range(2))
    session = runtime(job, eager, args.threads)
    values = plan.place(Batch({"x": x}, {}, None, torch.arange(len(x)))).inputs["x"]
    with plan.on(planned):
        ways: dict[str, Callable[[], Tensor]] = {
            "eager": lambda: eager["network"](x),
            "netloom's plan": lambda: planned["network"](values),
            "ONNX Runtime": lambda: torch.from_numpy(session.run(None, {"x": x.numpy()})[0]),
        }
        times: dict[str, list[float]] = {way: [] for way in ways}
        with torch.inference_mode():
            expected = ways["eager"]()
            for way, call in ways.items():
                apart = float((call() - expected).abs().max() / expected.abs().max())
                if apart > TOLERANCE:
                    raise SystemExit(f"{what}: {way} gives other outputs, relative difference {apart:.1e}")
            for _ in range(args.rounds):
                for way, call in ways.items():
                    times[way].append(seconds(call))
    base = statistics.median(times["eager"])
    for way, found in times.items():
        value = statistics.median(found)
        facts = {"ratio to eager": round(base / value, 2), **({"plan": str(plan)} if way == "netloom's plan" else {})}
        report.add(f"{what}: {way}", "samples/s", len(x) / value, digits=0, **facts)


def seconds(call: Callable[[], Tensor]) -> float:
    """Of a call: the mean of a block."""
    began = time.perf_counter()
    for _ in range(CALLS):
        call()
    return (time.perf_counter() - began) / CALLS


def runtime(job: Job, model: torch.nn.ModuleDict, threads: int) -> onnxruntime.InferenceSession:
    """The network in ONNX Runtime."""
    path = job.folder / "model.onnx"
    onnx_model(model["network"], {"x": parse(job.signal)}, path)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


if __name__ == "__main__":
    main()
