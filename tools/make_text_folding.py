#!/usr/bin/env python3
"""Write bench/wer/text_folding.inc: lower case and compatibility forms for comparing texts.

    python3 tools/make_text_folding.py > bench/wer/text_folding.inc

Covers the Latin, Greek and Cyrillic letters, superscripts, fractions, ligatures and full-width forms: what NFKC and
lower case make of one character, and which letter and combining mark make one character together.
"""
import unicodedata

RANGES = [(0x80, 0x24F), (0x370, 0x52F), (0x1E00, 0x1EFF), (0x2000, 0x218F), (0xFB00, 0xFB06), (0xFF01, 0xFF5E)]


def fold(text):
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).lower())


def rows(items):
    line = "   "
    for item in items:
        if len(line) + len(item) + 1 > 120:
            yield line
            line = "   "
        line += " " + item
    yield line


def foldings():
    for first, last in RANGES:
        for code in range(first, last + 1):
            folded = fold(chr(code))
            if folded != chr(code):
                yield f'{{0x{code:X}, U"' + "".join(f"\\x{ord(c):X}" for c in folded) + '"},'


def compositions():
    found = {}
    for first, last in RANGES[:3]:
        for code in range(first, last + 1):
            c = chr(code)
            pair = unicodedata.normalize("NFD", c)
            # Letters with two marks: their first two parts are one character already.
            if len(pair) == 3:
                pair = unicodedata.normalize("NFC", pair[:2]) + pair[2]
            if len(pair) == 2 and fold(c) == c and unicodedata.normalize("NFC", pair) == c:
                found[ord(pair[0]), ord(pair[1])] = code
    return [f"{{0x{a:X}, 0x{b:X}, 0x{c:X}}}," for (a, b), c in sorted(found.items())]


print(f"// Made by tools/make_text_folding.py from Unicode {unicodedata.unidata_version}; do not edit.")
print("// clang-format off")
print("constexpr Folding foldings[] = {\n" + "\n".join(rows(foldings())) + "\n};")
print("constexpr Composition compositions[] = {\n" + "\n".join(rows(compositions())) + "\n};")
print("// clang-format on")
