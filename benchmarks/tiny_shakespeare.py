"""Tiny Shakespeare: a four-layer Transformer over characters in nanoGPT's small setting, and an LSTM of its size.

Setting: 4 layers, 4 heads, 128 wide, context 64, batch 12, 2,000 steps, no dropout, AdamW (0.9, 0.99) with decay 0.1
and clipping at 1, rate 1e-3 after 100 steps of warm-up, decaying to 1e-4 by a cosine. Goal: a validation loss of at
most 1.88 nats per character, which https://github.com/karpathy/nanoGPT (README, "I only have a macbook") reports for
it. Here the loss is that of the whole validation split, in adjacent windows, after the last step.
"""

from _report import Report, arguments, start, trained

from weftnet.answer import samples
from weftnet.data import open_data
from weftnet.tasks import TASKS
from weftnet.zoo import ZOO

NETWORKS = ("char_transformer", "char_lstm")
OTHERS = ("llama", "char_min_gru", "mamba", "char_tcn", "wavenet")


def main() -> None:
    parser = arguments(__doc__, steps=2000, seeds=1)
    parser.add_argument("--only", choices=NETWORKS + OTHERS, help="one of the networks")
    args = start(parser)
    data = open_data(args.data / "tiny_shakespeare" / "input.txt.xz", context=64)
    task = TASKS.get("language_model").from_data(data)
    recipe = {
        "lr": 1e-3,
        "optimiser_settings": {"betas": [0.9, 0.99], "weight_decay": 0.1},
        "schedule": "cosine",
        "schedule_settings": {"end": 0.1},
        "warmup": 0.05,
        "batch_size": 12,
        "steps": args.steps,
        "clip": 1.0,
        "keep": "last",
        "evaluate_every": f"{args.steps} steps",
        "threads": args.threads,
    }
    note = f"Recipe: {recipe}. Loss of the whole validation part, windows of 64 characters side by side."
    report = Report("_".join(filter(None, ("tiny_shakespeare", args.only))), "Tiny Shakespeare, characters", args, note)
    for seed in range(args.seeds):
        for name in [args.only] if args.only else NETWORKS:
            sheet = args.out / f"sample_{name}.txt"
            loaded, facts = trained(
                ZOO.get(name)(), task, data, then=lambda run, to=sheet: to.write_text(samples.text(run)),
                **recipe, seed=seed,
            )  # fmt: skip
            loss = loaded.metrics(data, "validation")["nats_per_token"]
            goal = {"goal": "≤ 1.88", "met": lambda mean: mean <= 1.88} if name == NETWORKS[0] else {}
            report.add(f"zoo {name}", "validation, nats per character", loss, **goal, **facts)


if __name__ == "__main__":
    main()
