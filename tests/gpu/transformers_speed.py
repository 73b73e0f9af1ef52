#!/usr/bin/env python3
"""transformers beside ours: the same weights, windows and number of tokens, float16, batches of 16, on the same GPU.

    python3 transformers_speed.py --model FOLDER --tokens N [--batch_size 16] [--device cuda] [--dtype float16] FILE.wav…

Greedy, without timestamps, windows of 30 s one after the other; the text ends where the model ends it, after N tokens at
most. Prints one JSON object: seconds from PCM to log-mel, and from there to tokens, after one batch to warm up. Exit code
77 when PyTorch, transformers or the GPU is not there."""
import argparse
import array
import json
import pathlib
import sys
import time
import wave

WINDOW = 30 * 16000


def parse_arguments(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=pathlib.Path, required=True, help="a Hugging Face folder")
    parser.add_argument("--tokens", type=int, required=True, help="of a window, at most")
    parser.add_argument("--batch_size", type=int, default=16)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--dtype", default="float16", choices=("float16", "bfloat16", "float32"))
    parser.add_argument("files", nargs="+", type=pathlib.Path)
    args = parser.parse_args(arguments)
    if not 1 <= args.tokens <= 440:
        parser.error("--tokens must be 1 to 440")
    if args.batch_size < 1:
        parser.error("--batch_size must be at least 1")
    return args


def windows_of(path):
    with wave.open(str(path)) as file:
        if (file.getnchannels(), file.getsampwidth(), file.getframerate()) != (1, 2, 16000):
            sys.exit(f"{path}: give a WAV file of 16-bit PCM, one channel, 16,000 Hz")
        samples = array.array("h", file.readframes(file.getnframes()))
    return [samples[at:at + WINDOW] for at in range(0, len(samples), WINDOW)]


def prompt_of(folder):
    settings = json.loads((folder / "generation_config.json").read_text())
    return [settings["decoder_start_token_id"], settings["lang_to_id"]["<|sv|>"], settings["task_to_id"]["transcribe"],
            settings["no_timestamps_token_id"]]


class Peer:
    def __init__(self, args, torch, transformers):
        self.args, self.torch = args, torch
        self.dtype = getattr(torch, args.dtype)
        # The folder's own settings would bring rules that the comparison leaves out.
        self.model = transformers.WhisperForConditionalGeneration.from_pretrained(args.model, torch_dtype=self.dtype)
        self.model = self.model.to(args.device).eval()
        self.generate_greedily = transformers.GenerationMixin.generate
        self.model.generation_config = transformers.GenerationConfig(
            eos_token_id=self.model.config.eos_token_id, pad_token_id=self.model.config.eos_token_id,
            decoder_start_token_id=self.model.config.decoder_start_token_id, do_sample=False, num_beams=1)
        self.features = transformers.WhisperFeatureExtractor(feature_size=self.model.config.num_mel_bins)
        self.prompt = prompt_of(args.model)

    def wait(self):
        if self.args.device.startswith("cuda"):
            self.torch.cuda.synchronize()

    def log_mel(self, windows):
        pcm = [self.torch.tensor(window, dtype=self.torch.float32).div(32768).numpy() for window in windows]
        mel = self.features(pcm, sampling_rate=16000, return_tensors="pt", device=self.args.device).input_features
        return mel.to(self.args.device, self.dtype)

    def tokens(self, mel):
        prompts = self.torch.tensor([self.prompt] * len(mel), device=self.args.device)
        output = self.generate_greedily(self.model, mel, decoder_input_ids=prompts, max_new_tokens=self.args.tokens + 1)
        end = self.model.config.eos_token_id
        rows = [row[len(self.prompt):] for row in output.tolist()]
        return [row[:row.index(end)] if end in row else row for row in rows]


def measure(peer, windows, batch_size):
    batches = [windows[at:at + batch_size] for at in range(0, len(windows), batch_size)]
    with peer.torch.inference_mode():
        peer.tokens(peer.log_mel(batches[0]))
        peer.wait()
        begin = time.perf_counter()
        mels = [peer.log_mel(batch) for batch in batches]
        peer.wait()
        prepared = time.perf_counter()
        tokens = [row for mel in mels for row in peer.tokens(mel)]
        peer.wait()
        return prepared - begin, time.perf_counter() - prepared, tokens


def main(arguments):
    args = parse_arguments(arguments)
    windows = [window for path in args.files for window in windows_of(path)]
    try:
        import torch
        import transformers
    except ImportError as error:
        print(f"transformers_speed.py: {error}: nothing to compare with here", file=sys.stderr)
        return 77
    if args.device.startswith("cuda") and not torch.cuda.is_available():
        print("transformers_speed.py: PyTorch finds no GPU", file=sys.stderr)
        return 77
    features_s, generate_s, tokens = measure(Peer(args, torch, transformers), windows, args.batch_size)
    audio_s = sum(map(len, windows)) / 16000
    print(json.dumps({"torch": torch.__version__, "transformers": transformers.__version__, "dtype": args.dtype,
                      "batch_size": args.batch_size, "windows": len(windows), "audio_s": audio_s,
                      "features_s": features_s, "generate_s": generate_s, "token_count": sum(map(len, tokens)),
                      "times_real_time": audio_s / (features_s + generate_s), "tokens": tokens[0]}))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
