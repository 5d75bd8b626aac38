"""Inference of the same networks: eager PyTorch, weftnet's plan, ONNX Runtime, in turns, in one process.

    python benchmarks/speed/inference.py --batches 1 64

The plan is the one for answers, measured for the network and the batch size as `weftnet fit` does after training. All
must return the same outputs.
"""

# ruff: noqa: E402  (the folders must be on the path before their modules are imported)

import argparse
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
from _report import HERE, Report
from _torch import parts
from networks import NETWORKS, prepare
from torch import Tensor

from weftnet.architecture.signal import parse
from weftnet.base.heap import kept_memory
from weftnet.data.batch import Batch
from weftnet.execution import answering
from weftnet.execution.executor import Executor
from weftnet.export.onnx import onnx_model

ONE_PART = tuple(name for name in NETWORKS if name not in ("vae", "dcgan"))
#: Of the job, which is not trained.
STEPS = 100
#: Calls in a block; the median of the blocks counts.
CALLS = 5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--networks", nargs="+", choices=ONE_PART, default=list(ONE_PART), metavar="NAME")
    parser.add_argument("--batches", nargs="+", type=int, default=[1, 64], metavar="N", help="examples per call (1 64)")
    parser.add_argument("--threads", type=int, default=1, metavar="N", help="(1)")
    parser.add_argument("--rounds", type=int, default=10, metavar="N", help="(10)")
    parser.add_argument(
        "--seconds",
        type=float,
        default=1.0,
        metavar="S",
        help="seconds for finding a plan (1, the most that fit takes)",
    )
    parser.add_argument("--out", type=Path, metavar="DIR", default=HERE / "results", help="folder for the report")
    args = parser.parse_args()
    args.data = None
    torch.set_num_threads(args.threads)
    report = Report("speed_inference", "Inference speed", args, __doc__.split("\n", 1)[0])
    for name in args.networks:
        with tempfile.TemporaryDirectory() as work:
            job = Job(prepare(NETWORKS[name], 10, STEPS, Path(work) / name))
            for batch in args.batches:
                x = torch.from_numpy(job.arrays["x"][:batch])
                measure(f"{name}, batch {batch}", job, x, args, report)


def measure(what: str, job: Job, x: Tensor, args: argparse.Namespace, report: Report) -> None:
    """All ways to call a network, in turns."""
    model, batch = parts(job)[0].eval(), Batch({"x": x}, {}, {}, torch.arange(len(x)))
    trial = answering.measure(model, batch, args.seconds)
    if trial.plan is None:
        raise SystemExit(f"{what}: {trial.source}: give more --seconds")
    plan, session = trial.plan, runtime(job, model, args.threads)
    planned = Executor(model, plan)
    ways: dict[str, Callable[[], Tensor]] = {
        "eager": lambda: model["network"](x),
        "weftnet's plan": lambda: planned(batch),
        "ONNX Runtime": lambda: torch.from_numpy(session.run(None, {"x": x.numpy()})[0]),
    }
    times: dict[str, list[float]] = {way: [] for way in ways}
    with torch.inference_mode():
        expected = ways["eager"]()
        for way, call in ways.items():
            apart = float((call() - expected).abs().max() / expected.abs().max())
            if apart > answering.TOLERANCE:
                raise SystemExit(f"{what}: {way} gives other outputs, relative difference {apart:.1e}")
        for _ in range(args.rounds):
            for way, call in ways.items():
                with kept_memory(plan.keep_memory and way == "weftnet's plan"):
                    times[way].append(seconds(call))
    base = statistics.median(times["eager"])
    for way, spent in times.items():
        value = statistics.median(spent)
        facts = {"ratio to eager": round(base / value, 2), **({"plan": str(plan)} if way == "weftnet's plan" else {})}
        report.add(f"{what}: {way}", "samples/s", len(x) / value, digits=0, **facts)


def seconds(call: Callable[[], Tensor]) -> float:
    """Seconds per call: the mean of a block, after a call that allocates the memory released by the previous way."""
    call()
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
