"""Videos: what a folder holds, which frames are read, animations, arrays, masks, limits, and what is refused."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from weftnet.data import open_data
from weftnet.data.clips import are_frames, clip, evenly, frames, in_order
from weftnet.data.kinds.video import Video
from weftnet.errors import DataError


def pixels(seed: int, count: int = 5, channels: int = 3) -> Any:
    shape = (count, 6, 8) + ((channels,) if channels > 1 else ())
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


def animation(array: Any, form: str) -> bytes:
    stream, first = io.BytesIO(), [Image.fromarray(each) for each in array]
    more: dict[str, Any] = {"lossless": True} if form == "WEBP" else {}
    first[0].save(stream, form, save_all=True, append_images=first[1:], duration=40, **more)
    return stream.getvalue()


def folder_of_frames(folder: Path, array: Any, name: str = "f{}.png") -> Path:
    folder.mkdir(parents=True)
    for place, frame in enumerate(array, 1):
        Image.fromarray(frame).save(folder / name.format(place))
    return folder


def fitted(cells: Any, **settings: Any) -> Video:
    return Video(**settings).fit(cells)


def test_frames_are_chosen_evenly() -> None:
    assert evenly(10, 5) == [1, 3, 5, 7, 9]
    assert evenly(7, 7) == list(range(7))
    assert evenly(3, 6) == [0, 0, 1, 1, 2, 2]
    assert evenly(100, 1) == [50]
    for count in range(1, 40):
        for wanted in range(1, 20):
            places = evenly(count, wanted)
            assert places == sorted(places)
            assert 0 <= places[0] <= places[-1] < count


@pytest.mark.parametrize("form", ["PNG", "WEBP"])
def test_an_animation_is_its_frames(form: str, tmp_path: Path) -> None:
    array = pixels(0)
    (tmp_path / "a.png").write_bytes(animation(array, form))
    folder = folder_of_frames(tmp_path / "frames", array)
    for cell in (animation(array, form), tmp_path / "a.png", folder, array, array.transpose(0, 3, 1, 2)):
        assert clip(cell, 0)[:3] == (5, 6, 8)
        kind = fitted([array])
        np.testing.assert_array_equal(kind.encode([cell]), kind.encode([array]))
    assert [np.asarray(each.convert("RGB")).tolist() for each in frames(animation(array, form), 0, [1, 1, 4])] == [
        array[place].tolist() for place in (1, 1, 4)
    ]


def test_frames_of_a_gif_are_shown_over_those_before() -> None:
    field = np.zeros((4, 8, 8), np.uint8)
    for place in range(4):
        field[place, : 2 * place + 2] = 255  # each frame adds two rows: a GIF stores what changed alone
    kind = fitted([field])
    np.testing.assert_array_equal(kind.encode([animation(field, "GIF")]), kind.encode([field]))


def test_numbers_order_frames() -> None:
    names = [Path(f"a/frame_{n}.png") for n in (1, 2, 9, 10, 11)]
    assert in_order(sorted(names)) == names
    assert are_frames([Path(f"{n}.png") for n in range(8, 13)])
    assert not are_frames([Path("1.png"), Path("3.png")])
    assert not are_frames([Path("cat.png"), Path("dog.png")])
    assert not are_frames([Path("1.png"), Path("2.jpg")])
    assert not are_frames([Path("1.png")])


def test_values_are_normalised_over_all_frames_read() -> None:
    clips = [pixels(0), pixels(1)]
    encoded = fitted(clips).encode(clips)
    assert encoded.shape == (2, 5, 3, 6, 8)
    np.testing.assert_allclose(encoded.mean((0, 1, 3, 4)), 0, atol=1e-5)
    np.testing.assert_allclose(encoded.std((0, 1, 3, 4)), 1, atol=1e-5)
    kind = fitted(clips)
    np.testing.assert_array_equal(kind.unpack(kind.pack(clips)), encoded)
    assert [np.array_equal(a, b) for a, b in zip(kind.decode(encoded), clips, strict=True)] == [True, True]


def test_short_clips_are_stretched_or_padded() -> None:
    clips = [pixels(0, 6), pixels(1, 6), pixels(2, 3)]
    kind = fitted(clips, frames=6)
    np.testing.assert_array_equal(kind.encode(clips[2:])[0, ::2], kind.encode([clips[2][[0, 1, 2]]])[0, ::2])
    assert not kind.signal.padded
    padded = fitted(clips, frames=6, short="pad")
    assert padded.signal.padded
    assert not padded.packs(clips)
    encoded = padded.encode(clips)
    assert (~np.isnan(encoded)).all((2, 3, 4)).sum(1).tolist() == [6, 6, 3]
    assert np.array_equal(padded.decode(encoded)[2], clips[2])
    assert fitted([pixels(0, 40), pixels(1, 9)]).time == 16
    assert fitted([pixels(0, 4), pixels(1, 9), pixels(2, 5)]).time == 5


@pytest.mark.parametrize("form", ["frames", "gif", "apng"])
def test_a_folder_of_clips_is_recognised(form: str, tmp_path: Path) -> None:
    for number in range(12):
        home, array = tmp_path / "ab"[number % 2], pixels(number, 3 + number % 3)
        if form == "frames":
            folder_of_frames(home / f"clip{number}", array)
        else:
            home.mkdir(exist_ok=True)
            ending = {"gif": "gif", "apng": "png"}[form]
            (home / f"{number}.{ending}").write_bytes(animation(array, {"gif": "GIF", "apng": "PNG"}[form]))
    data = open_data(tmp_path, kinds={"video": {"video": {"short": "pad", "frames": 5}}})
    assert str(data.signals["video"]) == "video (time 5×channels 3×height 6×width 8)"
    assert data.target is not None
    assert data.target.facts["labels"] == ["a", "b"]
    batch = next(iter(data.batches("train", 12)))
    assert batch.masks["video"].sum(1).min() >= 3
    assert not batch.inputs["video"][~batch.masks["video"]].any()
    assert open_data(tmp_path).state() == open_data(tmp_path, state=open_data(tmp_path).state()).state()


def test_single_pictures_in_folders_of_folders_stay_images(tmp_path: Path) -> None:
    for number in range(12):
        home = tmp_path / "ab"[number % 2] / f"sub{number % 3}"
        home.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels(number)[0]).save(home / f"name{7 * number}.png")
    assert open_data(tmp_path).signals["image"].kind == "image"


def test_a_table_names_clips_and_folders(tmp_path: Path) -> None:
    for number in range(12):
        folder_of_frames(tmp_path / "in" / str(number), pixels(number))
        (tmp_path / f"{number}.gif").write_bytes(animation(pixels(number), "GIF"))
    for name, form in (("gifs", "{}.gif"), ("folders", "in/{}")):
        rows = "".join(f"{form.format(number)},{'xy'[number % 2]}\n" for number in range(12))
        (tmp_path / f"{name}.csv").write_text(f"clip,label\n{rows}")
    assert isinstance(open_data(tmp_path / "gifs.csv", target="label").kinds["video"], Video)
    kinds = {"clip": "video"}
    assert isinstance(open_data(tmp_path / "folders.csv", target="label", kinds=kinds).kinds["video"], Video)
    (tmp_path / "in" / "3" / "9.png").symlink_to("/etc/hostname")
    with pytest.raises(DataError, match="leads out of the folder"):
        open_data(tmp_path / "folders.csv", target="label", kinds=kinds)


def test_arrays_of_five_axes_are_videos() -> None:
    x = np.stack([pixels(number) for number in range(20)])
    data = open_data({"x": x, "y": np.array(["a", "b"] * 10)})
    assert data.signals["video"].sizes == (5, 3, 6, 8)
    with pytest.raises(DataError, match="no array of a video"):
        open_data({"x": x / 255.0, "y": np.array(["a", "b"] * 10)})


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        (b"GIF89a broken", "damaged|no image"),
        (np.zeros((2, 5, 4, 7), np.uint8), "no array of a video"),
        (np.full((2, 3, 4), 900), "no array of a video"),
        (None, "missing"),
        ("a.gif", "no image"),
    ],
)
def test_what_is_no_video_is_refused(cell: Any, said: str) -> None:
    kind = fitted([pixels(0)])
    with pytest.raises(DataError, match=said) as raised:
        kind.encode([pixels(1), cell])
    assert getattr(raised.value, "row", None) == 1


def test_a_truncated_animation_and_claims_beyond_the_limits_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = animation(pixels(0, 12), "PNG")
    kind = fitted([pixels(0)])
    with pytest.raises(DataError, match="damaged"):
        kind.encode([whole[: len(whole) // 2]])
    monkeypatch.setenv("WEFTNET_LIMITS", "frames=11")
    with pytest.raises(DataError, match="claims more frames than is safe"):
        kind.encode([whole])
    monkeypatch.setenv("WEFTNET_LIMITS", "footage=100")
    with pytest.raises(DataError, match="more pixels in all its frames"):
        kind.encode([pixels(0)])


def test_large_frames_are_made_smaller() -> None:
    kind = fitted([np.zeros((2, 240, 320), np.uint8) + np.arange(2, dtype=np.uint8)[:, None, None]])
    assert kind.sizes == [1, 48, 64]
    assert any("resized to 48×64" in notice("v") for notice in kind.notices)
    assert fitted([pixels(0)], size=[4, 5]).sizes == [3, 4, 5]


@pytest.mark.parametrize("settings", [{"short": "cut"}, {"frames": -1}, {"mode": "red"}, {"size": -3}])
def test_settings_are_checked(settings: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"^video: "):
        Video(**settings)
