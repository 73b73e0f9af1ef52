#!/usr/bin/env python3
"""Write wer.json beside this file: pairs of texts with the counts of jiwer.

    python3 tests/golden/make_wer_golden.py

The texts are normalized here with Python's own Unicode tables: NFKC, lower case, marks and invisible signs out, every
other sign that is no letter or number to a space.
"""
import json
import pathlib
import random
import unicodedata

import jiwer

HERE = pathlib.Path(__file__).parent
SENTENCES = [
    "Det var en gång en liten flicka som bodde i skogen med sin mormor, och hon hette Åsa.",
    "Statsministern sade att EU-länderna måste enas om 3½ miljarder kronor före den 1:a mars.",
    "Vi ska ordna ett kalas, men vi behöver någon som hjälper oss att sätta upp girlanger i träden.",
    "Tåget mot Göteborg avgår klockan 14.35 från spår 7; resenärerna uppmanas att stiga ombord nu!",
    "»Nej«, sade han – och gick. Sedan kom han tillbaka, och sedan gick han igen, och sedan kom han tillbaka.",
]
BY_HAND = [
    ("Hej!", "hej"), ("Hej", ""), ("Hej på dig", "Hallå där du"), ("", ""), ("ett två tre", "två tre fyra"),
    ("A\u030angstro\u0308m cafe\u0301", "ångström café"), ("ÅÄÖ ÉÜ ŠŽ Ǽ", "åäö éü šž ǽ"), ("½ ² № ﬁn ＡＢＣ", "1⁄2 2 no fin abc"),
    ("EU-land", "EU land"), ("EU-land", "euland"), ("don't", "dont"), ("mjuk\u00adt bindestreck\u200b", "mjukt bindestreck"),
    ("Привет МИР", "привет мир"), ("ΑΒΓ", "αβγ"), ("a b a b a b", "b a b a b a"), ("a a a", "a"), ("a", "a a a"),
    ("[musik] (skratt) ♪ la la ♪", "musik skratt la la"), ("Ḝḝ", "ḝḝ"), ("q\u0323\u0307", "q"),
]


def normalized(text):
    text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).lower())
    kept = []
    for c in text:
        category = unicodedata.category(c)
        if category[0] in "LN":
            kept.append(c)
        elif category[0] != "M" and category != "Cf":
            kept.append(" ")
    return " ".join("".join(kept).split())


def spoilt(text, rng, rate):
    words, out = text.split(), []
    for word in words:
        dice = rng.random()
        if dice < rate / 3:
            continue
        if dice < 2 * rate / 3:
            out.append(rng.choice(words))
        else:
            out.append(word)
        if rng.random() < rate / 3:
            out.append(rng.choice(words))
    return " ".join(out)


def main():
    rng = random.Random(1)
    pairs = list(BY_HAND)
    for rate in (0.1, 0.3, 0.6, 0.9):
        for sentence in SENTENCES:
            pairs.append((sentence, spoilt(sentence, rng, rate)))
        pairs.append((" ".join(SENTENCES), spoilt(" ".join(SENTENCES), rng, rate)))
    cases = []
    for reference, hypothesis in pairs:
        r, h = normalized(reference), normalized(hypothesis)
        counts = jiwer.process_words(r, h) if r else None
        cases.append({
            "reference": reference, "hypothesis": hypothesis, "normalized": h,
            "substitutions": counts.substitutions if r else 0,
            "deletions": counts.deletions if r else 0,
            "insertions": counts.insertions if r else len(h.split()),
            "words": len(r.split()),
        })
    text = "[\n" + ",\n".join(json.dumps(c, ensure_ascii=True) for c in cases) + "\n]\n"
    (HERE / "wer.json").write_text(text, encoding="utf8")


main()
