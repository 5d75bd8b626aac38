"""Images of 16 bits keep what there is to see; orientation holds in every format; what is squashed is said."""

import re
import struct
import zlib
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Pillow

from weftnet.data import KINDS, open_data
from weftnet.data.pictures import outlines, pictures


def deep(values: Any, form: str = "PNG") -> bytes:
    file = BytesIO()
    Pillow.fromarray(np.asarray(values, np.uint16)).save(file, form)
    return file.getvalue()


def column(cells: list[Any]) -> Any:
    made = np.empty(len(cells), object)
    made[:] = cells
    return made


@pytest.mark.parametrize("form", ["PNG", "TIFF"])
@given(st.integers(0, 65_000), st.integers(1, 535))
def test_sixteen_bits_are_scaled_by_the_levels_that_training_images_use(form: str, low: int, width: int) -> None:
    values = np.linspace(low, low + width, 12).astype(np.uint16).reshape(3, 4)
    kind = KINDS.get("image")().fit(column([deep(values, form)]))
    assert kind.deep == [low, low + width]
    pixels = kind.decode(kind.encode(column([deep(values, form)])))[0]
    assert np.abs(pixels - 255 * (values.astype(float) - low) / width).max() <= 0.5


def test_levels_beyond_those_of_training_are_clipped_and_a_setting_decides_otherwise() -> None:
    image = KINDS.get("image")
    kind = image().fit(column([deep([[100, 200]])]))
    assert kind.decode(kind.encode(column([deep([[0, 9000]])])))[0].tolist() == [[0, 255]]
    wide = image(levels=[0, 65535]).fit(column([deep([[0, 65535]])]))
    assert wide.decode(wide.encode(column([deep([[257, 65535]])])))[0].tolist() == [[1, 255]]
    with pytest.raises(ValueError, match="levels"):
        image(levels=[5, 5])


def test_runs_trained_before_read_sixteen_bits_as_they_did() -> None:
    kind = KINDS.get("image")(levels=[0, 65535]).fit(column([deep([[0, 65535]])]))
    state = {name: value for name, value in kind.state().items() if name not in ("deep", "levels")}
    assert KINDS.get("image").from_state(state).deep == [0, 65535]


def test_twelve_bits_in_a_folder_are_told_apart_and_said(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    for label, level in (("a", 1000), ("b", 1120)):
        (tmp_path / label).mkdir()
        for number in range(12):
            (tmp_path / label / f"{number}.png").write_bytes(deep(level + random.integers(-20, 20, (8, 8))))
    data = open_data(tmp_path)
    means: dict[int, list[float]] = {0: [], 1: []}
    for batch in data.batches("train", 100):
        for image, label in zip(batch.inputs["image"], batch.target.tolist(), strict=True):
            means[label].append(float(image.mean()))
    assert abs(np.mean(means[0]) - np.mean(means[1])) > 1.5  # of a standard deviation of all pixels
    assert any("have 16 bits" in note and "become 0 … 255" in note and "--kind " in note for note in data.notes)


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_that_of_the_viewer_in_every_format(form: str, orientation: int) -> None:
    upright = np.zeros((16, 32), np.uint8)
    upright[:8, :16] = 255  # white in the corner at the top left
    turn = {1: lambda a: a, 2: np.fliplr, 3: lambda a: np.rot90(a, 2), 4: np.flipud, 5: np.transpose,
            6: lambda a: np.rot90(a, 1), 7: lambda a: np.rot90(a, 2).T, 8: lambda a: np.rot90(a, -1)}  # fmt: skip
    stored, file, exif = Pillow.fromarray(np.ascontiguousarray(turn[orientation](upright))), BytesIO(), Pillow.Exif()
    exif[0x0112] = orientation
    stored.convert("RGB").save(file, form, exif=exif)
    (outline,) = outlines([file.getvalue()])
    assert (outline.height, outline.width) == (16, 32)
    (picture,) = pictures([file.getvalue()], (16, 32), grey=True, resize="stretch")
    assert np.abs(np.asarray(picture).astype(int) - upright).mean() < 8


@pytest.mark.parametrize("size", [0, [32, 32]])
def test_what_is_squashed_is_said_with_the_option_that_crops(size: Any) -> None:
    cells = []
    for shape in ((32, 64), (64, 32), (40, 40)):
        file = BytesIO()
        Pillow.new("L", shape, 200).save(file, "PNG")
        cells.append(file.getvalue())
    kind = KINDS.get("image")(size=size).fit(column(cells))
    (note,) = kind.findings("my photo", [], 3)
    assert "squashed" in note
    assert "--kind 'my photo={image: {size: [32, 32], resize: crop}}'" in note.replace("40, 40", "32, 32")
    same = KINDS.get("image")(size=20).fit(column(cells[2:]))
    assert not same.findings("x", [], 1)


def colours(pixels: Any) -> bytes:
    """A PNG of 16 bits a colour, as no Pillow writes it."""
    high, wide, _ = pixels.shape
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in pixels)
    chunks = [
        (b"IHDR", struct.pack(">IIBBBBB", wide, high, 16, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(rows)),
        (b"IEND", b""),
    ]
    parts = [
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body)) for name, body in chunks
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def test_a_colour_of_sixteen_bits_loses_its_lower_byte_and_that_is_said() -> None:
    cells = [colours(np.full((8, 8, 3), 256 * level + 77, np.uint16)) for level in range(20, 44)]
    eight = [
        file.getvalue() for level in range(4) if not Pillow.new("RGB", (8, 8), level).save(file := BytesIO(), "PNG")
    ]
    assert [each.halved for each in outlines([*cells, *eight])] == [True] * 24 + [False] * 4
    notes = open_data({"photo": cells, "y": ["a", "b"] * 12}, target="y").notes
    assert any(
        re.match(r"photo: \d+ training images have 16 bits a colour, of which the upper 8", note) for note in notes
    )


def test_images_of_another_depth_than_those_of_training_are_counted() -> None:
    image = KINDS.get("image")
    shallow, twelve = deep([[9, 200]]), deep([[100, 4000]])
    byte = BytesIO()
    Pillow.new("L", (2, 1), 7).save(byte, "PNG")
    on_twelve = image().fit(column([twelve]))
    assert on_twelve.unknown(column([byte.getvalue(), twelve, deep([[0, 65535]])])).total() == 2
    on_eight = image().fit(column([byte.getvalue()]))
    assert on_eight.unknown(column([byte.getvalue(), shallow, deep([[0, 65535]])])) == {"16 bits, up to 200": 1}
