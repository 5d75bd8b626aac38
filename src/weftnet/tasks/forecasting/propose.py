"""For the next steps of a series: maps along time, and networks whose correction comes before such a map.

    y = naive(x) + f(x − last value of x),      f = 0 at first

The naive forecast is the last season, where one repeats in the training part, and the last value where none does. So
each network but the plain linear map starts as the naive forecast, and where a series drifts, so does the forecast.
"""

from collections.abc import Mapping

from weftnet.architecture.signal import Signal
from weftnet.architecture.spec import Architecture, Block, Chain, Node, Parallel, Repeat, Residual
from weftnet.tasks._propose.candidate import Candidate, adamw, nodes_of, plain
from weftnet.tasks.forecasting.task import Forecasting

#: the most series for which each gets a linear map of its own
_OWN = 64


def forecasting(signals: Mapping[str, Signal], task: Forecasting) -> list[Candidate]:
    """Linear forecasts, those of several rates, and a network of each family that corrects the window."""
    if [signal.kind for signal in signals.values()] != ["series"]:
        return []
    ((time, dim),) = (signal.sizes for signal in signals.values())
    why = "one linear map along time for all channels: a strong baseline"
    same = Block("dropout", {"rate": 0.0})  # the identity: an architecture needs at least one block
    linear = Candidate("linear", Architecture.of([same]), adamw(1e-2), why)
    read = [*_linear(task.horizon, time, dim), *_correcting(task.horizon, time, dim)]
    return [linear, *(_from_naive(each, task, dim) for each in read)]


def _linear(horizon: int, time: int, dim: int) -> list[Candidate]:
    """What reads the steps of each series by itself."""
    ahead = Block("along_time", {"steps": horizon, "own": 1 < dim <= _OWN, "zero": True})
    every = "each series" if 1 < dim <= _OWN else "all channels"
    nlinear = f"a linear map along time for {every}, of the differences from the last value"
    return [
        Candidate("nlinear", Architecture.of([ahead]), adamw(3e-3), nlinear),
        plain(
            "dlinear", {"horizon": horizon, "zero": True}, adamw(3e-3),
            "a linear map for the trend, another for the rest",
        ),
        plain(
            "nhits", {"horizon": horizon, "context": time, "dropout": 0.1, "zero": True}, adamw(1e-3, clip=1.0),
            "coarse and fine stacks, each explains what the others left",
        ),
    ]  # fmt: skip


def _correcting(horizon: int, time: int, dim: int) -> list[Candidate]:
    """Dense layers, convolutions, recurrence and attention, whose correction comes before a linear map along time."""
    drop, shape = Block("dropout", {"rate": 0.2}), Block("reshape", {"shape": [time, dim]})
    image = Block("sequence_to_channels")  # there a convolution one column wide treats every channel alike
    hidden = [Block("along_time", {"steps": 128}), Block("relu"), drop]
    conv = [Block("conv2d", {"channels": 16, "kernel": [7, 1]}), Block("relu")]
    attend = [Block("dense", {"dim": 64}), Block("sinusoidal_positions")]
    layer = Block("transformer_encoder_layer", {"heads": 4, "dropout": 0.2})
    back = [drop, Block("dense", {"dim": dim})]
    networks: dict[str, tuple[list[Node], float, str]] = {
        "mlp": (
            [*hidden, Block("along_time", {"steps": time})], 3e-3, "dense layers along time, each channel by itself",
        ),
        "series_cnn": (
            [image, *conv, *conv, drop, Block("conv2d", {"channels": 1, "kernel": [7, 1]}), shape], 3e-3,
            "convolutions find patterns in each channel",
        ),
        "series_lstm": (
            [Block("lstm", {"dim": 16}), Block("dropout", {"rate": 0.5}), Block("dense", {"dim": dim})], 5e-3,
            "reads all channels step by step",
        ),
        "series_transformer": (
            [*attend, Repeat(2, layer), Block("layer_norm"), *back], 1e-3, "every step attends to all others",
        ),
    }  # fmt: skip
    ahead = Block("along_time", {"steps": horizon, "zero": True})
    return [
        Candidate(name, Architecture.of([Residual(Chain(tuple(nodes))), ahead]), adamw(lr, clip=1.0), why)
        for name, (nodes, lr, why) in networks.items()
    ]


def _from_naive(candidate: Candidate, task: Forecasting, dim: int) -> Candidate:
    """The naive forecast, and the candidate's of differences from the last value as a correction of it."""
    targets = len(task.targets)
    across = [] if task.channels == list(range(dim)) else [Block("dense", {"dim": targets, "bias": False})]
    body = Chain((Block("subtract_last"), *nodes_of(candidate), *across))
    season = {"period": task.period or 1, **({"channels": task.channels} if across else {})}
    naive = Block("seasonal_naive", {"horizon": task.horizon, **season})
    whole = Block("reshape", {"shape": [task.horizon, targets]})  # it is the whole forecast: the task adds nothing
    network = Architecture.of([Parallel((body, naive), "add"), whole])
    return Candidate(candidate.name, network, candidate.recipe, candidate.why)
