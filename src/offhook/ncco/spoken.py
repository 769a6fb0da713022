"""How long a text is once its SSML tags are taken out. Reading SSML itself is the speech part's business."""


def is_ssml(text: str) -> bool:
    """SSML is switched on by a `<speak>` root."""
    start = text.lstrip()[:7].lower()
    return start.startswith("<speak") and start[6:7] in (">", " ", "\t", "\n", "/")


def spoken_length(text: str) -> int:
    """Characters that count towards the limit: of SSML those outside `<…>`, of plain text all."""
    if not is_ssml(text):
        return len(text)
    length = position = 0
    while (opening := text.find("<", position)) >= 0:
        length += opening - position
        closing = text.find(">", opening)
        if closing < 0:
            return length + len(text) - opening
        position = closing + 1
    return length + len(text) - position
