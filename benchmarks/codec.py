"""Spoken digits as few bits: the Free Spoken Digit Dataset through a codec that is learnt from it.

    python benchmarks/codec.py --data DIR --steps 3000

DIR/fsdd/recordings holds `7_jackson_3.flac` and so on, of 8000 samples a second. Takes 0 to 4, the official test, are
judged; the last take is followed during the training, all others are learnt from. What is proposed is trained with its
own recipe. A file of samples has 128,000 bits a second; `baseline` is the cosine transform of the report.
"""

from pathlib import Path
from typing import Any

from _report import Report, arguments, start, trained
from denoising import sorted_out

from weftnet.base.figures import Table
from weftnet.compete.propose import propose
from weftnet.data import open_data
from weftnet.data.data import Data
from weftnet.run.judging import judge
from weftnet.run.loading import Loaded
from weftnet.tasks import TASKS


def main() -> None:
    """Train, judge, and write the report."""
    parser = arguments(__doc__ or "", steps=3000, seeds=1, form=0)
    parser.add_argument("--work", type=Path, default=Path("/tmp/codec"), help="where the table is written")
    args = start(parser)
    table = sorted_out(args.data / "fsdd" / "recordings", args.work)
    kinds = {"file": {"audio": {"seconds": 0.8, "trim": True}}}
    data = open_data(str(table), kinds=kinds, splits={"column": "part"})
    task = TASKS.get("codec").from_data(data)
    note = f"{args.steps} steps, form {args.form} of what is proposed; official test takes."
    report = Report("codec", "Spoken digits as few bits: SI-SDR of what is decoded, dB", args, note)
    for candidate in propose(data.signals, task):
        for seed in range(args.seeds):
            every = f"{args.steps // 4} steps"
            recipe = {**candidate.recipe, "steps": args.steps, "seed": seed, "evaluate_every": every}
            loaded, facts = trained(candidate.forms[args.form].architecture, task, data, **recipe)
            found: dict[str, Any] = {key: round(value, 3) for key, value in loaded.metrics(data, "test").items()}
            found |= _judged(loaded, data)
            report.add(candidate.name, "SI-SDR, dB", found.pop("si_sdr"), digits=2, **facts, **found)


def _judged(loaded: Loaded, data: Data) -> dict[str, Any]:
    """The baseline's decibels, and how many codes each level uses."""
    judgement = judge(loaded, data, "test")
    assert judgement.baseline is not None
    (table,) = (each for section in judgement.sections for each in section.figures if isinstance(each, Table))
    return {"baseline": round(judgement.baseline.score, 3), "codes in use": "/".join(str(row[1]) for row in table.rows)}


if __name__ == "__main__":
    main()
