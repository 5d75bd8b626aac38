"""Compression of sound: both halves, the loss, files of codes, answers, proposals and the judgement."""

import base64
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from judging import figures
from oracles import randomise
from torch import nn

from weftnet.architecture.reading import from_dict
from weftnet.architecture.signal import parse
from weftnet.base.figures import Sound, Table
from weftnet.base.wav import wav
from weftnet.compose import build
from weftnet.data import open_data
from weftnet.data.batch import Batch
from weftnet.errors import ArchitectureError, DataError, SettingError
from weftnet.tasks import ANSWERS, JUDGES, PROPOSALS
from weftnet.tasks._assemble import assemble
from weftnet.tasks._judgement import Answered
from weftnet.tasks._passes import TorchRun
from weftnet.tasks.codec._spectra import spectral
from weftnet.tasks.codec.file import Codes, decode, packed, unpacked
from weftnet.tasks.codec.judge import _transformed
from weftnet.tasks.codec.propose import stride
from weftnet.tasks.codec.task import Codec

TASK = Codec(rate=100, time=40, scale=0.5, windows=[8, 16])
FLAT = {"vector_quantiser": {"vocabulary": 11}}
DEEP = {"residual_vector_quantiser": {"vocabulary": 11, "levels": 3}}


def nodes(quantiser: Any = DEEP) -> list[Any]:
    up = {"transposed_conv1d": {"dim": 5, "kernel": 8, "stride": 4, "padding": 2}}
    return [{"pad_time": {"multiple": 4}}, {"conv1d": {"dim": 6, "kernel": 3, "stride": 4}}, quantiser, up]


def model(quantiser: Any = DEEP, wave: str = "wave:40,rate=100,padded") -> nn.ModuleDict:
    complete = assemble(from_dict(nodes(quantiser)), TASK, {"wave": parse(wave)})
    made = build(complete.architecture, complete.inputs).eval()
    return randomise(made)  # type: ignore[return-value]  # it is what it was given


def batch(rows: int = 3) -> Batch:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(rows, 40, 1, generator=generator, dtype=torch.float64)
    mask = torch.arange(40) < torch.tensor([40, 21, 5][:rows])[:, None]
    return Batch({"wave": x.masked_fill(~mask.unsqueeze(2), torch.nan)}, {"wave": mask}, {}, torch.arange(rows))


def recordings(folder: Path) -> Any:
    draw, home = np.random.default_rng(0), folder / "sounds"
    home.mkdir()
    for number in range(20):
        sound = np.sin(np.arange(30 + number % 10) * draw.uniform(0.2, 0.6)) * 0.2
        (home / f"{number}.wav").write_bytes(wav(sound, 100))
    return open_data(home, kinds={"audio": {"audio": {"seconds": 0.4}}})


@pytest.mark.parametrize("quantiser", [DEEP, FLAT], ids=["levels", "flat"])
def test_both_halves_are_the_network(quantiser: Any) -> None:
    networks, given = model(quantiser), batch()
    passes = TASK.passes(networks)
    whole = networks["network"](given.inputs, given.masks)
    found = passes["encoder"](given.inputs, given.masks)
    levels = 3 if quantiser is DEEP else 1
    assert found["codes"].shape == (3, 10, levels)
    assert [int((row[:, 0] >= 0).sum()) for row in found["codes"]] == [10, 6, 2]
    assert found["bits"][:, 0].tolist() == [4 * levels * frames for frames in (10, 6, 2)]
    again = passes["decoder"]({"codes": found["codes"]}, {"codes": found["codes"][:, :, 0] >= 0})
    torch.testing.assert_close(again, whole)
    assert {id(each) for half in passes.values() for each in half.parameters()} == {
        id(each) for each in networks.parameters()
    }


def test_without_padding_too() -> None:
    networks = model(wave="wave:40,rate=100")
    passes, x = TASK.passes(networks), torch.randn(2, 40, 1, dtype=torch.float64)
    found = passes["encoder"]({"wave": x}, {})
    torch.testing.assert_close(passes["decoder"]({"codes": found["codes"]}, {}), networks["network"]({"wave": x}))


def test_networks_that_are_no_codec() -> None:
    with pytest.raises(ArchitectureError, match="as many samples as the recording"):
        assemble(from_dict(nodes()[:3]), TASK, {"wave": parse("wave:40,rate=100")})
    with pytest.raises(ArchitectureError, match="a wave is on both sides of zero"):
        assemble(from_dict([*nodes(), {"dense": {"dim": 1}}, "relu"]), TASK, {"wave": parse("wave:40,rate=100")})
    for others in ([nodes()[1], nodes()[3]], [*nodes()[:3], DEEP, nodes()[3]]):
        complete = assemble(from_dict(others), TASK, {"wave": parse("wave:40,rate=100")})
        with pytest.raises(SettingError, match="a codec has one quantiser"):
            TASK.check(build(complete.architecture, complete.inputs))
    with pytest.raises(SettingError, match="multiples of 4"):
        Codec(rate=100, time=10, windows=[10])
    with pytest.raises(SettingError, match="spectral is out of range"):
        Codec(rate=100, time=10, spectral=-1)


def test_the_distance_of_spectra_is_its_formula() -> None:
    generator = torch.Generator().manual_seed(1)
    y, s = torch.randn(2, 2, 40, 1, generator=generator, dtype=torch.float64)
    s[1, 24:], y[1, 24:] = 0, 0
    got = spectral(y, s, [8, 16])
    for row in range(2):
        total = 0.0
        for window in (8, 16):
            hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(window) / window)
            starts = range(0, 40 - window + 1, window // 4)
            a, b = (
                np.stack([
                    np.abs(np.fft.rfft(each[row, at : at + window, 0].numpy() * hann)) / np.sqrt((hann**2).sum())
                    for at in starts
                ])
                for each in (y, s)
            )  # fmt: skip
            heard = b.any(1)
            a, b = np.sqrt(a[heard] ** 2 + 1e-4), np.sqrt(b[heard] ** 2 + 1e-4)
            total += np.linalg.norm(a - b) / np.linalg.norm(b) + np.abs(np.log(a / b)).mean()
        assert float(got[row]) == pytest.approx(total / 2, rel=1e-6)


def test_the_loss_of_half_a_wave() -> None:
    class Half(nn.Module):
        def forward(self, inputs: Any, masks: Any) -> torch.Tensor:
            return 0.5 * inputs["wave"].nan_to_num()

    plain = Codec(rate=100, time=40, spectral=0)
    ((group, loss),) = plain.losses(nn.ModuleDict({"network": Half()}), batch(), torch.Generator())
    assert (group, float(loss)) == ("network", pytest.approx(0.5))
    ((_, more),) = TASK.losses(nn.ModuleDict({"network": Half()}), batch(), torch.Generator())
    assert 0.5 < float(more) < 2


def test_a_file_of_codes_is_read_as_it_was_written() -> None:
    draw = np.random.default_rng(0)
    for bits, frames, levels in ((1, 9, 1), (5, 7, 3), (8, 4, 2), (11, 1, 1), (10, 0, 4)):
        codes = Codes(8000, 123, draw.integers(0, 2**bits, (frames, levels)))
        content = packed(codes, bits)
        assert len(content) == 18 + -(-bits * frames * levels // 8)
        found = unpacked(content)
        assert (found.rate, found.samples) == (8000, 123)
        np.testing.assert_array_equal(found.codes, codes.codes)


def test_the_bits_lie_as_they_are_said_to() -> None:
    content = packed(Codes(1, 2, np.array([[5, 2], [7, 0]])), 3)
    assert content == b"WFC1" + bytes([1, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 2, 3]) + bytes([0b10101011, 0b10000000])


def test_other_files_are_refused() -> None:
    good = packed(Codes(100, 40, np.zeros((10, 3), np.int64)), 4)
    for content, what in (
        (b"", "is no file of codes"), (b"RIFF" + good[4:], "is no file of codes"),
        (good[:-1], "was cut or lengthened"), (good + b"0", "was cut or lengthened"),
        (good[:17] + b"\0" + good[18:], "is no file of codes"),
    ):  # fmt: skip
        with pytest.raises(DataError, match=what):
            unpacked(content, "a.wfc")
    run = TorchRun(TASK.passes(model().float()))
    with pytest.raises(DataError, match="of another run"):
        decode(run, TASK.settings(), packed(Codes(200, 40, np.zeros((10, 3), np.int64)), 4))
    for codes in (np.full((10, 3), 15), np.zeros((10, 2), np.int64), np.zeros((2, 3), np.int64)):
        with pytest.raises(DataError, match="are not this run's"):
            decode(run, TASK.settings(), packed(Codes(100, 40, codes), 4), "a.wfc")


def test_codes_give_the_sound_of_their_answer() -> None:
    networks, given = model().float(), batch()
    single = Batch({"wave": given.inputs["wave"].float()}, given.masks, {}, given.rows)
    with torch.inference_mode():
        answers = ANSWERS.get("codec")(
            {name: each.numpy() for name, each in TASK.infer(networks, single).items()}, TASK.settings()
        )  # type: ignore[union-attr]  # named
    assert [answer["seconds"] for answer in answers] == [0.4, 0.21, 0.05]
    assert [answer["bits"] for answer in answers] == [120, 72, 24]
    assert answers[1]["bits_a_second"] == pytest.approx(72 / 0.21)
    run = TorchRun(TASK.passes(networks))
    for answer in answers:
        with torch.inference_mode():
            sound = decode(run, TASK.settings(), base64.b64decode(answer["codes"]))
        assert sound == base64.b64decode(answer["sound"])


def test_what_is_proposed_is_a_codec() -> None:
    assert [stride(rate) for rate in (8000, 16000, 44100, 200, 1000)] == [64, 128, 256, 2, 8]
    signals = {"wave": parse("wave:101,rate=1000,padded")}
    task = Codec(rate=1000, time=101)
    for candidate in PROPOSALS.get("codec")(signals):
        complete = assemble(candidate.forms[-1].architecture, task, signals)
        task.check(build(complete.architecture, complete.inputs))


def test_the_baseline_keeps_what_its_bits_tell() -> None:
    wave = torch.randn(2, 37, dtype=torch.float64)
    torch.testing.assert_close(_transformed(wave, 8, 8 * 11), wave)  # 11 bits for each of 8 values
    kept = _transformed(torch.cat([wave, torch.zeros(2, 3)], 1), 8, 2 * 11).reshape(2, 5, 8)
    n = torch.arange(8).double()
    basis = (torch.pi / 8 * (n + 0.5) * n[:, None]).cos()
    assert ((kept @ basis.T).abs() > 1e-9).sum(2).tolist() == [[2] * 5] * 2


def test_the_judge_lets_hear_what_it_says(tmp_path: Path) -> None:
    data = recordings(tmp_path)
    task = Codec.from_data(data, windows=[8])
    assert 0 < Codec.suits(data) < 0.2
    complete = assemble(from_dict(nodes()), task, data.signals)
    networks = build(complete.architecture, complete.inputs).eval()
    judgement = JUDGES.get("codec")(task, Answered(data, "test", lambda each: each.inputs, networks))
    heard = [each for each in figures(judgement, "To listen to") if isinstance(each, Sound)]
    assert [each.caption for each in heard] == ["recording", "decoded"] * (len(heard) // 2)
    (table,) = (each for each in figures(judgement, "Codes") if isinstance(each, Table))
    assert [row[0] for row in table.rows] == ["1", "2", "3"]
    assert all(1 <= row[1] <= 11 and 0 <= row[2] <= np.log2(11) for row in table.rows)  # type: ignore[operator]
    assert judgement.baseline is not None
    assert judgement.worst is not None
