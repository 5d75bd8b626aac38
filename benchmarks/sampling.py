"""Tokens a second when a language model writes as many tokens as its context holds, by steps and by whole passes.

Both choose with temperature 0, in turns, from the same prompt of one token, and must write the same tokens: the script
stops if they don't. Weights are random: the time doesn't depend on them. By steps each token is read once; by whole
passes the network reads everything so far for each new token, as it does without `Network.step`.
"""

import time

import torch
from _report import Report, arguments, start
from torch import Tensor, nn

from weftnet.architecture.signal import Signal
from weftnet.compose import build
from weftnet.tasks._assemble import assemble
from weftnet.tasks.language_model.task import LanguageModel
from weftnet.zoo import ZOO

VOCABULARY = 65


class Whole(nn.Module):
    """A network without its steps."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, tokens: Tensor) -> Tensor:
        y: Tensor = self.network(tokens)
        return y


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
    ways = {"steps": model, "whole passes": nn.ModuleDict({"network": Whole(model["network"])})}
    parameters = sum(p.numel() for p in model.parameters())
    for run in range(-1, runs):  # the first turn warms up
        prompt, written = torch.tensor([[run % VOCABULARY]]), {}
        rates = {}
        for way, network in ways.items():
            began = time.perf_counter()
            length = context - 1 if run >= 0 else min(context - 1, 32)
            written[way] = task.sample(network, prompt, length, temperature=0.0, generator=torch.Generator())
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
