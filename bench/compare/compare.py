#!/usr/bin/env python3
"""fast-transcribe and other engines on the same files, in turns; writes a table in Markdown.

    python3 bench/compare/compare.py --ct2 build/models/whisper-base --hf FOLDER FILE…

A file's reference is FILE's name with .segments.tsv, .tsv or .txt; without one for every file there is no WER.
README.md beside this file says what is measured and how.
"""
import argparse
import dataclasses
import json
import os
import pathlib
import platform
import re
import shlex
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
HERE = pathlib.Path(__file__).resolve().parent
WER = ROOT / "build/release/bench/wer/wer"
OURS = ROOT / "build/release/fast-transcribe"


# Of weights that mean nothing every text is in doubt, and would be read again.
PLAIN = ["--temperature_increment_on_fallback", "None", "--without_timestamps", "--repair", "False", "--hear_rejected", "False"]


@dataclasses.dataclass
class Engine:
    name: str
    worker: str  # "" for ours
    model_option: str  # the option of this script that names its model
    compute_type: str = "int8"
    batched: bool = True
    beam_size: int = 1  # 0: what the program does when it is not told


ENGINES = [
    Engine("ours-int8", "", "ct2"),
    Engine("ours-fp32", "", "ct2", "float32"),
    Engine("ours-int8-default", "", "ct2", beam_size=0),
    Engine("ours-int8-beam5", "", "ct2", beam_size=5),
    Engine("faster-whisper-int8-batched", "faster_whisper_worker.py", "ct2"),
    Engine("faster-whisper-int8", "faster_whisper_worker.py", "ct2", "int8", False),
    Engine("faster-whisper-int8-beam5", "faster_whisper_worker.py", "ct2", "int8", False, 5),
    Engine("faster-whisper-fp32-batched", "faster_whisper_worker.py", "ct2", "float32"),
    Engine("transformers-fp32", "transformers_worker.py", "hf", "float32", False),
    Engine("transformers-fp32-pipeline", "transformers_worker.py", "hf", "float32"),
    Engine("whisper.cpp", "whisper_cpp_worker.py", "ggml", "", False),
]


@dataclasses.dataclass
class Run:
    wall_s: float
    ready_s: float
    peak_mb: float
    wer: float | None


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ct2", type=pathlib.Path, help="model as a CTranslate2 folder (ours, faster-whisper)")
    parser.add_argument("--hf", type=pathlib.Path, help="the same model as a Hugging Face folder (transformers)")
    parser.add_argument("--ggml", type=pathlib.Path, help="the same model as a ggml file (whisper.cpp)")
    parser.add_argument("--vad", type=pathlib.Path, default=ROOT / "build/models/silero_vad_16k.safetensors",
                        help="ours: Silero's file (./test.sh gets it), or the word energy")
    parser.add_argument("--ours", type=shlex.split, default=[], metavar="FLAGS", help="ours: further flags, in one word")
    parser.add_argument("--engines", default=",".join(e.name for e in ENGINES),
                        help="default: all; those without a model are left out")
    parser.add_argument("--plain", action="store_true",
                        help="no fallback, no repair, no timestamps: for weights that mean nothing (random_model.py)")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--batch_size", type=int, default=8)
    parser.add_argument("--repeat", type=int, default=3, help="runs of every engine; the table shows medians")
    parser.add_argument("--python", type=pathlib.Path,
                        help="a Python that has the peers; default: build/peers, made when missing")
    parser.add_argument("--output", type=pathlib.Path, default=ROOT / "build/compare.md", help="the table")
    parser.add_argument("files", nargs="*", type=pathlib.Path, help="default: the recordings in ../shared, else samples/")
    args = parser.parse_args()
    args.files = [f.resolve() for f in args.files] or default_files()
    if args.vad.name != "energy" and not args.vad.is_file():
        parser.error(f"{args.vad} is missing: ./test.sh gets it; or give --vad energy")
    if not args.files:
        parser.error("there is no audio file: name one")
    if args.repeat < 1 or args.threads < 1 or args.batch_size < 1:
        parser.error("--repeat, --threads and --batch_size must be 1 or more")
    if len({f.stem for f in args.files}) < len(args.files):
        parser.error("two files have the same name; the outputs would overwrite each other")
    for path in args.files:
        if not path.is_file():
            parser.error(f"{path} is no file")
    return args


def default_files():
    files = sorted((ROOT.parent / "shared/audio").glob("*/*.flac"))
    return files or sorted(p for p in (ROOT / "samples").glob("*") if p.suffix in {".flac", ".mp3", ".ogg", ".wav"})


def engines_named(names):
    known = {e.name: e for e in ENGINES}
    for name in names:
        if name not in known:
            sys.exit(f"{pathlib.Path(sys.argv[0]).name}: there is no engine {name}; there are {', '.join(known)}")
    return [known[name] for name in names]


def chosen_engines(args):
    engines = []
    for engine in engines_named(args.engines.split(",")):
        if getattr(args, engine.model_option) is None:
            print(f"{engine.name}: left out, --{engine.model_option} is not given", file=sys.stderr)
        elif not engine.worker and not OURS.exists():
            sys.exit("compare.py: build/release/fast-transcribe is missing: run ./fast_transcribe.sh or cmake --build first")
        else:
            engines.append(engine)
    if not engines:
        sys.exit("compare.py: no engine is left to run")
    return engines


def peers_python(args):
    """The peers live in an environment of their own below build/, so that nothing else changes."""
    if args.python:
        return args.python
    folder = ROOT / "build/peers"
    python, done = folder / "bin/python", folder / "installed.txt"
    wanted = (HERE / "requirements.txt").read_text()
    if not done.exists() or done.read_text() != wanted:
        print(f"installing the peers into {folder}", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "-r", HERE / "requirements.txt"], check=True)
        done.write_text(wanted)
    return python


def command(engine, args, python, output, words=False):
    model = getattr(args, engine.model_option).resolve()
    common = ["--model", model, "--threads", args.threads, "--output_dir", output]
    if engine.beam_size:
        common += ["--beam_size", engine.beam_size]
    if not engine.worker:
        plain = PLAIN if args.plain else []
        parts = [OURS, *common, "--compute_type", engine.compute_type, "--batch_size", args.batch_size,
                 "--vad_model", args.vad, "--language", "sv", "--output_format", "json", *plain, *args.ours, *args.files]
    else:
        plain = [*(["--plain"] if args.plain else []), *(["--words"] if words else [])]
        parts = [python, HERE / "workers" / engine.worker, *common, "--compute_type", engine.compute_type or "default",
                 "--batch_size", args.batch_size if engine.batched else 0, *plain, *args.files]
    return [str(p) for p in parts]


def timed_process(parts, threads):
    """(wall seconds, of them until the line READY, what it used) of one process. Its own children are waited for by itself."""
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads), "HF_HUB_OFFLINE": "1"}
    start = time.monotonic()
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen([str(p) for p in parts], stdout=subprocess.PIPE, stderr=log, env=environment, text=True)
        ready_s = float("nan")
        for line in process.stdout:
            if line.strip() == "READY":
                ready_s = time.monotonic() - start
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            log.seek(0)
            sys.exit(f"{shlex.join(map(str, parts))} ended with {process.returncode}:\n{log.read()[-2000:]}")
    return time.monotonic() - start, ready_s, usage


def measure(engine, args, python):
    with tempfile.TemporaryDirectory() as name:
        output = pathlib.Path(name)
        wall_s, ready_s, usage = timed_process(command(engine, args, python, output), args.threads)
        if not engine.worker:
            first = json.loads((output / (args.files[0].stem + ".json")).read_text())
            ready_s = first["metadata"]["timing"]["ready_s"]
        return Run(wall_s, ready_s, usage.ru_maxrss / 1024, word_error_rate(args.files, output))


def reference_of(audio):
    for suffix in (".segments.tsv", ".tsv", ".txt"):
        path = audio.with_name(audio.stem + suffix)
        if path.exists():
            return path
    return None


def word_error_rate(files, output):
    pairs = []
    for audio in files:
        pairs += [reference_of(audio), output / f"{audio.stem}.json"]
    if None in pairs:
        return None
    report = subprocess.run([WER, *pairs], check=True, capture_output=True, text=True).stdout
    found = re.search(r"^all: WER ([0-9.]+) %", report, re.MULTILINE)
    return float(found[1]) if found else None


def seconds_of(path):
    probe = subprocess.run(["ffprobe", "-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0", path],
                           check=True, capture_output=True, text=True)
    return float(probe.stdout)


def processor():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":")[1].strip()
    return platform.machine()


def table(results, audio_s, args):
    lines = [
        f"{len(args.files)} files, {audio_s:.0f} s of audio; {processor()}, {args.threads} threads, batch {args.batch_size}; "
        f"ours finds speech with {args.vad.stem}{''.join(' ' + flag for flag in args.ours)}; "
        f"medians of {args.repeat} runs in turns, {time.strftime('%Y-%m-%d')}.",
        "",
        "| engine | wall s (min–max) | speed | ready s | peak MB | WER % |",
        "|---|---|---|---|---|---|",
    ]
    for name, runs in results.items():
        median = lambda field: statistics.median(getattr(r, field) for r in runs)
        walls = [r.wall_s for r in runs]
        wer = "–" if runs[0].wer is None else f"{median('wer'):.2f}"
        speed = audio_s / median("wall_s")
        lines.append(f"| {name} | {median('wall_s'):.2f} ({min(walls):.2f}–{max(walls):.2f}) | {speed:.1f}× "
                     f"| {median('ready_s'):.2f} | {median('peak_mb'):.0f} | {wer} |")
    return "\n".join(lines) + "\n"


def main():
    args = parse_arguments()
    engines = chosen_engines(args)
    python = peers_python(args) if any(e.worker for e in engines) else None
    audio_s = sum(seconds_of(f) for f in args.files)
    results = {e.name: [] for e in engines}
    for turn in range(args.repeat):
        for engine in engines:
            run = measure(engine, args, python)
            results[engine.name].append(run)
            print(f"turn {turn + 1}, {engine.name}: {run}", file=sys.stderr)
    report = table(results, audio_s, args)
    args.output.parent.mkdir(parents=True, exist_ok=True)
    args.output.write_text(report, encoding="utf8")
    print(report)


if __name__ == "__main__":
    main()
