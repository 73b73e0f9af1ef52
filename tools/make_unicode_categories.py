#!/usr/bin/env python3
"""Write src/base/unicode_categories.inc: the code points that GPT-2's pre-tokenization tells apart.

    python3 tools/make_unicode_categories.py > src/base/unicode_categories.inc

Letters are the general categories L*, numbers N*, spaces the property White_Space. Made with the Unicode data of the
Python that runs it; the version stands in the file's first line.
"""
import sys
import unicodedata


def ranges(belongs):
    found, start = [], None
    for code in range(sys.maxunicode + 2):
        inside = code <= sys.maxunicode and belongs(chr(code))
        if inside and start is None:
            start = code
        elif not inside and start is not None:
            found.append((start, code - 1))
            start = None
    return found


def is_white_space(c):
    # Python's isspace() also counts the separators U+001C…U+001F, which lack the property White_Space.
    return c.isspace() and not 0x1C <= ord(c) <= 0x1F


def table(name, rows):
    lines, line = [], "   "
    for first, last in rows:
        item = f" {{0x{first:X}, 0x{last:X}}},"
        if len(line) + len(item) > 120:
            lines.append(line)
            line = "   "
        line += item
    lines.append(line)
    return f"constexpr CodeRange {name}[] = {{\n" + "\n".join(lines) + "\n};"


def main():
    print(f"// Made by tools/make_unicode_categories.py from Unicode {unicodedata.unidata_version}; do not edit.")
    print("// clang-format off")
    print(table("letters", ranges(lambda c: unicodedata.category(c)[0] == "L")))
    print(table("numbers", ranges(lambda c: unicodedata.category(c)[0] == "N")))
    print(table("spaces", ranges(is_white_space)))
    print("// clang-format on")


main()
