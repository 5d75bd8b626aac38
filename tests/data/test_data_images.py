"""Images out of files: the pixels are Pillow's, faults name file and row, and nothing is left out unseen."""

import io
import json
import struct
import threading
import warnings
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from image_folders import write_digits
from numpy.typing import NDArray
from PIL import Image as Pillow
from PIL import ImageOps

from weftnet.base.limits import limit
from weftnet.data import open_data
from weftnet.data.kinds._kind import BadValue
from weftnet.data.kinds.image import Image
from weftnet.data.pictures import QUIET, outlines, pictures
from weftnet.errors import DataError

RNG = np.random.default_rng(1)


def noise(*shape: int) -> NDArray[np.uint8]:
    return RNG.integers(0, 256, shape, dtype=np.uint8)


def packed(image: Any, form: str = "PNG", **options: Any) -> bytes:
    picture = Pillow.fromarray(image) if isinstance(image, np.ndarray) else image
    file = io.BytesIO()
    picture.save(file, form, **options)
    return file.getvalue()


def pixels(cell: Any, size: tuple[int, int], grey: bool = False, resize: Any = "stretch") -> NDArray[np.uint8]:
    (picture,) = pictures([cell], size, grey=grey, resize=resize)
    return np.asarray(picture)


def bomb(width: int, height: int) -> bytes:
    """A PNG whose header claims a size; its data are nothing."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"0" * 999)) + chunk(b"IEND", b"")


# what is decoded


@pytest.mark.parametrize("form", ["PNG", "WEBP", "BMP", "TIFF"])
def test_lossless_files_give_their_pixels(form: str) -> None:
    image = noise(7, 5, 3)
    options = {"lossless": True} if form == "WEBP" else {}
    np.testing.assert_array_equal(pixels(packed(image, form, **options), (7, 5)), image)


def test_jpeg_and_gif_give_what_pillow_gives() -> None:
    for form in ("JPEG", "GIF"):
        raw = packed(noise(9, 11, 3), form)
        expected = np.asarray(Pillow.open(io.BytesIO(raw)).convert("RGB"))
        np.testing.assert_array_equal(pixels(raw, (9, 11)), expected)


def test_grey_and_colour_are_turned_into_each_other() -> None:
    grey, colour = noise(6, 5), noise(6, 5, 3)
    np.testing.assert_array_equal(pixels(packed(grey), (6, 5)), np.repeat(grey[..., None], 3, 2))
    luma = colour @ np.array([0.299, 0.587, 0.114])
    np.testing.assert_allclose(pixels(packed(colour), (6, 5), grey=True), luma, atol=0.6)


def test_transparency_is_laid_over_white() -> None:
    image = noise(6, 5, 4)
    share = image[..., 3:] / 255
    np.testing.assert_allclose(pixels(packed(image), (6, 5)), image[..., :3] * share + 255 * (1 - share), atol=1)
    hidden = Pillow.new("LA", (4, 3), (0, 0))
    assert (pixels(packed(hidden), (3, 4), grey=True) == 255).all()


def test_palettes_with_and_without_transparency() -> None:
    palette = Pillow.fromarray(noise(6, 5, 3)).quantize(8)
    expected = np.asarray(palette.convert("RGB"))
    np.testing.assert_array_equal(pixels(packed(palette), (6, 5)), expected)
    clear = pixels(packed(palette, transparency=0), (6, 5))
    index = np.asarray(palette)
    assert (clear[index == 0] == 255).all()
    np.testing.assert_array_equal(clear[index != 0], expected[index != 0])


def test_sixteen_bits_keep_their_range() -> None:
    deep = RNG.integers(0, 65536, (6, 5), dtype=np.uint16)
    for form in ("PNG", "TIFF"):
        raw = packed(deep, form)
        np.testing.assert_array_equal(pixels(raw, (6, 5), grey=True), np.round(deep / 257).astype(np.uint8))
        assert list(outlines([raw])) == [(6, 5, True, (deep.min(), deep.max()), False)]


def test_cmyk_is_read_as_colour() -> None:
    raw = packed(Pillow.fromarray(noise(8, 8, 3)).convert("CMYK"), "JPEG")
    np.testing.assert_array_equal(pixels(raw, (8, 8)), np.asarray(Pillow.open(io.BytesIO(raw)).convert("RGB")))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_images_are_turned_upright(orientation: int) -> None:
    exif = Pillow.Exif()
    exif[0x0112] = orientation
    for form in ("JPEG", "PNG"):
        raw = packed(noise(16, 24, 3), form, exif=exif)
        upright = ImageOps.exif_transpose(Pillow.open(io.BytesIO(raw)))
        np.testing.assert_array_equal(pixels(raw, (upright.height, upright.width)), np.asarray(upright))
        assert list(outlines([raw])) == [(upright.height, upright.width, False, None, False)]


def test_bilevel_animation_and_pillows_own_images() -> None:
    bits = Pillow.fromarray(noise(6, 5)).convert("1")
    np.testing.assert_array_equal(pixels(packed(bits), (6, 5), grey=True), np.asarray(bits) * np.uint8(255))
    frames = [Pillow.fromarray(noise(6, 5)) for _ in range(3)]
    moving = packed(frames[0], "GIF", save_all=True, append_images=frames[1:])
    first = np.asarray(Pillow.open(io.BytesIO(moving)).convert("L"))
    np.testing.assert_array_equal(pixels(moving, (6, 5), grey=True), first)
    np.testing.assert_array_equal(pixels(frames[1], (6, 5), grey=True), np.asarray(frames[1]))


def test_resizing_is_pillows_and_crops_the_middle() -> None:
    image = Pillow.fromarray(noise(40, 60, 3))
    raw = packed(image)
    stretched = image.resize((12, 10), Pillow.Resampling.BILINEAR)
    np.testing.assert_array_equal(pixels(raw, (10, 12)), np.asarray(stretched))
    # the shorter side fits: 40 → 10, and of 60 → 15 the middle 10, that is columns 10 … 50 of the image
    cropped = image.resize((10, 10), Pillow.Resampling.BILINEAR, box=(10, 0, 50, 40))
    np.testing.assert_array_equal(pixels(raw, (10, 10), resize="crop"), np.asarray(cropped))


def test_a_large_jpeg_is_reduced_as_well_as_in_full() -> None:
    smooth = Pillow.fromarray(noise(12, 16, 3)).resize((640, 480), Pillow.Resampling.BICUBIC)
    raw = packed(smooth, "JPEG", quality=95)
    full = Pillow.open(io.BytesIO(raw)).resize((32, 24), Pillow.Resampling.BILINEAR)
    difference = np.abs(pixels(raw, (24, 32)).astype(int) - np.asarray(full).astype(int))
    assert difference.mean() < 1.5


# what is refused


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        (None, "the image is missing"),
        ("photo.png", "only a source opens files"),
        (b"", "empty"),
        (b"no image at all", "no image that can be read"),
        (b"%PDF-1.4 and so on", "no image that can be read"),
        (packed(noise(64, 64, 3), "JPEG")[:900], "damaged"),
        (packed(noise(64, 64, 3))[:900], "damaged"),
        (bomb(50_000, 50_000), "more pixels than is safe"),
        (bomb(9_000, 9_000), "more pixels than is safe"),
        (packed(Pillow.fromarray(np.ones((4, 4), np.float32)), "TIFF"), "floats"),
        (Path("nowhere.png"), "does not exist"),
        (noise(4, 4, 2), "no array of an image"),
        (np.full((4, 4), 300), "out of range"),
        (7, "no image"),
    ],
    ids=str.split("missing word empty text pdf jpeg png bomb big floats path channels range number"),
)
def test_what_is_no_image_is_named_with_its_row(cell: Any, message: str) -> None:
    with pytest.raises(BadValue, match=message) as caught:
        list(pictures([noise(4, 4), cell], (4, 4), grey=False, resize="stretch"))
    assert caught.value.row == 1


def test_a_bomb_is_refused_by_its_header() -> None:
    with pytest.raises(BadValue, match="more pixels"):
        list(outlines([bomb(limit("pixels"), 2)]))


FORMS = {form: packed(noise(8, 8, 3), form) for form in ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF")}


@given(st.sampled_from(sorted(FORMS)), st.data())
@settings(max_examples=150, deadline=None)
def test_damaged_files_are_decoded_or_refused(form: str, data: st.DataObject) -> None:
    raw = bytearray(FORMS[form])
    for _ in range(data.draw(st.integers(1, 6))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    cell = bytes(raw[: data.draw(st.integers(1, len(raw)))])
    try:
        list(outlines([cell]))
        assert pixels(cell, (3, 3)).shape == (3, 3, 3)
    except BadValue:
        pass


# the kind


def cells(*values: Any) -> NDArray[Any]:
    column = np.empty(len(values), dtype=object)
    for row, value in enumerate(values):
        column[row] = value
    return column


def test_threads_that_decode_at_once_leave_the_warnings_as_they_were() -> None:
    """The one that began first ends first: filters that each restored for itself would stay behind."""
    before = list(warnings.filters)
    first, second = pictures([packed(noise(4, 4))], (4, 4), grey=False, resize="stretch"), threading.Event()
    inside, leave = threading.Event(), threading.Event()

    def decode() -> None:
        with QUIET:
            inside.set()
            assert leave.wait(20)
        second.set()

    other = threading.Thread(target=decode)
    with QUIET:
        quiet = list(warnings.filters)
        other.start()
        assert inside.wait(20)
        assert len(list(first)) == 1
    assert list(warnings.filters) == quiet != before  # the other is still at it
    leave.set()
    assert second.wait(20)
    other.join()
    assert list(warnings.filters) == before


def test_files_are_encoded_as_the_same_arrays() -> None:
    for shape in ((9, 6, 5), (9, 6, 5, 3)):
        arrays = noise(*shape)
        files, whole = Image().fit(cells(*map(packed, arrays))), Image().fit(arrays)
        assert (files.sizes, files.bounds) == (whole.sizes, whole.bounds)
        np.testing.assert_allclose(files.shift, whole.shift)
        np.testing.assert_allclose(files.scale, whole.scale)
        z = files.encode(cells(*map(packed, arrays)))
        np.testing.assert_allclose(z, whole.encode(arrays), atol=1e-6)
        np.testing.assert_array_equal(files.decode(z), arrays)
        np.testing.assert_array_equal(files.encode(arrays), z)  # decoded already
        np.testing.assert_array_equal(files.encode([array.tolist() for array in arrays]), z)  # as JSON brings them
        assert files.facts == {"sizes": whole.sizes, "mode": "grey" if len(shape) == 3 else "colour"}


def test_sizes_are_chosen_with_a_note() -> None:
    kind = Image().fit(cells(*(packed(noise(*size)) for size in ((100, 150), (90, 120), (300, 200)))))
    assert kind.sizes == [1, 40, 64], "median 100 × 150, reduced to 42.7 × 64"
    assert "90 to 300 pixels high" in kind.findings("image", [], 3)[0]
    assert "all are resized to 40×64" in kind.findings("image", [], 3)[0]
    assert kind.encode([packed(noise(10, 10))]).shape == (1, 1, 40, 64)
    small = Image().fit(cells(*(packed(noise(*size)) for size in ((5, 7), (6, 7), (6, 9)))))
    assert small.sizes == [1, 6, 7]
    assert Image(size=12).fit(cells(packed(noise(5, 5)))).sizes == [1, 12, 12]
    wide = Image(size=[4, 9], mode="colour", resize="crop").fit(cells(packed(noise(5, 5))))
    assert wide.sizes == [3, 4, 9]
    assert not wide.notices


def test_grey_needs_every_image_to_be_grey() -> None:
    grey, colour = packed(noise(4, 4)), packed(noise(4, 4, 3))
    assert Image().fit(cells(grey, grey)).sizes[0] == 1
    mixed = Image().fit(cells(grey, colour))
    assert mixed.sizes[0] == 3
    assert "1 of 2 training images are grey, read as colour" in mixed.findings("image", [], 2)[0]
    assert Image(mode="grey").fit(cells(grey, colour)).sizes[0] == 1
    shades = Pillow.fromarray(noise(4, 4)).quantize(4)
    assert Image().fit(cells(packed(shades))).sizes[0] == 1


def test_a_column_of_arrays_takes_files_in_its_own_range() -> None:
    sixteen = RNG.integers(0, 17, (20, 8, 8), dtype=np.uint8)
    sixteen[0, 0, :2] = 0, 16
    kind = Image().fit(sixteen)
    assert kind.white == 16
    drawn = [packed((image * (255 / 16)).round().astype(np.uint8)) for image in sixteen]
    np.testing.assert_allclose(kind.encode(drawn), kind.encode(sixteen), atol=0.01)
    for top, low, white in ((200, 0, 255), (1.0, 0, 1), (0.8, 0, 1), (40_000, 0, 65535), (0.3, 0, 0.3)):
        values = np.array([low, top]).repeat(8).reshape(2, 2, 4)
        assert Image().fit(values).white == white
    with pytest.raises(DataError, match="of another size"):
        kind.encode([noise(8, 8), noise(8, 9)])
    with pytest.raises(DataError, match="of another size"):
        kind.encode(noise(2, 9, 8))


def test_states_of_the_first_format_keep_loading() -> None:
    kind = Image(range="unit").fit(noise(3, 4, 5))
    state = json.loads(json.dumps(kind.state()))
    old = {name: value for name, value in state.items() if name not in ("size", "mode", "resize")}
    assert Image.from_state(old) == kind
    with pytest.raises(DataError, match="not the state"):
        Image.from_state({name: value for name, value in state.items() if name != "shift"})


@pytest.mark.parametrize(
    "wrong", [{"size": -1}, {"size": [3]}, {"size": [3, 0]}, {"size": 2.5}, {"mode": "sepia"}, {"resize": "fill"}]
)
def test_settings_are_checked(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=f"image: {next(iter(wrong))}: expected"):
        Image(**wrong)


# folders


def test_a_folder_of_images_is_the_arrays(tmp_path: Path) -> None:
    data = open_data(write_digits(tmp_path / "digits", each=12))
    assert data.signals["image"].text() == "image:1x8x8"
    assert data.target is not None
    assert data.target.labels == [str(digit) for digit in range(10)]  # type: ignore[attr-defined]
    assert sum(data.sizes.values()) == 120
    assert data.notes == []
    batch = next(data.batches("train", 200))
    assert abs(float(batch.inputs["image"].mean())) < 1e-5
    again = open_data(data.source, state=data.state())
    assert again.fingerprint == data.fingerprint
    np.testing.assert_array_equal(next(again.batches("train", 200)).inputs["image"], batch.inputs["image"])
    file = next((tmp_path / "digits" / "7").iterdir())
    from_path, from_bytes = data.encode({"image": [file]}), data.encode({"image": [file.read_bytes()]})
    np.testing.assert_array_equal(from_path.inputs["image"], from_bytes.inputs["image"])


def test_many_classes_called_by_numbers_are_classes(tmp_path: Path) -> None:
    for label in range(25):
        (tmp_path / f"{label:02d}").mkdir()
        for number in range(4):
            (tmp_path / f"{label:02d}" / f"{number}.png").write_bytes(packed(noise(4, 4)))
    data = open_data(tmp_path)
    assert data.target is not None
    assert len(data.target.labels) == 25  # type: ignore[attr-defined]


def test_splits_of_the_source_are_kept(tmp_path: Path) -> None:
    data = open_data(write_digits(tmp_path, each=20, classes=(3, 8), test=5))
    assert data.sizes == {"train": 36, "validation": 4, "test": 10}


def test_skipped_files_are_noted(tmp_path: Path) -> None:
    write_digits(tmp_path, each=10, classes=(1, 2))
    (tmp_path / "1" / "notes.txt").write_text("hello")
    (tmp_path / "1" / ".hidden.png").write_bytes(b"x")
    (tmp_path / ".git").mkdir()
    (tmp_path / "nobody").mkdir()
    notes = " | ".join(open_data(tmp_path).notes)
    assert "1 files are no image and left out (1 × .txt), first 1/notes.txt" in notes
    assert "2 hidden files" in notes
    assert "1 folders hold no image, first nobody" in notes


def test_faults_in_a_folder_name_the_file(tmp_path: Path) -> None:
    write_digits(tmp_path, each=10, classes=(1, 2))
    broken = tmp_path / "2" / "text.png"
    broken.write_text("this is no image")
    with pytest.raises(DataError, match=r"text\.png: image") as caught:
        open_data(tmp_path)
    assert "no image that can be read" in str(caught.value)


def test_images_beside_the_classes_are_refused(tmp_path: Path) -> None:
    write_digits(tmp_path, each=10, classes=(1, 2))
    (tmp_path / "lost.png").write_bytes(packed(noise(8, 8)))
    with pytest.raises(DataError, match=r"lost\.png: the file is in no class's folder"):
        open_data(tmp_path)


def test_one_class_is_nothing_to_learn(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="the same in every row"):
        open_data(write_digits(tmp_path, classes=(4,)))


def test_images_without_classes_have_no_target(tmp_path: Path) -> None:
    for number in range(10):
        (tmp_path / f"{number}.png").write_bytes(packed(noise(4, 4)))
    assert open_data(tmp_path).target is None
    (tmp_path / "labels.csv").write_text("file,label\n")
    with pytest.raises(DataError, match=r"open the table: .*labels\.csv"):
        open_data(tmp_path)


def test_links_may_not_lead_outside(tmp_path: Path) -> None:
    inner = write_digits(tmp_path / "set", each=10, classes=(1, 2))
    secret = tmp_path / "secret.png"
    secret.write_bytes(packed(noise(8, 8)))
    link = inner / "1" / "link.png"
    link.symlink_to(secret)
    with pytest.raises(DataError, match=r"link\.png: the path leads out of the folder"):
        open_data(inner)
    link.unlink()
    (inner / "outside").symlink_to(tmp_path)
    with pytest.raises(DataError, match="leads out"):
        open_data(inner)
    (inner / "outside").unlink()
    link.symlink_to(link)
    with pytest.raises(DataError, match="can't be resolved"):
        open_data(inner)
    link.unlink()
    (inner / "again").symlink_to(inner / "1")
    assert any("first again" in note for note in open_data(inner).notes)


# a table beside


def table(folder: Path, names: list[str], column: str = "photo", kind: str = "csv") -> Path:
    rows = [{column: name, "size": row % 7, "label": "ab"[row % 2]} for row, name in enumerate(names)]
    if kind == "jsonl":
        (folder / "t.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        return folder / "t.jsonl"
    lines = [",".join(rows[0]), *(",".join(map(str, row.values())) for row in rows)]
    (folder / "t.csv").write_text("\n".join(lines) + "\n")
    return folder / "t.csv"


@pytest.fixture
def photos(tmp_path: Path) -> list[str]:
    (tmp_path / "in").mkdir()
    for number in range(20):
        (tmp_path / "in" / f"{number}.PNG").write_bytes(packed(noise(5, 6, 3)))
    return [f"in/{number}.PNG" for number in range(20)]


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_images_beside_a_table(tmp_path: Path, photos: list[str], kind: str) -> None:
    data = open_data(table(tmp_path, photos, kind=kind), target="label")
    assert {name: signal.text() for name, signal in data.signals.items()} == {
        "table": "vector:1",
        "image": "image:3x5x6",
    }
    before = data.fingerprint
    (tmp_path / photos[3]).write_bytes(packed(noise(5, 6, 3)))
    assert open_data(data.source, target="label").fingerprint != before, "the images are part of the data"
    words = open_data(data.source, target="label", kinds={"photo": None})
    assert list(words.signals) == ["table"]
    again = open_data(data.source, state=data.state())
    assert list(again.signals) == list(data.signals)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("../secret.png", "outside the table's folder"),
        ("/etc/hostname.png", "outside the table's folder"),
        ("in/../../secret.png", "outside the table's folder"),
        ("in/nowhere.png", "the file does not exist"),
        ("in", "the file does not exist"),
    ],
)
def test_bad_names_are_errors_with_row_and_column(tmp_path: Path, photos: list[str], name: str, message: str) -> None:
    folder = tmp_path / "home"
    (tmp_path / "in").rename(tmp_path / "moved")
    folder.mkdir()
    (tmp_path / "moved").rename(folder / "in")
    (tmp_path / "secret.png").write_bytes(packed(noise(5, 6, 3)))
    photos[4] = name
    kinds = {"photo": "image"}
    with pytest.raises(DataError, match=message) as caught:
        open_data(table(folder, photos), target="label", kinds=kinds)
    assert caught.value.where.endswith("t.csv: row 6, column 'photo'")


def test_a_damaged_image_beside_a_table_is_an_error_with_row_and_column(tmp_path: Path, photos: list[str]) -> None:
    whole = (tmp_path / photos[9]).read_bytes()
    (tmp_path / photos[9]).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match="damaged") as caught:
        open_data(table(tmp_path, photos), target="label")
    assert caught.value.where.endswith("t.csv: row 11, column 'photo'")
    assert "9.PNG" in caught.value.got
    photos[9] = ""
    with pytest.raises(DataError, match="the image is missing"):
        open_data(table(tmp_path, photos), target="label")


@pytest.mark.parametrize("sort", ["paths", "bytes", "pictures", "arrays", "one array"])
def test_images_in_memory_beside_numbers(tmp_path: Path, sort: str) -> None:
    even = sort == "one array"
    raw = [noise(5, 6 + (0 if even else row % 3)) for row in range(30)]
    for row, image in enumerate(raw):
        (tmp_path / f"{row}.png").write_bytes(packed(image))
    images: Any = {
        "paths": [tmp_path / f"{row}.png" for row in range(30)],
        "bytes": [packed(image) for image in raw],
        "pictures": [Pillow.fromarray(image) for image in raw],
        "arrays": raw,
        "one array": np.stack(raw) if even else None,
    }[sort]
    columns = {"photo": images, "size": np.arange(30) % 7, "label": ["a", "b"] * 15}
    data, again = (open_data(columns, target="label") for _ in range(2))
    assert data.signals["image"].kind == "image"
    assert data.fingerprint == again.fingerprint
    encoded = data.encode({"photo": list(images[:2]), "size": [1, 2]})
    assert encoded.inputs["image"].shape == (2, *data.signals["image"].sizes)
    if sort == "paths":
        (tmp_path / "3.png").write_bytes(packed(noise(5, 6)))
        assert open_data(columns, target="label").fingerprint != data.fingerprint


def test_words_over_the_wire_open_nothing(tmp_path: Path, photos: list[str]) -> None:
    data = open_data(table(tmp_path, photos), target="label")
    with pytest.raises(DataError, match="only a source opens files"):
        data.encode({"photo": [str(tmp_path / photos[0])], "size": [1]})
