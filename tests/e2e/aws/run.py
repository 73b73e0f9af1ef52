"""The local AWS: one command runs the scenarios.

    tests/e2e/aws/run.sh PROGRAM BOOTSTRAP [--keep] [SCENARIO…]

Without names the short set; FT_AWS_SCENARIOS=all runs all, FT_AWS_SCENARIOS=a,b those. Every call must be allowed by its
caller's role in deploy/aws/template.yaml. FT_AWS_CALL_LOG=FILE gets a line of JSON for each, as tests/deploy/calls.py reads
them.
"""
import argparse
import json
import os
import signal
import sys
import time
import traceback

import calls
import scenarios
from checks import Broken
from local_aws import LocalAws


def chosen(names):
    wanted = os.environ.get("FT_AWS_SCENARIOS", "")
    if names:
        return scenarios.named(names)
    if wanted == "all":
        return scenarios.ALL
    return scenarios.named(wanted.split(",")) if wanted else scenarios.SHORT


def run_one(aws, function):
    begun = time.monotonic()
    try:
        aws.set_up()
        figures = function(aws) or {}
        verdict = "ok"
    except Exception as error:  # pylint: disable=broad-except
        figures = {}
        verdict = f"FAILED: {error}" if isinstance(error, Broken) else "FAILED: " + traceback.format_exc()
        for machine in aws.machines.values():
            verdict += f"\n--- {machine.id}\n" + "\n".join(machine.log().splitlines()[-25:])
        for part in aws.functions.values():
            verdict += f"\n--- {part.name}\n" + "\n".join(part.log().splitlines()[-15:])
        verdict += "".join(f"\nbridge: {text}" for text in aws.bridge_errors[-5:])
        for job in aws.jobs().values():
            verdict += f"\njob {job['id']}: {job['state']} {job['error']} {job['timeline']}"
    finally:
        aws.tear_down()
    print(f"{function.__name__}: {verdict} ({time.monotonic() - begun:.1f} s)", flush=True)
    for name, value in figures.items():
        print(f"    {name}: {value}", flush=True)
    return verdict == "ok"


def roles_allow(recorded):
    kinds = calls.distinct(map(json.loads, recorded))
    refused = [sentence for call in kinds for sentence in calls.refusals(call)]
    print(*refused, sep="\n", end="\n" if refused else "")
    print(f"{len(kinds)} kinds of calls, {len(refused)} of which a role does not allow")
    return not refused


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("bootstrap")
    parser.add_argument("names", nargs="*")
    parser.add_argument("--models", required=True)
    parser.add_argument("--samples", required=True)
    parser.add_argument("--keep", action="store_true")
    options = parser.parse_intermixed_args()
    options.python = sys.executable
    try:
        functions = chosen(options.names)
    except Broken as error:
        sys.exit(str(error))
    # Told to end, it ends what it has started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    aws = LocalAws(options)
    try:
        results = [run_one(aws, function) for function in functions]
    finally:
        aws.close()
    print(f"{sum(results)} of {len(results)} scenarios ended as they should")
    return 0 if roles_allow(aws.proxy.recorded) and all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
