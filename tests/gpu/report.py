#!/usr/bin/env python3
"""report.py RESULTS JSON TEXT: makes one report of what run.sh left in RESULTS; exit code 1 when anything failed.
report.py --peaks GPU TYPE: the benchmark's flags for this chip.
report.py --failed-tests FILE: the names of those, from what GoogleTest wrote.
report.py --join SECONDS OUT.wav FILE.wav…: the files one after the other, over and over, up to that length."""
import json
import os
import pathlib
import sys
import wave

# By nvidia-smi's names, without "NVIDIA": dense float16 with float32 sums on tensor cores, plain float32 (TFLOPS), memory (GB/s);
# vendors' data sheets.
PEAKS = {
    "Tesla T4": (65, 8.1, 320),
    "A10G": (70, 35, 600),
    "L4": (121, 30.3, 300),
    "A100-SXM4-40GB": (312, 19.5, 1555),
    "A100-SXM4-80GB": (312, 19.5, 2039),
    "H100 PCIe": (756, 51, 2000),
    "H100 80GB HBM3": (989, 67, 3350),
    "H200": (989, 67, 4800),
}
TYPES = ("float16", "int8_float16", "float32")
FORMATS = ("mp3_2", "opus_2", "mp3_16", "opus_16")
NOTHING_THERE = "77"  # a step's exit code: what it needs is not on this machine


def peaks(gpu, compute_type):
    half, single, memory = PEAKS.get(gpu.strip().removeprefix("NVIDIA "), (0, 0, 0))
    flops = os.environ.get("PEAK_TFLOPS") or (single if compute_type == "float32" else half)
    return f"--peak_tflops {flops} --peak_gbps {os.environ.get('PEAK_GBPS') or memory}"


def failed_tests(file):
    """Nothing where the program broke off before it wrote them."""
    try:
        suites = json.loads(read(file))["testsuites"]
    except (ValueError, KeyError):
        return []
    return [f"{suite['name']}.{test['name']}" for suite in suites for test in suite["testsuite"] if test.get("failures")]


def join(seconds, target, files):
    parts = []
    for path in files:
        with wave.open(str(path)) as file:
            if (file.getnchannels(), file.getsampwidth(), file.getframerate()) != (1, 2, 16000):
                sys.exit(f"{path}: give a WAV file of 16-bit PCM, one channel, 16,000 Hz")
            parts.append(file.readframes(file.getnframes()))
    whole = b"".join(parts)
    if not whole:
        sys.exit("report.py --join: no audio was given")
    size = 2 * 16000 * seconds
    with wave.open(str(target), "wb") as file:
        file.setnchannels(1), file.setsampwidth(2), file.setframerate(16000)
        file.writeframes((whole * (size // len(whole) + 1))[:size])


def read(path):
    return path.read_text(errors="replace").strip() if path.exists() else ""


def result(folder, name, failed):
    """What a step printed; None when it did not run or did not end well, and into `failed` when it ended well but said no JSON."""
    if read(folder / f"{name}.status") != "0":
        return None
    said = read(folder / f"{name}.json")
    try:
        return json.loads(said)
    except ValueError as error:
        failed.append({"what": name, "status": "0", "out_of_time": False, "log": f"not JSON ({error}): {said[:200]}"})
        return None


def word_errors(got, expected):
    """Words to change, to leave out or to add (Levenshtein)."""
    row = list(range(len(expected) + 1))
    for i, word in enumerate(got, 1):
        before, row[0] = row[0], i
        for j, other in enumerate(expected, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (word != other))
    return row[-1]


def parity(truth, tested):
    """Of all files together."""
    equal = count = errors = words = 0
    difference = 0.0
    for ours, theirs in zip(tested["results"], truth["results"]):
        a, b = ours["tokens"], theirs["tokens"]
        equal += sum(x == y for x, y in zip(a, b))
        count += max(len(a), len(b))
        errors += word_errors(ours["text"].split(), theirs["text"].split())
        words += len(theirs["text"].split())
        if len(ours["avg_logprobs"]) == len(theirs["avg_logprobs"]):
            difference = max([difference, *(abs(x - y) for x, y in zip(ours["avg_logprobs"], theirs["avg_logprobs"]))])
    return {"tokens": count, "equal_tokens": equal, "words": words, "different_words": errors,
            "word_error_points": 100 * errors / max(words, 1), "largest_difference_of_avg_logprob": difference}


def hour(run):
    last = run["results"][-1]
    return {"wall_s": last["wall_s"], "times_real_time": last["times_real_time"], "tokens": len(last["tokens"]),
            "windows": last["windows"], "stages_s": last["stages_s"], "first_time_s": run["results"][0]["wall_s"]}


def start(run):
    """Our own time: from the process's start to the first segment, less the driver's and the context's."""
    marks = dict(sorted(run["timeline_s"].items(), key=lambda mark: mark[1]))
    if "first_segment" not in marks:
        return None
    return {"timeline_s": marks, "own_s": marks["first_segment"] - (marks.get("context", marks["main"]) - marks["main"])}


def gather(folder):
    fields = ["name", "driver", "sm_mhz_now", "sm_mhz_max", "memory_mhz_max", "power_limit_w", "memory_mib"]
    gpu = read(folder / "gpu").split("\n")[0]
    report = {"date": read(folder / "date"), "commit": read(pathlib.Path(__file__).resolve().parent / "commit"),
              "weights": read(folder / "weights"), "gpu": dict(zip(fields, [part.strip() for part in gpu.split(",")])),
              "failed": [], "not_here": []}

    def result_of(name):
        return result(folder, name, report["failed"])

    for status in sorted(folder.glob("*.status")):
        code = read(status)
        if code == NOTHING_THERE:
            report["not_here"].append(status.stem)
        elif code != "0":
            report["failed"].append({"what": status.stem, "status": code, "out_of_time": code in ("124", "137"),
                                     "log": read(status.with_suffix(".log"))[-4000:]})
    tests = read(folder / "conformance.tests")
    if tests:
        report["conformance"] = {key: json.loads(tests)[key] for key in ("tests", "failures", "disabled")}
    report["conformance_alone"] = read(folder / "conformance.alone")
    report["sanitizers"] = [name for name in ("memcheck", "racecheck") if (folder / f"{name}.status").exists()]
    truth, base = result_of("parity.cpu"), result_of("start")
    report["start"] = start(base) if base else None
    report["transformers"] = result_of("transformers")
    hours = {}
    for compute_type in TYPES:
        tested, hours[compute_type] = result_of(f"parity.{compute_type}"), result_of(f"hour.{compute_type}")
        report[f"benchmark_{compute_type}"] = result_of(f"benchmark.{compute_type}")
        report[f"parity_{compute_type}"] = parity(truth, tested) if truth and tested else None
        report[f"hour_{compute_type}"] = hour(hours[compute_type]) if hours[compute_type] else None
    peer, run = report["transformers"], hours["float16"]
    if peer and run:
        first = peer["tokens"]
        peer["equal_tokens_of_first_window"] = sum(a == b for a, b in zip(first, run["results"][-1]["tokens"]))
        peer["tokens_of_first_window"] = len(first)
    for name in FORMATS:
        run = result_of("formats." + name.replace("_", "."))
        report[f"formats_{name}"] = hour(run) if run else None
    whole = result_of("hour.whole")
    report["hour_whole"] = hour(whole) if whole else None
    report["goals"] = goals(report)
    return report


def share_of_peak(report, names, which):
    """The lowest of the operations whose names begin so."""
    benchmark = report["benchmark_float16"]
    shares = [op[which] for op in benchmark["operations"] if op["name"].startswith(names)] if benchmark else []
    return min(shares) if shares and None not in shares else None


def goals(report):
    """(what, goal, measured or None, met or None when there is no figure)"""
    table = []

    def add(what, goal, measured, met, form="{}"):
        table.append({"what": what, "goal": goal, "measured": None if measured is None else form.format(measured),
                      "met": None if measured is None else bool(met(measured))})

    conformance = report.get("conformance")
    add("conformance", "every test", conformance and f"{conformance['failures']} of {conformance['tests']} fail",
        lambda _: conformance["failures"] == 0)
    exact = report["parity_float32"]
    add("tokens in float32", "the CPU's", exact and f"{exact['equal_tokens']} of {exact['tokens']} equal",
        lambda _: exact["equal_tokens"] == exact["tokens"] > 0)
    for compute_type in TYPES[:2]:
        figures = report[f"parity_{compute_type}"]
        if report["weights"] == "real":
            add(f"words in {compute_type}, beside float32", "≤ 0.3 points apart",
                figures and figures["word_error_points"], lambda points: points <= 0.3, "{:.2f}")
        else:  # random weights have no words: the share is told, and judged by nobody
            table.append({"what": f"tokens in {compute_type}", "goal": "told", "met": None,
                          "measured": figures and f"{figures['equal_tokens']} of {figures['tokens']} equal"})
    best = max((h for h in (report["hour_float16"], report["hour_int8_float16"]) if h),
               key=lambda h: h["times_real_time"], default=None)
    add("1 h of audio, PCM to text, times real time (H100)", "≥ 2500", best and best["times_real_time"],
        lambda speed: speed >= 2500, "{:.0f}")
    peer, half = report["transformers"], report["hour_float16"]
    # Without the peer's log-mel, which ours has in its time: what can be held against us is.
    ratio = peer and half and peer["generate_s"] / half["wall_s"]
    counts = f" ({half['tokens']} and {peer['token_count']} tokens)" if ratio else ""
    add("beside transformers float16, batch 16", "≥ 8 ×", ratio, lambda times: times >= 8, "{:.1f}" + counts)
    add("products of the encoder, share of peak", "≥ 0.60", share_of_peak(report, "linear", "share_of_peak_flops"),
        lambda share: share >= 0.6)
    add("flash attention, share of peak", "≥ 0.45", share_of_peak(report, "encoder_attention", "share_of_peak_flops"),
        lambda share: share >= 0.45)
    add("a decoder's step of 64 rows, share of bandwidth", "≥ 0.60",
        share_of_peak(report, "a decoder's step", "share_of_peak_bandwidth"), lambda share: share >= 0.6)
    add("whisper-base's shape, start to first segment, our own s", "≤ 0.5",
        report["start"] and report["start"]["own_s"], lambda seconds: seconds <= 0.5, "{:.2f}")
    for name in FORMATS:
        figures = report[f"formats_{name}"]
        kind, threads = name.split("_")
        table.append({"what": f"1 h from {kind.upper()}, {threads} host threads, times real time", "goal": "told", "met": None,
                      "measured": figures and f"{figures['times_real_time']:.0f}"})
    if report["weights"].startswith("dry run"):
        table = [{**goal, "met": None} for goal in table]
    return table


def lines_of_goals(report):
    yield "\n| what | goal | measured | met |\n|---|---|---|---|"
    for goal in report["goals"]:
        met = {True: "yes", False: "NO", None: "–"}[goal["met"]]
        yield f"| {goal['what']} | {goal['goal']} | {goal['measured'] or 'not measured'} | {met} |"


def lines_of_benchmark(compute_type, benchmark):
    yield (f"\n{compute_type}: an hour of audio {benchmark['hour_of_audio_s']} s, {benchmark['times_real_time']} times "
           "real time, operations alone")
    for op in benchmark["operations"]:
        yield (f"  {op['name']:<46} {op['seconds'] * 1e6:10.1f} µs {op['flops'] / op['seconds'] / 1e12:8.2f} TFLOPS "
               f"{op['bytes'] / op['seconds'] / 1e9:8.1f} GB/s   of peak: {op['share_of_peak_flops']}, "
               f"{op['share_of_peak_bandwidth']}")
        for kernel in op["kernels"]:
            yield (f"    {kernel['name']:<44} {kernel['launches']:6} launches {kernel['flops'] / 1e9:12.3f} GFLOP "
                   f"{kernel['bytes'] / 1e6:10.3f} MB")


def as_text(report):
    lines = [f"{report['date']}, commit {report['commit']}, weights: {report['weights']}",
             ", ".join(f"{k} {v}" for k, v in report["gpu"].items()),
             f"conformance: {report.get('conformance', 'did not run')}; "
             f"sanitizers: {report['sanitizers'] or 'none here'}; not here: {report['not_here'] or 'nothing'}", *lines_of_goals(report)]
    for what in ("start", "transformers", "hour_whole", *(f"{part}_{t}" for part in ("parity", "hour") for t in TYPES),
                 *(f"formats_{name}" for name in FORMATS)):
        if report[what]:
            shown = {k: v for k, v in report[what].items() if not isinstance(v, list)}
            lines.append(f"\n{what}: {json.dumps(shown)}")
    for compute_type in TYPES:
        if report[f"benchmark_{compute_type}"]:
            lines += lines_of_benchmark(compute_type, report[f"benchmark_{compute_type}"])
    if report["conformance_alone"]:
        lines.append(f"\nfailed tests, each by itself:\n{report['conformance_alone']}")
    for failure in report["failed"]:
        why = "ran out of time" if failure["out_of_time"] else f"exit code {failure['status']}"
        lines.append(f"\nFAILED: {failure['what']} ({why})\n{failure['log']}")
    return "\n".join(lines) + "\n"


def main(arguments):
    if arguments[0] == "--peaks":
        print(peaks(arguments[1], arguments[2]))
        return 0
    if arguments[0] == "--failed-tests":
        print(*failed_tests(pathlib.Path(arguments[1])), sep="\n")
        return 0
    if arguments[0] == "--join":
        join(int(arguments[1]), arguments[2], arguments[3:])
        return 0
    report = gather(pathlib.Path(arguments[0]))
    pathlib.Path(arguments[1]).write_text(json.dumps(report, indent=1) + "\n")
    text = as_text(report)
    pathlib.Path(arguments[2]).write_text(text)
    print(text, end="")
    return 1 if report["failed"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
