"""What left the range or the labels of the training rows, by column kind and by row."""

import numpy as np

from weftnet.data.kinds import KINDS
from weftnet.data.unfamiliar import departures

RANGE = "left the range seen in training: x "


def of(kind: str, training: list[object], asked: list[object], **settings: object) -> list[str]:
    return (
        KINDS.get(kind)(**settings).fit(np.array(training, dtype=object)).departures("x", np.array(asked, dtype=object))
    )


def test_numbers() -> None:
    asked = [16.5, 17, 90, None, 140, -2e6]
    want = [f"{RANGE}16.5 (17 … 90)", "", "", "", f"{RANGE}140 (17 … 90)", f"{RANGE}-2,000,000 (17 … 90)"]
    assert of("number", [17, 90, 40, None], asked) == want
    assert of("number", [123456.25, 234567.5], [1e5]) == [f"{RANGE}100,000 (123,456.2 … 234,567.5)"]
    assert of("number", ["1.234,5 €", "2.000,0 €"], ["3.000,5 €", "1.500,0 €"]) == [
        f"{RANGE}3000.5 (1234.5 … 2,000)",
        "",
    ]


def test_nothing_is_said_where_the_range_is_not_known() -> None:
    kind = KINDS.get("number")().fit([1.0, 2.0])
    state = kind.state()
    del state["bounds"]
    assert KINDS.get("number").from_state(state).departures("x", [5.0]) == [""]
    assert of("number", [None], [3]) == [""]


def test_labels_and_dates() -> None:
    said = of("category", ["a", "a", "b", "b", "c"], ["a", "c", "", None, "x"])
    never = "never seen in training, or too rarely: x "
    assert said == ["", f"{never}'c'", "", "", f"{never}'x'"]
    days = ["03.01.2020", "05.02.2021"]
    assert of("date", days, ["02.01.2020", "2020-05-05", None, "06.02.2021"], form="%d.%m.%Y") == [
        f"{RANGE}02.01.2020 (03.01.2020 … 05.02.2021)", "", "", f"{RANGE}06.02.2021 (03.01.2020 … 05.02.2021)",
    ]  # fmt: skip


def test_windows_say_their_furthest_value() -> None:
    kind = KINDS.get("window")(time=3).fit([1.0, 2.0, 5.0])
    asked = [[1, 2, 3], [0, 2, 3], [1, 9, 7], [np.nan, 2, 2], [-1, 9, 3], [np.nan] * 3]
    want = ["", f"{RANGE}0 (1 … 5)", f"{RANGE}9 (1 … 5)", "", f"{RANGE}9 (1 … 5)", ""]
    assert kind.departures("x", asked) == want


def test_rows_hold_what_each_column_says() -> None:
    columns = {"x": KINDS.get("number")().fit([1.0, 2.0]), "y": KINDS.get("category")(least=1).fit(["a", "b"])}
    said = departures(columns, {"x": [1.0, 3.0, 0.0], "y": ["a", "c", "b"], "z": [0, 0, 0]}, 3)
    assert [len(each) for each in said] == [0, 2, 1]
    assert departures(columns, {"x": ["wide"]}, 1) == [[]]  # whoever encodes it says what is wrong
