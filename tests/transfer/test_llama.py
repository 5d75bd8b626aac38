"""Llama and Mamba: the tokens and the numbers of Hugging Face's, with random weights of unequal sizes."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from oracles import unchecked
from weights import shaken

from weftnet.data.preprocessing import kind_from_state
from weftnet.errors import RunError
from weftnet.run.loading import load
from weftnet.transfer.importing import import_weights

transformers: Any = pytest.importorskip("transformers")
tokenizers: Any = pytest.importorskip("tokenizers")

TEXTS = ["The bees don't hum.", "in 1987, 12 bees", "Élan 中文 bee", "नमस्ते", " two  blanks\n\nlines\t"]


def folder_of(path: Path, tied: bool, model: Any, config: Any, **more: Any) -> tuple[Path, Any, Any]:
    """What Hugging Face would have written, its network and its tokeniser: digits stand alone, as SmolLM2's do."""
    learner = tokenizers.Tokenizer(tokenizers.models.BPE())
    before = tokenizers.pre_tokenizers
    learner.pre_tokenizer = before.Sequence([before.Digits(individual_digits=True), before.ByteLevel(False)])
    learner.decoder = tokenizers.decoders.ByteLevel()
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=290, initial_alphabet=sorted(before.ByteLevel.alphabet()), special_tokens=["<|endoftext|>"],
        show_progress=False,
    )  # fmt: skip
    learner.train_from_iterator([*TEXTS, "the bee hums the hum of 12 bees"] * 3, trainer)
    theirs = transformers.PreTrainedTokenizerFast(tokenizer_object=learner, eos_token="<|endoftext|>")
    settings = {
        "vocab_size": len(theirs), "hidden_size": 24, "num_hidden_layers": 3, "tie_word_embeddings": tied, **more,
    }  # fmt: skip
    made = shaken(model(config(**settings))).float()
    if tied:
        made.tie_weights()
    made.save_pretrained(path)
    theirs.save_pretrained(path)
    return path, made, theirs


def llama(path: Path, tied: bool, **config: Any) -> tuple[Path, Any, Any]:
    """The folder of a Llama."""
    return folder_of(
        path, tied, transformers.LlamaForCausalLM, transformers.LlamaConfig,
        intermediate_size=40, num_attention_heads=6, num_key_value_heads=2, max_position_embeddings=21,
        **{"rms_norm_eps": 1e-4, "rope_parameters": {"rope_type": "default", "rope_theta": 70.0}, **config},
    )  # fmt: skip


def mamba(path: Path, tied: bool) -> tuple[Path, Any, Any]:
    """The folder of a Mamba."""
    config = {"state_size": 3, "layer_norm_epsilon": 1e-4}
    return folder_of(path, tied, transformers.MambaForCausalLM, transformers.MambaConfig, **config)


@pytest.mark.parametrize(("make", "tied"), [(llama, False), (llama, True), (mamba, True)])
def test_tokens_and_numbers_are_hugging_face_s(tmp_path: Path, make: Any, tied: bool) -> None:
    folder, theirs, tokeniser = make(tmp_path / "theirs", tied)
    run = import_weights(folder, tmp_path / "run")
    (state,) = run.json("data.json")["preprocessing"]["columns"].values()
    kind: Any = kind_from_state(state)
    for text in TEXTS:
        assert (kind.tokens(text) - 2).tolist() == tokeniser(text)["input_ids"]
        assert kind.text(kind.tokens(text)) == text
    loaded, tokens = load(run), torch.randint(theirs.config.vocab_size, (3, 17))
    with unchecked(), torch.no_grad():
        ours, want = loaded.model["network"](tokens + 2), theirs(tokens).logits
    torch.testing.assert_close(ours[..., 2:], want, rtol=1e-5, atol=1e-5 * float(want.abs().max()))
    assert float(ours[..., :2].max()) < -1000, "padding and the unknown token are never told"
    (answer,) = loaded.predict({"text": np.array(["the bee"], object)}, {"length": 6, "temperature": 0})
    ids = torch.tensor([tokeniser("the bee")["input_ids"]])
    with torch.no_grad():
        for _ in range(6):
            ids = torch.cat([ids, theirs(ids).logits[:, -1].argmax(-1, keepdim=True)], 1)
    assert answer["text"] == tokeniser.decode(ids[0, -6:].tolist())


def test_what_is_not_known_is_refused(tmp_path: Path) -> None:
    rotation = {
        "rope_type": "llama3", "rope_theta": 70.0, "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
        "original_max_position_embeddings": 16,
    }  # fmt: skip
    folder, _, _ = llama(tmp_path / "theirs", True, rope_parameters=rotation)
    with pytest.raises(RunError, match="rope_type is 'llama3', and only 'default' is known"):
        import_weights(folder, tmp_path / "run")
