"""What the package offers, and nothing besides."""

from __future__ import annotations

import pytest

import tipsearch


def test_the_public_names_are_listed_in_order() -> None:
    assert tipsearch.__all__ == sorted(tipsearch.__all__)
    for name in tipsearch.__all__:
        assert getattr(tipsearch, name).__name__ == name


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        tipsearch.Nothing  # noqa: B018


def test_each_error_knows_its_exit_code_and_shows_its_hint() -> None:
    codes = {
        name: getattr(tipsearch, name).exit_code for name in tipsearch.__all__ if "Error" in name
    }
    assert codes == {
        "BackendError": 1,
        "IndexBusyError": 5,
        "IndexFormatError": 4,
        "ModelError": 6,
        "ProfileError": 3,
        "QueryError": 2,
        "ServerError": 2,
        "TipsearchError": 1,
    }
    assert str(tipsearch.QueryError("k is 0", "ask for more")) == "k is 0; ask for more"
    assert str(tipsearch.QueryError("k is 0")) == "k is 0"
