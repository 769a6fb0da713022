"""Bytes from bytes: flips, cuts, repeats, parts of other samples, and words that have hurt parsers."""

from collections.abc import Callable, Sequence
from random import Random

HURTFUL = (
    b"",
    b"\0",
    b"\r\n",
    b"\r\n\r\n",
    b"\n",
    b"\r\n ",
    b"\t",
    b'"',
    b"\\",
    b"<",
    b">",
    b";",
    b",",
    b":",
    b"@",
    b"=",
    b"[",
    b"]",
    b"%",
    b"%00",
    b"%zz",
    b"-1",
    b"0",
    b"255",
    b"256",
    b"65536",
    b"2147483648",
    b"4294967296",
    b"99999999999999999999",
    b"1e400",
    b"\xff\xfe",
    b"\xc0\x80",
    b"\xed\xa0\x80",
    "٣".encode(),
    "²".encode(),
    "ß".encode(),
    b"\x7f",
    b"[::1]",
    b"[::",
    b"0.0.0.0",
    b"A" * 300,
    b"A" * 9000,
)
MOST = 70_000
"""Bytes of one mutant."""


class Mutator:
    """`samples` are what parts are taken from; `words` are those of the language."""

    def __init__(self, samples: Sequence[bytes], words: Sequence[bytes] = ()) -> None:
        self._samples = samples
        self._words = (*HURTFUL, *words)
        self._ways: tuple[Callable[[Random, bytes], bytes], ...] = (
            self._flip,
            self._word,
            self._word,
            self._cut,
            self._repeat,
            self._splice,
            self._digits,
            self._lines,
        )

    def sample(self, random: Random) -> bytes:
        """One of the samples as it is."""
        return random.choice(self._samples)

    def mutate(self, random: Random, data: bytes) -> bytes:
        """A few changes to `data`; sometimes none, sometimes nothing of it is left."""
        if random.random() < 0.01:
            return random.randbytes(random.randrange(600))
        for _ in range(random.choice((0, 1, 1, 1, 2, 2, 3, 5, 9))):
            data = random.choice(self._ways)(random, data)
        return data[:MOST]

    def _flip(self, random: Random, data: bytes) -> bytes:
        if not data:
            return data
        place = random.randrange(len(data))
        return data[:place] + bytes([random.randrange(256)]) + data[place + 1 :]

    def _word(self, random: Random, data: bytes) -> bytes:
        first, last = _span(random, data, random.choice((0, 0, 1, 4, 12)))
        return data[:first] + random.choice(self._words) + data[last:]

    def _cut(self, random: Random, data: bytes) -> bytes:
        first, last = _span(random, data, 40)
        return data[:first] if random.random() < 0.2 else data[:first] + data[last:]

    def _repeat(self, random: Random, data: bytes) -> bytes:
        first, last = _span(random, data, 60)
        return data[:last] + data[first:last] * random.choice((1, 1, 2, 5, 300)) + data[last:]

    def _splice(self, random: Random, data: bytes) -> bytes:
        other = self.sample(random)
        first, last = _span(random, other, 80)
        place = random.randrange(len(data) + 1)
        return data[:place] + other[first:last] + data[place:]

    def _digits(self, random: Random, data: bytes) -> bytes:
        """Another number where a number is."""
        places = [place for place, octet in enumerate(data) if 48 <= octet <= 57]
        if not places:
            return data
        place = random.choice(places)
        number = str(random.choice((0, 1, 2**31, 2**32 - 1, 2**63, random.randrange(70_000)))).encode()
        return data[:place] + number + data[place + 1 :]

    def _lines(self, random: Random, data: bytes) -> bytes:
        """Lines dropped, doubled or exchanged."""
        lines = data.split(b"\r\n")
        a, b = random.randrange(len(lines)), random.randrange(len(lines))
        way = random.randrange(3)
        if way == 0:
            del lines[a]
        elif way == 1:
            lines.insert(b, lines[a])
        else:
            lines[a], lines[b] = lines[b], lines[a]
        return b"\r\n".join(lines)


def _span(random: Random, data: bytes, most: int) -> tuple[int, int]:
    first = random.randrange(len(data) + 1)
    return first, min(len(data), first + random.randrange(most + 1))
