"""What the proxy itself answers: a sentence, in the reason phrase as well.

Clients that were refused a tunnel show the status line and drop the body.
"""

import asyncio
import json
from http import HTTPStatus


def answer(writer: asyncio.StreamWriter, status: int, sentence: str) -> None:
    """Write a whole response; the connection is to be closed after it."""
    body = json.dumps({"title": HTTPStatus(status).phrase, "detail": sentence}).encode()
    reason = "".join(c if c.isascii() and c.isprintable() else "?" for c in sentence)
    lines = [
        f"HTTP/1.1 {status} {reason}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        "Connection: close",
    ]
    if not writer.is_closing():
        writer.write(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + body)
