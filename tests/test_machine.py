"""Calibration: kept, damaged, worked with; times against the formula and against a clock."""

import json
import random
from collections import Counter
from dataclasses import replace

import pytest
import torch

from netloom import calibrate
from netloom.build import Network, resolve
from netloom.cost import cost
from netloom.machine import CALLERS, NEAR, Machine, cache_path, calibration, memory_available, step_time
from netloom.reading import from_dict
from netloom.signal import parse
from netloom.work import Work

PRICES = {
    "move": (0.0, 0.0, 1e-9, 3e-9, 1e-8),
    "gemm": (1e-6, 1e-11, 0.0, 0.0, 0.0),
    "update": (0.0, 0.0, 5e-10, 0.0, 1e-6),
}
CALLS = {"python": 1e-5, "backward": 2e-6, "loop": 1e-6, "view": 5e-7, "start": 3e-5, "node": 4e-6}
MACHINE = Machine("cpu", "a processor", 1, CALLS, PRICES)


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
    assert json.loads(cache_path().read_text())["prices"]["move"] == [0.0, 0.0, 1e-9, 3e-9, 1e-8]
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
        lambda text: text.replace("5e-10,", ""),
        lambda text: text.replace('"format": 2', '"format": 1'),
        lambda text: text.replace('"loop"', '"lop"'),
        lambda text: text.replace("4e-06", "NaN"),
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


def test_a_kernel_that_was_not_measured_has_the_price_of_its_forward_or_of_moving():
    assert MACHINE.price("gemm_backward") == PRICES["gemm"]
    assert MACHINE.price("sinh") == MACHINE.price("sinh_backward") == PRICES["move"]


def test_the_price_of_a_call_is_that_of_its_counts():
    near, far = Work("move", 0, NEAR, 7, 5), Work("move", 0, NEAR + 1000, 7, 5, "backward")
    assert MACHINE.seconds(near) == pytest.approx(1e-5 + 1e-9 * NEAR + 5e-8)
    assert MACHINE.seconds(far) == pytest.approx(2e-6 + 1e-9 * (NEAR + 1000) + 3e-9 * 1000 + 5e-8)
    assert MACHINE.seconds(Work("gemm", 10**9, 4000, 10**9, 3, "loop")) == pytest.approx(1e-6 + 1e-6 + 0.01)


def test_a_step_is_the_sum_of_its_calls():
    counted = cost(resolve(from_dict(["relu", {"dense": {"dim": 3}}]).parts["network"], {"x": parse("vector:5")}), 8)
    step = step_time(counted, MACHINE)
    forward = [(work, n) for row in counted.rows for work, n in row.forward]
    backward = [(work, n) for row in counted.rows for work, n in row.backward]
    assert {work.caller for work, _ in forward} == {"python", "view"}
    assert {work.caller for work, _ in backward} == {"backward", "view"}
    assert step.forward == pytest.approx(sum(MACHINE.seconds(work) * n for work, n in forward) + 2 * 4e-6)
    assert step.backward == pytest.approx(sum(MACHINE.seconds(work) * n for work, n in backward) + 3e-5)
    steps = 2 * 2 * 4  # the count of steps that torch keeps for each parameter, read and written
    assert step.update == pytest.approx(1e-5 + 5e-10 * (7 * 4 * 18 + steps) + 2e-6)
    assert step.total == step.forward + step.backward + step.update


def test_prices_are_found_again_from_what_they_make():
    """Rows of random counts, priced; the fit has to find what explains them, none of it negative."""
    chance = random.Random(0)
    rows = []
    for _ in range(400):
        kind = chance.choice(["gemm", "move"])
        moved = chance.choice([10**4, 10**6, 10**7])
        operations, pieces = chance.choice([10**5, 10**7, 10**9]), chance.choice([1, 100, 10**4])
        work = Work(kind, 0, moved, operations, pieces, chance.choice(["python", "backward", "loop"]))
        start = CALLS["start"] if work.caller == "backward" else 0
        nodes = chance.choice([0, 1, 10])
        rows.append((Counter({work: 3}), nodes, 3 * MACHINE.seconds(work) + start + nodes * CALLS["node"]))
    calls, prices = calibrate.fit(rows)
    assert min(calls.values()) >= 0
    assert min(min(price) for price in prices.values()) >= 0
    machine = replace(MACHINE, calls=calls, prices=prices)
    for works, nodes, seconds in rows[::7]:
        (work,) = works
        start = calls["start"] if work.caller == "backward" else 0
        assert 3 * machine.seconds(work) + start + nodes * calls["node"] == pytest.approx(seconds, rel=0.15)


def test_memory_available_is_less_than_the_machine_has():
    assert 10_000_000 < memory_available() < 2**50


def test_a_real_calibration_has_a_price_for_every_family_of_kernels():
    """How well it foretells the time of real steps is measured in benchmarks/cost.py."""
    machine = calibrate.measure()
    wanted = {"gemm", "bmm", "conv", "conv_backward", "conv_depthwise", "lstm", "attention", "max_pool", "batch_norm"}
    assert machine.prices.keys() >= wanted | {"softmax", "copy", "table", "random", "update", "move"}
    assert machine.calls.keys() == CALLERS
    network = Network(resolve(from_dict([{"dense": {"dim": 512}}]).parts["network"], {"x": parse("vector:400")}))
    few, many = (step_time(cost(network, batch), machine).total for batch in (64, 4096))
    assert 0 < few < many
