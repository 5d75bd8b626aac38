"""The report, its text, and what --fix writes."""

import json
import re
from dataclasses import replace

import pytest

from weftnet.architecture.reading import from_dict, load, read
from weftnet.architecture.signal import parse
from weftnet.compose import build, resolve
from weftnet.compose.fix import fix
from weftnet.compose.inputs import inputs_of
from weftnet.cost import check, timing
from weftnet.cost.communication import Together, step_seconds
from weftnet.cost.cost import cost
from weftnet.cost.machine import Machine
from weftnet.cost.rendering import text
from weftnet.cost.roofline import Roofline
from weftnet.cost.room import usable
from weftnet.cost.step_time import PASSES, StepTime
from weftnet.errors import ArchitectureError, SettingError
from weftnet.tasks.classification.task import Classification

GOOD = from_dict(
    {
        "inputs": {"image": "image:1x28x28"},
        "chain": [
            {"conv2d": {"channels": 8}}, "relu", {"residual": [{"conv2d": {"channels": 8}}, "relu"]}, "flatten",
            {"dense": {"dim": 10}},
        ],
    }
)  # fmt: skip
BAD = """\
# my network
# the second try

inputs: {image: "image:1x28x28"}
chain:
  - conv2: {chanels: 8}
  - relu   # not kept
  - dense: {dim: 10}
  - residual: [{dense: {dim: 7}}]
"""


class Fake:
    """Steps that are never run: each pass takes 1 ms and 0.1 ms an example."""

    def __init__(self, networks, optimiser, tunes) -> None:
        self.networks = list(networks)

    def __call__(self, batch: int) -> StepTime:
        return StepTime(*(1e-3 + 1e-4 * batch,) * 3)


@pytest.fixture(autouse=True)
def _machine(monkeypatch):
    """A machine on which nothing is measured."""
    rates = {"product": ((1.0, 1e9),), "elementwise": ((1.0, 1e9),)}
    roof = Roofline(Machine("a processor", 1), dict.fromkeys(PASSES, 1e-6), 0.0, dict.fromkeys(PASSES, rates))
    monkeypatch.setattr(timing, "roofline", lambda *, progress: (roof, ""))
    monkeypatch.setattr(check, "Steps", Fake)
    monkeypatch.setattr(timing, "this_machine", lambda: Machine("a processor", 1))


def report_of(*arguments, **settings) -> check.Report:
    """With times."""
    return timing.timed(check.check(*arguments, **settings))


def test_a_sound_architecture_has_a_cost():
    report = report_of(GOOD, batch=32, examples=3200, memory=2**30)
    network = build(GOOD, inputs_of(GOOD))["network"]
    assert report.faults == ()
    assert report.parameters == sum(p.numel() for p in network.parameters())
    assert report.epoch == pytest.approx(100 * report.step)
    assert report.largest_batch > 1000
    assert report.peak == report.parts["network"].peak


def test_the_text_is_a_table_that_fits_and_says_everything():
    shown = text(report_of(GOOD, batch=32, examples=3200, memory=2**30), width=100)
    lines = shown.splitlines()
    assert max(map(len, lines)) <= 100
    assert lines[0].split() == ["node", "block", "reads", "gives", "parameters", "FLOPs", "saved"]
    assert lines[1].split() == ["0", "conv2d", "image", "1×28×28", "image", "8×28×28", "80", "113", "k", "98", "KiB"]
    assert any(line.startswith("2.body.0 ") for line in lines)
    assert any(re.fullmatch(r"largest batch +\d+ in 1 GiB", line.strip()) for line in lines)
    assert not any(" residual " in line for line in lines)  # a sum costs nothing worth a line
    for word in (
        "total",
        "largest batch",
        "memory",
        "step",
        "epoch",
        "3200 examples",
        "1 GiB",
        "12.6 ms on a processor, 1 thread, measured",
    ):
        assert word in shown, word


def test_where_there_is_no_room_what_is_read_is_left_out():
    report = report_of(GOOD, batch=32, memory=2**30)
    (wide, *_), (narrow, *rows) = (text(report, width=width).splitlines() for width in (100, 70))
    assert wide.split() == ["node", "block", "reads", "gives", "parameters", "FLOPs", "saved"]
    assert narrow.split() == ["node", "block", "gives", "parameters", "FLOPs", "saved"]
    assert rows[0].split() == ["0", "conv2d", "image", "8×28×28", "80", "113", "k", "98", "KiB"]
    assert max(map(len, rows)) <= 70


def test_faults_say_what_was_read_and_how_to_fix_them(tmp_path):
    path = tmp_path / "arch.yaml"
    path.write_text(BAD)
    architecture, faults = read(path)
    report = report_of(architecture, faults=faults)
    shown = text(report)
    assert "✗ 0 (conv2): no block is called 'conv2'" in shown
    assert "fix: use conv2d instead" in shown
    assert "✗ 2 (dense)" in shown
    assert "insert flatten before it" in shown
    assert "faults, " in shown
    assert "fixable with check --fix" in shown
    assert report.step is None
    data = json.loads(json.dumps(report.data()))
    assert data["faults"][0]["fix"]["op"] == "rename"
    assert data["parts"] == {}


def test_the_report_is_json():
    data = json.loads(json.dumps(report_of(GOOD, memory=2**30).data()))
    assert data["parts"]["network"]["rows"][0]["path"] == "0"
    assert data["largest_batch"] > 0
    assert data["epoch_seconds"] is None
    assert data["machine"] == {"name": "a processor", "threads": 1}
    assert data["time_source"] == "measured"
    assert data["step_seconds"] == pytest.approx(sum(data["passes"].values()))
    keys = data.keys()
    untimed = json.loads(json.dumps(check.check(GOOD, memory=2**30).data()))
    assert untimed.keys() == keys
    times = ("step_seconds", "epoch_seconds", "time_source", "machine", "passes")
    assert all(untimed[name] is None for name in times)
    assert all(untimed[name] == data[name] for name in keys - {*times})


def test_a_check_runs_no_step_and_measures_nothing(monkeypatch):
    """What is known without measuring is there before any measurement begins."""
    events = []
    for module, name in ((check, "Steps"), (timing, "roofline")):
        monkeypatch.setattr(module, name, lambda *_, name=name, **__: events.append(name))
    report = check.check(GOOD, memory=2**30)
    assert report.largest_batch
    assert "largest batch" in text(report)
    assert not any(line.startswith("step") for line in text(report).splitlines())
    assert not events


@pytest.mark.parametrize(
    ("memory", "flops"), [(1000, 2e10), (2**30, 1.0)], ids=["it does not fit", "a step takes too long"]
)
def test_what_can_t_be_run_is_estimated(monkeypatch, memory, flops):
    monkeypatch.setattr(check, "Steps", None)  # not to be called
    monkeypatch.setattr(timing, "_FLOPS", flops)
    report = report_of(GOOD, batch=8, memory=memory)
    assert report.time.source == "estimated"
    counted = cost(resolve(GOOD.parts["network"], {"image": parse("image:1x28x28")}), 8)
    calls = [call for row in counted.rows for call in row.forward]
    wanted = sum(n * (1e-6 + max(call.flops, call.bytes) / 1e9) for call, n in calls)
    assert report.time.forward == pytest.approx(wanted)
    shown = text(report)
    assert "estimated" in shown
    assert "from a roofline of this machine" in shown
    assert report.data()["time_source"] == "estimated"


def test_a_step_that_fails_for_want_of_memory_is_estimated_and_said(monkeypatch):
    def fail(batch):
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory\nsecond line")

    monkeypatch.setattr(check, "Steps", lambda networks, optimiser, tunes: fail)
    report = report_of(GOOD, batch=8, memory=2**30)
    assert report.time.source == "estimated"
    assert "no step could be run: DefaultCPUAllocator: can't allocate memory" in report.note
    assert "no step could be run" in " ".join(text(report).split())


def test_a_batch_larger_than_the_memory_is_estimated_from_those_that_fit():
    room = 2**25
    most = check.check(GOOD, memory=room).largest_batch
    report = report_of(GOOD, batch=4 * most, memory=room)
    assert report.time.source == "estimated"
    assert report.time.basis.startswith("steps of 2 and ")
    assert report.time.forward == pytest.approx(1e-3 + 1e-4 * 4 * most)  # the fake is linear


def test_several_parts_are_checked_together():
    parts = from_dict(
        {
            "inputs": {"image": "image:1x4x4", "decoder": "vector:6"},
            "parts": {"encoder": ["flatten", {"dense": {"dim": 6}}], "decoder": [{"dense": {"dim": 16}}]},
        }
    )
    report = check.check(parts, memory=2**30)
    assert list(report.parts) == ["encoder", "decoder"]
    assert report.peak == sum(each.peak for each in report.parts.values())
    shown = text(report)
    assert "encoder\n" in shown
    assert "decoder\n" in shown
    broken = from_dict({"parts": {"encoder": [{"conv2d": {"channels": 3}}], "decoder": [{"dense": {}}]}})
    faults = check.check(broken, {"encoder": "vector:3", "decoder": "vector:6"}).faults
    assert {fault.path[0] for fault in faults} == {"encoder", "decoder"}


def test_a_task_completes_what_is_checked():
    body = from_dict(["flatten", {"dense": {"dim": 6}}])
    report = check.check(body, {"image": "image:1x4x4"}, task=Classification(labels=("a", "b", "c")), memory=2**30)
    assert report.faults == ()
    assert report.parts["network"].rows[-1].gives == parse("vector:3")


def test_inputs_that_are_not_known_are_asked_for_with_an_example():
    with pytest.raises(SettingError, match="no input is given") as caught:
        check.check(from_dict(["relu"]))
    assert "image:1x28x28" in str(caught.value)
    parts = from_dict({"parts": {"encoder": ["relu"], "decoder": ["relu"]}})
    with pytest.raises(SettingError, match="'decoder' reads is not known") as caught:
        inputs_of(parts, {"image": "image:1x4x4"})
    assert "--input decoder=" in str(caught.value)


def test_inputs_given_go_before_those_written():
    assert inputs_of(GOOD)["network"] == {"image": parse("image:1x28x28")}
    assert inputs_of(GOOD, {"image": "image:3x9x9"})["network"] == {"image": parse("image:3x9x9")}
    assert inputs_of(GOOD, {"picture": parse("image:3x9x9")})["network"] == {"picture": parse("image:3x9x9")}
    graph = {"inputs": ["a", "b"], "nodes": {"c": {"from": ["a", "b"], "merge": "concat"}}, "outputs": ["c"]}
    both = from_dict({"inputs": {"a": "vector:2", "b": "vector:3"}, "graph": graph})
    assert inputs_of(both, {"b": "vector:9"})["network"] == {"a": parse("vector:2"), "b": parse("vector:9")}


def test_fixing_leaves_an_architecture_that_builds_and_its_first_comment(tmp_path):
    path = tmp_path / "arch.yaml"
    path.write_text(BAD)
    done = fix(path)
    assert len(done) >= 4
    assert any("use conv2d instead" in line for line in done)
    written = path.read_text()
    assert written.startswith("# my network\n# the second try\n\ninputs:")
    architecture = load(path)
    assert not check.check(architecture).faults
    assert build(architecture, inputs_of(architecture))["network"].gives == parse("vector:7")
    assert fix(path) == []
    assert path.read_text() == written


def test_fixing_into_another_file_leaves_the_first(tmp_path):
    path, out = tmp_path / "arch.yaml", tmp_path / "new.json"
    path.write_text(BAD)
    fix(path, out=out)
    assert path.read_text() == BAD
    assert json.loads(out.read_text())["chain"][0] == {"conv2d": {"channels": 8}}
    assert not check.check(load(out)).faults


def test_a_sound_file_is_not_rewritten(tmp_path):
    path = tmp_path / "arch.yaml"
    path.write_text("inputs: {x: vector:3}\nchain: [relu]   # as I like it\n")
    before = path.stat().st_mtime_ns
    assert fix(path) == []
    assert path.stat().st_mtime_ns == before


def test_a_file_without_an_architecture_cannot_be_fixed(tmp_path):
    path = tmp_path / "arch.yaml"
    path.write_text("\n")
    with pytest.raises(ArchitectureError, match="is empty"):
        fix(path)


def test_what_is_printed_is_never_taken_for_markup():
    odd = from_dict({"inputs": {"x": "vector:3"}, "chain": [{"dense": {"dim": 2}, "name": "[red]x"}]})
    assert "[red]x" in text(check.check(odd, memory=2**30))


def test_the_largest_batch_is_what_the_figures_are_for():
    report = check.check(GOOD, batch=None, memory=2**28)
    assert report.batch == report.largest_batch
    assert report.peak <= usable(2**28) < check.check(GOOD, batch=int(1.03 * report.batch), memory=2**28).peak
    with pytest.raises(SettingError, match="not even one example fits") as caught:
        check.check(GOOD, batch=None, memory=1000)
    assert "1000 B" in str(caught.value)


def test_what_workers_send_is_in_the_report():
    together = Together(4, bandwidth=1e9)
    report = report_of(GOOD, batch=32, memory=2**30, together=together)
    gradients = report.parts["network"].gradients
    assert report.scaling.sent.total == pytest.approx(1.5 * gradients)
    share = report_of(GOOD, batch=8, memory=2**30)
    assert report.scaling.seconds == pytest.approx(step_seconds(share.time, report.scaling.sent, 1e9))
    assert report.scaling.faster == pytest.approx(report.step / report.scaling.seconds)
    assert report.scaling.efficiency == pytest.approx(share.step / report.scaling.seconds)
    shown = text(report, width=80)
    assert "4 workers" in shown
    assert "efficiency" in shown
    assert max(map(len, shown.splitlines())) <= 80
    data = json.loads(json.dumps(report.data()))["scaling"]
    assert data["workers"] == 4
    untimed = check.check(GOOD, batch=32, memory=2**30, together=together)
    assert untimed.data()["scaling"] == data | dict.fromkeys(("seconds", "apart", "faster", "efficiency"))
    assert "4 workers" in text(untimed)
    sharded = report_of(GOOD, batch=32, memory=2**30, together=Together(4, True, 1e9))
    assert sharded.scaling.sent.forward >= 0.75 * gradients
    with pytest.raises(SettingError, match="the batch is too small"):
        check.check(GOOD, batch=3, memory=2**30, together=together)
    with pytest.raises(SettingError, match="at least one worker"):
        Together(0)


@pytest.mark.parametrize(("faster", "explained"), [(7.9, False), (8.5, True)])
def test_more_than_n_times_as_fast_is_explained(faster, explained):
    report = report_of(GOOD, batch=32, memory=2**30, together=Together(8, bandwidth=1e9))
    shown = text(replace(report, scaling=replace(report.scaling, faster=faster, seconds=0.05, apart=0.04)), width=160)
    assert f"{faster:.2f} × as fast as one worker with the whole batch" in shown
    assert ("an example takes less time in a small batch" in shown) == explained
    assert "efficiency 80 %: 40 ms if nothing were sent" in shown
