"""What every worker shares: its arguments, the READY line, one text file an input."""
import argparse
import pathlib


def run(load, transcribe):
    """`load(args)` gives the model; `transcribe(model, args, path)` gives the text."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", required=True)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--compute_type", default="int8")
    parser.add_argument("--batch_size", type=int, default=8, help="0: windows one after the other")
    parser.add_argument("--beam_size", type=int, default=1)
    parser.add_argument("--plain", action="store_true", help="no fallback on temperature")
    parser.add_argument("--output_dir", type=pathlib.Path, required=True)
    parser.add_argument("files", nargs="+", type=pathlib.Path)
    args = parser.parse_args()
    model = load(args)
    print("READY", flush=True)
    for path in args.files:
        (args.output_dir / (path.stem + ".txt")).write_text(transcribe(model, args, path).strip() + "\n", encoding="utf8")
