#!/usr/bin/env python3
"""What is lost, invented and misheard, with each set of flags and under harder conditions; writes a table in Markdown.

    python3 bench/quality/quality.py --model build/models/whisper-base [--set "NAME=FLAGS"]… [FILE…]

README.md beside this file says what is measured and how.
"""
import argparse
import dataclasses
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile
import time

import variants  # also finds bench/compare

import compare

sys.path.insert(0, str(compare.ROOT / "bench/words"))
import word_times  # noqa: E402


@dataclasses.dataclass
class Score:
    reference_words: int = 0
    wer: float = float("nan")
    cer: float = float("nan")
    substitutions: int = 0
    deletions: int = 0
    insertions: int = 0
    invented: int = 0
    silent_s: float = 0.0
    lost_s: float = 0.0
    speech_s: float = 0.0
    wall_s: float = 0.0
    repaired: int = 0
    dropped: int = 0


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=pathlib.Path, required=True)
    parser.add_argument("--vad", default=str(compare.ROOT / "build/models/silero_vad_16k.safetensors"))
    parser.add_argument("--compute_type", default="int8")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--program", type=pathlib.Path, default=compare.OURS, help="another build, to compare with")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=FLAGS", help="a set of flags; repeatable")
    parser.add_argument("--variants", default=",".join([*variants.OF_SPEECH, *variants.ALONE]),
                        help="their names, with ';' or ',' between (default: all)")
    parser.add_argument("--folder", type=pathlib.Path, default=compare.ROOT / "build/quality", help="for the variants")
    parser.add_argument("--keep", type=pathlib.Path, help="a folder for the transcripts")
    parser.add_argument("--output", type=pathlib.Path, default=compare.ROOT / "build/quality.md", help="the table")
    parser.add_argument("files", nargs="*", type=pathlib.Path, help="default: the recordings in ../shared")
    args = parser.parse_args()
    args.files = [f.resolve() for f in args.files] or sorted((compare.ROOT.parent / "shared/audio").glob("*/*.flac"))
    if not args.files:
        parser.error("name a recording that has a .segments.tsv")
    known = [*variants.OF_SPEECH, *variants.ALONE]
    # Names hold commas themselves: the longest that fits comes first.
    rest, args.chosen = args.variants, []
    while rest:
        name = max((k for k in known if rest.startswith(k)), key=len, default=None)
        if name is None:
            parser.error(f"there is no variant {rest.split(',')[0]}; there are {'; '.join(known)}")
        args.chosen.append(name)
        rest = rest[len(name):].lstrip(",; ")
    args.sets = {"default": ""} if not args.set else dict(s.split("=", 1) for s in args.set)
    return args


def transcribe(args, flags, recordings, folder):
    command = [args.program, "--model", args.model, "--vad_model", args.vad, "--language", "sv", "--compute_type",
               args.compute_type, "--threads", args.threads, "-f", "json", "-o", folder, "-q", *shlex.split(flags),
               *(r.audio for r in recordings)]
    start = time.monotonic()
    process = subprocess.run([str(c) for c in command], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    if process.returncode != 0:
        sys.exit(f"quality.py: {shlex.join(map(str, command))} ended with {process.returncode}:\n{process.stderr[-2000:]}")
    return time.monotonic() - start


def errors(pairs, characters):
    report = subprocess.run([compare.WER, *(["--characters"] if characters else []), *pairs], check=True,
                            capture_output=True, text=True).stdout
    found = re.search(r"^all: [WC]ER (\S+) (?:% )?\(S (\d+), D (\d+), I (\d+) of (\d+)", report, re.MULTILINE)
    rate = float("nan") if found[1] == "undefined" else float(found[1])
    return rate, [int(found[i]) for i in range(2, 6)]


def invented_words(recording, transcript):
    """Words, timed ones by their middle, else those of segments that lie within, where nobody speaks."""
    count = 0
    for begin, end in recording.silent:
        for segment in transcript["segments"]:
            middles = [(w["start"] + w["end"]) / 2 for w in segment["words"]]
            if middles:
                count += sum(begin <= m < end for m in middles)
            elif begin <= (segment["start"] + segment["end"]) / 2 < end:
                count += len(segment["text"].split())
    return count


def lost_seconds(recording, transcript):
    """Of reference segments of at least two words of which not one was recognized."""
    plain = [(word_times.plain(w), i) for i, s in enumerate(recording.segments) for w in s.text.split()]
    plain = [(w, i) for w, i in plain if w]
    pairs = word_times.aligned([w for w, _ in plain],
                               [p for p in map(word_times.plain, transcript["text"].split()) if p])
    words, found = {}, {}
    for (_, i), pair in zip(plain, pairs):
        words[i] = words.get(i, 0) + 1
        found[i] = found.get(i, 0) + (pair is not None)
    return sum(s.end - s.start for i, s in enumerate(recording.segments) if words.get(i, 0) >= 2 and not found[i])


def judge(args, flags, recordings, place):
    with tempfile.TemporaryDirectory() as temporary:
        folder = place or pathlib.Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        score = Score(wall_s=transcribe(args, flags, recordings, folder))
        pairs = [p for r in recordings for p in (r.audio.with_suffix(".segments.tsv"), folder / (r.name + ".json"))]
        score.wer, counts = errors(pairs, False)
        score.substitutions, score.deletions, score.insertions, score.reference_words = counts
        score.cer, _ = errors(pairs, True)
        for recording in recordings:
            transcript = json.loads((folder / (recording.name + ".json")).read_text(encoding="utf8"))
            coverage = transcript["metadata"]["coverage"]
            score.repaired += len(coverage.get("repaired", []))
            score.dropped += len(coverage["dropped"])
            score.invented += invented_words(recording, transcript)
            score.silent_s += sum(end - begin for begin, end in recording.silent)
            score.lost_s += lost_seconds(recording, transcript)
            score.speech_s += sum(s.end - s.start for s in recording.segments)
        return score


def row(variant, name, s):
    show = lambda value: "–" if value != value else f"{value:.2f}"
    invented = f"{s.invented / (s.silent_s / 60):.1f}" if s.silent_s else "–"
    lost = f"{100 * s.lost_s / s.speech_s:.1f}" if s.speech_s else "–"
    return (f"| {variant} | {name} | {show(s.wer)} | {show(s.cer)} | {s.deletions} | {s.insertions} | {s.substitutions} "
            f"| {invented} | {lost} | {s.repaired} | {s.dropped} | {s.wall_s:.2f} |")


def main():
    args = parse_arguments()
    lines = [
        f"{len(args.files)} recordings, {args.model.name} {args.compute_type}, {compare.processor()}, {args.threads} "
        f"threads, {time.strftime('%Y-%m-%d')}.", "",
        "| variant | flags | WER % | CER % | D | I | S | invented words a silent minute | lost speech % | repaired | dropped | wall s |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|"]
    print("\n".join(lines), flush=True)
    for variant in args.chosen:
        recordings = variants.make(variant, args.files, args.folder)
        for name, flags in args.sets.items():
            place = args.keep / name / variants.slug(variant) if args.keep else None
            lines.append(row(variant, name, judge(args, flags, recordings, place)))
            print(lines[-1], flush=True)
    args.output.parent.mkdir(parents=True, exist_ok=True)
    args.output.write_text("\n".join(lines) + "\n", encoding="utf8")


if __name__ == "__main__":
    main()
