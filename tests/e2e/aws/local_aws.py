"""A whole AWS on this machine: moto behind the fault proxy, our functions in a runtime emulator, machines as processes."""
import base64
import json
import os
import re
import shutil
import socket
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.request
from datetime import datetime, timedelta

import boto3
import yaml
from botocore.config import Config

from calls import TEMPLATE
from fault_proxy import FaultProxy
from functions import Function, FunctionError
from machines import Machine
from receiver import Receiver

USER_DATA = TEMPLATE.properties("WorkerTemplate")["LaunchTemplateData"]["UserData"]


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class LocalAws:
    REGION = "eu-north-1"
    # As the template names them with the samples of tests/deploy; calls are held against its roles.
    TABLE = "transcription-jobs"
    BUCKET = "transcriber-data-123456789012-eu-north-1"
    IMAGE_PARAMETER = "/transcriber/ami-id"
    SECRET_PARAMETER = "/transcriber/webhook-secret"
    IMAGE = "ami-12c6146b"  # moto has it
    FUNCTIONS = ("TranscriptionApi", "TranscriptionProcessUpload", "TranscriptionReaper")
    # None of these may be seen in a log, a table, a tag, user data or an argument list.
    CANARIES = {
        "secret key": "canaryOfTheWorkersSecretKey",
        "session token": "canaryOfTheWorkersSessionToken",
        "function's key": "canaryOfTheFunctionsSecretKey",
        "webhook secret": "whsec_Y2FuYXJ5T2ZUaGVXZWJob29rU2VjcmV0MTIz",
    }
    CALLERS = {"AKIDWORKER": "worker"} | {"AKID" + name.upper(): name for name in FUNCTIONS}

    def __init__(self, options):
        self.options = options
        self.folder = tempfile.mkdtemp(prefix="ft-local-aws-")
        self.worker_key_id = "AKIDWORKER"
        self.running_image = None  # what machines say they run, when that is another one
        self.worker_flags = []
        self.worker_variables = {}
        self.boot_machines = True
        self.passed_s = 0  # of the virtual clock
        self.births = {}  # of machines, on that clock
        self.machines = {}
        self.lock = threading.RLock()
        port = free_port()
        log = open(os.path.join(self.folder, "moto.log"), "wb")
        self.moto = subprocess.Popen(
            [options.python, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log,
        )
        self.moto_url = f"http://127.0.0.1:{port}"
        self.wait_for_moto()
        # Making one takes longer than most scenarios' calls; any thread may use them.
        self.s3, self.sqs, self.ec2 = self.client("s3"), self.client("sqs"), self.client("ec2")
        self.dynamodb, self.ssm = self.client("dynamodb"), self.client("ssm")
        self.proxy = FaultProxy(self.moto_url, os.environ.get("FT_AWS_CALL_LOG"))
        self.proxy.callers = dict(self.CALLERS)
        self.proxy.rewrite = self.shift_times
        self.receiver = Receiver(self.CANARIES["webhook secret"])
        self.functions = {}
        self.bridging = False
        self.bridge = threading.Thread(target=self.run_bridge, daemon=True)
        self.stopping = threading.Event()
        self.dropping = lambda records: records  # what the queue makes of a batch
        self.bridge_errors = []
        self.launched_total = 0

    # --- beginning and end ---------------------------------------------------------------------------------------------

    def wait_for_moto(self):
        for _ in range(600):
            try:
                urllib.request.urlopen(self.moto_url + "/moto-api/data.json", timeout=2).read()
                return
            except (urllib.error.URLError, OSError):
                if self.moto.poll() is not None:
                    break
                time.sleep(0.1)
        raise RuntimeError(f"moto does not start; see {self.folder}/moto.log")

    def client(self, service):
        return boto3.client(
            service, region_name=self.REGION, endpoint_url=self.moto_url, aws_access_key_id="test",
            aws_secret_access_key="test", config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 0}),
        )

    def set_up(self):
        """What the template describes, by direct calls: moto's CloudFormation drops most of it."""
        urllib.request.urlopen(urllib.request.Request(self.moto_url + "/moto-api/reset", method="POST"), timeout=30).read()
        location = {"LocationConstraint": self.REGION}
        self.s3.create_bucket(Bucket=self.BUCKET, CreateBucketConfiguration=location)
        self.s3.put_bucket_versioning(Bucket=self.BUCKET, VersioningConfiguration={"Status": "Enabled"})
        self.queue_url = self.sqs.create_queue(QueueName="uploads")["QueueUrl"]
        arn = self.sqs.get_queue_attributes(QueueUrl=self.queue_url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        notice = {"QueueArn": arn, "Events": ["s3:ObjectCreated:*"],
                  "Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": "transcription_upload/"}]}}}
        self.s3.put_bucket_notification_configuration(
            Bucket=self.BUCKET, NotificationConfiguration={"QueueConfigurations": [notice]}
        )
        self.ssm.put_parameter(Name=self.IMAGE_PARAMETER, Value=self.IMAGE, Type="String")
        self.ssm.put_parameter(Name=self.SECRET_PARAMETER, Value=self.CANARIES["webhook secret"], Type="SecureString")
        self.subnets = [s["SubnetId"] for s in self.ec2.describe_subnets()["Subnets"]]
        template = self.ec2.create_launch_template(
            LaunchTemplateName="worker",
            LaunchTemplateData={
                "ImageId": self.IMAGE, "InstanceInitiatedShutdownBehavior": "terminate",
                "UserData": base64.b64encode(USER_DATA.encode()).decode(),
            },
        )
        self.template_id = template["LaunchTemplate"]["LaunchTemplateId"]
        self.proxy.clear()
        self.machines.clear()
        self.bridge_errors.clear()
        self.receiver.messages.clear()
        self.receiver.refused.clear()
        self.receiver.tries, self.receiver.status, self.receiver.on_message = 0, 200, None
        self.running_image, self.worker_flags, self.worker_variables = None, [], {}
        self.passed_s, self.births = 0, {}
        self.boot_machines, self.dropping = True, lambda records: records
        for name in self.FUNCTIONS:
            log = os.path.join(self.folder, f"{name}.log")
            self.functions[name] = Function(name, self.options.bootstrap, self.function_environment(name), log)
        self.bridging = True
        if not self.bridge.is_alive():
            self.bridge.start()

    def tear_down(self):
        """The end of one scenario: its machines, its functions, its rows."""
        self.bridging = False
        with self.lock:
            for machine in list(self.machines.values()):
                machine.close()
            for function in self.functions.values():
                function.close()

    def close(self):
        self.stopping.set()
        self.tear_down()
        self.proxy.close()
        self.receiver.close()
        self.moto.terminate()
        self.moto.wait()
        if self.options.keep:
            print("logs:", self.folder)
        else:
            shutil.rmtree(self.folder, ignore_errors=True)

    # --- what processes are told ---------------------------------------------------------------------------------------

    def function_environment(self, name):
        """The template's, with what only this machine knows."""
        described = next(f for f in TEMPLATE.of_type("AWS::Lambda::Function").values() if f["Handler"] == name)
        return {key: str(value) for key, value in described["Environment"]["Variables"].items()} | {
            "AWS_ACCESS_KEY_ID": "AKID" + name.upper(), "AWS_SECRET_ACCESS_KEY": self.CANARIES["function's key"],
            "AWS_REGION": self.REGION, "AWS_ENDPOINT_URL": self.proxy.url, "FT_QUEUE_URL": self.queue_url,
            "FT_LAUNCH_TEMPLATE": self.template_id, "FT_SUBNETS": ",".join(self.subnets),
            "FT_ALLOW_NETWORKS": "127.0.0.1", "FT_ALLOW_HTTP": "true",
        }

    def worker_environment(self):
        """/run/transcribe/worker.env as the template's user data write it, with what only this machine knows."""
        files = {file["path"]: file["content"] for file in yaml.safe_load(USER_DATA)["write_files"]}
        lines = files["/run/transcribe/worker.env"].splitlines()
        return dict(line.split("=", 1) for line in lines) | {
            "FT_IDLE_S": "1", "FT_ALLOW_NETWORKS": "127.0.0.1", "FT_ALLOW_HTTP": "true", "FT_PRICE_USD_HOUR": "0.1578",
            "FT_MANIFEST": os.path.join(self.folder, "manifest.json"),
        } | self.worker_variables

    def worker_command(self):
        flags = ["--model", "whisper-base", "--model_dir", self.options.models]
        return [self.options.program, "worker", *flags, *self.worker_flags]

    # --- events → functions → machines ---------------------------------------------------------------------------------

    def run_bridge(self):
        while not self.stopping.is_set():
            try:
                if self.bridging:
                    self.pass_events()
                    self.start_machines()
            except Exception as error:  # pylint: disable=broad-except  # a scenario looks at them
                self.bridge_errors.append(repr(error))
            time.sleep(0.2)  # moto's share of the cores is the workers' loss

    def pass_events(self):
        """As SQS does with ReportBatchItemFailures."""
        found = self.sqs.receive_message(QueueUrl=self.queue_url, MaxNumberOfMessages=10, VisibilityTimeout=3)
        records = [
            {"messageId": m["MessageId"], "receiptHandle": m["ReceiptHandle"], "body": m["Body"], "attributes": {},
             "messageAttributes": {}, "eventSource": "aws:sqs", "awsRegion": self.REGION,
             "eventSourceARN": "arn:aws:sqs:eu-north-1:123456789012:uploads"}
            for m in found.get("Messages", [])
        ]
        given = self.dropping(records)
        if not records:
            return
        failed = set()
        if given:
            try:
                answer = self.functions["TranscriptionProcessUpload"].invoke({"Records": given}) or {}
                failed = {item["itemIdentifier"] for item in answer.get("batchItemFailures", [])}
            except FunctionError as error:
                self.bridge_errors.append(str(error))
                return
        for record in records:
            if record["messageId"] not in failed:
                self.sqs.delete_message(QueueUrl=self.queue_url, ReceiptHandle=record["receiptHandle"])

    def reap(self):
        """One tick of the schedule."""
        return self.functions["TranscriptionReaper"].invoke({"source": "aws.events", "detail-type": "Scheduled Event"})

    def user_data(self):
        """What every machine of the launch template can read."""
        found = self.ec2.describe_launch_template_versions(LaunchTemplateId=self.template_id)["LaunchTemplateVersions"]
        return base64.b64decode(found[0]["LaunchTemplateData"]["UserData"]).decode()

    def instances(self, *states):
        pages = self.ec2.describe_instances()["Reservations"]
        found = [i for r in pages for i in r["Instances"]]
        return [i for i in found if not states or i["State"]["Name"] in states]

    def start_machines(self):
        with self.lock:
            for instance in self.instances("pending", "running"):
                if instance["InstanceId"] in self.machines or not self.boot_machines:
                    continue
                self.births[instance["InstanceId"]] = self.passed_s
                machine = Machine(instance, self)
                self.machines[machine.id] = machine
                machine.boot()

    def terminated(self, instance_id):
        """The instance's shutdown behaviour."""
        try:
            self.ec2.terminate_instances(InstanceIds=[instance_id])
        except Exception as error:  # pylint: disable=broad-except
            self.bridge_errors.append(repr(error))

    def end_terminated_machines(self):
        """What EC2 has terminated runs no longer."""
        gone = {i["InstanceId"] for i in self.instances("terminated", "shutting-down")}
        for machine in list(self.machines.values()):
            if machine.id in gone and machine.runs:
                machine.kill()

    # --- clients -------------------------------------------------------------------------------------------------------

    def upload(self, name="talk.flac", sample="forslaget.flac", callback=True):
        """An object straight into the prefix; with a callback, which is registered first. Returns its key."""
        with open(os.path.join(self.options.samples, sample), "rb") as file:
            content = file.read()
        folder = ""
        if callback:
            registered = {"url": self.receiver.url, "secret": self.CANARIES["webhook secret"]}
            self.s3.put_object(Bucket=self.BUCKET, Key="callbacks/cb1.json", Body=json.dumps(registered))
            folder = "cb1/"
        key = f"transcription_upload/{folder}{name}"
        self.s3.put_object(Bucket=self.BUCKET, Key=key, Body=content)
        return key

    def sample_size(self, sample):
        return os.path.getsize(os.path.join(self.options.samples, sample))

    def call_api(self, method, path, body=None, headers=None, query=""):
        """As API Gateway hands a request on (payload 2.0); -> status, JSON (of a redirect {"url"})."""
        event = {
            "version": "2.0", "routeKey": "$default", "rawPath": path, "rawQueryString": query,
            "headers": {"content-type": "application/json"} | (headers or {}), "isBase64Encoded": False,
            "requestContext": {"http": {"method": method, "path": path}, "domainName": "api.example.org", "stage": "$default",
                               "authorizer": {"iam": {"userArn": "arn:aws:iam::123456789012:user/test", "userId": "AIDATEST"}}},
        }
        if query:
            event["queryStringParameters"] = dict(pair.split("=", 1) for pair in query.split("&"))
        if body is not None:
            event["body"] = json.dumps(body)
        answer = self.functions["TranscriptionApi"].invoke(event)
        location = {name.lower(): value for name, value in answer.get("headers", {}).items()}.get("location")
        redirect = answer["statusCode"] in (302, 303, 307)
        return answer["statusCode"], {"url": location} if redirect else json.loads(answer.get("body") or "null")

    def post_form(self, upload, sample):
        """What a browser does with a presigned form."""
        with open(os.path.join(self.options.samples, sample), "rb") as file:
            content = file.read()
        boundary = "boundary-of-the-test"
        parts = [f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
                 for name, value in upload["fields"].items()]
        parts.append(f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'.encode())
        body = b"".join(parts) + content + f"\r\n--{boundary}--\r\n".encode()
        request = urllib.request.Request(upload["url"], data=body, method="POST")
        request.add_header("Content-Type", f"multipart/form-data; boundary={boundary}")
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                return response.status, ""
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode("utf-8", "replace")

    @staticmethod
    def get(url):
        with urllib.request.urlopen(url, timeout=60) as response:
            return response.read().decode()

    def rows(self):
        try:
            return self.dynamodb.scan(TableName=self.TABLE)["Items"]
        except self.dynamodb.exceptions.ResourceNotFoundException:
            return []

    def jobs(self):
        """Records by id."""
        return {r["job_id"]["S"]: json.loads(r["record"]["S"]) for r in self.rows() if r["row"]["S"] == "job"}

    def usage_rows(self, job_id):
        return [r for r in self.rows() if r["job_id"]["S"] == job_id and r["row"]["S"] == "usage"]

    def shift_times(self, call, body):
        """Machines and objects are as old as the virtual clock says."""

        def earlier(text, seconds):
            moment = datetime.fromisoformat(text.replace("Z", "+00:00")) - timedelta(seconds=seconds)
            return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")

        def machine(found):
            age = self.passed_s - self.births.get(found.group(2), self.passed_s)
            return found.group(1) + earlier(found.group(3), age)

        if self.passed_s and call.action == "DescribeInstances":
            pattern = r"(<instanceId>(i-\w+)</instanceId>.*?<launchTime>)([^<]+)"
            return re.sub(pattern, machine, body.decode(), flags=re.DOTALL).encode()
        if self.passed_s and call.action == "ListObjectsV2":
            pattern = r"(<LastModified>)([^<]+)"
            return re.sub(pattern, lambda m: m.group(1) + earlier(m.group(2), self.passed_s), body.decode()).encode()
        return body

    def reaper_remembers(self, by_ms):
        """What the reaper has noted goes on with the clock."""
        key = {"Bucket": self.BUCKET, "Key": "reaper/memory.json"}
        try:
            memory = json.loads(self.s3.get_object(**key)["Body"].read())
        except self.s3.exceptions.NoSuchKey:
            return
        memory["swept_ms"] -= by_ms
        for suspicion in memory["suspicions"]:
            suspicion["since_ms"] -= by_ms
            words = suspicion["what"].split(" ")
            if len(words) == 3:  # a job, its attempt, the lease that ran out
                suspicion["what"] = " ".join([*words[:2], str(int(words[2]) - by_ms)])
        self.s3.put_object(**key, Body=json.dumps(memory))

    def time_passes(self, seconds):
        """The table's clock goes on: what is due then is due now. Workers keep their own time."""
        by_ms = int(seconds * 1000)
        self.passed_s += seconds
        self.reaper_remembers(by_ms)
        for row in self.rows():
            if "due_ms" in row:
                row["due_ms"]["N"] = str(int(row["due_ms"]["N"]) - by_ms)
            if "record" in row:
                record = json.loads(row["record"]["S"])
                for name in ("lease_until_ms", "not_before_ms"):
                    record[name] -= by_ms
                row["record"]["S"] = json.dumps(record, ensure_ascii=False)
            self.dynamodb.put_item(TableName=self.TABLE, Item=row)
