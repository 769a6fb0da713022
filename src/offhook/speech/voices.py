"""Which espeak-ng voice speaks which language and style.

A style is a number from 0; how many a language has, and which of them are women's voices, follows the
platform being spoken (docs/specs/speech.md). espeak-ng has one accent per language and a few variants that
can be told apart by ear, so styles of one gender differ by variant and, beyond those, by pitch. A style that
a language does not have speaks as style 0. Names are those of espeak_SetVoiceByName.
"""

from dataclasses import dataclass

from offhook.core.errors import SpeechError
from offhook.speech.base import Voice

RATE = 22_050
FEMALE = ("steph", "Annie", "f3", "f4")
MALE = ("", "m3", "m7", "Alex")
"""Variants; on top of the accent, in the order in which styles take them."""
PITCH_STEP = 0.08
"""How far the pitch goes down each time the variants of a gender are used up."""


@dataclass(frozen=True, slots=True)
class _Language:
    accent: str
    genders: str
    """One letter per style: `f` or `m`."""


def _table(text: str) -> dict[str, _Language]:
    rows = (line.split() for line in text.strip().splitlines())
    return {code: _Language(accent, genders) for code, accent, genders in rows}


LANGUAGES = _table("""
    af-ZA      gmw/af               fm
    ar         sem/ar               ffffmmmm
    bg-BG      zls/bg               fm
    bn-IN      inc/bn               fm
    ca-ES      roa/ca               fm
    cmn-CN     sit/cmn              ffffmm
    cmn-TW     sit/cmn              ffmm
    cs-CZ      zlw/cs               fff
    cy-GB      cel/cy               f
    da-DK      gmq/da               ffmmmm
    de-AT      gmw/de               fm
    de-DE      gmw/de               fffmmmm
    el-GR      grk/el               ffm
    en-AU      gmw/en               fffmmm
    en-GB      gmw/en               ffffmmmm
    en-GB-SCT  gmw/en-GB-scotland   fm
    en-GB-WLS  gmw/en               m
    en-IE      gmw/en               fm
    en-IN      gmw/en               fffmmm
    en-NZ      gmw/en               fm
    en-US      gmw/en-US            fffffffmmmmm
    en-ZA      gmw/en               f
    es-CO      roa/es-419           fm
    es-ES      roa/es               ffffm
    es-MX      roa/es-419           f
    es-US      roa/es-419           fmf
    eu-ES      eu                   f
    fi-FI      urj/fi               ff
    fr-CA      roa/fr               fffmm
    fr-FR      roa/fr               fffffmmm
    gu-IN      inc/gu               fm
    he-IL      sem/he               f
    hi-IN      inc/hi               fffmmm
    hu-HU      urj/hu               ff
    id-ID      poz/id               ffmmm
    is-IS      gmq/is               fm
    it-IT      roa/it               ffffmmm
    ja-JP      jpx/ja               fffmmm
    kn-IN      dra/kn               fm
    ko-KR      ko                   ffffmm
    lt-LT      bat/lt               fm
    lv-LV      bat/lv               fm
    ml-IN      dra/ml               fm
    mr-IN      inc/mr               fm
    ms-MY      poz/ms               fm
    nb-NO      gmq/nb               ffffmmfm
    nl-BE      gmw/nl               fm
    nl-NL      gmw/nl               ffffmmm
    no-NO      gmq/nb               fm
    pa-IN      inc/pa               fm
    pl-PL      zlw/pl               fffffmmmm
    pt-BR      roa/pt-BR            fffmmf
    pt-PT      roa/pt               fffffmmm
    ro-RO      roa/ro               ff
    ru-RU      zle/ru               ffffmmm
    sk-SK      zlw/sk               ff
    sr-RS      zls/sr               fm
    sv-SE      gmq/sv               fffm
    ta-IN      dra/ta               fm
    te-IN      dra/te               fm
    tr-TR      trk/tr               fffffmmm
    uk-UA      zle/uk               f
    vi-VN      aav/vi               ffmm
    yue-CN     sit/yue              f
""")

REFUSED = {
    "fil-PH": "espeak-ng has no Filipino voice",
    "gl-ES": "espeak-ng has no Galician voice",
    "th-TH": "espeak-ng spells Thai letter by letter",
}
"""Languages that the platform knows and this engine cannot speak, and why."""

_BY_CODE = {code.lower(): code for code in (*LANGUAGES, *REFUSED)}


def find(language: str, style: int = 0) -> Voice:
    """The voice of a language code (any case) and style. Raises SpeechError where there is none."""
    code = _BY_CODE.get(language.strip().replace("_", "-").lower())
    if code is None:
        raise SpeechError(f"language {language!r} is unknown; use a code such as en-US, in full")
    if code in REFUSED:
        raise SpeechError(f"{REFUSED[code]}, so {code} needs another speech engine")
    entry = LANGUAGES[code]
    return _voice(code, entry, style if 0 <= style < len(entry.genders) else 0)


def check_text(language: str, text: str) -> None:
    """Refuse what the engine would read wrongly: Japanese in Chinese characters. Raises SpeechError."""
    if language.lower().startswith("ja") and any("一" <= character <= "鿿" for character in text):
        raise SpeechError("espeak-ng cannot read kanji; write the ja-JP text in kana or use another engine")


def all_voices() -> list[Voice]:
    """Every voice, by language and style."""
    return [
        _voice(code, entry, style) for code, entry in LANGUAGES.items() for style in range(len(entry.genders))
    ]


def _voice(code: str, entry: _Language, style: int) -> Voice:
    letter = entry.genders[style]
    variants = FEMALE if letter == "f" else MALE
    place = entry.genders[:style].count(letter)
    variant = variants[place % len(variants)]
    return Voice(
        language=code,
        style=style,
        gender="female" if letter == "f" else "male",
        name=f"{entry.accent}+{variant}" if variant else entry.accent,
        rate=RATE,
        pitch=1.0 - PITCH_STEP * (place // len(variants)),
    )
