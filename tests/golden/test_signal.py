"""The test signals of src/speech/test_signal.h, sample for sample: no audio needs to be stored.

Change both files together, then run make_log_mel_golden.py and make_vad_golden.py again.
"""
import numpy as np

RATE = 16000


class Lcg:
    """Numerical Recipes' 32-bit generator; the high 16 bits are used."""

    def __init__(self, seed):
        self.state = seed

    def next(self):
        self.state = (self.state * 1664525 + 1013904223) % 2**32
        return self.state >> 16

    def uniform(self, low, high):
        return low + (high - low) * self.next() / 65536.0


def noise(samples, seed, amplitude):
    """White noise, int16 steps."""
    lcg = Lcg(seed)
    values = np.array([lcg.next() for _ in range(samples)], dtype=np.float64)
    return quantize(amplitude * (values / 32768.0 - 1.0))


def tone(samples, hertz, amplitude):
    return quantize(amplitude * np.sin(2.0 * np.pi * hertz * np.arange(samples) / RATE))


def quantize(signal):
    return (np.rint(np.clip(signal, -1.0, 1.0) * 32767.0) / 32768.0).astype(np.float32)


def speech_like(samples, seed):
    """Syllables of 0.18 s (voiced, hissing or silent) with a gliding pitch and two formants; a pause after every 16."""
    lcg = Lcg(seed)
    syllable = 2880
    out = np.zeros(samples)
    phase = 0.0
    for index in range((samples + syllable - 1) // syllable):
        kind = lcg.uniform(0.0, 1.0)
        f1, f2 = lcg.uniform(280.0, 800.0), lcg.uniform(900.0, 2400.0)
        pitch, glide = lcg.uniform(100.0, 180.0), lcg.uniform(-30.0, 30.0)
        loudness = lcg.uniform(0.1, 0.5)
        hiss = np.array([lcg.next() for _ in range(syllable)], dtype=np.float64) / 32768.0 - 1.0
        x = np.arange(syllable) / float(syllable)
        envelope = np.sin(np.pi * x) ** 2 * loudness
        # cumsum adds one after another, as the C++ loop does.
        phases = np.cumsum(np.concatenate(([phase], (pitch + glide * x) / RATE)))
        phase = float(phases[-1]) % 1.0
        if index % 16 >= 12 or kind < 0.1:
            value = 0.001 * hiss
        elif kind < 0.25:
            value = 0.2 * envelope * hiss
        else:
            value = np.zeros(syllable)
            for h in range(1, 25):
                hz = h * pitch
                gain = 1.0 / (1.0 + ((hz - f1) / 120.0) ** 2) + 0.5 / (1.0 + ((hz - f2) / 160.0) ** 2)
                value += gain * np.sin(2.0 * np.pi * h * phases[:-1])
            value = envelope * value + 0.001 * hiss
        begin = index * syllable
        out[begin : begin + syllable] = value[: samples - begin]
    return quantize(out)


def checksum(pcm):
    """Equal to the C++ function's value: changes when any sample does."""
    total = 0
    for value in (pcm.astype(np.float64) * 32768.0).astype(np.int64).tolist():
        total = (total * 31 + value) % 2**32
    return total
