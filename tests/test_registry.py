"""A folder as a registry: names without imports, entries on demand, clashes refused."""

import subprocess
import sys
from pathlib import Path

import pytest

from weftnet.blocks import BLOCKS
from weftnet.data import AUGMENTATIONS, KINDS
from weftnet.errors import SettingError, UnknownName
from weftnet.optim import OPTIMISERS, SCHEDULES
from weftnet.registry import Registry
from weftnet.tasks import TASKS
from weftnet.zoo import ZOO

ALL = [BLOCKS, ZOO, TASKS, OPTIMISERS, SCHEDULES, AUGMENTATIONS, KINDS]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package `things` of two families."""
    root = tmp_path / "things"
    for family in ("round", "square"):
        (root / family).mkdir(parents=True)
        (root / family / "__init__.py").write_text("")
    (root / "__init__.py").write_text("")
    (root / "round" / "big_ball.py").write_text('"""A ball."""\nfrom pathlib import Path\nclass BigBall: ...\n')
    (root / "square" / "box3d.py").write_text("def box3d(): ...\n")
    (root / "square" / "_shared.py").write_text("raise RuntimeError('imported')\n")
    (root / "square" / "wrong.py").write_text("from pathlib import Path as Wrong\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield root
    for name in [name for name in sys.modules if name.split(".")[0] == "things"]:
        del sys.modules[name]


def test_a_file_is_an_entry(folder: Path) -> None:
    registry = Registry("thing", "things", folder)
    assert registry.names() == list(registry) == ["big_ball", "box3d", "wrong"]
    assert "things.round.big_ball" not in sys.modules
    assert registry.get("big_ball").__name__ == "BigBall"
    assert registry.get("box3d").__name__ == "box3d"
    assert registry.family("big_ball") == "round"
    assert registry.module("big_ball").__doc__ == "A ball."
    assert "_shared" not in registry
    assert "things.square._shared" not in sys.modules


def test_an_unknown_name(folder: Path) -> None:
    registry = Registry("thing", "things", folder)
    with pytest.raises(UnknownName, match=r"no thing is called 'bigball'\n  fix: did you mean 'big_ball'\?") as raised:
        registry.get("bigball")
    assert raised.value.close == ("big_ball",)
    with pytest.raises(UnknownName, match=r"no thing is called 'qqq'\n  expected: one of big_ball, box3d, wrong"):
        registry.get("qqq")
    with pytest.raises(UnknownName):
        registry.family("qqq")


def test_a_file_without_its_entry(folder: Path) -> None:
    with pytest.raises(SettingError, match=r"things\.square\.wrong defines no thing 'wrong'"):
        Registry("thing", "things", folder).get("wrong")


def test_two_files_with_the_same_name(folder: Path) -> None:
    (folder / "round" / "box3d.py").write_text("def box3d(): ...\n")
    with pytest.raises(
        SettingError, match=r"things\.square\.box3d: the thing 'box3d' already exists\n  got: that of things\.round"
    ):
        Registry("thing", "things", folder)


def test_what_a_user_adds(folder: Path) -> None:
    registry = Registry("thing", "things", folder)
    registry.add("cone", int)
    registry.add("cone", int)  # the same entry again is no clash
    assert registry.get("cone") is int
    assert registry.family("cone") == "plugin"
    registry.add("cube", int, "solids")
    for name, other in (("cone", "a program"), ("cube", "solids"), ("box3d", r"things\.square\.box3d")):
        what = rf"mine: the thing '{name}' already exists\n  got: that of {other}\n  fix: rename one of them"
        with pytest.raises(SettingError, match=what):
            registry.add(name, float, "mine")
    registry.forget("solids")
    assert "cube" not in registry
    assert "cone" in registry


@pytest.mark.parametrize("registry", ALL, ids=lambda registry: registry.kind)
def test_every_entry_is_named_after_its_file(registry: Registry) -> None:
    assert len(registry.names()) >= 4
    for name in registry:
        thing = registry.get(name)
        assert thing.__name__.lower().replace("_", "") == name.replace("_", "")
        assert registry.family(name) == "plugin" or registry.module(name).__doc__


def test_names_cost_no_torch() -> None:
    code = "import sys; from weftnet.blocks import BLOCKS; BLOCKS.names(); import weftnet.architecture.reading; "
    subprocess.run([sys.executable, "-c", code + "sys.exit('torch' in sys.modules)"], check=True)


def test_a_facet_that_does_not_apply_says_why(folder: Path) -> None:
    (folder / "round" / "judge.py").write_text("def round(): ...\n")
    (folder / "square" / "judge.py").write_text("not_applicable = 'because squares are not judged'\n")
    judges = Registry("judge", "things", folder, facet="judge")
    assert judges.names() == ["round", "square"]
    assert judges.find("round") is judges.get("round")
    assert judges.reason("round") == ""
    assert judges.find("square") is None
    assert judges.reason("square") == "because squares are not judged"
    assert judges.reason("oval") == "because oval brings no judge.py"
    with pytest.raises(SettingError, match=r"square has no judge\n.*because squares are not judged"):
        judges.get("square")
