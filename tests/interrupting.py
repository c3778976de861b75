"""Signal handlers that raise: an exception at a line of choice."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any


class Interrupted(Exception):
    """What the handler raises."""


def interrupted_at(step: int, action: Callable[[], object], *places: str) -> bool:
    """Do `action`, with an exception before the line number `step` of those that it runs in `places`: ends of paths.

    False: it came to its end first. Finalizers are left alone: nobody gets to see what is raised in one.
    """
    left = step
    files = tuple(os.path.join("", *place.split("/")) for place in places)

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal left
        if frame.f_code.co_name == "__del__" or (frame.f_back and frame.f_back.f_code.co_name == "__del__"):
            return None
        if not frame.f_code.co_filename.endswith(files):
            return None
        if event == "line":
            left -= 1
            if left == 0:
                raise Interrupted
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        action()
    except Interrupted:
        return True
    finally:
        sys.settrace(before)
    return False
