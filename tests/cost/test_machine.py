"""Calibration: kept, damaged, worked with; times against the formula and against a clock."""

import json
import math
import random
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from weftnet.architecture.reading import from_dict
from weftnet.architecture.signal import parse
from weftnet.compose import Network, resolve
from weftnet.cost import calibrate
from weftnet.cost.clock import Clock
from weftnet.cost.cost import cost
from weftnet.cost.kernels import Kernels
from weftnet.cost.machine import (
    AGAIN,
    CALLS,
    WAYS,
    Machine,
    cache_path,
    calibration,
    memory_available,
    step_time,
    traffic,
)
from weftnet.cost.meter import Meter
from weftnet.cost.pieces import pieces as PIECES
from weftnet.cost.prices import COLD, NEAR, Nearby, Price, nearby, not_negative, price_of, usual
from weftnet.cost.work import VIEW, Work

#: seconds as `Price` has them
MOVE, GEMM, UPDATE = (
    Price((1e-6, 2e-6, 0.0, 1e-9, 4e-9, 3e-9, 1e-8, 5e-10)),
    Price((1e-6, 0.0, 1e-11, 0.0, 0.0, 0.0, 0.0, 0.0), Nearby(((0.0, 0.0, 0.0, 0.0),), (0.25,))),
    Price((2e-5, 0.0, 0.0, 5e-10, 0.0, 0.0, 1e-6, 0.0)),
)
PRICES = {"move": MOVE, "gemm": GEMM, "update": UPDATE}
MACHINE = Machine(
    "cpu", "a processor", 1, {"view": 5e-7, "node": 4e-6, "start": 3e-5}, 0.5, PRICES,
    {"forward": Nearby(), "backward": Nearby(((1.0, 2.0, 3.0),), (0.125,)), "alone": Nearby()},
)  # fmt: skip


@pytest.fixture
def measured(monkeypatch):
    """Counts how often the machine is measured, without measuring."""
    calls = []

    def measure(device):
        calls.append(device)
        return MACHINE

    monkeypatch.setattr(calibrate, "measure", measure)
    return calls


def test_it_is_measured_once_and_kept_as_json(measured):
    assert calibration() == calibration() == MACHINE
    assert len(measured) == 1
    assert json.loads(cache_path().read_text())["prices"]["move"]["each"] == list(MOVE.each)
    assert calibration(anew=True) == MACHINE
    assert len(measured) == 2


def test_other_threads_are_another_calibration(measured):
    one = cache_path()
    torch.set_num_threads(2)
    try:
        assert cache_path() != one
    finally:
        torch.set_num_threads(1)


def _shorn(text: str) -> str:
    return text[: len(text) // 2]


@pytest.mark.parametrize(
    "damage",
    [
        _shorn,
        lambda text: "",
        lambda text: "[]",
        lambda text: text.replace('"prices"', '"rates"'),
        lambda text: text.replace("5e-10", "-1"),
        lambda text: text.replace("5e-10", '"many"'),
        lambda text: text.replace("4e-09,", ""),
        lambda text: text.replace('"format": 3', '"format": 2'),
        lambda text: text.replace('"node"', '"nod"'),
        lambda text: text.replace('"alone"', '"alon"'),
        lambda text: text.replace("4e-06", "NaN"),
        lambda text: text.replace("0.125", "NaN"),
        lambda text: text.replace("0.25", "0.25, 0.25"),
    ],
)
def test_a_damaged_calibration_is_measured_anew_and_says_so(measured, damage):
    calibration()
    path = cache_path()
    path.write_text(damage(path.read_text()))
    machine = calibration()
    assert "measured anew" in machine.note
    assert str(path) in machine.note
    assert replace(machine, note="") == MACHINE
    assert calibration() == MACHINE  # whole again
    assert len(measured) == 2


def test_a_cache_that_can_not_be_written_is_no_failure(measured, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert "could not be kept" in calibration().note


def test_a_kernel_that_was_not_measured_has_the_price_of_what_is_nearest():
    machine = replace(MACHINE, prices=PRICES | {"move_scattered": UPDATE, "gemm_left_backward": UPDATE})
    assert machine.price("gemm_backward") == machine.price("gemm_right") == GEMM
    assert machine.price("gemm_left_turned_backward") == UPDATE
    assert machine.price("sinh") == machine.price("sinh_backward") == MOVE
    assert machine.price("sinh_scattered_backward") == UPDATE


def test_the_price_of_a_call_is_that_of_its_counts():
    """The formula in Python floats."""
    step = float(3 * COLD)  # three quarters of what is read lie in no cache
    work = Work("move", 0, NEAR + 1000, 7, 5, fresh=100)
    own, rest = 1e-6 + 2e-6 * 0.75, (1e-9 + 4e-9 * 0.75) * (NEAR + 1000) + 3e-9 * 1000 + 5e-8 + 5e-8
    assert MACHINE.seconds([(work, 3)], step) == pytest.approx(3 * (own + rest))
    assert MACHINE.seconds([(work, AGAIN)], step) == pytest.approx(AGAIN * (0.5 * own + rest))  # repeated: half a call
    assert MACHINE.seconds([(VIEW, 4), (work, 1)], step) == pytest.approx(4 * 5e-7 + own + rest)


def test_a_call_near_one_that_was_measured_is_corrected():
    """k falls with the distance of the logarithms of its sizes."""
    sizes, step = (6, 7, 8), 10.0
    apart = math.sqrt(sum(math.log(size) ** 2 for size in sizes) + (0.5 * math.log(step)) ** 2)
    wanted = (1e-6 + 1e-11 * 1000) * math.exp(0.25 * 0.4**2 * math.exp(-apart))
    assert MACHINE.seconds([(Work("gemm", 0, 50, 1000, 1, shape=sizes), 1)], step) == pytest.approx(wanted)


def test_a_correction_gives_back_what_was_measured_and_fades_away_from_it():
    points = np.random.default_rng(0).normal(size=(20, 3)) * 5
    left = np.random.default_rng(1).normal(size=20) * 0.3
    found = nearby(points, left)
    assert np.log(found.factors(points)) == pytest.approx(left, abs=0.06)
    assert found.factors(points + 100) == pytest.approx(np.ones(20))
    assert found.factors(points[:, :2]) == pytest.approx(np.ones(20))  # of other sizes: nothing is known
    assert np.isfinite(nearby(np.zeros((3, 3)), left[:3]).factors(np.zeros((1, 3)))).all()  # thrice the same


def test_a_step_is_the_sum_of_its_calls():
    counted = cost(resolve(from_dict(["relu", {"dense": {"dim": 3}}]).parts["network"], {"x": parse("vector:5")}), 8)
    step, moved = step_time(counted, MACHINE), traffic(counted)
    forward = [(work, n) for row in counted.rows for work, n in row.forward]
    backward = [(work, n) for row in counted.rows for work, n in row.backward]
    assert moved == sum(work.moved * n for work, n in (*forward, *backward)) > 0
    assert step.forward == pytest.approx(MACHINE.seconds(forward, moved) + 2 * 4e-6)
    seconds = MACHINE.seconds(backward, moved) + 3e-5
    calls = sum(n for _, n in backward)
    apart = math.dist((math.log(calls), 0.5 * math.log(moved), math.log(seconds)), (1, 2, 3))
    assert step.backward == pytest.approx(seconds * math.exp(0.125 * 0.16 * math.exp(-apart)))
    steps = 2 * 2 * 4  # the count of steps that torch keeps for each parameter, read and written
    assert step.update == pytest.approx(2e-5 + 5e-10 * (7 * 4 * 18 + steps) + 2e-6)
    assert step.total == step.forward + step.backward + step.update
    still = cost(resolve(from_dict(["relu"]).parts["network"], {"x": parse("vector:5")}), 8)
    assert step_time(still, MACHINE).backward == step_time(still, MACHINE).update == 0


def test_prices_are_found_again_from_what_they_make():
    """Random calls, priced; the fit has to find what explains them, none of it negative."""
    chance = random.Random(0)
    each = (3e-6, 1e-6, 2e-10, 1e-11, 3e-11, 1e-10, 2e-9, 1e-10)
    calls = []
    for _ in range(400):
        moved = chance.choice([10**3, 10**5, 10**6, 10**8])
        work = Work("gemm", 0, moved, chance.choice([10**2, 10**5, 10**7]), chance.choice([1, 10**3, 10**5]))
        work = replace(work, fresh=moved if moved > 10**7 else 0)
        step = chance.choice([10**5, 10**7, 10**9])
        calls.append((work, step, float(sum(Price(each).seconds([work], step))[0])))
    found = price_of(calls[:300], usual(calls[:300]))
    assert min(found.each) >= 0
    for work, step, seconds in calls[300:]:
        assert float(sum(found.seconds([work], step))[0]) == pytest.approx(seconds, rel=0.1)


def test_least_squares_without_negative_numbers():
    """Against the unbounded solution where that is positive, and its neighbours where it is not."""
    draw = np.random.default_rng(0)
    table, x = draw.random((40, 4)), np.array([1.0, 2.0, 0.5, 3.0])
    assert not_negative(table, table @ x) == pytest.approx(x, rel=0.01)
    wanted = table @ np.array([1.0, -2.0, 0.5, 3.0])
    found = not_negative(table, wanted)
    assert found[1] == 0
    error = np.square(table @ found - wanted).sum()
    for change in 0.05 * np.vstack([np.eye(4), -np.eye(4)]):
        if (found + change >= 0).all():
            assert np.square(table @ (found + change) - wanted).sum() > error


@pytest.mark.parametrize(
    ("make", "shape"),
    [
        (lambda: nn.Sequential(nn.Linear(12, 7), nn.ReLU(), nn.LayerNorm(7)), (5, 12)),
        (
            lambda: nn.Sequential(nn.Conv2d(3, 8, 3, stride=2), nn.BatchNorm2d(8), nn.Tanh(), nn.MaxPool2d(2)),
            (4, 3, 13, 9),
        ),
        (lambda: nn.LSTM(5, 6, batch_first=True), (3, 7, 5)),
    ],
)
def test_what_is_timed_is_what_is_counted(make, shape):
    """The clock sees on the processor the calls that the meter counts on the meta device."""

    def run(model, x):
        y = model(x)
        y = y[0] if isinstance(y, tuple) else y
        torch.autograd.grad(y, [x, *model.parameters()], torch.ones_like(y))

    model, x = make(), torch.randn(shape, requires_grad=True)
    run(model, x)
    with Clock(torch.device("cpu")) as clock:
        run(model, x)
    meter = Meter(iter(()), iter(()))
    with torch.device("meta"):
        model, x = make(), torch.empty(shape, requires_grad=True)
    with meter, Kernels(meter):
        run(model, x)
    counted = [(work, n) for works in meter.work.values() for work, n in works.items() if work is not VIEW]
    products = {"gemm", "gemm_left", "gemm_right", "conv", "conv_backward", "lstm", "lstm_backward"}
    timed = [work for work, _ in clock.calls if work.kind in products]
    assert sorted(map(repr, timed)) == sorted(
        repr(work) for work, n in counted for _ in range(n) if work.kind in products
    )
    assert {work.kind for work, _ in clock.calls} == {work.kind for work, _ in counted}
    assert all(seconds > 0 for _, seconds in clock.calls)


def test_memory_available_is_less_than_the_machine_has():
    assert 10_000_000 < memory_available() < 2**50


@pytest.mark.slow
def test_a_real_calibration_has_a_price_for_every_family_of_kernels():
    """How well it foretells the time of real steps is measured in benchmarks/cost.py."""
    machine = calibrate.measure()
    wanted = {"gemm", "bmm", "conv", "conv_backward", "conv_depthwise", "lstm", "attention", "max_pool", "batch_norm"}
    assert machine.prices.keys() >= wanted | {"softmax", "copy", "table", "random", "update", "move"}
    assert machine.calls.keys() == CALLS
    assert machine.passes.keys() == set(WAYS)
    network = Network(resolve(from_dict([{"dense": {"dim": 512}}]).parts["network"], {"x": parse("vector:400")}))
    few, many = (step_time(cost(network, batch), machine).total for batch in (64, 4096))
    assert 0 < few < many


def test_a_small_calibration_explains_what_it_measured(monkeypatch):
    """A few pieces and one network: every stage of the measurement on this machine."""
    monkeypatch.setattr(calibrate, "pieces", lambda: list(PIECES())[::20])
    monkeypatch.setattr(calibrate, "_DRAWN", 0)
    machine = calibrate.measure()
    assert {"gemm", "move", "update", "batch_norm_flat"} <= machine.prices.keys()
    tree = resolve(
        from_dict([{"repeat": {"times": 3, "body": [{"dense": {"dim": 128}}, "batch_norm", "relu"]}}]).parts["network"],
        {"x": parse("vector:784")},
    )
    step = calibrate._Step(tree, 64, torch.device("cpu"))
    step()
    took = sum(each.seconds for each in step.passes(torch.device("cpu")))
    assert took / 3 < step_time(step.cost, machine).total < took * 3
