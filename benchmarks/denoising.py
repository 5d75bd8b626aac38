"""Noise out of spoken digits: the Free Spoken Digit Dataset with noise of 0 to 10 dB, white to pink.

    python benchmarks/denoising.py --data DIR --epochs 10 --seeds 3

DIR/fsdd/recordings holds `7_jackson_3.flac` and so on. Takes 0 to 4, the official test, are judged; the last take
is followed during the training, all others are learnt from. What is proposed is trained with its own recipe; noise is
drawn anew at every step, and always the same for the score: the gain in SI-SDR over the noisy recording, in decibels.
"""

import re
import shutil
from pathlib import Path

from _report import Report, arguments, start, trained

from weftnet.compete.propose import propose
from weftnet.data import open_data
from weftnet.tasks import TASKS

OFFICIAL, GOAL = range(5), 8.0


def sorted_out(folder: Path, out: Path) -> Path:
    """A table of the recordings and the part that each belongs to."""
    out.mkdir(parents=True, exist_ok=True)
    files = {file: int(re.fullmatch(r"\d_\w+_(\d+)", file.stem)[1]) for file in sorted(folder.glob("*.flac"))}  # type: ignore[index]
    last, lines = max(files.values()), ["file,part"]
    for file, take in files.items():
        shutil.copyfile(file, out / file.name)
        lines.append(f"{file.name},{'test' if take in OFFICIAL else 'validation' if take == last else 'train'}")
    (out / "recordings.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return out / "recordings.csv"


def main() -> None:
    """Train, judge, and write the report."""
    parser = arguments(__doc__ or "", epochs=10, seeds=3, form=0)
    parser.add_argument("--nets", default="lstm_denoiser,wave_unet,wavenet_denoiser", help="which networks")
    parser.add_argument("--work", type=Path, default=Path("/tmp/denoising"), help="where the table is written")
    args = start(parser)
    table = sorted_out(args.data / "fsdd" / "recordings", args.work)
    kinds = {"file": {"audio": {"seconds": 0.8, "trim": True}}}
    data = open_data(str(table), kinds=kinds, splits={"column": "part"})
    task = TASKS.get("denoising").from_data(data)
    note = f"Noise of 0 to 10 dB, {args.epochs} epochs, form {args.form} of what is proposed; official test takes."
    report = Report("denoising", "Noise out of spoken digits: gain in SI-SDR, dB", args, note)
    for name in args.nets.split(","):
        (candidate,) = (each for each in propose(data.signals, task) if each.name == name)
        for seed in range(args.seeds):
            recipe = {**candidate.recipe, "epochs": args.epochs, "seed": seed, "evaluate_every": "1 epoch"}
            loaded, facts = trained(candidate.forms[args.form].architecture, task, data, **recipe)
            found = {key: round(value, 3) for key, value in loaded.metrics(data, "test").items()}
            gain = found.pop("si_sdr_gain")
            report.add(name, "gain, dB", gain, goal="≥ 8", met=lambda mean: mean >= GOAL, digits=2, **facts, **found)


if __name__ == "__main__":
    main()
