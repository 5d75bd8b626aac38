"""What it costs: size, arithmetic, time; and how it was trained."""

from weftnet.base.plain import plain
from weftnet.base.units import amount, duration, size
from weftnet.compose import Network
from weftnet.cost.cost import cost
from weftnet.errors import RunError
from weftnet.execution.latency import latency
from weftnet.report.page import facts
from weftnet.report.subject import Subject
from weftnet.train import Recipe


def costs(subject: Subject) -> str:
    """Parameters, FLOPs, bytes, latency, training time, and which fields of the recipe differ from the default."""
    loaded, run = subject.loaded, subject.loaded.run
    rows = []
    networks = [model for model in loaded.model.values() if isinstance(model, Network)]
    if networks:
        each_cost = [cost(network, 1) for network in networks]
        rows += [
            ("parameters", amount(sum(each.parameters for each in each_cost))),
            ("FLOPs", f"{amount(sum(each.flops for each in each_cost))} for a forward pass of one example"),
        ]
    file = run.weights_file
    rows.append(("size", f"{size(run.file(file).stat().st_size)} ({file})"))
    for part, model in loaded.model.items():
        name = "latency" if len(loaded.model) == 1 else f"latency of the {part}"
        rows.append((name, f"{duration(latency(model, *subject.inputs(part, 1)))} for one example on one thread"))
    if run.facts.seconds is not None:
        waiting = "" if run.waiting is None else f"; {run.waiting:.1%} of it spent waiting for data"
        rows.append(("training", f"{duration(run.facts.seconds)}, {run.steps} steps{waiting}"))
    try:
        recipe = run.json("recipe.json")
    except RunError:
        return facts(rows)
    default = Recipe().to_dict()
    changed = {name: value for name, value in recipe.items() if value is not None and value != default.get(name)}
    rows.append(("recipe", plain(changed) if changed else "the default"))
    return facts(rows)
