"""The words of an uncompressed PDF of ours: glyph numbers back to text by the fonts' own maps."""

import re

_USED = re.compile(rb"/F(\d+) (\d+) 0 R")
_MAP = re.compile(rb"/ToUnicode (\d+) 0 R")
_CHARACTER = re.compile(rb"<([0-9A-F]{4})> <([0-9A-F]+)>")
_SHOWN = re.compile(rb"/F(\d+) [\d.]+ Tf|\(((?:[^()\\]|\\.)*)\) Tj", re.DOTALL)
_ESCAPED = {b"r": b"\r", b"n": b"\n", b"t": b"\t", b"b": b"\b", b"f": b"\f"}


def text_of(pdf: bytes) -> list[str]:
    """Every piece of text in the order in which it is drawn."""
    maps = _maps(pdf)
    found, font = [], b""
    for number, shown in _SHOWN.findall(pdf):
        if number:
            font = number
        elif font in maps:
            plain = re.sub(rb"\\(.)", lambda m: _ESCAPED.get(m[1], m[1]), shown, flags=re.DOTALL)
            glyphs = [plain[i : i + 2] for i in range(0, len(plain), 2)]
            found.append("".join(maps[font].get(glyph, "\ufffd") for glyph in glyphs))
    return found


def _maps(pdf: bytes) -> dict[bytes, dict[bytes, str]]:
    found = {}
    for font, number in set(_USED.findall(pdf)):
        mapped = _MAP.search(_object(pdf, number))
        assert mapped, font
        pairs = _CHARACTER.findall(_object(pdf, mapped[1]))
        found[font] = {
            bytes.fromhex(code.decode()): bytes.fromhex(char.decode()).decode("utf-16-be")
            for code, char in pairs
        }
    return found


def _object(pdf: bytes, number: bytes) -> bytes:
    start = pdf.index(b"\n" + number + b" 0 obj")
    return pdf[start : pdf.index(b"endobj", start)]
