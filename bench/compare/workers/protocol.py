"""What every worker shares: its arguments, the READY line, one JSON file an input."""
import argparse
import json
import pathlib


def segment(text, start=None, end=None, words=()):
    """As in our JSON; start and end in seconds, None where the engine was not asked for times; words: (text, start, end)."""
    return {"start": start, "end": end, "text": text.strip(),
            "words": [{"word": word, "start": begin, "end": stop} for word, begin, stop in words]}


def run(load, transcribe):
    """`load(args)` gives the model; `transcribe(model, args, path)` gives segments."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", required=True)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--compute_type", default="int8")
    parser.add_argument("--batch_size", type=int, default=8, help="0: windows one after the other")
    parser.add_argument("--beam_size", type=int, default=1)
    parser.add_argument("--plain", action="store_true", help="no fallback on temperature")
    parser.add_argument("--words", action="store_true", help="times for words, where the engine has them")
    parser.add_argument("--output_dir", type=pathlib.Path, required=True)
    parser.add_argument("files", nargs="+", type=pathlib.Path)
    args = parser.parse_args()
    model = load(args)
    print("READY", flush=True)
    for path in args.files:
        segments = transcribe(model, args, path)
        content = {"text": " ".join(s["text"] for s in segments), "segments": segments}
        (args.output_dir / (path.stem + ".json")).write_text(json.dumps(content, ensure_ascii=False), encoding="utf8")
