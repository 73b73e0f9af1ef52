"""The roles of the template: they allow what the programs call, and nothing of a list that would hurt.

calls.jsonl holds the known calls. FT_AWS_CALL_LOG=FILE adds those of a run (tests/e2e/aws writes them). docs/aws_internals.md: "Who calls what".
"""

import collections
import os
import unittest

import calls
from calls import ROLES, TEMPLATE, arn, decision, ec2_arn, fleet
from cloudformation import ACCOUNT, REGION, policies_of_role
from iam import ALLOWED, Request, as_list

DATA = f"transcriber-data-{ACCOUNT}-{REGION}"
INSTANCE = "i-0123456789abcdef0"
ROLES_OF_MACHINES_AND_FUNCTIONS = [name for name, r in TEMPLATE.resources.items() if r["Type"] == "AWS::IAM::Role"]

# (role, Sid) whose resource is "*", and why nothing narrower exists.
WILDCARDS = {
    ("LauncherRole", "WhatRuns"): "EC2's Describe calls know no resources",
    ("ReaperRole", "WhatRuns"): "EC2's Describe calls know no resources",
    ("WorkerRole", "Price"): "EC2's Describe calls know no resources",
    ("WorkerRole", "Metrics"): "CloudWatch knows no resources for metrics; the namespace is a condition",
}


def s3(key, bucket=DATA):
    return f"arn:aws:s3:::{bucket}/{key}"


def tagged(**tags):
    return {f"ec2:ResourceTag/{name}": value for name, value in tags.items()}


# A role, a request, and what it would mean.
TABLE = arn("dynamodb", "transcription-jobs")
IMAGE, SECRET = arn("ssm", "/transcriber/ami-id"), arn("ssm", "/transcriber/webhook-secret")
FORBIDDEN = [
    ("WorkerRole", Request("dynamodb:DeleteItem", TABLE), "a worker deletes jobs"),
    ("WorkerRole", Request("dynamodb:Scan", TABLE), "a worker reads the table of everybody"),
    ("WorkerRole", Request("dynamodb:DeleteTable", TABLE), "a worker deletes the table"),
    ("WorkerRole", Request("dynamodb:PutItem", arn("dynamodb", "another-table")), "another table"),
    (
        "WorkerRole",
        Request("ec2:TerminateInstances", ec2_arn("instance"), tagged(Stack="transcriber", Name="transcriber-worker")),
        "a worker ends others",
    ),
    ("WorkerRole", Request("ec2:RunInstances", ec2_arn("instance")), "a worker launches"),
    ("WorkerRole", Request("ec2:CreateTags", ec2_arn("instance")), "a worker makes itself somebody else's"),
    ("WorkerRole", Request("s3:GetObject", s3("x", "another-bucket")), "another bucket"),
    ("WorkerRole", Request("s3:PutObject", s3("transcription_upload/x.wav")), "a worker makes jobs"),
    ("WorkerRole", Request("s3:DeleteObject", s3("results/job_1/1/transcript.txt")), "a worker deletes results"),
    ("WorkerRole", Request("s3:DeleteObject", s3("transcription_upload/x.wav")), "a worker deletes recordings"),
    ("WorkerRole", Request("s3:DeleteObjectVersion", s3("checkpoints/x")), "a worker deletes what versions keep"),
    ("WorkerRole", Request("ssm:PutParameter", IMAGE), "a worker says what later machines run"),
    ("WorkerRole", Request("ssm:GetParameter", arn("ssm", "/other/secret")), "secrets of others"),
    ("WorkerRole", Request("cloudwatch:PutMetricData", "*", {"cloudwatch:namespace": "AWS/EC2"}), "metrics of others"),
    (
        "WorkerRole",
        Request("iam:PassRole", f"arn:aws:iam::{ACCOUNT}:role/transcriber-WorkerRole"),
        "a worker passes roles",
    ),
    (
        "WorkerRole",
        Request("sts:AssumeRole", f"arn:aws:iam::{ACCOUNT}:role/transcriber-ReaperRole"),
        "a worker becomes the reaper",
    ),
    ("ApiRole", Request("s3:GetObject", s3("results/x", "another-bucket")), "results in others' buckets"),
    ("ApiRole", Request("s3:GetObject", s3("transcription_upload/api/job_1/x.wav")), "the API reads recordings"),
    ("ApiRole", Request("s3:PutObject", s3("results/job_1/1/transcript.txt")), "uploads over results"),
    ("ApiRole", Request("s3:PutObject", s3("transcription_upload/x.wav")), "uploads beside jobs' own keys"),
    ("ApiRole", Request("s3:PutObject", s3("callbacks/x.json")), "uploads as callbacks"),
    ("ApiRole", Request("s3:ListBucket", f"arn:aws:s3:::{DATA}"), "the API lists keys"),
    ("ApiRole", Request("dynamodb:DeleteItem", TABLE), "the API deletes jobs"),
    ("ApiRole", Request("dynamodb:Scan", TABLE), "the API scans"),
    ("ApiRole", Request("ec2:CreateFleet", ec2_arn("fleet")), "the API spends money"),
    ("ApiRole", Request("ssm:GetParameter", SECRET), "the API reads the secret of messages"),
    (
        "LauncherRole",
        Request("ec2:TerminateInstances", ec2_arn("instance"), tagged(Stack="transcriber")),
        "the launcher ends machines",
    ),
    (
        "LauncherRole",
        Request("ec2:CreateTags", ec2_arn("instance"), {"aws:RequestTag/Stack": "transcriber"}),
        "tags after the launch",
    ),
    ("LauncherRole", Request("ec2:RunInstances", ec2_arn("key-pair")), "machines that can be logged into"),
    ("LauncherRole", Request("ec2:RunInstances", ec2_arn("security-group", "sg-other")), "machines with open ports"),
    ("LauncherRole", Request("dynamodb:DeleteItem", TABLE), "the launcher deletes jobs"),
    ("LauncherRole", Request("dynamodb:DeleteTable", TABLE), "the launcher deletes the table"),
    ("LauncherRole", Request("s3:GetObject", s3("results/job_1/1/transcript.txt")), "the launcher reads transcripts"),
    ("LauncherRole", Request("ssm:GetParameter", SECRET), "the launcher reads the secret of messages"),
    (
        "LauncherRole",
        Request(
            "iam:PassRole",
            f"arn:aws:iam::{ACCOUNT}:role/transcriber-WorkerRole",
            {"iam:PassedToService": "lambda.amazonaws.com"},
        ),
        "the workers' role for a function",
    ),
    (
        "ReaperRole",
        Request("ec2:TerminateInstances", ec2_arn("instance"), tagged(Name="transcriber-worker")),
        "another stack's worker",
    ),
    (
        "ReaperRole",
        Request("ec2:TerminateInstances", ec2_arn("instance"), tagged(Stack="transcriber", Name="transcriber-builder")),
        "a builder at work",
    ),
    ("ReaperRole", Request("ec2:TerminateInstances", ec2_arn("instance")), "a machine without tags"),
    ("ReaperRole", Request("s3:DeleteBucket", f"arn:aws:s3:::{DATA}"), "the reaper deletes the bucket"),
    ("ReaperRole", Request("s3:DeleteObjectVersion", s3("transcription_upload/x.wav")), "the reaper deletes for good"),
    ("ReaperRole", Request("s3:DeleteObject", s3("transcription_upload/x.wav")), "the reaper deletes recordings"),
    ("ReaperRole", Request("s3:DeleteObject", s3("callbacks/x.json")), "the reaper deletes settings of users"),
    ("ReaperRole", Request("s3:PutObject", s3("results/job_1/1/transcript.txt")), "the reaper writes results"),
    ("ReaperRole", Request("dynamodb:DeleteTable", TABLE), "the reaper deletes the table"),
    ("ReaperRole", Request("ssm:PutParameter", SECRET), "the reaper changes the secret"),
    ("BuilderRole", Request("ssm:PutParameter", IMAGE), "a builder publishes its own image"),
    ("BuilderRole", Request("s3:GetObject", s3("results/job_1/1/transcript.txt")), "a builder reads transcripts"),
    (
        "BuilderRole",
        Request("s3:PutObject", f"arn:aws:s3:::transcriber-code-{ACCOUNT}-{REGION}/functions/0.zip"),
        "a builder changes functions",
    ),
    (
        "BuilderRole",
        Request(
            "ec2:CreateTags",
            ec2_arn("instance"),
            {"aws:TagKeys": ["BuildStatus"], **tagged(Stack="transcriber", Name="transcriber-worker")},
        ),
        "tags of others",
    ),
    (
        "BuilderRole",
        Request(
            "ec2:CreateTags",
            ec2_arn("instance"),
            {"aws:TagKeys": ["Name"], **tagged(Stack="transcriber", Name="transcriber-builder")},
        ),
        "another name",
    ),
]
# What may not be launched: at least one of the requests behind such a fleet is refused.
FORBIDDEN_FLEETS = [
    ("another launch template", fleet("lt-other")),
    ("an expensive type", fleet("lt-0WorkerTemplate", instance_type="p5.48xlarge")),
    ("IMDSv1", fleet("lt-0WorkerTemplate", tokens="optional")),
    ("the builder's profile", fleet("lt-0WorkerTemplate", profile="BuilderProfile")),
    ("an image of strangers", fleet("lt-0WorkerTemplate", image_owner="999999999999")),
    ("another network", fleet("lt-0WorkerTemplate", vpc="vpc-other")),
    ("another role", fleet("lt-0WorkerTemplate", role="ReaperRole")),
]
# Nobody's, whatever the resource.
NOBODYS = [
    "iam:CreateUser",
    "iam:AttachRolePolicy",
    "iam:PutRolePolicy",
    "s3:DeleteBucket",
    "s3:PutBucketPolicy",
    "s3:PutBucketAcl",
    "s3:PutObjectAcl",
    "dynamodb:DeleteTable",
    "dynamodb:Scan",
    "dynamodb:UpdateItem",
    "ec2:AuthorizeSecurityGroupIngress",
    "ec2:ModifyInstanceAttribute",
    "ec2:CreateKeyPair",
    "ec2:ModifyLaunchTemplate",
    "ec2:CreateLaunchTemplateVersion",
    "lambda:UpdateFunctionCode",
    "lambda:InvokeFunction",
    "sts:AssumeRole",
    "kms:Decrypt",
    "ssm:PutParameter",
    "logs:DeleteLogGroup",
    "sqs:PurgeQueue",
]


class Roles(unittest.TestCase):
    def check_calls(self, recorded):
        for call in recorded:
            with self.subTest(**call):
                self.assertEqual(calls.refusals(call), [])

    def test_known_calls_are_allowed(self):
        known = calls.read(calls.KNOWN)
        self.assertEqual({call["caller"] for call in known}, set(ROLES) - {"builder"})
        self.check_calls(known)

    def test_recorded_calls_are_allowed(self):
        path = os.environ.get("FT_AWS_CALL_LOG", "")
        if not path or not os.path.exists(path):
            self.skipTest("FT_AWS_CALL_LOG names no file: no run was recorded")
        self.check_calls(calls.distinct(calls.read(path)))

    def test_a_call_without_a_right_is_told(self):
        call = {"caller": "worker", "service": "dynamodb", "action": "TransactWriteItems"}
        call["resource"] = "transcription-jobs"
        self.assertEqual(calls.refusals({**call, "parts": ["PutItem"]}), [])
        told = calls.refusals({**call, "parts": ["PutItem", "DeleteItem"]})
        self.assertEqual(len(told), 1)
        self.assertIn("dynamodb:DeleteItem", told[0])
        self.assertEqual(calls.refusals({**call, "caller": "stranger"}), ["stranger has no role"])

    def test_recorded_calls_of_one_kind_are_one(self):
        call = {"caller": "worker", "service": "s3", "action": "PutObject"}
        keys = [f"results/job_{i}x/{i}/{name}" for i in range(3) for name in ("a.srt", "b.txt")]
        many = [{**call, "resource": "s3://b/" + key} for key in keys]
        self.assertEqual(calls.distinct(many), [{**call, "resource": "s3://b/results/job_1/1/transcript.txt"}])

    def test_builder_may_report_and_read_its_sources(self):
        tags = {
            **tagged(Stack="transcriber", Name="transcriber-builder"),
            "aws:TagKeys": ["BuildStatus", "BuildMessage"],
        }
        self.assertEqual(decision("BuilderRole", Request("ec2:CreateTags", ec2_arn("instance"), tags)), ALLOWED)
        source = f"arn:aws:s3:::transcriber-code-{ACCOUNT}-{REGION}/image/source.tar.gz"
        self.assertEqual(decision("BuilderRole", Request("s3:GetObject", source)), ALLOWED)

    def test_what_would_hurt_is_refused(self):
        for role, request, meaning in FORBIDDEN:
            with self.subTest(role=role, action=request.action, meaning=meaning):
                self.assertNotEqual(decision(role, request), ALLOWED)

    def test_other_fleets_are_refused(self):
        self.assertEqual({decision("LauncherRole", r) for r in fleet("lt-0WorkerTemplate")}, {ALLOWED})
        for meaning, requests in FORBIDDEN_FLEETS:
            with self.subTest(meaning=meaning):
                self.assertGreater(sum(decision("LauncherRole", r) != ALLOWED for r in requests), 0)

    def test_nobody_may(self):
        arns = {
            r
            for role in ROLES_OF_MACHINES_AND_FUNCTIONS
            for document in policies_of_role(TEMPLATE, role)
            for statement in document["Statement"]
            for r in as_list(statement["Resource"])
        }
        for role in ROLES_OF_MACHINES_AND_FUNCTIONS:
            for action in NOBODYS:
                for resource in arns:
                    with self.subTest(role=role, action=action, resource=resource):
                        self.assertNotEqual(decision(role, Request(action, resource.replace("*", "x"))), ALLOWED)

    def test_every_role_is_known(self):
        self.assertEqual(set(ROLES.values()), set(ROLES_OF_MACHINES_AND_FUNCTIONS))

    def test_wildcards_are_justified(self):
        found = collections.Counter()
        for role in ROLES_OF_MACHINES_AND_FUNCTIONS:
            for document in policies_of_role(TEMPLATE, role):
                for statement in document["Statement"]:
                    self.assertNotIn("NotAction", statement)
                    self.assertNotIn("NotResource", statement)
                    self.assertFalse(
                        [a for a in as_list(statement["Action"]) if "*" in a], f"{role}: {statement['Action']}"
                    )
                    if "*" in as_list(statement["Resource"]):
                        found[role, statement["Sid"]] += 1
        self.assertEqual(set(found), set(WILDCARDS))

    def test_only_services_take_roles(self):
        for role in ROLES_OF_MACHINES_AND_FUNCTIONS:
            trust = TEMPLATE.properties(role)["AssumeRolePolicyDocument"]["Statement"]
            self.assertEqual([list(s["Principal"]) for s in trust], [["Service"]])
            wanted = "ec2.amazonaws.com" if role in ("WorkerRole", "BuilderRole") else "lambda.amazonaws.com"
            self.assertEqual(trust[0]["Principal"]["Service"], wanted)


if __name__ == "__main__":
    unittest.main()
