"""A candidate gets the form that makes enough steps in its budget, or is left out before it costs anything."""

from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from quick import some

from weftnet.architecture.signal import Signal, parse
from weftnet.architecture.spec import Architecture, Block, Chain
from weftnet.compete import sizing
from weftnet.compete.jobs import Terms
from weftnet.compete.propose import propose
from weftnet.compete.prospects import prospects
from weftnet.compete.sizing import Sized, sized
from weftnet.cost.check import Report, check
from weftnet.data import open_data
from weftnet.tasks import TASKS, Candidate
from weftnet.tasks._propose.candidate import Form, after

DATA = open_data("digits")


def candidate(name: str, *dims: int) -> Candidate:
    """Networks that are told apart by the width of their layer."""
    forms = [Architecture.of(Chain((Block("flatten"), Block("dense", {"dim": dim})))) for dim in dims]
    smaller = [Form(form, f"{dim} wide") for form, dim in zip(forms[1:], dims[1:], strict=True)]
    return Candidate(name, forms[0], {}, f"{dims[0]} wide", smaller=smaller)


def chosen(
    told: Mapping[int, float], *candidates: Candidate, patch: pytest.MonkeyPatch, named: bool = False, **recipe: float
) -> dict[str, Sized]:
    """The forms that are taken, if a network that is so wide makes so many steps in its budget."""

    def rough_step(report: Report, budget: float) -> float:
        assert budget <= 0.2
        (width,) = (each for each in told if f"'dim': {each}" in repr(report.resolved))
        return sizing.STEPPING * 10.0 / told[width]

    patch.setattr(sizing, "rough_step", rough_step)
    patch.setattr(sizing, "slow_step", lambda report: 1.0)
    terms = Terms("classification", recipe=recipe or {"budget": 10.0})
    known = prospects(candidates, terms, DATA)
    fitted = sized(candidates, known, terms, DATA, threads=1, named=named)
    return {each.candidate.name: each for each in fitted}


def test_the_dearest_form_that_makes_enough_steps_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    took = chosen({90: 30, 70: 110, 50: 200, 40: 99, 30: 98}, candidate("a", 90, 70, 50), candidate("b", 40, 30),
                  patch=monkeypatch)  # fmt: skip
    assert {name: (each.candidate.why, each.reason) for name, each in took.items()} == {
        "a": ("90 wide; 70 wide", ""), "b": ("40 wide", "")
    }  # fmt: skip
    assert (
        took["a"].prospect.report.parameters
        < prospects([candidate("a", 90)], Terms("classification"), DATA)[0].report.parameters
    )


def test_what_makes_too_few_steps_is_left_out_unless_it_was_named(monkeypatch: pytest.MonkeyPatch) -> None:
    both = candidate("slow", 90, 70), candidate("fast", 50)
    told = {90: 3.0, 70: 20.0, 50: 5000.0}
    took = chosen(told, *both, patch=monkeypatch)
    assert took["slow"].reason == "would make about 20 steps in 10 s, too few to learn from; --budget 50s"
    assert not took["fast"].reason
    assert not any(each.reason for each in chosen(told, *both, patch=monkeypatch, named=True).values())
    alone = chosen({90: 3.0, 50: 4.0}, candidate("slower", 90), candidate("slow", 50), patch=monkeypatch)
    assert {name for name, each in alone.items() if not each.reason} == {"slow"}  # one is left


def test_without_a_budget_nothing_is_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    took = chosen({}, candidate("a", 90, 70), patch=monkeypatch, steps=3)
    assert took["a"].candidate.why == "90 wide"
    solved = replace(candidate("a", 90, 70), recipe={"solver": "ridge"})
    assert chosen({}, solved, patch=monkeypatch)["a"].candidate is solved


def test_nothing_is_timed_where_even_a_slow_machine_makes_enough_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    def rough_step(report: Report, budget: float) -> float:
        raise AssertionError("was timed")

    monkeypatch.setattr(sizing, "rough_step", rough_step)
    terms = Terms("classification", recipe={"budget": 10.0})
    wide = candidate("a", 90, 70)
    (fitted,) = sized([wide], prospects([wide], terms, DATA), terms, DATA, threads=1, named=False)
    assert fitted.candidate is wide


@pytest.mark.parametrize(("steps", "times"), [(210.0, 0), (190.0, 1)])
def test_a_network_is_timed_unless_it_makes_twice_enough_steps(
    steps: float, times: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    timed = []
    monkeypatch.setattr(sizing, "slow_step", lambda report: sizing.STEPPING * 10.0 / steps)
    monkeypatch.setattr(sizing, "rough_step", lambda report, budget: timed.append(report) or 0.01)
    terms, one = Terms("classification", recipe={"budget": 10.0}), candidate("a", 90)
    sized([one], prospects([one], terms, DATA), terms, DATA, threads=1, named=False)
    assert len(timed) == times  # 100 steps are enough


SIGNALS = [
    "image:3x32x36", "tokens:300,vocabulary=9,padded", "series:300x2,padded", "wave:4000,rate=8000,padded", "vector:13",
]  # fmt: skip


@pytest.mark.parametrize("text", some(SIGNALS, "vector:13", "series:300x2,padded"))
def test_each_cheaper_form_is_sound_and_costs_less_than_the_one_before(text: str) -> None:
    signals = {"x": parse(text)}
    for each in propose(signals, "classification"):
        assert each.smaller or each.name == "linear", each.name
        costs = [cost(form, signals) for form in each.forms]
        assert all(cheaper < 0.9 * dearer for dearer, cheaper in pairwise(costs)), (each.name, costs)
        for form in each.forms:
            assert replace(form, architecture=each.architecture, why=each.why, smaller=each.smaller) == each


def test_cheaper_forms_of_several_inputs_are_those_of_each() -> None:
    signals = {"words": parse("tokens:80,vocabulary=50,padded"), "facts": parse("vector:5")}
    for each in propose(signals, "classification"):
        costs = [cost(form, signals) for form in each.forms]
        assert len(costs) == 3
        assert all(cheaper < 0.9 * dearer for dearer, cheaper in pairwise(costs)), (each.name, costs)


@pytest.mark.parametrize(("name", "text", "settings"), [
    ("language_model", "tokens:32,vocabulary=65", {"vocabulary": 65, "context": 32}),
    ("segmentation", "image:3x16x16", {"labels": ["sky", "road"], "height": 16, "width": 16}),
    ("gan", "vector:9", {"signal": "vector:9"}),
    ("variational_autoencoder", "vector:9", {"signal": "vector:9"}),
])  # fmt: skip
def test_networks_of_every_task_have_cheaper_forms(name: str, text: str, settings: dict[str, Any]) -> None:
    task, signals = TASKS.get(name)(**settings), {"x": parse(text)}
    for each in propose(signals, name):
        reports = [check(form.architecture, signals, task=task, batch=2, memory=0) for form in each.forms]
        assert not any(report.faults for report in reports)
        assert len(reports) == 3
        assert all(cheaper.flops < 0.9 * dearer.flops for dearer, cheaper in pairwise(reports)), each.name


def test_what_is_small_has_no_cheaper_form() -> None:
    assert all(not each.smaller for each in propose({"image": parse("image:1x8x8")}, "classification"))
    assert all(not each.smaller for each in propose({"x": parse("series:9x1")}, "classification"))


def test_nodes_in_front_come_in_front_of_every_form() -> None:
    wide = after([Block("robust_scale")], candidate("a", 90, 70))
    assert [str(form.architecture).count("robust_scale") for form in wide.forms] == [1, 1]
    assert [form.why for form in wide.forms] == ["90 wide", "90 wide; 70 wide"]


def cost(form: Candidate, signals: Mapping[str, Signal]) -> int:
    """Of a network without its head: a step multiplies by, and writes, the parameters too."""
    report = check(form.architecture, signals, batch=2, memory=0)
    assert not report.faults, form.name
    return report.flops + report.parameters
