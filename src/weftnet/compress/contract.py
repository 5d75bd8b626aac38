"""What a compressed run has to fulfil, and which of those that do are kept.

    accepted    its file is smaller, it is faster in three rounds of four, and its score on the validation split drops
                by at most `max_drop`
    kept        accepted, and no other accepted run is as small, as fast and as good and better in one of the three
    chosen      the fastest of the kept ones; if there is a target latency, it has to reach it

The drop is in points for scores that are shares (92.9 % → 92.5 % is 0.4 points) and in per cent of the score otherwise
(an RMSE of 2.00 → 2.02 is 1 %). The test split plays no role in any of this; its score is only reported.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, TypeAlias

from weftnet.base.replacing import MARK, marked
from weftnet.base.scores import Score
from weftnet.base.units import size
from weftnet.compress.measure import Timing
from weftnet.errors import RunError, SettingError
from weftnet.train.own import own_files as run_files

FORMAT = 1
FILE = "compression.json"
Verdict: TypeAlias = Literal["baseline", "kept", "dominated", "refused", "not applicable"]
#: bytes, seconds, drop: less is better
Point: TypeAlias = tuple[float, float, float]


@dataclass(frozen=True)
class Goal:
    """What a compressed run has to reach.

    Args:
        max_drop: the most that the score may lose, in points or per cent.
        target_latency: the most seconds per example of the chosen run, if there is a limit.
    """

    max_drop: float = 0.5
    target_latency: float | None = None

    def __post_init__(self) -> None:
        if not self.max_drop >= 0:
            raise SettingError("max_drop must be at least 0 points", where="max_drop", got=str(self.max_drop))
        if self.target_latency is not None and not self.target_latency > 0:
            raise SettingError(
                "target_latency must be positive", expected="a time such as 2ms", got=str(self.target_latency)
            )


@dataclass(frozen=True)
class Row:
    """A row of the table.

    Args:
        name: of the run; it lists the methods: prune-50+int8_static.
        verdict: on the run.
        reason: why it was refused or dominated, or does not apply.
        bytes: of the model file.
        timing: see `measure`.
        score: on the validation split.
        drop: relative to the run that was compressed; negative if it got better.
        test: the score on the test split, for kept runs and baselines.
        parameters: of the network; None where the engine is ONNX Runtime.
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
        """What the frontier is computed from."""
        assert self.timing is not None  # of a run that was measured
        return float(self.bytes), self.timing.latency, self.drop


@dataclass(frozen=True)
class Compression:
    """The result of a compression.

    Args:
        folder: holds the kept runs, each under its name, and compression.json.
        score: that decides.
        goal: what they had to reach.
        rows: the baseline first.
        chosen: the name of the run to use; None if there is none.
        why: the reason for the choice.
        facts: on the run, its data and the settings.
        aside: where other files of a replaced folder were moved, if there were any.
    """

    folder: Path
    score: Score
    goal: Goal
    rows: tuple[Row, ...]
    chosen: str | None
    why: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    aside: Path | None = None

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {
            **MARK,
            "format": FORMAT,
            "metric": self.score.name,
            "goal": asdict(self.goal),
            "chosen": self.chosen,
            "why": self.why,
            **self.facts,
            "rows": [asdict(row) for row in self.rows],
        }


def own_files(folder: Path) -> list[Path]:
    """The files of a compression that this program wrote, the manifest last.

    Raises:
        RunError: the folder holds no compression.
    """
    document = marked(folder / FILE)
    if not document:
        there = ", ".join(sorted(path.name for path in folder.iterdir())[:5])
        what = "the folder holds something other than a compression"
        raise RunError(what, where=str(folder), got=there, fix="another --out")
    names = [row.get("name") for row in document.get("rows", ()) if isinstance(row, dict)]
    runs = [folder / name for name in names if isinstance(name, str) and Path(name).name == name]
    return [*(path for run in runs for path in run_files(run)), folder / FILE]


def drop(score: Score, before: float, after: float) -> float:
    """How much worse a score got: points of a share, per cent of anything else; negative if it got better."""
    lost = score.lead(before, after)
    return 100 * lost if score.unit == "share" else 100 * lost / max(abs(before), 1e-12)


def objections(row: Row, baseline: Row, goal: Goal) -> str:
    """Why a measured run is not accepted; "" if it is."""
    assert row.timing is not None  # of a run that was measured
    reasons = []
    if row.bytes >= baseline.bytes:
        reasons.append(f"not smaller: {size(row.bytes)} against {size(baseline.bytes)}")
    if row.timing.speedup_low <= 1:
        low, high = row.timing.speedup_low, row.timing.speedup_high
        reasons.append(f"not faster: {row.timing.speedup:.2f} × ({low:.2f} … {high:.2f})")
    if row.drop > goal.max_drop:
        reasons.append(f"loses {row.drop:.2f}, more than {goal.max_drop:g}")
    return "; ".join(reasons)


def judge(rows: Sequence[Row], goal: Goal) -> list[Row]:
    """The rows with their verdicts and reasons; the first is the run that was compressed."""
    candidates = [row for row in rows if row.timing and row.verdict != "baseline"]
    reasons = {row.name: objections(row, rows[0], goal) for row in candidates}
    kept = frontier({row.name: row.point for row in candidates if not reasons[row.name]})

    def verdict(row: Row) -> Row:
        if row.name not in reasons:  # a baseline, or not applicable
            return row
        if reasons[row.name]:
            return replace(row, verdict="refused", reason=reasons[row.name])
        if row.name in kept:
            return replace(row, verdict="kept")
        return replace(row, verdict="dominated", reason="another is as small, as fast and as good")

    return [verdict(row) for row in rows]


def frontier(points: Mapping[str, Point]) -> set[str]:
    """The names of the points that no other dominates: is as good in everything and better in something."""
    return {name for name, point in points.items() if not any(_dominates(other, point) for other in points.values())}


def _dominates(one: Point, other: Point) -> bool:
    return one != other and all(a <= b for a, b in zip(one, other, strict=True))


def choose(rows: Mapping[str, Row], goal: Goal) -> tuple[str | None, str]:
    """The kept run to use, and why."""
    if not rows:
        return None, "nothing is smaller and faster and within the drop"
    latency = {name: row.point[1] for name, row in rows.items()}
    fastest = min(latency, key=lambda name: latency[name])
    target = goal.target_latency
    if target is not None and latency[fastest] > target:
        return None, f"none reaches {target * 1e3:g} ms: {fastest} is the fastest with {latency[fastest] * 1e3:.3g} ms"
    return fastest, f"{fastest} is the fastest of those that are smaller and within the drop"
