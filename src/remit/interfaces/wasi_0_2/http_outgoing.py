"""``wasi:http/outgoing-handler``."""

from __future__ import annotations

from remit.interfaces.wasi_0_2.http_errors import error_code
from remit.interfaces.wasi_0_2.http_types import HttpTypes
from remit.interfaces.wit.declaration import Interface, func

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from remit.interfaces.wasi_0_2.http_messages import OutgoingRequest, RequestOptions
    from remit.interfaces.wasi_0_2.http_types import FutureIncomingResponse
    from remit.kernel.errors import KernelError


class OutgoingHandler(Interface):
    name = "wasi:http/outgoing-handler"
    version = "0.2.12"
    uses = {
        "outgoing-request": "wasi:http/types",
        "request-options": "wasi:http/types",
        "future-incoming-response": "wasi:http/types",
        "error-code": "wasi:http/types",
    }

    @classmethod
    def error(cls, failure: KernelError) -> Any:
        return error_code(failure)

    @func(
        "(request: outgoing-request, options: option<request-options>) -> result<future-incoming-response, error-code>"
    )
    def handle(self, request: OutgoingRequest, options: RequestOptions | None) -> FutureIncomingResponse:
        types: HttpTypes = self.host.interface(HttpTypes)
        return types.send(request, options)
