#!/usr/bin/env python3
"""Write tokenizer.json beside this file: what the `tokenizers` package makes of 10,000 generated strings.

    python3 tests/golden/make_tokenizer_golden.py MODEL/tokenizer.json

The strings come from a generator that src/decoding/tokenizer_golden_test.cpp has too, so only hashes are kept: one
FNV-1a over every hundred strings. Some strings stand verbatim so that a failure can be read.
Exports of Whisper's tokenizer older than March 2024 lack the first merge (a space and "t"), which OpenAI's own has;
it is put back before use.
"""
import json
import pathlib
import sys

from tokenizers import Tokenizer

HERE = pathlib.Path(__file__).parent
COUNT, GROUP, MASK = 10_000, 100, (1 << 64) - 1


class Random:
    """Knuth's linear congruential generator, 64 bits."""

    def __init__(self, seed):
        self.state = seed

    def below(self, n):
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) & MASK
        return (self.state >> 33) % n


def make_string(random, parts):
    pick = lambda name: parts[name][random.below(len(parts[name]))]
    text = ""
    for _ in range(1 + random.below(16)):
        kind = random.below(16)
        if kind < 7:
            text += " " + pick("words")
        elif kind < 8:
            text += pick("words")
        elif kind < 10:
            text += pick("signs")
        elif kind < 12:
            text += pick("spaces")
        elif kind < 13:
            text += "".join(str(random.below(10)) for _ in range(1 + random.below(6)))
        elif kind < 15:
            first, last = pick("ranges")
            text += "".join(chr(first + random.below(last - first + 1)) for _ in range(1 + random.below(8)))
        else:
            text += pick("words")[0] * (1 + random.below(120))
    return text


def fnv1a(data, hash_so_far):
    for byte in data:
        hash_so_far = ((hash_so_far ^ byte) * 0x100000001B3) & MASK
    return hash_so_far


def grouped_hashes(items):
    hashes = []
    for start in range(0, len(items), GROUP):
        value = 0xCBF29CE484222325
        for data in items[start:start + GROUP]:
            value = fnv1a(data, value)
        hashes.append(f"{value:016x}")
    return hashes


def token_bytes(tokens):
    """Little-endian ids, then a terminator, so that the borders of strings count."""
    return b"".join(t.to_bytes(4, "little") for t in tokens) + b"\xff\xff\xff\xff"


def load(path):
    """Returns the tokenizer with its merges repaired, and the ids of all text tokens."""
    data = json.loads(pathlib.Path(path).read_text(encoding="utf8"))
    merges = [tuple(m.split(" ")) if isinstance(m, str) else tuple(m) for m in data["model"]["merges"]]
    if ("Ġ", "t") not in merges:
        merges.insert(0, ("Ġ", "t"))
    data["model"]["merges"] = [list(m) for m in merges]
    special = {t["id"] for t in data["added_tokens"]}
    return Tokenizer.from_str(json.dumps(data)), sorted(set(data["model"]["vocab"].values()) - special)


def main():
    tokenizer, text_ids = load(sys.argv[1])
    parts = json.loads((HERE / "tokenizer_parts.json").read_text(encoding="utf8"))
    random = Random(1)
    strings = [make_string(random, parts) for _ in range(COUNT)]
    encoded = [tokenizer.encode(s, add_special_tokens=False).ids for s in strings]
    # Random tokens: their bytes are seldom whole characters.
    random = Random(2)
    sequences = [[random.below(len(text_ids)) for _ in range(1 + random.below(30))] for _ in range(COUNT)]
    decoded = [tokenizer.decode(ids, skip_special_tokens=False) for ids in sequences]
    golden = {
        "encode": grouped_hashes([token_bytes(ids) for ids in encoded]),
        "decode": grouped_hashes([d.encode("utf8") + b"\xff" for d in decoded]),
        "samples": [{"text": strings[i], "tokens": encoded[i]} for i in (0, 1, 2, 3, 5, 8, 13, 21)],
    }
    assert text_ids == list(range(len(text_ids)))
    text = json.dumps(golden, ensure_ascii=True, indent=1)
    (HERE / "tokenizer.json").write_text(text + "\n", encoding="utf8")


main()
