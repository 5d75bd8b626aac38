"""Fashion-MNIST: a convolutional network under 100,000 parameters, and the same file with an LSTM and attention in it.

Goal: at least 92.5 % test accuracy, which the authors of the data set list for two convolutions under 100,000
parameters (https://github.com/zalandoresearch/fashion-mnist). A tenth of the training images is the validation split
and chooses the epoch that is kept; the test images are evaluated once, at the end.
"""

import statistics
import time

import torch
from _report import HERE, Report, arguments, read, start, trained
from torch.nn import functional as F

from weftnet.compose import build
from weftnet.data import open_data
from weftnet.tasks import TASKS
from weftnet.tasks._assemble import assemble

NETWORKS = ("fashion_cnn", "fashion_cnn_lstm_attention")
RECIPE = {
    "optimiser": "muon",
    "lr": 0.02,
    "optimiser_settings": {"lr_others": 3e-3, "weight_decay": 0.05},
    "warmup": 0.2,
    "batch_size": 128,
    "augment": ["flip"],
}


def main() -> None:
    parser = arguments(__doc__, epochs=10, seeds=1, steps=40)
    parser.add_argument("--only", choices=NETWORKS, help="one of the networks")
    parser.add_argument("--speed", action="store_true", help="compare --steps steps with a plain PyTorch loop instead")
    args = start(parser)
    data = open_data(args.data / "fashion_mnist")
    task = TASKS.get("classification").from_data(data, label_smoothing=0.05)
    if args.speed:
        speed(args, data, task)
        return
    names = [args.only] if args.only else NETWORKS
    note = f"Recipe, one for both networks: {RECIPE}, {args.epochs} epochs, label smoothing 0.05."
    report = Report(args.only or "fashion_mnist", "Fashion-MNIST, test accuracy", args, note)
    for seed in range(args.seeds):
        for name in names:
            architecture = read(HERE / "architectures" / f"{name}.yaml")
            settings = {**RECIPE, "epochs": args.epochs, "seed": seed, "threads": args.threads}
            loaded, facts = trained(architecture, task, data, **settings)
            score = loaded.metrics(data, "test")["accuracy"] * 100
            goal = {"goal": "≥ 92.5 with < 100,000 parameters", "met": lambda mean: mean >= 92.5}
            report.add(f"{name}.yaml", "test accuracy, %", score, digits=2, **(goal if name == NETWORKS[0] else {}),
                       **facts)  # fmt: skip


def speed(args, data, task) -> None:
    """Examples per second of weftnet's loop and of a plain one around the same network, in turns."""
    note = f"By turns, {args.steps} steps of 128 each, no augmentation; ratio = weftnet / plain of one turn."
    report = Report("fashion_speed", "Fashion CNN, training speed beside a plain PyTorch loop", args, note)
    architecture = read(HERE / "architectures" / "fashion_cnn.yaml")
    recipe = {**RECIPE, "augment": [], "steps": args.steps, "evaluate_every": "100000 steps", "threads": args.threads}
    ratios = []
    for _ in range(3):
        _, facts = trained(architecture, task, data, **recipe)
        plain = plain_rate(architecture, task, data, args.steps)
        last = plain_rate(architecture, task, data, args.steps, torch.channels_last)
        report.add("weftnet", "examples/s", facts["examples/s"], digits=0)
        report.add("plain loop", "examples/s", plain, digits=0)
        report.add("plain loop, channels_last", "examples/s", last, digits=0)
        report.add("ratio weftnet / plain", "", facts["examples/s"] / plain, digits=2)
        ratios.append(facts["examples/s"] / plain)
    print("median ratio", statistics.median(ratios))


def plain_rate(architecture, task, data, steps, layout=torch.contiguous_format) -> float:
    """Examples per second of a loop as PyTorch's tutorials write it, images in memory."""
    complete = assemble(architecture, task, data.signals)
    network = build(complete.architecture, complete.inputs, seed=0)["network"].to(memory_format=layout).train()
    optimiser = torch.optim.AdamW(network.parameters(), lr=1e-3, fused=True)
    images, labels = torch.randn(data.sizes["train"], 1, 28, 28), torch.randint(10, (data.sizes["train"],))
    order = torch.randperm(len(images))
    began = time.perf_counter()
    for step in range(steps):
        rows = order[step * 128 : (step + 1) * 128]
        loss = F.cross_entropy(network(images[rows].to(memory_format=layout)), labels[rows], label_smoothing=0.05)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return steps * 128 / (time.perf_counter() - began)


if __name__ == "__main__":
    main()
