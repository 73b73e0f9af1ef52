#include "audio/downmix.h"

#include <algorithm>
#include <numeric>

namespace ft {

namespace {

// Relative to the energy of the same channels if they were unrelated; two equal channels in phase give 2.
constexpr double cancelled_below = 0.2;
constexpr double restored_above = 0.5;
// Mean square per sample below which a block says nothing about polarity (about -100 dB).
constexpr double silence = 1e-10;

double inner_product(const std::vector<float>& a, const std::vector<float>& b, size_t count) {
    double sum = 0;
    for (size_t i = 0; i < count; ++i) sum += static_cast<double>(a[i]) * b[i];
    return sum;
}

float weight_of(ChannelRole role) {
    switch (role) {
        case ChannelRole::plain:
            return 1.0f;
        case ChannelRole::centre:
            return 1.0f;
        case ChannelRole::front:
            return 0.7f;
        case ChannelRole::surround:
            return 0.5f;
        case ChannelRole::low_frequency:
            return 0.1f;
    }
    return 1.0f;
}

}  // namespace

std::vector<float> downmix_weights(std::span<const ChannelRole> roles) {
    std::vector<float> weights;
    for (const ChannelRole role : roles) weights.push_back(weight_of(role));
    const float sum = std::accumulate(weights.begin(), weights.end(), 0.0f);
    for (float& weight : weights) weight /= sum;
    return weights;
}

Downmixer::Downmixer(std::vector<float> weights, int rate)
    : weights_(std::move(weights)),
      signs_(weights_.size(), 1.0f),
      gains_(weights_),
      block_size_(static_cast<size_t>(std::max(1, rate / 20))),
      ramp_(static_cast<size_t>(std::max(1, rate / 100))) {
    block_.assign(weights_.size(), std::vector<float>(block_size_));
}

void Downmixer::push(std::span<const float* const> channels, size_t count, std::vector<float>& mono) {
    if (weights_.size() == 1) {
        mono.insert(mono.end(), channels[0], channels[0] + count);
        return;
    }
    for (size_t done = 0; done < count;) {
        const size_t part = std::min(count - done, block_size_ - filled_);
        for (size_t c = 0; c < weights_.size(); ++c) {
            std::copy_n(channels[c] + done, part, block_[c].begin() + static_cast<ptrdiff_t>(filled_));
        }
        filled_ += part;
        done += part;
        if (filled_ == block_size_) emit_block(mono);
    }
}

void Downmixer::flush(std::vector<float>& mono) {
    if (filled_ > 0) emit_block(mono);
}

double Downmixer::mixed_energy(std::span<const float> signs) const {
    double energy = 0;
    for (size_t i = 0; i < filled_; ++i) {
        float sum = 0;
        for (size_t c = 0; c < weights_.size(); ++c) sum += signs[c] * weights_[c] * block_[c][i];
        energy += static_cast<double>(sum) * sum;
    }
    return energy;
}

void Downmixer::choose_signs() {
    double unrelated = 0;
    size_t loudest = 0;
    double loudest_energy = -1;
    for (size_t c = 0; c < weights_.size(); ++c) {
        const double energy = weights_[c] * weights_[c] * inner_product(block_[c], block_[c], filled_);
        unrelated += energy;
        if (energy > loudest_energy) {
            loudest = c;
            loudest_energy = energy;
        }
    }
    if (unrelated <= silence * static_cast<double>(filled_)) return;
    const std::vector<float> plain(weights_.size(), 1.0f);
    const double plain_energy = mixed_energy(plain);
    if (plain_energy > restored_above * unrelated) {
        signs_ = plain;
        return;
    }
    const double kept = signs_ == plain ? plain_energy : mixed_energy(signs_);
    if (kept >= cancelled_below * unrelated) return;
    for (size_t c = 0; c < weights_.size(); ++c) {
        signs_[c] = inner_product(block_[c], block_[loudest], filled_) < 0 ? -1.0f : 1.0f;
    }
    // Which of two poles is "right" cannot be known; the first channel keeps its own, whichever is louder just now.
    if (signs_[0] < 0) {
        for (float& sign : signs_) sign = -sign;
    }
}

void Downmixer::emit_block(std::vector<float>& mono) {
    choose_signs();
    const size_t start = mono.size();
    mono.resize(start + filled_, 0.0f);
    float* out = mono.data() + start;
    for (size_t c = 0; c < weights_.size(); ++c) {
        const float* in = block_[c].data();
        const float target = weights_[c] * signs_[c];
        const float from = started_ ? gains_[c] : target;
        const size_t gliding = from == target ? 0 : std::min(ramp_, filled_);
        for (size_t i = 0; i < gliding; ++i) {
            out[i] += in[i] * (from + (target - from) * static_cast<float>(i + 1) / static_cast<float>(ramp_));
        }
        for (size_t i = gliding; i < filled_; ++i) out[i] += in[i] * target;
        gains_[c] = target;
    }
    started_ = true;
    filled_ = 0;
}

}  // namespace ft
