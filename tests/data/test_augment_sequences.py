"""Augmentations of waves and tokens against loops over the examples that see the same random numbers."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from weftnet.data import AUGMENTATIONS, open_data
from weftnet.errors import SettingError
from weftnet.train.augment import Augment

BATCH, TIME = 9, 20
LENGTHS = torch.tensor([20, 7, 1, 13, 2, 19, 3, 11, 20])
REAL = torch.arange(TIME) < LENGTHS[:, None]
WAVES = torch.randn(BATCH, TIME, 1, dtype=torch.float64, generator=torch.Generator().manual_seed(0)) * REAL[..., None]
TOKENS = torch.randint(2, 50, (BATCH, TIME), generator=torch.Generator().manual_seed(1)) * REAL


def apply(name: str, values: Tensor, **settings: Any) -> tuple[Tensor, Tensor]:
    made = AUGMENTATIONS.get(name)(**settings)
    result: tuple[Tensor, Tensor] = made.sequences(values, REAL, torch.Generator().manual_seed(5))
    return result


def uniforms(*shape: int) -> torch.Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(5))


def test_gain() -> None:
    waves, mask = apply("gain", WAVES, decibels=9)
    decibels = 9 * (2 * uniforms(BATCH).double() - 1)
    for n in range(BATCH):
        torch.testing.assert_close(waves[n], WAVES[n] * 10 ** (float(decibels[n]) / 20), rtol=1e-6, atol=0)
    assert torch.equal(mask, REAL)


def test_wave_noise_has_the_ratio_that_was_drawn() -> None:
    waves, _ = apply("wave_noise", WAVES, low=5, high=25)
    decibels = 5 + 20 * uniforms(BATCH)
    draw = torch.Generator().manual_seed(5)
    torch.rand(BATCH, generator=draw)
    noise = torch.randn(BATCH, TIME, 1, generator=draw).double()
    for n in range(BATCH):
        size = int(LENGTHS[n])
        power = WAVES[n, :size].square().mean().sqrt()
        expected = WAVES[n, :size] + power * 10 ** (-float(decibels[n]) / 20) * noise[n, :size]
        torch.testing.assert_close(waves[n, :size], expected, rtol=1e-6, atol=1e-7)
    ratio = 20 * torch.log10(WAVES.square().sum().sqrt() / (waves - WAVES).square().sum().sqrt())
    assert 5 < ratio < 25


def test_time_shift() -> None:
    waves, mask = apply("time_shift", WAVES, share=0.3)
    draws = uniforms(BATCH)
    for n in range(BATCH):
        size = int(LENGTHS[n])
        most = int(0.3 * size)
        shift = int(draws[n] * (2 * most + 1)) - most
        expected = torch.zeros(TIME, 1, dtype=torch.float64)
        for t in range(size):
            if 0 <= t - shift < size:
                expected[t] = WAVES[n, t - shift]
        assert torch.equal(waves[n], expected)
    assert torch.equal(mask, REAL)


def test_speed() -> None:
    waves, mask = apply("speed", WAVES, change=0.3)
    factors = 1 + 0.3 * (2 * uniforms(BATCH).double() - 1)
    for n in range(BATCH):
        size, factor = int(LENGTHS[n]), float(factors[n])
        steps = min(int((size - 1) / factor) + 1, TIME)
        assert int(mask[n].sum()) == steps
        expected = np.interp(factor * np.arange(steps), np.arange(size), WAVES[n, :size, 0].numpy())
        np.testing.assert_allclose(waves[n, :steps, 0].numpy(), expected, atol=1e-12)
        assert not waves[n, steps:].any()
    assert (mask.sum(1) < LENGTHS).any()
    assert (mask.sum(1) > LENGTHS).any()


def test_a_slow_tone_is_lower() -> None:
    tone = torch.sin(torch.arange(4000) * 2 * torch.pi / 50).double()[None, :, None]
    made = AUGMENTATIONS.get("speed")(change=0.2)
    waves, _ = made.sequences(tone, None, torch.Generator().manual_seed(5))
    factor = 1 + 0.2 * (2 * float(uniforms(1)) - 1)
    length = min(4000, int(3999 / factor))
    strongest = int(np.abs(np.fft.rfft(waves[0, :length, 0].numpy())).argmax())
    assert strongest / length == pytest.approx(factor / 50, abs=1 / length)


def test_token_drop() -> None:
    tokens, mask = apply("token_drop", TOKENS, share=0.4)
    draws = uniforms(BATCH, TIME)
    for n in range(BATCH):
        size = int(LENGTHS[n])
        left = [t for t in range(size) if t in (0, size - 1) or draws[n, t] >= 0.4]
        assert tokens[n].tolist() == [*TOKENS[n, left].tolist(), *[0] * (TIME - len(left))]
        assert int(mask[n].sum()) == len(left)
    assert (mask.sum(1) < LENGTHS).sum() > 3


def test_token_swap() -> None:
    tokens, mask = apply("token_swap", TOKENS, share=0.6)
    draw = torch.Generator().manual_seed(5)
    parity = (torch.rand(BATCH, generator=draw) * 2).long().tolist()
    draws = torch.rand(BATCH, TIME, generator=draw)
    swaps = 0
    for n in range(BATCH):
        expected, size = TOKENS[n].tolist(), int(LENGTHS[n])
        for first in range(parity[n], TIME - 1, 2):
            if first >= 1 and first + 1 < size - 1 and draws[n, first] < 0.6:
                expected[first], expected[first + 1] = expected[first + 1], expected[first]
                swaps += 1
        assert tokens[n].tolist() == expected
    assert swaps > 8
    assert torch.equal(mask, REAL)


@pytest.mark.parametrize("name", ["gain", "wave_noise", "time_shift", "speed", "token_drop", "token_swap"])
def test_without_a_mask_all_steps_are_real(name: str) -> None:
    made = AUGMENTATIONS.get(name)()
    values = TOKENS[:1] if made.reads == "tokens" else WAVES[:1]
    without, mask = made.sequences(values, None, torch.Generator().manual_seed(5))
    whole, _ = made.sequences(values, torch.ones(1, TIME, dtype=torch.bool), torch.Generator().manual_seed(5))
    assert mask is None
    assert torch.equal(without, whole)


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("gain", {"decibels": 0}),
        ("wave_noise", {"low": 3, "high": 2}),
        ("time_shift", {"share": 1.2}),
        ("speed", {"change": 1}),
        ("token_drop", {"share": -0.1}),
        ("token_swap", {"share": 1.1}),
    ],
)
def test_settings_are_checked(name: str, settings: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=f"{name}: .*expected"):
        AUGMENTATIONS.get(name)(**settings)


def test_texts_of_a_data_set_are_changed_and_their_labels_are_not(tmp_path: Any) -> None:
    lines = "\n".join(f"{' '.join(f'w{(i * k) % 7}' for k in range(3 + i % 5))},{'ab'[i % 2]}" for i in range(60))
    (tmp_path / "t.csv").write_text("words,y\n" + lines + "\n")
    data = open_data(tmp_path / "t.csv", target="y", kinds={"words": "text"})
    batch = data.train_batch(0, 20, 0)
    changed = Augment(["token_drop", "token_swap"], data)(batch, torch.Generator().manual_seed(0))
    assert torch.equal(changed.target, batch.target)
    assert not torch.equal(*(next(iter(each.inputs.values())) for each in (changed, batch)))
    assert next(iter(changed.masks.values())).sum() < next(iter(batch.masks.values())).sum()
    with pytest.raises(SettingError, match="there is no image to augment"):
        Augment(["flip"], data)
    with pytest.raises(SettingError, match="there is no wave to augment"):
        Augment(["gain"], data)
