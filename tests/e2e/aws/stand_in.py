"""What our functions do with events, for runs without their program: the same store's code by way of job_tool."""
import hashlib
import json
import os
import subprocess
import urllib.parse


class StandIn:
    def __init__(self, name, aws):
        self.name = name
        self.aws = aws

    def tool(self, verb, *words):
        environment = os.environ | self.aws.function_environment(self.name)
        done = subprocess.run(
            [self.aws.options.job_tool, verb, self.aws.TABLE, *words], env=environment, capture_output=True, check=False, timeout=60
        )
        if done.returncode != 0:
            raise RuntimeError(done.stderr.decode())
        return done.stdout.decode().split()

    def invoke(self, event, timeout_s=30):
        del timeout_s
        for record in event.get("Records", []):
            body = json.loads(record["body"])
            for entry in body.get("Records", []):
                self.take(urllib.parse.unquote_plus(entry["s3"]["object"]["key"]), entry["s3"]["object"])
        if self.name == "TranscriptionReaper":
            for job_id in self.tool("claimable"):
                self.launch(job_id)
        return {"batchItemFailures": []}

    def take(self, key, item):
        version = item.get("versionId", "")
        job_id = hashlib.sha256(f"{key} {version}".encode()).hexdigest()[:32]
        self.tool("create", job_id, self.aws.BUCKET, key, str(item["size"]), self.aws.receiver.url,
                  self.aws.CANARIES["webhook secret"])
        self.launch(job_id)

    def launch(self, job_id):
        if len(self.aws.instances("pending", "running")) >= 1:
            return
        launch_seq = self.tool("launch", job_id)[0]
        if launch_seq == "-1":
            return
        tags = {"JobId": job_id, "LaunchSeq": launch_seq, "Stack": self.aws.STACK}
        self.aws.ec2.create_fleet(
            Type="instant",
            LaunchTemplateConfigs=[
                {"LaunchTemplateSpecification": {"LaunchTemplateId": self.aws.template_id, "Version": "$Latest"},
                 "Overrides": [{"InstanceType": "g4dn.xlarge", "SubnetId": self.aws.subnets[0]}]}
            ],
            TargetCapacitySpecification={"TotalTargetCapacity": 1, "DefaultTargetCapacityType": "spot",
                                         "SpotTargetCapacity": 1, "OnDemandTargetCapacity": 0},
            TagSpecifications=[{"ResourceType": "instance", "Tags": [{"Key": k, "Value": v} for k, v in tags.items()]}],
        )

    def log(self):
        return ""

    def close(self):
        pass
