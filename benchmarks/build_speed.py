"""How long a person waits before anything trains: building, costing, starting the command line.

    70 conv2d      resolve and cost of 70 convolutions (goal < 0.5 s after import), and of 210 blocks of three kinds
    7 billion      resolve and cost of a decoder-only Transformer, nothing allocated      seconds, resident memory
    starting       `weftnet --help` and `import weftnet` compared with `import torch`, each in its own process

Every measurement is a process of its own that does the work twice: the first time includes the blocks' own imports and
those that torch defers until its meta device is used (sympy among them), the second does not. Both wall time and
processor time are reported, since a shared machine lengthens the first.
"""

import json
import subprocess
import sys
import time
from pathlib import Path

from _report import Report, arguments, start

WORK = """
import json, resource, time, torch
from weftnet.compose import resolve
from weftnet.cost.cost import cost
from weftnet.architecture.signal import parse
from weftnet.architecture.spec import Block, Chain, Repeat
def run(node, batch, **inputs):
    for turn in ("first", "second"):
        wall, cpu = time.perf_counter(), time.process_time()
        resolved = resolve(node, inputs)
        middle = time.process_time()
        total = cost(resolved, batch)
        end = time.process_time()
        print(json.dumps({"turn": turn, "wall": time.perf_counter() - wall, "cpu": end - cpu,
            "resolve_cpu": round(middle - cpu, 3), "cost_cpu": round(end - middle, 3), "parameters": total.parameters,
            "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))
"""
NETWORKS = {
    "70 conv2d": """
run(Chain((Block("conv2d", {"channels": 32}),) * 70), 64, image=parse("image:3x32x32"))
""",
    "210 blocks, conv2d – batch_norm2d – relu": """
triple = (Block("conv2d", {"channels": 32}), Block("batch_norm2d", {}), Block("relu", {}))
run(Chain(triple * 70), 64, image=parse("image:3x32x32"))
""",
    "Transformer of 32 layers": """
layer = Block("transformer_encoder_layer", {"heads": 32, "dim_hidden": 16384, "causal": True, "rotary": True})
node = Chain((Block("embedding", {"dim": 4096}), Repeat(32, layer), Block("layer_norm", {}),
              Block("dense", {"dim": 32000})))
run(node, 1, tokens=parse("tokens:2048,vocabulary=32000"))
""",
}


def main() -> None:
    parser = arguments(__doc__, runs=7)
    args = start(parser, needs_data=False)
    report = Report("build_speed", "Building and starting", args, "Each value is a process of its own.")
    for _ in range(args.runs):
        for what, source in NETWORKS.items():
            command = [sys.executable, "-c", WORK + source]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            for line in map(json.loads, done.stdout.splitlines()):
                part = {name: line[name] for name in ("resolve_cpu", "cost_cpu")}
                seconds = f"seconds, {line['turn']} time"
                goal = {"goal": "< 0.5", "met": lambda mean: mean < 0.5} if what == "70 conv2d" else {}
                goal = goal if line["turn"] == "second" else {}
                report.add(what, seconds, line["wall"], digits=2, **goal)
                report.add(what, f"processor {seconds}", line["cpu"], digits=2, **part)
            report.add(what, "resident memory at most, MiB", line["memory"], digits=0, parameters=line["parameters"])
    commands = {
        "weftnet --help": [str(Path(sys.executable).with_name("weftnet")), "--help"],
        "import weftnet": [sys.executable, "-c", "import weftnet"],
        "import torch": [sys.executable, "-c", "import torch"],
        "python alone": [sys.executable, "-c", "pass"],
    }
    for _ in range(args.runs):  # in turns, so that a busy moment affects all alike
        for what, command in commands.items():
            began = time.perf_counter()
            subprocess.run(command, capture_output=True, check=True)
            report.add(what, "seconds", time.perf_counter() - began, digits=3)


if __name__ == "__main__":
    main()
