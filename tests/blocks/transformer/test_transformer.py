"""Transformer layers against torch's with the same weights."""

import re
from collections.abc import Callable

import pytest
import torch
from oracles import exports, gradients_match, padding_neutral, randomise, same, unchecked
from torch import Tensor, nn

from weftnet.blocks.attention.cross_attention import CrossAttention
from weftnet.blocks.attention.multi_head_attention import MultiHeadAttention
from weftnet.blocks.transformer.transformer_decoder_layer import TransformerDecoderLayer
from weftnet.blocks.transformer.transformer_encoder_layer import TransformerEncoderLayer

VARIANTS = [(norm_first, activation) for norm_first in (False, True) for activation in ("relu", "gelu")]


def share(mine: nn.Module, theirs: nn.MultiheadAttention) -> None:
    """Give torch's attention this block's values (copied: torch stacks them in another way)."""
    with torch.no_grad():
        if isinstance(mine, MultiHeadAttention):
            theirs.in_proj_weight.copy_(mine.qkv.weight)
            theirs.in_proj_bias.copy_(mine.qkv.bias)
        elif isinstance(mine, CrossAttention):
            theirs.in_proj_weight.copy_(torch.cat((mine.query.weight, mine.key_value.weight)))
            theirs.in_proj_bias.copy_(torch.cat((mine.query.bias, mine.key_value.bias)))
    theirs.out_proj.load_state_dict(mine.out.state_dict())


def encoder(norm_first: bool, activation: str, causal: bool) -> tuple[nn.Module, nn.Module]:
    mine = randomise(
        TransformerEncoderLayer(6, 3, 5, dropout=0.0, activation=activation, norm_first=norm_first, causal=causal)
    )
    theirs = nn.TransformerEncoderLayer(
        6, 3, 5, dropout=0.0, activation=activation, norm_first=norm_first, batch_first=True
    ).double()
    share(mine.attention, theirs.self_attn)
    theirs.linear1, theirs.linear2 = mine.feed[0], mine.feed[3]
    theirs.norm1, theirs.norm2 = mine.around_attention.norm, mine.around_feed.norm
    return mine, theirs


def decoder(norm_first: bool, activation: str) -> tuple[nn.Module, nn.Module]:
    mine = randomise(TransformerDecoderLayer(6, 6, 3, 5, dropout=0.0, activation=activation, norm_first=norm_first))
    theirs = nn.TransformerDecoderLayer(
        6, 3, 5, dropout=0.0, activation=activation, norm_first=norm_first, batch_first=True
    ).double()
    share(mine.attention, theirs.self_attn)
    share(mine.cross, theirs.multihead_attn)
    theirs.linear1, theirs.linear2 = mine.feed[0], mine.feed[3]
    theirs.norm1, theirs.norm2 = mine.around_attention.norm, mine.around_cross.norm
    theirs.norm3 = mine.around_feed.norm
    return mine, theirs


def weights_match(mine: Tensor, theirs: Tensor, pairs: list[tuple[list[Tensor], list[Tensor]]]) -> None:
    """The gradients of weights that lie in different places, of one random combination of the outputs."""
    direction = torch.randn_like(mine)
    for ours, others in pairs:
        a = torch.autograd.grad(mine, ours, direction, retain_graph=True)
        b = torch.autograd.grad(theirs, others, direction, retain_graph=True)
        same(torch.cat(a), torch.cat(b))


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize(("norm_first", "activation"), VARIANTS)
def test_encoder_equals_torch(norm_first: bool, activation: str, causal: bool) -> None:
    mine, theirs = encoder(norm_first, activation, causal)
    mask = torch.arange(5) < torch.tensor([[5], [3]])
    ahead = torch.ones(5, 5, dtype=torch.bool).triu(1) if causal else None

    def oracle(x: Tensor) -> Tensor:
        return theirs(x, src_mask=ahead, src_key_padding_mask=~mask) * mask.unsqueeze(-1)

    x = torch.randn(2, 5, 6, dtype=torch.float64)
    gradients_match(lambda x: mine(x, mask), oracle, [x])
    same(mine(x), theirs(x, src_mask=ahead))
    attention, other = mine.attention, theirs.self_attn
    weights_match(
        mine(x, mask),
        oracle(x),
        [
            ([attention.qkv.weight], [other.in_proj_weight]),
            ([attention.qkv.bias], [other.in_proj_bias]),
            ([attention.out.weight], [other.out_proj.weight]),
            ([mine.feed[0].weight], [theirs.linear1.weight]),
            ([mine.feed[3].weight], [theirs.linear2.weight]),
            ([mine.around_feed.norm.weight, mine.around_attention.norm.bias], [theirs.norm2.weight, theirs.norm1.bias]),
        ],
    )


@pytest.mark.parametrize(("norm_first", "activation"), VARIANTS)
def test_decoder_equals_torch(norm_first: bool, activation: str) -> None:
    mine, theirs = decoder(norm_first, activation)
    mask = torch.arange(5) < torch.tensor([[5], [3]])
    memory_mask = torch.arange(7) < torch.tensor([[4], [7]])
    ahead = torch.ones(5, 5, dtype=torch.bool).triu(1)

    def oracle(x: Tensor, memory: Tensor) -> Tensor:
        y = theirs(x, memory, ahead, None, tgt_key_padding_mask=~mask, memory_key_padding_mask=~memory_mask)
        return y * mask.unsqueeze(-1)

    x, memory = torch.randn(2, 5, 6, dtype=torch.float64), torch.randn(2, 7, 6, dtype=torch.float64)
    gradients_match(lambda x, memory: mine(x, memory, mask, memory_mask), oracle, [x, memory])
    same(mine(x, memory), theirs(x, memory, ahead))
    weights_match(
        mine(x, memory, mask, memory_mask),
        oracle(x, memory),
        [
            ([mine.attention.qkv.weight], [theirs.self_attn.in_proj_weight]),
            ([mine.cross.query.weight, mine.cross.key_value.weight], [theirs.multihead_attn.in_proj_weight]),
            ([mine.cross.query.bias, mine.cross.key_value.bias], [theirs.multihead_attn.in_proj_bias]),
            ([mine.cross.out.weight], [theirs.multihead_attn.out_proj.weight]),
            ([mine.around_cross.norm.weight], [theirs.norm2.weight]),
        ],
    )


@pytest.mark.parametrize("norm_first", [False, True])
def test_padding_changes_nothing(norm_first: bool) -> None:
    x = torch.randn(3, 6, 6, dtype=torch.float64)
    block = randomise(TransformerEncoderLayer(6, 2, norm_first=norm_first, rotary=False, causal=False)).eval()
    padding_neutral(block, x, [6, 2, 4], lambda steps: steps)

    layer = randomise(TransformerDecoderLayer(6, 5, 2, norm_first=norm_first)).eval()
    memory = torch.randn(1, 3, 5, dtype=torch.float64)

    class OneMemory(nn.Module):
        def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
            seen = torch.cat((memory, torch.full((1, 2, 5), torch.nan)), dim=1).expand(len(x), -1, -1)
            return layer(x, seen, mask, (torch.arange(5) < 3).expand(len(x), -1))

    padding_neutral(OneMemory(), x, [6, 2, 4], lambda steps: steps)
    same(OneMemory()(x), layer(x, memory.expand(3, -1, -1)))


@pytest.mark.parametrize("rotary", [False, True])
@pytest.mark.parametrize("norm_first", [False, True])
def test_step_by_step_equals_at_once(norm_first: bool, rotary: bool) -> None:
    x, memory = torch.randn(2, 5, 6, dtype=torch.float64), torch.randn(2, 7, 4, dtype=torch.float64)
    memory_mask = torch.arange(7) < torch.tensor([[4], [7]])
    encode = randomise(TransformerEncoderLayer(6, 3, norm_first=norm_first, causal=True, rotary=rotary)).eval()
    decode = randomise(TransformerDecoderLayer(6, 4, 3, norm_first=norm_first, rotary=rotary)).eval()
    encoded, decoded = encode(x), decode(x, memory, memory_mask=memory_mask)
    encode_state, decode_state = encode.initial_state(2, 5), decode.initial_state(2, 5)
    for t in (slice(0, 2), slice(2, 3), slice(3, 5)):
        y_t, encode_state = encode.step(x[:, t], encode_state)
        same(y_t, encoded[:, t])
        y_t, decode_state = decode.step(x[:, t], decode_state, memory, memory_mask)
        same(y_t, decoded[:, t])


def test_step_needs_causality() -> None:
    with pytest.raises(ValueError, match="step: expected causal=True, got False"):
        TransformerEncoderLayer(6, 2).initial_state(2, 5)


def test_dropout_in_training_only() -> None:
    block, x = TransformerEncoderLayer(6, 2, dropout=0.5), torch.randn(2, 5, 6)
    assert not torch.equal(block(x), block(x))
    block.eval()
    same(block(x), block(x))


def test_exports() -> None:
    x, memory = torch.randn(2, 5, 6), torch.randn(2, 7, 4)
    mask, memory_mask = torch.arange(5) < torch.tensor([[5], [3]]), torch.arange(7) < torch.tensor([[7], [2]])
    exports(TransformerEncoderLayer(6, 3), x)
    exports(TransformerEncoderLayer(6, 3, causal=True, rotary=True), x, mask)
    exports(TransformerDecoderLayer(6, 4, 3), x, memory)
    exports(TransformerDecoderLayer(6, 4, 3, norm_first=False), x, memory, mask, memory_mask)


def test_cost_is_as_documented() -> None:
    dim, hidden = 6, 5
    count = sum(p.numel() for p in TransformerEncoderLayer(dim, 3, hidden).parameters())
    assert count == 4 * dim * (dim + 1) + 2 * dim * hidden + hidden + 5 * dim
    count = sum(p.numel() for p in TransformerDecoderLayer(dim, dim, 3, hidden).parameters())
    assert count == 8 * dim * (dim + 1) + 2 * dim * hidden + hidden + 7 * dim


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: TransformerEncoderLayer(96, 7), "multi_head_attention: heads: expected a divisor of dim 96, got 7"),
        (
            lambda: TransformerEncoderLayer(6, 2, 0),
            "transformer_encoder_layer: dim_hidden: expected a positive integer, got 0",
        ),
        (
            lambda: TransformerDecoderLayer(6, 6, 2, activation="tanh"),
            "transformer_decoder_layer: activation: expected gelu, gelu_tanh or relu, got tanh",
        ),
    ],
)
def test_settings_are_checked(make: Callable[[], nn.Module], text: str) -> None:
    with unchecked(), pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
        make()


def test_rotary_turns_the_self_attention() -> None:
    """As plain layers around an attention that is rotary by itself."""
    x, memory = torch.randn(2, 5, 8, dtype=torch.float64), torch.randn(2, 7, 4, dtype=torch.float64)
    attention = MultiHeadAttention(8, 2, True, rotary=True).double()
    encoder_layer = randomise(TransformerEncoderLayer(8, 2, dropout=0.0, causal=True, rotary=True))
    decoder_layer = randomise(TransformerDecoderLayer(8, 4, 2, dropout=0.0, rotary=True))
    for layer, inputs in ((encoder_layer, (x,)), (decoder_layer, (x, memory))):
        attention.load_state_dict(layer.attention.state_dict())
        wanted = attention(layer.around_attention.before(x))
        same(layer.attention(layer.around_attention.before(x)), wanted)
        turned = layer(*inputs)
        layer.attention.rotary = False
        assert (turned - layer(*inputs)).abs().max() > 1e-3


@pytest.mark.parametrize("site", ["attention", "cross", "feed.2", "around_attention", "around_cross", "around_feed"])
def test_every_dropout_drops(site: str) -> None:
    """With the rate at this place alone, a training pass is random; with it nowhere, it is not."""
    layer, x, memory = TransformerDecoderLayer(6, 6, 2, dropout=0.5), torch.randn(2, 5, 6), torch.randn(2, 7, 6)
    places = {"attention": layer.attention, "cross": layer.cross, "feed.2": layer.feed[2]}
    places |= {name: getattr(layer, name).dropout for name in ("around_attention", "around_cross", "around_feed")}
    for name, place in places.items():
        attribute = "rate" if hasattr(place, "rate") else "dropout"
        assert getattr(place, attribute) == 0.5
        setattr(place, attribute, 0.5 if name == site else 0.0)
    assert not torch.equal(layer(x, memory), layer(x, memory))
    setattr(places[site], "rate" if hasattr(places[site], "rate") else "dropout", 0.0)
    assert torch.equal(layer(x, memory), layer(x, memory))


@pytest.mark.parametrize("layer", [TransformerEncoderLayer(6, 2), TransformerDecoderLayer(6, 4, 2)])
def test_defaults_are_the_papers(layer: nn.Module) -> None:
    """Four times as wide inside, a tenth dropped (Vaswani and others, table 3)."""
    assert (layer.feed[0].in_features, layer.feed[0].out_features) == (6, 24)
    assert layer.attention.dropout == 0.1


def test_attention_starts_as_torchs() -> None:
    """Xavier's bound over queries, keys and values together; biases are zero."""
    attention = MultiHeadAttention(64, 4)
    bound = (6 / (64 + 3 * 64)) ** 0.5
    weights = attention.qkv.weight.detach()
    assert 0.99 * bound < weights.abs().max() <= bound
    assert float(weights.std()) == pytest.approx(bound / 3**0.5, rel=0.02)
    assert not attention.qkv.bias.any()
    assert not attention.out.bias.any()


def test_cross_attention_starts_as_torchs() -> None:
    """Xavier's bound for each of queries, keys and values, which torch draws one by one here; biases are zero."""
    attention = CrossAttention(64, 40, 4)
    keys, values = attention.key_value.weight.detach().chunk(2)
    for weights, dim_in in ((attention.query.weight.detach(), 64), (keys, 40), (values, 40)):
        bound = (6 / (dim_in + 64)) ** 0.5
        assert 0.98 * bound < weights.abs().max() <= bound
        assert float(weights.std()) == pytest.approx(bound / 3**0.5, rel=0.03)
    assert not any(layer.bias.any() for layer in (attention.query, attention.key_value, attention.out))
