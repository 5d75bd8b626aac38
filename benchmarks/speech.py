"""Spoken digits in a row, written down: the Free Spoken Digit Dataset, by connectionist temporal classification.

    python benchmarks/speech.py --data DIR --epochs 12 --seeds 3

DIR/fsdd/recordings holds `7_jackson_3.flac` and so on: 6 speakers, 10 digits, takes from 0. Sequences of 2 to 5 digits
of one speaker are made of them, with soft silences of 30 to 200 ms between; their texts are words, "seven two nine",
told by characters. Recordings to learn from are played at 0.9 to 1.1 times their speed (T. Ko and others, Audio
augmentation for speech recognition, 2015), those to judge by as they are.

    takes      trained on takes 5 and up of all speakers, judged by their takes 0 to 4, which are the official test
    speaker    trained on the takes of all speakers but one, judged by takes 0 to 4 of that one

The last weights are kept, so that no split beside the training's is needed. ± is half the 95 % interval over the seeds,
or over the speakers.
"""

import csv
import re
import wave
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import torch
from _report import Report, arguments, start, trained
from numpy.typing import NDArray

from weftnet.compete.propose import propose
from weftnet.data import open_data
from weftnet.tasks import TASKS

WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
RATE, LONGEST, GOAL = 8000, 4.0, 0.05
#: takes by which the data set is judged, as its authors say
OFFICIAL = range(5)
Takes = dict[tuple[str, int], list[NDArray[np.float64]]]


def takes_of(folder: Path) -> dict[int, Takes]:
    """take → (speaker, digit) → waves."""
    found: dict[int, Takes] = {}
    for file in sorted(folder.glob("*.flac")):
        named = re.fullmatch(r"(\d)_(\w+)_(\d+)", file.stem)
        if named is None:
            raise SystemExit(f"{file}: expected DIGIT_SPEAKER_TAKE.flac")
        sound, rate = soundfile.read(file)
        if rate != RATE:
            raise SystemExit(f"{file}: expected {RATE} Hz, got {rate}")
        digit, speaker, take = int(named[1]), named[2], int(named[3])
        found.setdefault(take, {}).setdefault((speaker, digit), []).append(sound)
    return found


def pool(takes: dict[int, Takes], of: Any, speakers: list[str]) -> Takes:
    """The recordings of some takes and speakers."""
    found: Takes = {}
    for take in of:
        for (speaker, digit), waves in takes[take].items():
            if speaker in speakers:
                found.setdefault((speaker, digit), []).extend(waves)
    return found


def at_speed(sound: NDArray[np.float64], speed: float) -> NDArray[np.float64]:
    """The recording, played so many times faster, pitch and all."""
    return np.interp(np.arange(0, len(sound) - 1, speed), np.arange(len(sound)), sound)


def sequence(known: Takes, draw: np.random.Generator, vary: bool) -> tuple[NDArray[np.float64], str]:
    """A sequence of digits and its text, at most `LONGEST` seconds long."""
    speakers = sorted({speaker for speaker, _ in known})
    while True:
        speaker = speakers[draw.integers(len(speakers))]
        digits = draw.integers(10, size=draw.integers(2, 6))
        speed = draw.uniform(0.9, 1.1) if vary else 1.0
        pieces = [np.zeros(draw.integers(240, 1600))]
        for digit in digits:
            waves = known[speaker, int(digit)]
            pieces += [at_speed(waves[draw.integers(len(waves))], speed), np.zeros(draw.integers(240, 1600))]
        sound = np.concatenate(pieces)
        if len(sound) <= LONGEST * RATE:
            return sound + 5e-4 * draw.normal(size=len(sound)), " ".join(WORDS[digit] for digit in digits)


def written(folder: Path, learnt: Takes, judged: Takes, count: int, seed: int) -> Path:
    """A table of sequences: to learn from, 50 of the same to follow the training by, and 400 to judge by."""
    folder.mkdir(parents=True, exist_ok=True)
    draws = [np.random.default_rng(number) for number in (1000 + seed, 2000 + seed, 7)]
    parts = zip(("train", "validation", "test"), (learnt, learnt, judged), (count, 50, 400), draws, strict=True)
    with (folder / "sequences.csv").open("w", newline="", encoding="utf-8") as table:
        rows = csv.writer(table)
        rows.writerow(["file", "text", "part"])
        for part, known, number, draw in parts:
            for place in range(number):
                sound, text = sequence(known, draw, vary=part == "train")
                name = f"{part}{place}.wav"
                with wave.open(str(folder / name), "wb") as file:
                    file.setnchannels(1)
                    file.setsampwidth(2)
                    file.setframerate(RATE)
                    file.writeframes((np.clip(sound, -1, 1) * 32767).astype("<i2").tobytes())
                rows.writerow([name, text, part])
    return folder / "sequences.csv"


def score(table: Path, name: str, form: int, seed: int, epochs: int) -> dict[str, Any]:
    """Error rates on the test sequences, of the likeliest path and of a beam of 8, and what the training took."""
    kinds = {"file": {"audio": {"seconds": LONGEST, "trim": name != "crnn"}},
             "text": {"text": {"level": "characters", "least": 1}}}  # fmt: skip
    data = open_data(str(table), target="text", kinds=kinds, splits={"column": "part"})
    task = TASKS.get("transcription").from_data(data)
    (candidate,) = (each for each in propose(data.signals, task) if each.name == name)
    found: dict[str, Any] = {}

    def judge(loaded: Any) -> None:
        found.update({key: round(value, 4) for key, value in loaded.metrics(data, "test").items()})
        metrics = loaded.task.metrics()[1:]
        with torch.inference_mode():
            for batch in data.batches("test", 50):
                tokens = loaded.task.infer(loaded.model, batch, {"beam": 8})["tokens"]
                for metric in metrics:
                    metric.update(tokens, batch.target)
        found.update({f"{metric.name}, beam of 8": round(float(metric.compute()), 4) for metric in metrics})

    recipe = {**candidate.recipe, "keep": "last", "epochs": epochs, "seed": seed}
    _, facts = trained(candidate.forms[form].architecture, task, data, then=judge, **recipe)
    return {**facts, **found}


def main() -> None:
    """Train, judge, and write the report."""
    parser = arguments(__doc__ or "", epochs=12, seeds=3, sequences=3000, form=0, speakers=6)
    parser.add_argument("--nets", default="conformer_ctc,crnn", help="which networks")
    parser.add_argument("--work", type=Path, default=Path("/tmp/speech"), help="where sequences are written")
    args = start(parser)
    takes = takes_of(args.data / "fsdd" / "recordings")
    speakers = sorted({speaker for speaker, _ in takes[0]})
    later = [take for take in takes if take not in OFFICIAL]
    note = f"{args.sequences} sequences to learn from, {args.epochs} epochs; what is proposed, form {args.form}."
    report = Report("speech", "Spoken digits in a row, written down: word error rate", args, note)
    for name in args.nets.split(","):
        for seed in range(args.seeds):
            learnt, judged = pool(takes, later, speakers), pool(takes, OFFICIAL, speakers)
            table = written(args.work / f"takes{seed}", learnt, judged, args.sequences, seed)
            found = score(table, name, args.form, seed, args.epochs)
            rate = found.pop("word_error_rate")
            report.add(f"{name}, takes", "word error rate", rate, goal="≤ 0.05", met=lambda mean: mean <= GOAL, **found)
    for name in args.nets.split(","):
        for place, speaker in enumerate(speakers[: args.speakers]):
            learnt = pool(takes, takes, [each for each in speakers if each != speaker])
            judged = pool(takes, OFFICIAL, [speaker])
            table = written(args.work / f"without_{speaker}", learnt, judged, args.sequences, place)
            found = score(table, name, args.form, 0, args.epochs)
            report.add(f"{name}, speaker", "word error rate", found.pop("word_error_rate"), held_out=speaker, **found)


if __name__ == "__main__":
    main()
