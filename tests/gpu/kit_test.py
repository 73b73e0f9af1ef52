#!/usr/bin/env python3
"""The kit's scripts, with programs that repeat recorded answers: the report says what was measured, what failed and what
ran out of time, and one step's failure does not stop the others."""
import importlib.util
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest
import wave

HERE = pathlib.Path(__file__).resolve().parent
spec = importlib.util.spec_from_file_location("report", HERE / "report.py")
report = importlib.util.module_from_spec(spec)
spec.loader.exec_module(report)


def temporary_folder(test):
    folder = tempfile.TemporaryDirectory()
    test.addCleanup(folder.cleanup)
    return pathlib.Path(folder.name)


def transcript(tokens, text="ett två tre", wall_s=1.0, logprob=-0.5):
    return {"file": "a.wav", "duration_s": 3600, "wall_s": wall_s, "times_real_time": 3600 / wall_s, "windows": 120,
            "tokens": tokens, "avg_logprobs": [logprob], "text": text, "stages_s": {"encoder": 0.5}, "warnings": []}


def run_of(*results):
    return {"results": list(results), "timeline_s": {"first_segment": 1.95, "main": 0.05, "driver": 1.1, "context": 1.55, "weights": 1.7}}


def benchmark(share):
    def operation(name):
        return {"name": name, "seconds": 1e-3, "flops": 1e9, "bytes": 1e6, "share_of_peak_flops": share,
                "share_of_peak_bandwidth": share,
                "kernels": [{"name": "linear_many_rows", "launches": 1, "flops": 1e9, "bytes": 1e6}]}
    return {"hour_of_audio_s": 1.25, "times_real_time": 2880, "compute_type": "float16", "operations": [
        operation(name) for name in ("linear 1500x768", "encoder_attention", "a decoder's step, 64 rows")]}


class Report(unittest.TestCase):
    def setUp(self):
        self.folder = temporary_folder(self)

    def put(self, name, content, status=0):
        (self.folder / f"{name}.json").write_text(content if isinstance(content, str) else json.dumps(content))
        (self.folder / f"{name}.status").write_text(str(status))
        (self.folder / f"{name}.log").write_text(f"what {name} said")

    def goal(self, gathered, beginning):
        return next(goal for goal in gathered["goals"] if goal["what"].startswith(beginning))

    def test_nothing_ran(self):
        gathered = report.gather(self.folder)
        self.assertEqual({goal["measured"] for goal in gathered["goals"]}, {None})
        self.assertEqual({goal["met"] for goal in gathered["goals"]}, {None})
        self.assertIn("not measured", report.as_text(gathered))

    def test_goals_that_are_met(self):
        self.put("benchmark.float16", benchmark(0.7))
        self.put("parity.cpu", run_of(transcript([1, 2, 3])))
        self.put("parity.float32", run_of(transcript([1, 2, 3])))
        self.put("hour.float16", run_of(transcript([1] * 13200, wall_s=9), transcript([1] * 13200, wall_s=1.2)))
        self.put("start", run_of(transcript([1])))
        self.put("transformers", {"generate_s": 12.0, "features_s": 20.0, "tokens": [1], "token_count": 13200})
        (self.folder / "conformance.tests").write_text('{"tests": 106, "failures": 0, "disabled": 0, "errors": 0}')
        (self.folder / "weights").write_text("random, 110 tokens a window")
        gathered = report.gather(self.folder)
        for beginning in ("conformance", "tokens in float32", "1 h of audio", "beside transformers", "products",
                          "flash", "a decoder's step", "whisper-base"):
            self.assertIs(self.goal(gathered, beginning)["met"], True, beginning)
        self.assertEqual(self.goal(gathered, "1 h of audio")["measured"], "3000")
        self.assertEqual(self.goal(gathered, "beside")["measured"],
                         "10.0 (13200 and 13200 tokens)")  # without the 20 s for its log-mel
        self.assertEqual(gathered["transformers"]["equal_tokens_of_first_window"], 1)
        self.assertEqual(self.goal(gathered, "whisper-base")["measured"], "0.45")
        self.assertIsNone(self.goal(gathered, "tokens in int8_float16")["measured"])
        text = report.as_text(gathered)
        self.assertIn("linear_many_rows", text)
        self.assertNotIn("FAILED", text)

    def test_goals_that_are_not(self):
        self.put("benchmark.float16", benchmark(0.4))
        self.put("parity.cpu", run_of(transcript([1, 2, 3])))
        self.put("parity.float32", run_of(transcript([1, 2, 4])))
        self.put("hour.float16", run_of(transcript([1], wall_s=2), transcript([1], wall_s=2)))
        gathered = report.gather(self.folder)
        for beginning in ("tokens in float32", "1 h of audio", "products", "flash", "a decoder's step"):
            self.assertIs(self.goal(gathered, beginning)["met"], False, beginning)
        self.assertIn("| NO |", report.as_text(gathered))

    def test_words_with_real_weights(self):
        (self.folder / "weights").write_text("real")
        said = " ".join(f"ord{i}" for i in range(1000))
        self.put("parity.cpu", run_of(transcript([1], said)))
        self.put("parity.float16", run_of(transcript([2], said.replace("ord500 ", "hord "))))
        self.put("parity.int8_float16", run_of(transcript([2], said.replace("ord500 ord501 ord502 ord503 ", ""))))
        gathered = report.gather(self.folder)
        self.assertIs(self.goal(gathered, "words in float16")["met"], True)
        self.assertEqual(self.goal(gathered, "words in float16")["measured"], "0.10")
        self.assertIs(self.goal(gathered, "words in int8_float16")["met"], False)

    def test_word_errors(self):
        for got, expected, errors in (("a b c", "a b c", 0), ("", "a b", 2), ("a x c", "a b c", 1),
                                      ("a c", "a b c", 1)):
            self.assertEqual(report.word_errors(got.split(), expected.split()), errors)

    def test_failures_are_told(self):
        self.put("hour.float16", "", 124)
        self.put("parity.float32", "no json", 0)
        self.put("transformers", "", 77)
        gathered = report.gather(self.folder)
        self.assertEqual([failure["what"] for failure in gathered["failed"]], ["hour.float16", "parity.float32"])
        self.assertEqual(gathered["not_here"], ["transformers"])
        self.assertIsNone(gathered["parity_float32"])
        self.assertIn("FAILED: hour.float16 (ran out of time)\nwhat hour.float16 said", report.as_text(gathered))
        self.assertIn("not JSON (Expecting value: line 1 column 1 (char 0)): no json", report.as_text(gathered))

    def test_join(self):
        short, long = self.folder / "short.wav", self.folder / "long.wav"
        with wave.open(str(short), "wb") as file:
            file.setnchannels(1), file.setsampwidth(2), file.setframerate(16000)
            file.writeframes(b"\1\2" * 7000)
        report.join(2, long, [short])
        with wave.open(str(long)) as file:
            self.assertEqual(file.getnframes(), 32000)


class Run(unittest.TestCase):
    """run.sh itself, in a folder of made-up programs."""

    def setUp(self):
        self.kit = temporary_folder(self)
        for name in ("run.sh", "report.py", "transformers_speed.py"):
            shutil.copy(HERE / name, self.kit)
        (self.kit / "audio").mkdir()
        (self.kit / "commit").write_text("abc123\n")
        report_source = self.kit / "audio" / "a.wav"
        with wave.open(str(report_source), "wb") as file:
            file.setnchannels(1), file.setsampwidth(2), file.setframerate(16000)
            file.writeframes(b"\0\0" * 16000)
        (self.kit / "audio" / "five_minutes.mp3").write_text("piece")
        self.program("gpu_random_model", 'for last; do :; done; mkdir -p "$last"')
        self.program("gpu_transcribe", f"echo '{json.dumps(run_of(transcript([1, 2, 3])))}'")
        counts = '{"tests": 3, "failures": 0, "disabled": 0}'
        self.program("gpu_conformance", f"for a; do case $a in *json:*) echo '{counts}' >\"${{a#*json:}}\" ;; esac; done")
        answer = json.dumps(benchmark(0.5)).replace("'", " ")
        self.program("gpu_benchmark", f"printf '%s\\n' \"$@\" >>arguments; echo '{answer}'")
        self.program("bin/nvidia-smi", "echo 'NVIDIA H100 80GB HBM3, 580.1, 345, 1980, 2619, 700, 81559'")
        self.program("bin/compute-sanitizer", "exit 0")
        # Like a machine without PyTorch: a python3 that sees none of the site's packages.
        self.program("bin/python3", f'exec {sys.executable} -S -E "$@"')

    def program(self, name, script):
        path = self.kit / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/bash\n{script}\n")
        path.chmod(0o755)

    def run_kit(self, *arguments, **environment):
        path = f"{self.kit / 'bin'}:{os.environ['PATH']}"
        done = subprocess.run([self.kit / "run.sh", *arguments], env={**os.environ, "PATH": path, **environment},
                              capture_output=True, text=True, timeout=60, check=False)
        written = self.kit / environment.get("RESULTS", "results") / "report.json"
        return done, json.loads(written.read_text()) if written.exists() else None

    def test_all_steps(self):
        done, written = self.run_kit()
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual(written["gpu"]["name"], "NVIDIA H100 80GB HBM3")
        self.assertEqual(written["commit"], "abc123")
        self.assertEqual(written["conformance"]["failures"], 0)
        self.assertEqual(written["sanitizers"], ["memcheck", "racecheck"])
        self.assertEqual(written["not_here"], ["transformers"])
        self.assertEqual(written["parity_int8_float16"]["equal_tokens"], 3)
        self.assertIn("989", (self.kit / "arguments").read_text())
        if len(os.sched_getaffinity(0)) >= 2:
            self.assertEqual(written["formats_mp3_2"]["times_real_time"], 3600)
        self.assertEqual((self.kit / "work" / "hour.mp3").read_text(), "piece" * 12)

    def test_a_failure_stops_nothing_else(self):
        self.program("gpu_conformance", "echo broken >&2; exit 3")
        self.program("gpu_benchmark", "exec sleep 1000")
        script = self.kit / "run.sh"
        script.write_text(script.read_text().replace('attempt "benchmark.$type" 120', 'attempt "benchmark.$type" 0.2'))
        done, written = self.run_kit()
        self.assertEqual(done.returncode, 1)
        self.assertEqual([(failure["what"], failure["status"]) for failure in written["failed"]],
                         [("benchmark.float16", "124"), ("benchmark.float32", "124"), ("benchmark.int8_float16", "124"),
                          ("conformance", "3")])
        self.assertIn("broken", (self.kit / "results" / "report.txt").read_text())
        self.assertIsNotNone(written["hour_float16"])

    def test_failed_tests_run_again_by_themselves(self):
        tests = {"tests": 2, "failures": 2, "disabled": 0, "testsuites": [{"name": "A/Suite", "testsuite": [
            {"name": "Faults/0"}, {"name": "Breaks/0", "failures": [{"failure": "x"}]},
            {"name": "IsTakenAlong/0", "failures": [{"failure": "y"}]}]}]}
        (self.kit / "tests.json").write_text(json.dumps(tests))
        self.program("gpu_conformance", """
            for a; do case $a in
                *json:*) cp tests.json "${a#*json:}"; exit 1 ;;
                --gtest_filter=*Breaks/0) echo "an illegal address" >&2; exit 1 ;;
            esac; done""")
        done, written = self.run_kit("conformance")
        self.assertEqual(done.returncode, 1)
        self.assertIn("A/Suite.Breaks/0 by itself: exit code 1\nan illegal address", written["conformance_alone"])
        self.assertIn("A/Suite.IsTakenAlong/0 by itself: exit code 0", written["conformance_alone"])
        self.assertNotIn("Faults", written["conformance_alone"])
        self.assertEqual([failure["what"] for failure in written["failed"]], ["conformance"])
        self.assertIn("each by itself", done.stdout)

    def test_all_steps_together_have_a_limit(self):
        self.program("gpu_benchmark", "exec sleep 1000")
        done, written = self.run_kit("benchmark", "model", LIMIT_S="17")
        self.assertEqual(done.returncode, 1)
        self.assertEqual({failure["status"] for failure in written["failed"]}, {"124"}, written["failed"])
        self.assertIn("benchmark.float16", [failure["what"] for failure in written["failed"]])

    def test_the_table_of_chips_knows_whole_names(self):
        self.assertIn("--peak_tflops 121 ", report.peaks("NVIDIA L4", "float16"))
        self.assertIn("--peak_tflops 65 ", report.peaks("Tesla T4", "float16"))
        self.assertIn("--peak_tflops 0 ", report.peaks("NVIDIA L40S", "float16"))

    def test_a_gpu_that_the_sanitizer_cannot_see_is_no_failure(self):
        self.program("bin/compute-sanitizer", "echo 'Error: Device not supported.'; exit 255")
        done, written = self.run_kit("sanitizer")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual(written["not_here"], ["memcheck", "racecheck"])

    def test_step_by_step_into_one_report(self):
        done, written = self.run_kit("conformance", RESULTS="out")
        self.assertIsNone(written["hour_float16"])
        done, written = self.run_kit("model", "hour", RESULTS="out")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIsNotNone(written["hour_float16"])
        self.assertEqual(written["conformance"]["tests"], 3)

    def test_dry(self):
        for name in ("gpu_conformance", "gpu_benchmark"):
            (self.kit / name).unlink()
        done, written = self.run_kit("--dry")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIsNotNone(written["hour_float32"])
        self.assertEqual({goal["met"] for goal in written["goals"]}, {None})  # a CPU meets no goal of a GPU
        with wave.open(str(self.kit / "work" / "hour.wav")) as file:
            self.assertEqual(file.getnframes(), 60 * 16000)

    def test_wrong_flags(self):
        for wrong in ("--fast", "nonsense"):
            done, _ = self.run_kit(wrong)
            self.assertEqual(done.returncode, 2)
            self.assertIn("see the top of run.sh", done.stderr)


class Transformers(unittest.TestCase):
    def call(self, *arguments):
        return subprocess.run([sys.executable, "-S", HERE / "transformers_speed.py", *map(str, arguments)],
                              capture_output=True, text=True, timeout=60, check=False)

    def test_arguments(self):
        with tempfile.TemporaryDirectory() as name:
            audio = pathlib.Path(name) / "a.wav"
            with wave.open(str(audio), "wb") as file:
                file.setnchannels(1), file.setsampwidth(2), file.setframerate(16000)
                file.writeframes(b"\0\0" * 16000)
            for wrong in (("--tokens", 0), ("--tokens", 441), ("--tokens", "x"), ("--tokens", 5, "--batch_size", 0),
                          ("--tokens", 5, "--dtype", "int8")):
                self.assertEqual(self.call("--model", name, *wrong, audio).returncode, 2, wrong)
            self.assertEqual(self.call("--model", name, audio).returncode, 2)
            done = self.call("--model", name, "--tokens", 5, audio)
            self.assertEqual(done.returncode, 77, done.stderr)
            self.assertIn("nothing to compare with here", done.stderr)
            with wave.open(str(audio), "wb") as file:
                file.setnchannels(1), file.setsampwidth(2), file.setframerate(8000)
                file.writeframes(b"\0\0")
            done = self.call("--model", name, "--tokens", 5, audio)
            self.assertEqual(done.returncode, 1)
            self.assertIn("16,000 Hz", done.stderr)


if __name__ == "__main__":
    unittest.main()
