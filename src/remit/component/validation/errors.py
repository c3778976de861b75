"""What is wrong with a component that is well-formed."""

from __future__ import annotations


def shown(thing: object) -> str:
    """Something that the file chose, for a message: no more than its beginning."""
    text = str(thing)
    return text if len(text) <= 200 else f"{text[:200]}…"


class ValidationError(ValueError):
    """A component breaks a rule. `offset` is where, in bytes from the start of the file."""

    def __init__(self, problem: str, offset: int) -> None:
        super().__init__(f"{problem} (at offset {offset:#x})")
        self.problem = problem
        self.offset = offset


class UnsupportedFeature(ValidationError):
    """A feature of the specification that Remit does not have; `feature` is what the specification calls it."""

    def __init__(self, feature: str, offset: int) -> None:
        super().__init__(f"{feature} is not supported", offset)
        self.feature = feature
