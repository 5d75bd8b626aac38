"""Transcription: which data are its own, what its network gives, what it answers, proposes, explains and judges."""

from typing import Any

import numpy as np
import pytest
import torch
from judging import figures

from weftnet.architecture.reading import from_dict
from weftnet.architecture.signal import parse
from weftnet.base.figures import Table
from weftnet.data import open_data
from weftnet.data.kinds.text import Text
from weftnet.data.outputs import chosen
from weftnet.errors import ArchitectureError, DataError, SettingError
from weftnet.explain import attribute
from weftnet.run.judging import judge
from weftnet.run.loading import Loaded, load
from weftnet.tasks import ANSWERS, EXAMPLES, EXPLANATIONS, INFERENCES, PROPOSALS, TASKS
from weftnet.tasks._assemble import assemble
from weftnet.tasks.transcription.task import Transcription
from weftnet.train import Recipe, fit

KIND = Text(level="characters", least=1).fit(["ab ba", "aab"])
TASK = Transcription(vocabulary=5, longest=5, rate=100, writer=KIND.state())
A, B, SPACE = (int(KIND.tokens(letter)[0]) for letter in "ab ")


def spelt(*steps: int) -> np.ndarray:
    """Log-probabilities (1, steps, 5) of one path, 0.9 a step."""
    return np.log(np.full((len(steps), 5), 0.025) + 0.875 * np.eye(5)[list(steps)])[None]


def asked(p: np.ndarray, values: np.ndarray, **options: Any) -> dict[str, Any]:
    outputs = INFERENCES.get("transcription")(
        lambda name, inputs, masks: {"output": p}, {"x": values}, {}, TASK.settings(), options
    )
    (answer,) = ANSWERS.get("transcription")(outputs, TASK.settings())
    return dict(answer)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Loaded, Any]:
    folder = tmp_path_factory.mktemp("tones")
    example = EXAMPLES.get("transcription")(folder)
    data = open_data(example.source, **example.options)
    task = TASKS.get("transcription").from_data(data)
    recipe = Recipe.for_task(task, steps=12, batch_size=16, lr=0.02, plan="eager")
    return load(fit(from_dict(example.architecture), task, data, recipe, folder / "run", device="cpu")), data


def test_recordings_with_texts_are_its_own(run: tuple[Loaded, Any]) -> None:
    loaded, data = run
    assert Transcription.suits(data) > 0.9
    task = loaded.task
    assert isinstance(task, Transcription)
    assert (task.rate, task.longest) == (2000, data.target.signal.size("time"))
    with pytest.raises(DataError, match="the target is of another kind"):
        Transcription.from_data(open_data({"x": np.zeros((9, 4)), "y": np.arange(9) % 3}))


def test_times_are_seconds_and_padding_says_nothing() -> None:
    p = np.concatenate([spelt(0, A, A, 0, A, B), np.zeros((1, 2, 5))], 1)
    answer = asked(p, np.zeros((1, 80, 1), np.float32))  # 80 samples of 100 a second: a step is a tenth of a second
    assert answer["text"] == "aab"
    assert [(each["begin"], each["end"]) for each in answer["tokens"]] == [(0.1, 0.3), (0.4, 0.5), (0.5, 0.6)]
    assert answer["certainty"] == pytest.approx(0.9)
    assert asked(p, np.zeros((1, 80, 1), np.float32), beam=4) == answer
    assert asked(np.zeros((1, 3, 5)), np.zeros((1, 30, 1))) == {"text": "", "certainty": 1.0, "tokens": []}
    with pytest.raises(DataError, match="beam is out of range"):
        asked(p, np.zeros((1, 80, 1)), beam=0)


def test_a_picture_s_places_are_its_columns() -> None:
    assert asked(spelt(A, 0, B), np.zeros((1, 1, 16, 12)))["tokens"][1]["begin"] == 0.08  # column 8, of 100 a second


@pytest.mark.parametrize(
    ("nodes", "message"),
    [
        (["global_average_pool1d"], "step by step"),
        ([{"conv1d": {"dim": 4, "stride": 4}}], "more tokens than the output has steps"),
        ([{"dense": {"dim": 5}}, "softmax"], "the head includes the softmax"),
    ],
)
def test_networks_that_can_not_tell_a_text(nodes: list[Any], message: str) -> None:
    with pytest.raises(ArchitectureError, match=message):
        assemble(from_dict(nodes), TASK, {"x": parse("series:16x3")})


def test_a_head_is_added_once() -> None:
    nodes: list[Any] = [{"conv1d": {"dim": 4}}, {"ctc_head": {"dim": 5}}]
    for written in (nodes[:1], nodes):
        model = assemble(from_dict(written), TASK, {"x": parse("series:16x3")})
        assert str(model.architecture.parts["network"]).count("ctc_head") == 1


@pytest.mark.parametrize("reads", ["wave:4000,rate=8000,padded", "image:1x32x100", "series:60x12,padded"])
def test_what_is_proposed_keeps_enough_steps(reads: str) -> None:
    for candidate in PROPOSALS.get("transcription")({"x": parse(reads)}, TASK):
        assemble(candidate.forms[-1].architecture, TASK, {"x": parse(reads)})
    assert PROPOSALS.get("transcription")({"x": parse("vector:5")}, TASK) == []


def test_the_judge_agrees_with_the_metrics(run: tuple[Loaded, Any]) -> None:
    loaded, data = run
    judgement, metrics = judge(loaded, data, "test"), loaded.metrics(data, "test")
    assert judgement.interval is not None
    assert judgement.interval.low <= metrics["word_error_rate"] <= judgement.interval.high
    table = next(each for each in figures(judgement, "Errors") if isinstance(each, Table))
    rates = {row[0]: row[-1] for row in table.rows}
    assert rates["words"] == pytest.approx(metrics["word_error_rate"])
    assert rates["characters"] == pytest.approx(metrics["character_error_rate"])
    assert judgement.baseline is not None
    assert judgement.baseline.what.startswith("always “")
    assert judgement.worst is not None


def test_an_explanation_is_of_a_text(run: tuple[Loaded, Any]) -> None:
    loaded, data = run
    batch = next(iter(data.batches("test", 3)))
    with torch.no_grad():
        p = chosen(loaded.outputs(batch))
    explain = EXPLANATIONS.get("transcription")
    of_answer, of_text = (explain(loaded.task.settings(), p, target) for target in (None, "ab c"))
    assert of_answer.names == [answer["text"] for answer in loaded.task.answers(loaded.outputs(batch))]
    assert of_text.names == ["ab c"] * 3
    nats = torch.nn.functional.ctc_loss(
        p.transpose(0, 1), of_text.index, (p != 0).any(2).sum(1), torch.full((3,), 4), reduction="none"
    )
    torch.testing.assert_close(of_text.scores(p, of_text.index), -nats)
    assert ((of_text.certainty(p, of_text.index) >= 0) & (of_text.certainty(p, of_text.index) <= 1)).all()
    with pytest.raises(SettingError, match="does not fit into the steps"):
        explain(loaded.task.settings(), p, "abc" * 40)
    (explanation,) = attribute(loaded, batch.slice(0, 1), "occlusion", window=200)
    assert explanation.inputs["wave"].shape[0] == batch.inputs["wave"].shape[1]
