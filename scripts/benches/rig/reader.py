"""The ears of calls whose signalling somebody else does: a process that only reads RTP.

    python reader.py HOST FIRST STEP COUNT FILE

It binds COUNT ports from FIRST in steps of STEP, prints `ready N` with the number it has got (ports that
others hold are left out), and writes every datagram to FILE as `<qHH` (the kernel's time stamp in ns, port,
length) and its bytes. Where the kernel stamps nothing, it is stamped when it is read, and `ready N late` says
so. It ends at the end of its standard input. Nothing is judged here: see `packets.py`.
"""

import os
import resource
import select
import socket
import struct
import sys
import time

RECORD = struct.Struct("<qHH")
SO_TIMESTAMPNS = getattr(socket, "SO_TIMESTAMPNS", 35 if sys.platform == "linux" else None)
TIMESPEC = struct.Struct("@qq")
MOST_READS = 16
BUFFER = 1 << 19


def bind(host: str, ports: range) -> tuple[dict[int, tuple[socket.socket, int]], bool]:
    """Sockets by descriptor, with their ports; whether the kernel stamps what they receive."""
    found: dict[int, tuple[socket.socket, int]] = {}
    stamped = SO_TIMESTAMPNS is not None
    for port in ports:
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
        try:
            sock.bind((host, port))
            if stamped:
                sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS or 0, 1)
        except OSError:
            sock.close()
            continue
        sock.setblocking(False)
        found[sock.fileno()] = (sock, port)
    return found, stamped


def instant(ancillary: list[tuple[int, int, bytes]]) -> int:
    for _, kind, data in ancillary:
        if kind == SO_TIMESTAMPNS:
            seconds, rest = TIMESPEC.unpack_from(data)
            return int(seconds) * 1_000_000_000 + int(rest)
    return time.time_ns()


def main() -> None:
    host, path = sys.argv[1], sys.argv[5]
    first, step, count = (int(word) for word in sys.argv[2:5])
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    sockets, stamped = bind(host, range(first, first + step * count, step))
    poll = select.poll()
    for descriptor in [0, *sockets]:
        poll.register(descriptor, select.POLLIN)
    print("ready", len(sockets), "" if stamped else "late", flush=True)
    with open(path, "wb", 1 << 20) as file:
        while True:
            for descriptor, _ in poll.poll():
                if descriptor == 0:
                    if not os.read(0, 64):
                        return
                    file.flush()
                    continue
                sock, port = sockets[descriptor]
                try:
                    for _ in range(MOST_READS):
                        data, ancillary, _, _ = sock.recvmsg(2048, 64)
                        file.write(RECORD.pack(instant(ancillary), port, len(data)) + data)
                except OSError:
                    pass


if __name__ == "__main__":
    main()
