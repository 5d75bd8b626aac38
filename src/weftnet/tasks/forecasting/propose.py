"""For the next steps of a series: maps along time, and networks whose correction comes before such a map.

    y = naive(x) + f(x − last value of x),      f = 0 at first

The naive forecast is the last season, where one repeats in the training part, and the last value where none does. So
each network but the plain linear map starts as the naive forecast, and where a series drifts, so does the forecast.
"""

from collections.abc import Mapping
from typing import Any

from weftnet.architecture.signal import Signal
from weftnet.architecture.spec import Architecture, Block, Chain, Node, Parallel, Repeat, Residual
from weftnet.tasks._propose.candidate import Candidate, adamw, nodes_of, plain
from weftnet.tasks.forecasting._beside import AHEAD, SERIES, TABLE, beside, solved
from weftnet.tasks.forecasting.task import Forecasting

#: the most series for which each gets a linear map of its own
_OWN = 64
#: the most values of which weighted sums are solved for
_VALUES = 2048


def forecasting(signals: Mapping[str, Signal], task: Forecasting) -> list[Candidate]:
    """Naive and linear forecasts, those of several rates, and a network of each family that corrects the window.

    Of quantiles, those that are trained: nothing solves for them.
    """
    if SERIES not in signals or set(signals) - {SERIES, AHEAD, TABLE} or signals[SERIES].kind != SERIES:
        return []
    time, dim = signals[SERIES].sizes
    steps = task.steps_given
    read = [_solved(task, time, dim), *_by_series(steps, time, dim), *_correcting(steps, time, dim)]
    alone = [_smoothed(task, time, dim), *_differences(task, time, dim)]
    offers = [*_naive(task, dim), _linear(task, dim), *alone, *(_from_naive(each, task, dim) for each in read)]
    offers = [beside(each, signals, task) for each in offers]
    offers += solved(signals, task, _season(task, dim, task.period or 1), _VALUES)
    return [each for each in offers if not task.quantiles or each.recipe.get("solver") in (None, "as_is")]


def _naive(task: Forecasting, dim: int) -> list[Candidate]:
    """The forecasts that every other one has to beat: the last value and, where one is known, the last season."""
    last = (1, "the last value for every step ahead")
    offers = {"last_value": last, "last_season": (task.period or 1, "the last season once more")}
    return [
        Candidate(name, _whole(task, _season(task, dim, period)), {"solver": "as_is"}, why, baseline=True)
        for name, (period, why) in offers.items()
        if name == "last_value" or period > 1
    ]


def _smoothed(task: Forecasting, time: int, dim: int) -> Candidate:
    """Exponential smoothing of every target by itself, which is a linear map along time."""
    ahead = Block("along_time", {"steps": task.horizon, "own": _own(task)})
    recipe = {"solver": "exponential_smoothing", "solver_settings": {"period": task.period or 1}}
    why = "exponential smoothing: level, damped trend and season that follow the series"
    return Candidate("ets", _whole(task, *_targets(task, time, dim), ahead), recipe, why, baseline=True)


def _differences(task: Forecasting, time: int, dim: int) -> list[Candidate]:
    """Linear maps along time in closed form, of each target by itself or of differences from its last season."""
    season = task.period or 1
    offers = {
        "nlinear_own": (_own(task), 1, "the best linear map along time of each series by itself"),
        "nlinear_season": (1 < season < time, season, "the best linear map of the differences from the last season"),
    }
    return [
        Candidate(name, _whole(task, *_targets(task, time, dim), Parallel((
            Chain((Block("subtract_last", {"period": period}), Block("along_time", {
                "steps": task.horizon, "own": _own(task) and period == 1,
            }))),
            Block("seasonal_naive", {"horizon": task.horizon, "period": period}),
        ), "add")), {"solver": "ridge"}, why)
        for name, (suits, period, why) in offers.items() if suits
    ]  # fmt: skip


def _linear(task: Forecasting, dim: int) -> Candidate:
    """The linear map that the task's head is, solved for where that is all of it."""
    why = "one linear map along time for all channels: a strong baseline"
    same = Block("dropout", {"rate": 0.0})  # the identity: an architecture needs at least one block
    recipe = adamw(1e-2) if _some(task, dim) or task.quantiles else {"solver": "ridge"}
    return Candidate("linear", Architecture.of([same]), recipe, why)


def _solved(task: Forecasting, time: int, dim: int) -> Candidate:
    """A linear map of differences from the last value, in closed form: along time, or of all channels to some."""
    ahead: list[Node] = [Block("along_time", {"steps": task.steps_given})]
    recipe: Mapping[str, Any] = {"solver": "ridge"}
    why = "the best linear map along time of the differences from the last value"
    if task.quantiles:
        recipe = adamw(3e-3)
    elif _some(task, dim) and time * dim <= _VALUES:
        wide = {"dim": task.horizon * len(task.targets)}
        ahead = [Block("flatten"), Block("dense", wide), Block("reshape", {"shape": [task.horizon, len(task.targets)]})]
        why = "the best weighted sums of all differences from the last values"
    elif _some(task, dim):
        recipe = adamw(3e-3)
    return Candidate("nlinear", Architecture.of(ahead), recipe, why)


def _by_series(horizon: int, time: int, dim: int) -> list[Candidate]:
    """What reads the steps of each series by itself."""
    own = 1 < dim <= _OWN
    each = " of each series" if own else ""
    return [
        plain(
            "dlinear", {"horizon": horizon, "own": own, "zero": True}, adamw(3e-3),
            f"a linear map for the trend{each}, another for the rest",
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
    targets, nodes = len(task.targets), nodes_of(candidate)
    complete = isinstance(nodes[-1], Block) and nodes[-1].name == "reshape"
    across = [] if complete or not _some(task, dim) else [Block("dense", {"dim": targets, "bias": False})]
    body = Chain((Block("subtract_last"), *nodes, *across))
    network = _whole(task, Parallel((body, _season(task, dim, task.period or 1)), "add"))
    return Candidate(candidate.name, network, candidate.recipe, candidate.why)


def _whole(task: Forecasting, *nodes: Node) -> Architecture:
    """A network that gives the forecast; a last layer says so, to which the task adds none."""
    return Architecture.of([*nodes, Block("reshape", {"shape": [task.steps_given, len(task.targets)]})])


def _season(task: Forecasting, dim: int, period: int) -> Node:
    """The last season of the targets, repeated; of quantiles that is the median, with nothing behind it."""
    some = {"channels": task.channels} if _some(task, dim) else {}
    season = Block("seasonal_naive", {"horizon": task.horizon, "period": period, **some})
    return Chain((season, Block("pad_time", {"multiple": task.steps_given}))) if task.quantiles else season


def _targets(task: Forecasting, time: int, dim: int) -> list[Node]:
    """The window of the targets alone: nothing, where all channels are targets."""
    window = {
        "horizon": time,
        "period": time,
        "channels": task.channels,
    }  # a season as long as the window is the window
    return [Block("seasonal_naive", window)] if _some(task, dim) else []


def _own(task: Forecasting) -> bool:
    """Whether each target gets a linear map of its own."""
    return 1 < len(task.targets) <= _OWN


def _some(task: Forecasting, dim: int) -> bool:
    """Whether the targets are not just the channels in their order."""
    return task.channels != list(range(dim))
