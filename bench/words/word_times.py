#!/usr/bin/env python3
"""How far the words' times are from the truth, and what they cost; writes tables in Markdown.

    python3 bench/words/word_times.py --model build/models/whisper-base [--python PYTHON] [FILE…]

The truth is where the segments of a reference begin: FILE's .segments.tsv (start, end, text). The text is aligned with
the reference word by word, and for every segment whose first word was recognized, its start is compared. PYTHON, one
that has faster-whisper, adds faster-whisper's words; without it there are ours only.
"""
import argparse
import csv
import dataclasses
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "compare"))
import compare  # noqa: E402

PEERS = {"faster-whisper": compare.Engine("faster-whisper", "faster_whisper_worker.py", "ct2", batched=False),
         "faster-whisper, batch 8": compare.Engine("faster-whisper-batched", "faster_whisper_worker.py", "ct2")}


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=pathlib.Path, required=True, help="CTranslate2 folder, for both")
    parser.add_argument("--python", type=pathlib.Path, help="a Python that has faster-whisper")
    parser.add_argument("--program", type=pathlib.Path, default=compare.OURS, help="another build, to compare with")
    parser.add_argument("--vad", default=str(compare.ROOT / "build/models/silero_vad_16k.safetensors"))
    parser.add_argument("--compute_type", default="int8")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--repeat", type=int, default=3, help="runs for the cost; medians are shown")
    parser.add_argument("--ours", default="", help="further flags for ours, in one word")
    parser.add_argument("--show", type=float, default=0.5, help="list first words that are further away, s")
    parser.add_argument("files", nargs="*", type=pathlib.Path, help="default: the recordings in ../shared")
    args = parser.parse_args()
    args.files = [f.resolve() for f in args.files] or sorted((compare.ROOT.parent / "shared/audio").glob("*/*.flac"))
    if not args.files:
        parser.error("name a recording that has a .segments.tsv")
    args.ct2, args.batch_size, args.plain = args.model, 8, False  # what bench/compare calls them
    return args


def plain(word):
    return re.sub(r"[^\wåäöéü]", "", word.lower())


def reference_of(path):
    with open(path.with_suffix(".segments.tsv"), encoding="utf-8") as file:
        return [(float(row["start"]), float(row["end"]), row["text"]) for row in csv.DictReader(file, delimiter="\t")]


def aligned(reference, words):
    """Of each reference word the index of the equal word that a cheapest alignment pairs with it, or None. Of the cheapest
    alignments it is one with most pairs: "upp, för långer. Här punkten" for "upp ballonger. Här är pumpen" has heard "här"."""
    n, m = len(reference), len(words)
    edit = n + m + 1  # outweighs all pairs together
    cost = [[0] * (m + 1) for _ in range(n + 1)]
    for i in range(n + 1):
        for j in range(m + 1):
            if i == 0 or j == 0:
                cost[i][j] = (i + j) * edit
                continue
            step = -1 if reference[i - 1] == words[j - 1] else edit
            cost[i][j] = min(cost[i - 1][j - 1] + step, cost[i - 1][j] + edit, cost[i][j - 1] + edit)
    pairs, i, j = [None] * n, n, m
    while i > 0 and j > 0:
        same = reference[i - 1] == words[j - 1]
        if cost[i][j] == cost[i - 1][j - 1] + (-1 if same else edit):
            i, j = i - 1, j - 1
            if same:
                pairs[i] = j
        elif cost[i][j] == cost[i - 1][j] + edit:
            i -= 1
        else:
            j -= 1
    return pairs


def errors_of(path, words):
    """(error of the start, reference time, word) of every segment's first word that was recognized; how many were not."""
    words = [w for w in words if plain(w[0])]
    flat, firsts = [], []
    for start, _, text in reference_of(path):
        spoken = [plain(w) for w in text.split() if plain(w)]
        firsts.append((len(flat), start))
        flat += spoken
    pairs = aligned(flat, [plain(w[0]) for w in words])
    errors, missed = [], 0
    for index, start in firsts:
        if pairs[index] is None:
            missed += 1
        else:
            errors.append((words[pairs[index]][1] - start, start, flat[index]))
    return errors, missed


def run_ours(args, words, folder):
    flags = ["--word_timestamps", str(words)] + args.ours.split()
    command = [args.program, "--model", args.model, "--vad_model", args.vad, "--language", "sv", "--compute_type",
               args.compute_type, "--threads", args.threads, "-f", "json", "-o", folder, "-q", *flags, *args.files]
    start = time.monotonic()
    subprocess.run([str(c) for c in command], check=True, stdout=subprocess.DEVNULL)
    wall = time.monotonic() - start
    return wall, words_in(args, folder)


def words_in(args, folder):
    result = {}
    for path in args.files:
        content = json.loads((pathlib.Path(folder) / (path.stem + ".json")).read_text(encoding="utf-8"))
        result[path] = [(w["word"], w["start"]) for s in content["segments"] for w in s["words"]]
    return result


def run_peer(args, engine):
    engine = dataclasses.replace(engine, compute_type=args.compute_type)
    seconds = {}
    with tempfile.TemporaryDirectory() as folder:
        for words in (False, True):
            command = compare.command(engine, args, args.python, pathlib.Path(folder), words)
            seconds[words], _, _ = compare.timed_process(command, args.threads)
        return seconds, words_in(args, folder)


def report(name, args, words):
    rows, missed = [], 0
    for path in args.files:
        errors, more = errors_of(path, words[path])
        rows += [(error, path.name, start, word) for error, start, word in errors]
        missed += more
    apart = sorted(abs(r[0]) for r in rows)
    line = (f"| {name} | {len(apart)} of {len(apart) + missed} | {statistics.median(apart) * 1000:.0f} | "
            f"{apart[int(0.9 * (len(apart) - 1))] * 1000:.0f} | {apart[-1] * 1000:.0f} | "
            f"{sum(a > 0.2 for a in apart)} | {sum(a > 0.5 for a in apart)} | "
            f"{statistics.median(r[0] for r in rows) * 1000:+.0f} |")
    print(line, flush=True)
    return [f"{name}: {file} at {start:.2f} s, \"{word}\": {error * 1000:+.0f} ms"
            for error, file, start, word in sorted(rows, key=lambda r: (r[1], r[2])) if abs(error) > args.show]


def main():
    args = parse_arguments()
    if not args.program.exists():
        sys.exit(f"word_times.py: {args.program} is missing: run ./fast_transcribe.sh first")
    print("| engine | first words recognized | median, ms | 90 % within | max | over 200 ms | over 500 ms | bias |")
    print("|---|---|---|---|---|---|---|---|")
    far, walls = [], {True: [], False: []}
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(args.repeat):
            for words in (False, True):
                wall, result = run_ours(args, words, folder)
                walls[words].append(wall)
    far += report(f"fast-transcribe {args.compute_type}", args, result)
    peer_seconds = {}
    if args.python:
        for name, engine in PEERS.items():
            peer_seconds[name], result = run_peer(args, engine)
            far += report(f"{name} {args.compute_type}", args, result)
    print("\n| engine | without words, s | with, s | cost |\n|---|---|---|---|")
    without, with_words = statistics.median(walls[False]), statistics.median(walls[True])
    print(f"| fast-transcribe (medians of {args.repeat} in turns, loading included) | {without:.2f} | {with_words:.2f} | "
          f"{100 * (with_words / without - 1):+.1f} % |")
    for name, seconds in peer_seconds.items():
        print(f"| {name} (one run, loading included) | {seconds[False]:.2f} | {seconds[True]:.2f} | "
              f"{100 * (seconds[True] / seconds[False] - 1):+.1f} % |")
    print(f"\nFurther away than {args.show} s:", *(far or ["none"]), sep="\n- ")


if __name__ == "__main__":
    main()
