"""A server of ours for tests: started on a free port, stopped, started again on the same port."""

import json
import pathlib
import signal
import socket
import subprocess
import urllib.request


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    def __init__(self, program, root, folder, flags=()):
        self.program, self.root, self.folder = program, pathlib.Path(root), pathlib.Path(folder)
        self.flags = list(flags)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process = None

    def start(self, *more):
        models = self.root / "build/models"
        vad = models / "silero_vad_16k.safetensors"
        command = [self.program, "serve", "--port", str(self.port), "--data", str(self.folder / "data")]
        command += ["--model", str(models / "whisper-base"), "--vad_model", str(vad) if vad.exists() else "energy"]
        with open(self.folder / "server.log", "ab") as log:
            self.process = subprocess.Popen(command + self.flags + list(more), stdout=subprocess.PIPE, stderr=log)
        line = self.process.stdout.readline().decode()
        if "listening" not in line:
            raise RuntimeError((self.folder / "server.log").read_text()[-2000:])

    def stop(self):
        if self.process is None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        self.process = None

    def upload(self, file, name=None, **fields):
        """Uploads without the page; -> the id of the job."""
        file = pathlib.Path(file)
        limit = "a-limit-that-stands-in-no-recording"
        body = b""
        for field, value in fields.items():
            body += f'--{limit}\r\nContent-Disposition: form-data; name="{field}"\r\n\r\n{value}\r\n'.encode()
        head = f'--{limit}\r\nContent-Disposition: form-data; name="file"; filename="{name or file.name}"\r\n\r\n'
        body += head.encode() + file.read_bytes() + f"\r\n--{limit}--\r\n".encode()
        request = urllib.request.Request(self.url + "/jobs", body, {"Content-Type": f"multipart/form-data; boundary={limit}"})
        with urllib.request.urlopen(request, timeout=30) as reply:
            return json.load(reply)["job_id"]
