#pragma once
// What the tests of this folder share: a signal known at every instant, files made by hand, and comparison.
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "audio/audio_reader.h"
#include "base/testing/temporary_folder.h"

namespace ft::test {

/// Voice-like, below 3 kHz, never the same twice within 20 s: the true value at `t_s`, in [-0.6, 0.6].
double signal(double t_s);

/// signal() sampled at 16 kHz.
std::vector<float> reference(double length_s);

/// value(channel, t_s) sampled; interleaved s16, little-endian.
std::string pcm_s16(int rate, int channels, double length_s, const std::function<double(int, double)>& value);

/// A wav around samples; `tag` and `bits` as in its format chunk (1: integers, 3: floats, 6: A-law, 7: µ-law).
/// `declared_bytes`: what its headers say about the samples' length, when that is to be a lie.
std::string wav(int rate, int channels, const std::string& samples, int tag = 1, int bits = 16,
                int64_t declared_bytes = -1);

/// A wav of signal() on every channel.
std::string signal_wav(int rate, int channels, double length_s);

/// A QuickTime file with 16-bit mono samples and its index at the end. `external` makes it a file whose samples lie in
/// another file; `start_s` begins it with an empty edit.
std::string mov(int rate, const std::string& samples, const std::string& external = {}, double start_s = 0);

struct Match {
    double correlation = 0;  // best one
    int lag = 0;             // samples at 16 kHz by which `got` is late
};

/// Where `got` fits `expected` best within ±`reach` samples.
Match match(const std::vector<float>& got, const std::vector<float>& expected, int reach = 1000);

double rms(const std::vector<float>& samples, size_t begin, size_t end);

/// True when the ffmpeg command is installed.
bool has_ffmpeg();

/// Runs `ffmpeg ARGUMENTS`; true when it succeeded.
bool ffmpeg(const std::string& arguments);

/// Expects an Error{bad_media} from opening or reading whose text has both words; returns the text.
std::string expect_refused(const std::string& path, const std::string& word);

}  // namespace ft::test
