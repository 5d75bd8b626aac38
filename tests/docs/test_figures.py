"""Every figure of the README's table of measurements is the one in its result file."""

import json
import re
import statistics
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "benchmarks" / "results"
NETWORKS = ("seed_cnn", "residual_cnn", "lstm", "gpt", "mlp")


def row(file: str, what: str, metric: str = "") -> dict[str, Any]:
    rows = json.loads((RESULTS / f"{file}.json").read_text(encoding="utf-8"))["rows"]
    return next(each for each in rows if each["what"].startswith(what) and each["metric"].startswith(metric))


def mean(found: dict[str, Any], digits: int, factor: float = 1.0) -> str:
    text = f"{found['mean'] * factor:.{digits}f}"
    return text if found["half"] is None else f"{text} ± {found['half'] * factor:.{digits}f}"


def ratios(threads: int) -> str:
    """For each network × plain, × the best peer, and both in float32 where the plan is bfloat16."""
    parts = json.loads((RESULTS / "speed.json").read_text(encoding="utf-8"))
    key = "step_cpu_seconds" if threads == 1 else "step_seconds"
    cells = []
    for network in NETWORKS:
        rounds = parts[f"{network}, {threads} thread{'s' * (threads > 1)}"]["rounds"]
        peers = [peer for peer in rounds[0] if not peer.startswith("weftnet")]
        best = min(peers, key=lambda peer: statistics.median(each[peer][key] for each in rounds))

        def against(slow: str, fast: str, rounds: list[Any] = rounds) -> str:
            return f"{statistics.median(each[slow][key] / each[fast][key] for each in rounds):.2f}"

        cell = f"{against('plain', 'weftnet')} × ({against(best, 'weftnet')} ×)"
        if "weftnet_float32" in rounds[0]:
            cell += f", float32 {against('plain', 'weftnet_float32')} × ({against(best, 'weftnet_float32')} ×)"
        cells.append(cell)
    return "; ".join(cells)


def compressed(file: str, what: str) -> str:
    faster, smaller = row(file, what, "× faster"), row(file, what, "× smaller")
    facts = faster["facts"][0]
    drop = facts["drop"]
    lost = f"{drop:.2f}" if drop > 0 else "none"
    return f"{faster['mean']:.1f} × ({facts['speed-up of a batch of 64']:.1f} ×), {smaller['mean']:.1f} ×, {lost}"


def error(what: str) -> str:
    found = row("cost", what)
    return f"{100 * found['facts'][0]['median_error']:.0f} %, {100 * found['mean']:.0f} %"


def difference(data: str) -> str:
    return "+" + mean(row("tables", f"{data}: difference"), 1)


def results() -> dict[str, str]:
    """The result cell by the beginning of the row."""
    overhead, share = row("speed_overhead", "tiny MLP", "overhead, µs"), row("speed_overhead", "CNN", "overhead, %")
    time = [row("fashion_time", f"{who}, 1 thread", "s") for who in ("weftnet", "plain")]
    ratio = row("fashion_time", "weftnet / plain, 1 thread", "of the time")
    serving = [row("serving", f"weftnet / {who}, 64", "ratio of requests") for who in
               ("plain FastAPI", "plain FastAPI, one thread", "LitServe")]  # fmt: skip
    load = json.loads((RESULTS / "demo.json").read_text(encoding="utf-8"))["hardware"]["load when started"]
    return {
        "`make demo`": f"{mean(row('demo', 'chosen'), 2)} % under a load of {load:.0f}",
        "Fashion-MNIST, a YAML": f"{mean(row('fashion_cnn', 'fashion_cnn'), 2)} %",
        "the same file with an LSTM": f"{mean(row('fashion_mnist', 'fashion_cnn_lstm'), 2)} %",
        "sentence polarity": f"{mean(row('mr_polarity', 'text_cnn'), 2)} %",
        "Tiny Shakespeare": f"{mean(row('tiny_shakespeare_char_transformer', 'zoo'), 3)} nats",
        "ETTh1": mean(row("etth1", "linear"), 3),
        "tables": f"{', '.join(map(difference, ('breast_cancer', 'wine', 'diabetes')))}: no difference shown",
        "speed of a training step": ratios(1),
        "the same, two threads": ratios(2),
        "Fashion-MNIST, time": f"{mean(time[0], 1)} s and {mean(time[1], 1)} s: {mean(ratio, 3)}",
        "overhead of the loop": f"{mean(overhead, 1)} µs, {mean(share, 2)} %",
        "predicted peak memory": f"{100 * row('cost', 'memory, fresh')['mean']:.1f} %",
        "time of a training step": "; ".join(
            error(f"time, 1 thread(s), check (measured), {kind}") for kind in ("zoo", "fresh")
        ),
        "int8 of a residual CNN": compressed("compression", "resnet_small: chosen"),
        "int8 of a Transformer": compressed("compression", "text_transformer: chosen"),
        "an LSTM text classifier": compressed("compression", "text_lstm: chosen"),
        "a CNN on Fashion-MNIST": compressed("compression_cnn", "cnn: chosen"),
        "serving a small CNN": ", ".join(f"{mean(each, 1)} ×" for each in serving)
        + "; the last two hold 1: no difference shown",
    }


def lines() -> dict[str, str]:
    table = (ROOT / "README.md").read_text(encoding="utf-8").split("## Measured")[1].split("\n\n")[1]
    cells = [line.strip("| ").split(" | ") for line in table.splitlines()[2:]]
    return {each[0]: each[1] for each in cells}


@pytest.mark.parametrize("start", list(results()))
def test_the_figures_of_a_row_are_its_files(start: str) -> None:
    (shown,) = (result for measurement, result in lines().items() if measurement.startswith(start))
    assert shown == results()[start]


def test_every_row_has_a_file() -> None:
    assert len(lines()) == len(results())


def test_differences_that_may_be_none_are_no_wins() -> None:
    """An interval around a difference that holds zero, or around a ratio that holds one, is said to show none."""
    for measurement, result in lines().items():
        for value, half in re.findall(r"\+([\d.]+) ± ([\d.]+)", result):
            assert float(half) < float(value) or "no difference shown" in result, measurement
        for value, half in re.findall(r"([\d.]+) ± ([\d.]+) ×", result):
            assert abs(float(value) - 1) > float(half) or "no difference shown" in result, measurement


def test_every_mean_of_the_benchmarks_page_is_in_a_file() -> None:
    """`a ± b` of the claims, where b is not a quantile of its own: some row of some file says so."""
    page = (ROOT / "benchmarks" / "README.md").read_text(encoding="utf-8").split("## On a GPU")[0]
    known = set()
    for path in RESULTS.glob("*.json"):
        document = json.loads(path.read_text(encoding="utf-8"))
        for each in document.get("rows", []) if isinstance(document, dict) else []:
            if each["half"] is not None:
                known |= {
                    f"{each['mean'] * factor:.{digits}f} ± {each['half'] * factor:.{digits}f}".replace("-", "−")
                    for factor in (1, 100) for digits in range(4)
                }  # fmt: skip
    claims = "".join(line for line in page.splitlines() if not line.startswith("| `make demo`"))
    missing = [text for text in re.findall(r"−?[\d.]+ ± [\d.]+", claims) if text not in known]
    assert missing == []


def test_the_corpus_is_as_large_as_said() -> None:
    count = len(list((ROOT / "tests" / "broken").glob("*.yaml")))
    assert f"corpus of {count} broken" in (ROOT / "README.md").read_text(encoding="utf-8")
