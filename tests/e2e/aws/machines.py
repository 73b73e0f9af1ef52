"""EC2's side of a worker: its metadata service on a loopback port, its process, and its end."""
import http.server
import json
import os
import signal
import subprocess
import threading
import time
from datetime import datetime, timedelta, timezone


def iso(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


class Metadata:
    """The instance metadata service, version 2, of one machine; and the switch by which it powers off."""

    TOKEN = "token-of-the-test"

    def __init__(self, entries, powered_off):
        self.entries = entries
        service = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_PUT(self):
                right = self.path == "/latest/api/token" and "X-aws-ec2-metadata-token-ttl-seconds" in self.headers
                self.answer(200 if right else 400, service.TOKEN if right else "")

            def do_GET(self):
                if self.headers.get("X-aws-ec2-metadata-token") != service.TOKEN:
                    return self.answer(401, "")
                text = service.entries.get(self.path.removeprefix("/latest/"))
                return self.answer(404 if text is None else 200, text or "")

            def do_POST(self):
                powered_off()
                self.answer(200, "")

            def answer(self, status, text):
                body = text.encode()
                self.send_response_only(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Machine:
    """One instance that moto has, as a process of `fast-transcribe worker`."""

    def __init__(self, instance, aws):
        self.id = instance["InstanceId"]
        self.tags = {tag["Key"]: tag["Value"] for tag in instance.get("Tags", [])}
        self.aws = aws
        self.started = time.monotonic()
        self.powered_off_at = None
        self.process = None
        zone = instance["Placement"]["AvailabilityZone"]
        entries = {
            "meta-data/instance-id": self.id,
            "meta-data/instance-type": instance["InstanceType"],
            "meta-data/placement/availability-zone": zone,
            "meta-data/placement/region": zone[:-1],
            "meta-data/instance-life-cycle": "spot",
            "meta-data/ami-id": aws.running_image or instance["ImageId"],
            "meta-data/tags/instance": "\n".join(self.tags),
            "meta-data/iam/security-credentials/": "worker-role",
            "meta-data/iam/security-credentials/worker-role": json.dumps(
                {
                    "Code": "Success",
                    "AccessKeyId": aws.worker_key_id,
                    "SecretAccessKey": aws.CANARIES["secret key"],
                    "Token": aws.CANARIES["session token"],
                    "Expiration": iso(datetime.now(timezone.utc) + timedelta(hours=6)),
                }
            ),
        }
        entries.update({f"meta-data/tags/instance/{name}": value for name, value in self.tags.items()})
        self.metadata = Metadata(entries, self.power_off)
        self.log_path = os.path.join(aws.folder, f"{self.id}.log")

    def boot(self):
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "FT_"))}
        environment |= self.aws.worker_environment()
        environment |= {
            "AWS_EC2_METADATA_SERVICE_ENDPOINT": self.metadata.url,
            "AWS_REGION": self.aws.REGION,
            "AWS_ENDPOINT_URL": self.aws.proxy.url,
            "FT_POWER_OFF": f"curl -s -X POST {self.metadata.url}/power-off",
            "FT_SCRATCH": self.aws.folder,
        }
        with open(self.log_path, "wb") as log:
            self.started = time.monotonic()
            self.process = subprocess.Popen(
                self.aws.worker_command(), env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        threading.Thread(target=self.wait, daemon=True).start()

    def wait(self):
        """However the worker ends, systemd powers the machine off then."""
        self.process.wait()
        self.gone()

    def gone(self):
        if self.powered_off_at is None:
            self.powered_off_at = time.monotonic()
        self.aws.terminated(self.id)

    def power_off(self):
        self.gone()

    def spot_notice(self):
        moment = iso(datetime.now(timezone.utc) + timedelta(minutes=2))
        self.metadata.entries["meta-data/spot/instance-action"] = json.dumps({"action": "terminate", "time": moment})

    def kill(self):
        """The machine is taken away."""
        self.signal(signal.SIGKILL)

    def signal(self, number):
        if self.process and self.process.poll() is None:
            self.process.send_signal(number)

    @property
    def runs(self):
        return self.process is not None and self.process.poll() is None

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def close(self):
        if self.runs:
            self.signal(signal.SIGKILL)
            self.process.wait()
        self.metadata.close()
