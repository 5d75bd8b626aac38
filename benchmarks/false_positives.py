"""How often `weftnet compare` calls a difference clear: where there is none, and where there is one.

    python benchmarks/false_positives.py --repetitions 4000

Two architectures answer made-up test rows (tests/helpers/comparing.py says how); they are trained with n seeds each.
Where both are equally good, at most 5 % may be called clear. The power is the share that is called clear where one is
better by `lead` points. One seed can't tell, so that both are zero there. Each repetition draws ten seeds, and its
first n are those of a table's row: rows of one architecture and number of test rows are not independent. Then the best
of six equally good ones is picked by a validation split: how often its lead over any other is called clear.
"""

import sys
from pathlib import Path

from _report import Report, arguments, start

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "helpers"))

from comparing import NETWORKS, claimed, claimed_among

GOAL, SEEDS = 0.05, 10
ROWS = (50, 200, 1000, 5000)


def main() -> None:
    args = start(arguments(__doc__ or "", repetitions=4000, lead=3), needs_data=False)
    allowed = GOAL + 3 * (GOAL * (1 - GOAL) / args.repetitions) ** 0.5
    note = (
        f"Shares of {args.repetitions} repetitions, in per cent. False positives: no difference, clear at p < 0.05; "
        f"met is what lies within three standard errors of the goal, {100 * allowed:.1f} %. "
        f"Power: a lead of {args.lead} points, {args.repetitions // 4} repetitions."
    )
    report = Report("false_positives", "Differences that `compare` calls clear", args, note)
    for name, network in NETWORKS.items():
        for rows in ROWS:
            none = claimed(network, rows, SEEDS, 0.0, args.repetitions)
            power = claimed(network, rows, SEEDS, args.lead / 100, args.repetitions // 4)
            for seeds in range(1, SEEDS + 1):
                report.add(
                    f"{name}, {rows:,} rows, {seeds} seed{'s' * (seeds > 1)}", "false positives, %",
                    100 * none[seeds - 1], digits=1, goal="≤ 5", met=lambda x: x <= 100 * allowed,
                    power=round(100 * power[seeds - 1]),
                )  # fmt: skip
        for seeds in (2, 3, 5, 10):
            shares = claimed_among(network, 1000, seeds, 6, args.repetitions // 4)
            for split, share in zip(("validation", "test"), shares, strict=True):
                what = f"{name}, best of six on {split}, 1,000 rows, {seeds} seeds"
                report.add(
                    what, "false positives, %", 100 * share, digits=1, goal="≤ 5", met=lambda x: x <= 100 * allowed
                )


if __name__ == "__main__":
    main()
