"""What can go wrong, one function each. SHORT ones run in test.sh, all on demand."""
import json
import signal
import time

from checks import Broken, check_job, demand, finish, wait_for

SHORT, ALL = [], []


def scenario(short=False):
    def register(function):
        ALL.append(function)
        if short:
            SHORT.append(function)
        return function

    return register


def only_machine(aws, timeout_s=30):
    wait_for(lambda: aws.machines, "a machine is launched", timeout_s)
    return next(iter(aws.machines.values()))


def powered_off_ms(machine):
    """On the clock of the worker's timeline."""
    return time.time() * 1000 - (time.monotonic() - machine.powered_off_at) * 1000


def is_result(call):
    return call.action == "PutObject" and "/results/" in call.resource


def is_commit(call):
    return call.action == "TransactWriteItems" and b'"usage"' in call.body


def killing(aws):
    """For rules: the machine that makes this call is taken away."""

    def kill(_):
        for machine in aws.machines.values():
            if machine.runs:
                machine.kill()

    return kill


@scenario(short=True)
def straight(aws):
    """Upload → event → launch → worker → result → webhook; how long our own parts took, when no idle window is waited for."""
    aws.worker_variables = {"FT_IDLE_S": "0"}
    aws.upload(sample="framtiden.opus")
    jobs = finish(aws)
    demand(len(aws.machines) == 1, f"{len(aws.machines)} machines for one recording")
    run = json.loads(next(iter(jobs.values()))["result"]["run"])
    at = {stage["name"]: stage["at_ms"] for stage in run["stages"]}
    machine = only_machine(aws)
    demand("image" in run and run["image"]["verdict"] in ("match", "unknown"), f"the image: {run.get('image')}")
    first = (at["first_window"] - at["worker"]) / 1000
    download = (at["fetched"] - at["claimed"]) / 1000
    return {
        "worker start to first segment, s": first,
        "of that download, s": download,
        "engine ready, s": (at["engine_ready"] - at["worker"]) / 1000,
        "last segment to result stored, s": (at["stored"] - at["transcribed"]) / 1000,
        "last segment to power-off, s": round((powered_off_ms(machine) - at["transcribed"]) / 1000, 2),
        "machine's life, s": round(machine.powered_off_at - machine.started, 2),
    }


@scenario(short=True)
def by_the_api(aws):
    """POST /v1/jobs → a form for exactly this upload → the result by its link."""
    callback = {"url": aws.receiver.url, "secret": aws.CANARIES["webhook secret"]}
    wanted = {"name": "möte.flac", "size_bytes": aws.sample_size("forslaget.flac"), "callback": callback}
    status, made = aws.call_api("POST", "/v1/jobs", wanted, {"idempotency-key": "once"})
    demand(status == 201, f"POST /v1/jobs answers {status}: {made}")
    job_id = made["job"]["job_id"]
    status, again = aws.call_api("POST", "/v1/jobs", wanted, {"idempotency-key": "once"})
    demand(again["job"]["job_id"] == job_id, "the same key made another job")
    status, text = aws.post_form(made["upload"], "forslaget.flac")
    demand(status in (200, 201, 204), f"the upload answers {status}: {text}")
    finish(aws)
    status, seen = aws.call_api("GET", f"/v1/jobs/{job_id}")
    demand(status == 200 and seen["state"] == "succeeded", f"GET of the job answers {status}: {seen}")
    demand(seen["result"]["run"]["cost_usd"] > 0, "the job does not tell its cost")
    status, seen = aws.call_api("GET", f"/v1/jobs/{job_id}/result", query="format=txt")
    demand(status in (200, 302), f"GET of the result answers {status}: {seen}")
    demand("förslag" in aws.get(seen["url"]).lower(), "the link leads to something else")


@scenario()
def no_idle_window(aws):
    """One window: as straight(), without a second one in the batch of the first."""
    aws.worker_variables = {"FT_IDLE_S": "0"}
    aws.upload()
    jobs = finish(aws)
    machine = only_machine(aws)
    run = json.loads(next(iter(jobs.values()))["result"]["run"])
    at = {stage["name"]: stage["at_ms"] for stage in run["stages"]}
    return {
        "worker start to first segment of 14 s of speech, beyond the download, s":
            round((at["first_window"] - at["worker"] - (at["fetched"] - at["claimed"])) / 1000, 2),
        "last segment to power-off, s": round((powered_off_ms(machine) - at["transcribed"]) / 1000, 2),
    }


@scenario(short=True)
def ten_uploads_one_instance(aws):
    aws.worker_variables = {"FT_IDLE_S": "3"}
    aws.boot_machines = False
    for number in range(10):
        aws.upload(name=f"talk{number}.flac")
    wait_for(lambda: len(aws.jobs()) == 10, "ten jobs")
    aws.boot_machines = True
    finish(aws, count=10, timeout_s=180)
    demand(len(aws.instances()) == 1, f"{len(aws.instances())} instances for ten recordings")


@scenario()
def duplicate_events(aws):
    """The same event again, before and after the job is done, is the same job."""
    kept = []

    def twice(records):
        kept.extend(records)
        return records + [dict(r, messageId=r["messageId"] + "-again") for r in records]

    aws.dropping = twice
    aws.upload()
    finish(aws)
    aws.dropping = lambda records: records
    aws.functions["TranscriptionProcessUpload"].invoke({"Records": kept})
    finish(aws)
    demand(len(aws.instances()) == 1, "a duplicate cost a machine")


@scenario()
def reordered_events(aws):
    held = []

    def backwards(records):
        held.extend(records)
        if len(held) < 3:
            return []
        given, held[:] = list(reversed(held)), []
        return given

    aws.dropping = backwards
    for number in range(3):
        aws.upload(name=f"talk{number}.flac")
    finish(aws, count=3, timeout_s=120)


@scenario(short=True)
def malformed_events(aws):
    """Nonsense in the queue is put aside and holds up nobody."""
    for body in ("", "{", "[]", '{"Records":[{}]}', '{"Service":"Amazon S3","Event":"s3:TestEvent","Bucket":"recordings"}',
                 '{"Records":[{"s3":{"bucket":{"name":"other"},"object":{"key":"transcription_upload/%ff"}}}]}'):
        aws.sqs.send_message(QueueUrl=aws.queue_url, MessageBody=body or " ")
    aws.upload()
    finish(aws)


@scenario()
def lost_event(aws):
    """Nobody tells of the recording: the sweep of the bucket finds it."""
    aws.dropping = lambda records: []
    aws.upload()
    time.sleep(1)
    demand(not aws.jobs(), "the event came after all")
    aws.reap()
    aws.time_passes(3600)
    finish(aws, timeout_s=60)


@scenario()
def no_capacity_in_one_zone(aws):
    error = """<CreateFleetResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>r</requestId>
    <fleetId>fleet-1</fleetId><errorSet><item><errorCode>InsufficientInstanceCapacity</errorCode>
    <errorMessage>There is no Spot capacity available that matches your request.</errorMessage></item></errorSet>
    <fleetInstanceSet/></CreateFleetResponse>"""
    aws.proxy.add(lambda c: c.action == "CreateFleet", error=(200, error), times=1)
    aws.upload()
    wait_for(lambda: aws.proxy.count("CreateFleet") >= 1, "a launch")
    time.sleep(0.5)
    finish(aws, timeout_s=60)


@scenario()
def no_capacity_anywhere(aws):
    """Asked for again and again, with growing waits, the job ends dead, with a sentence, and without a machine."""
    error = """<CreateFleetResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>r</requestId>
    <fleetId>fleet-1</fleetId><errorSet><item><errorCode>InsufficientInstanceCapacity</errorCode>
    <errorMessage>none</errorMessage></item></errorSet><fleetInstanceSet/></CreateFleetResponse>"""
    aws.proxy.add(lambda c: c.action == "CreateFleet", error=(200, error), times=-1)
    aws.upload()
    wait_for(aws.jobs, "the job")
    for _ in range(60):
        if any(j["state"] == "dead" for j in aws.jobs().values()):
            break
        aws.time_passes(700)
        aws.reap()
    jobs = finish(aws, states=("dead",))
    demand(not aws.instances(), "a machine came although there was none")
    demand("capacity" in json.dumps([j["error"] for j in jobs.values()]).lower(), "the error does not name the reason")


@scenario()
def lost_reply_of_create_fleet(aws):
    """The machine is there, but nobody was told: it is found by its tag, or by its own claim, and no second one comes."""
    aws.proxy.add(lambda c: c.action == "CreateFleet", lose_reply=True, times=1)
    aws.upload()
    finish(aws, timeout_s=90)
    demand(len(aws.instances()) <= 2, f"{len(aws.instances())} machines")


def worker_killed(step, before):
    def run(aws):
        # Before a step the call is lost with the machine.
        what = {"before": killing(aws), "reset": True} if before else {"after": killing(aws)}
        rule = aws.proxy.add(STEPS[step], times=1, **what)
        aws.upload(sample="framtiden.opus")
        wait_for(lambda: rule.hits, "the step", 60)
        wait_for(lambda: not any(m.runs for m in aws.machines.values()), "the worker's death")
        job = next(iter(finish(aws, timeout_s=90).values()))
        committed = step == "commit" and not before
        demand(len(aws.machines) == (1 if committed else 2), f"{len(aws.machines)} machines")
        if (step, before) in (("checkpoint", False), ("result", True), ("result", False), ("commit", True)):
            demand(job["progress"]["windows_resumed"] >= 1, "finished windows were computed again")

    return run


STEPS = {
    "claim": lambda c: c.caller == "worker" and c.action in ("PutItem", "TransactWriteItems"),
    "download": lambda c: c.caller == "worker" and c.action.startswith("GetObject") and "transcription_upload" in c.resource,
    "checkpoint": lambda c: c.caller == "worker" and c.action == "PutObject" and "/checkpoints/" in c.resource,
    "result": is_result,
    "commit": is_commit,
}
for step_name in STEPS:
    for is_before in (True, False):
        killed = worker_killed(step_name, is_before)
        killed.__name__ = f"worker_killed_{'before' if is_before else 'after'}_{step_name}"
        killed.__doc__ = "A lost machine costs time, never a second result."
        scenario(short=step_name == "commit" and is_before)(killed)


@scenario(short=True)
def spot_notice(aws):
    """The job is given back with its finished windows; another machine goes on."""
    told = []

    def notice(_):
        if not told:
            told.append(only_machine(aws))
            told[0].spot_notice()
            wait_for(lambda: "spot_notice" in told[0].log(), "the notice is heard", 20)

    aws.proxy.add(lambda c: c.action == "PutObject" and "/checkpoints/" in c.resource, before=notice, times=1)
    aws.upload(sample="framtiden.opus")
    wait_for(lambda: told and not told[0].runs, "the end of the machine", 60)
    jobs = finish(aws, timeout_s=90)
    job = next(iter(jobs.values()))
    demand(job["crashes"] == 0, "a notice was counted as a crash")
    demand(job["progress"]["windows_resumed"] >= 1, "finished windows were computed again")


@scenario()
def zombie(aws):
    """A worker that stands still past its lease wakes up when another has done the job, and writes nothing."""
    stopped = []

    def stop(_):
        if not stopped:
            stopped.append(only_machine(aws))
            stopped[0].signal(signal.SIGSTOP)

    aws.proxy.add(is_commit, before=stop, reset=True, times=1)
    aws.upload()
    wait_for(lambda: stopped, "the worker stands still", 60)
    for _ in range(20):
        aws.time_passes(200)
        aws.reap()
        aws.start_machines()
        if len(aws.machines) > 1:
            break
    wait_for(lambda: any(j["state"] == "succeeded" for j in aws.jobs().values()), "the other machine's result", 60)
    before = aws.jobs()
    stopped[0].signal(signal.SIGCONT)
    wait_for(lambda: not stopped[0].runs, "the zombie's end", 60)
    jobs = finish(aws)
    for job_id, job in jobs.items():
        demand(job["result"] == before[job_id]["result"], "the zombie changed the result")


@scenario()
def table_missing(aws):
    """There is no table at first (straight), nor after somebody has deleted it: it is made again."""
    aws.upload(name="first.flac")
    finish(aws)
    aws.dynamodb.delete_table(TableName=aws.TABLE)
    aws.machines.clear()
    aws.upload(name="second.flac", sample="historien.flac")
    finish(aws)


@scenario()
def object_overwritten(aws):
    """What was announced is transcribed, or the job says that it is gone; never some of both."""
    aws.boot_machines = False
    key = aws.upload()
    wait_for(aws.jobs, "the job")
    wait_for(lambda: aws.instances("running"), "a machine")
    aws.dropping = lambda records: []
    aws.s3.put_object(Bucket=aws.BUCKET, Key=key, Body=b"something else")
    time.sleep(0.5)
    aws.dropping = lambda records: records
    aws.boot_machines = True
    job_id = next(iter(aws.jobs()))
    wait_for(lambda: aws.jobs()[job_id]["state"] in ("succeeded", "failed"), "the end of the first version's job", 60)
    check_job(aws, job_id, aws.jobs()[job_id])


@scenario()
def object_deleted(aws):
    """Deleted before it was read: a stated failure, once, and no loop."""
    aws.boot_machines = False
    key = aws.upload()
    wait_for(aws.jobs, "the job")
    versions = aws.s3.list_object_versions(Bucket=aws.BUCKET, Prefix=key)
    for version in versions.get("Versions", []):
        aws.s3.delete_object(Bucket=aws.BUCKET, Key=key, VersionId=version["VersionId"])
    aws.boot_machines = True
    finish(aws, states=("failed",))


@scenario()
def receiver_down_for_hours(aws):
    """The worker tries once; the timer goes on by the schedule, with the same id, and gets through in the end."""
    aws.receiver.status = 503
    aws.upload()
    wait_for(lambda: any(j["state"] == "succeeded" for j in aws.jobs().values()), "the result", 60)
    wait_for(lambda: aws.receiver.tries >= 1, "the worker's try", 20)
    wait_for(lambda: not aws.instances("pending", "running"), "the machine does not wait for the receiver", 30)
    for hours in (0.1, 1, 3, 6):
        aws.time_passes(hours * 3600)
        aws.reap()
    demand(aws.receiver.tries >= 4, f"{aws.receiver.tries} tries in ten hours")
    aws.receiver.status = 200
    aws.time_passes(15 * 3600)
    aws.reap()
    finish(aws)


@scenario()
def image_mismatch(aws):
    """Another image than the parameter's: told in the result, or the job is given back."""
    aws.running_image = "ami-of-yesterday"
    aws.upload()
    jobs = finish(aws)
    run = json.loads(next(iter(jobs.values()))["result"]["run"])
    demand(run["image"]["verdict"] == "mismatch", f"the image: {run['image']}")


@scenario()
def image_mismatch_strict(aws):
    aws.running_image = "ami-of-yesterday"
    aws.worker_variables = {"FT_IMAGE_CHECK": "strict"}
    aws.upload()
    first = only_machine(aws)
    wait_for(lambda: not first.runs, "the end of the machine", 30)
    job = next(iter(aws.jobs().values()))
    demand(job["error"]["code"] == "image_mismatch", f"the job says {job['error']}")
    demand(job["attempt"] == 0, "the job was begun on the wrong image")
    aws.running_image = None
    finish(aws)


@scenario()
def cut_short_answers(aws):
    """Truncated downloads and broken connections are tried again, and what is read is whole."""
    aws.proxy.add(lambda c: c.caller == "worker" and c.action.startswith("GetObject"), truncate=True, times=2)
    aws.proxy.add(lambda c: c.caller == "worker" and c.action == "PutObject", reset=True, times=2)
    aws.proxy.add(is_commit, lose_reply=True, times=1)
    aws.upload()
    finish(aws, timeout_s=90)


@scenario()
def expired_credentials(aws):
    """The role's credentials expire in the middle of a job: new ones are fetched, and the call repeated."""
    expired = '{"__type":"com.amazon.coral.service#ExpiredTokenException","message":"The security token is expired"}'

    def renew(_):
        entries = only_machine(aws).metadata.entries
        path = "meta-data/iam/security-credentials/worker-role"
        entries[path] = entries[path].replace("AKIDWORKER", "AKIDWORKERAGAIN")

    aws.proxy.callers["AKIDWORKERAGAIN"] = "worker"
    aws.proxy.add(lambda c: c.caller == "worker" and c.action == "PutItem", skip=1, before=renew, error=(400, expired), times=1)
    aws.upload()
    finish(aws)
    demand(any(c.key_id == "AKIDWORKERAGAIN" for c in aws.proxy.calls), "the credentials were not renewed")


@scenario()
def no_gpu_gives_back(aws):
    aws.worker_variables = {"FT_NO_GPU": "give_back"}
    aws.upload()
    first = only_machine(aws)
    wait_for(lambda: not first.runs, "the end of the machine", 30)
    job = next(iter(aws.jobs().values()))
    demand(job["error"]["code"] == "no_gpu" and job["attempt"] == 0, f"the job says {job['error']}")
    aws.worker_variables = {}
    finish(aws)


@scenario()
def told_to_stop(aws):
    """SIGTERM: the job is given back, and the machine powers off."""
    rule = aws.proxy.add(
        lambda c: c.action == "PutObject" and "/checkpoints/" in c.resource,
        before=lambda _: only_machine(aws).signal(signal.SIGTERM), times=1,
    )
    aws.upload(sample="framtiden.opus")
    wait_for(lambda: rule.hits and not only_machine(aws).runs, "the end of the machine", 60)
    jobs = finish(aws, timeout_s=90)
    demand(next(iter(jobs.values()))["crashes"] == 0, "a stop was counted as a crash")


@scenario()
def cleanup_while_jobs_run(aws):
    """Every machine is terminated under a job's feet: its lease runs out, and another machine does it."""
    terminated = []

    def clean(_):
        if not terminated:
            for instance in aws.instances("pending", "running"):
                aws.terminated(instance["InstanceId"])
                terminated.append(instance["InstanceId"])
            aws.end_terminated_machines()

    aws.proxy.add(is_result, before=clean, times=1)
    aws.upload()
    wait_for(lambda: terminated, "the cleanup", 60)
    time.sleep(0.5)
    finish(aws, timeout_s=90)


def named(names):
    known = {function.__name__: function for function in ALL}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise Broken(f"no such scenario: {', '.join(unknown)}; there are {', '.join(known)}")
    return [known[name] for name in names]
