#pragma once
// The numbers of silero_vad_16k.safetensors, checked and laid out for the kernels in silero_kernels.h.
#include <filesystem>
#include <vector>

namespace ft {

struct alignas(64) Lanes16 {
    float at[16];
};

/// A matrix [k, 16 · panels] with a bias, in panels of 16 columns: a step over k reads one cache line of each panel.
struct PackedMatrix {
    int k = 0;
    int panels = 0;
    std::vector<Lanes16> weights;  ///< [panels, k]
    std::vector<Lanes16> bias;     ///< [panels]
};

constexpr int silero_fft = 256;     ///< samples of one spectrum
constexpr int silero_bins = 129;    ///< of one spectrum
constexpr int silero_columns = 4;   ///< spectra of a frame
constexpr int silero_hidden = 128;  ///< of the LSTM

/// Convolutions are matrices over (tap, input channel); taps that only ever meet zero padding are left out.
struct SileroWeights {
    std::vector<double> window;       ///< [256]; the file's STFT is this window times cosines and sines
    PackedMatrix conv1;               ///< 3 taps · 129 → 128
    PackedMatrix conv2;               ///< 3 taps · 128 → 64, stride 2
    PackedMatrix conv3;               ///< 2 taps · 64 → 64
    PackedMatrix conv4;               ///< 1 tap · 64 → 128
    PackedMatrix lstm_input;          ///< 128 → 4 · 128 gates (input, forget, cell, output), both biases
    PackedMatrix lstm_hidden;         ///< 128 → 4 · 128 gates, no bias
    std::vector<float> final_weight;  ///< [128]
    float final_bias = 0.0F;
};

/// Throws Error{not_found, permission, io} or Error{bad_model} when the file is not that network.
SileroWeights load_silero_weights(const std::filesystem::path& file);

}  // namespace ft
