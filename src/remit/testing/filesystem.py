"""Does a filesystem do what :mod:`remit.kernel.files` says? Every effect and every error code, one check each."""

from __future__ import annotations

import traceback
from collections.abc import Callable

from remit.kernel.files import Filesystem
from remit.kernel.limits import whole_number
from remit.testing import (
    directory_checks,
    file_checks,
    link_checks,
    open_checks,
    read_only_checks,
    rename_checks,
    time_checks,
)
from remit.testing.bench import Bench, Check, Features, fill_sample

__all__ = ["check_filesystem", "fill_sample"]

_WRITABLE = (file_checks, open_checks, directory_checks, link_checks, rename_checks, time_checks)


def check_filesystem(
    make: Callable[[], Filesystem],
    *,
    read_only: bool = False,
    hard_links: bool = True,
    symbolic_links: bool = True,
    times: bool = True,
    time_step: int = 1,
    exact_names: bool = True,
    name_bytes: int = 255,
) -> int:
    """Check a filesystem against the whole contract; how many checks it passed.

    Everything runs, and what failed is told together. Each check gets a filesystem of its own, opens
    some handles and closes them all.

    Args:
        make: Makes a filesystem: an empty one each time, or, for `read_only`, one with what
            :func:`fill_sample` puts into a directory.
        read_only: It can never be changed: check that it refuses, and that nothing happens.
        hard_links: Files can have several names. Otherwise `link` must answer NOT_SUPPORTED or NOT_PERMITTED.
        symbolic_links: It has symbolic links. Otherwise making one must answer NOT_SUPPORTED or NOT_PERMITTED.
        times: Times can be set, and changes set them.
        time_step: The resolution of its times in nanoseconds; what is set may be rounded down to it.
        exact_names: Names are kept as they are: letters of other case or another Unicode form are other names.
        name_bytes: The longest name, in bytes of UTF-8.

    Raises:
        TypeError: `make` makes no filesystem, or another argument is of another type than said.
        AssertionError: It does something else. The message lists each failed check with what it says, what was
            expected and what happened.
    """
    if not callable(make):
        raise TypeError(f"make must be a function that makes a filesystem each time it is called, not {make!r}")
    features = Features(
        hard_links=hard_links,
        symbolic_links=symbolic_links,
        times=times,
        time_step=whole_number("time_step", time_step, "nanoseconds", least=1),
        exact_names=exact_names,
        name_bytes=whole_number("name_bytes", name_bytes, "bytes", least=1),
    )
    modules = (read_only_checks,) if read_only else _WRITABLE
    checks = [check for module in modules for check in module.CHECKS if features.has(check.needs)]
    failures = [failure for check in checks if (failure := _run(check, make, features))]
    if failures:
        raise AssertionError(f"{len(failures)} of {len(checks)} checks failed:\n" + "\n".join(failures))
    return len(checks)


def _run(check: Check, make: Callable[[], Filesystem], features: Features) -> str:
    """Why the check failed, or nothing."""
    made = make()
    if not isinstance(made, Filesystem):
        raise TypeError(f"make() returned {made!r}: it must make a filesystem, a remit.fs.Filesystem")
    try:
        bench = Bench(made, features)
        try:
            check.function(bench)
        finally:
            bench.close()
    except AssertionError as error:
        return f"* {check.title}\n    {error}"
    except Exception as error:  # noqa: BLE001  (whatever the implementation raises is a finding to report)
        place = "".join(traceback.format_exception(error)[-2:]).strip().replace("\n", "\n    ")
        return f"* {check.title}\n    raised {type(error).__name__}, which the check did not expect:\n    {place}"
    return ""
