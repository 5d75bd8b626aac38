"""How often `weftnet compare` calls a difference clear: where there is none, and where there is one.

    python benchmarks/false_positives.py --repetitions 400

Two architectures answer made-up test rows (tests/helpers/comparing.py says how); they are trained with n seeds each.
Where both are equally good, at most 5 % may be called clear. The power is the share that is called clear where one is
better by `lead` points. One seed can't tell, so that both are zero there.
"""

import sys
from pathlib import Path

from _report import Report, arguments, start

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "helpers"))

from comparing import NETWORKS, claimed

GOAL = 0.05
ROWS = (50, 200, 1000, 5000)


def main() -> None:
    args = start(arguments(__doc__ or "", repetitions=400, lead=3), needs_data=False)
    allowed = GOAL + 2 * (GOAL * (1 - GOAL) / args.repetitions) ** 0.5
    note = (
        f"Shares of {args.repetitions} repetitions, in per cent. False positives: no difference, clear at p < 0.05; "
        f"two standard errors above the goal are {100 * allowed:.1f} %. Power: a lead of {args.lead} points."
    )
    report = Report("false_positives", "Differences that `compare` calls clear", args, note)
    for name, network in NETWORKS.items():
        for rows in ROWS:
            for seeds in range(1, 11):
                what = f"{name}, {rows:,} rows, {seeds} seed{'s' * (seeds > 1)}"
                none = claimed(network, rows, seeds, 0.0, args.repetitions)
                power = claimed(network, rows, seeds, args.lead / 100, args.repetitions // 4)
                report.add(
                    what, "false positives, %", 100 * none, digits=1, goal="≤ 5", met=lambda x: x <= 100 * allowed,
                    power=round(100 * power),
                )  # fmt: skip


if __name__ == "__main__":
    main()
