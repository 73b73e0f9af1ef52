"""Calls of the programs as requests to the policy language: {"caller", "service", "action", "resource"} a line.

`action` is the operation's name in the service's API, `resource` what it was about: "s3://BUCKET/KEY", a table with or without
"/index/NAME", a queue, a parameter, an instance, a template or "*"; an ARN is taken as it is. Names are those of the samples in
cloudformation.py. Optional: "version": true (of an object), "context": further condition keys, "parts": the operations inside of a
transaction. A caller without a role (a "client" with a presigned address) is passed over.
"""

import json

from cloudformation import ACCOUNT, REGION, STACK
from iam import Request

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
TRANSACTION = ["PutItem", "UpdateItem", "ConditionCheckItem"]
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


def fleet(template_id, **changed):
    """All that one CreateFleet of the launch template needs; `changed` replaces parts for the tests of what is forbidden."""
    template = ec2_arn("launch-template", template_id)
    part = {"ec2:LaunchTemplate": template}
    machine = {
        **part,
        "ec2:InstanceType": changed.get("instance_type", "g4dn.xlarge"),
        "ec2:InstanceProfile": f"arn:aws:iam::{ACCOUNT}:instance-profile/{STACK}-{changed.get('profile', 'WorkerProfile')}",
        "ec2:MetadataHttpTokens": changed.get("tokens", "required"),
    }
    tags = {
        "ec2:CreateAction": "CreateFleet",
        **{f"aws:RequestTag/{k}": v for k, v in OUR_TAGS.items()},
        "aws:RequestTag/JobId": "job_1",
        "aws:TagKeys": [*OUR_TAGS, "JobId", "LaunchSeq"],
    }
    vpc = {**part, "ec2:Vpc": ec2_arn("vpc", changed.get("vpc", "vpc-0a"))}
    image = {**part, "ec2:Owner": changed.get("image_owner", ACCOUNT)}
    passed = f"arn:aws:iam::{ACCOUNT}:role/{STACK}-{changed.get('role', 'WorkerRole')}"
    return [
        Request("ec2:CreateFleet", ec2_arn("fleet"), {f"aws:RequestTag/{k}": v for k, v in OUR_TAGS.items()}),
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
        *(Request("ec2:CreateTags", ec2_arn(what), tags) for what in ("instance", "volume")),
        Request("iam:PassRole", passed, {"iam:PassedToService": changed.get("service", "ec2.amazonaws.com")}),
        Request("ssm:GetParameters", arn("ssm", "/transcriber/ami-id")),
    ]


def requests(call):
    """What AWS would ask the policies about one call."""
    service, action, resource = call["service"], call["action"], call["resource"]
    context = call.get("context", {})
    if (service, action) == ("ec2", "CreateFleet"):
        return fleet(resource)
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
