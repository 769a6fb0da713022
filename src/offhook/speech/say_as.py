"""`<say-as>` as plain words that any engine reads right.

Engines ignore most values of `interpret-as`, so the text is rewritten: digits are set apart, ordinals get the
suffix that the language reads as an ordinal, dates become a day, the name of a month and a year. What a
language has no rule for is left as it stands.
"""

import re

MONTHS = {
    "en": "January February March April May June July August September October November December",
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "it": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    "nl": "januari februari maart april mei juni juli augustus september oktober november december",
    "pt": "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
}
DOTTED_ORDINALS = frozenset(
    ("cs", "da", "de", "et", "fi", "hr", "hu", "is", "lv", "nb", "no", "pl", "sk", "sl", "sr", "tr")
)
FORMATS = ("mdy", "dmy", "ymd", "md", "dm", "ym", "my", "d", "m", "y")


def normalise(text: str, kind: str, date_format: str, language: str) -> str:
    """`text` as `kind` (an `interpret-as` value) is spoken in `language`; unknown kinds change nothing."""
    base = language.split("-")[0].lower()
    match kind:
        case "digits" | "digit":
            return _digits(text)
        case "character" | "characters" | "spell-out" | "verbatim":
            return _characters(text)
        case "cardinal" | "number":
            return re.sub(r"(?<=\d)[,\s](?=\d{3}\b)", "", text)
        case "ordinal":
            return re.sub(r"\d+", lambda found: _ordinal(int(found[0]), base), text)
        case "telephone":
            return _telephone(text)
        case "fraction":
            return _fraction(text, base)
        case "date":
            return _date(text, date_format, base) or text
        case _:
            return text


def _digits(text: str) -> str:
    return ", ".join(character for character in text if not character.isspace())


def _characters(text: str) -> str:
    return ", ".join(character.upper() for character in text if not character.isspace())


def _telephone(text: str) -> str:
    """Digits one by one; a longer pause where the writer separated groups."""
    groups = re.findall(r"\+|\d+|[*#]|[^\W\d]+", text)
    return ", ".join(group if group.isalpha() else " ".join(group) for group in groups)


def _ordinal(number: int, base: str) -> str:
    if base == "en":
        teen = number % 100 in (11, 12, 13)
        return f"{number}{'th' if teen else {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th')}"
    if base == "fr":
        return "1er" if number == 1 else f"{number}e"
    if base in ("es", "it", "pt"):
        return f"{number}º"
    return f"{number}." if base in DOTTED_ORDINALS else str(number)


def _fraction(text: str, base: str) -> str:
    if base != "en":
        return text
    named = {"1/2": "one half", "1/4": "one quarter", "3/4": "three quarters", "1/3": "one third"}
    spoken = named.get(text.replace(" ", ""))
    return spoken or re.sub(r"(\d+)\s*/\s*(\d+)", r"\1 over \2", text)


def _date(text: str, date_format: str, base: str) -> str | None:
    """The words of a date, or None where text and format do not fit; `?` stands for an unknown part."""
    if date_format == "yyyymmdd" or (not date_format and re.fullmatch(r"[\d?]{8}", text)):
        text, date_format = f"{text[:4]}/{text[4:6]}/{text[6:]}", "ymd"
    parts = re.findall(r"\d+|\?+", text)
    if date_format not in FORMATS or len(parts) != len(date_format):
        return None
    known = {key: int(part) for key, part in zip(date_format, parts, strict=True) if "?" not in part}
    month = known.get("m")
    if month is not None and not 1 <= month <= 12:
        return None
    return _date_words(known.get("d"), month, known.get("y"), base)


def _date_words(day: int | None, month: int | None, year: int | None, base: str) -> str | None:
    name = MONTHS[base].split()[month - 1] if month and base in MONTHS else (str(month) if month else "")
    if base == "en":
        words = [name, _ordinal(day, base) if day else ""]
    else:
        words = [_ordinal(day, base) if day and base in ("de", "da", "nb") else str(day or ""), name]
    words.append(str(year) if year is not None else "")
    return " ".join(word for word in words if word) or None
