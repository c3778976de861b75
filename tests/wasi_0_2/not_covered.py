"""Functions that no scenario calls and error codes that none meets, and why."""

from __future__ import annotations

_UNSTABLE = (
    "unstable: componentize-py, which makes the guest, offers no such import; "
    "called directly in `tests/interfaces/wasi_0_2`"
)
_SERVING = "only a program that answers requests gets one: a command, as the guest is, has none"

FUNCTIONS: dict[str, str] = {
    "wasi:cli/exit: exit-with-code": _UNSTABLE,
    "wasi:clocks/timezone: display": _UNSTABLE,
    "wasi:clocks/timezone: utc-offset": _UNSTABLE,
    "wasi:sockets/network: network-error-code": _UNSTABLE,
    **{
        f"wasi:http/types: {name}": _SERVING
        for name in (
            "[method]incoming-request.method",
            "[method]incoming-request.path-with-query",
            "[method]incoming-request.scheme",
            "[method]incoming-request.authority",
            "[method]incoming-request.headers",
            "[method]incoming-request.consume",
            "[method]response-outparam.send-informational",
            "[static]response-outparam.set",
        )
    },
}
"""By their full names."""

_HOST = "only from the host's own files and devices: each kernel error's case is tested in `tests/interfaces/wasi_0_2`"
_NEVER = "nothing in Remit fails so"
_NETWORK = "needs a network that fails so: each kernel error's case is tested in `tests/interfaces/wasi_0_2`"
_RESOLVER = "needs names and a resolver outside: see `tests/network`, where one is played"
_TLS = "needs certificates: `tests/http` has servers with good and bad ones"
_LIMITLESS = "Remit sets no such limit"

CODES: dict[str, dict[str, str]] = {
    "wasi:filesystem": {
        **dict.fromkeys(
            (
                "access",
                "quota",
                "io",
                "too-many-links",
                "no-device",
                "no-such-device",
                "text-file-busy",
                "interrupted",
                "unsupported",
                "pipe",
                "invalid-seek",
            ),
            _HOST,
        ),
        **dict.fromkeys(
            (
                "already",
                "deadlock",
                "in-progress",
                "message-size",
                "no-lock",
                "not-recoverable",
                "no-tty",
                "illegal-byte-sequence",
            ),
            _NEVER,
        ),
    },
    "wasi:sockets": {
        **dict.fromkeys(
            ("unknown", "out-of-memory", "timeout", "remote-unreachable", "connection-reset", "connection-aborted"),
            _NETWORK,
        ),
        **dict.fromkeys(("name-unresolvable", "temporary-resolver-failure", "permanent-resolver-failure"), _RESOLVER),
    },
    "wasi:http": {
        **dict.fromkeys(("DNS-timeout", "DNS-error", "destination-not-found"), _RESOLVER),
        **dict.fromkeys(
            (
                "destination-unavailable",
                "destination-IP-unroutable",
                "connection-read-timeout",
                "connection-write-timeout",
            ),
            _NETWORK,
        ),
        **dict.fromkeys(("TLS-protocol-error", "TLS-certificate-error", "TLS-alert-received"), _TLS),
        **dict.fromkeys(
            (
                "HTTP-request-header-section-size",
                "HTTP-request-header-size",
                "HTTP-request-trailer-section-size",
                "HTTP-request-trailer-size",
                "HTTP-response-header-size",
                "HTTP-response-body-size",
                "HTTP-response-trailer-size",
            ),
            _LIMITLESS,
        ),
        **dict.fromkeys(
            (
                "HTTP-request-length-required",
                "HTTP-response-transfer-coding",
                "HTTP-response-content-coding",
                "HTTP-upgrade-failed",
                "loop-detected",
                "configuration-error",
            ),
            _NEVER,
        ),
        "HTTP-request-URI-too-long": "`tests/http`: a path of more than 64 KiB",
        "HTTP-response-trailer-section-size": "`tests/http`: more trailers than are taken",
        "internal-error": "only where Remit itself fails",
    },
}
"""By package."""
