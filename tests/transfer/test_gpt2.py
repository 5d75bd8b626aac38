"""GPT-2: the tokens and the numbers of Hugging Face's, with random weights of unequal sizes."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from oracles import unchecked
from weights import shaken

from weftnet.compete.starting import begun_from
from weftnet.data import open_data
from weftnet.data.preprocessing import kind_from_state
from weftnet.run.folder import Run
from weftnet.run.loading import load
from weftnet.tasks import TASKS
from weftnet.train import Recipe, Start, fit
from weftnet.transfer.importing import import_weights

transformers: Any = pytest.importorskip("transformers")
tokenizers: Any = pytest.importorskip("tokenizers")

END = "<|endoftext|>"
TEXTS = [
    "The bees don't hum.", "Élan naïve café", "中文 bee中文", "🐝 bee🐝", "x" * 90,
    " two  blanks\n\nlines\t", "1,234.5!", "नमस्ते",
]  # fmt: skip


def folder_of(path: Path, files: bool = False) -> tuple[Path, Any, Any]:
    """What Hugging Face would have written, its network and its tokeniser."""
    learner = tokenizers.ByteLevelBPETokenizer()
    learner.train_from_iterator([*TEXTS, "the bee hums the hum of bees"] * 3, 300, 2, show_progress=False)
    learner.add_special_tokens([END])
    path.mkdir(parents=True)
    theirs = transformers.PreTrainedTokenizerFast(tokenizer_object=learner._tokenizer, eos_token=END)
    config = transformers.GPT2Config(
        vocab_size=len(theirs), n_positions=21, n_embd=24, n_layer=3, n_head=4, attn_implementation="eager"
    )
    model = shaken(transformers.GPT2LMHeadModel(config)).float()
    model.tie_weights()
    model.save_pretrained(path)
    if files:
        learner.save_model(str(path))
        vocabulary = path / "vocab.json"
        assert END not in vocabulary.read_text()
        vocabulary.write_text(vocabulary.read_text()[:-1] + f', "{END}": {len(theirs) - 1}}}')
    else:
        theirs.save_pretrained(path)
    return path, model, theirs


def kind_of(run: Run) -> Any:
    (state,) = run.json("data.json")["preprocessing"]["columns"].values()
    return kind_from_state(state)


@pytest.mark.parametrize("files", [False, True])
def test_tokens_are_hugging_face_s(tmp_path: Path, files: bool) -> None:
    folder, _, theirs = folder_of(tmp_path / "theirs", files)
    kind = kind_of(import_weights(folder, tmp_path / "run"))
    for text in TEXTS:
        assert (kind.tokens(text) - 2).tolist() == theirs(text)["input_ids"]
        assert kind.text(kind.tokens(text)) == text


def test_numbers_are_hugging_face_s(tmp_path: Path) -> None:
    folder, theirs, _ = folder_of(tmp_path / "theirs")
    run = import_weights(folder, tmp_path / "run")
    assert run.facts.origin is not None
    assert len(run.facts.origin.lines) == 1
    assert run.facts.task.name == "language_model"
    loaded, tokens = load(run), torch.randint(theirs.config.vocab_size, (3, 17))
    with unchecked(), torch.no_grad():
        ours, want = loaded.model["network"](tokens + 2), theirs(tokens).logits
    torch.testing.assert_close(ours[..., 2:], want, rtol=1e-5, atol=1e-5 * float(want.abs().max()))
    assert float(ours[..., :2].max()) < -1000, "padding and the unknown token are never told"


def test_a_text_is_continued_as_there(tmp_path: Path) -> None:
    folder, theirs, tokeniser = folder_of(tmp_path / "theirs")
    loaded = load(import_weights(folder, tmp_path / "run"))
    text = "the bee"
    (answer,) = loaded.predict({"text": np.array([text], object)}, {"length": 6, "temperature": 0})
    ids = torch.tensor([tokeniser(text)["input_ids"]])
    with torch.no_grad():
        for _ in range(6):
            ids = torch.cat([ids, theirs(ids).logits[:, -1].argmax(-1, keepdim=True)], 1)
    assert answer["text"] == tokeniser.decode(ids[0, -6:].tolist())


def test_a_classifier_starts_from_it(tmp_path: Path) -> None:
    folder, _, _ = folder_of(tmp_path / "theirs")
    origin = import_weights(folder, tmp_path / "origin")
    start = Start(str(origin.folder), freeze=["body"])
    rows = {"review": ["the bee hums", "hum of the bees now"] * 20, "y": ["a", "b"] * 20}
    data = open_data(rows, target="y", kinds={"review": "text"}, fitted=start.fitted())
    assert data.signals["tokens"].known["vocabulary"] != kind_of(origin).signal.known["vocabulary"], "it was asked for"
    data = open_data({**rows, "review": [f"{text} {i}" for i, text in enumerate(rows["review"])]}, target="y",
                     fitted=start.fitted())  # fmt: skip
    task = TASKS.get("classification").from_data(data)
    candidate = begun_from(start, None, data)
    recipe = Recipe.for_task(task, steps=1, plan="eager", batch_size=8)
    run = fit(candidate.architecture, task, data, recipe, tmp_path / "run", start=start, device="cpu")
    before, after = (load(each).model["network"].state_dict() for each in (origin, run))
    assert after["body.words.table.weight"].equal(before["body.words.table.weight"])
    assert not any(value.shape[:1] == (300,) for name, value in after.items() if not name.startswith("body"))
