"""Numbers as people type them: 14,000 · 2.4 M · 842K · 1.2 B · 35%."""

import re
from decimal import Decimal, InvalidOperation

_NUMBER = re.compile(r"^([+−-]?)([\d.,'\s]*\d[\d.,'\s]*)([kmbt]?)\s*%?$", re.IGNORECASE)
_SCALE = {"": 0, "k": 3, "m": 6, "b": 9, "t": 12}
MAX_CHARACTERS = 40


def parse_number(text: str) -> Decimal:
    """The number, exactly as typed; ValueError for anything that is not one.

    Commas, apostrophes and spaces group thousands, the dot is the decimal point.
    """
    cleaned = text.replace("\u00a0", " ").replace("\u202f", " ").strip().lstrip("$€£ ")
    if len(cleaned) > MAX_CHARACTERS:
        raise ValueError("too long")
    match = _NUMBER.match(cleaned)
    if not match:
        raise ValueError("not a number")
    sign, digits, suffix = match.groups()
    plain = re.sub(r"[,'\s]", "", digits)
    try:
        value = Decimal(plain).scaleb(_SCALE[suffix.lower()])
    except InvalidOperation as error:
        raise ValueError("not a number") from error
    return -value if sign in {"-", "−"} else value


def show_number(value: Decimal | int | None) -> str:
    """How a stored number is put back into a field: 14,000 and 4.5, never 1E+3."""
    if value is None:
        return ""
    text = f"{Decimal(value):,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
