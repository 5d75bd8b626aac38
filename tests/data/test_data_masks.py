"""Masks: every way a picture holds class numbers, what doesn't count, names, sizes; and folders of images and masks."""

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image as Pillow

from weftnet.data import open_data
from weftnet.data.augment.affine import Affine
from weftnet.data.augment.flip import Flip
from weftnet.data.kinds.mask import VOID, Mask
from weftnet.errors import DataError

NUMBERS = np.random.default_rng(0).integers(0, 4, (5, 6, 7)).astype(np.uint8)


def saved(numbers: Any, mode: str = "L", form: str = "PNG") -> bytes:
    numbers = np.asarray(numbers, np.uint16 if mode == "I;16" else np.uint8)
    picture = Pillow.fromarray(numbers).convert("L") if mode != "I;16" else Pillow.fromarray(numbers)
    if mode == "P":
        picture = Pillow.fromarray(np.asarray(numbers, np.uint8), mode="L")
        picture.putpalette([k for n in range(256) for k in (n, 255 - n, (7 * n) % 256)])
    file = io.BytesIO()
    (picture if mode in ("L", "P", "I;16") else picture.convert(mode)).save(file, form)
    return file.getvalue()


def cells(values: list[Any]) -> Any:
    column = np.empty(len(values), object)
    column[:] = values
    return column


@pytest.mark.filterwarnings("ignore:'mode' parameter is deprecated")
@pytest.mark.parametrize("mode", ["L", "P", "I;16"])
def test_numbers_come_back_from_every_mode(mode: str) -> None:
    raw = NUMBERS.astype(np.uint16) * 100 if mode == "I;16" else NUMBERS
    kind = Mask().fit(cells([saved(each, mode) for each in raw]))
    assert kind.numbers == sorted(set(raw.ravel().tolist()))
    encoded = kind.encode(cells([saved(each, mode) for each in raw]))
    assert encoded.dtype == np.uint8
    np.testing.assert_array_equal(encoded, NUMBERS)
    np.testing.assert_array_equal(kind.decode(encoded), raw)


def test_black_and_white() -> None:
    kind = Mask().fit(cells([saved(255 * (each > 1), "1") for each in NUMBERS]))
    assert kind.numbers == [0, 1]
    grey = Mask().fit(cells([saved(255 * (each > 1).astype(np.uint8)) for each in NUMBERS]))
    assert grey.numbers == [0, 255]
    assert "0 and 255 are read as two classes" in grey.notices
    np.testing.assert_array_equal(
        grey.encode(cells([saved(255 * (NUMBERS[0] > 1).astype(np.uint8))]))[0], NUMBERS[0] > 1
    )


def test_what_does_not_count() -> None:
    holes = np.where(NUMBERS == 3, 255, NUMBERS).astype(np.uint8)
    kind = Mask().fit(holes)
    assert kind.numbers == [0, 1, 2]
    np.testing.assert_array_equal(kind.mask(kind.encode(holes)), NUMBERS != 3)
    by_name = Mask(classes=["road", "Void", "tree", "sky"]).fit(NUMBERS)
    assert by_name.labels == ["road", "tree", "sky"]
    np.testing.assert_array_equal(by_name.encode(NUMBERS) == VOID, NUMBERS == 1)
    assert Mask(void=[0, 2]).fit(NUMBERS).numbers == [1, 3]
    state = json.loads(json.dumps(by_name.state()))
    np.testing.assert_array_equal(Mask.from_state(state).encode(NUMBERS), by_name.encode(NUMBERS))


def test_names_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "names.txt").write_text("a\nb\n\nc\nd\n", encoding="utf-8")
    kind = Mask(classes=str(tmp_path / "names.txt")).fit(NUMBERS)
    assert kind.labels == kind.classes == ["a", "b", "c", "d"]
    with pytest.raises(DataError, match="can't be read"):
        Mask(classes=str(tmp_path / "missing.txt")).fit(NUMBERS)


def test_the_nearest_pixel_of_another_size() -> None:
    kind = Mask(size=[4, 3]).fit(NUMBERS)
    wanted = [
        [[each[int((i + 0.5) * 6 / 4), int((j + 0.5) * 7 / 3)] for j in range(3)] for i in range(4)] for each in NUMBERS
    ]
    np.testing.assert_array_equal(kind.encode(NUMBERS), wanted)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (cells([saved(NUMBERS[0], "RGB")]), "a mask holds class numbers"),
        (cells([saved(NUMBERS[0], "L", "JPEG")]), "a mask holds class numbers"),
        (cells([b"no picture"]), "no image that can be read"),
        (cells([np.ones((2, 3))]), "this is no mask"),
        (np.zeros((3, 4, 5), np.uint8), "can't be learnt"),
    ],
)
def test_what_is_no_mask_is_refused(values: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        Mask().fit(values)


def test_an_unknown_number_is_an_error_in_a_target_and_void_in_a_question() -> None:
    kind = Mask().fit(NUMBERS)
    strange = np.full((1, 6, 7), 9, np.uint8)
    assert (kind.encode(strange) == VOID).all()
    with pytest.raises(DataError, match=r"row 0: 9 is no class of the training masks\n.*0, 1, 2, 3; void: 255"):
        kind.encode_target(strange)
    with pytest.raises(DataError, match=r"without a name\n.*0 to 1\n.*2, 3"):
        Mask(classes=["a", "b"]).fit(NUMBERS)


def pairs(folder: Path, form: str = "images/{}/{}", splits: tuple[str, ...] = ("train", "val", "test")) -> None:
    """Grey images whose brightness is 60 × the class, in the layout `form` of (folder, name); six a split."""
    draw = np.random.default_rng(3)
    for split in splits:
        for n in range(6):
            numbers = draw.integers(0, 3, (8, 12)).astype(np.uint8)
            for kind, content in (("images", 60 * numbers), ("masks", numbers)):
                path = folder / form.replace("images", kind).format(split, f"{split}{n}.png")
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(saved(content))


@pytest.mark.parametrize("form", ["images/{}/{}", "{}/images/{}"])
def test_folders_with_splits(tmp_path: Path, form: str) -> None:
    pairs(tmp_path, form)
    (tmp_path / "classes.txt").write_text("ground\ntree\nsky\n", encoding="utf-8")
    data = open_data(tmp_path)
    assert data.sizes == {"train": 6, "validation": 6, "test": 6}
    assert isinstance(data.target, Mask)
    assert data.target.labels == ["ground", "tree", "sky"]
    for split in data.sizes:
        for batch in data.batches(split, 4):
            pixels = data.preprocessing.columns["image"].decode(batch.inputs["image"].numpy())  # type: ignore[attr-defined]
            np.testing.assert_array_equal(pixels, 60 * batch.target.numpy())
            assert batch.target_mask is not None
            assert batch.target_mask.all()


def test_folders_without_splits_and_a_table_of_paths(tmp_path: Path) -> None:
    pairs(tmp_path, "images/{}{}", ("a", "b", "c"))
    data = open_data(tmp_path)
    assert sum(data.sizes.values()) == 18
    rows = [f"images/{s}{s}{n}.png,masks/{s}{s}{n}.png" for s in "abc" for n in range(6)]
    table = tmp_path / "pairs.csv"
    table.write_text("\n".join(["picture,regions", *rows]), encoding="utf-8")
    named = open_data(table, target="regions", kinds={"regions": "mask"})
    assert isinstance(named.target, Mask)
    assert named.sizes == data.sizes
    batch = next(named.batches("train", 9))
    pixels = named.preprocessing.columns["picture"].decode(batch.inputs["image"].numpy())  # type: ignore[attr-defined]
    np.testing.assert_array_equal(pixels, 60 * batch.target.numpy())


def test_what_has_no_partner_is_named(tmp_path: Path) -> None:
    pairs(tmp_path)
    (tmp_path / "masks" / "val" / "val3.png").unlink()
    with pytest.raises(DataError, match=r"val3\.png: the image has no mask"):
        open_data(tmp_path)
    (tmp_path / "images" / "val" / "val3.png").unlink()
    (tmp_path / "images" / "test" / "test0.png").unlink()
    with pytest.raises(DataError, match=r"test0\.png: the mask has no image"):
        open_data(tmp_path)


@pytest.mark.parametrize("augmentation", [Flip(1.0), Affine(20, 0.2, 0.1)])
def test_a_mask_moves_with_its_image(augmentation: Any) -> None:
    """Where the moved image is brightest of two shades, the mask has its class; beyond the border it is void."""
    numbers = torch.zeros(4, 24, 24, dtype=torch.uint8)
    numbers[:, 5:17, 8:20] = 1
    images = 1.0 * numbers[:, None]
    transform = augmentation.transform(images, torch.Generator().manual_seed(1))
    kind = Mask().fit(numbers.numpy())
    moved, mask = kind.moved(numbers, torch.ones_like(numbers, dtype=torch.bool), transform)
    image = transform.images(images)[:, 0]
    sure = (image < 0.02) | (image > 0.98)
    assert mask is not None
    torch.testing.assert_close(mask, moved != VOID)
    torch.testing.assert_close(moved[mask & sure].double(), image[mask & sure].round().double())
