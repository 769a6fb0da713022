"""stream: play an audio file from the web to the conversation. The file is fetched when its turn comes."""

from dataclasses import dataclass
from typing import ClassVar

from offhook.ncco.actions.prompt import Prompt, read_level, read_loop
from offhook.ncco.addresses import required, urls
from offhook.ncco.effects import Barge, StartStream
from offhook.ncco.fields import Fields


@dataclass(slots=True, kw_only=True)
class Stream(Prompt):
    kind: ClassVar[str] = "stream"
    url: str

    def play(self, barge: Barge) -> StartStream:
        return StartStream(self.playback, self.url, self.loop, self.level, barge)


def read(fields: Fields) -> Stream:
    required(fields, "streamUrl", "an array with the URL of an audio file")
    found = urls(fields, "streamUrl")
    if len(found) > 1:
        fields.error("streamUrl", f"has {len(found)} URLs; give one, and one stream action for each file")
    return Stream(
        url=found[0] if found else "",
        loop=read_loop(fields),
        level=read_level(fields),
        barge_in=fields.flag("bargeIn"),
    )
