"""What the template promises: cfn-lint finds nothing, and everything is closed, encrypted, limited and watched."""

import json
import pathlib
import re
import unittest

import yaml
from cloudformation import ACCOUNT, REGION, Template
from iam import ALLOWED, DENIED, Request, decide

ROOT = pathlib.Path(__file__).resolve().parents[2]
AWS = ROOT / "deploy/aws"
TEMPLATE = Template(AWS / "template.yaml")
CODE_BUCKET = Template(AWS / "code_bucket.yaml")
# What the functions and the worker read from their surroundings; src/cloud and src/agent refuse to start without.
FUNCTION_SETTINGS = {
    "FT_STACK",
    "FT_TABLE",
    "FT_BUCKET",
    "FT_QUEUE_URL",
    "FT_LAUNCH_TEMPLATE",
    "FT_SUBNETS",
    "FT_INSTANCE_TYPES",
    "FT_IMAGE_PARAMETER",
    "FT_MAX_INSTANCES",
    "FT_JOBS_PER_INSTANCE",
    "FT_API_URL",
    "FT_ALLOW_ON_DEMAND",
    "FT_DEADLINE_MIN",
    "FT_WEBHOOK_SECRET_PARAMETER",
    "FT_LINK_SECONDS",
    "FT_MAX_UPLOAD_BYTES",
    "FT_RESULT_DAYS",
}
WORKER_SETTINGS = {
    "FT_STACK",
    "FT_TABLE",
    "FT_BUCKET",
    "FT_IMAGE_PARAMETER",
    "FT_WEBHOOK_SECRET_PARAMETER",
    "FT_DEADLINE_MIN",
    "FT_IDLE_S",
    "FT_IMAGE_CHECK",
    "FT_API_URL",
    "AWS_REGION",
}


def only(template, kind):
    found = list(template.of_type(kind).values())
    assert len(found) == 1, f"{len(found)} of {kind}"
    return found[0]


def buckets():
    return [(t, name, p) for t in (TEMPLATE, CODE_BUCKET) for name, p in t.of_type("AWS::S3::Bucket").items()]


class Lint(unittest.TestCase):
    def test_cfn_lint_finds_nothing(self):
        from cfnlint.api import ManualArgs, lint_file  # slow to import

        for name, regions in [
            ("template.yaml", ["eu-north-1", "eu-west-1", "us-east-1"]),
            ("code_bucket.yaml", ["eu-north-1"]),
            ("budget.yaml", ["us-east-1"]),
        ]:
            with self.subTest(template=name):
                self.assertEqual([str(m) for m in lint_file(AWS / name, config=ManualArgs(regions=regions))], [])

    def test_fits_into_a_request(self):
        for path in AWS.glob("*.yaml"):
            self.assertLess(
                len(path.read_bytes()), 51200, f"{path.name}: CloudFormation takes 51,200 bytes without a bucket"
            )

    def test_no_aliases(self):
        for path in AWS.glob("*.yaml"):
            events = yaml.parse(path.read_text(encoding="utf-8"))
            self.assertFalse(
                [e for e in events if isinstance(e, yaml.AliasEvent)],
                f"{path.name}: CloudFormation knows no YAML aliases",
            )

    def test_no_image_id_is_written_down(self):
        for path in [*AWS.iterdir(), *(ROOT / "src").rglob("*.cpp")]:
            if path.is_file() and not path.name.endswith("_test.cpp"):
                self.assertIsNone(
                    re.search(r"\bami-[0-9a-f]{8,}", path.read_text(encoding="utf-8", errors="replace")), path
                )


class Storage(unittest.TestCase):
    def test_buckets_are_closed_and_encrypted(self):
        self.assertEqual(len(buckets()), 3)
        for _, name, bucket in buckets():
            with self.subTest(bucket=name):
                self.assertEqual(set(bucket["PublicAccessBlockConfiguration"].values()), {True})
                self.assertEqual(len(bucket["PublicAccessBlockConfiguration"]), 4)
                self.assertEqual(bucket["OwnershipControls"]["Rules"], [{"ObjectOwnership": "BucketOwnerEnforced"}])
                self.assertEqual(bucket["VersioningConfiguration"]["Status"], "Enabled")
                self.assertTrue(bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"])
                for rule in bucket["LifecycleConfiguration"]["Rules"]:
                    self.assertIn("NoncurrentVersionExpiration", rule)  # else nothing is ever removed

    def test_buckets_and_queues_refuse_plain_http(self):
        policies = [(t, p) for t in (TEMPLATE, CODE_BUCKET) for p in t.of_type("AWS::S3::BucketPolicy").values()]
        covered = set()
        for _, policy in policies:
            covered.add(policy["Bucket"])
            for path in ("", "/key"):
                request = Request(
                    "s3:GetObject", f"arn:aws:s3:::{policy['Bucket']}{path}", {"aws:SecureTransport": False}, "anybody"
                )
                self.assertEqual(decide([policy["PolicyDocument"]], request), DENIED)
        self.assertEqual(covered, {bucket["BucketName"] for _, _, bucket in buckets()})
        queues = only(TEMPLATE, "AWS::SQS::QueuePolicy")["PolicyDocument"]
        for name in TEMPLATE.of_type("AWS::SQS::Queue"):
            request = Request(
                "sqs:SendMessage", TEMPLATE.attribute(name, "Arn"), {"aws:SecureTransport": False}, "s3.amazonaws.com"
            )
            self.assertEqual(decide([queues], request), DENIED)

    def test_only_our_bucket_sends_events(self):
        policy = only(TEMPLATE, "AWS::SQS::QueuePolicy")["PolicyDocument"]
        arn, ours = TEMPLATE.attribute("UploadQueue", "Arn"), TEMPLATE.attribute("DataBucket", "Arn")

        def decision(bucket, account, principal="s3.amazonaws.com"):
            context = {"aws:SourceArn": bucket, "aws:SourceAccount": account, "aws:SecureTransport": True}
            return decide([policy], Request("sqs:SendMessage", arn, context, principal))

        self.assertEqual(decision(ours, ACCOUNT), ALLOWED)
        self.assertNotEqual(decision("arn:aws:s3:::other", ACCOUNT), ALLOWED)
        self.assertNotEqual(decision(ours, "999999999999"), ALLOWED)
        self.assertNotEqual(decision(ours, ACCOUNT, "anybody"), ALLOWED)

    def test_uploads_become_events_that_are_kept(self):
        notified = TEMPLATE.properties("DataBucket")["NotificationConfiguration"]["QueueConfigurations"]
        self.assertEqual(
            [n["Filter"]["S3Key"]["Rules"] for n in notified], [[{"Name": "prefix", "Value": "transcription_upload/"}]]
        )
        self.assertEqual(notified[0]["Queue"], TEMPLATE.attribute("UploadQueue", "Arn"))
        queue = TEMPLATE.properties("UploadQueue")
        self.assertEqual(queue["RedrivePolicy"]["deadLetterTargetArn"], TEMPLATE.attribute("DeadLetterQueue", "Arn"))
        self.assertGreaterEqual(queue["VisibilityTimeout"], 6 * TEMPLATE.properties("UploadFunction")["Timeout"])
        for name, queue in TEMPLATE.of_type("AWS::SQS::Queue").items():
            self.assertTrue(queue["SqsManagedSseEnabled"], name)
        mapping = only(TEMPLATE, "AWS::Lambda::EventSourceMapping")
        self.assertEqual(mapping["FunctionResponseTypes"], ["ReportBatchItemFailures"])

    def test_lifecycle_covers_what_is_written(self):
        rules = TEMPLATE.properties("DataBucket")["LifecycleConfiguration"]["Rules"]
        self.assertEqual(
            {r["Prefix"]: r["ExpirationInDays"] for r in rules},
            {"transcription_upload/": 7, "checkpoints/": 7, "results/": 30},
        )
        self.assertTrue(all("AbortIncompleteMultipartUpload" in r for r in rules))

    def test_table_is_what_the_program_expects(self):
        table = only(TEMPLATE, "AWS::DynamoDB::Table")
        header = (ROOT / "src/jobs/aws/table_layout.h").read_text(encoding="utf-8")
        source = (ROOT / "src/jobs/aws/table_layout.cpp").read_text(encoding="utf-8")
        named = dict(re.findall(r"constexpr const char\* (\w+) = \"([^\"]+)\"", header))
        keys = {k: t for k, t in re.findall(r"\{(\w+), '([SN])'\}", source)}
        self.assertEqual(
            {a["AttributeName"]: a["AttributeType"] for a in table["AttributeDefinitions"]},
            {named[k]: t for k, t in keys.items()},
        )
        self.assertEqual(
            [k["AttributeName"] for k in table["KeySchema"]], [named["job_id_column"], named["row_column"]]
        )
        indexes = {
            i["IndexName"]: [k["AttributeName"] for k in i["KeySchema"]] for i in table["GlobalSecondaryIndexes"]
        }
        wanted = re.findall(r"\{(\w+_index), \{(\w+), '.'\}, aws::KeyColumn\{(\w+), '.'\}\}", source)
        self.assertEqual(indexes, {named[i]: [named[h], named[r]] for i, h, r in wanted})
        self.assertEqual(table["TimeToLiveSpecification"], {"AttributeName": named["ttl_column"], "Enabled": True})
        self.assertTrue(table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"])
        self.assertTrue(table["DeletionProtectionEnabled"])
        self.assertEqual(table["BillingMode"], "PAY_PER_REQUEST")

    def test_data_outlives_the_stack(self):
        for name in ("DataBucket", "LogBucket", "JobsTable"):
            self.assertEqual(
                {TEMPLATE.resources[name][k] for k in ("DeletionPolicy", "UpdateReplacePolicy")}, {"Retain"}
            )


class Machines(unittest.TestCase):
    data = only(TEMPLATE, "AWS::EC2::LaunchTemplate")["LaunchTemplateData"]

    def test_nobody_connects_to_them(self):
        for name, group in TEMPLATE.of_type("AWS::EC2::SecurityGroup").items():
            self.assertNotIn("SecurityGroupIngress", group, name)
            self.assertTrue(group["SecurityGroupEgress"], "an empty list means everything is open")
            self.assertEqual({rule["IpProtocol"] for rule in group["SecurityGroupEgress"]}, {"tcp"})
        self.assertEqual(TEMPLATE.of_type("AWS::EC2::SecurityGroupIngress"), {})
        self.assertEqual([r["FromPort"] for r in TEMPLATE.properties("WorkerGroup")["SecurityGroupEgress"]], [443])
        self.assertNotIn("KeyName", self.data)

    def test_metadata(self):
        self.assertEqual(
            self.data["MetadataOptions"],
            {
                "HttpEndpoint": "enabled",
                "HttpTokens": "required",
                "HttpPutResponseHopLimit": 1,
                "InstanceMetadataTags": "enabled",
            },
        )

    def test_switching_off_ends_them(self):
        self.assertEqual(self.data["InstanceInitiatedShutdownBehavior"], "terminate")
        for device in self.data["BlockDeviceMappings"]:
            self.assertTrue(device["Ebs"]["DeleteOnTermination"])
            self.assertTrue(device["Ebs"]["Encrypted"])
        self.assertEqual(yaml.safe_load(self.data["UserData"])["runcmd"], ["shutdown -P +$((120 + 10))"])

    def test_a_second_boot_is_the_end(self):
        first, second = yaml.safe_load(self.data["UserData"])["bootcmd"]
        self.assertIn("poweroff", first)
        self.assertEqual(first.split()[3], second.removeprefix("touch "))

    def test_settings_of_the_worker(self):
        self.assertTrue(self.data["UserData"].startswith("#cloud-config\n"))
        (file,) = yaml.safe_load(self.data["UserData"])["write_files"]
        self.assertEqual(file["path"], "/run/transcribe/worker.env")
        settings = dict(line.split("=", 1) for line in file["content"].splitlines())
        self.assertEqual(set(settings), WORKER_SETTINGS)
        self.assertNotIn("", settings.values())
        self.assertEqual(settings["FT_BUCKET"], f"transcriber-data-{ACCOUNT}-{REGION}")
        self.assertLess(len(self.data["UserData"]), 16384)

    def test_image_comes_from_one_place(self):
        self.assertEqual(self.data["ImageId"], "resolve:ssm:/transcriber/ami-id")
        self.assertEqual(only(TEMPLATE, "AWS::SSM::Parameter")["Name"], "/transcriber/ami-id")

    def test_blocks_are_fetched_ahead_unless_told_otherwise(self):
        def rate(value):
            data = only(
                Template(AWS / "template.yaml", {"VolumeInitializationRate": value}), "AWS::EC2::LaunchTemplate"
            )
            return data["LaunchTemplateData"]["BlockDeviceMappings"][0]["Ebs"].get("VolumeInitializationRate")

        self.assertEqual((rate(300), rate(0)), (300, None))

    def test_tags_by_which_the_reaper_finds_them(self):
        for specification in self.data["TagSpecifications"]:
            tags = {tag["Key"]: tag["Value"] for tag in specification["Tags"]}
            self.assertEqual(tags, {"Stack": "transcriber", "Name": "transcriber-worker"})


class Functions(unittest.TestCase):
    functions = TEMPLATE.of_type("AWS::Lambda::Function")

    def test_three_with_a_role_each(self):
        self.assertEqual(
            {f["Handler"] for f in self.functions.values()},
            {"TranscriptionApi", "TranscriptionProcessUpload", "TranscriptionReaper"},
        )
        self.assertEqual(
            {f["FunctionName"] for f in self.functions.values()}, {f["Handler"] for f in self.functions.values()}
        )
        self.assertEqual(len({f["Role"] for f in self.functions.values()}), 3)

    def test_settings(self):
        for name, function in self.functions.items():
            settings = function["Environment"]["Variables"]
            self.assertEqual(set(settings), FUNCTION_SETTINGS, name)
            self.assertEqual(settings["FT_SUBNETS"], "subnet-0a,subnet-0b")
            self.assertFalse([v for v in settings.values() if v in ("", None)], name)

    def test_logs_end(self):
        groups = TEMPLATE.of_type("AWS::Logs::LogGroup")
        self.assertEqual({g["RetentionInDays"] for g in groups.values()}, {30})
        for function in self.functions.values():
            self.assertIn("/aws/lambda/" + function["FunctionName"], {g["LogGroupName"] for g in groups.values()})

    def test_api_is_for_signed_requests_only(self):
        for name, route in TEMPLATE.of_type("AWS::ApiGatewayV2::Route").items():
            self.assertEqual(route["AuthorizationType"], "AWS_IAM", name)
        stage = only(TEMPLATE, "AWS::ApiGatewayV2::Stage")
        self.assertGreater(stage["DefaultRouteSettings"]["ThrottlingRateLimit"], 0)
        json.loads(stage["AccessLogSettings"]["Format"])
        self.assertNotIn("CorsConfiguration", only(TEMPLATE, "AWS::ApiGatewayV2::Api"))
        for name, permission in TEMPLATE.of_type("AWS::Lambda::Permission").items():
            self.assertIn("SourceArn", permission, name)

    def test_reaper_runs_by_itself(self):
        rule = only(TEMPLATE, "AWS::Events::Rule")
        self.assertEqual(rule["ScheduleExpression"], "rate(5 minutes)")
        self.assertEqual([t["Arn"] for t in rule["Targets"]], [TEMPLATE.attribute("ReaperFunction", "Arn")])


def watched_by(alarm):
    metric = alarm["Metrics"][0]["MetricStat"]["Metric"] if "Metrics" in alarm else alarm
    return metric["Namespace"], metric["MetricName"], metric["Dimensions"][0]["Value"]


class Watching(unittest.TestCase):
    def test_alarms(self):
        alarms = TEMPLATE.of_type("AWS::CloudWatch::Alarm")
        watched = {watched_by(a) for a in alarms.values()}
        self.assertLessEqual(
            {
                ("AWS/SQS", "ApproximateNumberOfMessagesVisible", "transcriber-DeadLetterQueue"),
                ("AWS/SQS", "ApproximateAgeOfOldestMessage", "transcriber-UploadQueue"),
                ("AWS/Lambda", "Errors", "TranscriptionApi"),
                ("AWS/Lambda", "Errors", "TranscriptionProcessUpload"),
                ("AWS/Lambda", "Errors", "TranscriptionReaper"),
                ("AWS/Lambda", "Invocations", "TranscriptionReaper"),
                ("FastTranscribe", "OldestMachineAge", "transcriber"),
                ("FastTranscribe", "Machines", "transcriber"),
                ("FastTranscribe", "OldestJobAge", "transcriber"),
            },
            watched,
        )
        for name, alarm in alarms.items():
            self.assertEqual(alarm["AlarmActions"], [TEMPLATE.ref("Alarms")], name)
        self.assertEqual(alarms["ReaperSilentAlarm"]["TreatMissingData"], "breaching")

    def test_dashboard_is_json(self):
        widgets = json.loads(only(TEMPLATE, "AWS::CloudWatch::Dashboard")["DashboardBody"])["widgets"]
        self.assertGreaterEqual(len(widgets), 4)

    def test_mail_is_asked_for_only_where_there_is_an_address(self):
        self.assertEqual(TEMPLATE.resources["AlarmSubscription"]["Condition"], "HasEmail")
        self.assertFalse(TEMPLATE.condition("HasEmail"))
        self.assertTrue(Template(AWS / "template.yaml", {"AlarmEmail": "a@example.org"}).condition("HasEmail"))


if __name__ == "__main__":
    unittest.main()
