"""What it costs: size, arithmetic, time; and how it was trained."""

from weftnet.base.units import amount, duration, size
from weftnet.compose import Network
from weftnet.cost.cost import cost
from weftnet.errors import RunError
from weftnet.execution.latency import latency
from weftnet.report.page import facts
from weftnet.report.story import Story
from weftnet.train import Recipe


def price(story: Story) -> str:
    """Parameters, FLOPs, bytes, latency, training time, and what of the recipe is not the default."""
    loaded, run = story.loaded, story.loaded.run
    networks = {part: model for part, model in loaded.model.items() if isinstance(model, Network)}
    costs = {part: cost(model, 1) for part, model in networks.items()}
    rows = []
    if costs:
        rows += [
            ("parameters", amount(sum(each.parameters for each in costs.values()))),
            ("FLOPs", f"{amount(sum(each.flops for each in costs.values()))} for a forward pass of one example"),
        ]
    file = run.facts.engine.file if run.facts.engine else "weights.safetensors"
    rows.append(("size", f"{size(run.file(file).stat().st_size)} ({file})"))
    for part, model in loaded.model.items():
        name = "latency" if len(loaded.model) == 1 else f"latency of the {part}"
        rows.append((name, f"{duration(latency(model, *story.inputs(part, 1)))} for one example on one thread"))
    if run.facts.seconds is not None:
        waited = "" if run.waiting is None else f"; {run.waiting:.1%} of it spent waiting for data"
        rows.append(("training", f"{duration(run.facts.seconds)}, {run.steps} steps{waited}"))
    try:
        recipe = run.json("recipe.json")
    except RunError:
        return facts(rows)
    usual = Recipe().to_dict()
    own = {name: value for name, value in recipe.items() if value is not None and value != usual.get(name)}
    rows.append(("recipe", ", ".join(f"{name} {value}" for name, value in own.items()) or "the default"))
    return facts(rows)
