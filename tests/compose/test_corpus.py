"""Common mistakes, one per file in tests/broken: each is located, explained plainly, and fixed.

A file's head gives its input and, for every fault, the first line, the suggested names and the fix:

    # input: photo=image:3x16x16; row=vector:5
    # expect: 3.body.0 (conv2d): has no setting 'kernal'
    #   did you mean 'kernel'?
    #   fix: write kernel: 5 instead of kernal

`# unfixable: why` marks faults that no edit could fix, `# error:` text that is not YAML at all.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from torch import Tensor

from weftnet.architecture.faults import Fault, apply
from weftnet.architecture.reading import load, read, read_text
from weftnet.architecture.signal import Signal, parse
from weftnet.architecture.spec import Architecture, to_yaml
from weftnet.compose import build, examine
from weftnet.errors import ArchitectureError, SettingError

FILES = sorted((Path(__file__).parents[1] / "broken").glob("*.yaml"))
JARGON = re.compile(
    r"NoneType|Traceback|torch\.|Tensor|<class|typing|object at|mat1|Type-check|unsupported operand|\bint\b"
)
ROUNDS = 3


@dataclass
class Case:
    """A file of the corpus and what its head says."""

    path: Path
    inputs: dict[str, Signal]
    expected: list[list[str]]
    error: str

    @classmethod
    def of(cls, path: Path) -> "Case":
        head = [line[2:] for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("# ")]
        expected: list[list[str]] = []
        for line in head[2:]:
            if line.startswith("expect: "):
                expected.append([line.removeprefix("expect: ")])
            elif line.startswith("  "):
                expected[-1].append(line.strip())
        errors = [line.removeprefix("error: ") for line in head if line.startswith("error: ")]
        return cls(path, inputs(head[1].removeprefix("input: ")), expected, "".join(errors))


def inputs(text: str) -> dict[str, Signal]:
    """`image:1x28x28`, or `photo=image:3x16x16; row=vector:5`."""
    named = (re.fullmatch(r"(?:(\w+)=)?(\w+:.+)", one) for one in text.split("; "))
    return {match[1] or "x": parse(match[2]) for match in named if match}


def feed(signals: Mapping[str, Signal]) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """A batch of two; where sequences are padded the second is half as long."""
    values, masks = {}, {}
    for name, signal in signals.items():
        shape = signal.shape(2)
        values[name] = torch.randint(0, 20, shape) if signal.dtype == "int" else torch.randn(shape)
        if signal.padded:
            steps = signal.size("time")
            masks[name] = torch.arange(steps) < torch.tensor([[steps], [max(1, steps // 2)]])
    return values, masks


def faults_of(architecture: Architecture, signals: Mapping[str, Signal]) -> list[Fault]:
    return [fault for part, node in architecture.parts.items() for fault in examine(node, signals, part)[1]]


def runs(architecture: Architecture, signals: Mapping[str, Signal]) -> None:
    """Built on the CPU it runs forward and backward, and a gradient reaches every parameter."""
    network = build(architecture, {"network": signals})["network"]
    outputs = network(*feed(signals))
    total = sum(y.square().sum() for y in (outputs.values() if isinstance(outputs, dict) else [outputs]))
    assert isinstance(total, Tensor)
    total.backward()
    without = [name for name, parameter in network.named_parameters() if parameter.grad is None]
    assert not without


CASES = [Case.of(path) for path in FILES]
FORM = [case for case in CASES if not case.error]
each = pytest.mark.parametrize("case", FORM, ids=lambda case: case.path.stem)


def test_the_corpus_is_large_and_annotated() -> None:
    assert len(CASES) >= 75
    assert all(case.expected or case.error for case in CASES)
    unfixable = [case for case in FORM if any("unfixable" in line for fault in case.expected for line in fault)]
    assert len(unfixable) <= 5


@each
def test_every_fault_is_reported(case: Case) -> None:
    architecture, faults = read(case.path)
    if architecture is not None:
        faults += faults_of(architecture, case.inputs)
    texts = [[line.strip() for line in str(fault).splitlines()] for fault in faults]
    kept = [[line for n, line in enumerate(lines) if n == 0 or line.startswith(("did you", "fix:"))] for lines in texts]
    expected = [[line for line in lines if not line.startswith("unfixable")] for lines in case.expected]
    assert kept == expected
    for fault, lines in zip(faults, case.expected, strict=True):
        assert fault.path
        assert fault.block
        assert not JARGON.search(str(fault)), str(fault)
        assert (fault.fix is None) == any(line.startswith("unfixable: ") for line in lines)
        if re.match("reads .+, not ", fault.what):
            assert fault.reads
            assert fault.received
            assert fault.by


@each
def test_the_fixes_make_it_valid(case: Case) -> None:
    architecture, faults = read(case.path)
    if any(line.startswith("unfixable") for lines in case.expected for line in lines):
        assert architecture is None or any(fault.fix is None for fault in faults_of(architecture, case.inputs))
        return
    assert architecture is not None
    for _ in range(ROUNDS):
        faults += faults_of(architecture, case.inputs)
        if not faults:
            break
        architecture = apply(architecture, [fault.fix for fault in faults if fault.fix])
        faults = []
    else:
        assert not faults_of(architecture, case.inputs)
    assert read_text(to_yaml(architecture)) == (architecture, [])
    runs(architecture, case.inputs)


@each
def test_load_and_build_reject_it(case: Case) -> None:
    with pytest.raises(ArchitectureError) as raised:
        build(load(case.path), {"network": case.inputs})
    count = len(raised.value.faults)
    assert f"{count} fault{'s' if count != 1 else ''} in the architecture" in str(raised.value)


@pytest.mark.parametrize("case", [case for case in CASES if case.error], ids=lambda case: case.path.stem)
def test_invalid_yaml_is_reported_with_its_line(case: Case) -> None:
    with pytest.raises(SettingError) as raised:
        read(case.path)
    line = re.match(r"line \d+: ", case.error)
    assert str(raised.value).splitlines()[0] == f"{case.path}{' ' if line else ': '}{case.error}"
