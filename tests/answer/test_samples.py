"""A run of a language model on a column of texts continues a prompt: tokens by the column's kind, and back."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from weftnet.answer import samples
from weftnet.architecture.spec import Architecture, Block, Chain
from weftnet.data import open_data
from weftnet.data.kinds._kind import Written
from weftnet.data.kinds.characters import Characters
from weftnet.data.kinds.number import Number
from weftnet.data.kinds.subwords import Subwords
from weftnet.data.kinds.text import Text
from weftnet.errors import SettingError
from weftnet.run.loading import Loaded, load
from weftnet.tasks import TASKS
from weftnet.train import Recipe, fit

TEXTS = [f"the {animal} sat on the {thing}" for animal in ("cat", "dog", "owl") for thing in ("mat", "hill")] * 10
NET = Architecture({"network": Chain((Block("embedding", {"dim": 8}), Block("gru", {"dim": 12})))})


def trained(folder: Path, kind: object, blocks: Architecture = NET) -> Loaded:
    data = open_data({"text": TEXTS}, kinds={"text": kind})  # type: ignore[dict-item]  # one of three forms
    task = TASKS.get("language_model").from_data(data)
    return load(fit(blocks, task, data, Recipe(steps=4, threads=1), folder, device="cpu"))


@pytest.mark.parametrize("kind", ["text", {"text": {"level": "characters"}}, "subwords"], ids=str)
def test_a_column_of_texts_is_continued(kind: object, tmp_path: Path) -> None:
    loaded = trained(tmp_path / "run", kind)
    text = samples.text(loaded, "the cat", 6, temperature=0)
    assert text.startswith("the cat")
    assert text == samples.text(loaded, "the cat", 6, temperature=0)
    assert not samples.slowed(loaded)
    assert samples.text(loaded, "", 3)  # an empty text has a token of its own


def test_kinds_of_text_are_written_as_they_were_read() -> None:
    for kind in (Characters(), Text(level="characters"), Subwords(most=280)):
        kind.fit(" ".join(TEXTS) if isinstance(kind, Characters) else TEXTS)
        assert isinstance(kind, Written)
        assert kind.text(kind.tokens(TEXTS[0] * 9)) == TEXTS[0] * 9  # longer than any row
    words = Text().fit(TEXTS)
    assert words.text(words.tokens("The  CAT zzz")) == "the cat �"


def test_what_is_no_text_is_refused() -> None:
    columns = {"a": Text().state(), "b": Text().state()}, {"a": Number().state()}
    for states in columns:
        run = SimpleNamespace(folder="runs/a", json=lambda _, states=states: {"preprocessing": {"columns": states}})
        with pytest.raises(SettingError, match="runs/a: what the run reads can't be written as text"):
            samples._kind(SimpleNamespace(run=run))  # type: ignore[arg-type]  # all that it reads
