"""One m= section (RFC 8866 §5.14): its header and its lines, nothing interpreted beyond that."""

from dataclasses import dataclass, field

from offhook.core.errors import RemoteProtocolError
from offhook.sdp.lines import Line, attribute, attributes, number


@dataclass(slots=True)
class MediaDescription:
    """`m=kind port[/count] profile formats…` and what follows it."""

    kind: str
    port: int
    profile: str
    formats: list[str]
    port_count: int | None = None
    lines: list[Line] = field(default_factory=list)

    @classmethod
    def parse(cls, value: str) -> "MediaDescription":
        """Raises RemoteProtocolError(400)."""
        words = value.split()
        if len(words) < 3:
            raise RemoteProtocolError("an m= line needs a kind, a port, a profile and formats", 400)
        port, slash, count = words[1].partition("/")
        return cls(
            kind=words[0],
            port=number(port, 65536, "the port of an m= line"),
            profile=words[2],
            formats=words[3:],
            port_count=number(count, 65536, "the port count of an m= line") if slash else None,
        )

    def header(self) -> str:
        """The value of the m= line."""
        port = str(self.port) if self.port_count is None else f"{self.port}/{self.port_count}"
        return " ".join([self.kind, port, self.profile, *self.formats])

    def attribute(self, name: str) -> str | None:
        """The value of the first `a=name` of this section, `""` for a flag, None when absent."""
        return attribute(self.lines, name)

    def attributes(self, name: str) -> list[str]:
        """The values of all `a=name` of this section."""
        return attributes(self.lines, name)

    def rejected(self) -> "MediaDescription":
        """This section as an answer refuses it: port 0, the same formats (RFC 3264 §6)."""
        return MediaDescription(self.kind, 0, self.profile, list(self.formats))
