"""A body on every step: values, masks, statistics of norms, steps, faults, writing and reading."""

import pytest
import torch
from oracles import same

from weftnet.architecture.faults import apply
from weftnet.architecture.reading import read_text
from weftnet.architecture.signal import parse
from weftnet.architecture.spec import Architecture, Block, Chain, Each, to_yaml
from weftnet.compose import Network, examine
from weftnet.compose.draw import draw
from weftnet.compose.mermaid import mermaid
from weftnet.compose.network import build
from weftnet.cost.cost import cost

BODY = Chain((Block("conv2d", {"channels": 4}), Block("batch_norm2d"), Block("relu"), Block("global_average_pool2d")))
WRITTEN = Architecture({"network": Chain((Each(BODY), Block("lstm", {"dim": 6}), Block("last_step")))})


def made(architecture, signal):
    network = build(architecture, {"network": {"x": parse(signal)}})["network"]
    assert isinstance(network, Network)
    return network.double()


def test_every_step_goes_through_the_body():
    network = made(WRITTEN, "video:5x3x8x6")
    x = torch.randn(2, 5, 3, 8, 6).double()
    network.eval()
    steps, mask = network.get_submodule("0")(x)
    body = network.get_submodule("0.body")
    same(steps, torch.stack([body(x[:, t])[0] for t in range(5)], 1))
    assert mask is None
    assert tuple(network(x).shape) == network.gives.shape(2)


def test_frames_at_padding_change_nothing():
    network = made(WRITTEN, "video:5x3x8x6,padded")
    x, mask = torch.randn(2, 5, 3, 8, 6).double(), torch.arange(5) < torch.tensor([[5], [3]])
    other = torch.where(mask[:, :, None, None, None], x, 100.0)
    for mode in (True, False):
        same(network.train(mode)({"x": x}, {"x": mask}), network({"x": other}, {"x": mask}))
    norm = network.get_submodule("0.body.1.norm")
    assert norm.running_mean.abs().max() < 5
    same(network.eval()({"x": x}, {"x": mask})[1:], network({"x": x[1:, :3]}, {"x": mask[1:, :3]}))


def test_a_norm_inside_is_the_norm_of_videos():
    x = torch.randn(3, 4, 2, 5, 6).double()
    inside = made(Architecture.of(Each(Block("batch_norm2d"))), "video:4x2x5x6").train()
    beside = made(Architecture.of(Block("batch_norm3d")), "video:4x2x5x6").train()
    same(inside(x), beside(x))


def test_it_works_step_by_step():
    network = made(Architecture.of([Each(Chain((*BODY.nodes,))), Block("lstm", {"dim": 6})]), "video:5x3x8x6").eval()
    x = torch.randn(2, 5, 3, 8, 6).double()
    state, steps = network.initial_state(2, 5), []
    for t in (slice(0, 2), slice(2, 3), slice(3, 5)):
        y, state = network.step(x[:, t], state)
        steps.append(y)
    same(torch.cat(steps, 1), network(x))


def test_it_is_written_read_drawn_and_costed():
    assert read_text(to_yaml(WRITTEN)) == (WRITTEN, [])
    assert read_text("- each: [flatten, {dense: {dim: 3}}]\n- last_step")[1] == []
    assert read_text("- each: {dense: {dim: 3}}")[0] == Architecture.of([Each(Block("dense", {"dim": 3}))])
    resolved, faults = examine(WRITTEN.parts["network"], {"x": parse("video:5x3x8x6")})
    assert resolved is not None
    assert not faults
    assert "each step" in draw(resolved)
    assert "0 each step" in mermaid(resolved)
    one, _ = examine(BODY, {"x": parse("image:3x8x6")})
    five, _ = examine(Each(BODY), {"x": parse("video:5x3x8x6")})
    assert one is not None
    assert five is not None
    assert cost(five, 2).flops == 5 * cost(one, 2).flops


@pytest.mark.parametrize(
    ("node", "signal", "said", "fixed"),
    [
        (Each(Block("conv2d", {"channels": 4})), "image:3x8x8", "step by step", Block("conv2d", {"channels": 4})),
        (Each(Block("image_rows")), "video:5x3x8x8", "a sequence for each step", None),
        (Block("conv2d", {"channels": 4}), "video:5x3x8x8", "reads an image, not a video", None),
        (Each(Block("flatten")), "tokens:5,vocabulary=7", "step by step", None),
    ],
)
def test_a_misfit_is_named_and_mended_where_it_can_be(node, signal, said, fixed):
    architecture = Architecture.of([node])
    _, faults = examine(architecture.parts["network"], {"x": parse(signal)})
    assert said in faults[0].what
    if faults[0].fix is not None:
        mended = apply(architecture, [faults[0].fix])
        assert not examine(mended.parts["network"], {"x": parse(signal)})[1]
        assert fixed is None or mended == Architecture.of([fixed])
