"""The table of results/speed.json: for each network and number of threads, every peer."""

import statistics
from typing import Any

from _losses import how_far_apart

#: Goals: the ratio to plain PyTorch, and the ratio to the best peer.
GOALS = {"seed_cnn": (1.8, 1.25), "residual_cnn": (1.0, 1.1), "gpt": (1.0, 1.1), "mlp": (1.0, 1.1)}

LEGEND = """\
- step: the median of blocks of steps after a warm-up, then over rounds; seconds of the processor where there is one
  thread (others on the machine change them less), else of the clock.
- × plain: plain PyTorch's step over this one, of the same round; × best peer: the same for the peer with the shortest
  step. Median over the rounds (least … most).
- start: from the first import to the end of the first step; weftnet's search for a plan is listed separately, below.
- weftnet_float32: weftnet's plan, in float32 where it is in bfloat16.
- epoch: all steps, with what the library does before and after them. memory: the most that was resident.
"""


def table(parts: dict[str, dict[str, Any]]) -> str:
    """The whole page, in Markdown."""
    lines = ["# Training speed beside other libraries", "", LEGEND]
    lines += ["| network | × plain | goal | × best peer | goal |", "| --- | --- | --- | --- | --- |"]
    lines += [summary(title, part) for title, part in parts.items() if "weftnet" in part["rounds"][0]]
    for title, part in parts.items():
        lines += ["", f"## {title}", "", *peers(part), "", *how_far_apart(part["rounds"]), *plan(part)]
        lines += ["", circumstances(part)]
    return "\n".join(lines) + "\n"


def steps(part: dict[str, Any], peer: str) -> list[float]:
    """Seconds of a step, round by round."""
    key = "step_cpu_seconds" if part["threads"] == 1 else "step_seconds"
    return [each[peer][key] for each in part["rounds"]]


def best(part: dict[str, Any]) -> str | None:
    """The peer with the shortest step."""
    others = [peer for peer in part["rounds"][0] if not peer.startswith("weftnet")]
    return min(others, key=lambda peer: statistics.median(steps(part, peer)), default=None)


def ratio(part: dict[str, Any], slow: str, fast: str) -> tuple[float, str]:
    """The speed ratio: the median over rounds, and the same with minimum and maximum in words."""
    each = [a / b for a, b in zip(steps(part, slow), steps(part, fast), strict=True)]
    middle = statistics.median(each)
    return middle, f"{middle:.2f} ({min(each):.2f} … {max(each):.2f})"


def summary(title: str, part: dict[str, Any]) -> str:
    """weftnet's line for a network and a number of threads."""
    goals, peer, cells = GOALS.get(part["network"], (1.0, 1.0)), best(part), [title]
    for goal, against, name in zip(goals, ("plain", peer), ("", f" {peer}"), strict=True):
        if against is None or against not in part["rounds"][0]:
            cells += ["", ""]
            continue
        value, words = ratio(part, against, "weftnet")
        cells += [words + name, f"≥ {goal}: {'met' if value >= goal else '**not met**'}"]
    return f"| {' | '.join(cells)} |"


def peers(part: dict[str, Any]) -> list[str]:
    """All peers for a network and a number of threads."""
    lines = [
        "| | samples/s | step, ms | × plain | start, s | epoch, s | memory, MiB | loss |",
        "| --- |" + " --- |" * 7,
    ]
    for peer in part["rounds"][0]:
        rounds = [each[peer] for each in part["rounds"]]
        start, epoch, memory, loss, rate = (
            statistics.median(each[key] for each in rounds)
            for key in ("start_seconds", "epoch_seconds", "peak_mib", "loss", "samples_per_second")
        )
        words = ratio(part, "plain", peer)[1] if "plain" in part["rounds"][0] else ""
        step = statistics.median(steps(part, peer)) * 1e3
        lines.append(
            f"| {peer} | {rate:,.0f} | {step:.2f} | {words} | {start:.1f} | {epoch:.1f} | {memory:.0f} | {loss:.4f} |"
        )
    return lines


def plan(part: dict[str, Any]) -> list[str]:
    """weftnet's plan, and the time of the search for it."""
    search = part["plan"]
    if not search:
        return []
    share = f"for a training of {part['planned']:,} steps"
    return [
        f"Plan: {search['plan']}; {search['source']} in {search['seconds']:.1f} s, {share}. " + tried(search["tried"])
    ]


def tried(each: list[dict[str, Any]]) -> str:
    """The plans that were tried, in words."""
    words = []
    for one in each:
        fields = {key: value for key, value in one["plan"].items() if value not in (False, None, "float32")}
        name = ", ".join(key if value is True else f"{key} {value}" for key, value in fields.items())
        ratio = "" if one["ratio"] is None else f" {one['ratio']:.2f} × eager,"
        words.append(f"{name or 'eager'}:{ratio} {one['verdict']}")
    return "; ".join(words).replace("_", " ").replace("onednn", "oneDNN") + "."


def circumstances(part: dict[str, Any]) -> str:
    """The conditions of the measurement."""
    hardware, versions = part["hardware"], dict(part["versions"])
    for peer in part["rounds"][0].values():
        versions |= peer.get("versions", {})
    return (
        f"{len(part['rounds'])} rounds of {part['steps']} steps on {part['date']} by `{part['command']}`; "
        f"{hardware['cpu']}, {hardware['cores']} cores, load {hardware['load when started']} when started, "
        f"{hardware['platform']}; " + ", ".join(f"{name} {value}" for name, value in versions.items() if value) + "."
    )
