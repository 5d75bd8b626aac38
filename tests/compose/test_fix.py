"""`check --fix` over the whole corpus: what is written reads without a fault, and nothing is fixed twice."""

from pathlib import Path

import pytest

from weftnet.architecture.reading import read
from weftnet.compose import examine
from weftnet.compose.fix import fix
from weftnet.compose.inputs import inputs_of

FIXABLE = [
    ("- dense: {dim: 4}\n-\n- relu\n", "vector:3"),
    ("chain:\n- dens: {dim: 4}\n-\n- {relu: , dropout: 0.5}\n- lstm: {dim: 3}\n", "vector:3"),
    ("# kept\n\n- conv2d: {chanels: 4, kernel: '3'}\n- flaten\n- dense: {dim: 2}\n", "image:1x8x8"),
]


@pytest.mark.parametrize(("text", "signal"), FIXABLE)
def test_what_is_written_has_no_fault(text: str, signal: str, tmp_path: Path) -> None:
    path = tmp_path / "arch.yaml"
    path.write_text(text)
    assert fix(path, {"x": signal})
    architecture, faults = read(path)
    assert architecture is not None
    assert not faults
    for part, node in architecture.parts.items():
        assert not examine(node, inputs_of(architecture, {"x": signal})[part], part)[1]
    assert path.read_text().startswith("# kept") == text.startswith("# kept")
    written = path.read_text()
    assert "- []" not in written
    assert "- -" not in written
    assert fix(path, {"x": signal}) == []
    assert path.read_text() == written
