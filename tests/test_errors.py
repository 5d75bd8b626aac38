"""Errors say where, what was expected, what was there and what can be done; what is not known is left out."""

from weftnet.errors import DataError, MissingExtra, WeftnetError, closest


def test_all_that_is_known_is_said() -> None:
    error = DataError("the row is short", where="a.csv: row 3", expected="4 values", got="3", fix="add one")
    assert str(error) == "a.csv: row 3: the row is short\n  expected: 4 values\n  got: 3\n  fix: add one"
    assert error.args == ("the row is short",)
    assert (error.where, error.fix) == ("a.csv: row 3", "add one")


def test_what_is_not_known_is_left_out() -> None:
    assert str(WeftnetError("no")) == "no"
    assert str(WeftnetError("no", fix="yes")) == "no\n  fix: yes"


def test_an_extra_that_is_missing_is_said_with_the_line_that_installs_it() -> None:
    error = MissingExtra("ray", "parallel", what="--on ray")
    assert str(error) == "--on ray needs ray\n  fix: pip install 'weftnet[parallel]'"


def test_dashes_underscores_and_case_keep_no_name_from_being_close() -> None:
    assert closest("Gr-U", ["lstm", "gru"]) == closest("g_r_u", ["lstm", "gru"]) == ("gru",)
    assert closest("dense", ["d-e-n-s-e", "tanh"]) == ("d-e-n-s-e",)
    assert closest("dense", ["tanh"]) == ()
