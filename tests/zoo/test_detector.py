"""The detector on other entries of the zoo: three levels, whatever the backbone, and what starts from its run."""

from typing import Any

import pytest

from weftnet.architecture.signal import parse
from weftnet.compose import build, resolve
from weftnet.errors import SettingError
from weftnet.zoo import ZOO
from weftnet.zoo.detector import start_map

PICTURE = {"image": parse("image:3x96x64")}


@pytest.mark.parametrize(
    ("backbone", "options", "strides"),
    [
        ("", None, [8, 16, 32]),
        ("resnet", {"depth": 18}, [8, 16, 32]),
        ("resnet_small", {"blocks": 1, "width": 4}, [4, 8, 16]),  # two levels are added
        ("efficientnet_lite", None, [8, 16, 32]),
    ],
)
def test_three_levels_of_any_backbone(backbone: str, options: dict[str, Any] | None, strides: list[int]) -> None:
    network = ZOO.get("detector")("small", backbone, options).parts["network"]
    towers = {row.path: row for row in resolve(network, PICTURE).leaves() if row.path.endswith("_places")}
    assert [row.settings["stride"] for row in towers.values()] == strides
    for row, stride in zip(towers.values(), strides, strict=True):
        (read,) = row.reads.values()
        assert read.sizes == (48, 96 // stride, 64 // stride)


def test_every_weight_of_the_backbone_has_a_partner() -> None:
    here = build(ZOO.get("detector")(backbone="efficientnet_lite"), {"network": PICTURE})["network"].state_dict()
    there = build(ZOO.get("efficientnet_lite")(), {"network": PICTURE})["network"].state_dict()
    pairs, names = start_map("efficientnet_lite"), set()
    for name, value in here.items():
        if name.split(".")[0] not in ("fine", "middle", "coarse"):
            continue
        own = next(path for path in pairs if name == path or name.startswith(path + "."))
        other = pairs[own] + name[len(own) :]
        assert there[other].shape == value.shape
        names.add(other)
    assert names == {name for name in there if name.startswith("body.")}


def test_what_makes_no_image_is_refused() -> None:
    for backbone, message in (("mlp", "the backbone makes no image"), ("char_lstm", "the backbone reads no image")):
        with pytest.raises(SettingError, match=message):
            ZOO.get("detector")(backbone=backbone)
    with pytest.raises(SettingError, match="options are of a backbone"):
        ZOO.get("detector")(options={"depth": 18})
    with pytest.raises(SettingError, match="size small, medium, large"):
        ZOO.get("detector")("huge")
