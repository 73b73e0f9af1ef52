#!/usr/bin/env python3
"""Many arrangements of a few recordings, so that WER does not hang on where one arrangement's windows happen to end.

    python3 bench/compare/layouts.py FOLDER FILE FILE…

Joins the recordings in every order (up to --most), a second of silence after each, once as they are and once with faint
noise over all, and writes each as FLAC with its reference as text. compare.py takes the folder's files.
"""
import argparse
import csv
import itertools
import pathlib
import subprocess
import sys

import compare


def reference(audio):
    path = compare.reference_of(audio)
    if path is None:
        sys.exit(f"layouts.py: {audio} has no reference beside it: {audio.stem}.segments.tsv, .tsv or .txt")
    if path.suffix == ".txt":
        return path.read_text(encoding="utf8").strip()
    with open(path, encoding="utf8", newline="") as file:
        return " ".join(row["text"] for row in csv.DictReader(file, delimiter="\t"))


def join(files, target, noisy):
    """noisy: pink noise at -50 dB over all, and 2.5 s of it in front, which moves every window."""
    mono = "aresample=16000,aformat=channel_layouts=mono"
    inputs = [part for file in files for part in ("-i", str(file))]
    steps = [f"[{i}:a]{mono},apad=pad_dur=1[a{i}]" for i in range(len(files))]
    joined = "".join(f"[a{i}]" for i in range(len(files)))
    if noisy:
        steps += [f"anoisesrc=r=16000:a=0.002:c=pink:seed=1:d=2.5,{mono}[front]",
                  f"[front]{joined}concat=n={len(files) + 1}:v=0:a=1[clean]",
                  "anoisesrc=r=16000:a=0.003:c=pink:seed=2[noise]",
                  "[clean][noise]amix=inputs=2:duration=first:normalize=0[out]"]
    else:
        steps.append(f"{joined}concat=n={len(files)}:v=0:a=1[out]")
    subprocess.run(["ffmpeg", "-loglevel", "error", "-y", *inputs, "-filter_complex", ";".join(steps), "-map", "[out]",
                    "-c:a", "flac", str(target)], check=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--most", type=int, default=6, help="orders, each made with and without noise")
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("files", type=pathlib.Path, nargs="+")
    args = parser.parse_args()
    args.folder.mkdir(parents=True, exist_ok=True)
    for number, files in enumerate(itertools.islice(itertools.permutations(args.files), args.most)):
        for noisy in (False, True):
            target = args.folder / f"{'noisy' if noisy else 'clean'}{number}.flac"
            join(files, target, noisy)
            target.with_suffix(".txt").write_text(" ".join(map(reference, files)) + "\n", encoding="utf8")


if __name__ == "__main__":
    main()
