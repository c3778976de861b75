"""The host's side of QuickJS for WASI: its virtual machine evaluates scripts that call functions of ours.

It comes as a library. A JavaScript value is a number here, the address of the guest's own handle; 0 is none.
"""

from __future__ import annotations

import struct
from collections.abc import Callable

from guests.library import Guest

MODULE = "env"
AS_MODULE = 1
"""To ``qjs_eval``: the text is a module, which may import others."""

MODULES = {"./tables.js": "export function times(n, m) { return n * m } export default 'the default'"}
PATIENCE = 200
"""How often it may ask whether to go on, before it is told to stop."""
STACK = 64 << 10
"""Bytes; its own check comes before the engine's then."""


class Host:
    """The functions that QuickJS imports. Each of them calls it back."""

    def __init__(self) -> None:
        self.guest: Guest | None = None
        """Set once there is an instance."""
        self.printed: list[bytes] = []
        self._asked = 0

    def functions(self) -> dict[str, Callable[..., int | None]]:
        """Import name -> function."""
        return {
            "host_call": self._call,
            "host_interrupt": self._interrupt,
            "host_promise_rejection": self._promise_rejection,
            "host_module_normalize": self._module_normalize,
            "host_module_load": self._module_load,
            "host_get_timezone_offset": lambda high, low: 5400,
        }

    def evaluate(self, script: str) -> int:
        """Run `script`, and what it put off; 0, or 1 if it raised an exception."""
        guest = self._guest
        assert guest.call("qjs_init") == 0
        for switch in ("interrupt_handler", "module_loader", "promise_rejection_handler"):
            guest.call(f"qjs_set_{switch}", 1)
        scope = guest.call("qjs_get_global")
        for name in ("print", "ask"):
            address = self._text(name)
            function = guest.call("qjs_new_host_function", address, len(name), 0)
            guest.call("qjs_set_prop_string", scope, address, function)
        guest.call("qjs_set_max_stack_size", STACK)
        result = guest.call("qjs_eval", self._text(script), len(script.encode()), self._text("script.js"), AS_MODULE)
        while guest.call("qjs_is_job_pending"):
            assert guest.call("qjs_execute_pending_job") >= 0
        if guest.call("qjs_is_exception", result):
            self.printed.append(b"uncaught: " + self._shown(guest.call("qjs_get_exception")))
            return 1
        return 0

    @property
    def _guest(self) -> Guest:
        assert self.guest is not None
        return self.guest

    def _text(self, text: str) -> int:
        """Its address in the guest, ended by a zero."""
        data = text.encode() + b"\0"
        address = self._guest.call("wasm_malloc", len(data))
        self._guest.write(address, data)
        return address

    def _read_text(self, address: int) -> bytes:
        found = b""
        while not found.endswith(b"\0"):
            found += self._guest.read(address + len(found), 1)
        return found[:-1]

    def _shown(self, value: int) -> bytes:
        """As ``String(value)`` has it."""
        address = self._guest.call("qjs_get_string", value)
        shown = self._read_text(address)
        self._guest.call("qjs_free_cstring", address)
        return shown

    def _call(self, name: int, length: int, _this: int, count: int, arguments: int) -> int:
        values = struct.unpack(f"<{count}I", self._guest.read(arguments, 4 * count))
        shown = b" ".join(map(self._shown, values))
        if self._guest.read(name, length) == b"print":
            self.printed.append(shown)
            return self._guest.call("qjs_get_undefined")
        if not shown:
            return self._throw("nothing was asked")
        return self._string(shown.upper().decode())

    def _string(self, text: str) -> int:
        return self._guest.call("qjs_new_string", self._text(text), len(text.encode()))

    def _throw(self, message: str) -> int:
        """Raise an exception in the script; what a function then returns."""
        self._guest.call("qjs_throw", self._string(message))
        return 0

    def _interrupt(self) -> int:
        self._asked += 1
        return int(self._asked > PATIENCE)

    def _promise_rejection(self, promise: int, reason: int, handled: int) -> None:
        if not handled:
            self.printed.append(b"rejected: " + self._shown(reason))
        for value in (promise, reason):
            self._guest.call("qjs_free_value", value)

    def _module_normalize(self, _base: int, name: int) -> int:
        return self._text(self._read_text(name).decode())

    def _module_load(self, name: int, length: int) -> int:
        source = MODULES.get(self._read_text(name).decode())
        if source is None:
            return self._throw("no such module")
        self._guest.write(length, struct.pack("<I", len(source)))
        return self._text(source)
