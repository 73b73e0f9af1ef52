"""Calls of the programs as requests to the policy language: {"caller", "service", "action", "resource"} a line.

`action` is the operation's name in the service's API, `resource` what it was about: "s3://BUCKET/KEY", a table with or without
"/index/NAME", a queue, a parameter, an instance, a template or "*"; an ARN is taken as it is. Names are those of the samples in
cloudformation.py. Optional: "version": true (of an object), "context": further condition keys, "parts": the operations inside of a
transaction, "tags": of a fleet and its instances. A caller without a role (a "client" that has no credentials) is passed over.

    python3 tests/deploy/calls.py LOG… > calls.jsonl.new     the known calls, and those of runs that are of another kind
"""

import json
import pathlib
import re
import sys

from cloudformation import ACCOUNT, REGION, STACK, Template, policies_of_role
from iam import ALLOWED, Request, decide

HERE = pathlib.Path(__file__).parent
KNOWN = HERE / "calls.jsonl"
TEMPLATE = Template(HERE / "../../deploy/aws/template.yaml")

ROLES = {
    "TranscriptionApi": "ApiRole",
    "TranscriptionProcessUpload": "LauncherRole",
    "TranscriptionReaper": "ReaperRole",
    "worker": "WorkerRole",
    "builder": "BuilderRole",
}
S3_ACTIONS = {
    "HeadObject": "GetObject",
    "HeadBucket": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "PostObject": "PutObject",
    "CreateMultipartUpload": "PutObject",
    "UploadPart": "PutObject",
    "CompleteMultipartUpload": "PutObject",
}
TRANSACTION = ["PutItem"]
OUR_TAGS = {"Stack": STACK, "Name": "transcriber-worker"}


def ec2_arn(what, name="*0", account=ACCOUNT):
    return f"arn:aws:ec2:{REGION}:{account}:{what}/{name.replace('*', what)}"


def arn(service, resource):
    if resource == "*" or resource.startswith("arn:"):
        return resource
    if service == "s3":
        return "arn:aws:s3:::" + resource.removeprefix("s3://").rstrip("/")
    path = {"dynamodb": "table/", "sqs": "", "ssm": "parameter", "ec2": "instance/"}[service]
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{path}{resource}"


def tagging(tags):
    return {
        "ec2:CreateAction": "CreateFleet",
        **{f"aws:RequestTag/{name}": value for name, value in tags.items()},
        "aws:TagKeys": list(tags),
    }


def fleet(template_id, tags_of=None, **changed):
    """All that one CreateFleet of the launch template needs; `changed` replaces parts for the tests of what is forbidden.

    `tags_of`: {"fleet": …, "instance": …} as they were asked for.
    """
    tags_of = tags_of or {"fleet": {"Stack": STACK}, "instance": {**OUR_TAGS, "JobId": "job_1"}}
    template = ec2_arn("launch-template", template_id)
    part = {"ec2:LaunchTemplate": template}
    machine = {
        **part,
        "ec2:InstanceType": changed.get("instance_type", "g4dn.xlarge"),
        "ec2:InstanceProfile": f"arn:aws:iam::{ACCOUNT}:instance-profile/{STACK}-{changed.get('profile', 'WorkerProfile')}",
        "ec2:MetadataHttpTokens": changed.get("tokens", "required"),
    }
    vpc = {**part, "ec2:Vpc": ec2_arn("vpc", changed.get("vpc", "vpc-0a"))}
    image = {**part, "ec2:Owner": changed.get("image_owner", ACCOUNT)}
    passed = f"arn:aws:iam::{ACCOUNT}:role/{STACK}-{changed.get('role', 'WorkerRole')}"
    return [
        Request("ec2:CreateFleet", ec2_arn("fleet"), tagging(tags_of["fleet"])),
        Request("ec2:CreateFleet", template),
        Request("ec2:CreateFleet", ec2_arn("subnet")),
        Request("ec2:RunInstances", ec2_arn("instance"), machine),
        *(
            Request("ec2:RunInstances", ec2_arn(what), part)
            for what in ("volume", "network-interface", "spot-instances-request")
        ),
        Request("ec2:RunInstances", template, part),
        Request("ec2:RunInstances", ec2_arn("security-group", "sg-0WorkerGroup"), part),
        Request("ec2:RunInstances", ec2_arn("subnet"), vpc),
        Request("ec2:RunInstances", ec2_arn("image", account=""), image),
        *(Request("ec2:CreateTags", ec2_arn(what), tagging(tags)) for what, tags in tags_of.items()),
        Request("ec2:CreateTags", ec2_arn("volume"), tagging(OUR_TAGS)),  # the launch template's own
        Request("iam:PassRole", passed, {"iam:PassedToService": changed.get("service", "ec2.amazonaws.com")}),
        Request("ssm:GetParameters", arn("ssm", "/transcriber/ami-id")),
    ]


def requests(call):
    """What AWS would ask the policies about one call."""
    service, action, resource = call["service"], call["action"], call["resource"]
    context = call.get("context", {})
    if (service, action) == ("ec2", "CreateFleet"):
        return fleet(resource, call.get("tags"))
    if (service, action) == ("ec2", "TerminateInstances"):
        context = {**{f"ec2:ResourceTag/{k}": v for k, v in OUR_TAGS.items()}, **context}
    if action == "TransactWriteItems":
        return [Request(f"dynamodb:{part}", arn(service, resource), context) for part in call.get("parts", TRANSACTION)]
    if service == "s3":
        action = S3_ACTIONS.get(action, action)
        action += "Version" if call.get("version") and action in ("GetObject", "DeleteObject") else ""
        if action == "ListBucket":
            resource = "s3://" + resource.removeprefix("s3://").split("/")[0]
    return [Request(f"{service}:{action}", arn(service, resource), context)]


def read(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file if line.strip()]


def decision(role, request):
    return decide(policies_of_role(TEMPLATE, role), request)


def refusals(call):
    """A sentence for everything about this call that its caller's role does not allow."""
    if call["caller"] == "client":
        return []
    if call["caller"] not in ROLES:
        return [f"{call['caller']} has no role"]
    verdicts = ((request, decision(ROLES[call["caller"]], request)) for request in requests(call))
    return [
        f"{call['caller']}: {request.action} on {request.resource} is {verdict}"
        for request, verdict in verdicts
        if verdict != ALLOWED
    ]


# What differs from run to run, and what is written instead.
NAMES = [
    (r"(?<=/)job_\w+", "job_1"),
    (r"^job_\w+$", "job_1"),
    (r"^i-[0-9a-f,i-]+$", "i-0123456789abcdef0"),
    (r"^lt-\w+$", "lt-0WorkerTemplate"),
    (r"(?<=/)cb\d+(?=/|\.json$)", "crm"),
    (r"(?<=/transcription_upload/).*", lambda m: re.sub(r"[^/]+$", "talk.mp3", m[0])),
    (r"(?<=/checkpoints/job_1/).*", "1.json"),
    (r"(?<=/results/job_1/).*", "1/transcript.txt"),
]


def general(value):
    if isinstance(value, dict):
        return {name: "1" if name == "LaunchSeq" else general(v) for name, v in value.items()}
    if isinstance(value, str):
        for pattern, replacement in NAMES:
            value = re.sub(pattern, replacement, value)
    return value


def distinct(recorded):
    """Each kind of call once, in order, without what differs from run to run."""
    return list({json.dumps(call): call for call in map(general, recorded)}.values())


def main(paths):
    known = read(KNOWN)
    for call in distinct([*known, *(call for path in paths for call in read(path) if call["caller"] in ROLES)]):
        print(json.dumps(call))


if __name__ == "__main__":
    main(sys.argv[1:])
