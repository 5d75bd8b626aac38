"""English into German: Multi30k, image descriptions, judged on the 1,000 pairs of test_2016_flickr.

    python benchmarks/multi30k.py --data DIR --steps 12000 --work runs/multi30k --piece 3000

DIR/multi30k_en_de holds train.en, train.de, val.en … as .xz. Both sides are read as subwords of one vocabulary. The
last weights are kept. A training may be made in pieces: the same command goes on where the one before stopped,
`--piece` seconds after it began; the result is that of a whole one, bit for bit. The report is written at the end.

BLEU is sacrebleu's, of whole texts as they are written; `lower-cased` without case, the nearest to what is published:
41.0 for a Transformer of this size (Z. Wu and others, Good for misconceived reasons, 2021, https://arxiv.org/abs/2105.14462),
of lower-cased and tokenised subwords. The signatures are in the report.
"""

import json
from pathlib import Path
from typing import Any

import sacrebleu.metrics
from _report import Report, arguments, start, stopped_after

from weftnet.data import open_data
from weftnet.run.folder import Run
from weftnet.run.loading import load
from weftnet.tasks import TASKS
from weftnet.train import Recipe, fit, resume
from weftnet.zoo import ZOO

GOAL = 39.0
#: networks by name: the entry of the zoo, its settings, and fields of the recipe
NETS: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "transformer_tiny": (
        "transformer",
        {"dim": 128, "depth": 4, "heads": 4, "hidden": 256, "dropout": 0.3, "tie": "all"},
        {"lr": 5e-3, "optimiser_settings": {"betas": [0.9, 0.98]}},
    ),
    "bahdanau": ("attention_encoder_decoder", {"words": 128, "dim": 256, "hidden": 128, "dropout": 0.3}, {"lr": 2e-3}),
    "cho": ("gru_encoder_decoder", {"words": 128, "dim": 512, "hidden": 256, "dropout": 0.3}, {"lr": 2e-3}),
}


def opened(folder: Path, vocabulary: int) -> Any:
    """The official parts."""
    kind = {"subwords": {"most": vocabulary, "shared": True}}
    parts = {
        name: str(folder / f"{file}.en.xz") for name, file in (("validation", "val"), ("test", "test_2016_flickr"))
    }
    return open_data(str(folder / "train.en.xz"), target="de", kinds={"de": kind}, **parts)


def trained(args: Any, name: str, seed: int, data: Any) -> Run | None:
    """The run, made or gone on with; None while steps are left."""
    entry, settings, fields = NETS[name]
    folder = args.work / f"{name}-{seed}"
    with stopped_after(args.piece):
        if (folder / "run.json").exists():
            run = resume(folder, data)
        else:
            task = TASKS.get("text_to_text").from_data(data)
            usual = {"optimiser": "adamw", "schedule": "one_cycle", "batch_size": args.batch, "clip": 1.0}
            recipe = Recipe.for_task(
                task, **usual, keep="last", steps=args.steps, seed=seed, evaluate_every=f"{args.every} steps", **fields
            )
            run = fit(ZOO.get(entry)(**settings), task, data, recipe, folder)
    return run if run.status == "finished" else None


def main() -> None:
    """Train, judge, and write the report."""
    parser = arguments(__doc__ or "", steps=12000, seeds=1, vocabulary=8000, batch=128, every=1000, piece=0)
    parser.add_argument("--nets", default="transformer_tiny", help="which networks")
    parser.add_argument("--work", type=Path, default=Path("runs/multi30k"), help="where the runs are kept")
    args = start(parser)
    data = opened(args.data / "multi30k_en_de", args.vocabulary)
    cased, lower = sacrebleu.metrics.BLEU(), sacrebleu.metrics.BLEU(lowercase=True)
    chrf = sacrebleu.metrics.CHRF()
    report = Report("multi30k", "English into German, Multi30k test_2016_flickr", args, f"{args.steps} steps.")
    for name in args.nets.split(","):
        for seed in range(args.seeds):
            run = trained(args, name, seed, data)
            if run is None:
                print(f"{name}, seed {seed}: stopped; the same command goes on", flush=True)
                return
            loaded = load(run.folder)
            written, true = list[str](), list[str]()
            for batch in data.batches("test", 100):
                written += [answer["text"] for answer in loaded.task.answers(loaded.outputs(batch))]
                true += data.target.decode(batch.target.numpy())
            history = [json.loads(line) for line in run.text("history.jsonl").splitlines()]
            facts = {
                "parameters": sum(p.numel() for p in loaded.model.parameters()),
                "seconds": round(run.facts.seconds or 0),
                "nats per token, validation": round(history[-1]["validation"]["nats_per_token"], 3),
            }
            for metric, label in ((cased, "BLEU"), (lower, "BLEU, lower-cased"), (chrf, "chrF2")):
                value = metric.corpus_score(written, [true]).score
                goal: dict[str, Any] = (
                    {} if metric is not cased else {"goal": f"≥ {GOAL}", "met": lambda mean: mean >= GOAL}
                )
                report.add(name, label, value, digits=2, **goal, **facts, signature=str(metric.get_signature()))


if __name__ == "__main__":
    main()
