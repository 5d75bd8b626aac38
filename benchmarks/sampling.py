"""Tokens a second when a language model writes as many tokens as its context holds, by steps and by whole passes.

Both choose with temperature 0, in turns, from the same prompt of one token, and must write the same tokens: the script
stops if they don't. Weights are random: the time doesn't depend on them. By steps each token is read once, as `weftnet
sample` does it; by whole passes, in a plain loop, the network reads everything so far for each new token.
"""

import time

import torch
from _report import Report, arguments, start
from torch import Tensor, nn

from weftnet.architecture.signal import Signal
from weftnet.compose import build
from weftnet.data import Batch
from weftnet.tasks._assemble import assemble
from weftnet.tasks.language_model.task import LanguageModel
from weftnet.zoo import ZOO

VOCABULARY = 65


def by_steps(task: LanguageModel, model: nn.ModuleDict, prompt: Tensor, length: int) -> Tensor:
    """The task's own loop."""
    batch = Batch({"tokens": prompt}, {}, {}, torch.arange(len(prompt)))
    with torch.inference_mode():
        outputs = task.infer(model, batch, {"length": length, "temperature": 0.0})
    assert isinstance(outputs, dict)
    return outputs["written"]


def by_whole_passes(task: LanguageModel, model: nn.ModuleDict, prompt: Tensor, length: int) -> Tensor:
    """The plain loop."""
    tokens = prompt
    with torch.inference_mode():
        for _ in range(length):
            tokens = torch.cat([tokens, model["network"](tokens[:, -task.context :])[:, -1].argmax(1, True)], 1)
    return tokens[:, prompt.shape[1] :]


WAYS = {"steps": by_steps, "whole passes": by_whole_passes}


def main() -> None:
    parser = arguments(__doc__, runs=5)
    parser.add_argument("--contexts", type=int, nargs="+", default=[64, 256, 1024], help="(64 256 1024)")
    parser.add_argument("--networks", nargs="+", default=["char_transformer", "char_lstm"])
    args = start(parser, needs_data=False)
    report = Report(
        "sampling", "Sampling from a language model", args, "One text at a time, to the end of the context."
    )
    for name in args.networks:
        for context in args.contexts:
            measure(report, name, context, args.runs)


def measure(report: Report, name: str, context: int, runs: int) -> None:
    task = LanguageModel(VOCABULARY, context)
    tokens = Signal(("time",), (context,), "int", {"vocabulary": VOCABULARY})
    done = assemble(ZOO.get(name)(), task, {"tokens": tokens})
    model = build(done.architecture, done.inputs).eval()
    parameters = sum(p.numel() for p in model.parameters())
    for run in range(-1, runs):  # the first turn warms up
        prompt, written = torch.tensor([[run % VOCABULARY]]), {}
        rates = {}
        for way, write in WAYS.items():
            began = time.perf_counter()
            length = context - 1 if run >= 0 else min(context - 1, 32)
            written[way] = write(task, model, prompt, length)
            rates[way] = length / (time.perf_counter() - began)
        if not torch.equal(*written.values()):
            raise SystemExit(f"{name}, context {context}: steps and whole passes write different tokens")
        if run >= 0:
            what = f"{name}, context {context}"
            for way, rate in rates.items():
                report.add(what, f"tokens/s by {way}", rate, digits=0, parameters=parameters)
            report.add(what, "times faster by steps", rates["steps"] / rates["whole passes"], digits=1)


if __name__ == "__main__":
    main()
