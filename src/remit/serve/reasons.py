"""The words beside the numbers of responses."""

from __future__ import annotations

from http import HTTPStatus

REASONS = {status.value: status.phrase for status in HTTPStatus}
REASONS[413] = "Content Too Large"  # RFC 9110; Python 3.11 has the name of its predecessor
