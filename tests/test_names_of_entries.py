"""No file of weftnet outside an entry names an entry of a registry, but for what is listed here with its reason.

A name is a string constant that is no docstring. An entry may name others: a task its metrics, a zoo entry its blocks.
"""

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import weftnet
from weftnet.plugins import REGISTRIES
from weftnet.registry import Registry

ROOT = Path(weftnet.__file__).parent
#: words that mean something else wherever they stand, and what
WORDS: Mapping[str, str] = {
    **dict.fromkeys(
        ("image", "video", "tokens", "words", "series", "vector", "wave"),
        "kinds of signal, a closed list of layouts (architecture/signal.py), after which kinds of column are called",
    ),
    **dict.fromkeys(("labels", "scale", "mean", "momentum", "constant"), "settings and statistics"),
    **dict.fromkeys(("number", "date", "text", "texts", "table"), "forms of answers, fields and inputs"),
    **dict.fromkeys(("images", "arrays", "saved"), "parts of files and figures"),
    "torch": "the package",
    "boxes": "the rectangles in a picture, after which the kind of column is called",
    "mask": "the argument that says what counts, after which the kind of column is called",
    "step": "of a training",
    "distil": "the facet of a task, after which the method of compression is called",
}
#: files and folders that name entries, why they have to, and which; * is any block
FILES: Mapping[str, tuple[str, str]] = {
    # defaults, which anybody can set otherwise
    "train/recipe.py": ("the default recipe", "adamw one_cycle"),
    "cost": ("the optimiser that is counted by default", "adamw"),
    "tasks/_propose/candidate.py": ("the recipe of proposals", "adamw one_cycle"),
    "cli/fit.py": ("the data that come with the package", "digits"),
    "data/opening.py": ("the data that come with the package; an argument", "digits forecast"),
    "cli/export.py": ("the default target", "onnx"),
    "library/fit.py": ("the default target", "onnx"),
    "library/estimators.py": ("what a classifier predicts; the network that it is by default", "category mlp"),
    "library/fitting.py": ("the data that come with the package", "digits"),
    "library/modules.py": ("layers of torch, and the blocks that end a network as they do", "*"),
    "export/write.py": ("the default target", "onnx"),
    "explain/attributing.py": ("the default methods, with and without gradients", "integrated_gradients occlusion"),
    # formats and packages that are called like an entry
    "compress": ("eight-bit runs are graphs of the package onnx, and the search tries its engines in turn", "onnx"),
    "export/onnx.py": ("the package", "onnx"),
    "run/facts.py": ("the format of an eight-bit run", "onnx"),
    # words that mean something else just there
    "report/plots.py": ("the label of an axis", "accuracy"),
    "data/forecasting.py": ("a target; a place in a message", "forecast calendar"),
    "tasks/forecasting/_beside.py": ("networks that are proposed, and their solver", "* ridge"),
    "data/static.py": ("what words can always be read as", "category"),
    "tasks/forecasting/_intervals.py": ("an output", "forecast"),
    "data/pictures.py": ("a way to resize", "crop"),
    "data/kinds/_image_notes.py": ("a way to resize", "crop"),
    "data/kinds/_image_files.py": ("a way to resize", "crop"),
    "transfer/pictures.py": ("a way to resize; how images are read", "crop colour"),
    "data/ways.py": ("what words can always be read as", "category"),
    "data/sounds.py": ("a word in a message", "audio"),
    "base/limits.py": ("what a video has", "frames"),
    "data/clips.py": ("what a video has", "frames"),
    "metrics/_edits.py": ("what errors are counted in; the extra that brings the counter", "characters audio"),
    "tasks/_targets.py": ("how outputs become probabilities", "softmax sigmoid"),
    "tasks/_task.py": ("how outputs become probabilities", "softmax sigmoid"),
    # who writes or rewrites networks has to write blocks
    "architecture/keras.py": ("ends of networks that a task brings", "*"),
    "architecture/keras_layers.py": ("layers of Keras and the blocks that they are here", "*"),
    "architecture/synonyms.py": ("names of other libraries and the blocks that are meant", "*"),
    "compose": ("fixes, drawings and drawn architectures are made of blocks", "*"),
    "execution": ("rewrites of pairs of blocks to equal ones", "*"),
    "compose/generate.py": ("a setting that no block has", "colour"),
    "cost/kernel_call.py": ("names of torch's kernels", "*"),
    "cost/kernels.py": ("names of torch's kernels", "*"),
    "cost/microbenchmarks.py": ("networks that are timed", "*"),
    "compress/layers.py": ("layers of torch", "*"),
    "tasks/_heads.py": ("heads", "*"),
    "tasks/_propose": ("networks that are proposed", "*"),
    "solvers": ("networks that are solved for", "*"),
    "zoo": ("what entries of the zoo share", "*"),
    "blocks/transformer/_sublayer.py": ("what blocks share", "relu gelu tanh"),
    "blocks/transformer/_relative.py": ("what blocks share", "tanh"),
    "optim/optimisers/_orthogonal.py": ("what optimisers share", "momentum"),
}


@cache
def registries() -> dict[str, Registry[Any]]:
    found = (where.split(":") for _, where in REGISTRIES.values())
    return {kind: getattr(import_module(module), name) for kind, (module, name) in zip(REGISTRIES, found, strict=True)}


@cache
def entries() -> frozenset[Path]:
    """The files of all entries."""
    modules = (module for registry in registries().values() for module in registry.modules())
    return frozenset(ROOT.parent.joinpath(*module.split(".")).with_suffix(".py") for module in modules)


def constants(source: str) -> Iterator[str]:
    """The string constants of a file that are no docstrings."""
    tree = ast.parse(source)
    documented = (ast.Module, ast.FunctionDef, ast.ClassDef)
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, documented) and node.body and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.value


@cache
def named() -> dict[str, set[str]]:
    """Name of an entry → the files that name it and are no entries."""
    names = {name for registry in registries().values() for name in registry.names()}
    found: dict[str, set[str]] = defaultdict(set)
    for path in sorted(set(ROOT.rglob("*.py")) - entries()):
        for name in names & set(constants(path.read_text(encoding="utf-8"))):
            found[name].add(path.relative_to(ROOT).as_posix())
    return found


def allowed(file: str, name: str) -> list[str]:
    """The places in `FILES` that allow it."""
    places = [file, *(parent.as_posix() for parent in Path(file).parents)]
    registry = registries()
    wanted = {name, "*"} if name in registry["block"] or name in registry["zoo"] else {name}
    return [each for each in places if each in FILES and wanted & set(FILES[each][1].split())]


def test_only_entries_name_entries() -> None:
    wrong = {
        name: files
        for name, where in named().items()
        if name not in WORDS and (files := sorted(file for file in where if not allowed(file, name)))
    }
    assert not wrong, "move what is known of an entry into it"


def test_tasks_and_metrics_are_named_by_nobody() -> None:
    """A new task is a folder: whoever named one would have to be edited for the next one."""
    for kind in ("task", "judge", "answer", "metric", "loss", "compressor"):
        for name in registries()[kind].names():
            if name not in WORDS:
                assert named().get(name, set()) <= {"report/plots.py"}, name


@pytest.mark.parametrize("place", FILES)
def test_no_exception_is_left_over(place: str) -> None:
    used = {name for name, where in named().items() if any(place in allowed(file, name) for file in where)}
    listed = set(FILES[place][1].split())
    assert used if "*" in listed else used == listed


def test_every_word_is_needed() -> None:
    assert set(WORDS) <= named().keys()
