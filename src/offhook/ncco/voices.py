"""Spoken languages and styles, and the voice names that came before them. Data and two look-ups.

A language code is matched whatever its capitals. A code that is not in the table is handed on as it is: the
speech engine may know it, and says so when it does not. The names are of the 2021 documentation; Henrik
and Nora also stood for no-NO, the older code of nb-NO.
"""

DEFAULT_LANGUAGE = "en-US"

STYLES = {
    "ar": 8,
    "bn-IN": 2,
    "ca-ES": 2,
    "cmn-CN": 6,
    "cmn-TW": 4,
    "cs-CZ": 3,
    "cy-GB": 1,
    "da-DK": 6,
    "de-DE": 7,
    "el-GR": 3,
    "en-AU": 6,
    "en-GB": 8,
    "en-GB-WLS": 1,
    "en-IN": 6,
    "en-US": 12,
    "en-ZA": 1,
    "es-ES": 5,
    "es-MX": 1,
    "es-US": 3,
    "eu-ES": 1,
    "fi-FI": 2,
    "fil-PH": 4,
    "fr-CA": 5,
    "fr-FR": 8,
    "he-IL": 1,
    "hi-IN": 6,
    "hu-HU": 2,
    "id-ID": 5,
    "is-IS": 2,
    "it-IT": 7,
    "ja-JP": 6,
    "ko-KR": 6,
    "ml-IN": 2,
    "nb-NO": 8,
    "nl-NL": 7,
    "no-NO": 2,
    "pl-PL": 9,
    "pt-BR": 6,
    "pt-PT": 8,
    "ro-RO": 2,
    "ru-RU": 7,
    "sk-SK": 2,
    "sv-SE": 4,
    "ta-IN": 2,
    "te-IN": 2,
    "th-TH": 2,
    "tr-TR": 8,
    "uk-UA": 1,
    "vi-VN": 4,
    "yue-CN": 1,
}
"""Number of styles of each language; they count from 0."""

LATER_LANGUAGES = (
    "af-ZA",
    "bg-BG",
    "de-AT",
    "en-GB-SCT",
    "en-IE",
    "en-NZ",
    "es-CO",
    "gl-ES",
    "gu-IN",
    "kn-IN",
    "lv-LV",
    "lt-LT",
    "mr-IN",
    "ms-MY",
    "nl-BE",
    "pa-IN",
    "sr-RS",
)
"""Languages whose number of styles is not published: any style is handed on."""

NAMES = {
    "Aditi": ("hi-IN", 0),
    "Alva": ("sv-SE", 2),
    "Amy": ("en-GB", 0),
    "Astrid": ("sv-SE", 0),
    "Bianca": ("it-IT", 0),
    "Brian": ("en-GB", 4),
    "Camila": ("pt-BR", 5),
    "Carla": ("it-IT", 1),
    "Carmen": ("ro-RO", 0),
    "Carmit": ("he-IL", 0),
    "Catarina": ("pt-PT", 3),
    "Celine": ("fr-FR", 0),
    "Cem": ("tr-TR", 7),
    "Chantal": ("fr-CA", 0),
    "Conchita": ("es-ES", 0),
    "Cristiano": ("pt-PT", 5),
    "Damayanti": ("id-ID", 1),
    "Dora": ("is-IS", 0),
    "Emma": ("en-GB", 1),
    "Empar": ("es-ES", 3),
    "Enrique": ("es-ES", 4),
    "Ewa": ("pl-PL", 0),
    "Felipe": ("pt-BR", 4),
    "Filiz": ("tr-TR", 0),
    "Geraint": ("en-GB-WLS", 0),
    "Giorgio": ("it-IT", 4),
    "Gwyneth": ("cy-GB", 0),
    "Hans": ("de-DE", 3),
    "Henrik": ("nb-NO", 7),
    "Ines": ("pt-PT", 0),
    "Ioana": ("ro-RO", 1),
    "Iveta": ("cs-CZ", 1),
    "Ivy": ("en-US", 1),
    "Jacek": ("pl-PL", 5),
    "Jan": ("pl-PL", 6),
    "Joana": ("pt-PT", 4),
    "Joanna": ("en-US", 2),
    "Joey": ("en-US", 7),
    "Jordi": ("ca-ES", 1),
    "Justin": ("en-US", 8),
    "Kanya": ("th-TH", 0),
    "Karl": ("is-IS", 1),
    "Kendra": ("en-US", 3),
    "Kimberly": ("en-US", 0),
    "Laila": ("ar", 2),
    "Laura": ("sk-SK", 1),
    "Lea": ("fr-FR", 1),
    "Lekha": ("hi-IN", 2),
    "Liv": ("nb-NO", 0),
    "Lotte": ("nl-NL", 0),
    "Lucia": ("es-ES", 1),
    "Luciana": ("pt-BR", 2),
    "Lupe": ("es-US", 2),
    "Mads": ("da-DK", 2),
    "Maged": ("ar", 5),
    "Maja": ("pl-PL", 1),
    "Mariska": ("hu-HU", 1),
    "Marlene": ("de-DE", 0),
    "Mathieu": ("fr-FR", 5),
    "Matthew": ("en-US", 9),
    "Maxim": ("ru-RU", 4),
    "Mei-Jia": ("cmn-TW", 0),
    "Melina": ("el-GR", 1),
    "Mia": ("es-MX", 0),
    "Miguel": ("es-US", 1),
    "Miren": ("eu-ES", 0),
    "Mizuki": ("ja-JP", 0),
    "Montserrat": ("ca-ES", 0),
    "Naja": ("da-DK", 0),
    "Nicole": ("en-AU", 0),
    "Nikos": ("el-GR", 2),
    "Nora": ("nb-NO", 6),
    "Oskar": ("sv-SE", 3),
    "Penelope": ("es-US", 0),
    "Raveena": ("en-IN", 1),
    "Ricardo": ("pt-BR", 3),
    "Ruben": ("nl-NL", 4),
    "Russell": ("en-AU", 3),
    "Salli": ("en-US", 4),
    "Satu": ("fi-FI", 1),
    "Seoyeon": ("ko-KR", 0),
    "Sin-Ji": ("yue-CN", 0),
    "Sora": ("ko-KR", 3),
    "Takumi": ("ja-JP", 3),
    "Tarik": ("ar", 6),
    "Tatyana": ("ru-RU", 0),
    "Tessa": ("en-ZA", 0),
    "Tian-Tian": ("cmn-CN", 3),
    "Vicki": ("de-DE", 1),
    "Vitoria": ("pt-BR", 0),
    "Yelda": ("tr-TR", 4),
    "Zeina": ("ar", 0),
    "Zhiyu": ("cmn-CN", 0),
    "Zuzana": ("cs-CZ", 2),
    "Agnieszka": ("pl-PL", 0),
    "Chipmunk": ("en-US", 0),
    "Eric": ("en-US", 0),
    "Jennifer": ("en-US", 0),
}
"""Language and style of each legacy `voiceName`. The last four were listed without a style."""

_CODES = {code.lower(): code for code in (*STYLES, *LATER_LANGUAGES)}
_NAMES = {name.lower(): voice for name, voice in NAMES.items()}


def canonical_language(code: str) -> str:
    """`en-us` as `en-US`; an unknown code unchanged."""
    return _CODES.get(code.strip().lower(), code.strip())


def is_known_language(code: str) -> bool:
    return code.strip().lower() in _CODES


def legacy_voice(name: str) -> tuple[str, int] | None:
    """Language and style of a `voiceName`, None for one that never existed."""
    return _NAMES.get(name.strip().lower())


def resolve(language: str | None, style: int | None, voice_name: str | None) -> tuple[str, int]:
    """The language and style to speak with.

    `language` wins over `voice_name`; an unknown name is the default voice; a style that the language does
    not have is style 0.
    """
    if language is None and voice_name is not None:
        spoken, named_style = legacy_voice(voice_name) or (DEFAULT_LANGUAGE, 0)
        return spoken, named_style
    spoken = canonical_language(language or DEFAULT_LANGUAGE)
    wanted = style or 0
    return spoken, wanted if wanted < STYLES.get(spoken, wanted + 1) else 0
