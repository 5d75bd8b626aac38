"""The same networks trained by netloom and by its peers, by turns.

    python benchmarks/speed/run.py --envs DIR --networks seed_cnn --threads 1 2 --rounds 3 --steps 100

Every peer trains the same weights on the same batches in the same order in a process of its own, on as many processors
as it has threads, and must reach the same held-out loss. Before the rounds netloom looks for its plan once, as the
first training on a machine does; the time is in the rows called plan.

    samples/s       batch over seconds a step: the median of blocks of steps, after a warm-up
    ratio           to plain PyTorch of the same round; `cpu` is the ratio of processor seconds, which a busy machine
                    changes less (with one thread both mean the same on a quiet one)
    start           seconds from the first import to the end of the first step
    epoch           seconds of all steps, with what the library does before and after them
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from _report import HERE, Report
from environments import PEERS, ROOT, python
from networks import NETWORKS, prepare

#: Networks that Keras has no counterpart of here, and trainers that have one loss and one optimiser.
ONLY = {"keras": ("seed_cnn", "residual_cnn", "mlp"), "one loss": tuple(name for name in NETWORKS if name != "dcgan")}
#: Largest relative difference of held-out losses. Adam's first steps are as long for a gradient of rounding as for any
#: other: libraries start alike to five digits, and are 3 % apart where the loss falls fast. A GAN's draws differ too.
TOLERANCE = {"dcgan": 0.1}
GOALS = {"seed_cnn": (1.8, 1.25)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--envs", type=Path, required=True, metavar="DIR", help="where the environments lie")
    parser.add_argument("--networks", nargs="+", choices=NETWORKS, default=list(NETWORKS), metavar="NAME")
    parser.add_argument("--peers", nargs="+", choices=PEERS, default=list(PEERS), metavar="NAME")
    parser.add_argument("--threads", nargs="+", type=int, default=[1, 2], metavar="N", help="(1 2)")
    parser.add_argument("--rounds", type=int, default=3, metavar="N", help="(3)")
    parser.add_argument("--steps", type=int, default=100, metavar="N", help="(100)")
    parser.add_argument("--planned", type=int, default=20_000, metavar="N", help="steps netloom plans for (20000)")
    parser.add_argument("--out", type=Path, metavar="DIR", default=HERE / "results", help="where the report goes")
    parser.add_argument("--name", default="speed", help="of the report (speed)")
    args = parser.parse_args()
    args.data, args.envs = args.envs, args.envs.resolve()
    note = f"{__doc__.split(chr(10), 1)[0]} {args.steps} steps, {args.rounds} rounds; see benchmarks/speed/run.py."
    report = Report(args.name, "Training speed beside other libraries", args, note)
    wrong = []
    with tempfile.TemporaryDirectory() as work:
        for name in args.networks:
            job = prepare(NETWORKS[name], args.steps, args.planned, Path(work) / name)
            for threads in args.threads:
                wrong += compare(name, job, threads, args, report)
    if wrong:
        raise SystemExit("\n".join(wrong))


def compare(name: str, job: Path, threads: int, args: argparse.Namespace, report: Report) -> list[str]:
    """All rounds of a network; what went wrong."""
    what = f"{name}, {threads} thread{'s' * (threads > 1)}"
    peers = [peer for peer in args.peers if can(peer, name)]
    if "netloom" in peers:
        plan = start("netloom", job, threads, args.envs, "plan")
        report.add(f"{what}: plan", "s", plan["seconds"], digits=1, plan=plan["plan"], source=plan["source"])
    rounds: list[dict[str, dict[str, Any]]] = []
    for number in range(args.rounds):
        turn = number % len(peers)
        rounds.append(found := {p: start(p, job, threads, args.envs) for p in peers[turn:] + peers[:turn]})
        for peer in peers:
            tell(report, f"{what}: {peer}", found[peer], found.get("plain"))
    if "netloom" in peers:
        judge(report, what, name, rounds)
    return [fault for each in rounds for fault in other_losses(what, name, each)]


def can(peer: str, network: str) -> bool:
    """Whether the peer has this network."""
    if peer.startswith("keras"):
        return network in ONLY["keras"]
    return peer in ("plain", "netloom") or network in ONLY["one loss"]


def start(peer: str, job: Path, threads: int, envs: Path, *more: str) -> dict[str, Any]:
    """Let a peer train, on as many processors as it has threads; the line it printed."""
    environment, script, needs = PEERS[peer]
    home = str(job.parents[1])
    own = {"HOME": home, "XDG_CACHE_HOME": home, "OMP_NUM_THREADS": str(threads), "PYTHONPATH": str(ROOT / "src")}
    command = [str(python(environment, envs)), str(Path(__file__).parent / "peers" / f"{script}.py"), str(job), *more]
    processors = sorted(os.sched_getaffinity(0))[:threads]
    done = subprocess.run(
        command, env=os.environ | own | needs, capture_output=True, text=True, check=False,
        preexec_fn=lambda: os.sched_setaffinity(0, processors),
    )  # fmt: skip
    if done.returncode:
        raise SystemExit(f"{peer} failed: {' '.join(command)}\n{done.stderr[-3000:]}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def tell(report: Report, what: str, found: dict[str, Any], plain: dict[str, Any] | None) -> None:
    """The rows of one peer and round."""
    facts = {"start": f"{found['start_seconds']:.1f} s", "epoch": f"{found['epoch_seconds']:.1f} s"}
    facts |= {"memory": f"{found['peak_mib']:.0f} MiB", "loss": f"{found['loss']:.4f}"}
    facts |= {"plan": found["plan"]} if "plan" in found else {}
    report.add(what, "samples/s", found["samples_per_second"], digits=0, **facts)
    if plain:
        ratio, worked = (plain[key] / found[key] for key in ("step_seconds", "step_cpu_seconds"))
        report.add(what, "ratio to plain", ratio, digits=2, cpu=round(worked, 2))


def judge(report: Report, what: str, name: str, rounds: list[dict[str, dict[str, Any]]]) -> None:
    """netloom against plain PyTorch and against the peer that is best over all rounds."""
    least, against = GOALS.get(name, (1.0, 1.0))
    others = [peer for peer in rounds[0] if peer != "netloom"]
    for kind, key in (("seconds", "step_seconds"), ("cpu seconds", "step_cpu_seconds")):
        typical = {peer: statistics.median(each[peer][key] for each in rounds) for peer in others}
        best = min(others, key=lambda peer: typical[peer]) if others else None
        for label, peer, goal in (("plain", "plain", least), ("best peer", best, against)):
            for each in rounds if peer in others else ():
                ratio = each[peer][key] / each["netloom"][key]
                goals = {"goal": f"≥ {goal}", "met": lambda mean, goal=goal: mean >= goal}
                report.add(f"{what}: netloom", f"ratio to {label}, {kind}", ratio, digits=2, **goals, peer=peer)


def other_losses(what: str, name: str, found: dict[str, dict[str, Any]]) -> list[str]:
    """Peers whose loss is not that of the first."""
    (first, one), *rest = found.items()
    near = TOLERANCE.get(name, 0.05)
    return [
        f"{what}: {peer} reaches the loss {each['loss']:.5f}, {first} {one['loss']:.5f}"
        for peer, each in rest
        if not abs(each["loss"] - one["loss"]) <= near * abs(one["loss"])
    ]


if __name__ == "__main__":
    main()
