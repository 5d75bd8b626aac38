"""A user's own entries, from a file, a folder, or an installed package."""

import ast
import importlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from weftnet import plugins
from weftnet.architecture.signal import parse
from weftnet.architecture.spec import Architecture, Block, Chain
from weftnet.blocks import BLOCKS
from weftnet.compose import build, examine
from weftnet.data.kinds import KINDS
from weftnet.errors import SettingError, UnknownName
from weftnet.optim import OPTIMISERS, SCHEDULES
from weftnet.plugins import REGISTRIES, Plugin, load_plugin, snake_case, unload
from weftnet.registry import Registry
from weftnet.tasks import ANSWERS, JUDGES, TASKS

GOOD = '''
"""Blocks of mine."""
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import Dropout  # not defined here: no block of this file


class ScaleTime(nn.Module):
    """Its axes have names of its own, which match any."""

    def __init__(self, d: int, gain: float = 2.0) -> None:
        super().__init__()
        self.gain, self.linear = gain, nn.Linear(d, d)

    def forward(self, x: Float[Tensor, "b t d"]) -> Float[Tensor, "b t d"]:
        return self.gain * self.linear(x)


class _Hidden(nn.Module): ...


class Bare(nn.Module):
    def forward(self, x):
        return x


class Fussy(nn.Module):
    def forward(self, x: Float[Tensor, "batch dim"]) -> Float[Tensor, "batch dim"]:
        return nn.functional.linear(x, x.new_zeros(3, 99))
'''


@pytest.fixture
def loaded(tmp_path: Path) -> Plugin:
    (tmp_path / "mine.py").write_text(GOOD)
    plugin = load_plugin(tmp_path / "mine.py")
    assert load_plugin(tmp_path / "mine.py") is plugin  # named twice, executed once
    return plugin


@pytest.fixture(autouse=True)
def _unloaded() -> Iterator[None]:
    yield
    for plugin in plugins.loaded():
        unload(plugin.name)


def test_names(loaded: Plugin) -> None:
    assert loaded.entries == {"block": ["bare", "fussy", "scale_time"]}
    assert BLOCKS.plugin("bare") == "mine"
    assert BLOCKS.plugin("dense") == ""
    assert BLOCKS.family("scale_time") == "plugin"
    assert snake_case("Conv2d") == "conv2d"
    assert snake_case("LSTMCell2") == "lstm_cell2"
    assert snake_case("SquaredReLU") == "squared_re_lu"


def test_a_plugin_is_a_block_like_any_other(loaded: Plugin) -> None:
    signal = parse("series:5x3,padded")
    node = Chain((Block("scale_time", {"gain": 0.5}), Block("last_step")))
    network = build(Architecture.of(node), {"network": {"x": signal}})["network"]
    assert network.get_submodule("0").linear.in_features == 3
    assert [row.output.axes for row in network.rows] == [("time", "dim"), ("dim",)]
    mask = torch.tensor([[True] * 5, [True] * 2 + [False] * 3])
    x = torch.randn(2, 5, 3)
    y = network(x, {"x": mask})
    torch.testing.assert_close(y[1], network.get_submodule("0")(x[1:, :2])[0, -1])


PLAIN = """
import torch
from torch import nn

class Widen(nn.Module):
    def __init__(self, in_features, width=5):
        super().__init__()
        self.linear = nn.Linear(in_features, width)

    def forward(self, x):
        if x.sum().item() > 1e9:  # reads a value, which meta has not
            raise ValueError("too large")
        return self.linear(x)

class Thin(nn.Module):
    def __init__(self, in_channels: int, out: int = 3):
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out, 3, stride=2)

    def forward(self, image):
        return self.conv(image)

class Both(nn.Module):
    def forward(self, x, memory): return x + memory

class Attend(nn.Module):
    def __init__(self, input_size): super().__init__()
    def forward(self, x, mask=None): return x if mask is None else x * mask[..., None]

class Pair(nn.Module):
    def forward(self, x): return x, x

class Picky(nn.Module):
    def forward(self, x): return x @ torch.ones(7, 2)
"""


@pytest.fixture
def plain(tmp_path: Path) -> None:
    (tmp_path / "plain.py").write_text(PLAIN)
    load_plugin(tmp_path / "plain.py")


def gives(block: str, signal: str, **settings: object) -> str:
    """The output of a block, or the first line of its fault and what it reads."""
    resolved, faults = examine(Chain((Block(block, settings),)), {"x": parse(signal)})
    return " | ".join(filter(None, (faults[0].what, faults[0].reads))) if faults else str(resolved.output)


@pytest.mark.usefixtures("plain")
def test_without_annotations_a_trial_run_tells_the_shapes() -> None:
    assert gives("widen", "vector:4") == str(parse("vector:5"))
    assert gives("widen", "series:6x4", width=2) == str(parse("series:6x2"))
    assert gives("thin", "image:1x9x9") == str(parse("image:3x4x4"))
    assert gives("attend", "series:5x3,padded") == str(parse("series:5x3,padded"))
    data = {"network": {"x": parse("series:5x3,padded")}}
    network = build(Architecture.of(Chain((Block("attend"), Block("last_step")))), data)["network"]
    x, mask = torch.randn(2, 5, 3), torch.tensor([[True] * 5, [True] * 2 + [False] * 3])
    torch.testing.assert_close(network(x, {"x": mask}), torch.stack([x[0, -1], x[1, 1]]))


@pytest.mark.usefixtures("plain")
def test_a_trial_run_that_fails_is_a_fault_of_the_node() -> None:
    says_nothing = "what its forward takes, which says nothing of shapes"
    assert gives("picky", "vector:4") == f"reads 7 values per position, not 4 | {says_nothing}"
    assert gives("pair", "vector:4") == f"forward returned tuple, not one tensor | {says_nothing}"
    assert gives("thin", "vector:4") == "needs the setting 'in_channels' | in_channels: a whole number"
    assert gives("widen", "series:5x3,padded").startswith("would treat padding as values: it does not read the mask")
    assert "also reads memory" in gives("both", "vector:4")


def test_torch_is_translated(loaded: Plugin) -> None:
    _, faults = examine(Chain((Block("fussy"),)), {"x": parse("vector:4")})
    assert faults[0].what == "reads 99 values per position, not 4"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (None, "is no plugin"),
        ("", "brings nothing"),
        ("from torch.nn import Linear\nclass _Mine(Linear): ...", "brings nothing"),
        ("ENTRIES = {'schedules': []}", r"there is no such registry\n.*block, zoo, .*\n  got: schedules\n.*'schedule'"),
        ("ENTRIES = {'schedule': [3]}", r"has no name of its own\n.*\n  got: 3\n  fix: write \{name: entry\}"),
        ("import nothing_of_that_name", "fails: ModuleNotFoundError: No module named 'nothing_of_that_name'"),
        (
            "from torch import nn\nclass Dense(nn.Module): ...",
            r"the block 'dense' already exists\n  got: that of weftnet\.blocks\.dense\.dense",
        ),
        (
            "def mine(): ...\ndef cosine(): ...\nENTRIES = {'optimiser': [mine], 'schedule': [cosine]}",
            "'cosine' already",
        ),
    ],
)
def test_what_is_no_plugin(tmp_path: Path, text: str | None, says: str) -> None:
    path = tmp_path / "mine.py"
    if text is not None:
        path.write_text(text)
    before = [registry.names() for registry in (BLOCKS, OPTIMISERS, SCHEDULES)]
    with pytest.raises(SettingError, match=says):
        load_plugin(path)
    assert [registry.names() for registry in (BLOCKS, OPTIMISERS, SCHEDULES)] == before
    assert not plugins.loaded()


def test_a_file_names_what_is_no_block(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(MIXED)
    plugin = load_plugin(tmp_path / "mine.py")
    assert plugin.entries == {"schedule": ["half_life"], "optimiser": ["half_life"], "judge": ["odd"]}
    assert str(plugin) == "mine 1.2"
    assert JUDGES.get("odd")() == 3
    assert SCHEDULES.get("half_life").__name__ == "half_life"
    assert OPTIMISERS.get("half_life").__name__ == "HalfLife"  # a module, but named as something else: no block


MIXED = """
from torch import nn
__version__ = "1.2"
def half_life(): ...
class HalfLife(nn.Module): ...
def judge(): return 3
ENTRIES = {"schedule": [half_life], "optimiser": [HalfLife], "judge": {"odd": judge}}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A plugin laid out as weftnet is."""
    for path, text in {
        "shapes/__init__.py": "__version__ = '0.3'\n",
        "shapes/_names.py": "LABEL = 'odd'\n",
        "shapes/blocks/round/wheel.py": "'A wheel.'\nfrom torch import nn\nclass Wheel(nn.Module): ...\n",
        "shapes/kinds/angle.py": "from .._names import LABEL\nclass Angle:\n    label = LABEL\n",
        "shapes/kinds/broken.py": "raise RuntimeError('sorry')\n",
        "shapes/tasks/rolling/task.py": "class Rolling: ...\n",
        "shapes/tasks/rolling/answer.py": "def rolling(): ...\n",
        "shapes/docs/readme.py": "raise RuntimeError('executed')\n",
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    return tmp_path / "shapes"


def test_a_folder_is_laid_out_as_weftnet_is(folder: Path) -> None:
    plugin = load_plugin(folder)
    assert plugin.entries == {
        "block": ["wheel"], "kind": ["angle", "broken"], "task": ["rolling"], "answer": ["rolling"],
    }  # fmt: skip
    assert str(plugin) == "shapes 0.3"
    assert "weftnet_plugin_shapes.blocks" not in sys.modules  # imported when it is requested
    assert KINDS.get("angle").label == "odd"
    assert BLOCKS.module("wheel").__doc__ == "A wheel."
    assert BLOCKS.family("wheel") == "plugin"
    assert TASKS.get("rolling").__name__ == "Rolling"
    assert ANSWERS.reason("rolling") == ""
    assert JUDGES.reason("rolling") == "because rolling brings no judge.py"
    with pytest.raises(SettingError, match=r"broken\.py: the kind of column 'broken' fails: RuntimeError: sorry"):
        KINDS.get("broken")
    unload("shapes")
    assert "rolling" not in TASKS
    assert not [name for name in sys.modules if name.startswith("weftnet_plugin_shapes")]


def test_a_misspelt_folder_is_not_left_out_silently(folder: Path) -> None:
    (folder / "block").mkdir()
    with pytest.raises(SettingError, match=r"shapes/block: no registry reads this folder\n  fix: rename it blocks/"):
        load_plugin(folder)


def test_two_plugins_of_a_name(folder: Path, tmp_path: Path) -> None:
    load_plugin(folder)
    (tmp_path / "shapes.py").write_text("")
    with pytest.raises(SettingError, match=r"shapes\.py: two plugins are called 'shapes'\n  got: .*/shapes\n"):
        load_plugin(tmp_path / "shapes.py")


@pytest.fixture
def installed(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder as an installed package, beside one that fails."""
    (tmp_path / "broken_shapes.py").write_text("import nothing_of_that_name\n")
    for name, module in (("shapes", "shapes"), ("broken", "broken_shapes")):
        about = tmp_path / f"weftnet_{name}-2.0.dist-info"
        about.mkdir()
        (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: weftnet-{name}\nVersion: 2.0\n")
        (about / "entry_points.txt").write_text(f"[weftnet.plugins]\n{name} = {module}\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(plugins, "_looked", False)
    return tmp_path


def test_installed_packages_are_looked_at_once_a_name_is_unknown(installed: Path) -> None:
    assert "dense" in BLOCKS
    assert not plugins.loaded()
    says = "the plugin broken of the installed package weftnet-broken is left out: ModuleNotFoundError: No module named"
    with pytest.warns(UserWarning, match=says):
        assert TASKS.get("rolling").__module__ == "shapes.tasks.rolling.task"
    assert list(map(str, plugins.loaded())) == ["shapes 2.0"]
    assert "wheel" in BLOCKS.names()


def test_a_broken_installed_plugin_does_not_break_the_command_line(installed: Path) -> None:
    command = [sys.executable, "-m", "weftnet", "blocks"]
    path = os.pathsep.join([str(installed), *sys.path])
    environment = {**os.environ, "PYTHONPATH": path}
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True, env=environment)
    assert "wheel" in done.stdout
    assert "weftnet-broken is left out" in done.stderr


def test_a_missing_entry_is_explained_by_the_run_that_used_it(folder: Path) -> None:
    load_plugin(folder)
    recorded = plugins.record()
    assert recorded["shapes 0.3"]["task"] == ["rolling"]
    assert str(folder) not in str(recorded)
    unload("shapes")
    plugins.recall(recorded)
    fix = r"fix: it came with the plugin shapes 0\.3: add --plugin PATH"
    with pytest.raises(UnknownName, match=rf"no task is called 'rolling'\n  {fix}"):
        TASKS.get("rolling")
    _, faults = examine(Chain((Block("wheel"),)), {"x": parse("vector:3")})
    assert "shapes 0.3" in faults[0].what


def test_every_registry_takes_plugins() -> None:
    root = Path(plugins.__file__).parent
    found = set()
    for path in root.rglob("*.py"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            value = getattr(node, "value", None)
            if isinstance(value, ast.Call) and ast.unparse(value.func).partition("[")[0] == "Registry":
                target = node.target if isinstance(node, ast.AnnAssign) else node.targets[0]
                module = ".".join(("weftnet", *path.relative_to(root).with_suffix("").parts)).removesuffix(".__init__")
                found.add(f"{module}:{ast.unparse(target)}")
    found -= {"weftnet.contract:CONTRACTS"}  # what a registry asks of its entries is no entry itself
    listed = [reference for _, reference in REGISTRIES.values()]
    assert all(isinstance(_named(reference), Registry) for reference in listed)
    assert {id(_named(reference)) for reference in listed} == {id(_named(reference)) for reference in found}


def _named(reference: str) -> object:
    module, _, name = reference.partition(":")
    return getattr(importlib.import_module(module), name)
