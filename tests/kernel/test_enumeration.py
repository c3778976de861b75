"""Enumerations that cost nothing to import behave as those of :mod:`enum` do, as far as anybody here needs it."""

from __future__ import annotations

import copy
import pickle

import pytest

from remit.kernel.enumeration import Enum
from remit.kernel.errors import Code
from remit.kernel.files import Advice, FileType


class Colour(Enum):
    """Some members, and what is none."""

    RED = "red"
    DARK_BLUE = "blue"

    def shout(self) -> str:
        return f"{self.value}!"


def test_members_are_the_names_in_capitals_in_their_order() -> None:
    assert [member.name for member in Colour] == ["RED", "DARK_BLUE"]
    assert len(Colour) == 2


def test_a_member_knows_its_name_and_its_value() -> None:
    red, blue = Colour
    assert (red.name, red.value, repr(red), red.shout()) == ("RED", "red", "Colour.RED", "red!")
    assert isinstance(red, Colour)
    assert red != blue


def test_there_is_one_object_of_each() -> None:
    for member in (*Code, *FileType, *Advice):
        assert copy.deepcopy(member) is member
        assert pickle.loads(pickle.dumps(member)) is member
    with pytest.raises(TypeError, match="Code"):
        Code("permission denied")


def test_what_the_kernel_enumerates() -> None:
    assert (len(Code), len(FileType), len(Advice)) == (55, 8, 6)
    assert len({code.value for code in Code}) == len(Code)
