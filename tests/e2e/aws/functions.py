"""Lambda's side of our functions: the runtime API on a loopback port, and `bootstrap` as its client."""
import http.server
import json
import os
import queue
import subprocess
import threading
import time
import uuid


class FunctionError(Exception):
    """The function said that it failed."""


class Function:
    """One function in one execution environment, which is started with the first event and again when it died."""

    def __init__(self, name, bootstrap, environment, log_path):
        self.name = name
        self.bootstrap = bootstrap
        self.environment = environment
        self.log_path = log_path
        self.events = queue.Queue()
        self.answers = {}
        self.changed = threading.Condition()
        self.process = None
        self.invoking = threading.Lock()
        function = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                event_id, event, deadline_ms = function.events.get()
                body = json.dumps(event).encode()
                self.send_response_only(200)
                self.send_header("Lambda-Runtime-Aws-Request-Id", event_id)
                self.send_header("Lambda-Runtime-Deadline-Ms", str(deadline_ms))
                self.send_header("Lambda-Runtime-Invoked-Function-Arn", f"arn:aws:lambda:eu-north-1:1:function:{name}")
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                parts = self.path.split("/")
                failed = parts[-1] == "error"
                event_id = parts[-2] if "invocation" in parts else "init"
                with function.changed:
                    function.answers[event_id] = (failed, body)
                    function.changed.notify_all()
                self.send_response_only(202)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def start(self):
        environment = {n: v for n, v in os.environ.items() if not n.startswith(("AWS_", "FT_"))} | self.environment
        environment |= {
            "_HANDLER": self.name,
            "AWS_LAMBDA_FUNCTION_NAME": self.name,
            "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{self.server.server_port}",
            "LAMBDA_TASK_ROOT": os.path.dirname(self.bootstrap),
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen([self.bootstrap], env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def invoke(self, event, timeout_s=90):
        """The function's answer; raises FunctionError when it failed, died, or took too long."""
        with self.invoking:
            if self.process is None or self.process.poll() is not None:
                self.start()
            event_id = str(uuid.uuid4())
            self.events.put((event_id, event, int((time.time() + timeout_s) * 1000)))
            deadline = time.monotonic() + timeout_s
            with self.changed:
                while event_id not in self.answers:
                    died = self.process.poll() is not None
                    if died or "init" in self.answers or time.monotonic() > deadline:
                        why = self.answers.pop("init", (True, b"it died or took too long"))[1].decode("utf-8", "replace")
                        self.stop()
                        raise FunctionError(f"{self.name}: {why}; see {self.log_path}")
                    self.changed.wait(0.05)
                failed, body = self.answers.pop(event_id)
        if failed:
            raise FunctionError(f"{self.name}: {body.decode('utf-8', 'replace')}")
        return json.loads(body or b"null")

    def log(self):
        try:
            with open(self.log_path, encoding="utf-8", errors="replace") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        while not self.events.empty():
            self.events.get()

    def close(self):
        self.stop()
        self.server.shutdown()
        self.server.server_close()
