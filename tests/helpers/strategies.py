"""Random architectures: any that can be written, and any that must be healthy."""

from hypothesis import strategies as st

from weftnet.architecture.signal import Signal, parse
from weftnet.architecture.spec import (
    MERGES,
    Architecture,
    Block,
    Chain,
    Graph,
    Node,
    Parallel,
    Repeat,
    Residual,
    Shared,
    Wire,
)
from weftnet.blocks import BLOCKS

words = st.from_regex(r"[a-z][a-z0-9_]{0,6}", fullmatch=True)
scalars = st.one_of(
    st.integers(-(10**6), 10**6),
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
    st.none(),
    st.text(max_size=8),
    st.sampled_from(["1e-5", "yes", "null", "0x1f", "1_000", "2024-01-01", "~", "- a", "a: b", "#", "é×"]),
)
settings = st.dictionaries(words, st.one_of(scalars, st.lists(scalars, max_size=3)), max_size=3)
labels = st.none() | words.map(lambda word: word + "_")


def _unlike(nodes: list[Node]) -> tuple[Node, ...]:
    """Nodes of which no two have one name."""
    return tuple({node.label or f"{number}": node for number, node in enumerate(nodes)}.values())


def _inner(nodes: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    rows = st.lists(nodes, min_size=1, max_size=4).map(_unlike)
    one = nodes.filter(lambda node: node != Chain())
    chains = st.builds(Chain, st.just(()) | rows, labels)
    return st.one_of(
        chains,
        st.builds(Residual, one, st.none() | nodes, labels),
        st.builds(Parallel, rows, st.sampled_from(MERGES), labels),
        st.builds(Repeat, st.integers(1, 10**6), one, labels),
        graphs(nodes),
    )


def graphs(nodes: st.SearchStrategy[Node]) -> st.SearchStrategy[Graph]:
    """Graphs whose form is right, whatever flows through them."""
    sources = st.lists(words, min_size=1, max_size=3).map(tuple) | st.dictionaries(words, words, min_size=1, max_size=2)
    wires = st.builds(Wire, sources, st.none() | nodes, st.none() | st.sampled_from(MERGES))
    some = st.lists(words, min_size=1, max_size=2, unique=True).map(tuple)
    return st.builds(Graph, some, st.dictionaries(words, wires, min_size=1, max_size=3), some, labels)


@st.composite
def blocks(draw: st.DrawFn) -> Block:
    """A block with settings of any sort."""
    return Block(draw(st.sampled_from(BLOCKS.names())), draw(settings), draw(labels))


nodes = st.recursive(blocks() | st.builds(Shared, words, st.booleans(), labels), _inner, max_leaves=8)


@st.composite
def architectures(draw: st.DrawFn) -> Architecture:
    """What can be written down, though most of it would fit nowhere."""
    parts = st.dictionaries(
        words | st.just("network"), nodes.filter(lambda node: node != Chain()), min_size=1, max_size=3
    )
    signals = st.sampled_from(["image:1x28x28", "tokens:9,vocabulary=50,padded", "wave:160"])
    return Architecture(draw(parts), draw(st.dictionaries(words, signals, max_size=2)))


KEEP = {
    "image": ["relu", "batch_norm2d", "dropout", "layer_norm"],
    "series": ["gelu", "layer_norm", "batch_norm", "dropout", "sinusoidal_positions", "softmax"],
    "vector": ["relu", "layer_norm", "batch_norm", "dropout", "tanh"],
}
TURN = {
    "image": ["flatten", "global_average_pool2d", "image_rows", "image_to_sequence"],
    "series": ["last_step", "global_max_pool1d", "flatten", "global_average_pool1d", "attention_pool"],
}
AFTER = {"image_rows": "series", "image_to_sequence": "series"}


@st.composite
def valid_chains(draw: st.DrawFn) -> tuple[Chain, Signal]:
    """A chain without faults, and its input."""
    text = draw(st.sampled_from(["image:3x8x6", "series:7x8", "vector:8", "tokens:6,vocabulary=11,padded"]))
    signal = parse(text)
    rows: list[Node] = []
    kind = signal.kind
    if kind == "tokens":
        rows, kind = [Block("embedding", {"dim": 8})], "series"
    for _ in range(draw(st.integers(1, 4))):
        rows.append(draw(_step(kind)))
        if kind in TURN and draw(st.integers(0, 3)) == 0:
            turn = draw(st.sampled_from([name for name in TURN[kind] if name != "layer_norm"]))
            rows.append(Block(turn))
            kind = AFTER.get(turn, "vector")
            rows.append(Block("dense", {"dim": 8}))
    return Chain(tuple(rows)), signal


def _step(kind: str) -> st.SearchStrategy[Node]:
    """A node that reads and gives this kind."""
    wide = {"image": "conv2d", "series": "conv1d", "vector": "dense"}[kind]
    width = "channels" if kind == "image" else "dim"
    sizes = st.integers(1, 2).map(lambda n: 8 * n)
    changes = sizes.map(lambda n: Block(wide, {width: n}))
    if kind == "series":
        changes |= sizes.map(lambda n: Block("lstm", {"dim": n // 2, "bidirectional": True}))
        changes |= st.just(Block("transformer_encoder_layer", {"heads": 2}))
        changes |= st.just(Block("conv1d", {"dim": 8, "stride": 2}))
    keeps = st.sampled_from([name for name in KEEP[kind] if kind != "image" or name != "layer_norm"]).map(Block)
    body = st.lists(keeps, min_size=1, max_size=2).map(lambda rows: Chain(tuple(rows)))
    merges = st.sampled_from(["add", "multiply", "concat"])
    combined = st.one_of(
        body.map(Residual),
        st.builds(Repeat, st.integers(1, 3), body),
        st.builds(lambda a, b, merge: Parallel((a, b), merge), body, keeps, merges),
    )
    return changes | keeps | combined
