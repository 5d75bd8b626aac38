"""Memory before training: what fits is what a real training gets by with, and who doesn't fit is left out."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from weftnet.architecture.spec import Architecture, Block, Chain
from weftnet.cli.commands import fit
from weftnet.compete import entering, planning
from weftnet.compete.jobs import Terms
from weftnet.compete.prospects import Memory, Prospect, left_out, prospects
from weftnet.data import open_data
from weftnet.errors import WeftnetError
from weftnet.tasks import Candidate


def chain(*dims: int) -> Architecture:
    return Architecture.of(Chain((Block("flatten"), *(Block("dense", {"dim": dim}) for dim in dims))))


def known(**recipe: object) -> dict[str, Prospect]:
    candidates = [Candidate("narrow", chain(16), {}, "small"), Candidate("wide", chain(4096, 4096), {}, "large")]
    terms = Terms("classification", recipe={"steps": 3, **recipe})
    return {each.name: each for each in prospects(candidates, terms, open_data("digits"))}


def test_the_recipe_decides_what_a_training_needs() -> None:
    plain = known(optimiser="sgd", keep="last")["wide"]
    weights = sum(cost.weights for cost in plain.report.parts.values())
    assert known(optimiser="sgd")["wide"].report.peak == plain.report.peak
    assert known(optimiser="sgd", ema=0.9)["wide"].needed == plain.needed + 2 * weights  # the best, and the mean
    assert known(optimiser="adamw", keep="last")["wide"].report.peak >= plain.report.peak + weights
    assert known(batch_size=1024)["wide"].report.peak > known(batch_size=8)["wide"].report.peak
    assert known(batch_size=10**6)["wide"].report.batch == open_data("digits").sizes["train"]


def test_fewer_run_at_once_where_more_would_not_fit() -> None:
    both = list(known().values())
    most = max(each.needed for each in both)
    assert Memory(10 * most).at_once(both, 4) == 4
    assert Memory(3 * most).at_once(both, 4) == 3
    assert Memory(3 * most, held=most // 2).at_once(both, 4) == 2  # half of three, less a half
    assert Memory(most, held=10 * most).at_once(both, 4) == 1  # one trains in this process
    assert Memory(most - 1).at_once(both, 1) == 1  # the large one never fits, and does not hold up the small one


def test_who_does_not_fit_is_told_what_would() -> None:
    narrow, wide = known().values()
    roomy = Memory(2 * wide.needed - 4)
    assert not roomy.misfit(wide, 1)
    assert roomy.misfit(wide, 2).endswith("or --jobs 1 would fit")
    tight = Memory(wide.needed - 1)
    reason = tight.misfit(wide, 1)
    batch = int(reason.partition("batch_size=")[2].split()[0])
    assert 0 < batch < 64
    assert known(batch_size=batch)["wide"].needed <= tight.free
    assert left_out([narrow, wide], tight, 1).keys() == {"wide"}
    assert "too little for one example" in Memory(1).misfit(wide, 1)
    with pytest.raises(WeftnetError, match=r"nothing fits into memory\nnarrow: [\s\S]*\nwide: "):
        left_out([narrow, wide], Memory(1), 1)


def test_a_number_that_was_asked_for_stays() -> None:
    both = list(known().values())
    free = Memory(max(each.needed for each in both))
    assert planning.places(both, free, 2, asked=False) == (1, {})
    count, without = planning.places(both, free, 2, asked=True)
    assert (count, without.keys()) == (2, {"wide"})


def test_the_leaderboard_says_who_was_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    wide = tmp_path / "wide.yaml"
    wide.write_text("[flatten, {dense: {dim: 4096}}, {dense: {dim: 4096}}]")
    (narrow := tmp_path / "narrow.yaml").write_text("[flatten, {dense: {dim: 16}}]")
    monkeypatch.setattr(Memory, "now", classmethod(lambda cls, held: cls(known()["wide"].needed - 1)))
    options = entering.FitOptions(
        "digits", archs=[str(wide), str(narrow)], recipe={"steps": 3, "keep": "best"}, jobs=1, out=tmp_path / "out"
    )
    result = fit.fit_command(options)
    assert result is not None
    assert [standing.name for standing in result.standings] == ["narrow"]
    outcomes = json.loads((tmp_path / "out/competition.json").read_text())["outcomes"]
    assert {each["name"]: each["status"] for each in outcomes} == {"wide": "left out", "narrow": "finished"}
    assert "--set batch_size=" in next(each["error"] for each in outcomes if each["name"] == "wide")
    assert "left out" in capsys.readouterr().out
    assert "left out" in (tmp_path / "out/report.html").read_text()
    with pytest.raises(WeftnetError, match="nothing fits into memory"):
        fit.fit_command(replace(options, archs=[str(wide)], out=tmp_path / "other"))


CHILD = """
import json, resource, sys, threading, time, torch
from pathlib import Path
from weftnet.base.memory import held
from weftnet.compete.jobs import Terms, jobs_of, run_job
from weftnet.compete.prospects import prospects
from weftnet.tasks import Candidate
from weftnet.architecture.reading import from_dict
from weftnet.data import open_data

nodes, recipe, share, folder = json.loads(sys.argv[1])
torch.set_num_threads(1)
data = open_data("digits")
terms = Terms("classification", recipe=recipe)
small = Candidate("small", from_dict(["flatten", {"dense": {"dim": 8}}]), {}, "")
run_job(*jobs_of([small], [0], Path(folder), terms), data)  # code is there before the limit
candidate = Candidate("own", from_dict(nodes), {}, "")
(prospect,) = prospects([candidate], terms, data)
before = held()
data_segment = next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmData")) << 10
limit = data_segment + int(share * prospect.needed)
resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
most, over = [0], threading.Event()
def watch():
    while not over.wait(0.002):
        most[0] = max(most[0], held() - before)
watching = threading.Thread(target=watch)
watching.start()
outcome = run_job(*jobs_of([candidate], [0], Path(folder), terms), data)
over.set(); watching.join()
print(json.dumps([outcome.status, outcome.error, most[0], prospect.report.peak, prospect.needed]))
"""
NETWORKS = {
    "dense": ["flatten", {"dense": {"dim": 3000}}, "relu", {"dense": {"dim": 3000}}],
    "convolution": [{"conv2d": {"channels": 64}}, "relu", {"conv2d": {"channels": 64}}, "relu", "flatten"],
}


def trained(name: str, share: float, folder: Path) -> tuple[str, str, int, int, int]:
    """A real training with this share of the memory that it is said to need: status, error, grown by, peak, needed."""
    recipe = {"steps": 20, "batch_size": 512 if name == "convolution" else 64, "plan": "eager"}
    told = json.dumps([NETWORKS[name], recipe, share, str(folder)])
    run = subprocess.run([sys.executable, "-c", CHILD, told], capture_output=True, text=True, check=False)
    if run.returncode:
        assert "alloc" in run.stderr or "memory" in run.stderr.lower(), run.stderr
        return "failed", run.stderr, 0, 0, 1
    status, error, grown, peak, needed = json.loads(run.stdout.splitlines()[-1])
    return status, error, grown, peak, needed


@pytest.mark.slow
@pytest.mark.parametrize("name", NETWORKS)
def test_a_real_training_gets_by_with_what_it_is_said_to_need(name: str, tmp_path: Path) -> None:
    status, error, grown, peak, needed = trained(name, 1.0, tmp_path / "enough")
    assert (status, error) == ("finished", "")
    assert 0.8 * peak <= grown <= needed
    assert trained(name, 0.25, tmp_path / "quarter")[0] == "failed"
