"""What every command promises: options that mean the same, one JSON object with the keys that are documented, and
a quiet answer for scripts. A command that is registered is tested."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer
from transformers import ViTConfig, ViTForImageClassification
from typer.testing import CliRunner

from weftnet.cli import app
from weftnet.train.worker import DEVICE

ROOT = Path(__file__).parents[2]
FIXTURES = ROOT / "tests" / "fixtures" / "run_format_1"
PAGE = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
COMMANDS = typer.main.get_command(app).commands  # type: ignore[attr-defined]  # of a group
#: options that have one letter too, everywhere the same
LETTERS = {
    "--help": "-h",
    "--data": "-d",
    "--arch": "-a",
    "--out": "-o",
    "--target": "-t",
    "--quiet": "-q",
    "--input": "-i",
}
#: what reads no folder or file that it does not change, and so writes none
WITHOUT_OUT = {
    "check", "blocks", "zoo", "resume", "plan", "evaluate", "compare", "recalibrate", "calibrate", "serve", "contract",
    "grid",
}  # fmt: skip


def told(*words: str) -> Any:
    """What a command prints alone; warnings are not part of it."""
    done = CliRunner().invoke(app, list(words), env={"COLUMNS": "80"})
    assert done.exit_code == 0, (done.output, done.exception)
    return done.stdout


def documented(command: str) -> tuple[set[str], str]:
    """The keys of a command's object, and what the page says of `--quiet`."""
    (line,) = [line for line in PAGE.splitlines() if re.match(rf"\|[^|]*`{command}`[^|]*\| ", line)]
    _, _, keys, quiet, _ = line.split("|")
    return set(re.findall(r"`([\w-]+)`", keys.partition("; of ")[0].replace("`--out`", ""))), quiet.strip()


@pytest.mark.parametrize("command", list(COMMANDS))
def test_options_mean_the_same_everywhere(command: str) -> None:
    parameters = COMMANDS[command].params
    options = [each for each in parameters if each.param_type_name == "option"]
    arguments = {str(each.metavar or each.name).lower() for each in parameters if each.param_type_name == "argument"}
    own = {name: each for each in options for name in each.opts}
    assert {"--json", "--quiet"} <= own.keys()
    for name, letter in LETTERS.items():
        if name in own:
            assert letter in own[name].opts, name
    if arguments & {"data", "inputs"}:
        assert "--data" in own
    if "arch" in arguments:
        assert "--arch" in own
    assert ("--out" in own) or command in WITHOUT_OUT
    assert all(each.help for each in options if each.name != "help")


def test_an_argument_is_an_option_too(tmp_path: Path) -> None:
    argued = told("draw", "lenet", "-i", "image:1x28x28", "-o", str(tmp_path / "a.svg"), "--quiet")
    named = told("draw", "--arch", "lenet", "-i", "image:1x28x28", "-o", str(tmp_path / "b.svg"), "--quiet")
    assert argued == f"{tmp_path / 'a.svg'}\n"
    assert (tmp_path / "a.svg").read_text() == (tmp_path / "b.svg").read_text()
    assert named == f"{tmp_path / 'b.svg'}\n"


def test_an_argument_that_is_given_twice_or_not_at_all() -> None:
    for words, said in (
        (["check"], "ARCH is missing; it can be given as --arch too"),
        (["data"], "DATA is missing; it can be given as --data too"),
        (["data", "digits", "--data", "other.csv"], "are the same: digits or other.csv?"),
    ):
        done = CliRunner().invoke(app, words, env={"COLUMNS": "200"})
        assert done.exit_code == 2
        assert said in done.output


def test_one_form_at_a_time() -> None:
    for words in (["blocks", "--json", "--quiet"], ["zoo", "lenet", "--yaml", "--json"]):
        done = CliRunner().invoke(app, words)
        assert "one" in str(done.exception)
        assert done.exit_code == 1


@pytest.mark.parametrize(
    ("word", "meant"),
    [("train", "fit"), ("trian", "fit"), ("evalute", "evaluate"), ("quantize", "compress"), ("infer", "predict")],
)
def test_a_command_that_there_is_not(word: str, meant: str) -> None:
    done = CliRunner().invoke(app, [word, "x"], env={"COLUMNS": "200"})
    assert done.exit_code == 2
    assert f"Did you mean '{meant}'?" in done.output


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("compare --metric x RUN", "--score"),
        ("predict RUN --inputs x", "--data"),
        ("export RUN --format onnx", "--to"),
        ("explain RUN --save x.html", "--out"),
        ("resume RUN --gpu cuda", "--device"),
        ("sample RUN --random-state 3", "--seed"),
    ],
)
def test_an_option_as_others_call_it(words: str, meant: str) -> None:
    done = CliRunner().invoke(app, words.split(), env={"COLUMNS": "200"})
    assert done.exit_code == 2
    assert f"Did you mean {meant}?" in done.output


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("evaluate {digits} --split tst", "'test'"),
        ("explain {digits} --method oclusion", "'occlusion'"),
        ("export {digits} --to onx", "'onnx'"),
        ("compress {digits} --methods prun", "'prune'"),
        ("serve {digits} --engine onx", "'onnx'"),
        ("fit digits --plan eagr", "'eager'"),
        ("check lenet --data digits --task clasification", "'classification'"),
        ("grid --task clasification", "'classification'"),
    ],
)
def test_a_value_that_there_is_not(words: str, meant: str) -> None:
    done = CliRunner().invoke(app, words.format(digits=FIXTURES / "digits").split())
    assert done.exit_code == 1
    assert f"did you mean {meant}?" in str(done.exception)


def test_a_task_needs_data() -> None:
    done = CliRunner().invoke(app, ["check", "lenet", "-i", "image:1x28x28", "--task", "regression"])
    assert "a task needs data" in str(done.exception)


def test_a_device_that_is_not_there_is_refused_before_anything_is_trained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(DEVICE, "")
    out = tmp_path / "runs"
    done = CliRunner().invoke(app, ["fit", "digits", "--steps", "2", "--device", "cuba", "--out", str(out)])
    assert done.exit_code == 1
    assert "there is no such device" in str(done.exception)
    assert not done.stdout
    assert not out.exists()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a competition, runs of few steps that the commands go on from, and published weights."""
    home = tmp_path_factory.mktemp("home")
    short = ["--steps", "4", "--plan", "eager", "--jobs", "1", "--no-baselines", "--quiet"]
    told("fit", "digits", "-a", "linear", "-a", "mlp", "--out", str(home / "runs"), *short)
    told("fit", "digits", "-a", "vae_dense", "--out", str(home / "vae"), *short)
    start = ["--start", str(home / "runs"), "--tune", "lora", "--delta"]
    told("fit", "digits", "--out", str(home / "delta"), *start, *short)
    told("fit", "digits", "--out", str(home / "few"), "--start", str(home / "runs" / "mlp-seed0"), "--few", "--quiet")
    shutil.copy(FIXTURES / "people.csv", home)
    draw = np.random.default_rng(0)
    np.savez(home / "new.npz", x=draw.random((6, 8, 8), np.float32), y=["ten"] * 6)
    lines = [f"{np.sin(row / 3) + draw.normal() / 9:.3f}" for row in range(400)]
    (home / "series.csv").write_text("\n".join(["load", *lines]) + "\n", encoding="utf-8")
    window = ["--data-set", "horizon=2", "--data-set", "context=8", "--target", "load"]
    told("fit", str(home / "series.csv"), "-a", "linear", "--out", str(home / "series"), *window, *short)
    sizes = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
    config = ViTConfig(**sizes, image_size=16, patch_size=8, num_labels=3)
    ViTForImageClassification(config).save_pretrained(home / "weights")
    return home


CASES = {
    "data": "data {home}/people.csv --target price --out {out}/data.html",
    "check": "check --arch lenet --input image:1x28x28 --no-time",
    "draw": "draw lenet -i image:1x28x28 --out {out}/lenet.svg",
    "blocks": "blocks",
    "zoo": "zoo",
    "import": "import {home}/weights --out {out}/imported",
    "fit": "fit --data digits --arch linear --steps 2 --plan eager --out {out}/fit",
    "resume": "resume {home}/runs/mlp-seed0",
    "merge": "merge {home}/delta --out {out}/merged",
    "ensemble": "ensemble {home}/runs/mlp-seed0 {home}/runs/linear-seed0 --out {out}/ensemble",
    "plan": "plan {home}/runs",
    "evaluate": "evaluate {fixtures}/digits",
    "predict": "predict {fixtures}/table --data {home}/people.csv",
    "report": "report {home}/runs --out {out}/report.html",
    "compare": "compare {home}/runs",
    "sample": "sample {home}/vae --out {out}/sample.png",
    "add-class": "add-class {home}/few/prototypes-seed0 --data {home}/new.npz --out {out}/more",
    "explain": "explain {fixtures}/table --data {home}/people.csv --row 1 --checks 0 --out {out}/why.html",
    "compress": "compress {home}/runs/mlp-seed0 --methods int8_dynamic --budget 0 --max-drop 100 --out {out}/small",
    "export": "export {home}/runs --out {out}/export",
    "contract": "contract --entry schedule:constant",
    "grid": "grid --task regression --fast",
    "calibrate": "calibrate",
    "recalibrate": "recalibrate {home}/series --data {home}/series.csv",
    "serve": "serve {home}/runs --port 0",
}


def test_every_command_is_here() -> None:
    assert CASES.keys() == COMMANDS.keys()


#: what takes no run, and is tried by default
QUICK = ("draw", "blocks")
#: commands with tests of their own: the server below, the grid in test_grid.py
ELSEWHERE = ("serve", "grid")


def marked(command: str) -> Any:
    return pytest.param(command, marks=[] if command in QUICK else pytest.mark.slow)


@pytest.mark.parametrize("command", [marked(name) for name in CASES if name not in ELSEWHERE])
def test_one_object_with_the_keys_that_are_documented(
    command: str, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    home = tmp_path if "{home}" not in CASES[command] else request.getfixturevalue("home")
    words = CASES[command].format(home=home, fixtures=FIXTURES, out=tmp_path).split()
    printed = json.loads(told(*words, "--json"))
    keys, _ = documented(command)
    keys -= {"competition.json", "weights" if command in ("blocks", "zoo") else ""}
    assert keys
    assert keys <= printed.keys()


@pytest.mark.slow
@pytest.mark.parametrize("command", [name for name in CASES if name not in (*ELSEWHERE, "calibrate", "compress")])
def test_quiet_is_what_was_written(command: str, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    words = CASES[command].format(home=home, fixtures=FIXTURES, out=tmp_path).split()
    lines = told(*words, "--quiet").splitlines()
    _, what = documented(command)
    if what.startswith("nothing"):
        assert not lines
    elif "--out" in words and command != "fit":
        assert lines == [words[words.index("--out") + 1]]
    elif command in ("fit", "resume", "recalibrate"):
        (line,) = lines
        assert (Path(line) / "run.json").is_file()
    elif command == "evaluate":
        assert 0.9 < float(lines[0]) <= 1
    assert lines or what.startswith("nothing")


@pytest.mark.slow
def test_a_server_says_where_it_is(home: Path) -> None:
    code = "from weftnet.cli import main; main()"
    words = [sys.executable, "-c", code, *CASES["serve"].format(home=home).split(), "--json"]
    env = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=env) as server:
        assert server.stdout is not None
        text = ""
        while not text.endswith("}\n"):
            text += server.stdout.readline()
        server.send_signal(signal.SIGTERM)
        assert server.wait(60) == 0
    printed = json.loads(text)
    assert documented("serve")[0] == printed.keys()
    assert printed["process"] == server.pid
    assert printed["address"].startswith("http://127.0.0.1:")
