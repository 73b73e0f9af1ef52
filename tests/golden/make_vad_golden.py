#!/usr/bin/env python3
"""Writes vad_probabilities.json and vad_spans.json beside itself, with Silero's own code (PyPI: silero-vad, torch,
safetensors, numpy; the ffmpeg command for recordings).

    make_vad_golden.py SILERO_DATA_FOLDER [RECORDING…]

SILERO_DATA_FOLDER holds silero_vad.jit and silero_vad_16k.safetensors. The network in the .jit file is run with the
numbers of the .safetensors file: the two files of one release hold different trainings (6.2.3).
"""
import json
import pathlib
import subprocess
import sys

import numpy as np
import torch
from safetensors.numpy import load_file
from silero_vad.utils_vad import get_speech_timestamps_from_probs

import test_signal as ts

HERE = pathlib.Path(__file__).parent
EVERY = 8  # of a recording's probabilities, this many-th is kept
NAMES = {"stft_conv.weight": "stft.forward_basis_buffer", "final_conv.weight": "decoder.decoder.2.weight",
         "final_conv.bias": "decoder.decoder.2.bias"}
NAMES.update({f"conv{i + 1}.{p}": f"encoder.{i}.reparam_conv.{p}" for i in range(4) for p in ("weight", "bias")})
NAMES.update({f"lstm_cell.{p}": f"decoder.rnn.{p}" for p in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")})


def load_reference(folder):
    model = torch.jit.load(str(folder / "silero_vad.jit"))
    state = model.state_dict()
    with torch.no_grad():
        for name, values in load_file(folder / "silero_vad_16k.safetensors").items():
            state["_model." + NAMES[name]].copy_(torch.from_numpy(values))
    return model.eval()


def probabilities(model, pcm):
    model.reset_states()
    pcm = np.pad(pcm, (0, -len(pcm) % 512))
    with torch.no_grad():
        return [model(torch.from_numpy(pcm[i : i + 512]), 16000).item() for i in range(0, len(pcm), 512)]


def tenthousandths(values):
    return [round(10000 * v) for v in values]


def random_probabilities(seed, frames):
    """As in span_builder_test.cpp: stretches of speech and pause with doubtful frames; exact in binary."""
    lcg = ts.Lcg(seed)
    speaking, out = False, []
    for _ in range(frames):
        if lcg.next() < 5000:
            speaking = not speaking
        p = (lcg.next() >> 10) / 64
        doubtful = lcg.next() < 10000
        out.append(p if doubtful else 0.5 + p / 2 if speaking else p / 4)
    return out


def span_cases():
    options = [dict(), dict(threshold=0.75, neg_threshold=0.25), dict(min_speech_duration_ms=0),
               dict(min_silence_duration_ms=0, speech_pad_ms=0), dict(min_silence_duration_ms=2000, speech_pad_ms=30),
               dict(min_speech_duration_ms=640, min_silence_duration_ms=64, speech_pad_ms=1000)]
    cases = []
    for seed in range(24):
        chosen = dict(threshold=0.5, min_speech_duration_ms=100, min_silence_duration_ms=160, speech_pad_ms=300)
        chosen.update(options[seed % len(options)])
        frames = 300 + seed
        total = frames * 512 - (seed * 97) % 512
        spans = get_speech_timestamps_from_probs(random_probabilities(seed, frames), audio_length_samples=total, **chosen)
        cases.append({"seed": seed, "frames": frames, "total": total, "options": chosen,
                      "spans": [[s["start"], s["end"]] for s in spans]})
    return cases


def main():
    model = load_reference(pathlib.Path(sys.argv[1]))
    speech = ts.speech_like(20 * 16000 + 100, 1)
    golden = {"speech_checksum": ts.checksum(speech), "speech": tenthousandths(probabilities(model, speech)),
              "noise": tenthousandths(probabilities(model, ts.noise(5 * 16000, 7, 0.05))),
              "loud_noise": tenthousandths(probabilities(model, ts.noise(5 * 16000, 8, 1.0))), "every": EVERY, "recordings": {}}
    for recording in map(pathlib.Path, sys.argv[2:]):
        command = ["ffmpeg", "-v", "error", "-i", str(recording), "-f", "f32le", "-"]
        pcm = np.frombuffer(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout, dtype=np.float32)
        golden["recordings"][recording.name] = tenthousandths(probabilities(model, pcm)[::EVERY])
    (HERE / "vad_probabilities.json").write_text(json.dumps(golden, separators=(",", ":")) + "\n")
    (HERE / "vad_spans.json").write_text(json.dumps(span_cases(), separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
