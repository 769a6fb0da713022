"""Two connections joined: what comes from one goes to the other until both have ended."""

import asyncio
import contextlib

CHUNK = 65_536


async def relay(
    near: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    far: tuple[asyncio.StreamReader, asyncio.StreamWriter],
) -> None:
    """Returns when both directions have ended; both writers are closed then."""
    try:
        await asyncio.gather(_copy(near[0], far[1]), _copy(far[0], near[1]))
    finally:
        for _, writer in (near, far):
            close(writer)


def close(writer: asyncio.StreamWriter) -> None:
    """Close without waiting; what is buffered still goes out."""
    with contextlib.suppress(OSError, RuntimeError):
        writer.close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(CHUNK):
            writer.write(data)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()
        else:
            close(writer)  # TLS has no half-closed connection
    except (OSError, RuntimeError):
        close(writer)
