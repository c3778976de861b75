"""For all tests: nothing is timed, as machines are shared."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("remit", deadline=None)
settings.load_profile("remit")
