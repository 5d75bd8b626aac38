"""An output folder is replaced without a loss: every file that this program did not write survives, in any layout."""

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from weftnet.base.files import write_json
from weftnet.base.replacing import MARK, PAGE_MARK, clear, marked, protect
from weftnet.compete import competition as compete
from weftnet.errors import RunError
from weftnet.run.folder import Run
from weftnet.train.checkpoint import Checkpoints
from weftnet.train.own import own_files

NAMES = ("notes.txt", "run.json", "competition.json", "weights.safetensors", "report.html", "history.jsonl", "a b", "ü")
FOLDERS = (
    "",
    "a-seed0",
    "a-seed0/checkpoints",
    "a-seed0/checkpoints/00000007",
    "a-seed0/samples",
    "other",
    "other/deep",
)


def a_run(folder: Path) -> Run:
    run = Run.create(
        folder,
        architecture="[]\n",
        recipe={},
        task={"name": "classification"},
        data={"source": "x"},
        signals={},
        state={},
    )
    run.record(status="training")
    run.write_history([{"step": 1, "epoch": 1.0, "seconds": 0.1, "loss": {"total": 1.0}, "validation": {}}])
    Checkpoints(folder / "checkpoints").save(7, {}, {"history": []})
    return run


def a_competition(folder: Path) -> None:
    compete.prepare(folder, ["a-seed0", "b-seed0"], replace=False)
    a_run(folder / "a-seed0")
    (folder / "report.html").write_text(f"<!doctype html><head>{PAGE_MARK}</head>", encoding="utf-8")


def contents(folder: Path) -> dict[str, bytes | str]:
    """path → content, or where a link leads; links are not followed."""
    found: dict[str, bytes | str] = {}
    for below, folders, files in os.walk(folder):
        for name in (*files, *folders):
            path = Path(below, name)
            if path.is_symlink():
                found[str(path.relative_to(folder))] = os.readlink(path)
            elif path.is_file():
                found[str(path.relative_to(folder))] = path.read_bytes()
    return found


LAYOUTS = st.dictionaries(
    st.tuples(st.sampled_from(FOLDERS), st.sampled_from(NAMES)),
    st.one_of(st.binary(max_size=8), st.sampled_from(["link", "folder link"])),
    max_size=6,
)


@given(layout=LAYOUTS, linked=st.booleans())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_not_ours_survives(layout: dict[tuple[str, str], bytes | str], linked: bool, tmp_path: Path) -> None:
    home = tmp_path / "layout"
    shutil.rmtree(home, ignore_errors=True)
    elsewhere, folder = home / "elsewhere", home / "runs"
    elsewhere.mkdir(parents=True)
    (elsewhere / "precious.txt").write_text("kept")
    a_competition(folder)
    foreign: dict[str, bytes | str] = {}
    for (place, name), what in layout.items():
        path = folder / place / name
        if path.is_symlink() or path.is_dir() or any(each.is_symlink() for each in path.parents):
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        if isinstance(what, str):
            path.symlink_to(elsewhere / "precious.txt" if what == "link" else elsewhere)
            foreign[str(path.relative_to(folder))] = os.readlink(path)
        else:
            path.write_bytes(what)
            if what or name != "history.jsonl":  # an empty history is one without evaluations
                foreign[str(path.relative_to(folder))] = what
    out = home / "link" if linked else folder
    if linked:
        out.symlink_to(folder)
    before = contents(folder)
    try:
        aside = compete.prepare(out, ["c-seed0"], replace=True)
    except RunError:
        assert contents(folder) == before  # refused: nothing has changed
        assert "competition.json" in foreign
    else:
        moved = {} if aside is None else contents(aside)
        assert foreign.items() <= moved.items()
        assert set(contents(folder)) == {"competition.json"}
        assert marked(folder / "competition.json")["runs"] == ["c-seed0"]
        assert out.is_symlink() == linked
    assert contents(elsewhere) == {"precious.txt": b"kept"}


def test_a_competition_alone_leaves_nothing_aside(tmp_path: Path) -> None:
    a_competition(tmp_path / "runs")
    assert compete.prepare(tmp_path / "runs", replace=True) is None
    assert [path.name for path in tmp_path.iterdir()] == ["runs"]


def test_an_edited_file_of_a_run_is_kept(tmp_path: Path) -> None:
    a_competition(tmp_path / "runs")
    (tmp_path / "runs/a-seed0/architecture.yaml").write_text("- dense  # my own\n")
    aside = compete.prepare(tmp_path / "runs", replace=True)
    assert aside == tmp_path / "runs-kept-1"
    assert contents(aside) == {"a-seed0/architecture.yaml": b"- dense  # my own\n"}


@pytest.mark.parametrize("document", [{}, {"best": "me"}, {"format": 1, "best": None}, {"written_by": "me"}])
def test_a_competition_of_somebodys_own(document: dict[str, object], tmp_path: Path) -> None:
    write_json(tmp_path / "competition.json", document)
    (tmp_path / "chapter.txt").write_text("years of work")
    before = contents(tmp_path)
    with pytest.raises(RunError, match="other than a competition"):
        compete.prepare(tmp_path, replace=True)
    assert contents(tmp_path) == before


@pytest.mark.parametrize("read", ["data.csv", "deep/data.csv", ".", "link.csv"])
def test_a_folder_with_what_is_read_stays(read: str, tmp_path: Path) -> None:
    folder = tmp_path / "runs"
    a_competition(folder)
    (folder / "deep").mkdir()
    for path in (folder / "data.csv", folder / "deep/data.csv", tmp_path / "real.csv"):
        path.write_text("a,b\n1,2\n")
    (folder / "link.csv").symlink_to(tmp_path / "real.csv")
    before = contents(folder)
    for name in (folder, tmp_path / "deep" / ".." / "runs"):
        (tmp_path / "deep").mkdir(exist_ok=True)
        with pytest.raises(RunError, match="what is read lies there"):
            compete.prepare(name, replace=True, read=[folder / read])
    assert contents(folder) == before


def test_home_and_working_directory_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here" / "below").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "here" / "below")
    for folder in (Path(), Path(".."), tmp_path):
        with pytest.raises(RunError, match="the working directory lies there"):
            protect(folder)
    monkeypatch.chdir("/")
    monkeypatch.setenv("HOME", str(tmp_path / "here"))
    with pytest.raises(RunError, match="a home lies there"):
        protect(tmp_path)
    protect(tmp_path / "here" / "below")


def test_a_kill_leaves_what_can_be_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The manifest goes last: at whatever file a kill comes, the folder is still a competition."""
    folder = tmp_path / "runs"
    a_competition(folder)
    order = [path.name for path in compete.own_files(folder)]
    assert order[-1] == "competition.json"
    assert [path.name for path in own_files(folder / "a-seed0")][-1] == "run.json"
    unlink, left = Path.unlink, 3

    def dying(path: Path, missing_ok: bool = False) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise KeyboardInterrupt
        unlink(path, missing_ok)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", dying)
        with pytest.raises(KeyboardInterrupt):
            compete.prepare(folder, replace=True)
    assert compete.prepare(folder, replace=True) is None
    assert set(contents(folder)) == {"competition.json"}


def test_what_cant_be_moved_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs/notes.txt").write_text("kept")
    write_json(tmp_path / "runs/competition.json", MARK)

    def refused(path: Path, target: Path) -> Path:
        raise OSError(18, "Invalid cross-device link", str(path))

    monkeypatch.setattr(Path, "rename", refused)
    with pytest.raises(RunError, match=r"notes.txt: can't be replaced: Invalid cross-device link"):
        clear(tmp_path / "runs", [tmp_path / "runs/competition.json"])
    assert contents(tmp_path / "runs").keys() == {"notes.txt", "competition.json"}
