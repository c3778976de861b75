"""Failures as an ``error-code`` of ``wasi:http/types``."""

from __future__ import annotations

from remit.component.values.variants import Case
from remit.kernel.http import HttpError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from remit.kernel.errors import KernelError

ERROR_CODES = {
    "DNS-timeout": None,
    "DNS-error": "DNS-error-payload",
    "destination-not-found": None,
    "destination-unavailable": None,
    "destination-IP-prohibited": None,
    "destination-IP-unroutable": None,
    "connection-refused": None,
    "connection-terminated": None,
    "connection-timeout": None,
    "connection-read-timeout": None,
    "connection-write-timeout": None,
    "connection-limit-reached": None,
    "TLS-protocol-error": None,
    "TLS-certificate-error": None,
    "TLS-alert-received": "TLS-alert-received-payload",
    "HTTP-request-denied": None,
    "HTTP-request-length-required": None,
    "HTTP-request-body-size": "option<u64>",
    "HTTP-request-method-invalid": None,
    "HTTP-request-URI-invalid": None,
    "HTTP-request-URI-too-long": None,
    "HTTP-request-header-section-size": "option<u32>",
    "HTTP-request-header-size": "option<field-size-payload>",
    "HTTP-request-trailer-section-size": "option<u32>",
    "HTTP-request-trailer-size": "field-size-payload",
    "HTTP-response-incomplete": None,
    "HTTP-response-header-section-size": "option<u32>",
    "HTTP-response-header-size": "field-size-payload",
    "HTTP-response-body-size": "option<u64>",
    "HTTP-response-trailer-section-size": "option<u32>",
    "HTTP-response-trailer-size": "field-size-payload",
    "HTTP-response-transfer-coding": "option<string>",
    "HTTP-response-content-coding": "option<string>",
    "HTTP-response-timeout": None,
    "HTTP-upgrade-failed": None,
    "HTTP-protocol-error": None,
    "loop-detected": None,
    "configuration-error": None,
    "internal-error": "option<string>",
}
"""The cases, and the type of what each carries."""

TYPES = {
    "DNS-error-payload": "record { rcode: option<string>, info-code: option<u16> }",
    "TLS-alert-received-payload": "record { alert-id: option<u8>, alert-message: option<string> }",
    "field-size-payload": "record { field-name: option<string>, field-size: option<u32> }",
    "error-code": "variant {{ {} }}".format(
        ", ".join([label if type is None else f"{label}({type})" for label, type in ERROR_CODES.items()])
    ),
}

_EMPTY = {
    "DNS-error-payload": {"rcode": None, "info-code": None},
    "TLS-alert-received-payload": {"alert-id": None, "alert-message": None},
    "field-size-payload": {"field-name": None, "field-size": None},
}


def error_code(failure: KernelError) -> Any:
    """The ``error-code`` for a failure."""
    if not isinstance(failure, HttpError):
        return Case("internal-error", None)
    carried = ERROR_CODES[failure.kind]
    if carried is None:
        return failure.kind
    return Case(failure.kind, _EMPTY.get(carried) if failure.payload is None else failure.payload)


def failure_of(error: Any) -> HttpError:
    """The failure that a program tells by an ``error-code``."""
    return HttpError(error.label, "the program says so", getattr(error, "value", None))
