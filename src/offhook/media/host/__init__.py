"""A media worker without its process: commands in, engine driven, events out. Pure: no sockets, clock or
files.

The worker process and a world in virtual time run the same `MediaHost`; they differ in the `Wires` they
give it.
"""

from offhook.media.host.host import MediaHost
from offhook.media.host.wires import Wires

__all__ = ["MediaHost", "Wires"]
