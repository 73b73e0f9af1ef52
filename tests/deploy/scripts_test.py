"""The scripts of deploy/aws, run against moto through the real AWS CLI; and, where moto cannot, against an `aws` that only fails."""

import base64
import hashlib
import http.server
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.request

import boto3
from cloudformation import Loader
import yaml

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
SCRIPTS = [
    "setup_infrastructure.sh",
    "build_ami.sh",
    "deploy_lambda_functions.sh",
    "cleanup_transcription_instances.sh",
    "verify.sh",
    "teardown.sh",
]
REGION, ACCOUNT = "eu-north-1", "123456789012"
DATA = f"transcriber-data-{ACCOUNT}-{REGION}"
# moto's CloudFormation makes all others of the template.
UNKNOWN_TO_MOTO = {
    "AWS::S3::BucketPolicy",
    "AWS::SQS::QueuePolicy",
    "AWS::SNS::TopicPolicy",
    "AWS::SNS::Subscription",
    "AWS::Lambda::EventInvokeConfig",
    "AWS::CloudWatch::Alarm",
    "AWS::CloudWatch::Dashboard",
}

# moto forgets outputs, parameters and the template of a stack that a change set makes, and refuses to tag an image's snapshots.
MOTO = """
from moto import server
from moto.cloudformation.models import ChangeSet
made = ChangeSet.apply
def apply(self):
    if not self.stack.template_dict.get("Resources"):  # its updates stumble over GetAtt
        made(self)
    self.stack.template = self.template
    self.stack._parse_template()
    self.stack.parameters = {**self.stack.parameters, **self.parameters}
    self.stack.output_map = self.stack._create_output_map()
ChangeSet.apply = apply
from moto.ec2.models import EC2Backend
made_image = EC2Backend.create_image
def create_image(self, *arguments, tag_specifications=(), **more):
    wanted = [t for t in tag_specifications if t["ResourceType"] == "image"]
    return made_image(self, *arguments, tag_specifications=wanted, **more)
EC2Backend.create_image = create_image
server.main()
"""


class Closed(http.server.BaseHTTPRequestHandler):
    """An API that refuses everybody, as ours does without a signature."""

    def do_GET(self):
        self.send_response(403)
        self.end_headers()

    def log_message(self, *_):
        pass


def template_for_moto(source, moto_url, api_url):
    template = yaml.load(source, Loader)
    kept = {
        name: r
        for name, r in template["Resources"].items()
        if r["Type"] not in UNKNOWN_TO_MOTO
        and not r["Type"].startswith("AWS::ApiGatewayV2")
        and name not in ("ApiPermission", "ClientPolicy")
    }
    for resource in kept.values():
        resource.pop("DependsOn", None)
        resource.get("Properties", {}).get("Environment", {}).get("Variables", {}).pop("FT_API_URL", None)
        if resource["Type"] == "AWS::EC2::LaunchTemplate":
            user_data = resource["Properties"]["LaunchTemplateData"]["UserData"]["Fn::Base64"]
            user_data["Fn::Sub"] = re.sub(r" *FT_API_URL=.*\n", "", user_data["Fn::Sub"])
    outputs = {**template["Outputs"], "ApiUrl": {"Value": api_url}}
    del outputs["ClientPolicyArn"]
    for name, queue in (
        ("QueueUrl", "UploadQueue"),
        ("DeadLetterQueueUrl", "DeadLetterQueue"),
    ):  # the CLI goes where its address says
        outputs[name] = {"Value": {"Fn::Sub": f"{moto_url}/{ACCOUNT}/${{{queue}.QueueName}}"}}
    # The API is not there, and neither is its name for the workers' settings.
    resources = json.dumps(kept).replace("${Api}", "api")
    # JSON is YAML; what comes before stays as it is, since setup_infrastructure.sh reads the parameters' defaults there.
    return f"{source[:source.index('Resources:')]}Resources: {resources}\nOutputs: {json.dumps(outputs)}\n"


class World:
    """A copy of the scripts in a git repository of its own, with moto and the AWS CLI."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="ft deploy."))
        self.project = self.folder / "project"
        shutil.copytree(ROOT / "deploy/aws", self.project / "deploy/aws")
        shutil.copy(ROOT / "CMakeLists.txt", self.project)
        self.api = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Closed)
        threading.Thread(target=self.api.serve_forever, daemon=True).start()
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        path = self.project / "deploy/aws/template.yaml"
        path.write_text(
            template_for_moto(path.read_text(encoding="utf-8"), self.url, f"http://127.0.0.1:{self.api.server_port}")
        )
        self.git("init", "-q")
        self.commit("first")
        self.zip = self.folder / "bootstrap.zip"
        self.zip.write_bytes(b"PK one")
        self.processes = [self.spawn("-c", MOTO, "-H", "127.0.0.1", "-p", str(port))]
        self.calls_file = self.folder / "calls"
        self.processes.append(
            self.spawn(str(HERE / "aws_cli.py"), "serve", str(self.folder / "aws.socket"), str(self.calls_file))
        )
        (self.folder / "bin").mkdir()
        program = self.folder / "bin/aws"
        program.write_text(
            f'#!/bin/sh\nexec "{sys.executable}" -I -S "{HERE}/aws_cli.py" call "{self.folder}/aws.socket" "$@"\n'
        )
        program.chmod(0o755)
        end = time.monotonic() + 60
        while not self.is_ready():
            assert time.monotonic() < end, "moto or the AWS CLI did not start"
            time.sleep(0.1)

    def spawn(self, *arguments):
        with open(self.folder / "log", "ab") as log:
            return subprocess.Popen([sys.executable, *arguments], stdout=subprocess.DEVNULL, stderr=log)

    def is_ready(self):
        try:
            urllib.request.urlopen(self.url + "/moto-api/", timeout=5).close()
        except OSError:
            return False
        return (self.folder / "aws.socket").exists()

    def close(self):
        if os.environ.get("FT_KEEP_LOG"):
            shutil.copy(self.folder / "log", os.environ["FT_KEEP_LOG"])
        for process in self.processes:
            process.kill()
            process.wait()
        self.api.shutdown()
        self.api.server_close()
        shutil.rmtree(self.folder)

    def git(self, *arguments):
        subprocess.run(
            ["git", "-C", str(self.project), "-c", "user.name=t", "-c", "user.email=t@example.org", *arguments],
            check=True,
        )

    def commit(self, text):
        (self.project / "note").write_text(text)
        self.git("add", "-A")
        self.git("commit", "-q", "-m", text)

    def environment(self, **more):
        kept = {k: v for k, v in os.environ.items() if k in ("LANG", "LC_ALL", "TMPDIR")}
        return {
            **kept,
            "PATH": f"{self.folder}/bin:/usr/bin:/bin",
            "HOME": str(self.folder),
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "AKIDTEST",
            "AWS_SECRET_ACCESS_KEY": "canary-secret",
            "FT_POLL_S": "0.2",
            "AWS_EC2_METADATA_DISABLED": "true",
            **more,
        }

    def run(self, script, *arguments, **more):
        """(exit code, all that it said)"""
        done = subprocess.run(
            ["bash", str(self.project / "deploy/aws" / script), *arguments],
            env=self.environment(**more),
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=120,
            check=False,
        )
        return done.returncode, done.stdout

    def client(self, service):
        return boto3.client(
            service, endpoint_url=self.url, region_name=REGION, aws_access_key_id="a", aws_secret_access_key="b"
        )

    def calls(self):
        return [json.loads(line) for line in self.calls_file.read_text().splitlines()]


def instances(ec2, name, *states):
    pages = ec2.describe_instances(
        Filters=[{"Name": "tag:Name", "Values": [name]}, {"Name": "instance-state-name", "Values": list(states)}]
    )
    return [i for r in pages["Reservations"] for i in r["Instances"]]


class Builder(threading.Thread):
    """What a builder does that finds itself started: reports, and switches off."""

    def __init__(self, world, status, message=""):
        super().__init__(daemon=True)
        self.ec2, self.status, self.message, self.seen, self.user_data = world.client("ec2"), status, message, None, ""

    def run(self):
        end = time.monotonic() + 60
        while time.monotonic() < end:
            for machine in instances(self.ec2, "transcriber-builder", "running"):
                self.seen = machine
                data = self.ec2.describe_instance_attribute(InstanceId=machine["InstanceId"], Attribute="userData")
                self.user_data = base64.b64decode(data["UserData"]["Value"]).decode()
                self.ec2.create_tags(
                    Resources=[machine["InstanceId"]],
                    Tags=[{"Key": "BuildStatus", "Value": self.status}, {"Key": "BuildMessage", "Value": self.message}],
                )
                self.ec2.stop_instances(InstanceIds=[machine["InstanceId"]])
                return
            time.sleep(0.05)


class OnMoto(unittest.TestCase):
    """One life of a stack, in the order of the tests' names."""

    @classmethod
    def setUpClass(cls):
        cls.world = World()

    @classmethod
    def tearDownClass(cls):
        cls.world.close()

    def expect(self, status, script, *arguments, **more):
        code, said = self.world.run(script, *arguments, **more)
        self.assertEqual(code, status, said)
        return said

    def image_parameter(self):
        return self.world.client("ssm").get_parameter(Name="/transcriber/ami-id")["Parameter"]["Value"]

    def build(self, *arguments):
        builder = Builder(self.world, "ready")
        builder.start()
        said = self.expect(0, "build_ami.sh", "--base", "/test/base", *arguments)
        builder.join(60)
        return said, builder

    def test_1_setup(self):
        for script in SCRIPTS[1:5]:
            self.assertIn(
                "there is no stack transcriber in eu-north-1",
                self.expect(1, script, *(["--zip", str(self.world.zip)] if "lambda" in script else [])),
            )
        said = self.expect(0, "setup_infrastructure.sh", "--zip", str(self.world.zip), "--set", "MaxInstances=3")
        self.assertIn("build_ami.sh", said)
        settings = self.world.client("lambda").get_function_configuration(FunctionName="TranscriptionApi")[
            "Environment"
        ]["Variables"]
        self.assertEqual((str(settings["FT_MAX_INSTANCES"]), settings["FT_BUCKET"]), ("3", DATA))
        self.assertEqual(self.image_parameter(), "none")
        folder = self.world.folder / ".config/fast-transcribe"
        self.assertEqual([path.name for path in folder.iterdir()], ["cloud.json"], "nothing is left beside it")
        self.assertEqual(
            json.loads((folder / "cloud.json").read_text()),
            {"api_url": f"http://127.0.0.1:{self.world.api.server_port}", "region": REGION, "stack": "transcriber"},
        )

    def test_2_setup_again_changes_nothing_that_was_made(self):
        ssm = self.world.client("ssm")
        secret = ssm.get_parameter(Name="/transcriber/webhook-secret", WithDecryption=True)["Parameter"]
        self.assertEqual(
            (secret["Type"], len(base64.b64decode(secret["Value"].removeprefix("whsec_")))), ("SecureString", 32)
        )
        ssm.put_parameter(Name="/transcriber/ami-id", Value="ami-0123456789abcdef0", Overwrite=True)
        # A reader that has the old file open keeps it whole: the new one takes its place, and is not written into it.
        settings = self.world.folder / ".config/fast-transcribe/cloud.json"
        settings.write_text("of another stack, and longer " * 50)
        with settings.open() as reader:
            self.expect(0, "setup_infrastructure.sh", "--zip", str(self.world.zip))
            self.assertEqual(len(reader.read()), 1450)
        self.assertEqual(json.loads(settings.read_text())["stack"], "transcriber")
        last = [call for call in self.world.calls() if "deploy" in call and "ImageId=ami-0123456789abcdef0" in call]
        self.assertEqual(len(last), 1, "the update would take the published image back")
        self.assertFalse([word for word in last[0] if word.startswith("MaxInstances")], "what was set before stays")
        self.assertEqual(
            ssm.get_parameter(Name="/transcriber/webhook-secret", WithDecryption=True)["Parameter"]["Value"],
            secret["Value"],
        )
        said = json.dumps(self.world.calls())
        for canary in (secret["Value"], "canary-secret"):
            self.assertNotIn(canary, said, "arguments are seen by every user of the machine")
        ssm.put_parameter(Name="/transcriber/ami-id", Value="none", Overwrite=True)

    def test_3_functions(self):
        self.assertEqual(
            self.expect(0, "deploy_lambda_functions.sh", "--zip", str(self.world.zip)).count("has this code already"), 3
        )
        self.world.zip.write_bytes(b"PK two")
        self.expect(0, "deploy_lambda_functions.sh", "--zip", str(self.world.zip))
        wanted = base64.b64encode(hashlib.sha256(b"PK two").digest()).decode()
        client = self.world.client("lambda")
        for name in ("TranscriptionApi", "TranscriptionProcessUpload", "TranscriptionReaper"):
            self.assertEqual(client.get_function_configuration(FunctionName=name)["CodeSha256"], wanted)

    def test_4_image(self):
        ec2 = self.world.client("ec2")
        base = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
        self.world.client("ssm").put_parameter(Name="/test/base", Value=base, Type="String")
        said, builder = self.build("--driver", "none")
        image = self.image_parameter()
        self.assertRegex(image, r"^ami-[0-9a-f]{8,}$")
        self.assertIn(f"published: {image}", said)
        self.assertEqual(builder.seen["MetadataOptions"]["HttpTokens"], "required")
        self.assertNotIn("KeyName", builder.seen)
        checked = subprocess.run(
            ["bash", "-n"], input=builder.user_data, text=True, check=False, stderr=subprocess.PIPE
        )
        self.assertEqual(checked.returncode, 0, checked.stderr + builder.user_data)
        self.assertRegex(builder.user_data, r"(?m)^shutdown -P \+90$")
        self.assertIn("install.sh --model 'kb-whisper-small' --driver 'none' --build-id '0.1.0-", builder.user_data)
        key = re.search(r"s3://[^/]+/(image/\w+\.tar\.gz)", builder.user_data)[1]
        self.world.client("s3").head_object(Bucket=f"transcriber-code-{ACCOUNT}-{REGION}", Key=key)
        self.assertEqual(instances(ec2, "transcriber-builder", "pending", "running", "stopping", "stopped"), [])
        tags = {t["Key"]: t["Value"] for t in ec2.describe_images(ImageIds=[image])["Images"][0]["Tags"]}
        self.assertEqual(tags["BuildId"], re.search(r"--build-id '([^']+)'", builder.user_data)[1])
        self.assertIn("is of these sources already", self.expect(0, "build_ami.sh", "--driver", "none"))

    def test_5_a_failed_build_changes_nothing_and_leaves_no_machine(self):
        before = self.image_parameter()
        self.world.commit("second")
        builder = Builder(self.world, "failed", "the sample could not be transcribed")
        builder.start()
        said = self.expect(1, "build_ami.sh", "--base", "/test/base", "--driver", "none")
        self.assertIn("the sample could not be transcribed", said)
        self.assertEqual(self.image_parameter(), before)
        self.assertEqual(
            instances(self.world.client("ec2"), "transcriber-builder", "pending", "running", "stopping", "stopped"), []
        )

    def test_6_old_images_go(self):
        ec2 = self.world.client("ec2")

        def images():
            return {
                i["ImageId"]
                for i in ec2.describe_images(
                    Owners=["self"], Filters=[{"Name": "tag:Name", "Values": ["transcriber-image"]}]
                )["Images"]
            }

        def snapshots():
            return [
                n for n in ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"] if "CreateImage" in n["Description"]
            ]

        first = self.image_parameter()
        self.assertEqual(len(snapshots()), 1)
        self.build("--driver", "none")
        second = self.image_parameter()
        self.assertEqual(images(), {first, second})
        self.build("--driver", "none", "--force", "--keep", "1")
        self.assertEqual(images(), {self.image_parameter()})
        self.assertEqual(len(snapshots()), 1)

    def test_7_cleanup_spares_who_works(self):
        ec2, table = self.world.client("ec2"), self.world.client("dynamodb")
        base = self.world.client("ssm").get_parameter(Name="/test/base")["Parameter"]["Value"]

        def launch(job, stack="transcriber"):
            tags = {"Stack": stack, "Name": "transcriber-worker", "JobId": job}
            made = ec2.run_instances(
                ImageId=base,
                MinCount=1,
                MaxCount=1,
                TagSpecifications=[
                    {"ResourceType": "instance", "Tags": [{"Key": k, "Value": v} for k, v in tags.items()]}
                ],
            )
            return made["Instances"][0]["InstanceId"]

        def job(name, state, lease_s, owner):
            lease = int((time.time() + lease_s) * 1000)
            table.put_item(
                TableName="transcription-jobs",
                Item={
                    "job_id": {"S": name},
                    "row": {"S": "job"},
                    "state": {"S": state},
                    "due_ms": {"N": str(lease)},
                    "listed_as": {"S": "job"},
                    "listed_at": {"S": name},
                    "record": {
                        "S": json.dumps({"id": name, "owner": owner, "lease_until_ms": lease}, separators=(",", ":"))
                    },
                },
            )

        orphan, busy, booting, drains, lost = (launch(f"job_{n}") for n in ("done", "busy", "new", "first", "lost"))
        others = launch("job_done", "another")
        job("job_done", "succeeded", 600, "")
        job("job_busy", "running", 100, busy + "/0")
        job("job_new", "launching", 100, "")
        job("job_later", "running", 100, drains + "/1")  # its own job has ended, it goes on with another
        job("job_lost", "running", -5, lost + "/0")
        young = self.expect(0, "cleanup_transcription_instances.sh", "--yes")
        self.assertIn("all are needed", young)
        said = self.expect(0, "cleanup_transcription_instances.sh", "--min-age-min", "0")
        self.assertIn("2 would be ended", said)
        running = lambda: {i["InstanceId"] for i in instances(ec2, "transcriber-worker", "running")}  # noqa: E731
        self.assertEqual(running(), {orphan, busy, booting, drains, lost, others})
        self.expect(0, "cleanup_transcription_instances.sh", "--min-age-min", "0", "--yes")
        self.assertEqual(running(), {busy, booting, drains, others})
        ec2.terminate_instances(InstanceIds=[others])

    def make_what_moto_leaves_out(self):
        """Its CloudFormation passes over these properties of the template."""
        dynamodb, s3, sqs = map(self.world.client, ("dynamodb", "s3", "sqs"))
        dynamodb.update_time_to_live(
            TableName="transcription-jobs", TimeToLiveSpecification={"Enabled": True, "AttributeName": "ttl"}
        )
        dynamodb.update_continuous_backups(
            TableName="transcription-jobs", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
        )
        s3.put_public_access_block(
            Bucket=DATA,
            PublicAccessBlockConfiguration=dict.fromkeys(
                ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"), True
            ),
        )
        queue = next(url for url in sqs.list_queues()["QueueUrls"] if "UploadQueue" in url)
        arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        s3.put_bucket_notification_configuration(
            Bucket=DATA,
            NotificationConfiguration={
                "QueueConfigurations": [
                    {
                        "QueueArn": arn,
                        "Events": ["s3:ObjectCreated:*"],
                        "Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": "transcription_upload/"}]}},
                    }
                ]
            },
        )

    def test_8_verify(self):
        self.make_what_moto_leaves_out()
        said = self.world.run("verify.sh")[1]
        for line in (
            "ok     stack transcriber",
            "ok     function TranscriptionReaper",
            "ok     dead-letter queue: empty",
            "ok     table transcription-jobs: ACTIVE",
            "ok     table transcription-jobs: old rows go",
            f"ok     bucket {DATA}: closed",
            "ok     bucket " + DATA + ": uploads become events",
            "ok     image ami-",
            "ok     launch template: takes the image",
            "ok     webhooks: the secret is there",
            "ok     workers: 3",
            "ok     API: is there, and refuses",
            "ok     alarms: none",
            "ok     events reach the function",
        ):
            self.assertIn(line, said)
        self.assertNotIn("WRONG", said)
        sqs = self.world.client("sqs")
        dead = next(url for url in sqs.list_queues()["QueueUrls"] if "DeadLetter" in url)
        sqs.send_message(QueueUrl=dead, MessageBody="x")
        self.world.client("s3").delete_public_access_block(Bucket=DATA)
        self.world.client("ssm").put_parameter(Name="/transcriber/ami-id", Value="ami-00000000", Overwrite=True)
        said = self.expect(1, "verify.sh")
        for line in (
            "WRONG  dead-letter queue: 1 events",
            "WRONG  s3api get-public-access-block",
            "WRONG  ec2 describe-images",
        ):
            self.assertIn(line, said)
        self.assertIn("3 wrong", said)

    def test_9_teardown(self):
        ec2, s3 = self.world.client("ec2"), self.world.client("s3")
        for number in range(3):
            s3.put_object(Bucket=DATA, Key="results/x", Body=str(number).encode())
        self.assertIn("nothing was changed", self.expect(0, "teardown.sh", "--delete-data"))
        self.assertEqual(len(instances(ec2, "transcriber-worker", "running")), 3)
        s3.head_object(Bucket=DATA, Key="results/x")
        self.expect(0, "teardown.sh", "--yes", "--delete-data")
        self.assertEqual(instances(ec2, "transcriber-worker", "running", "stopped"), [])
        self.assertEqual([b["Name"] for b in s3.list_buckets()["Buckets"]], [])
        self.assertEqual(self.world.client("dynamodb").list_tables()["TableNames"], [])
        self.assertEqual(ec2.describe_images(Owners=["self"])["Images"], [])
        self.assertEqual(
            self.world.client("cloudformation").list_stacks(StackStatusFilter=["CREATE_COMPLETE"])["StackSummaries"], []
        )
        self.expect(0, "teardown.sh", "--yes", "--delete-data")


class WithoutAws(unittest.TestCase):
    """What is said before anything is asked of AWS, and of what AWS refuses."""

    def run_script(self, script, *arguments, aws=None):
        with tempfile.TemporaryDirectory() as folder:
            if aws is not None:
                program = pathlib.Path(folder) / "aws"
                program.write_text("#!/bin/sh\n" + aws)
                program.chmod(0o755)
            done = subprocess.run(
                ["bash", str(ROOT / "deploy/aws" / script), *arguments],
                text=True,
                stdout=subprocess.PIPE,
                timeout=30,
                stderr=subprocess.STDOUT,
                check=False,
                env={"PATH": f"{folder}:/usr/bin:/bin", "HOME": folder},
            )
            return done.returncode, done.stdout

    def test_help(self):
        for script in SCRIPTS:
            code, said = self.run_script(script, "--help")
            self.assertEqual(code, 0)
            for flag in ("--region", "--stack", "--profile"):
                self.assertIn(flag, said)
        self.assertEqual(self.run_script("install.sh", "--help")[0], 0)

    def test_wrong_usage(self):
        for script, arguments, sentence in [
            *((script, ["--wat"], "--wat: unknown") for script in SCRIPTS),
            *((script, ["--region"], "needs a value") for script in SCRIPTS),
            ("verify.sh", ["--stack", "Big"], "--stack Big"),
            ("verify.sh", ["--region=mars"], "--region mars"),
            ("build_ami.sh", ["--keep", "0"], "--keep 0"),
            ("build_ami.sh", ["--model", "a'b"], "is no name of a model"),
            ("build_ami.sh", ["--driver", "new"], "--driver new"),
            ("setup_infrastructure.sh", ["--set", "MaxInstances"], "NAME=VALUE"),
            ("setup_infrastructure.sh", ["--email", "me"], "is no address"),
            ("cleanup_transcription_instances.sh", ["--min-age-min", "x"], "whole"),
        ]:
            with self.subTest(script=script, arguments=arguments):
                code, said = self.run_script(script, *arguments, aws="echo called; exit 0\n")
                self.assertEqual(code, 2, said)
                self.assertIn(sentence, said)
                self.assertNotIn("called", said)

    def test_what_aws_refuses_is_said_with_what_to_do(self):
        for words, sentence in [
            (
                'Unable to locate credentials. You can configure credentials by running "aws configure".',
                "run 'aws configure'",
            ),
            ("The config profile (x) could not be found", "--profile NAME"),
            ("An error occurred (ExpiredToken) when calling …", "sign in again"),
            ("An error occurred (InvalidClientTokenId) when calling …", "does not know these credentials"),
            ("An error occurred (AccessDenied) when calling …", "may not do this: sts get-caller-identity"),
            ("An error occurred (VcpuLimitExceeded) when calling …", "L-3819A6DF"),
            ('Could not connect to the endpoint URL: "https://sts.mars-1.amazonaws.com/"', "check the network"),
            ("An error occurred (Strange) when calling …: words", "(Strange)"),
        ]:
            with self.subTest(words=words):
                code, said = self.run_script("verify.sh", aws=f"cat >&2 <<'T'\n\n{words}\nT\nexit 255\n")
                self.assertEqual(code, 1, said)
                self.assertIn(sentence, said)

    def test_without_the_cli(self):
        if shutil.which("aws", path="/usr/bin:/bin"):
            self.skipTest("the AWS CLI is one of this system's packages")
        code, said = self.run_script("verify.sh")
        self.assertEqual(code, 1)
        self.assertIn("the AWS CLI is not installed", said)

    def test_no_code_to_deploy(self):
        code, said = self.run_script("setup_infrastructure.sh", "--zip", "/nowhere.zip", aws="exit 1\n")
        self.assertEqual(code, 1)
        self.assertIn("/nowhere.zip: is not there", said)


    def test_a_folder_of_settings_that_cannot_be_written_is_said(self):
        """The stack is made by then. As root rights do not help: a file is in the way."""
        source = (ROOT / "deploy/aws/setup_infrastructure.sh").read_text()
        function = re.search(r"^write_client_settings\(\) \{\n.*?^\}\n", source, re.MULTILINE | re.DOTALL)[0]
        with tempfile.TemporaryDirectory() as folder:
            (pathlib.Path(folder) / "file").touch()
            done = subprocess.run(
                ["bash", "-c", "set -euo pipefail; say() { echo \"$*\"; }; declare -A output=([ApiUrl]=https://x)\n"
                 f"region=r stack=s scratch={folder}\n{function}write_client_settings; echo goes on"],
                env={"PATH": "/usr/bin:/bin", "XDG_CONFIG_HOME": f"{folder}/file"},
                text=True,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                check=True,
            )
        self.assertIn("/file/fast-transcribe/cloud.json could not be written (", done.stdout)
        self.assertIn("--server https://x", done.stdout)
        self.assertIn("goes on", done.stdout)


if __name__ == "__main__":
    unittest.main()
