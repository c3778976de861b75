"""The numbers that limit a program."""

from __future__ import annotations

from typing import Any

import pytest

from remit.kernel.limits import Limits, whole_number

EVERY = Limits.__slots__


class Counted:
    """A number of another library's."""

    def __index__(self) -> int:
        return 7


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("wrong", ["3", 1.5, None, True, b"3", [3]])
def test_what_is_no_number(name: str, wrong: Any) -> None:
    with pytest.raises(TypeError, match=rf"^{name} is .* \({type(wrong).__name__}\): .* are wanted, as an int, [01] "):
        Limits(**{name: wrong})


@pytest.mark.parametrize("name", EVERY)
def test_numbers_that_cannot_be(name: str) -> None:
    with pytest.raises(ValueError, match=rf"^{name} is -1: .* are wanted, [01] "):
        Limits(**{name: -1})


@pytest.mark.parametrize("name", ["io_bytes", "io_vectors", "random_bytes"])
def test_steps_have_a_size(name: str) -> None:
    """A program that moves nothing at a time would go on for ever."""
    with pytest.raises(ValueError, match=f"{name} is 0: .* 1 or more"):
        Limits(**{name: 0})


@pytest.mark.parametrize("name", EVERY)
def test_numbers_that_can_be(name: str) -> None:
    given: list[Any] = [1, 1000, Counted()]
    for value in given:
        limits = Limits(**{name: value})
        assert getattr(limits, name) == int(value)
        assert type(getattr(limits, name)) is int
        assert f"{name}={int(value)}" in repr(limits)


def test_descriptors_have_numbers() -> None:
    assert Limits(descriptors=(1 << 31) - 1).descriptors == 2147483647
    with pytest.raises(ValueError, match="descriptors is 2147483648: open descriptors are wanted, 0 to 2147483647"):
        Limits(descriptors=1 << 31)


def test_both_ends_belong_to_a_range() -> None:
    assert [whole_number("n", value, "things", least=2, most=4) for value in (2, 3, 4)] == [2, 3, 4]
    for value in (1, 5):
        with pytest.raises(ValueError, match=f"n is {value}: things are wanted, 2 to 4"):
            whole_number("n", value, "things", least=2, most=4)
