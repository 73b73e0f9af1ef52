#include "speech/silero_weights.h"

#include <cmath>
#include <cstring>
#include <numbers>
#include <string>

#include "base/error.h"
#include "base/mapped_file.h"
#include "base/safetensors.h"

namespace ft {

namespace {

class Reader {
  public:
    explicit Reader(const std::filesystem::path& path)
        : path_(path.string()), file_(path), header_(parse_safetensors(file_.bytes(), path_)) {}

    std::vector<float> read(const std::string& name, const std::vector<int64_t>& shape) const {
        const SafetensorsEntry* entry = header_.find(name);
        if (entry == nullptr) fail("tensor \"" + name + "\" is missing");
        if (entry->dtype != "F32" || entry->shape != shape) fail("tensor \"" + name + "\" has another type or shape");
        std::vector<float> values(entry->size() / sizeof(float));  // the header's check: the shape fits the bytes
        std::memcpy(values.data(), file_.bytes().data() + entry->begin, entry->size());
        for (const float value : values) {
            if (!std::isfinite(value)) fail("tensor \"" + name + "\" holds something that is no number");
        }
        return values;
    }

    [[noreturn]] void fail(const std::string& what) const {
        throw Error(
            ErrorCode::bad_model,
            "{}: is not Silero's voice detector for 16 kHz (silero_vad_16k.safetensors, version 5 or 6): {}; get "
            "that file again",
            path_, what);
    }

  private:
    std::string path_;
    MappedFile file_;
    SafetensorsHeader header_;
};

/// weight: [n, channels, taps]; takes taps first_tap … first_tap + used_taps − 1.
PackedMatrix pack(const std::vector<float>& weight, const std::vector<float>& bias, int channels, int taps,
                  int first_tap, int used_taps) {
    PackedMatrix packed;
    packed.panels = static_cast<int>(bias.size()) / 16;
    packed.k = channels * used_taps;
    packed.weights.resize(static_cast<size_t>(packed.panels) * static_cast<size_t>(packed.k));
    packed.bias.resize(static_cast<size_t>(packed.panels));
    for (int n = 0; n < packed.panels * 16; ++n) {
        const size_t panel = static_cast<size_t>(n / 16), lane = static_cast<size_t>(n % 16);
        packed.bias[panel].at[lane] = bias[static_cast<size_t>(n)];
        for (int tap = 0; tap < used_taps; ++tap) {
            for (int c = 0; c < channels; ++c) {
                const size_t row = panel * static_cast<size_t>(packed.k) + static_cast<size_t>(tap * channels + c);
                packed.weights[row].at[lane] = weight[static_cast<size_t>((n * channels + c) * taps + first_tap + tap)];
            }
        }
    }
    return packed;
}

PackedMatrix read_convolution(const Reader& reader, const std::string& name, int out, int in, int first_tap,
                              int used_taps) {
    constexpr int taps = 3;
    return pack(reader.read(name + ".weight", {out, in, taps}), reader.read(name + ".bias", {out}), in, taps, first_tap,
                used_taps);
}

/// The file holds the short-time Fourier transform as a convolution. We compute it as an FFT, a tenth of the work, so
/// it must really be one: bin k is window · cos and ± window · sin of 2πkn/256.
std::vector<double> read_window(const Reader& reader) {
    const std::vector<float> basis = reader.read("stft_conv.weight", {2 * silero_bins, 1, silero_fft});
    std::vector<double> window(basis.begin(), basis.begin() + silero_fft);  // bin 0: cos 0 = 1
    for (size_t k = 0; k < silero_bins; ++k) {
        for (size_t n = 0; n < silero_fft; ++n) {
            const double angle = 2.0 * std::numbers::pi * static_cast<double>(k * n % silero_fft) / silero_fft;
            const double cosine = basis[k * silero_fft + n], sine = basis[(silero_bins + k) * silero_fft + n];
            if (std::abs(cosine - window[n] * std::cos(angle)) > 1e-5 ||
                std::abs(sine + window[n] * std::sin(angle)) > 1e-5) {
                reader.fail("its first layer is no Fourier transform");
            }
        }
    }
    return window;
}

}  // namespace

SileroWeights load_silero_weights(const std::filesystem::path& file) {
    const Reader reader(file);
    constexpr int gates = 4 * silero_hidden;
    SileroWeights weights;
    weights.window = read_window(reader);
    weights.conv1 = read_convolution(reader, "conv1", 128, silero_bins, 0, 3);
    weights.conv2 = read_convolution(reader, "conv2", 64, 128, 0, 3);
    // Only one column is left from here on, and padding around it: conv3 sees it with taps 1 and 2, conv4 with tap 1.
    weights.conv3 = read_convolution(reader, "conv3", 64, 64, 1, 2);
    weights.conv4 = read_convolution(reader, "conv4", silero_hidden, 64, 1, 1);
    std::vector<float> bias = reader.read("lstm_cell.bias_ih", {gates});
    const std::vector<float> hidden_bias = reader.read("lstm_cell.bias_hh", {gates});
    for (size_t i = 0; i < bias.size(); ++i) bias[i] += hidden_bias[i];
    weights.lstm_input = pack(reader.read("lstm_cell.weight_ih", {gates, silero_hidden}), bias, silero_hidden, 1, 0, 1);
    weights.lstm_hidden = pack(reader.read("lstm_cell.weight_hh", {gates, silero_hidden}), std::vector<float>(gates),
                               silero_hidden, 1, 0, 1);
    weights.final_weight = reader.read("final_conv.weight", {1, silero_hidden, 1});
    weights.final_bias = reader.read("final_conv.bias", {1})[0];
    return weights;
}

}  // namespace ft
