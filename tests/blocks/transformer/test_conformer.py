"""A Conformer's layer against its formula written out with plain tensors, in training and in evaluation."""

import pytest
import torch
from oracles import functional, gradients_match, normal, padding_neutral, randomise, unchecked
from torch import Tensor
from torch.func import functional_call

from weftnet.blocks.transformer.conformer_layer import ConformerLayer

DIM, KERNEL = 6, 3


def norm(x: Tensor, gain: Tensor, shift: Tensor) -> Tensor:
    centred = x - x.mean(-1, keepdim=True)
    return centred / (centred.square().mean(-1, keepdim=True) + 1e-5).sqrt() * gain + shift


def silu(x: Tensor) -> Tensor:
    return x / (1 + (-x).exp())


def written_out(layer: ConformerLayer, x: Tensor, w: dict[str, Tensor], lengths: list[int], training: bool) -> Tensor:
    """The four sublayers; the filter tap by tap, and the batch's statistics over real steps alone."""
    mask = torch.arange(x.shape[1]) < torch.tensor(lengths).unsqueeze(1)

    def dense(x: Tensor, name: str) -> Tensor:
        return x @ w[f"{name}.weight"].T + w[f"{name}.bias"]

    def before(x: Tensor, name: str) -> Tensor:
        return norm(x, w[f"{name}.weight"], w[f"{name}.bias"])

    def feed(x: Tensor, name: str) -> Tensor:
        return dense(silu(dense(x, f"{name}.0")), f"{name}.3")

    def convolution(x: Tensor) -> Tensor:
        a, b = dense(x, "convolution.gate").chunk(2, -1)
        gated = (a / (1 + (-b).exp())) * mask.unsqueeze(-1)
        taps, around = w["convolution.depthwise.conv.weight"][:, 0], KERNEL // 2
        filtered = torch.zeros_like(gated)
        for t in range(x.shape[1]):
            for k in range(KERNEL):
                if 0 <= t + k - around < x.shape[1]:
                    filtered[:, t] = filtered[:, t] + taps[:, k] * gated[:, t + k - around]
        real = filtered[mask]
        mean, var = (real.mean(0), real.var(0, correction=0)) if training else (x.new_zeros(DIM), x.new_ones(DIM))
        gain, shift = w["convolution.norm.norm.weight"], w["convolution.norm.norm.bias"]
        return dense(silu((filtered - mean) / (var + 1e-5).sqrt() * gain + shift), "convolution.mix")

    attention = {key.removeprefix("attention."): value for key, value in w.items() if key.startswith("attention.")}
    x = x * mask.unsqueeze(-1)
    x = x + feed(before(x, "before_first"), "first_feed") / 2
    # the attention has an oracle of its own
    x = x + functional_call(layer.attention, attention, (before(x, "before_attention"), mask))
    x = x + convolution(before(x, "before_convolution"))
    x = x + feed(before(x, "before_second"), "second_feed") / 2
    return before(x, "norm") * mask.unsqueeze(-1)


@pytest.mark.parametrize("training", [True, False])
def test_it_is_its_formula(training: bool) -> None:
    layer = ConformerLayer(DIM, heads=3, dim_hidden=5, kernel=KERNEL, dropout=0.0).train(training)
    f, weights = functional(layer)
    names, lengths = [name for name, _ in layer.named_parameters()], [7, 4]
    mask = torch.arange(7) < torch.tensor(lengths).unsqueeze(1)

    def oracle(x: Tensor, *w: Tensor) -> Tensor:
        return written_out(layer, x, dict(zip(names, w, strict=True)), lengths, training)

    gradients_match(lambda x, *w: f(x, *w, mask=mask), oracle, [normal(2, 7, DIM), *weights], 1e-9)


def test_it_is_the_layer_of_hugging_face() -> None:
    """With its weights, and with its convolution's two biases at zero, in values and the gradient of the input."""
    from transformers import Wav2Vec2ConformerConfig
    from transformers.models.wav2vec2_conformer import modeling_wav2vec2_conformer as theirs

    settings = {"hidden_size": 8, "num_attention_heads": 2, "intermediate_size": 12, "conv_depthwise_kernel_size": 5}
    config = Wav2Vec2ConformerConfig(**settings, hidden_act="swish", position_embeddings_type="relative")
    config._attn_implementation = "eager"
    other = randomise(theirs.Wav2Vec2ConformerEncoderLayer(config)).eval()
    places = theirs.Wav2Vec2ConformerRelPositionalEmbedding(config)
    layer = ConformerLayer(8, heads=2, dim_hidden=12, kernel=5).double().eval()
    mine, attention, convolution = layer.attention, other.self_attn, other.conv_module
    stacked = [attention.linear_q, attention.linear_k, attention.linear_v]
    with torch.no_grad():
        mine.qkv.weight.copy_(torch.cat([each.weight for each in stacked]))
        mine.qkv.bias.copy_(torch.cat([each.bias for each in stacked]))
        mine.content_bias.copy_(attention.pos_bias_u)
        mine.place_bias.copy_(attention.pos_bias_v)
        mine.positions.weight.copy_(attention.linear_pos.weight)
        layer.convolution.gate.weight.copy_(convolution.pointwise_conv1.weight[..., 0])
        layer.convolution.mix.weight.copy_(convolution.pointwise_conv2.weight[..., 0])
        layer.convolution.gate.bias.zero_()
        layer.convolution.mix.bias.zero_()
    mine.out.load_state_dict(attention.linear_out.state_dict())
    layer.convolution.depthwise.conv.load_state_dict(convolution.depthwise_conv.state_dict())
    layer.convolution.norm.norm.load_state_dict(convolution.batch_norm.state_dict())
    for feed, ffn in ((layer.first_feed, other.ffn1), (layer.second_feed, other.ffn2)):
        feed[0].load_state_dict(ffn.intermediate_dense.state_dict())
        feed[3].load_state_dict(ffn.output_dense.state_dict())
    layer.before_first, layer.before_attention = other.ffn1_layer_norm, other.self_attn_layer_norm
    layer.before_convolution, layer.before_second = convolution.layer_norm, other.ffn2_layer_norm
    layer.norm = other.final_layer_norm
    gradients_match(
        layer, lambda x: other(x, relative_position_embeddings=places(x).double()), [normal(2, 6, 8)], 1e-5
    )  # its waves are made in float32


def test_padding_is_neutral() -> None:
    layer = randomise(ConformerLayer(8, heads=2, kernel=5)).eval()
    padding_neutral(layer, normal(3, 6, 8), [6, 4, 1], lambda n: n)


def test_parameters_are_as_documented() -> None:
    count = sum(parameter.numel() for parameter in ConformerLayer(12, 4, 7, 5).parameters())
    assert count == 8 * 12**2 + 4 * 12 * 7 + 2 * 7 + (5 + 23) * 12


def test_wrong_settings_are_refused() -> None:
    for settings, message in (
        ({"dim": 8, "kernel": 4}, "conformer_layer: kernel: expected an odd positive integer, got 4"),
        ({"dim": 8, "dim_hidden": 0}, "conformer_layer: dim_hidden: expected a positive integer, got 0"),
    ):
        with unchecked(), pytest.raises(ValueError, match=message):
            ConformerLayer(**settings)
