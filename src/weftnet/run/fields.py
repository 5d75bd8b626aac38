"""The fields of run.json and the lines of history.jsonl: checked as they are read, so that later nobody has to."""

import math
from collections.abc import Mapping
from typing import Any

from weftnet.base.typed import brief, misfit
from weftnet.errors import DamagedCheckpoint

STATUSES = ("created", "training", "stopped", "finished", "failed")
_FIELDS: dict[str, Any] = {
    "format": int, "seed": int, "status": str,
    "task": dict[str, Any], "data": dict[str, Any], "signals": dict[str, str], "files": dict[str, str],
}  # fmt: skip
_OPTIONAL: dict[str, Any] = {
    "versions": dict[str, str], "platform": str, "sizes": dict[str, int], "engine": dict[str, str], "reason": str,
    "steps": int | None, "seconds": float, "waited": float, "answers": dict[str, Any],
    "scores": dict[str, dict[str, Any]],
}  # fmt: skip
_LINE: dict[str, Any] = {
    "step": int, "epoch": float, "seconds": float, "loss": dict[str, Any], "validation": dict[str, Any],
}  # fmt: skip
#: characters of a signal's written form
_LONG = 200


def check_document(document: Mapping[str, Any], where: str) -> None:
    """Refuse a run.json whose fields are of another type; what reads them later needs no checks of its own."""
    known = _FIELDS | {name: kind for name, kind in _OPTIONAL.items() if name in document}
    for name, kind in known.items():
        if wrong := _amiss(document.get(name), kind):
            got = brief(document[name]) if name in document else "nothing"
            raise DamagedCheckpoint(f"the field {name!r} is wrong", where=where, expected=wrong, got=got)
    task, scores = document["task"], document.get("scores", {})
    for what, value, kind in (
        ("task: name", task.get("name"), str),
        ("task: settings", task.get("settings", {}), dict[str, Any]),
        ("data: fingerprint", document["data"].get("fingerprint"), str | None),
        *((f"scores: {split}", metrics, float) for split in scores for metrics in scores[split].values()),
    ):
        if wrong := _amiss(value, kind):
            raise DamagedCheckpoint(f"the field {what!r} is wrong", where=where, expected=wrong, got=brief(value))
    for name, text in document["signals"].items():
        if len(text) > _LONG:
            raise DamagedCheckpoint(f"the signal {name[:_LONG]!r} is wrong", where=where, got=brief(text))
    if document["format"] < 1:
        raise DamagedCheckpoint("the field 'format' is wrong", where=where, got=str(document["format"]))
    if document["status"] not in STATUSES:
        expected = ", ".join(STATUSES)
        raise DamagedCheckpoint("unknown status", where=where, expected=expected, got=brief(document["status"]))


def _amiss(value: Any, kind: Any) -> str:
    """As `misfit`, but a number may be NaN or infinite: a training that diverged says so."""
    unbounded = kind is float and isinstance(value, float) and not math.isfinite(value)
    return "" if unbounded else misfit(value, kind)


def line_fault(line: Any) -> str:
    """What is wrong with a line of the history; empty if nothing is."""
    if wrong := misfit(line, dict[str, Any]):
        return wrong
    values = [(name, line.get(name), kind) for name, kind in _LINE.items()]
    for name in ("loss", "validation"):
        if isinstance(line.get(name), Mapping):
            values += [(f"{name}: {key}", value, float) for key, value in line[name].items()]
    return next((f"{name}: {wrong}" for name, value, kind in values if (wrong := _amiss(value, kind))), "")
