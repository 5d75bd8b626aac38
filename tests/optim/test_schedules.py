"""Every schedule against torch's own where it has one, and at its boundaries."""

import pytest
import torch
from torch.optim import lr_scheduler

from weftnet.optim import SCHEDULES

N = 50


def torchs(make: object, steps: int = N) -> list[float]:
    optimiser = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    scheduler = make(optimiser)
    rates = []
    for _ in range(steps):
        rates.append(optimiser.param_groups[0]["lr"])
        optimiser.step()
        scheduler.step()
    return rates


def ours(name: str, over: int = N, **settings: object) -> list[float]:
    return [SCHEDULES.get(name)(step / over, **settings) for step in range(N)]


def test_constant() -> None:
    assert ours("constant") == [1.0] * N
    want = torchs(lambda o: lr_scheduler.LinearLR(o, start_factor=1e-9, total_iters=10))
    assert ours("constant", warmup=0.2) == pytest.approx(want, abs=1e-8)


def test_step() -> None:
    want = torchs(lambda o: lr_scheduler.MultiStepLR(o, [15, 40], gamma=0.3))
    assert ours("step", at=[0.3, 0.8], drop=0.3) == pytest.approx(want)


def test_polynomial() -> None:
    want = torchs(lambda o: lr_scheduler.PolynomialLR(o, N, power=0.9))
    assert ours("polynomial") == pytest.approx(want)
    assert ours("polynomial", end=0.2) == pytest.approx([0.2 + 0.8 * each for each in want])
    assert ours("polynomial", warmup=0.2)[:11] == pytest.approx([step / 10 for step in range(11)])


def test_cosine() -> None:
    want = torchs(lambda o: lr_scheduler.CosineAnnealingLR(o, N, eta_min=0.05))
    assert ours("cosine", end=0.05) == pytest.approx(want)


def test_cosine_after_warmup() -> None:
    want = torchs(lambda o: lr_scheduler.CosineAnnealingLR(o, 40))
    assert ours("cosine", warmup=0.2)[10:] == pytest.approx(want[:40])


def test_linear() -> None:
    want = torchs(lambda o: lr_scheduler.LinearLR(o, start_factor=1.0, end_factor=0.07, total_iters=N))
    assert ours("linear", end=0.07) == pytest.approx(want)
    rise = torchs(lambda o: lr_scheduler.LinearLR(o, start_factor=0.2, total_iters=10), 10)
    assert ours("linear", warmup=0.2, start=0.2)[:10] == pytest.approx(rise)
    assert ours("linear", warmup=0.2)[30] == pytest.approx(0.5)


def test_one_cycle() -> None:
    """torch's peak is at 0.3 · 50 − 1 = 14 of 49 steps."""
    want = torchs(lambda o: lr_scheduler.OneCycleLR(o, max_lr=1.0, total_steps=N, cycle_momentum=False), N - 1)
    got = ours("one_cycle", over=N - 1, warmup=14 / 49)
    assert got[: N - 1] == pytest.approx(want)
    assert SCHEDULES.get("one_cycle")(1.0) == pytest.approx(4e-6)


def test_coslog4_has_four_waves_each_twice_as_long() -> None:
    factor = SCHEDULES.get("coslog4")
    ends = [(2**k - 1) / 15 for k in range(5)]
    assert [factor(end) for end in ends] == pytest.approx([0] * 5, abs=1e-12)
    peaks = [(2 ** (k + 0.5) - 1) / 15 for k in range(4)]
    assert [factor(peak) for peak in peaks] == pytest.approx([1] * 4)
    assert factor(0.05, warmup=0.1) == 0  # nothing of the wave has begun
    assert factor(0.1 + 0.9 * peaks[1], warmup=0.1) == pytest.approx(1)
