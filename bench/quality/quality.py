#!/usr/bin/env python3
"""What is lost, invented, misheard and mistimed, with each set of flags, by each engine, under harder conditions; writes a
table in Markdown.

    python3 bench/quality/quality.py --model build/models/whisper-base [--set "NAME=FLAGS"]… [--engine NAME]… [FILE…]

README.md beside this file says what is measured and how.
"""
import argparse
import dataclasses
import functools
import json
import os
import pathlib
import re
import shlex
import statistics
import subprocess
import sys
import tempfile
import time

import variants  # also finds bench/compare

import compare

sys.path.insert(0, str(compare.ROOT / "bench/words"))
import word_times  # noqa: E402

SETS = {"default": "", "greedy": "--beam_size 1", "beam 5": "--beam_size 5", "no repair": "--repair False",
        "rejected not heard": "--hear_rejected False", "inventions stay": "--drop_inventions False"}


@dataclasses.dataclass
class Score:
    reference_words: int = 0
    wer: float = float("nan")
    cer: float = float("nan")
    substitutions: int = 0
    deletions: int = 0
    insertions: int = 0
    invented: float = 0  # nan: the engine gives no times
    silent_s: float = 0.0
    lost_s: float = 0.0
    speech_s: float = 0.0
    first_words: list = dataclasses.field(default_factory=list)  # |start − the reference's|, s; of words with times
    wall_s: float = 0.0
    cpu_s: float = 0.0
    repaired: float = 0  # nan: not told
    dropped: float = 0


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=pathlib.Path, required=True, help="CTranslate2 folder: ours, faster-whisper")
    parser.add_argument("--hf", type=pathlib.Path, help="the same model for transformers")
    parser.add_argument("--ggml", type=pathlib.Path, help="the same model for whisper.cpp")
    parser.add_argument("--peers_only", action="store_true", help="the engines named with --engine, and not ours")
    parser.add_argument("--engine", action="append", default=[], metavar="NAME",
                        help="a peer of bench/compare to judge as well; repeatable: "
                             + ", ".join(e.name for e in compare.ENGINES if e.worker))
    parser.add_argument("--python", type=pathlib.Path, help="as in bench/compare")
    parser.add_argument("--batch_size", type=int, default=8, help="of the peers that have one")
    parser.add_argument("--vad", default=str(compare.ROOT / "build/models/silero_vad_16k.safetensors"))
    parser.add_argument("--compute_type", default="int8")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--program", type=pathlib.Path, default=compare.OURS, help="another build, to compare with")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=FLAGS",
                        help=f"a set of flags; repeatable (default: {'; '.join(f'{n}={f}' for n, f in SETS.items())})")
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
    if not all("=" in s for s in args.set):
        parser.error("--set is NAME=FLAGS")
    args.sets = {} if args.peers_only else dict(s.split("=", 1) for s in args.set) or SETS
    args.ct2, args.plain = args.model, False  # what bench/compare calls them
    args.engine = compare.engines_named(args.engine)
    for engine in args.engine:
        if not engine.worker:
            parser.error(f"{engine.name} is no peer: give its flags with --set")
        if getattr(args, engine.model_option) is None:
            parser.error(f"{engine.name} needs --{engine.model_option}")
    return args


def our_command(args, flags, recordings, folder):
    return [args.program, "--model", args.model, "--vad_model", args.vad, "--language", "sv", "--compute_type",
            args.compute_type, "--threads", args.threads, "-f", "json", "-o", folder, "-q", "--word_timestamps", "True",
            *shlex.split(flags), *(r.audio for r in recordings)]


def peer_command(args, engine, python, recordings, folder):
    args.files = [r.audio for r in recordings]
    return compare.command(engine, args, python, folder, words=True)


def errors(pairs, characters):
    report = subprocess.run([compare.WER, *(["--characters"] if characters else []), *pairs], check=True,
                            capture_output=True, text=True).stdout
    found = re.search(r"^all: [WC]ER (\S+) (?:% )?\(S (\d+), D (\d+), I (\d+) of (\d+)", report, re.MULTILINE)
    rate = float("nan") if found[1] == "undefined" else float(found[1])
    return rate, [int(found[i]) for i in range(2, 6)]


def invented_words(recording, transcript):
    """Words, timed ones by their middle, else those of segments whose middle lies there, where nobody speaks."""
    if any(segment["start"] is None for segment in transcript["segments"]):
        return float("nan")
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


def first_words(recording, transcript):
    """Of every reference segment whose first word was recognized, how far that word's start is from the segment's, s."""
    words = [(w["word"], w["start"]) for s in transcript["segments"] for w in s["words"]]
    errors, _ = word_times.errors_of(recording.audio, words) if words else ([], 0)
    return [abs(error) for error, _, _ in errors]


def judge(command_of, threads, recordings, place):
    """command_of(recordings, folder): what writes NAME.json into the folder for each recording."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = place or pathlib.Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        wall_s, _, usage = compare.timed_process(command_of(recordings, folder), threads)
        score = Score(wall_s=wall_s, cpu_s=usage.ru_utime + usage.ru_stime)
        pairs = [p for r in recordings for p in (r.audio.with_suffix(".segments.tsv"), folder / (r.name + ".json"))]
        score.wer, counts = errors(pairs, False)
        score.substitutions, score.deletions, score.insertions, score.reference_words = counts
        score.cer, _ = errors(pairs, True)
        for recording in recordings:
            transcript = json.loads((folder / (recording.name + ".json")).read_text(encoding="utf8"))
            coverage = transcript.get("metadata", {}).get("coverage")
            score.repaired += len(coverage["repaired"]) if coverage else float("nan")
            score.dropped += len(coverage["dropped"]) if coverage else float("nan")
            score.invented += invented_words(recording, transcript)
            score.silent_s += sum(end - begin for begin, end in recording.silent)
            score.lost_s += lost_seconds(recording, transcript)
            score.first_words += first_words(recording, transcript)
            score.speech_s += sum(s.end - s.start for s in recording.segments)
        return score


def row(variant, name, s):
    show = lambda value, digits=2: "–" if value != value else f"{value:.{digits}f}"
    invented = show(s.invented / (s.silent_s / 60), 1) if s.silent_s else "–"
    first = f"{statistics.median(s.first_words) * 1000:.0f}" if s.first_words else "–"
    far = sum(error > 0.5 for error in s.first_words) if s.first_words else "–"
    lost = f"{100 * s.lost_s / s.speech_s:.1f}" if s.speech_s else "–"
    return (f"| {variant} | {name} | {show(s.wer)} | {show(s.cer)} | {s.deletions} | {s.insertions} | {s.substitutions} "
            f"| {invented} | {lost} | {first} | {far} | {show(s.repaired, 0)} | {show(s.dropped, 0)} "
            f"| {s.wall_s:.1f} | {s.cpu_s:.1f} |")


def main():
    args = parse_arguments()
    lines = [
        f"{len(args.files)} recordings, {args.model.name} {args.compute_type}, {compare.processor()}, {args.threads} "
        f"threads, {time.strftime('%Y-%m-%d')}.", "",
        "| variant | flags or engine | WER % | CER % | D | I | S | invented words a silent minute | lost speech % "
        "| first words, median ms | over 500 ms | repaired | dropped | wall s | CPU s |",
        "|---" * 15 + "|"]
    print("\n".join(lines), flush=True)
    python = compare.peers_python(args) if args.engine else None
    commands = {name: functools.partial(our_command, args, flags) for name, flags in args.sets.items()}
    commands |= {engine.name: functools.partial(peer_command, args, engine, python) for engine in args.engine}
    files = args.files
    for variant in args.chosen:
        recordings = variants.make(variant, files, args.folder)
        for name, command_of in commands.items():
            place = args.keep / variants.slug(name) / variants.slug(variant) if args.keep else None
            lines.append(row(variant, name, judge(command_of, args.threads, recordings, place)))
            print(lines[-1], flush=True)
    args.output.parent.mkdir(parents=True, exist_ok=True)
    args.output.write_text("\n".join(lines) + "\n", encoding="utf8")


if __name__ == "__main__":
    main()
