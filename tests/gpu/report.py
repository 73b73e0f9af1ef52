#!/usr/bin/env python3
"""report.py RESULTS JSON TEXT: makes one report of what run.sh left in RESULTS; exit code 1 when anything failed.
report.py --peaks GPU TYPE: the benchmark's flags for this chip."""
import json
import os
import pathlib
import sys

# Dense float16 with float32 sums on tensor cores, plain float32 (TFLOPS), memory (GB/s); vendors' data sheets.
PEAKS = {
    "Tesla T4": (65, 8.1, 320),
    "A10G": (70, 35, 600),
    "L4": (121, 30.3, 300),
    "A100-SXM4-40GB": (312, 19.5, 1555),
    "A100-SXM4-80GB": (312, 19.5, 2039),
    "H100 PCIe": (756, 51, 2000),
    "H100 80GB HBM3": (989, 67, 3350),
}


def peaks(gpu, compute_type):
    half, single, memory = next((v for name, v in PEAKS.items() if name in gpu), (0, 0, 0))
    flops = os.environ.get("PEAK_TFLOPS") or (half if compute_type == "float16" else single)
    return f"--peak_tflops {flops} --peak_gbps {os.environ.get('PEAK_GBPS') or memory}"


def read(path):
    return path.read_text(errors="replace").strip() if path.exists() else ""


def gather(folder):
    fields = ["name", "driver", "sm_mhz_now", "sm_mhz_max", "memory_mhz_max", "power_limit_w", "memory_mib"]
    gpu = read(folder / "gpu").split("\n")[0]
    report = {"date": read(folder / "date"), "commit": read(pathlib.Path("commit")),
              "gpu": dict(zip(fields, [part.strip() for part in gpu.split(",")])), "failed": []}
    for status in sorted(folder.glob("*.status")):
        if read(status) != "0":
            report["failed"].append({"what": status.stem, "status": read(status),
                                     "log": read(status.with_suffix(".log"))[-4000:]})
    tests = read(folder / "conformance.json")
    if tests:
        report["conformance"] = {key: json.loads(tests)[key] for key in ("tests", "failures", "disabled")}
    report["sanitizers"] = [path.stem for path in folder.glob("*check.status")]
    for compute_type in ("float16", "float32"):
        text = read(folder / f"benchmark.{compute_type}.json")
        try:
            report[f"benchmark_{compute_type}"] = json.loads(text)
        except ValueError:
            report[f"benchmark_{compute_type}"] = None
    return report


def as_text(report):
    lines = [f"{report['date']}, commit {report['commit']}", ", ".join(f"{k} {v}" for k, v in report["gpu"].items()),
             f"conformance: {report.get('conformance', 'did not run')}; sanitizers: {report['sanitizers'] or 'none here'}"]
    for compute_type in ("float16", "float32"):
        benchmark = report[f"benchmark_{compute_type}"]
        if not benchmark:
            continue
        lines.append(f"\n{compute_type}: an hour of audio {benchmark['hour_of_audio_s']} s, "
                     f"{benchmark['times_real_time']} times real time")
        for op in benchmark["operations"]:
            share = op["share_of_peak_flops"], op["share_of_peak_bandwidth"]
            lines.append(f"  {op['name']:<46} {op['seconds'] * 1e6:10.1f} µs {op['flops'] / op['seconds'] / 1e12:8.2f} TFLOPS "
                         f"{op['bytes'] / op['seconds'] / 1e9:8.1f} GB/s   of peak: {share[0]}, {share[1]}")
    for failure in report["failed"]:
        lines.append(f"\nFAILED: {failure['what']} (exit code {failure['status']})\n{failure['log']}")
    return "\n".join(lines) + "\n"


def main(arguments):
    if arguments[0] == "--peaks":
        print(peaks(arguments[1], arguments[2]))
        return 0
    report = gather(pathlib.Path(arguments[0]))
    pathlib.Path(arguments[1]).write_text(json.dumps(report, indent=1) + "\n")
    text = as_text(report)
    pathlib.Path(arguments[2]).write_text(text)
    print(text, end="")
    return 1 if report["failed"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
