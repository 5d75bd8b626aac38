"""Calibration: kept, damaged, worked with; times against the formula and against a clock."""

import json
import math
from dataclasses import replace

import pytest
import torch

from netloom import calibrate
from netloom.build import Network, resolve
from netloom.cost import cost
from netloom.machine import Machine, cache_path, calibration, epoch_time, memory_available, step_time
from netloom.meter import Work
from netloom.reading import from_dict
from netloom.signal import parse

RATES = {"move": ((1e3, 1e9), (1e6, 4e9)), "gemm": ((1e3, 1e10), (1e9, 1e11)), "update": ((1.0, 2e9),)}
MACHINE = Machine("cpu", "a processor", 1, 1e-5, 2e-6, RATES)


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
    assert json.loads(cache_path().read_text())["rates"]["move"] == [[1e3, 1e9], [1e6, 4e9]]
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
        lambda text: text.replace('"rates"', '"prices"'),
        lambda text: text.replace("4000000000.0", "-1"),
        lambda text: text.replace("4000000000.0", '"many"'),
        lambda text: text.replace('"format": 1', '"format": 0'),
        lambda text: text.replace('"overhead": 1e-05', '"overhead": NaN'),
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


def test_rates_are_interpolated_between_sizes_and_kept_beyond_them():
    assert MACHINE.rate("gemm", 1e6) == pytest.approx(math.sqrt(1e10 * 1e11))
    assert MACHINE.rate("gemm", 1e9) == MACHINE.rate("gemm", 1e12) == 1e11
    assert MACHINE.rate("gemm", 1) == 1e10
    assert MACHINE.rate("pool_backward", 1e6) == MACHINE.rate("move", 1e6)  # none measured


def test_a_call_takes_its_overhead_and_the_slower_of_computing_and_moving():
    computing = Work("gemm", 10**10, 1000, 10**9)
    assert MACHINE.seconds(computing) == pytest.approx(1e-5 + 0.1)
    assert MACHINE.seconds(replace(computing, native=True)) == pytest.approx(2e-6 + 0.1)
    assert MACHINE.seconds(computing, 2) == pytest.approx(1e-5 + 0.2)
    moving = Work("gemm", 10, 4 * 10**9, 10**9)
    assert MACHINE.seconds(moving) == pytest.approx(1e-5 + 1)


def test_a_step_is_the_sum_of_its_calls_and_an_epoch_its_steps():
    counted = cost(resolve(from_dict(["relu", {"dense": {"dim": 3}}]).parts["network"], {"x": parse("vector:5")}), 8)
    calls = [(work, n) for row in counted.rows for work, n in row.work] + list(counted.update)
    step = step_time(counted, MACHINE)
    assert step == pytest.approx(sum(MACHINE.seconds(work) * n for work, n in calls))
    assert epoch_time(counted, MACHINE, 83) == pytest.approx(10 * step)
    assert epoch_time(counted, MACHINE, 5) == pytest.approx(step)
    assert step < step_time(counted, MACHINE, 4096)


def test_memory_available_is_less_than_the_machine_has():
    assert 10_000_000 < memory_available() < 2**50


def test_a_real_calibration_has_a_rate_for_every_kind():
    """How well it foretells the time of real steps is measured in benchmarks/cost.py."""
    machine = calibrate.measure()
    assert machine.data()["rates"].keys() >= {"gemm", "conv", "conv_backward", "recurrent", "attention", "move"}
    assert 0 < machine.native < 1
    assert 0 < machine.overhead < 1
    network = Network(resolve(from_dict([{"dense": {"dim": 512}}]).parts["network"], {"x": parse("vector:400")}))
    few, many = (step_time(cost(network, batch), machine) for batch in (64, 4096))
    assert 0 < few < many
