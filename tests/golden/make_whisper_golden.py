#!/usr/bin/env python3
"""Makes this folder's golden files with transformers (float32, eager attention) from whisper-base:

    make_whisper_golden.py MODEL_FOLDER [AUDIO_FOLDER]

whisper_base_features.json: encoder output and decoder logits for synthetic features, sampled at fixed places.
whisper_base.json: the same and the log-mel for a synthetic signal.
whisper_base_greedy.json: the greedy tokens of every 30-s window of AUDIO_FOLDER/*.flac (only when it is given).
Needs torch, transformers, numpy, and the ffmpeg program for the audio. README.md says what the fields mean.
"""
import json, pathlib, subprocess, sys

import numpy as np
import torch
from transformers import WhisperFeatureExtractor, WhisperForConditionalGeneration

RATE, WINDOW, MAX_TOKENS = 16000, 480000, 224
PROMPT = [50258, 50273, 50359, 50363]  # <|startoftranscript|><|sv|><|transcribe|><|notimestamps|>
END = 50257
FORCED = PROMPT + [1018, 4121, 11, 50000, 220, 0]  # text tokens without meaning: far from what the model would choose


def synthetic_signal():
    """30 s of a rising and falling triangle tone with bursts of noise: integers only, so that every language agrees."""
    random, phase, samples = 12345, 0, np.empty(WINDOW, np.float32)
    for i in range(WINDOW):
        random = (random * 1664525 + 1013904223) % 2**32
        sweep = i % 32000
        step = 26843545 + (sweep if sweep < 16000 else 32000 - sweep) * 20000  # 100 Hz to 1292 Hz and back in 2 s
        phase = (phase + step) % 2**32
        triangle = phase >> 17  # 0 … 32767
        triangle = (triangle if triangle < 16384 else 32767 - triangle) - 8192
        noise = ((random >> 16) - 32768) // 8 if i // 8000 % 3 == 0 else 0
        tone = triangle if i // 24000 % 4 != 3 else 0
        samples[i] = np.float32((tone + noise) / 32768)
    return samples


def synthetic_features():
    """A log-mel that is the same in every language: ridges that wander over the bands, and noise; multiples of 1/2048."""
    random, features = 12345, np.empty((80, 3000), np.float32)
    for band in range(80):
        for frame in range(3000):
            random = (random * 1664525 + 1013904223) % 2**32
            ridge = abs((band * 40 + frame * 3) % 800 * 2 - 800)
            swell = abs(frame % 400 * 2 - 400)
            features[band, frame] = (ridge * swell // 100 + (random >> 22) - 2048) / 2048
    return features


def checksum(values, scale):
    """Shows whether another language made the same numbers."""
    return int(sum(int(v) * (i % 251 + 1) for i, v in enumerate(values.ravel() * scale)) % 2**32)


def load(folder):
    model = WhisperForConditionalGeneration.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
    return model, WhisperFeatureExtractor.from_pretrained(folder)


def features_of(extractor, samples):
    return extractor(samples, sampling_rate=RATE, return_tensors="pt").input_features


def rounded(values):
    return [float(f"{value:.8g}") for value in np.asarray(values, np.float64).ravel()]


def model_golden(model, mel):
    encoded = model.model.encoder(mel).last_hidden_state
    logits = model(encoder_outputs=(encoded,), decoder_input_ids=torch.tensor([FORCED])).logits[0]
    positions = [0, 1, 2, 50, 99, 200, 333, 500, 640, 777, 900, 1024, 1200, 1399, 1498, 1499]
    tokens = list(range(0, 51865, 211)) + [51864]
    top = logits.topk(5, dim=-1)
    return {
        "encoder_positions": positions, "encoder": rounded(encoded[0][positions]),
        "prompt": FORCED, "logit_tokens": tokens, "logits": rounded(logits[:, tokens]),
        "top_tokens": top.indices.flatten().tolist(), "top_logits": rounded(top.values),
        "log_sum_exp": rounded(torch.logsumexp(logits.double(), -1)),
    }


def features_golden(model):
    features = synthetic_features()
    return {"features_checksum": checksum(features, 2048)} | model_golden(model, torch.from_numpy(features)[None])


def signal_golden(model, extractor):
    samples = synthetic_signal()
    mel = features_of(extractor, samples)
    frames = [0, 1, 2, 500, 1111, 1500, 2000, 2998, 2999]
    first = {"signal_checksum": checksum(samples, 32768), "mel_frames": frames, "mel": rounded(mel[0][:, frames].T)}
    return first | model_golden(model, mel)


def greedy(model, mel):
    """Tokens after the prompt, without the end; and the smallest lead of a chosen token over the second best."""
    forbidden = torch.tensor(model.generation_config.suppress_tokens)
    first = torch.tensor(model.generation_config.begin_suppress_tokens)
    encoded = model.model.encoder(mel).last_hidden_state
    given, past, tokens, margin = PROMPT, None, [], float("inf")
    while len(tokens) < MAX_TOKENS:
        result = model(encoder_outputs=(encoded,), decoder_input_ids=torch.tensor([given]), past_key_values=past, use_cache=True)
        past, row = result.past_key_values, result.logits[0, -1].clone()
        row[forbidden] = -float("inf")
        if not tokens:
            row[first] = -float("inf")
        best = row.topk(2).values
        margin = min(margin, float(best[0] - best[1]))
        token = int(row.argmax())
        if token == END:
            return {"tokens": tokens, "ended": True, "smallest_margin": round(margin, 6)}
        tokens.append(token)
        given = [token]
    return {"tokens": tokens, "ended": False, "smallest_margin": round(margin, 6)}


def greedy_golden(model, extractor, folder):
    files = {}
    for path in sorted(pathlib.Path(folder).glob("*.flac")):
        command = ["ffmpeg", "-v", "error", "-i", str(path), "-ac", "1", "-ar", str(RATE), "-f", "f32le", "-"]
        audio = np.frombuffer(subprocess.run(command, check=True, capture_output=True).stdout, np.float32)
        windows = []
        for begin in range(0, len(audio), WINDOW):
            window = np.zeros(WINDOW, np.float32)
            part = audio[begin:begin + WINDOW]
            window[:len(part)] = part
            windows.append(greedy(model, features_of(extractor, window)))
            print(path.name, begin // RATE, "s:", len(windows[-1]["tokens"]), "tokens", file=sys.stderr)
        files[path.name] = windows
    return {"prompt": PROMPT, "max_tokens": MAX_TOKENS, "files": files}


def write(name, value):
    # One line a field: a change shows where it is.
    fields = [f"{json.dumps(key)}: {json.dumps(field, separators=(',', ':'))}" for key, field in value.items()]
    (pathlib.Path(__file__).parent / name).write_text("{\n" + ",\n".join(fields) + "\n}\n")


def main():
    torch.set_num_threads(1)  # the same sums on every machine
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    with torch.no_grad():
        model, extractor = load(sys.argv[1])
        write("whisper_base_features.json", features_golden(model))
        write("whisper_base.json", signal_golden(model, extractor))
        if len(sys.argv) == 3:
            write("whisper_base_greedy.json", greedy_golden(model, extractor, sys.argv[2]))


if __name__ == "__main__":
    main()
