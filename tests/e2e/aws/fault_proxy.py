"""A proxy in front of moto: every call is logged, and may be delayed, refused, broken off, cut short, or lost on its way back.

Rules are functions over calls, so that a scenario can also act at a call: kill a worker before it, replace an object after it.
"""
import http.client
import http.server
import json
import re
import socket
import threading
import time
import urllib.parse
from dataclasses import dataclass, field


@dataclass
class Call:
    """One request, as CloudTrail would name it."""

    caller: str  # who signed it, by the access key
    service: str
    action: str
    resource: str
    body: bytes = b""
    detail: dict = field(default_factory=dict)  # what else policies look at
    key_id: str = ""


@dataclass
class Rule:
    """What happens to the calls that match, `times` of them after `skip`; times < 0: to all."""

    match: object
    times: int = 1
    skip: int = 0
    delay_s: float = 0
    error: tuple = None  # (status, body): moto is not asked
    reset: bool = False  # the connection ends, moto is not asked
    lose_reply: bool = False  # moto has done it, the caller does not hear
    truncate: bool = False  # half of the body comes
    before: object = None  # called with the call, by the connection's thread
    after: object = None
    hits: list = field(default_factory=list)


S3_ACTIONS = {"GET": "GetObject", "HEAD": "HeadObject", "PUT": "PutObject", "DELETE": "DeleteObject"}
PART_ACTIONS = {"PUT": "UploadPart", "POST": "CompleteMultipartUpload", "DELETE": "AbortMultipartUpload"}


def s3_call(method, path, query):
    """-> action, resource, detail"""
    parts = urllib.parse.unquote(path).lstrip("/").split("/", 1)
    if len(parts) < 2 or not parts[1]:
        action = "ListObjectsV2" if method in ("GET", "HEAD") else "PostObject" if method == "POST" else method
        return action, f"s3://{parts[0]}/", {}
    action = (PART_ACTIONS if "uploadId" in query else S3_ACTIONS).get(method, method)
    if method == "POST" and "uploads" in query:
        action = "CreateMultipartUpload"
    return action, f"s3://{parts[0]}/{parts[1]}", {"version": True} if "versionId" in query else {}


TRANSACTION_PARTS = {
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
}


def dynamodb_call(fields):
    """-> resource, detail"""
    items = [next(iter(item.items())) for item in fields.get("TransactItems") or []]
    tables = {fields.get("TableName")} | {item.get("TableName") for _, item in items}
    resource = ",".join(sorted(name for name in tables if name))
    if fields.get("IndexName"):
        resource += "/index/" + fields["IndexName"]
    return resource, {"parts": sorted({TRANSACTION_PARTS[kind] for kind, _ in items})} if items else {}


def fleet_tags(fields):
    """{"fleet": {name: value}, "instance": …} of a CreateFleet."""
    tags = {}
    for name, value in fields.items():
        found = re.fullmatch(r"TagSpecification\.(\d+)\.Tag\.(\d+)\.Key", name)
        if found:
            kind = fields[f"TagSpecification.{found[1]}.ResourceType"]
            tags.setdefault(kind, {})[value] = fields[f"TagSpecification.{found[1]}.Tag.{found[2]}.Value"]
    return tags


def other_call(service, action, fields):
    """-> resource, detail: as far as policies distinguish resources of these calls."""
    if service == "dynamodb":
        return dynamodb_call(fields)
    if service == "ssm":
        return str(fields.get("Name", "*")), {}
    if service == "sqs":
        return str(fields.get("QueueUrl", "*")).rsplit("/", 1)[-1], {}
    if action == "CreateFleet":
        template = fields.get("LaunchTemplateConfigs.1.LaunchTemplateSpecification.LaunchTemplateId", "*")
        return template, {"tags": fleet_tags(fields)}
    if service == "ec2":
        ids = [value for name, value in fields.items() if re.match(r"InstanceId\.|ResourceId\.", name)]
        return ",".join(ids) or "*", {}
    return "*", {}


def form_call(path, body, callers):
    """A presigned form is worth what its signer may do; the key stands in it."""

    def entry(name):
        found = re.search(rb'name="' + name + rb'"\r\n\r\n([^\r]*)\r\n', body, re.IGNORECASE)
        return found[1].decode("utf-8", "replace") if found else ""

    caller = callers.get(entry(b"x-amz-credential").split("/")[0], "client")
    return Call(caller, "s3", "PostObject", f"s3://{path.strip('/')}/{entry(b'key')}", body)


def read_call(method, target, headers, body, callers):
    path, _, query = target.partition("?")
    authorization = headers.get("Authorization", "")
    found = re.search(r"Credential=([^/]+)/\d+/[^/]+/([^/]+)/", authorization)
    key_id, service = (found.group(1), found.group(2)) if found else ("", "s3")
    if not found:
        found = re.search(r"X-Amz-Credential=([^%&/]+)", query)
        key_id = found.group(1) if found else ""
    caller = callers.get(key_id, "client")
    amz_target = headers.get("X-Amz-Target", "")
    if not amz_target and service == "s3":
        if method == "POST" and headers.get("Content-Type", "").startswith("multipart/form-data"):
            return form_call(path, body, callers)
        action, resource, detail = s3_call(method, path, query)
        return Call(caller, service, action, resource, body, detail, key_id)
    if amz_target:
        action = amz_target.rsplit(".", 1)[-1]
        fields = json.loads(body or b"{}")
    else:
        fields = dict(urllib.parse.parse_qsl(body.decode("utf-8", "replace")))
        action = fields.get("Action", "?")
    resource, detail = other_call(service, action, fields)
    return Call(caller, service, action, resource, body, detail, key_id)


class FaultProxy:
    """Listens on a free port of 127.0.0.1; any number of connections."""

    def __init__(self, upstream, call_log=None):
        self.upstream = urllib.parse.urlsplit(upstream).netloc
        self.callers = {}  # access key id → who has it
        self.recorded = {}  # each kind of call once, as tests/deploy/calls.py reads them
        self.rules = []
        self.calls = []
        self.rewrite = lambda call, body: body  # of every answer: what the virtual clock changes
        self.lock = threading.Lock()
        self.moto = threading.Lock()  # moto takes back a whole table when a transaction fails: one request at a time
        self.log = open(call_log, "a", encoding="utf-8") if call_log else None
        proxy = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(self):
                proxy.handle(self)

            do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = handle_any

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_):
                """Killed workers break their connections."""

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def add(self, match, **what):
        rule = Rule(match, **what)
        with self.lock:
            self.rules.append(rule)
        return rule

    def clear(self):
        with self.lock:
            self.rules.clear()
            self.calls.clear()

    def count(self, action, caller=None):
        with self.lock:
            return sum(c.action == action and (caller is None or c.caller == caller) for c in self.calls)

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        if self.log:
            self.log.close()

    def take_rule(self, call):
        with self.lock:
            self.calls.append(call)
            line = {"caller": call.caller, "service": call.service, "action": call.action, "resource": call.resource}
            line = json.dumps(line | call.detail)
            self.recorded[line] = None
            if self.log:
                self.log.write(line + "\n")
                self.log.flush()
            for rule in self.rules:
                if not rule.match(call):
                    continue
                rule.hits.append(call)
                number = len(rule.hits) - rule.skip
                if number >= 1 and (rule.times < 0 or number <= rule.times):
                    return rule
        return None

    def handle(self, request):
        body = request.rfile.read(int(request.headers.get("Content-Length") or 0))
        call = read_call(request.command, request.path, request.headers, body, self.callers)
        rule = self.take_rule(call)
        if rule and rule.delay_s:
            time.sleep(rule.delay_s)
        if rule and rule.before:
            rule.before(call)
        if rule and rule.reset:
            return self.end(request)
        try:
            if rule and rule.error:
                status, text = rule.error
                answer = (status, [("Content-Type", "text/xml")], text.encode())
            else:
                answer = self.forward(call, request, body)
            if rule and rule.after:
                rule.after(call)
            if rule and rule.lose_reply:
                return self.end(request)
            self.reply(request, answer, bool(rule and rule.truncate))
        except OSError:  # the caller has gone: killed, most probably
            self.end(request)

    def forward(self, call, request, body):
        headers = {k: v for k, v in request.headers.items() if k.lower() not in ("host", "connection", "expect")}
        headers["Host"] = self.upstream
        with self.moto:
            connection = http.client.HTTPConnection(self.upstream, timeout=60)
            try:
                connection.request(request.command, request.path, body=body or None, headers=headers)
                response = connection.getresponse()
                return response.status, response.getheaders(), self.rewrite(call, response.read())
            finally:
                connection.close()

    @staticmethod
    def reply(request, answer, truncate):
        status, headers, body = answer
        request.send_response_only(status)
        length = None
        for name, value in headers:
            if name.lower() in ("connection", "transfer-encoding", "server"):
                continue
            if name.lower() == "content-length":
                length = value  # of HEAD it is the object's
                continue
            request.send_header(name, value)
        request.send_header("Content-Length", length if request.command == "HEAD" and length else str(len(body)))
        request.end_headers()
        request.wfile.write(body[: len(body) // 2] if truncate else body)
        request.wfile.flush()
        if truncate:
            FaultProxy.end(request)

    @staticmethod
    def end(request):
        request.close_connection = True
        try:
            request.connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
