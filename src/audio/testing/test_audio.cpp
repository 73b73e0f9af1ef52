#include "audio/testing/test_audio.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <numbers>

#include "base/error.h"
#include "base/file.h"

namespace ft::test {

namespace {

void little(std::string& out, uint64_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i) & 0xFF);
}

void big(std::string& out, uint64_t value, int bytes) {
    for (int i = bytes - 1; i >= 0; --i) out += static_cast<char>(value >> (8 * i) & 0xFF);
}

std::string atom(const char* type, const std::string& content) {
    std::string out;
    big(out, content.size() + 8, 4);
    return out + type + content;
}

std::string numbers_atom(const char* type, std::initializer_list<uint32_t> numbers) {
    std::string content;
    for (const uint32_t number : numbers) big(content, number, 4);
    return atom(type, content);
}

/// An alias record with an absolute path (its item of kind 2), as QuickTime wrote them.
std::string alias(const std::string& path) {
    std::string content(4, '\0');  // version, flags: not in this file
    content.append(10, '\0');
    content += '\6' + std::string("volume") + std::string(21, '\0');  // name of the volume, length first
    content.append(12, '\0');
    content += '\4' + std::string("name") + std::string(59, '\0');  // name of the file
    content.append(16, '\0');
    big(content, 1, 2);
    big(content, 1, 2);
    content.append(16, '\0');
    big(content, 2, 2);
    big(content, path.size(), 2);
    content += path;
    if (path.size() % 2 != 0) content += '\0';
    big(content, 0xFFFF, 2);
    return atom("alis", content);
}

std::string sample_table(int rate, uint32_t count, uint32_t offset) {
    std::string entry(6, '\0');  // reserved
    big(entry, 1, 2);            // data reference
    entry.append(8, '\0');
    big(entry, 1, 2);  // channels
    big(entry, 16, 2);
    entry.append(4, '\0');
    big(entry, static_cast<uint64_t>(rate) << 16, 4);
    std::string description(4, '\0');
    big(description, 1, 4);
    description += atom("sowt", entry);
    return atom("stbl", atom("stsd", description) + numbers_atom("stts", {0, 1, count, 1}) +
                            numbers_atom("stsc", {0, 1, 1, count, 1}) + numbers_atom("stsz", {0, 2, count}) +
                            numbers_atom("stco", {0, 1, offset}));
}

}  // namespace

double signal(double t) {
    constexpr double tau = 2 * std::numbers::pi;
    const double phase = tau * (140 * t - 30 / (tau * 0.7) * std::cos(tau * 0.7 * t));
    double sum = 0;
    for (int k = 1; k <= 8; ++k) sum += std::sin(k * phase + k * k) / (1 + 0.4 * k);
    const double loudness = 0.55 + 0.45 * std::sin(tau * (2.3 * t + 0.1 * t * t));
    return 0.12 * sum * loudness + 0.15 * std::sin(tau * (300 * t + 65 * t * t));
}

std::vector<float> reference(double length_s) {
    std::vector<float> samples(static_cast<size_t>(std::llround(length_s * sample_rate)));
    for (size_t i = 0; i < samples.size(); ++i)
        samples[i] = static_cast<float>(signal(static_cast<double>(i) / sample_rate));
    return samples;
}

std::string pcm_s16(int rate, int channels, double length_s, const std::function<double(int, double)>& value) {
    std::string out;
    const int64_t count = std::llround(length_s * rate);
    for (int64_t i = 0; i < count; ++i) {
        for (int c = 0; c < channels; ++c) {
            const double sample = value(c, static_cast<double>(i) / rate);
            little(out, static_cast<uint64_t>(std::clamp(std::lround(sample * 32767), -32768L, 32767L)), 2);
        }
    }
    return out;
}

std::string wav(int rate, int channels, const std::string& samples, int tag, int bits, int64_t declared_bytes) {
    const auto length =
        static_cast<uint64_t>(declared_bytes < 0 ? static_cast<int64_t>(samples.size()) : declared_bytes);
    const int frame = channels * bits / 8;
    std::string out = "RIFF";
    little(out, std::min<uint64_t>(36 + length, 0xFFFFFFFF), 4);
    out += "WAVEfmt ";
    little(out, 16, 4);
    little(out, static_cast<uint64_t>(tag), 2);
    little(out, static_cast<uint64_t>(channels), 2);
    little(out, static_cast<uint64_t>(rate), 4);
    little(out, static_cast<uint64_t>(rate) * static_cast<uint64_t>(frame), 4);
    little(out, static_cast<uint64_t>(frame), 2);
    little(out, static_cast<uint64_t>(bits), 2);
    out += "data";
    little(out, length, 4);
    return out + samples;
}

std::string signal_wav(int rate, int channels, double length_s) {
    return wav(rate, channels, pcm_s16(rate, channels, length_s, [](int, double t) { return signal(t); }));
}

std::string mov(int rate, const std::string& samples, const std::string& external, double start_s) {
    const auto count = static_cast<uint32_t>(samples.size() / 2);
    const std::string type = atom("ftyp", std::string("qt  ") + std::string(4, '\0') + "qt  ");
    const std::string data = atom("mdat", external.empty() ? samples : std::string());
    const auto first = external.empty() ? static_cast<uint32_t>(type.size() + 8) : 0u;
    const std::string matrix("\0\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x40\0\0\0", 36);
    const auto units = static_cast<uint32_t>(rate);
    const auto start = static_cast<uint32_t>(std::lround(start_s * rate));

    std::string references(4, '\0');
    big(references, 1, 4);
    references += external.empty() ? numbers_atom("url ", {1}) : alias(external);
    const std::string handler(std::string(8, '\0') + "soun" + std::string(13, '\0'));
    const std::string media =
        atom("mdia", numbers_atom("mdhd", {0, 0, 0, units, count, 0}) + atom("hdlr", handler) +
                         atom("minf", numbers_atom("smhd", {0, 0}) + atom("dinf", atom("dref", references)) +
                                          sample_table(rate, count, first)));
    std::string track_header;
    for (const uint32_t number : {1u, 0u, 0u, 1u, 0u, count + start, 0u, 0u, 0u, 0x01000000u})
        big(track_header, number, 4);
    track_header += matrix + std::string(8, '\0');
    std::string edits;
    if (start > 0) {
        edits = atom("edts", numbers_atom("elst", {0, 2, start, 0xFFFFFFFF, 0x10000, count, 0, 0x10000}));
    }
    std::string movie_header;
    for (const uint32_t number : {0u, 0u, 0u, units, count + start, 0x10000u, 0x01000000u, 0u, 0u}) {
        big(movie_header, number, 4);
    }
    movie_header += matrix + std::string(24, '\0') + std::string("\0\0\0\2", 4);
    return type + data +
           atom("moov", atom("mvhd", movie_header) + atom("trak", atom("tkhd", track_header) + edits + media));
}

Match match(const std::vector<float>& got, const std::vector<float>& expected, int reach) {
    Match best{-2, 0};
    for (int lag = -reach; lag <= reach; ++lag) {
        double product = 0;
        double got_energy = 1e-12;
        double expected_energy = 1e-12;
        for (size_t i = static_cast<size_t>(reach); i < expected.size(); i += 3) {
            const auto at = static_cast<size_t>(static_cast<int64_t>(i) + lag);  // i begins at `reach`: never below 0
            const double value = at < got.size() ? got[at] : 0.0;
            product += value * expected[i];
            got_energy += value * value;
            expected_energy += static_cast<double>(expected[i]) * expected[i];
        }
        const double correlation = product / std::sqrt(got_energy * expected_energy);
        if (correlation > best.correlation) best = {correlation, lag};
    }
    return best;
}

double rms(const std::vector<float>& samples, size_t begin, size_t end) {
    double sum = 0;
    end = std::min(end, samples.size());
    for (size_t i = begin; i < end; ++i) sum += static_cast<double>(samples[i]) * samples[i];
    return end > begin ? std::sqrt(sum / static_cast<double>(end - begin)) : 0;
}

bool has_ffmpeg() {
    return std::system("command -v ffmpeg >/dev/null 2>&1") == 0;
}

bool ffmpeg(const std::string& arguments) {
    return std::system(("ffmpeg -nostdin -v error -y " + arguments).c_str()) == 0;
}

std::string expect_refused(const std::string& path, const std::string& word) {
    try {
        read_all(*AudioReader::open(path));
        ADD_FAILURE() << path << " was taken for audio";
    } catch (const Error& error) {
        const std::string text = error.what();
        EXPECT_EQ(error.code(), ErrorCode::bad_media) << text;
        EXPECT_NE(text.find(path), std::string::npos) << text;
        EXPECT_NE(text.find(word), std::string::npos) << text;
        EXPECT_EQ(text.find('\n'), std::string::npos) << text;
        return text;
    }
    return {};
}

}  // namespace ft::test
