"""`weftnet fit` as a new user calls it, and what its competition says of the test rows."""

import json
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

#: 1 − value is the error of these; of others the value itself
SHARES = ("accuracy", "balanced_accuracy", "r2")


def run_fit(source: Path, options: Sequence[str], seconds: float, seed: int, out: Path) -> dict[str, Any]:
    """The competition and the seconds it took; what went wrong, if it failed."""
    began = time.perf_counter()
    command = [sys.executable, "-m", "weftnet", "fit", str(source), *options]
    command += ["--total", f"{seconds:g}s", "--seed", str(seed), "--out", str(out), "--replace"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=10 * seconds + 600)
    taken = time.perf_counter() - began
    file = out / "competition.json"
    competition = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    if done.returncode or not competition.get("best"):
        return {"failed": (done.stderr or done.stdout).strip()[-400:] or "no training finished", "seconds": taken}
    return {"competition": competition, "seconds": taken}


def entrants(competition: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The winner, the best network (an ensemble counts as one) and the best baseline: name, folder, test metrics."""
    standings = competition["standings"]
    roles = {
        "winner": [outcome for outcome in competition["outcomes"] if outcome["folder"] == competition["best"]],
        "network": _of_first(competition, [each for each in standings if not each.get("baseline")]),
        "baseline": _of_first(competition, [each for each in standings if each.get("baseline")]),
    }
    return {
        role: {"name": found[0]["name"], "folder": found[0]["folder"], "test": found[0]["test"]}
        for role, found in roles.items()
        if found
    }


def _of_first(competition: Mapping[str, Any], standings: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Trainings of the best of these candidates, the best on validation first."""
    name, metric = (standings[0]["name"] if standings else None), competition["metric"]
    found = [each for each in competition["outcomes"] if each["name"] == name and each["test"]]
    return sorted(found, key=lambda each: each["validation"][metric], reverse=competition["better"] == "max")


def error(metric: str, value: float) -> float:
    """Of a metric, as something that is better the lower it is."""
    return 1 - value if metric in SHARES else value


def answers(run: Path, test: Path, out: Path) -> list[Any]:
    """`weftnet predict`: a label or a number for each test row, in order."""
    out.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "weftnet", "predict", str(run), str(test), "--out", str(out)]
    subprocess.run(command, capture_output=True, check=True)
    lines = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    return [line["label"] if "label" in line else line["value"] for line in lines]
