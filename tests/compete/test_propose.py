"""Proposals fit what they are proposed for: each is built with its task's head, its recipe is one, and it trains."""

import inspect

import pytest
import torch
import torch.nn.functional as F
from quick import some

from weftnet.architecture.signal import KINDS as SIGNAL_KINDS
from weftnet.architecture.signal import Signal, parse
from weftnet.architecture.spec import Architecture, Block
from weftnet.compete.propose import propose
from weftnet.compose import build
from weftnet.data import AUGMENTATIONS
from weftnet.errors import SettingError, UnknownName
from weftnet.tasks import TASKS, Candidate
from weftnet.tasks._assemble import Assembled, assemble
from weftnet.tasks._propose import SIGNALS
from weftnet.train.recipe import Recipe

IMAGES = ["image:1x8x8", "image:1x28x28", "image:3x32x32", "image:3x64x48", "image:1x29x31", "image:1x3x5",
          "image:3x224x224"]  # fmt: skip
OTHERS = ["tokens:20,vocabulary=300,padded", "tokens:3,vocabulary=300", "vector:13", "vector:1", "series:40x7",
          "series:260x2,padded", "series:2x1", "wave:4000", "wave:40"]  # fmt: skip
SEVERAL = {"photo": "image:3x20x24", "words": "tokens:12,vocabulary=30,padded", "facts": "vector:5",
           "curve": "series:30x2,padded", "sound": "wave:4000"}  # fmt: skip
MOMENTS = {"mean": [0.2], "scale": [0.3]}


def fits(candidate: Candidate, task: object, signals: dict[str, str]) -> Assembled:
    """The candidate with the task's head; raises if it does not fit."""
    return assemble(candidate.architecture, task, {name: parse(text) for name, text in signals.items()})


def parameters(assembled: Assembled) -> int:
    with torch.device("meta"):
        model = build(assembled.architecture, assembled.inputs)
    return sum(parameter.numel() for parameter in model.parameters())


def check(candidates: list[Candidate], task_name: str) -> None:
    names = [candidate.name for candidate in candidates]
    assert len(set(names)) == len(names)
    for candidate in candidates:
        recipe = Recipe.from_dict(candidate.recipe)
        for entry in recipe.augment:
            name, settings = (entry, {}) if isinstance(entry, str) else next(iter(entry.items()))
            AUGMENTATIONS.get(name)(**settings)
        assert set(candidate.settings) <= set(inspect.signature(TASKS.get(task_name)).parameters)
        assert candidate.why
        assert not candidate.recipe.keys() & {"epochs", "steps", "budget"}, "how long is for the user to say"


@pytest.mark.parametrize("text", some([*IMAGES, *OTHERS], "image:1x8x8", "image:1x3x5", *OTHERS))
def test_one_input(text: str) -> None:
    signals = {"x": text}
    candidates = propose({"x": parse(text)}, "classification")
    check(candidates, "classification")
    assert len(candidates) >= 2
    for candidate in candidates:
        assembled = fits(candidate, TASKS.get("classification")(labels=["a", "b", "c"]), signals)
        for form in candidate.forms[1:]:
            fits(form, TASKS.get("classification")(labels=["a", "b", "c"]), signals)
        if text in IMAGES:
            assert parameters(assembled) < 1_500_000 + 520 * parse(text).numel, "networks for images stay small"
    for candidate, other in zip(candidates, propose({"x": parse(text)}, "regression"), strict=True):
        assert other == candidate.with_settings(()), "label smoothing is for labels"
        Recipe.from_dict(other.recipe)


@pytest.mark.parametrize("names", [("photo", "facts"), ("words", "facts"), tuple(SEVERAL)])
def test_several_inputs_join(names: tuple[str, ...]) -> None:
    signals = {name: SEVERAL[name] for name in names}
    candidates = propose({name: parse(text) for name, text in signals.items()}, "classification")
    check(candidates, "classification")
    alone = [f"{name}_alone" for name in names]
    assert [candidate.name for candidate in candidates] == ["joined_light", "joined", "late", *alone]
    task = TASKS.get("classification")(labels=["a", "b"])
    light, rich, *_ = (parameters(fits(candidate, task, signals)) for candidate in candidates)
    assert light != rich


@pytest.mark.parametrize("text", ["image:1x8x8", "image:1x28x28", "image:1x29x31", "vector:13", "series:20x2"])
def test_what_draws_examples(text: str) -> None:
    scaled = MOMENTS if text.startswith("image") else {}
    for name in ("variational_autoencoder", "gan"):
        candidates = propose({"x": parse(text)}, name)
        check(candidates, name)
        assert len(candidates) == (2 if text in ("image:1x8x8", "image:1x28x28") else 1)
        for candidate in candidates:
            assert fits(candidate, TASKS.get(name)(signal=text, latent=12, **scaled), {"x": text})


def test_what_writes_on() -> None:
    text = "tokens:32,vocabulary=65"
    candidates = propose({"text": parse(text)}, "language_model")
    check(candidates, "language_model")
    task = TASKS.get("language_model")(vocabulary=65, context=32)
    sizes = [parameters(fits(candidate, task, {"text": text})) for candidate in candidates]
    assert max(sizes) < 1.2 * min(sizes), "a fair race"


def test_images_are_seen_by_every_family() -> None:
    signal = parse("image:1x8x8")
    blocks = {candidate.name: str(candidate.architecture) for candidate in propose({"x": signal}, "classification")}
    assert list(blocks) == ["mlp", "cnn", "vgg", "resnet", "hybrid", "vit", "row_lstm"]
    assert all(word in blocks["hybrid"] for word in ("conv2d", "lstm", "multi_head_attention"))


def test_a_long_wave_is_heard_and_a_short_one_is_a_series() -> None:
    names = {
        text: [each.name for each in propose({"x": parse(text)}, "regression")] for text in ("wave:4000", "wave:40")
    }
    heard = ["mel_statistics", "spectrogram_cnn", "spectrogram_conv", "spectrogram_lstm", "series_cnn"]
    assert names["wave:4000"] == heard
    assert names["wave:40"] == ["series_cnn", "series_lstm", "series_transformer"]


@pytest.mark.parametrize(("seconds", "hop"), [(1, 160), (2, 160), (3, 240), (5, 400), (10, 400)])
def test_frames_of_long_recordings_lie_further_apart(seconds: int, hop: int) -> None:
    for candidate in propose({"x": parse(f"wave:{16000 * seconds},rate=16000")}, "classification")[:4]:
        assert f"'hop': {hop}," in str(candidate.architecture)


def test_batches_of_few_recordings_are_smaller() -> None:
    signal = parse("wave:16000,rate=16000")
    for rows, batch in ((300, 32), (5000, 64)):
        for candidate in propose({"x": signal.with_rows(rows)}, "classification"):
            assert candidate.recipe["batch_size"] == batch


def test_long_texts_are_shortened_before_they_are_read_step_by_step() -> None:
    """A text of 1,200 tokens becomes 75 steps; a padded one gives what it gives alone; short texts stay as they are."""
    for text, convolutions in (("tokens:256,vocabulary=50,padded", 0), ("tokens:1200,vocabulary=50,padded", 2)):
        for candidate in propose({"x": parse(text)}, "classification"):
            expected = convolutions if candidate.name in ("text_lstm", "text_transformer") else 0
            assert str(candidate.architecture).count("'stride': 4") == expected
            assert ("shortened" in candidate.why) == bool(expected)
            if not expected:
                continue
            network = build(candidate.architecture, {"network": {"x": parse(text)}}, seed=0)["network"].eval()
            tokens, mask = torch.randint(50, (2, 1200)), torch.arange(1200) < torch.tensor([[1200], [37]])
            alone = network({"x": tokens[1:, :37]})
            torch.testing.assert_close(network({"x": tokens}, {"x": mask})[1:], alone, atol=1e-5, rtol=1e-4)


RATES = [1000, 8000, 11025, 16000, 44100, 96000]


@pytest.mark.parametrize("rate", some(RATES, 1000))
def test_a_wave_is_cut_into_frames_of_its_own_rate(rate: int) -> None:
    signal = f"wave:{rate},rate={rate},padded"
    task = TASKS.get("classification")(labels=["a", "b"])
    candidates = propose({"x": parse(signal)}, "classification")
    heard = ["mel_statistics", "spectrogram_cnn", "spectrogram_conv", "spectrogram_lstm"]
    assert [each.name for each in candidates][:4] == heard
    for candidate in candidates:
        assembled = fits(candidate, task, {"x": signal})
        if candidate.name.startswith("spectrogram"):
            settings = str(assembled.architecture)
            assert f"'rate': {rate}" in settings
            assert f"'window': {round(rate * 0.025)}" in settings
    for seconds in (0.055, 0.07, 0.2):
        for candidate in propose({"x": parse(f"wave:{round(rate * seconds)},rate={rate}")}, "classification"):
            fits(candidate, task, {"x": f"wave:{round(rate * seconds)},rate={rate}"})
    few = propose({"x": parse(f"wave:{round(rate * 0.03)},rate={rate}")}, "classification")
    assert [each.name for each in few] == ["series_cnn", "series_lstm", "series_transformer"]


def test_colour_images_are_flipped_and_grey_ones_are_not() -> None:
    for text, flipped in (("image:3x32x32", True), ("image:1x28x28", False)):
        for candidate in propose({"x": parse(text)}, "classification"):
            assert ("flip" in candidate.recipe["augment"]) == flipped


@pytest.mark.slow
def test_encoders_beside_others_are_bounded_by_the_rows() -> None:
    """The encoders of a large picture have millions of parameters; few rows get others, which are cheap to run."""
    picture, table = parse("image:3x128x128"), parse("vector:5")
    task = TASKS.get("regression")()
    for rows, most in ((428, 300_000), (50_000, 5_000_000)):
        signals = {"image": picture.with_rows(rows), "table": table.with_rows(rows)}
        candidates = {each.name: each for each in propose(signals, "regression")}
        sizes = {name: parameters(assemble(each.architecture, task, signals)) for name, each in candidates.items()}
        assert max(sizes.values()) < 2 * most + 100_000
        assert sizes["table_alone"] < most
        assert candidates["joined"].recipe["batch_size"] == (32 if rows == 428 else 512)


def test_a_new_kind_of_signal_brings_its_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are proposed for it alone, and as the encoder that they are marked for beside another input."""
    monkeypatch.setitem(SIGNAL_KINDS, "cube", (("dim", "height", "width"), "float"))
    monkeypatch.setattr(SIGNALS, "_entries", dict(SIGNALS._entries))

    def cube(signal: Signal) -> list[Candidate]:
        flat = [Block("flatten"), Block("dense", {"dim": 5})]
        return [Candidate("flat", Architecture.of(flat), {}, "flat", encoder="rich")]

    SIGNALS.add("cube", cube)
    assert [each.name for each in propose({"x": parse("cube:2x3x4")}, "regression")] == ["flat"]
    both = propose({"x": parse("cube:2x3x4"), "y": parse("vector:3")}, "regression")
    assert [each.name for each in both] == ["joined_light", "joined", "late", "x_alone", "y_alone"]
    assert all("'dim': 5" in str(each.architecture) for each in both[:3]), "the only encoder stands for both"


def test_a_task_without_proposals_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TASKS, "_entries", {**TASKS._entries, "ranking": TASKS.get("regression")})
    with pytest.raises(SettingError, match="nothing to propose for ranking") as caught:
        propose({"x": parse("vector:3")}, "ranking")
    assert caught.value.got == "because ranking brings no propose.py"


def test_an_unknown_task_says_which_there_are() -> None:
    with pytest.raises(UnknownName, match="no task is called 'clasification'") as caught:
        propose({"x": parse("vector:3")}, "clasification")
    assert caught.value.close == ("classification",) or "classification" in caught.value.close


@pytest.mark.parametrize(
    ("text", "task"),
    [("vector:3", "language_model"), ("tokens:8,vocabulary=9", "gan"), ("tokens:8", "classification")],
)
def test_inputs_that_no_proposal_reads_are_refused(text: str, task: str) -> None:
    with pytest.raises(SettingError, match=f"nothing to propose for {task}"):
        propose({"x": parse(text)}, task)


@pytest.mark.slow
def test_the_best_proposal_reads_digits() -> None:
    """Test accuracy of at least 98.5 % on scikit-learn's digits after 400 steps, the mean of three seeds."""
    from sklearn.datasets import load_digits

    x, y = (torch.tensor(values) for values in load_digits(return_X_y=True))
    x = x.float().view(-1, 1, 8, 8)
    (vgg,) = (c for c in propose({"x": parse("image:1x8x8")}, "classification") if c.name == "vgg")
    scores = []
    for seed in range(3):
        generator = torch.Generator().manual_seed(seed)
        train, test = torch.randperm(len(x), generator=generator).tensor_split([1257])
        test = test[270:]
        z = (x - x[train].mean()) / x[train].std()
        task = TASKS.get("classification")(labels=list("0123456789"), **vgg.settings)
        assembled = assemble(vgg.architecture, task, {"x": parse("image:1x8x8")})
        network = build(assembled.architecture, assembled.inputs, seed)["network"]
        optimiser = torch.optim.AdamW(network.parameters(), lr=vgg.recipe["lr"], weight_decay=0.01)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, vgg.recipe["lr"], 400)
        crop = AUGMENTATIONS.get("crop")(**vgg.recipe["augment"][0]["crop"])
        for _ in range(400):
            rows = train[torch.randperm(len(train), generator=generator)[: vgg.recipe["batch_size"]]]
            images, labels = crop(z[rows], y[rows], generator)
            optimiser.zero_grad()
            F.cross_entropy(network(images), labels, label_smoothing=task.label_smoothing).backward()
            optimiser.step()
            schedule.step()
        with torch.no_grad():
            scores.append((network.eval()(z[test]).argmax(1) == y[test]).float().mean())
    assert torch.stack(scores).mean() >= 0.985
