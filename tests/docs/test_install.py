"""What a package holds, and what the files beside it say: containers, citation, templates."""

import json
import os
import re
import shutil
import site
import subprocess
import sys
import tarfile
import tomllib
import venv
import zipfile
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
import yaml

import weftnet
from weftnet.cli import app
from weftnet.serve.inference_protocol import routes

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
#: before Python 3.11.4 an archive can't be unpacked by a filter
SAFELY: dict[str, Any] = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")


def instructions() -> list[tuple[str, str]]:
    """Instruction and arguments of each line of the Dockerfile."""
    lines = re.sub(r"\\\n\s*", "", DOCKERFILE).splitlines()
    return [tuple(line.split(" ", 1)) for line in lines if line and not line.startswith("#")]  # type: ignore[misc]


def compose() -> Any:
    return yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))["services"]


def test_the_image_is_made_of_what_is_there() -> None:
    known = {"FROM", "ARG", "WORKDIR", "RUN", "ENV", "COPY", "USER", "EXPOSE", "ENTRYPOINT", "CMD"}
    assert {word for word, _ in instructions()} <= known
    let_in = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    for word, rest in instructions():
        if word == "COPY" and not rest.startswith("--from"):
            sources = rest.split()[:-1]
            assert all((ROOT / source).exists() and source in let_in for source in sources), rest
    (extras,) = re.findall(r"ARG EXTRAS=(\S+)", DOCKERFILE)
    assert set(extras.split(",")) <= set(PROJECT["optional-dependencies"])
    assert PROJECT["requires-python"] == ">=" + re.findall(r"FROM python:([\d.]+)-slim", DOCKERFILE)[0]
    (entry,) = (json.loads(rest) for word, rest in instructions() if word == "ENTRYPOINT")
    assert entry[0] in PROJECT["scripts"]
    users = [place for place, (word, _) in enumerate(instructions()) if word == "USER"]
    assert users
    assert users[-1] < [word for word, _ in instructions()].index("ENTRYPOINT")


def test_compose_calls_what_is_there() -> None:
    (serve,) = (command for command in app.registered_commands if (command.name or "") == "serve")
    assert serve.callback is not None
    options = {f"--{name.replace('_', '-')}" for name in serve.callback.__annotations__}
    paths = {route.path for route in routes(Mock())}
    arguments = set(re.findall(r"^ARG (\w+)=", DOCKERFILE, re.M))
    assert set(compose()) == {"serve", "serve-gpu"}
    for service in compose().values():
        assert service["command"][0] == "serve"
        assert {word for word in service["command"] if word.startswith("--")} <= options
        assert set(service["build"]["args"]) <= arguments
        (asked,) = re.findall(r"http://127.0.0.1:8000(/[\w/]+)", service["healthcheck"]["test"][-1])
        assert asked in paths
        compile(service["healthcheck"]["test"][-1], "healthcheck", "exec")
        assert all(port.startswith("127.0.0.1:") for port in service["ports"])


def test_the_page_on_installing_names_what_is_there() -> None:
    page = (ROOT / "docs" / "installing.md").read_text(encoding="utf-8")
    assert f"weftnet-{weftnet.__version__}-py3-none-any.whl" in page
    for name in re.findall(r"--build-arg (\w+)=", page + DOCKERFILE):
        assert f"ARG {name}=" in DOCKERFILE
    for name in re.findall(r"compose.* (serve[\w-]*)$", page, re.M):
        assert name in compose()


def test_the_citation_is_of_this_version() -> None:
    said = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert {"cff-version", "message", "title", "authors"} <= set(said)  # what its schema requires
    assert said["cff-version"] == "1.2.0"
    assert said["version"] == weftnet.__version__ == PROJECT["version"]
    assert said["license"] == PROJECT["license"]
    assert all("name" in author or "family-names" in author for author in said["authors"])


def test_the_templates_of_issues_are_forms() -> None:
    for path in (ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"):
        form = yaml.safe_load(path.read_text(encoding="utf-8"))
        if path.stem != "config":
            assert {"name", "description", "body"} <= set(form)
            assert all({"type", "attributes"} <= set(field) for field in form["body"])
            assert all("label" in field["attributes"] for field in form["body"])


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Source distribution, and a wheel built of it alone."""
    folder = tmp_path_factory.mktemp("packages")
    tree = folder / "tree"
    tree.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tree)
    shutil.copytree(ROOT / "src", tree / "src", ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    build = "import sys; from setuptools import build_meta as b; print(getattr(b, sys.argv[1])(sys.argv[2]))"
    done: list[Path] = []
    for what in ("build_sdist", "build_wheel"):
        subprocess.run([sys.executable, "-c", build, what, str(folder)], cwd=tree, check=True, capture_output=True)
        done.append(next(folder.glob("*.tar.gz" if what == "build_sdist" else "*.whl")))
        if what == "build_sdist":
            shutil.rmtree(tree)
            with tarfile.open(done[0]) as archive:
                archive.extractall(folder, **SAFELY)
            (folder / done[0].name.removesuffix(".tar.gz")).rename(tree)
    return done[0], done[1]


@pytest.mark.slow
def test_a_wheel_holds_every_file_of_the_package(packages: tuple[Path, Path]) -> None:
    ours = {
        path.relative_to(ROOT / "src").as_posix()
        for path in (ROOT / "src" / "weftnet").rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }
    with zipfile.ZipFile(packages[1]) as wheel:
        theirs = set(wheel.namelist())
    assert {name for name in theirs if ".dist-info/" not in name} == ours
    assert any(name.endswith("licenses/LICENSE") for name in theirs)


@pytest.mark.slow
def test_it_works_where_nothing_of_the_repository_is(packages: tuple[Path, Path], tmp_path: Path) -> None:
    """A new environment without pip gets the wheel, and finds its dependencies where this one has them."""
    home = tmp_path / "environment"
    venv.create(home, with_pip=False)
    python = home / "bin" / "python"
    install = ["-m", "pip", "--python", str(python), "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([sys.executable, *install, str(packages[1])], check=True, timeout=300)
    (library,) = home.glob("lib/python*/site-packages")
    # folders alone: the `.pth` files in them, of an editable installation say, are not followed
    (library / "dependencies.pth").write_text("\n".join(site.getsitepackages()), encoding="utf-8")
    work = tmp_path / "work"
    work.mkdir()
    kept = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}

    def call(*words: str) -> str:
        done = subprocess.run(words, cwd=work, env=kept, capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    weft = str(home / "bin" / "weftnet")
    where = call(str(python), "-c", "import weftnet; print(weftnet.__file__)")
    assert Path(where.strip()).is_relative_to(home)
    assert call(weft, "--version").strip() == f"weftnet {weftnet.__version__}"
    call(weft, "fit", "digits", "-a", "mlp", "--steps", "20", "--jobs", "1", "--out", "fit")
    call(weft, "report", "fit")
    call(weft, "export", "fit", "--out", "exported")
    call(str(python), "-c", "from weftnet.serve.page import page; assert page().body")
    assert (work / "exported" / "runner" / "__main__.py").is_file()
