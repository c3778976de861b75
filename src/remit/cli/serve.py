"""``remit serve``: a component that answers HTTP requests, as a web server."""

from __future__ import annotations

import sys

from remit.cli import audit
from remit.cli.grant_options import AUDIT, GRANTS
from remit.cli.interfaces import check_interfaces, imports_of, in_users_words
from remit.cli.load import load_program
from remit.cli.options import Command, Option, UsageError
from remit.cli.refusals import RefusalReport
from remit.cli.report import CommandError, complain, explain, reason, say, shown
from remit.cli.values import parse_address, parse_count, parse_duration, parse_positive, parse_size
from remit.cli.world import World, remit_of
from remit.engine.api import LinkError
from remit.engine.cache import Cache
from remit.engine.wasmtime.config import Config
from remit.kernel.errors import KernelError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from remit.kernel.refusals import Refusal
    from remit.runtime.components.program import Component
    from remit.serve.exchange import ServerExchange

COMMAND = Command(
    "serve",
    "PROGRAM",
    "Serve a component that answers HTTP requests (wasi:http/incoming-handler). Each instance gets what these options\n"
    "hand it. It says `remit: serving on http://ADDRESS` once it listens; SIGTERM and Ctrl-C end it when the requests\n"
    "that are under way are answered.",
    (
        Option(
            "--addr",
            value="ADDRESS:PORT",
            parse=parse_address,
            repeated=True,
            help="Listen there (default: 127.0.0.1:8080). Port 0 is any free one.",
        ),
        Option(
            "--instances", value="N", parse=parse_positive, help="At most N instances at work at once (default: 64)."
        ),
        Option(
            "--reuse",
            value="N",
            parse=parse_positive,
            help="An instance answers up to N requests, one after the other (default: 1, so that no request leaves "
            "anything for another).",
        ),
        Option(
            "--queue",
            value="N",
            parse=parse_count,
            help="So many requests may wait for an instance (default: 1024); the next one is told 503.",
        ),
        Option("--connections", value="N", parse=parse_positive, help="At most N connections at once (default: 1000)."),
        Option(
            "--request-timeout",
            value="DURATION",
            parse=parse_duration,
            help="Stop what takes longer to answer (default: 60).",
        ),
        Option("--max-body", value="SIZE", parse=parse_size, help="The largest body of a request (default: 64MiB)."),
        Option(
            "--grace",
            value="DURATION",
            parse=parse_duration,
            help="How long requests under way may take when it ends (default: 30).",
        ),
        Option("--access-log", help="A line for each request, on standard output."),
        Option(
            "--metrics",
            value="ADDRESS:PORT",
            parse=parse_address,
            help="Tell there, at /metrics, how the server and its instances do, for Prometheus.",
        ),
        *GRANTS,
        Option("--strict", help="Stop an instance at the first thing that it is refused: its request is told 500."),
        *AUDIT,
        Option("--no-cache", help="Neither use nor keep compiled code on disk."),
    ),
    notes="The exit status is 0 if all requests under way were answered when it ended, 1 if some were not, 2 for a\n"
    "bad option or a program that cannot be served.",
)


def main(arguments: Sequence[str]) -> int:
    """The subcommand; the exit status."""
    parsed = COMMAND.parse(arguments)
    if parsed is None:
        say(COMMAND.help())
        return 0
    [path] = parsed.operands
    options = parsed.values
    file = None
    if "remit" in options:
        from remit.cli.remit_file import for_server

        file = for_server(path, options)
    remit = remit_of(options, file) if file is not None or "interfaces" in options else None
    try:
        program = load_program(
            path,
            Config(fuel="fuel" in options),
            cache=None if "no-cache" in options else Cache(),
            name=options.get("argv0"),
            sha256=options.get("sha256"),
            imports=None if remit is None else imports_of(path, remit, options.get("sha256")),
        )
    except LinkError as error:
        raise CommandError(f"{path}: {error if remit is None else in_users_words(str(error), remit)}") from None
    if not getattr(program, "handler", None):
        raise CommandError(
            f"{path}: it exports no wasi:http/incoming-handler@0.2, so it answers no requests; `remit inspect` says "
            "what it does export"
        )
    try:
        from remit.http.framing import h11

        h11()
    except RuntimeError as error:
        raise CommandError(str(error)) from None
    if remit is not None:
        check_interfaces(path, program, remit)
    world = World(options, file)
    refusals = RefusalReport(options)

    def refused(refusal: Refusal) -> None:
        line = refusals.add(refusal)
        if line is not None:
            complain(line)

    world.options["on_refusal"] = refused
    log = None
    try:
        if "audit" in options or "max-audit" in options:
            log = audit.attach(path, world, options)
        return _serve(program, world, options)
    except (OSError, ValueError, KernelError) as error:
        raise CommandError(str(error)) from None
    finally:
        world.close()
        if log is not None:
            audit.close(log, options["audit"])


def _serve(component: Component, world: World, options: dict[str, Any]) -> int:
    import asyncio

    async def run() -> bool:
        import signal

        from remit.policy.build import open_ambient_listening_socket
        from remit.serve.component_server import ComponentServer
        from remit.serve.settings import ServerLimits

        limits = ServerLimits(**{name: options[option] for option, name in _LIMITS.items() if option in options})
        pool = {name: options[option] for option, name in _POOL.items() if option in options}
        log = AccessLog() if "access-log" in options else None
        server = ComponentServer(
            component,
            world.options,
            limits=limits,
            access_log=log,
            refusal_log=None if log is None else log.refused,
            on_error=_explain,
            **pool,
        )
        for address in options.get("addr", ("127.0.0.1:8080",)):
            server.listen(_listening(open_ambient_listening_socket, "--addr", address))
        if "metrics" in options:
            server.listen_for_metrics(_listening(open_ambient_listening_socket, "--metrics", options["metrics"]))
        stop = asyncio.Event()
        for each in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(each, stop.set)
        for address in server.addresses:
            complain(f"serving on http://{address}")
        await stop.wait()
        for each in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().remove_signal_handler(each)
        return await server.shut_down()

    return 0 if asyncio.run(run()) else 1


_LIMITS = {
    "connections": "connections",
    "request-timeout": "request_time",
    "max-body": "body_bytes",
    "grace": "grace",
}
_POOL = {"instances": "instances", "reuse": "reuse", "queue": "queue"}


def _listening(opened: Any, option: str, address: str) -> Any:
    try:
        return opened(address)
    except ValueError as error:
        raise UsageError(f"{option}: {error}") from None
    except OSError as error:
        raise CommandError(f"{option}: {reason(error)}") from None


class AccessLog:
    """A line for each request, as web servers log: who, when, what, how it went, how much, how many seconds it took."""

    def __init__(self) -> None:
        self._broken = False

    def __call__(self, exchange: ServerExchange, seconds: float) -> None:
        request = exchange.request
        line = _escaped(f"{request.method} {request.path} HTTP/1.1")
        self._write(exchange.peer, line, f"{exchange.status or '-'} {exchange.bytes_sent} {seconds:.6f}")

    def refused(self, peer: str, status: int) -> None:
        """What was no request, or one that is not taken."""
        self._write(peer, "-", f"{status} 0 0.000000")

    def _write(self, peer: str, request: str, outcome: str) -> None:
        if self._broken:
            return
        import time

        line = f'{peer} - - [{time.strftime("%d/%b/%Y:%H:%M:%S %z")}] "{request}" {outcome}\n'
        try:
            sys.stdout.write(line)
            sys.stdout.flush()
        except OSError as error:
            # Those who are served are not to suffer for it.
            self._broken = True
            complain(f"the access log cannot be written, and is no more: {reason(error)}")


def _escaped(line: str) -> str:
    """As web servers' logs have it: nothing in it ends the field or the line."""
    return "".join([each if each.isprintable() and each not in '"\\' else f"\\x{ord(each):02x}" for each in line])


def _explain(exchange: ServerExchange, error: BaseException) -> None:
    what = str(error) or type(error).__name__
    explain(f"{shown(exchange.request.method)} {shown(exchange.request.path)}: {what}")
