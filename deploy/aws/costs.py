#!/usr/bin/env python3
"""What a stack costs, as Markdown tables: docs/aws.md, "Costs". Nothing is asked of AWS.

Every price and every amount is a flag. The defaults of prices are assumptions of 2026-11-23, in USD without tax,
written down without an account and not read from AWS: compare them with https://aws.amazon.com/ec2/pricing/ and its
neighbours for your region first.
"""

import argparse

MONTH_H = 730
# flag, default, what it is. USD unless it says otherwise.
PRICES = [
    ("spot_hour", 0.25, "g4dn.xlarge, spot, an hour; changes by the hour and zone"),
    ("on_demand_hour", 0.56, "g4dn.xlarge, on demand, an hour"),
    ("address_hour", 0.005, "a public IPv4 address, an hour"),
    ("volume_gib_month", 0.084, "gp3, a GiB and month"),
    ("fetch_gib", 0.0036, "fetching a GiB of the image's blocks ahead (VolumeInitializationRate)"),
    ("snapshot_gib_month", 0.053, "snapshots, a GiB and month"),
    ("lambda_gib_s", 0.0000167, "Lambda, a GiB and second"),
    ("lambda_million", 0.20, "a million invocations"),
    ("api_million", 1.11, "HTTP API, a million requests"),
    ("dynamo_write_million", 0.70, "DynamoDB on demand, a million write units"),
    ("dynamo_read_million", 0.14, "DynamoDB on demand, a million read units"),
    ("s3_gib_month", 0.023, "S3 Standard, a GiB and month"),
    ("s3_put_thousand", 0.005, "S3, a thousand PUT, POST, LIST"),
    ("s3_get_thousand", 0.0004, "S3, a thousand GET, HEAD"),
    ("sqs_million", 0.40, "SQS, a million requests"),
    ("log_gib", 0.54, "CloudWatch logs taken in, a GiB"),
    ("alarm_month", 0.10, "an alarm, a month"),
    ("metric_month", 0.30, "a metric of one's own, a month"),
    ("dashboard_month", 3.00, "a dashboard, a month (an account's first three are free)"),
]
AMOUNTS = [
    ("audio_min", 10, "length of a recording, minutes"),
    ("audio_mib", 10, "its size, MiB"),
    ("speed", 30, "times real time; the CPU figure of docs/performance.md for kb-whisper-small's shape"),
    ("boot_s", 60, "from the launch to a worker that is ready, s; not measured"),
    ("job_s", 2, "beside the computing, a job, s"),
    ("idle_s", 60, "IdleS of the template, s"),
    ("volume_gib", 40, "VolumeGiB of the template"),
    ("image_gib", 12, "what the image's snapshot holds, GiB"),
    ("images", 2, "images kept (build_ami.sh --keep)"),
    ("build_h", 1.0, "build of an image, hours on demand"),
    ("upload_days", 7, "UploadDays of the template"),
    ("reaper_min", 5, "ReaperMinutes of the template"),
    ("function_gib", 0.5, "FunctionMemoryMiB of the template, as GiB"),
    ("alarms", 9, "alarms of the template"),
    ("metrics", 6, "metrics that the reaper writes"),
]
JOBS_A_BOOT = (1, 5, 10, 50)


def requests_of_a_job(a):
    """Estimates from the code: a checkpoint a window of 27.5 s; a row written is three, as there are two indexes."""
    windows = max(1, round(a.audio_min * 60 / 27.5))
    return {
        "dynamo_writes": 3 * (12 + windows),
        "dynamo_reads": 40,
        "puts": 8 + windows,
        "gets": 12 + windows,
        "api": 5,
        "sqs": 3,
    }


def machine_seconds(a, jobs):
    """Of one boot; at least the minute that is billed."""
    return max(60, a.boot_s + jobs * (a.audio_min * 60 / a.speed + a.job_s) + a.idle_s)


def boot_cost(a, jobs, machine_hour):
    hours = machine_seconds(a, jobs) / 3600
    volume = a.volume_gib * a.volume_gib_month * hours / MONTH_H
    return hours * (machine_hour + a.address_hour) + volume + a.image_gib * a.fetch_gib


def services_cost(a):
    """Of one job, beside its machine."""
    n = requests_of_a_job(a)
    return (
        n["dynamo_writes"] * a.dynamo_write_million / 1e6
        + n["dynamo_reads"] * a.dynamo_read_million / 1e6
        + n["puts"] * a.s3_put_thousand / 1e3
        + n["gets"] * a.s3_get_thousand / 1e3
        + n["api"] * (a.api_million + a.lambda_million) / 1e6
        + (n["api"] + 1) * 0.2 * a.function_gib * a.lambda_gib_s
        + n["sqs"] * a.sqs_million / 1e6
        + a.audio_mib / 1024 * a.s3_gib_month * a.upload_days / 30
    )


def job_cost(a, jobs, machine_hour):
    return boot_cost(a, jobs, machine_hour) / jobs + services_cost(a)


def idle_month(a):
    """(what, USD) of a stack without jobs: a second a pass of the reaper; five pollers that ask every 20 s."""
    passes = 30 * 24 * 60 / a.reaper_min
    polls = 5 * 3 * 60 * 24 * 30
    return [
        (f"snapshots of {a.images:g} images", a.images * a.image_gib * a.snapshot_gib_month),
        ("reaper", passes * (a.function_gib * a.lambda_gib_s + a.lambda_million / 1e6 + a.dynamo_read_million / 1e5)),
        ("polls of the queue", polls * a.sqs_million / 1e6),
        (f"{a.alarms:g} alarms", a.alarms * a.alarm_month),
        (f"{a.metrics:g} metrics", a.metrics * a.metric_month),
        ("dashboard", a.dashboard_month),
        ("logs, 0.1 GiB", 0.1 * a.log_gib),
    ]


def table(head, rows):
    return "\n".join("| " + " | ".join(row) + " |" for row in [head, ["---"] * len(head), *rows])


def report(a):
    jobs = []
    for count in JOBS_A_BOOT:
        spot, on_demand = (job_cost(a, count, hour) for hour in (a.spot_hour, a.on_demand_hour))
        minutes = machine_seconds(a, count) / 60
        an_hour = f"{spot * 60 / a.audio_min:.3f}"
        jobs.append([f"{count}", f"{minutes:.1f}", f"{spot:.4f}", f"{on_demand:.4f}", an_hour])
    head = ["jobs a boot", "machine, min", "spot, USD a job", "on demand, USD a job", "spot, USD an hour of audio"]
    month = idle_month(a)
    rows = [[what, f"{usd:.2f}"] for what, usd in month] + [["**sum**", f"**{sum(usd for _, usd in month):.2f}**"]]
    return "\n\n".join(
        [
            f"A recording of {a.audio_min:g} min at {a.speed:g} × real time; "
            f"services beside the machine: {services_cost(a):.5f} USD a job",
            table(head, jobs),
            table(["a stack without jobs", "USD a month"], rows),
            f"An image: {a.build_h * a.on_demand_hour:.2f} USD to build",
        ]
    )


def parse(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for title, entries in (("prices, USD", PRICES), ("amounts", AMOUNTS)):
        group = parser.add_argument_group(title)
        for name, default, meaning in entries:
            flag, help_text = "--" + name.replace("_", "-"), f"{meaning} ({default})"
            group.add_argument(flag, type=float, default=default, metavar="N", help=help_text)
    a = parser.parse_args(arguments)
    for name, *_ in PRICES + AMOUNTS:
        if getattr(a, name) < 0:
            parser.error(f"--{name.replace('_', '-')}: must not be negative")
    for name in ("speed", "audio_min", "reaper_min"):
        if getattr(a, name) == 0:
            parser.error(f"--{name.replace('_', '-')}: must be above 0")
    return a


if __name__ == "__main__":
    print(report(parse()))
