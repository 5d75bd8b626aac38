"""T5 gives what transformers' T5 gives with its weights, values and gradients; its decoder works step by step.

transformers takes the norms' mean squares in float32, whatever the dtype: hence the tolerances.
"""

from typing import Any

import pytest
import torch
from oracles import unchecked
from torch import Tensor
from transformers import T5Config, T5ForConditionalGeneration

from weftnet.architecture.signal import parse
from weftnet.blocks.transformer.relative_decoder_stack import RelativeDecoderStack
from weftnet.blocks.transformer.relative_encoder_stack import RelativeEncoderStack
from weftnet.compose import build
from weftnet.compose.dividing import divided
from weftnet.tasks.text_to_text.task import TextToText
from weftnet.zoo import ZOO

B, S, T, V, DEPTH, HEADS, SIZE, HIDDEN, DIM = 3, 40, 37, 11, 2, 3, 4, 20, 16
REAL = torch.arange(S) < torch.tensor([[S], [7], [31]])


def twin(gated: bool) -> Any:
    """transformers' own, with random weights in float64."""
    config = T5Config(
        vocab_size=V, d_model=DIM, d_kv=SIZE, d_ff=HIDDEN, num_layers=DEPTH, num_heads=HEADS, dropout_rate=0.0,
        relative_attention_num_buckets=8, relative_attention_max_distance=20,
        feed_forward_proj="gated-gelu" if gated else "relu", tie_word_embeddings=not gated,
        decoder_start_token_id=0, attn_implementation="eager",
    )  # fmt: skip
    torch.manual_seed(0)
    model = T5ForConditionalGeneration(config).double().eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(0.4 * torch.randn_like(parameter))
    return model


def network(gated: bool) -> Any:
    settings = {"dim": DIM, "depth": DEPTH, "heads": HEADS, "head_dim": SIZE, "hidden": HIDDEN, "dropout": 0.0}
    reads = {"tokens": parse(f"tokens:{S},vocabulary={V}"), "target": parse(f"tokens:{T},vocabulary={V}")}
    architecture = ZOO.get("t5")(**settings, gated=gated, shared=True, tied=not gated)
    made: Any = build(architecture, {"network": reads})["network"].double()
    for stack in (made.get_submodule("memory").get_submodule("0"), made.get_submodule("state")):
        stack.distances.buckets, stack.distances.farthest = 8, 20
        stack.distances.table = torch.nn.Parameter(stack.distances.table[:8].detach().clone())
    return made


def pairs(here: Any) -> dict[str, Tensor]:
    """Their names → what of our tensors they are."""
    encoder, decoder = here.get_submodule("memory").get_submodule("0"), here.get_submodule("state")
    keys_values = here.get_submodule("keys_values").linear.weight.chunk(2 * DEPTH)
    found = {"shared.weight": here.words.table.weight}

    def reading(name: str, layer: Any) -> None:
        found.update(zip([f"{name}.SelfAttention.{k}.weight" for k in "qkv"], layer.qkv.weight.chunk(3), strict=True))
        found[f"{name}.SelfAttention.o.weight"] = layer.out.weight
        found[f"{name}.layer_norm.weight"] = layer.norm.weight

    def feeding(name: str, layer: Any) -> None:
        ups = layer.up.weight.chunk(2) if layer.gated else [layer.up.weight]
        names = ["wi_0", "wi_1"] if layer.gated else ["wi"]
        found.update({f"{name}.DenseReluDense.{up}.weight": w for up, w in zip(names, ups, strict=True)})
        found[f"{name}.DenseReluDense.wo.weight"] = layer.down.weight
        found[f"{name}.layer_norm.weight"] = layer.norm.weight

    for side, stack in (("encoder", encoder), ("decoder", decoder)):
        first = f"{side}.block.0.layer.0.SelfAttention.relative_attention_bias.weight"
        found |= {first: stack.distances.table, f"{side}.final_layer_norm.weight": stack.norm.weight}
        for k in range(DEPTH):
            reading(f"{side}.block.{k}.layer.0", stack.reading[k])
            feeding(f"{side}.block.{k}.layer.{1 if side == 'encoder' else 2}", stack.feeding[k])
    for k in range(DEPTH):
        name, layer = f"decoder.block.{k}.layer.1", decoder.looking[k]
        found |= {
            f"{name}.EncDecAttention.q.weight": layer.query.weight, f"{name}.layer_norm.weight": layer.norm.weight,
            f"{name}.EncDecAttention.k.weight": keys_values[2 * k],
            f"{name}.EncDecAttention.v.weight": keys_values[2 * k + 1],
            f"{name}.EncDecAttention.o.weight": layer.out.weight,
        }  # fmt: skip
    return found


@pytest.mark.parametrize("gated", [False, True], ids=["tied", "gated"])
def test_it_is_transformers_own(gated: bool) -> None:
    theirs, ours = twin(gated), network(gated)
    with torch.no_grad():
        named = dict(theirs.named_parameters())
        for name, tensor in pairs(ours).items():
            tensor.copy_(named[name])
    assert set(pairs(ours)) | {"lm_head.weight"} == set(named) | {"lm_head.weight"}
    source, target = torch.randint(V, (B, S)), torch.randint(V, (B, T))
    given = theirs(input_ids=source, attention_mask=REAL.long(), decoder_input_ids=target, output_hidden_states=True)
    expected = given.decoder_hidden_states[-1] if gated else given.logits
    y = ours({"tokens": source, "target": target}, {"tokens": REAL})
    torch.testing.assert_close(y, expected, rtol=1e-5, atol=1e-5)
    weight = torch.randn_like(y)
    (y * weight).sum().backward()
    (expected * weight).sum().backward()
    gradients = {id(each): each.grad for each in ours.parameters()}
    for each in ours.parameters():
        each.data = gradients[id(each)]  # so that parts of a tensor are parts of its gradient
    for name, gradient in pairs(ours).items():
        wanted = named[name].grad
        torch.testing.assert_close(gradient, wanted, rtol=1e-4, atol=1e-5 * float(wanted.abs().max()))


def test_the_decoder_goes_on_step_by_step() -> None:
    made = network(gated=True).eval()
    source, target = torch.randint(V, (B, S)), torch.randint(V, (B, T))
    whole = made({"tokens": source, "target": target}, {"tokens": REAL})
    encoder, decoder = divided(made, "target")
    between = encoder({"tokens": source}, {"tokens": REAL})
    named = between if isinstance(between, dict) else {next(iter(decoder.whole)): between}
    state, parts = decoder.initial_state(B, T), []
    for start, stop in ((0, 1), (1, 2), (2, 9), (9, T)):
        y, state = decoder.step({"target": target[:, start:stop], **named}, state, dict.fromkeys(named, REAL))
        parts.append(y)
    torch.testing.assert_close(torch.cat(parts, 1), whole, rtol=1e-9, atol=1e-10)


def test_it_writes_texts() -> None:
    task = TextToText(source="tokens", vocabulary=V - 2, longest=T - 1)
    task.check(torch.nn.ModuleDict({"network": network(gated=False).float()}))


def test_wrong_settings_are_refused() -> None:
    with unchecked(), pytest.raises(ValueError, match="dim_keys: expected a multiple of 2 · depth · heads, 12, got 20"):
        RelativeDecoderStack(8, 20, 2, 3)
    with (
        unchecked(),
        pytest.raises(ValueError, match="relative_encoder_stack: buckets: expected a multiple of 4, got 6"),
    ):
        RelativeEncoderStack(8, 1, 2, buckets=6)
    with (
        unchecked(),
        pytest.raises(ValueError, match="relative_encoder_stack: heads: expected a positive integer, got 0"),
    ):
        RelativeEncoderStack(8, 1, 0)
    with unchecked(), pytest.raises(ValueError, match="dropout: expected a rate from 0 to below 1, got 1"):
        RelativeDecoderStack(8, 12, 2, 3, dropout=1)
