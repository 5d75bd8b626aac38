"""Samples of a generative run: a sheet of images, or a text."""

from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import torch

from weftnet.base.files import replace
from weftnet.data import Batch
from weftnet.data.kinds import KINDS
from weftnet.data.kinds._kind import Written
from weftnet.errors import SettingError
from weftnet.run.loading import Loaded
from weftnet.tasks._inference import Tell, listening
from weftnet.tasks._sheet import sheet
from weftnet.tasks._task import DrawsExamples, WritesText


def draws(loaded: Loaded) -> str:
    """What the run samples: `images`, `text`, or nothing (an empty string)."""
    if isinstance(loaded.task, DrawsExamples):
        return "images"
    return "text" if isinstance(loaded.task, WritesText) else ""


def text(
    loaded: Loaded, prompt: str = "\n", length: int = 500, seed: int = 0, tell: Tell | None = None, **options: Any
) -> str:
    """The prompt, continued by `length` tokens, chosen as the task's `infer.py` says.

    Args:
        loaded: the run.
        prompt: the text's beginning.
        length: the most tokens that are written.
        seed: of the random choices.
        tell: is told the continuation while it is written.
        options: others of the task.

    Raises:
        SettingError: the run writes no text, or the prompt is empty.
        DataError: an option is out of range.
    """
    if not isinstance(loaded.task, WritesText):
        raise SettingError("the run writes no text", where=str(loaded.run.folder), fix="name a run of a language model")
    kind = _kind(loaded)
    prompted = kind.tokens(prompt)
    if not len(prompted):
        raise SettingError("the prompt is empty", expected="at least one character")
    tokens = torch.from_numpy(prompted)[None]
    ((name, signal),) = loaded.signals.items()
    masks = {name: torch.ones_like(tokens, dtype=torch.bool)} if signal.padded else {}
    batch = Batch({name: tokens}, masks, {}, torch.zeros(1, dtype=torch.int64))
    with listening(tell) if tell else nullcontext():
        outputs = loaded.outputs(batch, {"length": length, "seed": seed, **options})
    assert not isinstance(outputs, torch.Tensor)  # a loop gives outputs by name
    written, end = outputs["written"][0].numpy(), int(outputs["ends"][0])
    written = written[written >= 0]
    whole = kind.text(np.concatenate([prompted, written]))
    return whole if end < 0 else whole[: len(whole) - len(kind.text(written)) + end]


def slowed(loaded: Loaded) -> str:
    """Why the run's texts are sampled by whole passes; empty if step by step, or if it writes none."""
    return loaded.task.whole_passes(loaded.model) if isinstance(loaded.task, WritesText) else ""


def _kind(loaded: Loaded) -> Written:
    """The kind of the only input column: the one that turns text into tokens and back.

    Raises:
        SettingError: there are several columns, or the kind can't write tokens as text.
    """
    states = list(loaded.run.json("data.json")["preprocessing"]["columns"].values())
    kind = KINDS.get(states[0]["kind"]).from_state(states[0])
    if len(states) != 1 or not isinstance(kind, Written):
        raise SettingError(
            "what the run reads can't be written as text",
            where=str(loaded.run.folder),
            expected="one column of a kind with `tokens` and `text`",
            got=", ".join(str(state["kind"]) for state in states),
        )
    return kind


def images(loaded: Loaded, path: Path, count: int = 64, seed: int = 0) -> Path:
    """Write a sheet of `count` generated images as PNG.

    Raises:
        SettingError: the run draws no images, or the file's name doesn't end in .png.
        RunError: the file can't be written.
    """
    if not isinstance(task := loaded.task, DrawsExamples):
        raise SettingError("the run draws no images", where=str(loaded.run.folder), fix="name a run of a VAE or GAN")
    if path.suffix != ".png":
        raise SettingError("images are written as PNG", expected="NAME.png", got=str(path))
    drawn = task.samples(loaded.model, count, torch.Generator().manual_seed(seed))
    if drawn.dim() != 4:
        raise SettingError("what the run draws are no images", where=str(loaded.run.folder), got=str(drawn.shape))
    if path.parent == loaded.run.folder / "samples":
        path.parent.mkdir(exist_ok=True)
        loaded.run.put(f"samples/{path.name}", lambda new: sheet(drawn).save(new, format="PNG"))
    else:
        replace(path, lambda new: sheet(drawn).save(new, format="PNG"))
    return path


def keep(loaded: Loaded) -> None:
    """Save a sample in the run's folder, if its task generates any."""
    folder = loaded.run.folder / "samples"
    kind = draws(loaded)
    if not kind:
        return
    folder.mkdir(exist_ok=True)
    if kind == "text":
        loaded.run.put_text("samples/sample.txt", text(loaded))
    elif all(signal.kind == "image" for signal in loaded.signals.values()):
        images(loaded, folder / "sample.png")
