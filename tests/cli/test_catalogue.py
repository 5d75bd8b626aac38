"""Pages say what the code says: against entries written here, and against the pages in docs/."""

import importlib.util
import json
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import pytest
import yaml
from jaxtyping import Bool, Float
from torch import Tensor, nn

from weftnet.architecture.spec import Architecture
from weftnet.blocks import BLOCKS
from weftnet.cli.catalogue import _about, as_json, page, render, summaries
from weftnet.errors import UnknownName
from weftnet.registry import Registry
from weftnet.zoo import ZOO

ROOT = Path(__file__).parents[2]


class Sway(nn.Module):
    """Rock a sequence.

    Args:
        dim_in: size of a step.
        times: how often, a number or
            one for each direction.
        way: where to.
    """

    def __init__(
        self, dim_in: int, times: int | list[int], way: Literal["up", "down"] = "up", hard: bool = False
    ) -> None:
        super().__init__()

    def forward(
        self,
        x: Float[Tensor, "batch time dim_in"],
        mask: Bool[Tensor, "batch time"] | None = None,
        state: Float[Tensor, "batch dim_state"] | None = None,
    ) -> Float[Tensor, "batch time_out dim"]:
        return x


def entry(widths: Sequence[int] = (3, 4), classes: int | None = None) -> Architecture:
    """Nothing.

    Args:
        widths: of nothing.
    """
    return Architecture({})


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    made = Registry("block", "weftnet.blocks", tmp_path)
    made.add("sway", Sway)
    made.add("entry", entry)
    return made


def test_a_page_reads_axes_and_settings_from_the_class(registry: Registry) -> None:
    entry_page = page(registry, "sway")
    assert entry_page.family == "plugin"
    assert entry_page.summary == "Rock a sequence."
    assert entry_page.reads == {
        "x": "float: batch, time, dim_in",
        "state": "float: batch, dim_state, optional",
        "mask": "bool: batch, time",
    }
    assert entry_page.gives == "batch, time_out, dim"
    settings = [(each.name, each.type, each.default, each.filled, each.about) for each in entry_page.settings]
    assert settings == [
        ("dim_in", "int", None, True, "size of a step."),
        ("times", "int | list[int]", None, False, "how often, a number or one for each direction."),
        ("way", "up | down", "up", False, "where to."),
        ("hard", "bool", "false", False, ""),
    ]


def test_a_page_reads_the_arguments_of_a_function(registry: Registry) -> None:
    widths, classes = page(registry, "entry").settings
    assert (widths.type, widths.default, widths.about) == ("list[int]", "[3, 4]", "of nothing.")
    assert (classes.type, classes.default) == ("int | none", "none")


def test_a_docstring_falls_into_its_sections() -> None:
    lstm, transposed = page(BLOCKS, "lstm"), page(BLOCKS, "transposed_conv2d")
    assert lstm.summary.startswith("Long short-term memory")
    assert lstm.formula.startswith("i = σ(W_ii x")
    assert lstm.formula.endswith("y[t] = h'")
    assert lstm.source.endswith("https://doi.org/10.1162/089976600300015015")
    assert lstm.text.startswith("As torch:")
    assert lstm.cost.startswith("per cell: 4 · dim")
    assert "Zeiler" in transposed.source
    assert "Dumoulin" in transposed.source


@pytest.mark.parametrize("registry", [BLOCKS, ZOO], ids=["blocks", "zoo"])
def test_every_page_is_whole(registry: Registry) -> None:
    for name in registry.names():
        entry_page = page(registry, name)
        assert entry_page.summary.endswith((".", ":")), name
        assert entry_page.formula, name
        assert entry_page.source, name
        assert entry_page.cost, name
        assert entry_page.when.endswith(".") or registry is ZOO, name
        assert all(setting.about for setting in entry_page.settings), name
        assert not re.search("Source:|When:", entry_page.text + entry_page.cost + entry_page.source), name
        text = render(registry, name)
        assert entry_page.formula.split("\n")[0] in text
        assert all(setting.name in text for setting in entry_page.settings)
        assert json.loads(json.dumps(as_json(registry, name))) == as_json(registry, name)


def test_the_json_of_a_registry_lists_every_page() -> None:
    assert [each["name"] for each in as_json(ZOO)] == ZOO.names()
    (dim_in, dim, bias) = as_json(BLOCKS, "dense")["settings"]
    assert (dim_in["filled"], dim["default"], bias["default"]) == (True, None, "true")


def test_the_listing_needs_no_torch() -> None:
    code = (
        "import sys; from weftnet.blocks import BLOCKS; from weftnet.zoo import ZOO; from weftnet.cli import catalogue;"
        "print(catalogue.render(BLOCKS)); print(catalogue.render(ZOO)); print(catalogue.render(ZOO, 'vit'));"
        "assert 'torch' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "\nactivation\n" in "\n" + done.stdout
    assert "  relu " in done.stdout


def test_a_summary_is_the_page_s() -> None:
    for registry in (BLOCKS, ZOO):
        assert summaries(registry) == {name: page(registry, name).summary for name in registry.names()}


def test_an_unknown_name_is_reported_with_close_ones() -> None:
    with pytest.raises(UnknownName, match="no block is called 'conv2'"):
        render(BLOCKS, "conv2")


def test_every_block_is_told_in_chinese() -> None:
    """Its name, its purpose and when to choose it, with the same code and numbers as in English."""
    told = yaml.safe_load((ROOT / "docs" / "zh" / "blocks.yaml").read_text(encoding="utf-8"))
    names = [name for name in BLOCKS.names() if BLOCKS.family(name) != "plugin"]
    assert list(told["blocks"]) == names, "docs/zh/blocks.yaml: expected every block, in order"
    assert list(told["families"]) == sorted({BLOCKS.family(name) for name in names})
    for name in names:
        said, english = told["blocks"][name], page(BLOCKS, name).when
        assert set(said) == {"name", "purpose", "when"}, name
        assert re.search("[\u4e00-\u9fff]", said["when"] + said["purpose"]), name
        assert sorted(re.findall("`[^`]+`", said["when"])) == sorted(re.findall("`[^`]+`", english)), name
        assert set(re.findall(r"\d{2,}", said["when"])) == set(re.findall(r"\d{2,}", english)), name


def test_the_pages_in_docs_are_current() -> None:
    spec = importlib.util.spec_from_file_location("catalogue_script", ROOT / "scripts" / "catalogue.py")
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    for path, text in script.pages().items():
        assert path.read_text(encoding="utf-8") == text, f"{path.name} is not current: run python scripts/catalogue.py"


def test_settings_are_described_by_their_lines_under_args() -> None:
    text = """A block.

Args:
    dim: how wide,
        in values.
    rate: of dropout.

Raises:
    ValueError: never.
"""
    assert _about(text) == {"dim": "how wide, in values.", "rate": "of dropout."}
    assert _about("Args:\n        no name before: a continuation.\n    dim: wide.") == {}
    assert _about("A block.") == {}
