"""How long a person waits before anything trains: building, costing, starting the command line.

    70 blocks      resolve and cost of a network of 70 convolution blocks, imports done      goal < 0.5 s
    7 billion      resolve and cost of a decoder-only Transformer, nothing allocated         seconds, resident memory
    starting       `netloom --help` and `import netloom` beside `import torch`, each in a process of its own

Every measurement is a process of its own; the table's mean is over those processes, its low and high the spread.
"""

import subprocess
import sys
import time
from pathlib import Path

from _report import Report, arguments, start

WORK = """
import resource, sys, time, torch
from netloom.build import resolve
from netloom.cost import cost
from netloom.signal import parse
from netloom.spec import Block, Chain, Repeat
def run(node, **inputs):
    began = time.perf_counter()
    resolved = resolve(node, inputs)
    middle = time.perf_counter()
    found = cost(resolved, BATCH)
    print(middle - began, time.perf_counter() - middle, found.parameters,
          resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""
CONVOLUTIONS = """
node = Chain(tuple(b for _ in range(70) for b in
             (Block("conv2d", {"channels": 32}), Block("batch_norm2d", {}), Block("relu", {}))))
run(node, image=parse("image:3x32x32"))
"""
TRANSFORMER = """
layer = Block("transformer_encoder_layer", {"heads": 32, "dim_hidden": 16384, "causal": True, "rotary": True})
node = Chain((Block("embedding", {"dim": 4096}), Repeat(32, layer), Block("layer_norm", {}),
              Block("dense", {"dim": 32000})))
run(node, tokens=parse("tokens:2048,vocabulary=32000"))
"""


def main() -> None:
    parser = arguments(__doc__, runs=7)
    args = start(parser, needs_data=False)
    report = Report("build_speed", "Building and starting", args, "Each value is a process of its own.")
    for what, source, batch in (("70 convolution blocks", CONVOLUTIONS, 64), ("Transformer", TRANSFORMER, 1)):
        for _ in range(args.runs if batch > 1 else min(3, args.runs)):
            code = WORK.replace("BATCH", str(batch)) + source
            done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
            resolved, costed, parameters, memory = map(float, done.stdout.split())
            name = f"{what}, {parameters / 1e9:.2f} billion parameters" if batch == 1 else what
            goal = {"goal": "< 0.5", "met": lambda mean: mean < 0.5} if batch > 1 else {}
            report.add(name, "resolve + cost, s", resolved + costed, digits=2, **goal, resolve=round(resolved, 3))
            report.add(name, "resident memory at most, MiB", memory, digits=0)
    commands = {
        "netloom --help": [str(Path(sys.executable).with_name("netloom")), "--help"],
        "import netloom": [sys.executable, "-c", "import netloom"],
        "import torch": [sys.executable, "-c", "import torch"],
        "python alone": [sys.executable, "-c", "pass"],
    }
    for _ in range(args.runs):  # by turns, so that a busy moment hits all alike
        for what, command in commands.items():
            began = time.perf_counter()
            subprocess.run(command, capture_output=True, check=True)
            report.add(what, "seconds", time.perf_counter() - began, digits=3)


if __name__ == "__main__":
    main()
