"""The same networks trained by weftnet and by its peers, in turns.

    python benchmarks/speed/run.py --envs DIR                                    all, some 25 minutes on a quiet machine
    python benchmarks/speed/run.py --envs DIR --networks seed_cnn --threads 1    a subset; only its results are replaced

Every peer trains the same weights on the same batches in the same order in a process of its own, on as many processors
as it has threads, and must reach the same held-out loss, up to a share of its fall (`_losses.py`). Before the rounds
weftnet searches for its plan once, as the first training on a machine does. Results are merged into results/speed.json,
from which results/speed.md is generated (`_table.py` explains its columns).
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from _losses import faults
from _report import HERE, circumstances
from _table import table
from environments import PEERS, ROOT, python
from networks import NETWORKS, prepare

#: Networks without a Keras counterpart here, and trainers with a single loss and optimiser.
ONLY = {"keras": ("seed_cnn", "residual_cnn", "mlp"), "one loss": tuple(name for name in NETWORKS if name != "dcgan")}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--envs", type=Path, required=True, metavar="DIR", help="folder of the environments")
    parser.add_argument("--networks", nargs="+", choices=NETWORKS, default=list(NETWORKS), metavar="NAME")
    parser.add_argument("--peers", nargs="+", choices=PEERS, default=list(PEERS), metavar="NAME")
    parser.add_argument("--threads", nargs="+", type=int, default=[1, 2], metavar="N", help="(1 2)")
    parser.add_argument("--rounds", type=int, default=3, metavar="N", help="(3)")
    parser.add_argument("--steps", type=int, default=100, metavar="N", help="(100)")
    parser.add_argument("--planned", type=int, default=20_000, metavar="N", help="steps weftnet plans for (20000)")
    parser.add_argument("--out", type=Path, metavar="DIR", default=HERE / "results", help="folder for the results")
    args = parser.parse_args()
    args.data, args.envs = args.envs, args.envs.resolve()
    path, load = args.out / "speed.json", os.getloadavg()[0]
    parts = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    wrong = []
    with tempfile.TemporaryDirectory() as work:
        for name in args.networks:
            job = prepare(NETWORKS[name], args.steps, args.planned, Path(work) / name)
            for threads in args.threads:
                part = compare(name, job, threads, args)
                part |= {"network": name, "threads": threads, "steps": args.steps, "planned": args.planned}
                parts[f"{name}, {threads} thread{'s' * (threads > 1)}"] = part | circumstances(args, load)
                args.out.mkdir(parents=True, exist_ok=True)
                path.write_text(json.dumps(parts, indent=1) + "\n", encoding="utf-8")
                path.with_suffix(".md").write_text(table(parts), encoding="utf-8")
                wrong += [fault for each in part["rounds"] for fault in faults(name, each)]
    if wrong:
        raise SystemExit("\n".join(wrong))


def compare(name: str, job: Path, threads: int, args: argparse.Namespace) -> dict[str, Any]:
    """All rounds of a network, and weftnet's search for its plan."""
    peers = [peer for peer in args.peers if can(peer, name)]
    plan = start("weftnet", job, threads, args.envs, "plan") if "weftnet" in peers else None
    if plan is None or plan["fields"]["precision"] == "float32":
        peers = [peer for peer in peers if peer != "weftnet_float32"]
    rounds: list[dict[str, dict[str, Any]]] = []
    for number in range(args.rounds):
        turn = number % len(peers)
        by_peer = {peer: start(peer, job, threads, args.envs) for peer in peers[turn:] + peers[:turn]}
        rounds.append({peer: by_peer[peer] for peer in peers})
        for peer in peers:
            seconds, worked = (by_peer[peer][key] * 1e3 for key in ("step_seconds", "step_cpu_seconds"))
            print(f"{name}, {threads}: {peer:17} {seconds:8.2f} ms, {worked:8.2f} of processors", flush=True)
    return {"plan": plan, "rounds": rounds}


def can(peer: str, network: str) -> bool:
    """Whether the peer has this network."""
    if peer.startswith("keras"):
        return network in ONLY["keras"]
    return peer in ("plain", "weftnet", "weftnet_float32") or network in ONLY["one loss"]


def start(peer: str, job: Path, threads: int, envs: Path, *more: str) -> dict[str, Any]:
    """Let a peer train, on as many processors as it has threads; returns the line that it prints."""
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


if __name__ == "__main__":
    main()
