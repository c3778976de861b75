"""``wasi:cli/environment`` and ``exit``."""

from __future__ import annotations

from remit.component.values.results import Ok
from remit.interfaces.wit.declaration import Interface, func
from remit.kernel.errors import Exit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from remit.component.values.results import Err
    from remit.interfaces.wit.declaration import Host


def text_of(data: bytes) -> str:
    """What the caller gave as bytes that are no UTF-8 can only be shown: strings of components are Unicode."""
    return data.decode("utf-8", "replace")


class Environment(Interface):
    name = "wasi:cli/environment"
    version = "0.2.12"

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        # C libraries ask for it whenever they look for a variable.
        self._environment = [(text_of(name), text_of(value)) for name, value in self.process.environ]

    @func("() -> list<tuple<string, string>>")
    def get_environment(self) -> list[tuple[str, str]]:
        return self._environment

    @func("() -> list<string>")
    def get_arguments(self) -> list[str]:
        return [text_of(each) for each in self.process.args]

    @func("() -> option<string>")
    def initial_cwd(self) -> str | None:
        return None


class Exiting(Interface):
    name = "wasi:cli/exit"
    version = "0.2.12"

    @func("(status: result)")
    def exit(self, status: Ok | Err) -> None:
        raise Exit(0 if type(status) is Ok else 1)

    @func("(status-code: u8)")
    def exit_with_code(self, status: int) -> None:
        raise Exit(status)
