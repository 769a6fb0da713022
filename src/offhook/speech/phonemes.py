"""Phonetic alphabets: X-SAMPA to IPA, and IPA to espeak-ng's mnemonics.

The tables cover the sounds of the languages that espeak-ng speaks well; a symbol outside them is left out, so
a word keeps its other sounds.
"""

X_SAMPA = {
    "_^": "",
    "r\\": "ɹ", "R\\": "ʀ", "s\\": "ɕ", "z\\": "ʑ", "h\\": "ɦ", "j\\": "ʝ", "p\\": "ɸ", "v\\": "ʋ",
    "n`": "ɳ", "t`": "ʈ", "d`": "ɖ", "s`": "ʂ", "z`": "ʐ", "l`": "ɭ", "@`": "ɚ", "3`": "ɝ",
    "A": "ɑ", "B": "β", "C": "ç", "D": "ð", "E": "ɛ", "F": "ɱ", "G": "ɣ", "H": "ɥ", "I": "ɪ", "J": "ɲ",
    "K": "ɬ", "L": "ʎ", "M": "ɯ", "N": "ŋ", "O": "ɔ", "P": "ʋ", "Q": "ɒ", "R": "ʁ", "S": "ʃ", "T": "θ",
    "U": "ʊ", "V": "ʌ", "W": "ʍ", "X": "χ", "Y": "ʏ", "Z": "ʒ",
    "@": "ə", "{": "æ", "}": "ʉ", "1": "ɨ", "2": "ø", "3": "ɜ", "4": "ɾ", "5": "ɫ", "6": "ɐ", "7": "ɤ",
    "8": "ɵ", "9": "œ", "&": "ɶ", "?": "ʔ", "g": "ɡ", '"': "ˈ", "%": "ˌ", ":": "ː", "~": "̃",
}  # fmt: skip

ESPEAK = {
    "tʃ": "tS", "dʒ": "dZ", "t͡ʃ": "tS", "d͡ʒ": "dZ", "ts": "ts",
    "eɪ": "eI", "aɪ": "aI", "ɔɪ": "OI", "aʊ": "aU", "oʊ": "oU", "əʊ": "oU", "ɪə": "i@", "eə": "e@",
    "ʊə": "U@", "iː": "i:", "uː": "u:", "ɑː": "A:", "ɔː": "O:", "ɜː": "3:",
    "aː": "a:", "eː": "e:", "oː": "o:",
    "ɑ̃": "A~", "ɛ̃": "E~", "ɔ̃": "O~", "œ̃": "W~",
    "ɑ": "A:", "ɒ": "0", "æ": "a", "ɐ": "a#", "ɔ": "O", "ə": "@", "ɚ": "3", "ɜ": "3:", "ɝ": "3:", "ɛ": "E",
    "ɪ": "I", "i": "i:", "ʊ": "U", "u": "u:", "ʌ": "V", "y": "y", "ø": "Y", "œ": "W", "ɨ": "i", "ɯ": "u-",
    "a": "a", "e": "e", "o": "o",
    "θ": "T", "ð": "D", "ʃ": "S", "ʒ": "Z", "ŋ": "N", "ɲ": "n^", "ʎ": "l^", "ɹ": "r", "ʁ": "r", "ɾ": "t#",
    "ɡ": "g", "g": "g", "ç": "C", "x": "x", "ɣ": "Q", "β": "B", "ʔ": "?", "ɫ": "l", "χ": "X", "ʋ": "v#",
    "b": "b", "d": "d", "f": "f", "h": "h", "j": "j", "k": "k", "l": "l", "m": "m", "n": "n", "p": "p",
    "r": "r", "s": "s", "t": "t", "v": "v", "w": "w", "z": "z",
    "ˈ": "'", "ˌ": ",", "ː": ":", " ": " ",
}  # fmt: skip


def from_x_sampa(sounds: str) -> str:
    """X-SAMPA as IPA."""
    return "".join(_translate(sounds, X_SAMPA, keep=True))


def to_espeak(sounds: str) -> str:
    """IPA as espeak-ng mnemonics."""
    return "".join(_translate(sounds, ESPEAK, keep=False))


def _translate(sounds: str, table: dict[str, str], *, keep: bool) -> list[str]:
    """Longest match first; what matches nothing is kept as it is or left out."""
    longest = max(map(len, table))
    out: list[str] = []
    position = 0
    while position < len(sounds):
        for size in range(longest, 0, -1):
            piece = sounds[position : position + size]
            if len(piece) == size and piece in table:
                out.append(table[piece])
                break
        else:
            size = 1
            if keep:
                out.append(sounds[position])
        position += size
    return out
