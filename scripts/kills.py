"""Kill every command in every stage and call it again: `python scripts/kills.py --rounds 3 --out kills.json`.

    stage      what was being done when the kill came, as the folder tells: data, plan, training, conclusion; standings
               of a competition; otherwise the command itself
    late       the command had ended before the kill came: no kill
    equal      the call again (of a run that was begun: `resume`) left the bits of a call that nobody killed
    redone     it left a result that is whole, of which no two need be the same: an export, a page, a compression
    different  other bits                            lost  the second call failed, or its result is damaged
    litter     besides: something lies there that a call without a kill doesn't leave, a process or a file

A round kills each command once in each of its stages; where a kill takes long, in one that is drawn.
The moment is a share of the stage's time, or right before one of its writes. `--workers` starts real processes, of
which the launcher alone is killed. Counts are added to those in --out, and the table is written beside it. Exit status
1 if anything was lost, different or left behind. `evaluate` writes nothing.
"""

import argparse
import pkgutil
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from importlib import import_module
from pathlib import Path

from kills_parts.calls import Moment, call, left_processes
from kills_parts.cases import Case, Fit, FitAuto, Fits
from kills_parts.on_run import on_run
from kills_parts.place import Place
from tally import Tally, table

import weftnet
from weftnet.errors import WeftnetError
from weftnet.tasks import EXAMPLES

OUTCOMES = ("late", "equal", "redone", "different", "lost", "litter")
WRONG = {"different", "lost", "litter"}
#: seconds for the processes of a killed command to end
_ENDING = 20.0


def cases_of(place: Place, chosen: list[str]) -> list[Case]:
    """What is killed there; the training first, which leaves the run for the others."""
    found: list[Case] = [Fit(place), *on_run(place), FitAuto(place), Fit(place, workers=2)]
    found += [Fits(place, 1, over=False), Fits(place, 1, over=True), Fits(place, 2, over=True)]
    first = place.task == EXAMPLES.names()[0]
    found = [case for case in found if case.name != "calibrate" or first]  # it knows no task
    return [case for case in found if not chosen or case.name in chosen or case.name == "fit"]


def kill_once(case: Case, moment: Moment) -> tuple[str, list[str]]:
    """Kill a command and go on: the stage in which the kill came, and the outcomes."""
    place = case.place
    place.clean()
    ended = call(case.words, place.here, case.stage, moment, case.usual)
    stage = case.stage()
    if not ended.killed:
        return stage, ["late"] if ended.status == 0 or case.refused() else ["lost"]
    refused = False
    for words in case.again():
        if call(words, place.here, case.stage).status:
            if not case.refused():
                return stage, ["lost"]
            refused = True
    try:
        outcomes = ["redone" if refused else case.judge()]
    except (WeftnetError, OSError, ValueError, KeyError, StopIteration) as error:
        print(f"{place.task} {case.name} {stage}: {error!r}", file=sys.stderr)
        outcomes = ["lost"]
    return stage, outcomes + ["litter"] * bool(case.litter() or still_working(place))


def still_working(place: Place) -> list[int]:
    """Processes of a killed command that don't end."""
    end = time.monotonic() + _ENDING
    while (left := left_processes(place.here)) and time.monotonic() < end:
        time.sleep(0.1)
    return left


def moments(case: Case, draw: random.Random) -> Iterator[Moment]:
    """A moment in each stage; in one of them, where a kill takes long."""
    for stage in [draw.choice(case.stages)] if case.one else case.stages:
        write = case.forked and case.usual.writes[stage] > 0 and draw.random() < 0.5
        yield Moment(stage, draw.random(), write)


def kill_all(options: argparse.Namespace, folder: Path, tally: Tally) -> bool:
    """Round after round over tasks and commands, until the time is over; whether anything was wrong."""
    draw, end, wrong = random.Random(options.seed), time.monotonic() + options.seconds, False
    places: dict[str, list[Case]] = {}
    for _ in range(options.rounds):
        tasks = list(options.tasks or EXAMPLES.names())
        draw.shuffle(tasks)
        for task in tasks:
            if time.monotonic() > end:
                return wrong
            if EXAMPLES.find(task) is None:
                continue
            if task not in places:
                places[task] = cases_of(Place(task, folder / task), options.commands)
            for case in list(places[task]):
                if time.monotonic() > end:
                    return wrong
                if not case.expected and not measured(case):
                    places[task].remove(case)
                    continue
                for moment in moments(case, draw) if case.name in options.commands or not options.commands else ():
                    wrong |= note(case, moment, folder, tally)
    return wrong


def measured(case: Case) -> bool:
    """Call it once without a kill; whether the task has anything of the kind."""
    done = case.measure()
    last = (case.place.log.strip().splitlines() or [""])[-1]
    print(f"{case.place.task}, {case.name}: {case.usual}" if done else f"not killed: {case.name}: {last}", flush=True)
    return done


def note(case: Case, moment: Moment, folder: Path, tally: Tally) -> bool:
    """Kill once, and keep what came of it; the folder too, where that is wrong."""
    began = time.monotonic()
    stage, outcomes = kill_once(case, moment)
    place = case.place
    for outcome in outcomes:
        tally.add(task=place.task, command=case.name, stage=stage, outcome=outcome)
    tally.write()
    seconds = time.monotonic() - began
    print(f"{place.task}, {case.name}, {stage}: {', '.join(outcomes)} ({seconds:.1f} s, {moment})", flush=True)
    if wrong := bool(WRONG & set(outcomes)):
        kept = folder / "kept" / f"{place.task}-{case.name}-{stage}-{time.time_ns()}"
        shutil.copytree(place.here, kept / "here", symlinks=True)
        (kept / "log.txt").write_text(place.log, encoding="utf-8")
        print(f"  see {kept}; left behind: {case.litter()} {left_processes(place.here)}", flush=True)
    return wrong


def document(tally: Tally) -> str:
    """The tables: by command and stage, by task, by commit."""
    parts = ["# Kills\n", (__doc__ or "").split("\n\n", 1)[1].rsplit("\n\n", 1)[0] + "\n"]
    for names in (("command", "stage"), ("task",)):
        counts = tally.total(*names, "outcome")
        rows: list[list[object]] = []
        for key in dict.fromkeys(key[:-1] for key in sorted(counts)):
            rows.append([*key, *_numbers({outcome: counts[*key, outcome] for outcome in OUTCOMES})])
        totals = tally.total("outcome")
        rows.append(["all", *[""] * (len(names) - 1), *_numbers({each: totals[(each,)] for each in OUTCOMES})])
        parts.append(table([*names, "kills", *OUTCOMES[1:]], rows))
    rows = []
    for commit in dict.fromkeys(each["commit"] for each in tally.calls):
        found: Counter[str] = Counter()
        for row in tally.rows(commit=commit):
            found[row["outcome"]] += row["count"]
        rows.append([commit, *_numbers(found)])
    parts += [table(["commit", "kills", *OUTCOMES[1:]], rows), tally.circumstances()]
    return "\n".join(parts)


def _numbers(found: "dict[str, int] | Counter[str]") -> list[int]:
    """How many kills, and how many of each outcome."""
    numbers = [found.get(outcome, 0) for outcome in OUTCOMES[1:]]
    return [sum(numbers) - found.get("litter", 0), *numbers]


def import_all() -> None:
    """Import what the commands import, so that no kill is spent on it."""
    import torch

    for module in pkgutil.walk_packages(weftnet.__path__, "weftnet."):
        if not module.name.endswith("__main__"):
            with suppress(ImportError):  # of an extra
                import_module(module.name)
    for command in ("torch._dynamo", "onnxruntime", "onnxscript", "torch.onnx", "torch_pruning", "captum.attr"):
        with suppress(ImportError):
            import_module(command)
    torch.set_num_threads(1)


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=float("inf"), help="begin no further task after so many")
    parser.add_argument("--tasks", type=lambda text: text.split(","), default=[])
    parser.add_argument("--commands", type=lambda text: text.split(";"), default=[], help="by their rows' names; …;…")
    parser.add_argument("--seed", type=int, default=time.time_ns() % 10**6, help="of the moments")
    parser.add_argument("--out", type=Path, help="NAME.json, to which counts are added; the table is NAME.md")
    parser.add_argument("--keep", type=Path, help="a folder to work in, which stays")
    return parser.parse_args()


if __name__ == "__main__":
    import_all()
    given = parse()
    home = given.keep or Path(tempfile.mkdtemp(prefix="weftnet-kills-"))
    tally = Tally(given.out)
    wrong = kill_all(given, home.resolve(), tally)
    text = document(tally)
    print(text)
    if given.out:
        given.out.with_suffix(".md").write_text(text, encoding="utf-8")
    if not given.keep and not wrong:
        shutil.rmtree(home)
    raise SystemExit(wrong)
