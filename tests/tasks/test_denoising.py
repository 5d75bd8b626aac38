"""Denoising: pairs of files and clean recordings, the noise that is added, the loss, answers and the judgement."""

import base64
import io
import math
import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from judging import figures
from torch import nn

from weftnet.architecture.reading import from_dict
from weftnet.architecture.signal import parse
from weftnet.base.figures import Sound
from weftnet.base.wav import wav
from weftnet.data import open_data
from weftnet.data.batch import Batch
from weftnet.errors import ArchitectureError, DataError, SettingError
from weftnet.tasks import ANSWERS, JUDGES, PROPOSALS
from weftnet.tasks._assemble import assemble
from weftnet.tasks._judgement import Answered
from weftnet.tasks.denoising._noise import with_noise
from weftnet.tasks.denoising.task import Denoising

ALONE = Denoising(rate=100, time=40, low=3.0, high=3.0)


class Same(nn.Module):
    """A network that gives what it reads, and some more samples."""

    def forward(self, inputs: Any, masks: Any) -> torch.Tensor:
        (x,) = inputs.values()
        return torch.cat((x, torch.ones_like(x[:, :3])), 1)


def recordings(folder: Path, **kinds: Any) -> Any:
    draw, lines = np.random.default_rng(0), ["noisy,clean"]
    for number in range(20):
        clean = np.sin(np.arange(60 + number) * 0.3) * 0.2
        for name, sound in (("noisy", clean + 0.1 * draw.normal(size=len(clean))), ("clean", clean)):
            (folder / f"{name}{number}.wav").write_bytes(wav(sound, 1000))
        lines.append(f"noisy{number}.wav,clean{number}.wav")
    (folder / "pairs.csv").write_text("\n".join(lines) + "\n")
    return open_data(folder / "pairs.csv", target="clean", kinds=kinds)


def batch(rows: int = 200) -> Batch:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(rows, 40, 1, generator=generator)
    mask = torch.arange(40) < torch.randint(20, 41, (rows, 1), generator=generator)
    return Batch({"wave": x.masked_fill(~mask.unsqueeze(2), torch.nan)}, {"wave": mask}, {}, torch.arange(rows))


def test_noise_is_as_loud_as_was_asked_for_and_padding_stays_silent() -> None:
    given = batch()
    mask, clean = given.masks["wave"], given.inputs["wave"].nan_to_num(nan=0.0)
    noisy = with_noise(clean, mask, -2.0, 7.0, torch.Generator().manual_seed(3))
    assert torch.equal(noisy[~mask], clean[~mask])
    level = 10 * (clean.square().sum((1, 2)) / (noisy - clean).square().sum((1, 2))).log10()
    assert float(level.min()) == pytest.approx(-2, abs=0.2)
    assert float(level.max()) == pytest.approx(7, abs=0.2)
    again = with_noise(clean, mask, -2.0, 7.0, torch.Generator().manual_seed(3))
    assert torch.equal(noisy, again)
    assert not torch.equal(noisy, with_noise(clean, mask, -2.0, 7.0, torch.Generator().manual_seed(4)))


def test_the_loss_of_what_changes_nothing_is_the_noise() -> None:
    """At 3 dB of signal over noise: 10 log10((0.501 + 0.001) · signal / signal), of every example alike."""
    ((group, loss),) = ALONE.losses(nn.ModuleDict({"network": Same()}), batch(), torch.Generator().manual_seed(0))
    assert group == "network"
    assert float(loss) == pytest.approx(10 * math.log10(10**-0.3 + 1e-3), abs=1e-4)
    metrics = ALONE.evaluate(nn.ModuleDict({"network": Same()}), [batch()])
    assert metrics["si_sdr_gain"] == pytest.approx(0, abs=1e-9)


def test_pairs_are_its_own_and_clean_recordings_may_be(tmp_path: Path) -> None:
    data = recordings(tmp_path)
    task = Denoising.from_data(data)
    assert Denoising.suits(data) > 0.9
    assert (task.pairs, task.rate) == (True, 1000)
    given = next(data.batches("train", 4))
    _, clean, mask = task.mixed(given, torch.Generator())
    assert mask is not None
    assert clean.shape == given.inputs["wave"].shape
    assert not clean[~mask].any()
    assert clean.isfinite().all()
    with pytest.raises(DataError, match="noisy and clean recordings differ"):
        Denoising.from_data(recordings(tmp_path, clean={"audio": {"rate": 500}}))
    with pytest.raises(SettingError, match="low is above high"):
        Denoising(rate=100, time=10, low=5, high=1)


def test_an_answer_is_a_file_as_loud_and_as_long_as_the_recording() -> None:
    task = Denoising(rate=100, time=4, scale=0.5, read=0.25)
    outputs = {
        "wave": np.array([[0.5, -0.5, 0.25, 0]]), "noisy": np.array([[2.0, -1.0, 0.5, 0]]),
        "real": np.array([[True, True, True, False]]),
    }  # fmt: skip
    (answer,) = ANSWERS.get("denoising")(outputs, task.settings())
    with wave.open(io.BytesIO(base64.b64decode(answer["sound"]))) as file:
        assert (file.getframerate(), file.getnframes()) == (100, 3)
        samples = np.frombuffer(file.readframes(3), "<i2") / 32767
    np.testing.assert_allclose(samples, [0.25, -0.25, 0.125], atol=1e-4)
    assert answer["seconds"] == 0.03
    assert answer["removed"] == pytest.approx(10 * math.log10(0.0625 / 0.140625))  # 0.25, 0, 0 taken away


@pytest.mark.parametrize(
    ("nodes", "message"),
    [
        ([{"conv1d": {"dim": 4, "stride": 2}}], "as many samples as the noisy one"),
        ([{"conv1d": {"dim": 1}}, "relu"], "a wave is on both sides of zero"),
    ],
)
def test_networks_that_can_not_give_a_wave(nodes: list[Any], message: str) -> None:
    with pytest.raises(ArchitectureError, match=message):
        assemble(from_dict(nodes), ALONE, {"wave": parse("wave:40,rate=100")})


def test_what_is_proposed_gives_a_wave_of_any_length() -> None:
    signals = {"wave": parse("wave:101,rate=200,padded")}
    task = Denoising(rate=200, time=101)
    for candidate in PROPOSALS.get("denoising")(signals):
        assemble(candidate.forms[-1].architecture, task, signals)


def test_the_judge_lets_hear_what_it_says(tmp_path: Path) -> None:
    data = recordings(tmp_path)
    task, model = Denoising.from_data(data), nn.ModuleDict({"network": Same()})
    judgement = JUDGES.get("denoising")(task, Answered(data, "test", lambda each: each.inputs["wave"], model))
    heard = [each for each in figures(judgement, "To listen to") if isinstance(each, Sound)]
    assert [each.caption for each in heard] == ["with noise", "answered", "clean"] * (len(heard) // 3)
    assert all(np.abs(each.values).max() <= 1 for each in heard)
    assert judgement.baseline is not None
    assert judgement.baseline.score == 0
    assert judgement.interval is not None
    assert judgement.worst is not None
