"""What a compressed run has to be, and which of those that are it are kept.

    accepted    its file is smaller, and it is faster in three rounds of four, and its score on the validation split
                drops by at most `max_drop`
    kept        accepted, and no other accepted run is as small, as fast and as good, and better in one of the three
    chosen      the fastest of the kept ones, or of those that reach the target latency if there is one

The drop is in points for scores that are shares (92.9 % → 92.5 % are 0.4 points) and in per cent of the score otherwise
(an RMSE of 2.00 → 2.02 is 1 %). The test split has no say in any of this; it is only reported.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeAlias

from weftnet.base.scores import scale_of
from weftnet.base.units import size
from weftnet.compress.measure import Timing
from weftnet.errors import SettingError

FORMAT = 1
FILE = "compression.json"
Verdict: TypeAlias = Literal["baseline", "kept", "dominated", "refused", "not applicable"]
#: bytes, seconds, drop: less is better
Point: TypeAlias = tuple[float, float, float]


@dataclass(frozen=True)
class Goal:
    """What is asked for.

    Args:
        max_drop: the most that the score may lose, in points or per cent.
        target_latency: seconds an example of the chosen run, if there is a limit.
    """

    max_drop: float = 0.5
    target_latency: float | None = None

    def __post_init__(self) -> None:
        if not self.max_drop >= 0:
            raise SettingError("max_drop can't be used", expected="0 or more points", got=str(self.max_drop))
        if self.target_latency is not None and not self.target_latency > 0:
            raise SettingError("target_latency is no time", expected="2ms or the like", got=str(self.target_latency))


@dataclass(frozen=True)
class Row:
    """A line of the table.

    Args:
        name: of the run, which says what was done: prune-50+int8_static.
        verdict: what became of it.
        reason: why it was refused, or does not apply.
        bytes: of the file that answers.
        timing: see `measure`.
        score: on the validation split.
        drop: against the run that was compressed; negative if it got better.
        test: the score on the test split, of what is kept and of the baselines.
        parameters: of the network; None where ONNX Runtime answers.
    """

    name: str
    verdict: Verdict
    reason: str = ""
    bytes: int = 0
    timing: Timing | None = None
    score: float = 0.0
    drop: float = 0.0
    test: float | None = None
    parameters: int | None = None

    @property
    def point(self) -> Point:
        """What the frontier is drawn by."""
        assert self.timing is not None  # of a run that was measured
        return float(self.bytes), self.timing.latency, self.drop


@dataclass(frozen=True)
class Compression:
    """What came of it.

    Args:
        folder: where the kept runs lie, each by its name, and compression.json.
        metric: the score that counts.
        goal: what was asked for.
        rows: the baseline first.
        chosen: the name of the run to use; None if none will do.
        why: a sentence on the choice.
        facts: of the run and the machine.
    """

    folder: Path
    metric: str
    goal: Goal
    rows: tuple[Row, ...]
    chosen: str | None
    why: str
    facts: Mapping[str, Any] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "format": FORMAT,
            "metric": self.metric,
            "goal": asdict(self.goal),
            "chosen": self.chosen,
            "why": self.why,
            **self.facts,
            "rows": [asdict(row) for row in self.rows],
        }


def drop(metric: str, better: str, before: float, after: float) -> float:
    """How much a score lost: points of a share, per cent of anything else; negative if it got better."""
    lost = before - after if better == "max" else after - before
    factor, _, unit = scale_of(metric)
    return factor * lost if unit else 100 * lost / max(abs(before), 1e-12)


def objections(row: Row, baseline: Row, goal: Goal) -> str:
    """Why a measured run can't be accepted; "" if it can."""
    assert row.timing is not None  # of a run that was measured
    found = []
    if row.bytes >= baseline.bytes:
        found.append(f"not smaller: {size(row.bytes)} against {size(baseline.bytes)}")
    if row.timing.speedup_low <= 1:
        low, high = row.timing.speedup_low, row.timing.speedup_high
        found.append(f"not faster: {row.timing.speedup:.2f} × ({low:.2f} … {high:.2f})")
    if row.drop > goal.max_drop:
        found.append(f"loses {row.drop:.2f}, more than {goal.max_drop:g}")
    return "; ".join(found)


def frontier(points: Mapping[str, Point]) -> set[str]:
    """The names of the points that no other is as good as in everything and better than in something."""
    return {name for name, point in points.items() if not any(_dominates(other, point) for other in points.values())}


def _dominates(one: Point, other: Point) -> bool:
    return one != other and all(a <= b for a, b in zip(one, other, strict=True))


def choose(rows: Mapping[str, Row], goal: Goal) -> tuple[str | None, str]:
    """The kept run to use, and why."""
    if not rows:
        return None, "nothing was smaller and faster and within the drop"
    latency = {name: row.point[1] for name, row in rows.items()}
    fastest = min(latency, key=lambda name: latency[name])
    target = goal.target_latency
    if target is not None and latency[fastest] > target:
        return None, f"none reaches {target * 1e3:g} ms: {fastest} is the fastest with {latency[fastest] * 1e3:.3g} ms"
    return fastest, f"{fastest} is the fastest of those that are smaller and within the drop"
