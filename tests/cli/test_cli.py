"""The command line as a person meets it: in process, at 80 columns, without a terminal."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest

from weftnet import load_run
from weftnet.answer.samples import images
from weftnet.cli import main
from weftnet.cost import timing

BROKEN = """# two faults
inputs: {image: "image:1x8x8"}
chain:
  - conv2d: {chanels: 8}
  - relu
  - dense: {dim: 10}
"""
Weftnet = Callable[..., SimpleNamespace]


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The machine is measured once for all of this file."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def weftnet(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Weftnet:
    """Runs a command in an empty folder: its code, its output and its errors."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")

    def run(*arguments: str) -> SimpleNamespace:
        monkeypatch.setattr(sys, "argv", ["weftnet", *arguments])
        code = 0
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
        out, err = capfd.readouterr()
        assert "Traceback" not in err
        assert "\x1b" not in out + err  # no control codes without a terminal
        return SimpleNamespace(code=code, out=out, err=" ".join(err.split()), lines=out.splitlines())

    return run


def fits(lines: list[str]) -> bool:
    return all(len(line) <= 80 for line in lines if "/" not in line)  # paths are never broken


def table(path: Path, rows: int = 60) -> None:
    colours = ("red", "green", "blue")
    lines = [f"{i * 7 % 31},{colours[i % 3]},{'' if i % 9 == 0 else i % 13},{i * 7 % 31 + i % 3}" for i in range(rows)]
    path.write_text("\n".join(["size,colour,age,price", *lines]) + "\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("check nothere", "no architecture file or zoo entry is called 'nothere'"),
        ("check resnt", "did you mean 'resnet'"),
        ("check not/there.yaml", "not/there.yaml: can't be read"),
        ("check lenet", "no input is given"),
        ("check lenet -i nonsense", "no kind of input is called 'nonsense'"),
        ("check lenet -i image:1x28x28 --batch 0", "at least one example"),
        (
            "check lenet -i image:1x28x28 --memory much",
            "--memory: this is no size expected: 8GB, 512MiB or a number of bytes",
        ),
        ("check lenet -i image:1x28x28 --max-batch --memory 9kB", "not even one example fits"),
        ("check lenet -i image:1x28x28 --shard", "add --workers N"),
        ("check lenet -i image:1x28x28 --workers 2 --bandwidth fast", "not a bandwidth"),
        ("check lenet -i image:1x28x28 --fix", "only a file can be fixed"),
        ("check lenet --data nothere.csv", "there is no such file"),
        ("draw lenet -i image:1x28x28 -o x.gif", "one of .svg, .mmd, .pdf, .png, .tex"),
        ("draw lenet -i image:1x28x28 -o nodir/x.svg", "can't be written"),
        ("blocks con2d", "did you mean 'conv2d'"),
        ("zoo resnet --yaml --set dept=34", "did you mean 'depth'?"),
        ("zoo resnet --yaml --set depth=33", "depth 18, 34, 50"),
        ("fit nothere.csv", "there is no such file"),
        ("fit digits --budget soon", "60s, 5m or 1h"),
        ("fit digits --budget inf", "60s, 5m or 1h"),
        ("fit digits --budget 2s --epochs 1", "more than one length of training"),
        ("fit digits --steps 0", "a positive whole number"),
        ("fit digits --set lrr=1", "did you mean 'lr'?"),
        ("fit digits --set lr", "name=value"),
        ("fit digits --set augment=[crap]", "did you mean 'crop'?"),
        ("fit digits --task-set label_smothing=0.1", "did you mean 'label_smoothing'?"),
        ("fit digits --task segmentation", "the target is of another kind"),
        ("fit digits --task clasification", "did you mean 'classification'?"),
        ("fit digits --plugin nope.py", "is no plugin"),
        ("fit digits --arch mlp --arch mlp", "two candidates have the same name"),
        ("fit digits --arch mlp --steps 3 --out /proc/no", "can't be created"),
        ("resume nowhere", "there is no such folder"),
        ("compare nowhere", "there is no such folder"),
        ("sample nowhere", "there is no such folder"),
    ],
)
def test_errors_name_what_is_wrong(weftnet: Weftnet, tmp_path: Path, arguments: str, message: str) -> None:
    result = weftnet(*arguments.split())
    assert result.code == 1
    assert message in result.err
    assert not [path for path in tmp_path.rglob("*") if path.is_dir()]  # nothing was started


def test_columns_that_are_not_there(weftnet: Weftnet, tmp_path: Path) -> None:
    table(tmp_path / "t.csv")
    assert "did you mean 'price'?" in weftnet("fit", "t.csv", "--target", "pirce").err
    assert "did you mean 'age'?" in weftnet("fit", "t.csv", "--target", "price", "--kind", "agee=number").err
    assert "no kind of column" in weftnet("fit", "t.csv", "--target", "price", "--kind", "age=banana").err


def test_all_faulty_architectures_are_reported_before_anything_trains(weftnet: Weftnet, tmp_path: Path) -> None:
    (tmp_path / "one.yaml").write_text(BROKEN)
    (tmp_path / "two.yaml").write_text("chain:\n  - lstm: {dim: 3}\n")
    result = weftnet("fit", "digits", "--arch", "one.yaml", "--arch", "mlp", "--arch", "two.yaml", "--out", "runs")
    assert result.code == 1
    assert "one: 2 faults" in result.err
    assert "two: 1 fault" in result.err
    assert "Nothing was trained." in result.err
    assert not (tmp_path / "runs").exists()


def test_check_reports_faults_and_corrects_them(weftnet: Weftnet, tmp_path: Path) -> None:
    (tmp_path / "net.yaml").write_text(BROKEN)
    faulty = weftnet("check", "net.yaml")
    assert faulty.code == 1
    assert "did you mean 'channels'?" in faulty.out
    assert len(json.loads(weftnet("check", "net.yaml", "--json").out)["faults"]) == 2
    fixed = weftnet("check", "net.yaml", "--fix", "--no-time")
    assert fixed.code == 0
    assert fits(fixed.lines)
    assert (tmp_path / "net.yaml").read_text().startswith("# two faults\n")
    assert weftnet("check", "net.yaml", "--no-time").code == 0


def test_check_with_data_shows_the_head_and_fits_the_terminal(
    weftnet: Weftnet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timing, "timed", partial(timing.timed, budget=1.0))
    result = weftnet("check", "resnet_small", "--data", "digits")
    assert result.code == 0
    assert fits(result.lines)
    assert any(line.split()[1:4] == ["dense", "vector", "10"] for line in result.lines)  # the task's
    assert any(line.startswith("epoch") for line in result.lines)
    assert "--no-time" in result.err


def test_what_is_known_is_printed_before_any_step_is_run(
    weftnet: Weftnet, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """On a machine that was never measured; and it stays if the measuring is stopped."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "fresh"))
    printed: list[str] = []

    def stopped(*_: object) -> None:
        printed.append(capfd.readouterr().out)
        raise KeyboardInterrupt

    monkeypatch.setattr("weftnet.cost.check.Steps", stopped)
    result = weftnet("check", "lenet", "-i", "image:1x28x28")
    assert result.code == 130
    assert "largest batch" in printed[0]
    assert "step " not in printed[0] + result.out
    assert not (tmp_path / "fresh").exists()
    stopped_json = weftnet("check", "lenet", "-i", "image:1x28x28", "--json")
    assert stopped_json.code == 130
    assert json.loads(stopped_json.out)["step_seconds"] is None


def test_times_are_left_out_if_asked(weftnet: Weftnet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("weftnet.cost.check.Steps", None)  # not to be called
    result = weftnet("check", "lenet", "-i", "image:1x28x28", "--no-time")
    assert result.code == 0
    assert not any(line.startswith("step") for line in result.lines)
    assert not result.err
    data = json.loads(weftnet("check", "lenet", "-i", "image:1x28x28", "--no-time", "--json").out)
    assert data["time_source"] is None
    assert data["largest_batch"] > 0


def test_the_parts_determine_the_task(weftnet: Weftnet) -> None:
    result = weftnet("check", "vae_dense", "--data", "digits", "--no-time")
    assert result.code == 0
    assert "encoder" in result.out
    assert weftnet("check", "gan_dense", "--data", "digits", "--no-time").code == 0


def test_a_network_of_billions_is_checked(weftnet: Weftnet) -> None:
    layer = "transformer_encoder_layer: {heads: 32, dim_hidden: 16384}"
    text = f"chain:\n  - embedding: {{dim: 4096}}\n  - repeat: {{times: 32, body: [{layer}]}}\n"
    Path("big.yaml").write_text(text)
    result = weftnet("check", "big.yaml", "-i", "tokens:32,vocabulary=32000", "--json", "--no-time")
    assert json.loads(result.out)["parameters"] > 6e9


def test_catalogue_and_drawing(weftnet: Weftnet, tmp_path: Path) -> None:
    assert "conv2d" in weftnet("blocks").out
    assert "Y. LeCun" in weftnet("blocks", "conv2d").out
    assert "resnet_small" in weftnet("zoo").out
    assert "global_average_pool2d" in weftnet("zoo", "resnet", "--yaml", "--set", "depth=34").out
    assert weftnet("draw", "lenet", "-i", "image:1x28x28").lines == ["lenet.svg", "lenet.mmd"]
    assert (tmp_path / "lenet.svg").read_text().startswith("<svg")


def test_fit_compare_resume(weftnet: Weftnet, tmp_path: Path) -> None:
    arguments = ("fit", "digits", "--arch", "mlp", "--arch", "linear", "--steps", "20", "--seeds", "2", "--jobs", "1")
    result = weftnet(*arguments, "--out", "runs")
    assert result.code == 0
    assert fits(result.lines)
    assert "2 architectures, 2 seeds, 20 steps each" in result.out
    assert "…" not in result.out
    assert result.lines[-4:-2] == [f"best    runs/{json.loads(Path('runs/competition.json').read_text())['best']}",
                                   "report  runs/report.html"]  # fmt: skip
    assert result.lines[-1] == "next    weftnet report runs · weftnet predict runs FILE · weftnet serve runs"
    html = Path("runs/report.html").read_text().replace("http://www.w3.org/2000/svg", "")
    assert not any(word in html for word in ("http:", "https:", "<link", "url(h"))  # nothing is fetched
    assert html.count('id="') == len(set(re.findall(r'id="[^"]*"', html)))
    assert "not empty" in weftnet(*arguments, "--out", "runs").err
    assert "nothing to resume" in weftnet("resume", "runs/mlp-seed0").out
    assert "is a competition" in weftnet("resume", "runs").err
    assert "neither text nor images" in weftnet("sample", "runs").err
    compared = json.loads(weftnet("compare", "runs", "--json").out)
    assert {row["name"] for row in compared["rows"]} == {"mlp", "linear"}
    assert fits(weftnet("compare", "runs").lines)


def test_what_comes_next_is_what_the_run_can_do(tmp_path: Path) -> None:
    from weftnet.cli.commands.show import following

    assert following(Path("my runs"), tmp_path).startswith("weftnet report 'my runs' · weftnet predict 'my runs' FILE")
    (tmp_path / "samples").mkdir()
    assert following(Path("runs"), tmp_path) == "weftnet report runs"
    (tmp_path / "samples" / "sample.txt").write_text("to be")
    assert following(Path("runs"), tmp_path) == "weftnet report runs · weftnet sample runs"


@pytest.mark.slow
def test_a_table_with_gaps(weftnet: Weftnet, tmp_path: Path) -> None:
    table(tmp_path / "t.csv")
    result = weftnet("fit", "t.csv", "--target", "price", "--steps", "5", "--jobs", "1", "--out", "a")
    assert result.code == 0
    assert "regression" in result.out
    assert "age: missing values" in " ".join(result.out.split())
    result = weftnet("fit", "t.csv", "--target", "colour", "--arch", "mlp", "--steps", "5", "--out", "b")
    assert "one of 3 classes" in result.out
    assert "only runs of one task" in weftnet("compare", "a", "b").err


def test_candidates_and_seeds_see_one_split(weftnet: Weftnet, tmp_path: Path) -> None:
    table(tmp_path / "t.csv")
    options = "--target price --arch mlp --arch linear --seeds 2 --steps 2 --jobs 1 --out runs"
    assert weftnet("fit", "t.csv", *options.split()).code == 0
    states = [path.read_text() for path in Path("runs").glob("*/data.json")]
    assert len(states) == 4
    assert len(set(states)) == 1


def test_text_and_images_are_drawn(weftnet: Weftnet, tmp_path: Path) -> None:
    (tmp_path / "t.txt").write_text("the quick brown fox jumps over the lazy dog. " * 60)
    (tmp_path / "net.yaml").write_text("chain: [{embedding: {dim: 8}}, {gru: {dim: 8}}]\n")
    fitted = weftnet("fit", "t.txt", "--arch", "net.yaml", "--data-set", "context=16", "--steps", "4", "--out", "text")
    assert fitted.code == 0
    drawn = weftnet("sample", "text", "--prompt", "the", "--length", "9", "--seed", "1").out
    assert drawn.startswith("the")
    assert len(drawn) == len("the") + 9 + 1
    assert weftnet("sample", "text", "--prompt", "the", "--length", "9", "--seed", "1", "-o", "x.txt").out == "x.txt\n"
    assert Path("x.txt").read_text() == drawn[:-1]
    chosen = ("sample", "text", "--prompt", "the", "--length", "30", "--seed", "1", "--top-p", "0.9", "--stop", "e")
    stopped = weftnet(*chosen, "--repetition-penalty", "1.2").out
    assert stopped.startswith("the")
    assert "e" not in stopped[3:]
    assert weftnet(*chosen, "--repetition-penalty", "1.2", "--stream").out == stopped
    assert weftnet("fit", "digits", "--arch", "vae_dense", "--steps", "4", "--out", "vae").code == 0
    assert weftnet("sample", "vae", "--count", "4", "--out", "x.png").out == "x.png\n"
    assert Path("x.png").read_bytes().startswith(b"\x89PNG")
    assert weftnet("sample", "vae", "--count", "64", "--out", "many.png").code == 0
    images(load_run("vae/vae_dense-seed0"), Path("as many.png"))
    assert Path("many.png").read_bytes() == Path("as many.png").read_bytes()
    assert "NAME.png" in weftnet("sample", "vae", "--out", "x.txt").err
    assert "can't be written" in weftnet("sample", "vae", "--out", "nodir/x.png").err


def test_own_blocks(weftnet: Weftnet, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        "import torch\nfrom jaxtyping import Float\nfrom torch import Tensor, nn\n\n"
        "class CubedForCommandLine(nn.Module):\n"
        '    def forward(self, x: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:\n        return x**3\n'
    )
    (tmp_path / "net.yaml").write_text("chain: [flatten, {dense: {dim: 8}}, cubed_for_command_line]\n")
    fit = ("fit", "digits", "--arch", "net.yaml", "--steps", "3", "--out")
    assert "no block is called 'cubed_for_command_line'" in weftnet(*fit, "no").err
    assert weftnet(*fit, "yes", "--plugin", "mine.py").code == 0


@pytest.mark.slow
@pytest.mark.parametrize("jobs", [1, 2])
def test_ctrl_c_keeps_the_runs_and_says_how_to_continue(tmp_path: Path, jobs: int) -> None:
    main_ = "from weftnet.cli import main; main()"
    command = [sys.executable, "-c", main_, "fit", "digits", "--arch", "mlp", "--arch", "linear"]
    length = ["--set", "evaluate_every=100 epochs", "--steps", "10000000", "--plan", "eager"]
    process = subprocess.Popen(
        [*command, *length, "--jobs", str(jobs), "--out", "runs"], cwd=tmp_path, start_new_session=True, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    until = time.monotonic() + 300
    while time.monotonic() < until and len(training(tmp_path)) < jobs:
        time.sleep(0.1)
    assert len(training(tmp_path)) == jobs
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    os.killpg(process.pid, signal.SIGINT)
    printed = process.communicate(timeout=60)[0]
    assert process.returncode == 130
    assert "Traceback" not in printed
    assert printed.count("continue with: weftnet resume runs/") == jobs
    assert ("1 training not started" in printed) == (jobs == 1)
    until = time.monotonic() + 10
    while time.monotonic() < until and any(map(alive, children)):
        time.sleep(0.1)
    assert not [pid for pid in children if alive(pid)]
    for folder in training(tmp_path, "stopped"):
        assert list((folder / "checkpoints").iterdir())


def alive(pid: str) -> bool:
    """Whether a process is there and has not ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def training(folder: Path, status: str = "training") -> list[Path]:
    """Runs of a status; run.json is whole whenever it is read."""
    return [p.parent for p in folder.glob("runs/*/run.json") if json.loads(p.read_text())["status"] == status]


def test_without_a_command_the_commands_are_listed(weftnet: Weftnet) -> None:
    done = weftnet()
    assert "Usage: weftnet" in done.out + done.err
    assert re.search(r"\bresume\b.*\bserve\b", done.out, re.DOTALL)
