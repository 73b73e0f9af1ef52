#!/usr/bin/env python3
"""Writes log_mel_80.json and log_mel_128.json beside itself: what transformers' WhisperFeatureExtractor gives for the
signals of test_signal.py, in some frames and in sum over all. Needs numpy and transformers."""
import json
import pathlib

import numpy as np
from transformers import WhisperFeatureExtractor

import test_signal as ts

FRAMES = [0, 1, 731, 732, 2998, 2999]
CASES = {
    "speech_full": ts.speech_like(480000, 1),
    "speech_padded": ts.speech_like(116800 + 37, 2),
    "loud_tone_over_quiet_noise": ts.tone(480000, 1234.5, 0.99) + ts.noise(480000, 3, 0.0002),
    "noise_to_the_last_sample": ts.noise(479999, 4, 0.3),
    "short": ts.noise(100, 5, 0.5),
    "silence": np.zeros(16000, dtype=np.float32),
}


def main():
    for mels in (80, 128):
        extractor = WhisperFeatureExtractor(feature_size=mels)
        cases = []
        for name, pcm in CASES.items():
            padded = np.zeros(480000, dtype=np.float32)
            padded[: len(pcm)] = pcm
            # The numpy path computes in double precision; the torch path differs from it in the last digits.
            features = extractor._np_extract_fbank_features(padded[None], "cpu")[0]
            assert features.shape == (mels, 3000)
            cases.append(
                {
                    "name": name,
                    "checksum": ts.checksum(pcm),
                    "mean_of_each_mel": [round(float(v), 6) for v in features.mean(axis=1, dtype=np.float64)],
                    "frames": FRAMES,
                    "values": [[round(float(v), 5) for v in features[:, f]] for f in FRAMES],
                }
            )
        path = pathlib.Path(__file__).parent / f"log_mel_{mels}.json"
        path.write_text(json.dumps({"n_mels": mels, "cases": cases}, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
