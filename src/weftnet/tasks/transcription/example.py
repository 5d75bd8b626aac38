"""Words of three letters' tones, in a table of files and their texts."""

import wave
from pathlib import Path

import numpy as np

from weftnet.tasks._example import Example

#: samples a second, of a letter, and of the silence behind it; a blank between words is a silence as long as a letter
_RATE, _LETTER, _SILENCE = 2000, 100, 40
_HERTZ = {"a": 150, "b": 330, "c": 700}


def transcription(folder: Path) -> Example:
    """120 recordings of one or two words of one to three tones; filters and memory from both ends spell them."""
    draw = np.random.default_rng(0)
    lines = ["file,text"]
    for number in range(120):
        words = ["".join(draw.choice(list(_HERTZ), draw.integers(1, 4))) for _ in range(draw.integers(1, 3))]
        text = " ".join(words)
        _write(folder / f"{number}.wav", text, draw)
        lines.append(f"{number}.wav,{text}")
    source, question = folder / "tones.csv", folder / "question.csv"
    source.write_text("\n".join(lines) + "\n", encoding="utf-8")
    question.write_text("\n".join(["file", *(f"{number}.wav" for number in range(12))]) + "\n", encoding="utf-8")
    nodes = [
        {"spectrogram": {"window": 50, "hop": 25, "bands": 8, "rate": _RATE}}, "batch_norm",
        {"conv1d": {"dim": 24}}, "relu", {"lstm": {"dim": 16, "bidirectional": True}}, {"dropout": {"rate": 0.02}},
    ]  # fmt: skip
    recipe = {"steps": 160, "batch_size": 16, "lr": 0.02, "evaluate_every": "40 steps"}
    learnt = {"character_error_rate": (0, 0.15), "word_error_rate": (0, 0.4), "loss": (0, 0.6)}
    kinds = {"text": {"text": {"level": "characters", "least": 1}}}
    return Example(source, nodes, recipe, learnt, {"target": "text", "kinds": kinds}, question=question)


def _write(file: Path, text: str, draw: np.random.Generator) -> None:
    """The tones of a text, a little apart in pitch and loudness, over a soft noise."""
    pieces = [np.zeros(draw.integers(20, 60))]
    for letter in text:
        hertz, time = _HERTZ.get(letter, 0) * draw.uniform(0.97, 1.03), np.arange(_LETTER) / _RATE
        pieces += [draw.uniform(0.3, 0.8) * np.sin(2 * np.pi * hertz * time), np.zeros(_SILENCE)]
    sound = np.concatenate(pieces)
    sound = sound + 0.01 * draw.normal(size=len(sound))
    with wave.open(str(file), "wb") as written:
        written.setnchannels(1)
        written.setsampwidth(2)
        written.setframerate(_RATE)
        written.writeframes((sound * 30000).astype("<i2").tobytes())
