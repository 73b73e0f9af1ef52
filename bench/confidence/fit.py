#!/usr/bin/env python3
"""Fits how likely a word is right, given what the model says of it, and shows how far that can be relied on.

    python3 bench/quality/quality.py --model MODEL --set "raw=--repair False" --keep build/kept …
    PYTHON bench/confidence/fit.py --kept build/kept/raw

PYTHON has numpy. Words of the transcripts are aligned with the references of the variants that quality.py made: a word that
is paired with its equal is right. Every recording is judged by a fit to the others only (all its variants are left
out with it); the constants that are printed last, for src/transcriber/confidence.cpp, are fitted to all.
"""
import argparse
import json
import pathlib
import sys

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bench/quality"))
import quality  # noqa: E402, F401 (finds the other benches)
import variants  # noqa: E402
import word_times  # noqa: E402


def logit(p):
    p = np.clip(p, 1e-4, 1 - 1e-4)
    return np.log(p / (1 - p))


def word_features(word, segment):
    """As in confidence.cpp."""
    letters = len(word_times.plain(word["word"]))
    duration = max(0.02, word["end"] - word["start"])
    return [1.0, logit(word["probability"]), logit(segment["probability"]), segment["avg_logprob"],
            logit(segment["no_speech_prob"]), min(1.0, segment["temperature"]), min(letters, 12) / 10,
            abs(np.log(max(1, letters) / duration / 14))]


def segment_features(segment):
    words = max(1, len(segment["text"].split()))
    duration = max(0.1, segment["end"] - segment["start"])
    return [1.0, logit(segment["probability"]), segment["avg_logprob"], logit(segment["no_speech_prob"]),
            min(1.0, segment["temperature"]), min(words, 20) / 10, abs(np.log(words / duration / 2.5))]


def read(kept, variants_folder):
    """For words and for segments: features, share that is right, weight, recording."""
    words, segments = [], []
    for path in sorted(kept.glob("*/*.json")):
        recording = variants.read_recording(variants_folder / path.parent.name / (path.stem + ".flac"))
        content = json.loads(path.read_text(encoding="utf8"))
        spoken = [w for s in recording.segments for w in map(word_times.plain, s.text.split()) if w]
        said = [(word_times.plain(w["word"]), i, w) for i, s in enumerate(content["segments"]) for w in s["words"]]
        said = [entry for entry in said if entry[0]]
        right = {pair for pair in word_times.aligned(spoken, [w for w, _, _ in said]) if pair is not None}
        counts = [[0, 0] for _ in content["segments"]]
        for number, (_, i, word) in enumerate(said):
            segment = content["segments"][i]
            segment.setdefault("probability", segment["confidence"])
            words.append((word_features(word, segment), float(number in right), 1.0, path.stem))
            counts[i][0] += number in right
            counts[i][1] += 1
        for segment, (good, all_words) in zip(content["segments"], counts):
            if all_words:
                segments.append((segment_features(segment), good / all_words, float(all_words), path.stem))
    return words, segments


def fit(x, y, weights, ridge=2.0):
    """Logistic regression by Newton's method; y may be a share."""
    b = np.zeros(x.shape[1])
    penalty = ridge * np.eye(x.shape[1])
    penalty[0, 0] = 1e-6
    for _ in range(50):
        p = 1 / (1 + np.exp(-x @ b))
        gradient = x.T @ (weights * (y - p)) - penalty @ b
        hessian = (x * (weights * p * (1 - p))[:, None]).T @ x + penalty
        step = np.linalg.solve(hessian, gradient)
        b += step
        if np.abs(step).max() < 1e-8:
            break
    return b


def report(name, rows, raw_column):
    x = np.array([r[0] for r in rows])
    y, weights = np.array([r[1] for r in rows]), np.array([r[2] for r in rows])
    groups = np.array([r[3] for r in rows])
    held_out = np.zeros(len(y))
    for group in sorted(set(groups)):
        inside = groups != group
        held_out[~inside] = 1 / (1 + np.exp(-x[~inside] @ fit(x[inside], y[inside], weights[inside])))
    raw = 1 / (1 + np.exp(-x[:, raw_column]))
    print(f"\n{name}: {len(y)} of {len(set(groups))} recordings, {100 * np.average(y, weights=weights):.1f} % right\n")
    print("| said | words | raw: mean, right % | words | fitted: mean, right % |\n|---|---|---|---|---|")
    for low in np.arange(0, 1, 0.1):
        cells = []
        for p in (raw, held_out):
            here = (p >= low) & (p < low + 0.1 + (low > 0.85))
            n = weights[here].sum()
            cells.append(f"{n:.0f} | {np.average(p[here], weights=weights[here]):.2f}, "
                         f"{100 * np.average(y[here], weights=weights[here]):.0f}" if n else "0 | –")
        print(f"| {low:.1f}–{low + 0.1:.1f} | {cells[0]} | {cells[1]} |")
    for title, p in (("raw", raw), ("fitted, held out", held_out), ("constant", np.full(len(y), np.average(y, weights=weights)))):
        error = 0.0
        for low in np.arange(0, 1, 0.1):
            here = (p >= low) & (p < low + 0.1 + (low > 0.85))
            if weights[here].sum():
                error += weights[here].sum() * abs(np.average(p[here] - y[here], weights=weights[here]))
        print(f"{title}: expected calibration error {error / weights.sum():.3f}, "
              f"Brier score {np.average((p - y) ** 2, weights=weights):.3f}")
    print("constants:", ", ".join(f"{c:.3f}" for c in fit(x, y, weights)))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kept", type=pathlib.Path, required=True, help="transcripts that quality.py --keep left")
    parser.add_argument("--folder", type=pathlib.Path, default=ROOT / "build/quality", help="of the variants")
    args = parser.parse_args()
    words, segments = read(args.kept, args.folder)
    report("Words", words, 1)
    report("Segments (by their words)", segments, 1)


if __name__ == "__main__":
    main()
