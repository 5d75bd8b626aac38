"""Sets that no recipe was tuned on: `weftnet fit SET --total T` as a new user calls it, beside simple models.

    python untuned.py --data DIR --group tables --packages PYTHON [--minutes-per-set 2] [--seeds 3] [--sets iris fair]

Nothing is set but the target, its task and the test part. The test errors of the winner, of the best network (or
ensemble of networks) and of the best baseline are read from competition.json; peers are fitted on the same training
rows and judged on the same test rows, in the same time where they search. Errors: 1 − accuracy, RMSE, and for series
MASE, the mean absolute error over that of the seasonal naive forecast one step ahead in the training part, in
standardised values.

A tie is one within 1 % of the larger error, "tie (1 %)", or where the difference paired over seeds and test rows is
not clear at 95 %, "tie (test)"; answers whose error is not that of competition.json, and series, have no paired test.
What weftnet could not fit is a loss. Every (set, seed) is kept in --work when it is done, so a second call goes on
from there.
"""

import argparse
import json
import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from _report import arguments, circumstances, start
from untuned_parts import sets
from untuned_parts.fitting import answers, entrants, error, run_fit
from untuned_parts.peers import PEERS, autogluon, seasonal
from untuned_parts.sets import CLASS, Set
from untuned_parts.verdict import grouped, mean_ranks, verdict

from weftnet.base.intervals import interval

HERE = Path(__file__).parent
GROUPS = {each.__name__: each for each in (sets.tables, sets.texts, sets.series, sets.pictures, sets.sound)}
SEASONAL = "seasonal naive"
ROLES = ("winner", "network", "baseline")


def main() -> None:
    parser = arguments(__doc__, seeds=3)
    parser.add_argument("--group", choices=GROUPS, required=True)
    parser.add_argument("--minutes-per-set", type=float, default=2.0, metavar="M", help="(2)")
    parser.add_argument("--sets", nargs="*", help="names; default all of the group")
    parser.add_argument("--peers", nargs="*", help="names; default all of the group")
    parser.add_argument("--packages", metavar="PYTHON", help="that has the packages which ship sets (README)")
    parser.add_argument("--autogluon", metavar="PYTHON", help="that has AutoGluon, which then competes on tables")
    parser.add_argument("--work", type=Path, default=HERE.parent / "build" / "untuned", help="for files, runs, records")
    args, load = start(parser), os.getloadavg()[0]
    args.data, args.work = args.data.resolve(), args.work.resolve()
    versions = shipped(args)
    known = GROUPS[args.group](args.data, args.work)
    wrong = sorted({*(args.sets or ())} - {*known})
    if wrong:
        parser.error(f"--sets: {', '.join(wrong)}; there are {', '.join(known)}")
    for seed in range(args.seeds):
        for name in args.sets or known:
            file = record_file(args, name, seed)
            if not file.is_file():
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(json.dumps(measured(args, known[name](), seed)), encoding="utf-8")
            write(args, load, versions, records(args, known))


def shipped(args: argparse.Namespace) -> dict[str, str]:
    """Write the sets of packages, once; the packages' versions."""
    kept = args.work / "shipped" / "versions.json"
    if args.packages:
        command = [args.packages, str(HERE / "untuned_parts" / "shipped.py"), str(kept.parent)]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        kept.write_text(done.stdout.splitlines()[-1], encoding="utf-8")
    if not kept.is_file():
        if args.group in ("pictures", "sound"):
            return {}
        raise SystemExit("--packages PYTHON is needed the first time: see README")
    return json.loads(kept.read_text(encoding="utf-8"))


def record_file(args: argparse.Namespace, name: str, seed: int) -> Path:
    """Where a (set, seed) of these minutes is kept."""
    return args.work / "records" / f"{args.group}-{args.minutes_per_set:g}min" / f"{name}-seed{seed}.json"


def records(args: argparse.Namespace, names: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    """What is done, by set, in order of seeds."""
    files = {name: [record_file(args, name, seed) for seed in range(args.seeds)] for name in names}
    found = {name: [json.loads(each.read_text()) for each in those if each.is_file()] for name, those in files.items()}
    return {name: each for name, each in found.items() if each}


def measured(args: argparse.Namespace, each: Set, seed: int) -> dict[str, Any]:
    """One fit and its peers: {errors: by entrant, differences: by "role peer", names, facts}."""
    seconds, out = 60 * args.minutes_per_set, args.work / "runs" / args.group / f"{each.name}-seed{seed}"
    fit = run_fit(each.source, each.options, seconds, seed, out)
    record: dict[str, Any] = {"set": each.name, "seed": seed, "seconds": round(fit["seconds"], 1), "metric": "MASE"}
    record |= {"errors": {}, "names": {}, "differences": {}, "failed": fit.get("failed", ""), "peer seconds": {}}
    found = {} if "failed" in fit else entrants(fit["competition"])
    record["names"] = {role: one["name"] for role, one in found.items()}
    if each.test is None:
        naive, scale = seasonal(each)
        errors = {role: one["test"]["mae"] / scale for role, one in found.items()}
        record["errors"] = {**errors, SEASONAL: naive / scale}
    else:
        metric = fit["competition"]["metric"] if found else "accuracy" if each.task == CLASS else "rmse"
        record["metric"] = metric
        record["errors"] = {role: error(metric, one["test"][metric]) for role, one in found.items()}
        beside(args, each, seed, record, losses_of(each, found, record, out))
    print(each.name, seed, {k: round(v, 4) for k, v in record["errors"].items()}, record["failed"], flush=True)
    return record


def losses_of(each: Set, found: Mapping[str, Any], record: Mapping[str, Any], out: Path) -> dict[str, Any]:
    """By role, the loss of each test row, where the answers have the error that competition.json says."""
    truth, kept = each.rows()[3], {}
    for role in ("winner", "network"):
        if role in found:
            given = answers(out / found[role]["folder"], each.test, out / "answers" / f"{role}.jsonl")
            losses = loss(each, given, truth)
            if abs(total(each, losses) - record["errors"][role]) < 1e-3 * max(1e-9, record["errors"][role]) + 1e-6:
                kept[role] = losses
    return kept


def beside(
    args: argparse.Namespace, each: Set, seed: int, record: dict[str, Any], ours: Mapping[str, Any]
) -> None:  # fmt: skip
    """Fit the peers, and add their errors and differences to the record."""
    seconds, truth = 60 * args.minutes_per_set, each.rows()[3]
    peers = dict(PEERS[args.group])
    if args.autogluon and args.group == "tables":
        folder = args.work / "autogluon" / f"{each.name}-seed{seed}"
        peers["AutoGluon"] = lambda *one: autogluon(*one, args.autogluon, folder)
    for name, peer in peers.items():
        if args.peers is None or name in args.peers:
            began = time.perf_counter()
            theirs = loss(each, peer(each, seconds, seed), truth)
            record["peer seconds"][name] = round(time.perf_counter() - began, 1)
            record["errors"][name] = total(each, theirs)
            for role, mine in ours.items():
                record["differences"][f"{role} {name}"] = grouped(theirs - mine)


def loss(each: Set, given: Any, truth: Any) -> Any:
    """Of each row: whether the label is wrong, or the squared error."""
    if each.task == CLASS:
        return (np.asarray(given).astype(str) != np.asarray(truth).astype(str)).astype(float)
    return (np.asarray(given, dtype=float) - np.asarray(truth, dtype=float)) ** 2


def total(each: Set, losses: Any) -> float:
    """1 − accuracy, or RMSE."""
    return float(losses.mean() if each.task == CLASS else np.sqrt(losses.mean()))


def summary(found: Mapping[str, list[dict[str, Any]]]) -> dict[str, Any]:
    """By set: errors by entrant and seed, verdicts of winner and network on each peer; counts and mean ranks."""
    rows, counts, means = {}, {}, {}
    for name, each in found.items():
        keys = dict.fromkeys(key for record in each for key in record["errors"])
        errors = {key: [record["errors"][key] for record in each if key in record["errors"]] for key in keys}
        peers = [key for key in errors if key not in ROLES]
        verdicts = {}
        for role in ("winner", "network"):
            for peer in peers:
                pair = f"{role} {peer}"
                differences = [one["differences"][pair] for one in each if pair in one["differences"]]
                whole = differences if len(differences) == len(each) else []
                lost = len(errors.get(role, [])) < len(each)
                verdicts[pair] = "loss (failed)" if lost else verdict(errors[role], errors[peer], whole)
                counts.setdefault(pair, {"win": 0, "tie": 0, "loss": 0})[verdicts[pair].split()[0]] += 1
        means[name] = {key: float(np.mean(values)) for key, values in errors.items() if key != "winner"}
        facts = {key: [record[key] for record in each] for key in ("names", "seconds", "failed", "peer seconds")}
        rows[name] = {"metric": each[0]["metric"], "errors": errors, "verdicts": verdicts, **facts}
    return {"sets": rows, "counts": counts, "mean ranks": mean_ranks(means)}


def write(args: argparse.Namespace, load: float, versions: Mapping[str, str], found: Mapping[str, Any]) -> None:
    """Both files of the report."""
    document = {"title": f"Untuned: {args.group}", **circumstances(args, load), **summary(found)}
    document["versions"] |= versions
    args.out.mkdir(parents=True, exist_ok=True)
    path = args.out / f"untuned_{args.group}"
    path.with_suffix(".json").write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    path.with_suffix(".md").write_text(table(document, args), encoding="utf-8")


def table(document: Mapping[str, Any], args: argparse.Namespace) -> str:
    """The report as Markdown."""
    rows, counts = document["sets"], document["counts"]
    names = list(dict.fromkeys(key for row in rows.values() for key in row["errors"]))
    note = "Test errors, mean ± 95 % over seeds. Network: the best network or ensemble. "
    note += "A tie is within 1 % of the error, or not clear by the paired test."
    lines = [f"# {document['title']}, {args.minutes_per_set:g} minutes a set", "", note, ""]
    lines += ["| set | error | n | " + " | ".join([*names, *counts, "winners"]) + " |"]
    lines += ["| --- " * (4 + len(names) + len(counts)) + "|"]
    for name, row in rows.items():
        cells = [interval(row["errors"][key]).text(digits=4) if key in row["errors"] else "–" for key in names]
        cells += [row["verdicts"].get(pair, "–") for pair in counts]
        winners = ", ".join(dict.fromkeys(one.get("winner", "failed") for one in row["names"]))
        lines += [f"| {name} | {row['metric']} | {len(row['seconds'])} | " + " | ".join([*cells, winners]) + " |"]
    lines += ["", *(f"{pair}: {c['win']} wins, {c['tie']} ties, {c['loss']} losses.  " for pair, c in counts.items())]
    ranks = document["mean ranks"].items()
    lines += [
        "",
        "Mean rank over the sets that all have: " + ", ".join(f"{key} {rank:.2f}" for key, rank in ranks) + ".",
    ]
    hardware, versions = document["hardware"], document["versions"]
    lines += [
        "",
        f"Measured on {document['date']} by `{document['command']}`. {hardware['cpu']}, {hardware['cores']} cores, "
        f"load {hardware['load when started']} when started, {hardware['platform']}; "
        + ", ".join(f"{key} {value}" for key, value in versions.items() if value)
        + ".",
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
