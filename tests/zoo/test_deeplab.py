"""DeepLab on other entries of the zoo: dilations for strides, and what starts from a run of the backbone."""

from typing import Any

import pytest
import torch

from weftnet.architecture.signal import parse
from weftnet.architecture.spec import Chain, Node, Repeat, Residual
from weftnet.compose import build, resolve
from weftnet.errors import SettingError
from weftnet.zoo import ZOO
from weftnet.zoo._dilation import dilated
from weftnet.zoo._levels import images
from weftnet.zoo._residual import conv_norm
from weftnet.zoo._write import block, chain, network
from weftnet.zoo.deeplab import start_map

PICTURE = {"image": parse("image:3x64x96")}


@pytest.mark.parametrize(("reduced", "enlarged", "size"), [(16, 1, (16, 24)), (8, 1, (16, 24)), (16, 2, (32, 48))])
def test_another_backbone_is_dilated(reduced: int, enlarged: int, size: tuple[int, int]) -> None:
    made = ZOO.get("deeplab")(reduced=reduced, backbone="efficientnet_lite", width=8, enlarged=enlarged)
    found = resolve(made.parts["network"], PICTURE)
    assert found.output.sizes == (8, *size)
    last = [leaf for leaf in found.leaves() if leaf.path.startswith("seen.1.further")][-1]
    assert last.output.sizes == (320, 64 * enlarged // reduced, 96 * enlarged // reduced)  # without 1280 channels
    momenta = {leaf.settings.get("momentum", 0.1) for leaf in found.leaves() if leaf.name == "batch_norm2d"}
    assert momenta == {0.1}


@pytest.mark.parametrize("version", ["v3", "v3+"])
def test_every_weight_of_the_backbone_has_a_partner(version: str) -> None:
    made = ZOO.get("deeplab")(version, backbone="efficientnet_lite", width=8)
    here = build(made, {"network": PICTURE})["network"].state_dict()
    there = build(ZOO.get("efficientnet_lite")(), {"network": PICTURE})["network"].state_dict()
    pairs, names = start_map("efficientnet_lite", version=version), set()
    for name, value in here.items():
        own = next((path for path in pairs if name.startswith(path + ".")), None)
        if own is not None:
            other = pairs[own] + name[len(own) :]
            assert there[other].shape == value.shape
            names.add(other)
    last = [name for name in there if name.startswith("body.")][-6:]  # the last convolution and its norm
    assert names == {name for name in there if name.startswith("body.")} - set(last)


def test_a_dilated_network_sees_at_every_pixel_what_a_strided_one_sees_at_some() -> None:
    inner = chain(conv_norm(5, 3, 2), block("relu"), conv_norm(5, 3))
    nodes: list[Node] = [
        *conv_norm(4, 3, 2), Residual(inner, chain(conv_norm(5, 1, 2))), *conv_norm(6, 5, 2), *conv_norm(3, 3),
    ]  # fmt: skip
    both = network(nodes), network(dilated(nodes, 1, 2, "here"))
    signal = {"network": {"image": parse("image:2x32x48")}}
    strided, dense = (build(each, signal)["network"].double().eval() for each in both)
    dense.load_state_dict(strided.state_dict())
    x = torch.randn(2, 2, 32, 48, dtype=torch.float64)
    want, got = strided({"image": x}, {}), dense({"image": x}, {})
    assert got.shape[2:] == (16, 24)
    torch.testing.assert_close(got[:, :, ::4, ::4], want)


def test_levels_without_the_classifiers_convolution() -> None:
    last = images(ZOO.get("efficientnet_lite")(), "here")[-1]
    assert (last.channels[-1], last.narrow().channels[-1]) == (1280, 320)
    plain = images(ZOO.get("resnet")(18), "here")[-1]
    assert plain.narrow() == plain


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"options": {"depth": 18}}, "options are of a backbone"),
        ({"enlarged": 3}, "enlarged 1, 2, 4"),
        ({"backbone": "lenet"}, "the backbone makes no such images"),
        ({"backbone": "densenet", "reduced": 8}, "the backbone makes images of another size"),  # its pools stay
    ],
)
def test_what_there_is_not_is_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingError, match=message):
        ZOO.get("deeplab")(**settings)


def test_what_can_not_be_dilated_is_refused() -> None:
    with pytest.raises(SettingError, match="its strides can't become dilations"):
        dilated([Repeat(2, Chain((block("conv2d", channels=2, kernel=3),)))], 1, 2, "here")
