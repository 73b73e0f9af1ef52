"""Words of faster-whisper as JSON on standard output: {file: [[text, start, end, probability], …]}; and how long it took
with and without them. Called by word_times.py."""
import argparse
import json
import time

from faster_whisper import BatchedInferencePipeline, WhisperModel

parser = argparse.ArgumentParser()
parser.add_argument("--model", required=True)
parser.add_argument("--compute_type", default="int8")
parser.add_argument("--threads", type=int, default=0)
parser.add_argument("--batch_size", type=int, default=0)
parser.add_argument("files", nargs="+")
args = parser.parse_args()

model = WhisperModel(args.model, device="cpu", compute_type=args.compute_type, cpu_threads=args.threads)
engine, options = model, {}
if args.batch_size:
    engine, options = BatchedInferencePipeline(model), {"batch_size": args.batch_size}


def run(path, words):
    segments, _ = engine.transcribe(path, language="sv", beam_size=1, vad_filter=True, condition_on_previous_text=False,
                                    word_timestamps=words, **options)
    return [[w.word, w.start, w.end, w.probability] for s in segments for w in (s.words or [])]


result, seconds = {}, {}
for words in (False, True):
    start = time.monotonic()
    for path in args.files:
        result[path] = run(path, words)
    seconds["with" if words else "without"] = time.monotonic() - start
print(json.dumps({"files": result, "seconds": seconds}))
