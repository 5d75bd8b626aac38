"""`fit --total`: what is trained in which time, with trainings that only say so."""

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from weftnet.architecture.spec import Architecture, Block
from weftnet.cli.commands.show import plan_line
from weftnet.compete import within as module
from weftnet.compete.entering import FitOptions, entries_of
from weftnet.compete.halving import START
from weftnet.compete.jobs import Job, Outcome, run_job
from weftnet.compete.planning import Clock, Plan
from weftnet.compete.pool import Pool
from weftnet.compete.within import within_total
from weftnet.data import open_data
from weftnet.tasks import Candidate

NAMES = ["mlp", "vgg", "linear"]


def planned(total: float, *, past: float = 0.0, archs: Sequence[str] = NAMES) -> Plan:
    """A total that began a while ago."""
    options = FitOptions("digits", archs=archs, total=total, jobs=1)
    clock = Clock(time.monotonic() - past, total)
    return Plan.of(entries_of(options), options, Path("nowhere"), clock).fitted(0)


def trained(plan: Plan) -> tuple[dict[str, Outcome], list[Job], list[str]]:
    """Every outcome by name, the jobs that were begun, and the names that are known."""
    begun: list[Job] = []

    def train(work: Sequence[Job]) -> list[Outcome]:
        begun.extend(work)
        late = [job for job in work if job.begun_by is not None and time.time() > job.begun_by]
        return [
            job.outcome("left out" if job in late else "finished", validation={} if job in late else {"accuracy": 0.5})
            for job in work
        ]

    known, outcomes = within_total(plan, Pool(plan.entries.data, 1), train, lambda known, outcomes: None)
    return {each.name: each for each in outcomes}, begun, [each.name for each in known]


def test_rungs_fill_the_time_and_each_has_a_last_moment() -> None:
    plan = planned(100.0)
    ends = time.time() + plan.clock.left
    outcomes, begun, known = trained(plan)
    assert {each.status for each in outcomes.values()} == {"finished"}
    assert set(outcomes) <= set(known)
    first = [job for job in begun if job.name.startswith(tuple(NAMES)) and job.seed == 0][:3]
    assert [job.name.partition("-")[0] for job in first] == ["linear", "mlp", "vgg"]  # the cheapest first
    assert first[0].begun_by is None  # one is always trained
    budget = first[1].terms.recipe["budget"]
    assert isinstance(budget, float)
    assert first[1].begun_by == pytest.approx(ends - 4 - 1.05 * budget, abs=1.5)


def test_what_there_is_no_time_for_is_left_out_and_the_dearest_first() -> None:
    outcomes, begun, _ = trained(planned(60.0, past=49.0))
    assert len(begun) == 1
    assert outcomes["vgg"].status == outcomes["mlp"].status == "left out"
    assert "of 60 s, " in outcomes["vgg"].error
    outcomes, begun, _ = trained(planned(60.0, past=70.0))
    assert [job.begun_by for job in begun] == [None]  # even when it is over


def test_a_lone_network_begins_although_sizing_it_took_time(monkeypatch: pytest.MonkeyPatch) -> None:
    real = Plan.sized

    def slow(self: Plan, within: float) -> Plan:
        time.sleep(1.5 * within)  # steps that are slow take longer than they may
        return real(self, within)

    plan = planned(100.0, archs=["linear", "logistic"])
    monkeypatch.setattr(Plan, "sized", slow)
    monkeypatch.setattr(module, "enough_seconds", lambda *_: 60.0)  # no other seed
    outcomes, begun, _ = trained(plan)
    assert {each.status for each in outcomes.values()} == {"finished"}
    assert sum(job.terms.recipe.get("budget", 0.0) for job in begun if job.name.startswith("linear")) > 85


def test_each_rung_has_the_form_that_suits_its_length() -> None:
    plan = planned(40.0, archs=["mlp", "linear"])
    slow = [replace(each, report=replace(each.report, batch=1)) for each in plan.known]
    outcomes, begun, _ = trained(replace(plan, known=slow))
    assert {job.name for job in begun} == set(outcomes)
    same = {job.name: job.architecture for job in begun}
    assert all(job.architecture == same[job.name] for job in begun)  # of every seed


def test_a_training_that_is_too_late_is_not_begun(tmp_path: Path) -> None:
    job = replace(planned(10.0).jobs[0], folder=str(tmp_path / "run"), begun_by=time.time() - 1)
    outcome = run_job(job, open_data("digits"))
    assert (outcome.status, outcome.error) == ("left out", "no time was left for it")
    assert not (tmp_path / "run").exists()


def test_processes_start_where_there_is_time_for_them() -> None:
    now = time.monotonic()
    assert Clock(now, 10 * START).several
    assert not Clock(now, 9 * START).several
    assert not Clock.now(60.0, now - 30.0).several  # on a machine where this one took half a minute
    assert Clock.now(None, None).several
    assert Clock(now, 60.0).slow == 0
    assert Clock(now, 60.0, 3 * START).slow == 4.0  # and the end is kept free for longer there


@pytest.mark.parametrize(("past", "says"), [(10.0, "60 s in all, 50 s of them left"), (70.0, "and they are over")])
def test_what_is_announced_is_what_is_left(past: float, says: str) -> None:
    assert says in plan_line([], [0], {}, 1, 60.0, left=60.0 - past)


def test_what_is_solved_for_has_no_length() -> None:
    probes = [Candidate(name, Architecture.of(Block("flatten")), {"solver": "any"}, "") for name in "ab"]
    assert plan_line(probes, [0], {"budget": 30.0}, 2) == "2 architectures, solved for in closed form"
    networks = [Candidate(name, Architecture.of(Block("flatten")), {}, "") for name in "cd"]
    both = plan_line([*probes, *networks], [0], {"budget": 30.0}, 1)
    assert both.startswith("2 architectures, 30 s each: about ")
    assert both.endswith("; 2 in closed form first")
