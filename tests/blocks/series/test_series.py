"""The blocks for forecasts, against their formulas in loops."""

import itertools

import pytest
import torch
from oracles import exports, functional, gradients_match, normal, padding_neutral, same
from torch import Tensor

from weftnet.architecture.signal import parse
from weftnet.blocks import BLOCKS
from weftnet.compose import build
from weftnet.zoo import ZOO


def make(name: str, *settings: object, **more: object) -> torch.nn.Module:
    return BLOCKS.get(name)(*settings, **more).double()


def rows(x: Tensor, value: object, steps: int) -> Tensor:
    """(batch, steps, dim), each step from `value(b, t)`."""
    return torch.stack([torch.stack([value(b, t) for t in range(steps)]) for b in range(len(x))])


def repeated(x: Tensor, horizon: int, period: int, channels: list[int]) -> Tensor:
    """From the last step back in whole seasons until the past is reached."""

    def at(b: int, ahead: int) -> Tensor:
        step = x.shape[1] + ahead
        while step >= x.shape[1]:
            step -= period
        return torch.stack([x[b, step, c] for c in channels])

    return rows(x, at, horizon)


def differences(x: Tensor, period: int) -> Tensor:
    def at(b: int, t: int) -> Tensor:
        step = t
        while step + period < x.shape[1]:
            step += period
        return x[b, t] - x[b, step]

    return rows(x, at, x.shape[1])


def average(x: Tensor, size: int) -> Tensor:
    def at(b: int, t: int) -> Tensor:
        near = [x[b, s] for s in range(x.shape[1]) if abs(s - t) <= size // 2]
        return sum(near[1:], near[0]) / len(near)

    return rows(x, at, x.shape[1])


def lines(x: Tensor, steps: int) -> Tensor:
    def at(b: int, t: int) -> Tensor:
        u = min(max((t + 0.5) * x.shape[1] / steps - 0.5, 0), x.shape[1] - 1)
        low = min(int(u), x.shape[1] - 2) if x.shape[1] > 1 else 0
        high = min(low + 1, x.shape[1] - 1)
        return x[b, low] + (u - low) * (x[b, high] - x[b, low])

    return rows(x, at, steps)


@pytest.mark.parametrize(("period", "channels"), [(1, None), (3, [2, 0]), (7, [1])])
def test_seasonal_naive(period: int, channels: list[int] | None) -> None:
    block, which = make("seasonal_naive", 5, period, channels), channels or [0, 1, 2]
    gradients_match(block, lambda x: repeated(x, 5, period, which), [normal(2, 7, 3)])
    exports(block, normal(2, 7, 3))


@pytest.mark.parametrize("period", [1, 3, 6])
def test_subtract_last(period: int) -> None:
    block = make("subtract_last", period)
    gradients_match(block, lambda x: differences(x, period), [normal(2, 8, 3)])
    x = normal(3, 8, 2)
    same(block(x + 5), block(x))
    if period == 1:
        padding_neutral(block, x, [8, 3, 1], lambda steps: steps)
    padding_neutral(block, x, [8, 6, 7], lambda steps: steps)
    exports(block, x, torch.arange(8) < torch.tensor([[8], [6], [7]]))


@pytest.mark.parametrize("size", [1, 3, 5, 21])
@pytest.mark.parametrize("remainder", [False, True])
def test_moving_average(size: int, remainder: bool) -> None:
    block = make("moving_average", size, remainder)
    gradients_match(block, lambda x: x - average(x, size) if remainder else average(x, size), [normal(2, 11, 3)])
    padding_neutral(block, normal(3, 11, 2), [11, 4, 1], lambda steps: steps)
    exports(block, normal(3, 11, 2), torch.arange(11) < torch.tensor([[11], [4], [1]]))


def quantiles(x: Tensor, levels: list[float]) -> Tensor:
    """From the median outwards, a softplus at a time."""
    steps, half = x.shape[1] // len(levels), levels.index(0.5)
    places = [half, *(place for place in range(len(levels)) if place != half)]
    raw = {place: x[:, number * steps : (number + 1) * steps] for number, place in enumerate(places)}
    made = {half: raw[half]}
    for place in range(half + 1, len(levels)):
        made[place] = made[place - 1] + torch.log1p(raw[place].exp())
    for place in range(half - 1, -1, -1):
        made[place] = made[place + 1] - torch.log1p(raw[place].exp())
    return torch.cat([made[place] for place in places], 1)


@pytest.mark.parametrize("levels", [[0.1, 0.5, 0.9], [0.05, 0.25, 0.5, 0.6], [0.5, 0.7, 0.8, 0.9], [0.2, 0.5]])
def test_ordered_quantiles(levels: list[float]) -> None:
    block, x = make("ordered_quantiles", levels), normal(3, 2 * len(levels), 5)
    gradients_match(block, lambda each: quantiles(each, levels), [x])
    first, *others = block(x).chunk(len(levels), 1)
    others.insert(levels.index(0.5), first)
    assert all((a < b).all() for a, b in itertools.pairwise(others))
    exports(block, x)


@pytest.mark.parametrize("own", [False, True])
def test_along_time(own: bool) -> None:
    f, weights = functional(make("along_time", 6, 3, 4, own))

    def map_steps(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        def at(b: int, h: int) -> Tensor:
            own_weight = [weight[c] if own else weight for c in range(3)]
            own_bias = [bias[c] if own else bias for c in range(3)]
            sums = [sum(own_weight[c][h, t] * x[b, t, c] for t in range(6)) + own_bias[c][h] for c in range(3)]
            return torch.stack(sums)

        return rows(x, at, 4)

    gradients_match(f, map_steps, [normal(2, 6, 3), *weights])
    exports(make("along_time", 6, 3, 4, own), normal(2, 6, 3))
    assert not make("along_time", 6, 3, 4, own, zero=True)(normal(2, 6, 3)).any()


@pytest.mark.parametrize("own", [False, True])
def test_the_map_along_time_starts_as_torchs(own: bool) -> None:
    weight = BLOCKS.get("along_time")(400, 2, 300, own).linear.weight.detach()
    assert weight.abs().max() <= 1 / 20
    assert weight.std() == pytest.approx(torch.nn.Linear(400, 300).weight.std().item(), rel=0.02)


@pytest.mark.parametrize(("time", "steps"), [(3, 8), (4, 4), (1, 5), (7, 3)])
def test_interpolate1d(time: int, steps: int) -> None:
    block = make("interpolate1d", steps)
    gradients_match(block, lambda x: lines(x, steps), [normal(2, time, 3)])
    exports(block, normal(2, time, 3))


@pytest.mark.parametrize(
    ("name", "settings", "text"),
    [
        ("seasonal_naive", {"horizon": 0}, "horizon: expected a positive integer, got 0"),
        ("seasonal_naive", {"horizon": 2, "period": 0}, "period: expected a positive integer, got 0"),
        ("seasonal_naive", {"horizon": 2, "channels": [-1]}, r"channels: expected numbers of features, from 0 on"),
        ("subtract_last", {"period": 0}, "period: expected a positive integer, got 0"),
        ("moving_average", {"size": 4}, "size: expected a positive odd number, got 4"),
        ("along_time", {"time": 3, "dim": 2, "steps": 0}, "steps: expected a positive integer, got 0"),
        ("ordered_quantiles", {"levels": [0.1, 0.9]}, "levels: expected 0.5 and others, ascending"),
        ("ordered_quantiles", {"levels": [0.5, 0.2]}, "levels: expected 0.5 and others, ascending"),
        ("interpolate1d", {"steps": 0}, "steps: expected a positive integer, got 0"),
    ],
)
def test_bad_settings(name: str, settings: dict[str, object], text: str) -> None:
    with pytest.raises(ValueError, match=f"^{name}: {text}"):
        BLOCKS.get(name)(**settings)


def test_series_that_are_too_short_are_refused() -> None:
    for name, settings in (("seasonal_naive", (2, 9)), ("subtract_last", (9,))):
        with pytest.raises(ValueError, match=f"^{name}: period: expected at most the series' 7 steps, got 9"):
            make(name, *settings)(normal(1, 7, 2))
    with pytest.raises(ValueError, match=r"^seasonal_naive: channels: expected below 2, got \[2\]"):
        make("seasonal_naive", 2, 1, [2])(normal(1, 7, 2))


def test_steps_that_levels_do_not_divide_are_refused() -> None:
    with pytest.raises(ValueError, match=r"^ordered_quantiles: expected steps for each of 3 levels, got 7"):
        make("ordered_quantiles")(normal(1, 7, 2))


def test_nhits_is_its_formula() -> None:
    """Stack by stack, in float64, from the weights in their order; the last stack takes nothing away."""
    settings = {"horizon": 5, "context": 12, "width": 4, "pools": [3, 1], "rates": [2, 1]}
    network = build(ZOO.get("nhits")(**settings), {"network": {"x": parse("series:12x2")}}, seed=0)["network"].double()
    weights = list(network.parameters())

    def written(x: Tensor, *values: Tensor) -> Tensor:
        maps = iter(zip(values[::2], values[1::2], strict=True))

        def dense(z: Tensor) -> Tensor:
            weight, bias = next(maps)
            return torch.einsum("ht,btc->bhc", weight, z) + bias[:, None]

        pooled = x.unflatten(1, (4, 3)).amax(2)
        hidden = dense(dense(pooled).relu()).relu()
        first, back = lines(dense(hidden), 5), lines(dense(hidden), 12)
        hidden = dense(dense(x - back).relu()).relu()
        return first + dense(hidden)

    x = normal(3, 12, 2)
    values = [torch.randn_like(weight) for weight in weights]
    names = [name for name, _ in network.named_parameters()]

    def f(x: Tensor, *values: Tensor) -> Tensor:
        return torch.func.functional_call(network, dict(zip(names, values, strict=True)), ({"x": x},))

    gradients_match(f, written, [x, *values])


def test_nbeats_is_its_formula() -> None:
    """Stack by stack, in float64, from the weights in their order; the last stack takes nothing away."""
    settings = {"horizon": 5, "context": 7, "width": 4, "stacks": 3, "depth": 2}
    network = build(ZOO.get("nbeats")(**settings), {"network": {"x": parse("series:7x2")}}, seed=0)["network"].double()
    names = [name for name, _ in network.named_parameters()]
    of = {(name.split(".")[0], name.split(".")[1:][0]): [] for name in names}
    for name in names:
        of[name.split(".")[0], name.split(".")[1]].append(name)

    def written(x: Tensor, *values: Tensor) -> Tensor:
        named = dict(zip(names, values, strict=True))

        def dense(node: str, place: int, z: Tensor) -> Tensor:
            weight, bias = (named[each] for each in of[node, str(place)])
            return torch.einsum("ht,btc->bhc", weight, z) + bias[:, None]

        total, rest = torch.zeros(len(x), 5, 2, dtype=x.dtype), x
        for stack in range(3):
            hidden = dense(f"read{stack}", 2, dense(f"read{stack}", 0, rest).relu()).relu()
            total = total + dense(f"forecast{stack}", 0, hidden)
            rest = rest - dense(f"backcast{stack}", 0, hidden) if stack < 2 else rest
        return total

    def f(x: Tensor, *values: Tensor) -> Tensor:
        return torch.func.functional_call(network, dict(zip(names, values, strict=True)), ({"x": x},))

    gradients_match(f, written, [normal(3, 7, 2), *(torch.randn_like(each) for each in network.parameters())])
