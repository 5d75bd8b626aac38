"""Networks of a series that read what is known beside it: in advance, and of the series as a whole.

    y = f(series) + g(known[t + h], static)        h = 1 … horizon; g the same at each step: dense, relu, dense

`ahead` (window and horizon) and `table` are inputs of their own, see `weftnet.data.forecasting`. Where they are not,
networks stay as they are. Of quantiles g moves the median, and all others with it.
"""

from collections.abc import Mapping
from dataclasses import replace

from weftnet.architecture.signal import Signal
from weftnet.architecture.spec import Architecture, Block, Chain, Graph, Node, Wire
from weftnet.tasks._propose.candidate import Candidate, nodes_of
from weftnet.tasks.forecasting.task import Forecasting

#: the inputs of a forecast: its window, and what is known beside it
SERIES, AHEAD, TABLE = "series", "ahead", "table"
_WIDTH = 32


def beside(candidate: Candidate, signals: Mapping[str, Signal], task: Forecasting) -> Candidate:
    """The candidate's forecast, corrected by what is known; one that is solved for or compared with stays alone."""
    others = [name for name in (AHEAD, TABLE) if name in signals]
    if not others:
        return candidate
    network = Chain(nodes_of(candidate))
    if candidate.recipe.get("solver") is not None:
        alone = Graph((SERIES,), {"alone": Wire((SERIES,), network)}, ("alone",))
        return replace(candidate, architecture=Architecture.of(alone))
    wires, known = _read(others, task)
    g = (Block("dense", {"dim": _WIDTH}), Block("relu"), Block("dense", {"dim": len(task.targets)}))
    pad: tuple[Node, ...] = (Block("pad_time", {"multiple": task.steps_given}),) if task.quantiles else ()
    wires |= {
        "effect": Wire(known, Chain((*g, *pad)), "concat" if len(known) > 1 else None),
        "network": Wire((SERIES,), network),
        "sum": Wire(("network", "effect"), _whole(task), "add"),
    }
    why = f"{candidate.why}; what is known beside it moves the forecast"
    return replace(candidate, architecture=Architecture.of(Graph((SERIES, *others), wires, ("sum",))), why=why)


def solved(signals: Mapping[str, Signal], task: Forecasting, season: Node, most: int) -> list[Candidate]:
    """Weighted sums of all that is known, in closed form; none where that is nothing, or too many values.

    Args:
        signals: of the data.
        task: with its horizon.
        season: the naive forecast, of which this is a correction.
        most: values of which weighted sums are solved for.
    """
    others = [name for name in (AHEAD, TABLE) if name in signals]
    values = signals[SERIES].numel + sum(signals[name].numel for name in others)
    if not others or task.quantiles or values > most:
        return []
    wires, known = _read(others, task)
    flat = {f"{name}_values": Wire((name,), Block("flatten")) for name in known}
    wires |= flat
    wires["series_values"] = Wire((SERIES,), Chain((Block("subtract_last"), Block("flatten"))))
    sums = (Block("dense", {"dim": task.horizon * len(task.targets)}), _whole(task))
    wires |= {
        "effect": Wire(("series_values", *flat), Chain(sums), "concat"),
        "naive": Wire((SERIES,), season),
        "sum": Wire(("naive", "effect"), _whole(task), "add"),
    }
    why = "the best weighted sums of the window and of what is known beside it"
    architecture = Architecture.of(Graph((SERIES, *others), wires, ("sum",)))
    return [Candidate("linear_beside", architecture, {"solver": "ridge"}, why)]


def _read(others: list[str], task: Forecasting) -> tuple[dict[str, Wire], tuple[str, ...]]:
    """Nodes that give what is known at each step ahead: the end of `ahead`, and `table` at every step."""
    wires = {}
    if AHEAD in others:  # a season as long as the horizon is the horizon
        last = Block("seasonal_naive", {"horizon": task.horizon, "period": task.horizon})
        wires["known"] = Wire((AHEAD,), last)
    if TABLE in others:
        every = (Block("reshape", {"shape": [1, -1]}), Block("interpolate1d", {"steps": task.horizon}))
        wires["static"] = Wire((TABLE,), Chain(every))
    return wires, tuple(wires)


def _whole(task: Forecasting) -> Block:
    """Says that this is the forecast, to which the task adds no map."""
    return Block("reshape", {"shape": [task.steps_given, len(task.targets)]})
