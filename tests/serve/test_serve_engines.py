"""Which engine serves a folder: the preferred one that can, or the one that is named; nothing is exported."""

import logging
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, ClassVar

import pytest
from export_fakes import make, same, scenes
from oracles import unchecked

from weftnet import export
from weftnet.errors import RunError
from weftnet.run.loading import Loaded
from weftnet.serve.engines import ENGINES
from weftnet.serve.engines._engine import Stored
from weftnet.serve.loading import load
from weftnet.serve.model import Model
from weftnet.serve.options import Options

SCENE = scenes()["table"]
ROWS = SCENE.rows()


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    return make(SCENE, tmp_path_factory.mktemp("run") / "run")[0]


@pytest.fixture(scope="module")
def expected(loaded: Loaded) -> list[dict[str, Any]]:
    return loaded.predict(SCENE.raw)


@pytest.fixture(scope="module")
def exports(loaded: Loaded, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("exports")
    with unchecked():
        return {name: export.write(loaded, folder / name, name).folder for name in ("onnx", "torch_export")}


@pytest.fixture
def run(loaded: Loaded, tmp_path: Path) -> Path:
    return Path(shutil.copytree(loaded.run.folder, tmp_path / "run"))


def put(exports: dict[str, Path], run: Path, target: str) -> None:
    shutil.copytree(exports[target], run / "export" / target)


def test_what_is_there_is_served_and_a_faster_way_named(
    run: Path, expected: list[dict[str, Any]], caplog: pytest.LogCaptureFixture
) -> None:
    before = sorted(run.rglob("*"))
    with caplog.at_level(logging.INFO, "weftnet.serve"):
        model = load(run, Options())
    same(model.predict(ROWS), expected)
    assert model.engine == "torch"
    assert sorted(run.rglob("*")) == before
    assert f"onnx is usually faster: weftnet export {run} --to onnx" in caplog.text


def test_the_export_in_a_run_is_preferred(
    run: Path, exports: dict[str, Path], expected: list[dict[str, Any]], caplog: pytest.LogCaptureFixture
) -> None:
    put(exports, run, "onnx")
    with caplog.at_level(logging.INFO, "weftnet.serve"):
        model = load(run, Options())
    same(model.predict(ROWS), expected)
    assert model.engine == "onnx"
    assert not caplog.text


@pytest.mark.parametrize("engine", ["onnx", "torch", "torch_export"])
def test_an_engine_that_is_named(
    engine: str, run: Path, exports: dict[str, Path], expected: list[dict[str, Any]]
) -> None:
    for target in exports:
        put(exports, run, target)
    model = load(run, Options(engine=engine))
    assert model.engine == engine
    same(model.predict(ROWS), expected)
    one_by_one = [answer for row in ROWS for answer in model.predict([row])]
    same(one_by_one, expected)


@pytest.mark.parametrize("engine", ["onnx", "torch_export"])
def test_an_engine_that_is_named_and_lacks_its_export(engine: str, run: Path) -> None:
    with pytest.raises(RunError, match=f"has no export to {engine}") as missing:
        load(run, Options(engine=engine))
    assert missing.value.fix == f"weftnet export {run} --to {engine}"


def test_an_export_of_other_weights(run: Path, exports: dict[str, Path], caplog: pytest.LogCaptureFixture) -> None:
    put(exports, run, "onnx")
    description = run / "run.json"
    from weftnet.run.folder import Run

    (run / "weights.safetensors").write_bytes((run / "weights.safetensors").read_bytes() + b" ")
    Run.open(run).sign("weights.safetensors")
    assert description.is_file()
    with pytest.raises(RunError, match="is of other weights than the run has") as stale:
        load(run, Options(engine="onnx"))
    assert stale.value.fix.startswith(f"remove {run / 'export' / 'onnx'}, then weftnet export")


def test_a_program_that_could_run_code_is_served_only_by_name(exports: dict[str, Path]) -> None:
    with pytest.raises(RunError, match="no engine serves this") as refused:
        load(exports["torch_export"], Options())
    assert "--engine torch_export" in refused.value.fix
    assert load(exports["torch_export"], Options(engine="torch_export")).engine == "torch_export"
    with pytest.raises(RunError, match="is no export to torch_export"):
        load(exports["onnx"], Options(engine="torch_export"))


def test_a_run_that_onnx_computes(run: Path, exports: dict[str, Path], expected: list[dict[str, Any]]) -> None:
    from weftnet.run.folder import Run

    shutil.copy(exports["onnx"] / "model.onnx", run)
    (run / "weights.safetensors").unlink()
    other = Run.open(run)
    other.sign("model.onnx")
    other.record(engine={"name": "onnx", "file": "model.onnx"})
    model = load(run, Options())
    assert model.engine == "onnx"
    same(model.predict(ROWS), expected)
    with pytest.raises(RunError, match="is computed by ONNX Runtime"):
        load(run, Options(engine="torch"))


def test_engines_that_need_no_torch_load_without_it(run: Path, exports: dict[str, Path]) -> None:
    free = [name for name in ENGINES if not ENGINES.get(name).needs_torch]
    script = (
        "import sys\nsys.modules['torch'] = None\n"
        "from pathlib import Path\nfrom weftnet.serve.loading import load\nfrom weftnet.serve.options import Options\n"
        f"print(load(Path({str(exports['onnx'])!r}), Options()).predict([{ROWS[2]!r}])[0]['label'])\n"
    )
    assert free == ["onnx"]
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() in {"yes", "no"}


def test_a_new_engine_is_an_entry(
    run: Path, exports: dict[str, Path], monkeypatch: pytest.MonkeyPatch, expected: list[dict[str, Any]]
) -> None:
    class Steam:
        """Answers whatever ONNX Runtime would, and is preferred to it."""

        preference: ClassVar[int] = 9
        needs_torch: ClassVar[bool] = False

        def source(self, stored: Stored) -> Path:
            return stored.exported_to("onnx")

        def load(self, stored: Stored, source: Path, threads: int) -> Model:
            model = ENGINES.get("onnx")().load(stored, source, threads)
            return Model(model.folder, "steam", model.fields, model.run, model.task)

    monkeypatch.setattr(ENGINES, "_entries", {**ENGINES._entries})
    ENGINES.add("steam", Steam)
    assert load(run, Options()).engine == "torch"  # it lacks an export
    put(exports, run, "onnx")
    for options in (Options(), Options(engine="steam")):
        model = load(run, options)
        assert model.engine == "steam"
        same(model.predict(ROWS), expected)
