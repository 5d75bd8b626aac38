"""Explanations of a small CNN on digits: they depend on the network, and name what its answers rely on.

Goal of integrated gradients and of occlusion: rank correlation with the attributions of randomised weights at most 0.5
with and without signs (an edge detector has 1), and at least 80 % of random deletion orders beaten. Grad-CAM on the
last 2×2 feature map of so small a network is too coarse for the second; it is measured and has no goal.
"""

from collections.abc import Callable
from typing import Any

from _report import Report, arguments, start, trained

from weftnet.data import open_data
from weftnet.explain import checks
from weftnet.explain.sanity import MAX_CORRELATION, MIN_WINS
from weftnet.run.loading import Loaded
from weftnet.tasks import TASKS
from weftnet.zoo import ZOO

#: figure → its goal in words, and the test whether it is met
GOALS: dict[str, tuple[str, Callable[[float], bool]]] = {
    "randomised": (f"at most ±{MAX_CORRELATION}", lambda mean: abs(mean) <= MAX_CORRELATION),
    "randomised_magnitude": (f"at most {MAX_CORRELATION}", lambda mean: mean <= MAX_CORRELATION),
    "deletion_wins": (f"≥ {MIN_WINS}", lambda mean: mean >= MIN_WINS),
}


def main() -> None:
    args = start(arguments(__doc__, seeds=3, epochs=15, examples=48), needs_data=False)
    data = open_data("digits")
    task = TASKS.get("classification").from_data(data)
    batch = next(data.batches("test", args.examples))
    note = f"zoo cnn with padding same, {args.epochs} epochs; means over the first {args.examples} test digits."
    report = Report("explanations", "Explanations of digits", args, note)
    for seed in range(args.seeds):
        by_method: dict[str, dict[str, float]] = {}

        def measure(loaded: Loaded, seed: int = seed, by_method: dict[str, dict[str, float]] = by_method) -> None:
            for method in ("integrated_gradients", "occlusion", "grad_cam"):
                by_method[method] = checks(loaded, batch, method, seed)

        loaded, _ = trained(ZOO.get("cnn")(padding="same"), task, data, then=measure, epochs=args.epochs, seed=seed)
        accuracy = round(loaded.metrics(data, "test")["accuracy"], 4)
        for method, figures in by_method.items():
            for figure, value in figures.items():
                goal: dict[str, Any] = {}
                if figure in GOALS and method != "grad_cam":
                    goal = dict(zip(("goal", "met"), GOALS[figure], strict=True))
                report.add(method, figure, value, **goal, **{"test accuracy": accuracy})


if __name__ == "__main__":
    main()
