#!/usr/bin/env python3
"""Makes whisper_base_words.json with transformers (float32, eager attention) from whisper-base and samples/:

    make_word_times_golden.py MODEL_FOLDER

For each sample: the tokens that greedy decoding without timestamps writes, where the alignment heads listen when the
text is read again, and when each token begins. README.md says what the fields mean. Needs torch, transformers, numpy,
and the ffmpeg program.
"""
import pathlib, subprocess, sys

import numpy as np
import torch
from transformers.models.whisper.generation_whisper import _dynamic_time_warping, _median_filter

from make_whisper_golden import END, PROMPT, RATE, WINDOW, features_of, greedy, load, rounded, write

ROOT = pathlib.Path(__file__).resolve().parents[2]
SAMPLES = ["forslaget.flac", "historien.flac"]


def samples_of(path):
    command = ["ffmpeg", "-v", "error", "-i", str(path), "-ac", "1", "-ar", str(RATE), "-f", "f32le", "-"]
    return np.frombuffer(subprocess.run(command, check=True, capture_output=True).stdout, np.float32)


def matrix_of(model, encoded, tokens, frames):
    """[tokens + 1, frames]: the rows that choose each token and the end."""
    given = PROMPT + tokens + [END]
    attentions = model(encoder_outputs=(encoded,), decoder_input_ids=torch.tensor([given]),
                       output_attentions=True).cross_attentions
    heads = model.generation_config.alignment_heads
    weights = torch.stack([attentions[layer][0, head] for layer, head in heads])[..., :frames]
    weights = weights / weights.sum(-1, keepdim=True)  # as a softmax over these frames only
    std, mean = torch.std_mean(weights, dim=-2, keepdim=True, unbiased=False)
    smooth = _median_filter((weights - mean) / std, model.config.median_filter_width)
    return smooth.mean(0)[len(PROMPT) - 1:-1]


def sample_golden(model, extractor, name):
    audio = samples_of(ROOT / "samples" / name)[:WINDOW]
    window = np.zeros(WINDOW, np.float32)
    window[:len(audio)] = audio
    mel = features_of(extractor, window)
    tokens = greedy(model, mel)["tokens"]
    encoded = model.model.encoder(mel).last_hidden_state
    frames = len(audio) // 320
    matrix = matrix_of(model, encoded, tokens, frames)
    text, time = _dynamic_time_warping(-matrix.double().numpy())
    first = np.pad(np.diff(text), (1, 0), constant_values=1).astype(bool)
    rows = sorted({0, 1, len(tokens) // 2, len(tokens) - 1, len(tokens)})
    columns = list(range(0, frames, 37))
    return {"samples": len(audio), "frames": frames, "tokens": tokens, "begins": [int(t) for t in time[first]],
            "matrix_rows": rows, "matrix_columns": columns, "matrix": rounded(matrix[rows][:, columns])}


def main():
    torch.set_num_threads(1)
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    with torch.no_grad():
        model, extractor = load(sys.argv[1])
        write("whisper_base_words.json", {name: sample_golden(model, extractor, name) for name in SAMPLES})


if __name__ == "__main__":
    main()
