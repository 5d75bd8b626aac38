"""The picture of each block of the catalogue, as `weftnet draw` draws it: what it reads, its settings, its output."""

from pathlib import Path

from weftnet.architecture.spec import Block, Graph, Wire
from weftnet.blocks import BLOCKS
from weftnet.compose.draw import draw
from weftnet.compose.resolve import examine
from weftnet.contract._block_cases import smallest


def draw_blocks(folder: Path) -> None:
    """A file NAME.svg for each, with sizes for an example."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in BLOCKS.names():
        case = smallest(name)
        wires = {signal: signal for signal in case.signals}
        graph = Graph(tuple(case.signals), {"y": Wire(wires, Block(name, case.settings))}, ("y",))
        resolved, _ = examine(graph, case.signals)
        if resolved is not None:
            (folder / f"{name}.svg").write_text(draw(resolved), encoding="utf-8")
