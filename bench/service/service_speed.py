#!/usr/bin/env python3
"""The service and the command line on the same files, in turns: what do jobs, HTTP and results on disk cost?

    python3 bench/service/service_speed.py --model build/models/whisper-base [--rounds 3] FILE…

Prints a line for each run and the ratio of the medians; the exit code is 1 when the service needs more than --most times
the command line's time. Both begin when the model is loaded: `timing.ready_s` of the first result is taken off the command
line's time, and the service's clock runs from its first upload to its last result. A first run of each, which is not
counted, warms both up. CPU times are there for machines that are busy with other things: they say more than the clock then.
"""
import argparse
import json
import os
import pathlib
import re
import resource
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
LIMIT = "a-limit-that-stands-in-no-recording"


def children_cpu_s():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def process_cpu_s(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def flags(arguments):
    more = ["--vad_model", arguments.vad] if arguments.vad else []
    return ["--model", arguments.model, *more]


def run_command(arguments, folder):
    """-> (seconds, CPU seconds with the loading, texts by file)"""
    out = folder / "command"
    before_cpu, begun = children_cpu_s(), time.monotonic()
    command = [arguments.program, *flags(arguments), "--verbose", "False", "-f", "json", "-o", str(out), *arguments.files]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wall = time.monotonic() - begun
    results = {name: json.loads((out / (pathlib.Path(name).stem + ".json")).read_text()) for name in arguments.files}
    ready = max(result["metadata"]["timing"]["ready_s"] for result in results.values())
    return wall - ready, children_cpu_s() - before_cpu, {name: result["text"] for name, result in results.items()}


class Service:
    def __init__(self, arguments, folder):
        command = [arguments.program, "serve", "--port", "0", "--data", str(folder / "data"), *flags(arguments)]
        self.log = open(folder / "server.log", "wb")
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self.log, text=True)
        line = self.process.stdout.readline()
        found = re.search(r"http://\S+", line)
        if not found:
            sys.exit((folder / "server.log").read_text()[-2000:])
        self.url = found.group()
        while not self.is_ready():
            time.sleep(0.1)

    def is_ready(self):
        try:
            return urllib.request.urlopen(self.url + "/ready", timeout=10).status == 200
        except urllib.error.HTTPError:
            return False

    def get(self, path):
        with urllib.request.urlopen(self.url + path, timeout=60) as reply:
            return reply.read()

    def upload(self, name):
        head = f'--{LIMIT}\r\nContent-Disposition: form-data; name="file"; filename="{pathlib.Path(name).name}"\r\n\r\n'
        body = head.encode() + pathlib.Path(name).read_bytes() + f"\r\n--{LIMIT}--\r\n".encode()
        kind = {"Content-Type": f"multipart/form-data; boundary={LIMIT}"}
        with urllib.request.urlopen(urllib.request.Request(self.url + "/jobs", body, kind), timeout=60) as reply:
            return json.load(reply)["job_id"]

    def text_of(self, job):
        # Its events end with the job.
        with urllib.request.urlopen(f"{self.url}/jobs/{job}/events", timeout=3600) as stream:
            for _ in stream:
                pass
        return json.loads(self.get(f"/jobs/{job}/result"))["text"]

    def run(self, files):
        """-> (seconds, CPU seconds, texts by file)"""
        before_cpu, begun = process_cpu_s(self.process.pid), time.monotonic()
        texts = {}

        def follow(name, job):
            texts[name] = self.text_of(job)

        followers = [threading.Thread(target=follow, args=(name, self.upload(name))) for name in files]
        for thread in followers:
            thread.start()
        for thread in followers:
            thread.join()
        return time.monotonic() - begun, process_cpu_s(self.process.pid) - before_cpu, texts

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)
        self.log.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=str(ROOT / "build/release/fast-transcribe"))
    parser.add_argument("--model", required=True)
    parser.add_argument("--vad", default="", help="silero_vad_16k.safetensors, or the word energy")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--most", type=float, default=1.05, help="exit code 1 above this ratio")
    parser.add_argument("files", nargs="+")
    arguments = parser.parse_args()
    if len({pathlib.Path(name).stem for name in arguments.files}) < len(arguments.files):
        sys.exit("the files need different names: results are called after them")
    walls = {"command line": [], "service": []}
    with tempfile.TemporaryDirectory(prefix="ft-service-speed-") as name:
        folder = pathlib.Path(name)
        service = Service(arguments, folder)
        try:
            for turn in range(arguments.rounds + 1):
                runs = {"command line": run_command(arguments, folder), "service": service.run(arguments.files)}
                if runs["command line"][2] != runs["service"][2]:
                    sys.exit("the two do not say the same")
                for who, (wall, cpu, _) in runs.items():
                    if turn > 0:
                        walls[who].append(wall)
                    print(f"{'warm-up' if turn == 0 else turn}: {who}: {wall:.2f} s, CPU {cpu:.2f} s"
                          f"{' with loading' if who != 'service' else ''}", flush=True)
        finally:
            service.stop()
    ratio = statistics.median(walls["service"]) / statistics.median(walls["command line"])
    print(f"the service needs {ratio:.3f} times the command line's time (medians of {arguments.rounds})")
    sys.exit(1 if ratio > arguments.most else 0)


if __name__ == "__main__":
    main()
