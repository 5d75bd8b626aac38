"""A candidate gets the form that makes enough steps in its budget, or is left out before it costs anything."""

from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise

import pytest

from weftnet.architecture.signal import parse
from weftnet.architecture.spec import Architecture, Block, Chain
from weftnet.compete import sizing
from weftnet.compete.jobs import Terms
from weftnet.compete.propose import propose
from weftnet.compete.prospects import prospects
from weftnet.compete.sizing import Sized, sized
from weftnet.cost.check import Report, check
from weftnet.data import open_data
from weftnet.tasks import Candidate

DATA = open_data("digits")


def candidate(name: str, *dims: int) -> Candidate:
    """Networks that are told apart by the width of their layer."""
    forms = [Architecture.of(Chain((Block("flatten"), Block("dense", {"dim": dim})))) for dim in dims]
    smaller = tuple(Candidate(name, form, {}, f"{dim} wide") for form, dim in zip(forms[1:], dims[1:], strict=True))
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
        "a": ("70 wide", ""), "b": ("40 wide", "")
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


def test_cheaper_forms_of_networks_for_images_cost_less() -> None:
    """In the order in which they are tried; each by a third at the least."""
    signals = {"image": parse("image:3x64x48")}
    for each in propose(signals, "classification"):
        if each.name == "vit":  # it has sixteen patches whatever the size
            continue
        costs = [check(form.architecture, signals, batch=8, memory=0).flops for form in (each, *each.smaller)]
        assert len(costs) == 3, each.name
        assert all(cheaper < 0.67 * dearer for dearer, cheaper in pairwise(costs)), each.name
        assert {form.name for form in each.smaller} == {each.name}
        assert all(form.recipe == each.recipe and form.settings == each.settings for form in each.smaller)
    assert all(not each.smaller for each in propose({"image": parse("image:1x8x8")}, "classification"))
