"""What weftnet offers from Python, and what importing it costs."""

import subprocess
import sys
from importlib import import_module

import weftnet
from weftnet.cli import app


def test_the_public_names_are_these() -> None:
    assert weftnet.__all__ == [
        "BLOCKS", "TASKS", "ZOO", "Architecture", "Fit", "Listener", "Network", "Recipe", "Run", "Signal", "Start",
        "WeftnetClassifier", "WeftnetError", "WeftnetRegressor", "build_networks", "check", "compare", "draw", "fit",
        "load", "load_architecture", "load_plugin", "load_run", "open_data", "parse_signal", "resume", "train_run",
    ]  # fmt: skip


def test_every_public_name_is_there_whatever_was_imported_before() -> None:
    script = (
        "import weftnet, weftnet.compete.competition, weftnet.library.fit, weftnet.cli.commands.training\n"
        "for name in weftnet.__all__:\n"
        "    thing = getattr(weftnet, name)\n"
        "    assert type(thing).__name__ != 'module', name\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=300)


def test_a_public_name_is_that_of_its_module() -> None:
    for name, (module, there) in weftnet._LAZY.items():
        assert weftnet.__getattr__(name) is getattr(import_module(f"weftnet.{module}"), there)


def test_dir_shows_what_is_public() -> None:
    assert dir(weftnet) == sorted([*weftnet.__all__, "__version__"])
    assert {*weftnet._LAZY} == {*weftnet.__all__}


def test_a_name_that_is_not_there() -> None:
    assert not hasattr(weftnet, "tensorflow")


def test_help_and_names_come_without_torch() -> None:
    script = (
        "import sys\n"
        "sys.argv = ['weftnet', '--help']\n"
        "from weftnet.cli import main\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code\n"
        "from weftnet.blocks import BLOCKS\nfrom weftnet.zoo import ZOO\n"
        "assert 'conv2d' in BLOCKS.names() and 'resnet' in ZOO.names()\n"
        "assert 'torch' not in sys.modules and 'numpy' not in sys.modules\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=300, check=True)
    assert "fit" in done.stdout


def test_the_commands_and_options_are_these() -> None:
    """A new flag is a decision: it is made here too."""
    found = {command.callback.__name__: list(command.callback.__annotations__) for command in app.registered_commands}
    assert {name: [n for n in options if n != "return"] for name, options in found.items()} == {
        "data": [
            "source", "data_", "validation", "test", "target", "kinds", "options", "out", "as_json", "quiet", "plugin",
        ],
        "check": [
            "arch", "arch_", "inputs", "data", "target", "kinds", "options", "task", "batch", "max_batch", "memory",
            "workers", "shard", "bandwidth", "examples", "start", "freeze", "tune", "thaw", "no_time", "fix",
            "as_json", "quiet", "plugin",
        ],
        "draw": ["arch", "arch_", "inputs", "out", "whole", "as_json", "quiet", "plugin"],
        "blocks": ["name", "as_json", "quiet", "plugin"],
        "zoo": ["name", "as_json", "quiet", "as_yaml", "weights", "settings", "plugin"],
        "merge": ["run", "out", "base", "as_json", "quiet", "plugin"],
        "import_": ["what", "out", "entry", "settings", "labels", "as_json", "quiet", "plugin"],
        "fit": [
            "data", "data_", "validation", "test", "target", "arch", "task", "metric", "score", "budget", "epochs",
            "steps", "seeds", "seed", "total", "ensemble", "distil", "folds", "refit", "jobs", "workers", "shard",
            "on", "address", "settings", "plan", "kinds", "options", "loss", "task_settings", "start", "mapped",
            "freeze", "rate", "tune", "thaw", "depth_rate", "l2_sp", "beside", "few", "teacher", "teach", "hint",
            "delta", "log", "out", "baselines", "replace", "device", "as_json", "quiet", "plugin",
        ],
        "resume": [
            "run", "data", "validation", "test", "workers", "shard", "on", "address", "device", "as_json", "quiet",
            "plugin",
        ],
        "ensemble": ["runs", "most", "out", "as_json", "quiet", "plugin"],
        "evaluate": ["run", "data", "data_", "split", "as_json", "quiet", "plugin"],
        "predict": ["run", "inputs", "data", "text", "value", "out", "ask", "as_json", "quiet", "plugin"],
        "plan": ["run", "as_json", "quiet"],
        "report": ["run", "data", "split", "out", "pdf", "by", "about", "settings", "as_json", "quiet", "plugin"],
        "compare": ["runs", "score", "form", "as_json", "quiet", "plugin"],
        "sample": [
            "run", "prompt", "length", "count", "temperature", "top_k", "top_p", "repetition_penalty", "stop", "seed",
            "out", "stream", "as_json", "quiet", "plugin",
        ],
        "add_class": ["run", "out", "data", "data_", "as_json", "quiet", "plugin"],
        "recalibrate": ["run", "data", "data_", "last", "as_json", "quiet", "plugin"],
        "explain": [
            "run", "inputs", "data", "text", "row", "method", "target", "checks", "settings", "seed", "out", "as_json",
            "quiet", "plugin",
        ],
        "compress": [
            "run", "data", "max_drop", "target_latency", "methods", "arch", "budget", "out", "replace", "seed",
            "as_json", "quiet", "plugin",
        ],
        "export": ["run", "to", "data", "out", "as_json", "quiet", "plugin"],
        "serve": [
            "runs", "host", "port", "allowed_host", "api_key_file", "max_batch", "max_wait", "queue", "max_body",
            "timeout", "grace", "engine", "threads", "as_json", "quiet", "plugin",
        ],
        "contract": ["plugins", "entries", "as_json", "quiet"],
        "grid": ["task", "family", "fast", "as_json", "quiet", "plugin"],
        "calibrate": ["as_json", "quiet"],
    }  # fmt: skip
