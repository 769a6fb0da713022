"""G.711 one sample at a time, straight from the Recommendation's segments.

Slow and plain on purpose: it exists to prove the tables. A code is (sign, segment, step); its lower decision
value and its output value follow from the two laws' formulas, and encoding is a search for the highest
decision value that is not above the sample. Magnitudes are in the law's own scale: 14 bits for µ-law
(16-bit PCM ÷ 4), 13 for A-law (÷ 8).
"""


def mulaw_lower(segment: int, step: int) -> int:
    """The smallest 14-bit magnitude that takes this code."""
    return max(0, ((2 * step + 32) << segment) - 33)


def mulaw_output(segment: int, step: int) -> int:
    """The 14-bit magnitude that this code stands for."""
    return ((2 * step + 33) << segment) - 33


def alaw_lower(segment: int, step: int) -> int:
    """The smallest 13-bit magnitude that takes this code."""
    return 2 * step if segment == 0 else (2 * step + 32) << (segment - 1)


def alaw_output(segment: int, step: int) -> int:
    """The 13-bit magnitude that this code stands for."""
    return 2 * step + 1 if segment == 0 else (2 * step + 33) << (segment - 1)


def mulaw_encode(sample: int) -> int:
    """One 16-bit sample to its µ-law octet."""
    magnitude = abs(sample) >> 2
    index = max(i for i in range(128) if mulaw_lower(i >> 4, i & 15) <= magnitude)
    return (index | (0x80 if sample < 0 else 0)) ^ 0xFF


def mulaw_decode(octet: int) -> int:
    """One µ-law octet to 16-bit PCM."""
    code = octet ^ 0xFF
    value = mulaw_output((code >> 4) & 7, code & 15) * 4
    return -value if code & 0x80 else value


def alaw_encode(sample: int) -> int:
    """One 16-bit sample to its A-law octet (even bits inverted)."""
    magnitude = abs(sample) >> 3
    index = max(i for i in range(128) if alaw_lower(i >> 4, i & 15) <= magnitude)
    return (index | (0 if sample < 0 else 0x80)) ^ 0x55


def alaw_decode(octet: int) -> int:
    """One A-law octet to 16-bit PCM."""
    code = octet ^ 0x55
    value = alaw_output((code >> 4) & 7, code & 15) * 8
    return value if code & 0x80 else -value
