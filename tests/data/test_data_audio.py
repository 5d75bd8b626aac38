"""Recordings: decoded, changed in rate as SciPy does, padded without changing an answer; faults name file and row."""

import io
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.signal
import soundfile
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from weftnet.compete.propose import propose
from weftnet.compose import build
from weftnet.data import open_data
from weftnet.data.kinds._kind import BadValue
from weftnet.data.kinds.audio import Audio
from weftnet.data.naming import Naming
from weftnet.data.resampling import needed, resampled
from weftnet.data.sounds import outlines, samples, sounds
from weftnet.errors import DataError, MissingExtra, SettingError
from weftnet.tasks import TASKS
from weftnet.tasks._assemble import assemble

RNG = np.random.default_rng(2)


def noise(*shape: int) -> NDArray[np.float32]:
    return RNG.uniform(-0.5, 0.5, shape).astype(np.float32)


def packed(wave: NDArray[Any], rate: int = 8000, form: str = "WAV", subtype: str | None = None) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, wave, rate, format=form, subtype=subtype)
    return file.getvalue()


def heard(cell: Any, rate: int = 8000, most: int = 10**6) -> NDArray[np.float32]:
    (wave,) = sounds([cell], rate, most)
    return wave


# another rate


@pytest.mark.parametrize(
    ("have", "wanted"), [(44100, 16000), (8000, 16000), (16000, 8000), (22050, 8000), (7999, 8000), (48000, 44100)]
)
def test_another_rate_is_scipys(have: int, wanted: int) -> None:
    wave = noise(int(RNG.integers(500, 3000)))
    common = np.gcd(have, wanted)
    expected = scipy.signal.resample_poly(wave.astype(np.float64), wanted // common, have // common)
    np.testing.assert_allclose(resampled(wave, have, wanted), expected, atol=1e-6)


@given(st.integers(1, 60), st.integers(1, 60), st.integers(1, 300), st.integers(1, 400))
@settings(max_examples=60, deadline=None)
def test_only_what_is_needed_need_be_read(have: int, wanted: int, length: int, count: int) -> None:
    wave = np.random.default_rng(length).normal(size=length).astype(np.float32)
    whole = resampled(wave, have, wanted)
    common = np.gcd(have, wanted)
    expected = scipy.signal.resample_poly(wave.astype(np.float64), wanted // common, have // common)
    np.testing.assert_allclose(whole, expected, atol=1e-5)
    part = resampled(wave[: needed(count, have, wanted)], have, wanted)
    np.testing.assert_array_equal(part[:count], whole[:count])


def test_a_tone_keeps_its_pitch_and_what_is_too_high_vanishes() -> None:
    time = np.arange(44100) / 44100
    low, high = (np.sin(2 * np.pi * hertz * time).astype(np.float32) for hertz in (440, 7000))
    expected = np.sin(2 * np.pi * 440 * np.arange(8000) / 8000)
    np.testing.assert_allclose(resampled(low, 44100, 8000)[100:-100], expected[100:-100], atol=2e-3)
    assert np.abs(resampled(high, 44100, 8000)[100:-100]).max() < 2e-3


# what is decoded


def test_formats_and_channels() -> None:
    wave = noise(1000)
    np.testing.assert_allclose(heard(packed(wave, subtype="FLOAT")), wave, atol=1e-7)
    np.testing.assert_allclose(heard(packed(wave, form="FLAC")), wave, atol=2**-15)
    for form in ("OGG", "MP3"):
        assert abs(len(heard(packed(wave, form=form))) - 1000) < 10
    stereo = noise(1000, 2)
    np.testing.assert_allclose(heard(packed(stereo, subtype="FLOAT")), stereo.mean(1), atol=1e-7)
    np.testing.assert_allclose(heard(stereo), stereo.mean(1), atol=1e-7)
    whole = (wave * 32768).astype(np.int16)
    np.testing.assert_allclose(heard(whole), whole / 32768, atol=1e-7)
    assert samples(packed(wave, rate=16000)).shape == (1000,)
    assert len(heard(packed(wave), most=300)) == 300


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        (None, "the recording is missing"),
        ("a.wav", "only a source opens files"),
        (b"", "empty"),
        (b"RIFF no recording", "no recording that can be read"),
        (packed(noise(4000))[:5000], "cut short"),
        (packed(noise(4000), form="FLAC")[:3000], "no recording that can be read"),
        (packed(noise(20000), form="MP3")[:1500], "cut short"),
        (packed(noise(40000), form="OGG")[:9000], "cut short"),
        (packed(noise(40000), form="OGG")[:-9000], "cut short"),
        (packed(noise(0)), "holds no sound"),
        (packed(noise(100), form="AIFF"), "this sort of recording is not supported"),
        (packed(noise(100), rate=3), "this sort of recording is not supported"),
        (packed(np.array([0.0, np.nan, 1.0]), subtype="FLOAT"), "not finite"),
        (noise(3, 4, 5), "no array of a recording"),
        (np.arange(9), "no array of a recording"),
        (Path("nowhere.wav"), "does not exist"),
    ],
    ids=str.split("missing word empty text wav flac mp3 ogg ogg2 silent aiff slow nan axes type path"),
)
def test_what_is_no_recording_is_named_with_its_row(cell: Any, message: str) -> None:
    with pytest.raises(BadValue, match=message) as caught:
        [*outlines([noise(5), cell]), *sounds([noise(5), cell], 8000, 10**6)]
    assert caught.value.row == 1


@given(st.sampled_from(["WAV", "FLAC", "OGG"]), st.data())
@settings(max_examples=60, deadline=None)
def test_damaged_files_are_decoded_or_refused(form: str, data: st.DataObject) -> None:
    raw = bytearray(packed(np.sin(np.arange(200.0)), form=form))
    for _ in range(data.draw(st.integers(1, 6))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    try:
        list(outlines([bytes(raw)]))
        assert len(heard(bytes(raw), most=100)) <= 100
    except BadValue:
        pass


def test_without_soundfile_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "soundfile", None)
    with pytest.raises(MissingExtra, match="audio"):
        heard(b"RIFF")


# the kind


def test_rate_length_and_loudness_are_those_of_the_training_recordings() -> None:
    waves = [noise(800) for _ in range(97)] + [noise(400), noise(400), noise(8000)]
    cells = [packed(wave, subtype="FLOAT") for wave in waves[:-1]] + [packed(waves[-1], 16000, subtype="FLOAT")]
    kind = Audio().fit(cells)
    assert (kind.hertz, kind.time, kind.padded) == (8000, 800, True)
    assert kind.notices == [
        "1 of 100 training recordings are resampled to 8000 Hz",
        "1 of 100 training recordings are cut to 0.1 s",
    ]
    known = np.concatenate(waves[:-1])
    assert kind.rms == pytest.approx(np.sqrt((known**2).mean()), rel=0.02)
    assert kind.facts == {"rate": 8000, "seconds": 0.1}
    assert kind.signal.text() == "wave:800,rate=8000,padded"
    z = kind.encode(cells)
    assert z.shape == (100, 800, 1)
    np.testing.assert_array_equal(np.isnan(z[97, :, 0]), np.arange(800) >= 400)
    np.testing.assert_allclose(kind.decode(z)[97], waves[97], atol=1e-6)
    np.testing.assert_allclose(kind.decode(z)[3], waves[3], atol=1e-6)


def test_recordings_of_one_length_need_no_mask() -> None:
    kind = Audio(rate=1000).fit([noise(200) for _ in range(5)])
    assert (kind.time, kind.padded) == (200, False)
    z = kind.encode([noise(50)])
    assert (z[0, 50:] == 0).all(), "silence follows a shorter one"
    assert Audio(rate=1000, seconds=0.3).fit([noise(200)]).time == 300


def test_a_recording_counts_as_fifty_milliseconds() -> None:
    kind = Audio(rate=1000).fit([noise(200), noise(3)])
    z = kind.encode([noise(3)])[0, :, 0]
    np.testing.assert_array_equal(np.isnan(z), np.arange(200) >= 50)
    assert (z[3:50] == 0).all()


def test_silence_and_long_recordings() -> None:
    assert Audio(rate=100).fit([np.zeros(300)]).rms == 1.0
    assert Audio(rate=100).fit([noise(30_000)]).time == 1000, "ten seconds"


def test_settings_are_checked() -> None:
    for wrong in ({"rate": -1}, {"rate": 1.5}, {"seconds": -0.1}, {"seconds": float("inf")}):
        with pytest.raises(ValueError, match="audio: expected rate"):
            Audio(**wrong)  # type: ignore[arg-type]
    with pytest.raises(DataError, match="don't say their rate"):
        Audio().fit([noise(10)])


# folders


def write(folder: Path, names: list[str], length: int = 900) -> Path:
    for number, name in enumerate(names):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(packed(noise(length + 37 * (number % 8))))
    return folder


def test_a_folder_of_recordings(tmp_path: Path) -> None:
    data = open_data(write(tmp_path, [f"{'yes' if n % 2 else 'no'}/{n}.wav" for n in range(40)]))
    assert data.target is not None
    assert data.target.labels == ["no", "yes"]  # type: ignore[attr-defined]
    assert list(data.signals) == ["wave"]
    assert data.signals["wave"].known == {"rate": 8000}
    batch = data.train_batch(0, 8, 0)
    mask = batch.masks["wave"]
    assert batch.inputs["wave"].shape == (8, data.signals["wave"].size("time"), 1), "at full length"
    assert not batch.inputs["wave"][~mask].any()
    raw = (tmp_path / "yes" / "1.wav").read_bytes()
    encoded = data.encode({"audio": [raw, raw]})
    assert int(encoded.masks["wave"][0].sum()) == len(heard(raw))


def test_labels_and_speakers_out_of_names(tmp_path: Path) -> None:
    names = [f"{digit}_{who}_{take}.wav" for digit in range(3) for who in "abcd" for take in range(4)]
    write(tmp_path, names)
    data = open_data(tmp_path, label="{label}_{speaker}_{}", splits={"by": "group", "column": "speaker"})
    assert data.target is not None
    assert data.target.labels == ["0", "1", "2"]  # type: ignore[attr-defined]
    assert list(data.signals) == ["wave"], "the speaker is no input"
    assert any(note.startswith("speaker: read from the names") for note in data.notes)
    speakers = {part: {sorted(names)[row].split("_")[1] for row in data.rows(part).tolist()} for part in data.sizes}
    assert not speakers["train"] & speakers["test"]
    chosen = open_data(tmp_path, label="{label}_{speaker}_{}", kinds={"speaker": "category"})
    assert set(chosen.signals) == {"wave", "table"}
    with pytest.raises(DataError, match=r"0_a_0\.wav: the file's name does not match the pattern"):
        open_data(tmp_path, label="{label}-{}")


@pytest.mark.parametrize(
    ("pattern", "name", "fields"),
    [
        ("{label}_{speaker}_{}", "7_jackson_3.flac", {"label": "7", "speaker": "jackson"}),
        ("{label}_{}", "a_b_c.wav", {"label": "a"}),
        ("take-{}-{label}", "take-3-x.y.wav", {"label": "x.y"}),
        ("{who}/{label}.{}", "in/ann/no.1.wav", {"who": "ann", "label": "no"}),
    ],
)
def test_patterns(pattern: str, name: str, fields: dict[str, str]) -> None:
    path = Path(name)
    assert Naming(pattern).read(path, path.parts[:-1]) == fields


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("{speaker}_{}", "no {label}"),
        ("{label}{speaker}", "fields that touch"),
        ("{label}_{label}", "a field twice"),
        ("{label}_{a!r}", "braces that are no field"),
        ("{label}_{0}", "a field that is no name"),
        ("", "no {label}"),
    ],
)
def test_patterns_that_cannot_be_read(pattern: str, message: str) -> None:
    with pytest.raises(SettingError, match=message):
        Naming(pattern)


@pytest.mark.parametrize(("content", "message"), [(b"", "empty"), (b"hello, world", "no recording that can be read")])
def test_faults_in_a_folder_name_the_file(tmp_path: Path, content: bytes, message: str) -> None:
    write(tmp_path, [f"{'ab'[n % 2]}/{n}.wav" for n in range(20)])
    (tmp_path / "b" / "7.wav").write_bytes(content)
    with pytest.raises(DataError, match=message) as caught:
        open_data(tmp_path)
    assert "7.wav" in caught.value.where


def test_recordings_beside_a_table(tmp_path: Path) -> None:
    write(tmp_path, [f"in/{n}.wav" for n in range(20)])
    rows = "".join(f"in/{n}.wav,{n % 3},{'ab'[n % 2]}\n" for n in range(20))
    (tmp_path / "t.csv").write_text("sound,place,label\n" + rows)
    data = open_data(tmp_path / "t.csv", target="label", kinds={"place": "category"})
    assert {name: signal.kind for name, signal in data.signals.items()} == {"table": "vector", "wave": "wave"}


# padding


@pytest.mark.parametrize("name", ["spectrogram_conv", "spectrogram_lstm", "series_cnn", "spectrogram_cnn"])
def test_padding_never_changes_an_answer(tmp_path: Path, name: str) -> None:
    """A recording alone, among longer ones, and with `trim` among shorter ones: the same answer."""
    write(tmp_path, [f"{'ab'[n % 2]}/{n}.wav" for n in range(30)], length=700)
    exact = name != "spectrogram_cnn"  # an image has no mask: it is always encoded at full length instead
    answers = []
    for trim in [False, True] if exact else [False]:
        data = open_data(tmp_path, kinds={"audio": {"audio": {"trim": trim}}})
        (candidate,) = (each for each in propose(data.signals, "classification") if each.name == name)
        task = TASKS.get("classification")(labels=["a", "b"])
        assembled = assemble(candidate.architecture, task, data.signals)
        network = build(assembled.architecture, assembled.inputs, 0)["network"].eval()
        short = (tmp_path / "a" / "0.wav").read_bytes()
        long = (tmp_path / "b" / "7.wav").read_bytes()
        with torch.no_grad():
            for cells in ([short], [short, long], [short, short, long, long]):
                batch = data.encode({"audio": cells})
                answers.append(network(batch.inputs, batch.masks)[0])
    for answer in answers[1:]:
        torch.testing.assert_close(answer, answers[0], atol=2e-5, rtol=1e-4)
