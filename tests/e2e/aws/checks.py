"""What every scenario ends with, whatever went wrong in between."""
import json
import subprocess
import time

# What is waited for comes within seconds on an idle machine. Other tests run beside these ones, so that its absence is a
# failure only after this many times as long.
PATIENCE = 6
TERMINAL = ("succeeded", "failed", "dead", "cancelled")


class Broken(Exception):
    """A promise that was not kept."""


def demand(holds, sentence):
    if not holds:
        raise Broken(sentence)


def wait_for(condition, what, timeout_s=60, every_s=0.2):
    timeout_s *= PATIENCE
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(every_s)
    raise Broken(f"{what}: not within {timeout_s} s")


def all_terminal(aws, count):
    jobs = aws.jobs()
    return jobs if len(jobs) >= count and all(j["state"] in TERMINAL for j in jobs.values()) else None


def finish(aws, count=1, timeout_s=60, states=("succeeded",), reap=True):
    """Waits until `count` jobs are terminal and every machine is gone, then checks it all. Returns the records.

    While no machine runs, the virtual clock does, by minutes: leases and waits end, and the reaper takes its passes.
    """
    timeout_s *= PATIENCE
    deadline = time.monotonic() + timeout_s
    next_reap = time.monotonic() + 1
    while not all_terminal(aws, count) and time.monotonic() < deadline:
        if reap and time.monotonic() >= next_reap:
            if not aws.instances("pending", "running"):
                aws.time_passes(200)
            aws.reap()
            next_reap = time.monotonic() + 1
        aws.end_terminated_machines()
        time.sleep(0.2)
    jobs = all_terminal(aws, count)
    demand(jobs, f"jobs are {sorted(j['state'] for j in aws.jobs().values())} after {timeout_s} s, {count} terminal ones were expected")
    demand(len(jobs) == count, f"{len(jobs)} jobs came of {count} recordings")
    for job in jobs.values():
        demand(job["state"] in states, f"a job is {job['state']}: {job['error']}")
    wait_for(lambda: not aws.instances("pending", "running"), "no machine is left", 30)
    for job_id, job in jobs.items():
        check_job(aws, job_id, job)
    check_canaries(aws)
    return jobs


def check_job(aws, job_id, job):
    succeeded = job["state"] == "succeeded"
    usage = aws.usage_rows(job_id)
    demand(len(usage) == (1 if succeeded else 0), f"{len(usage)} usage rows of a job that is {job['state']}")
    if succeeded:
        prefix = job["result"]["prefix"]
        found = {o["Key"] for o in aws.s3.list_objects_v2(Bucket=aws.BUCKET, Prefix=prefix).get("Contents", [])}
        missing = [name for name in job["result"]["files"] if prefix + name not in found]
        demand(not missing and "transcript.txt" in job["result"]["files"], f"the result lacks {missing}")
        text = aws.s3.get_object(Bucket=aws.BUCKET, Key=prefix + "transcript.txt")["Body"].read().decode()
        demand("Stockholm" in text or "förslag" in text.lower(), f"the transcript is {text!r}")
        run = json.loads(job["result"]["run"])
        names = [stage["name"] for stage in run["stages"]]
        for stage in ("kernel", "worker", "claimed", "fetched", "engine_ready", "transcribed", "stored"):
            demand(stage in names, f"the timeline lacks {stage}: {names}")
        demand(run["cost_usd"] > 0 and run["instance"]["id"].startswith("i-"), f"the run says {run}")
    else:
        demand(job["error"]["code"] and job["error"]["message"] or job["state"] == "cancelled", "a failure without a sentence")
    demand(job["callback"]["url"] == aws.receiver.url, "the job has not got its callback")
    check_webhook(aws, job_id)


def check_webhook(aws, job_id):
    """One id a terminal state, delivered in the end: by the worker's one try or by the reaper."""
    deadline = time.monotonic() + 20 * PATIENCE
    while not aws.receiver.ids_of(job_id) and time.monotonic() < deadline:
        aws.time_passes(3600)
        aws.reap()
    ids = aws.receiver.ids_of(job_id)
    demand(len(ids) == 1, f"{len(ids)} ids of terminal webhooks")
    demand(not aws.receiver.refused, f"the receiver refused: {aws.receiver.refused}")


def check_canaries(aws):
    places = {f"log of {m.id}": m.log() for m in aws.machines.values()}
    places |= {f"log of {f.name}": f.log() for f in aws.functions.values()}
    places |= {"user data": aws.user_data()}
    places |= {"tags": json.dumps([i.get("Tags", []) for i in aws.instances()])}
    rows = []
    for row in aws.rows():
        row = dict(row)
        if "record" in row:
            record = json.loads(row["record"]["S"])
            record["callback"]["secrets"] = []  # the one place that keeps them, as the job's own
            row["record"] = {"S": json.dumps(record)}
        rows.append(row)
    places["table"] = json.dumps(rows)
    places["arguments"] = subprocess.run(["ps", "-eo", "args"], capture_output=True, check=True).stdout.decode("utf-8", "replace")
    for place, text in places.items():
        for name, canary in aws.CANARIES.items():
            demand(canary not in text, f"the {name} is in the {place}")
