#include "decoding/word_aligner.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>

namespace ft {

namespace {

constexpr double frames_per_second = 50.0;
/// Probabilities that a trace may hold at once: some 64 MB.
constexpr int64_t trace_limit = int64_t{1} << 24;
/// Below this the heads do not follow the sound: n tokens in random order rise in a chain of some 2·√n.
constexpr float least_order = 0.5F;
/// Fewer tokens than this rise in order by chance.
constexpr int64_t least_tokens = 8;
/// Heads that are found share the work as the published ones do.
constexpr size_t most_found = 6;

}  // namespace

WordAligner::WordAligner(const WhisperModel& model, Backend& backend, Decoder& decoder)
    : model_(model),
      backend_(backend),
      decoder_(decoder),
      heads_(alignment_heads(model.packed().generation(), model.config())),
      candidates_(alignment_head_candidates(model.config())) {}

bool WordAligner::fits(const AlignRequest& request) const {
    const size_t length = request.prompt.size() + request.tokens.size() + 2;
    return !request.tokens.empty() && !request.prompt.empty() &&
           length <= static_cast<size_t>(model_.config().text_positions);
}

WordAligner::Texts WordAligner::read(std::span<const AlignRequest> requests) const {
    const GenerationConfig& special = model_.packed().generation();
    Texts texts;
    for (const AlignRequest& request : requests) {
        TracedText span;
        span.begin = static_cast<int64_t>(texts.inputs.size());
        const auto add = [&](int32_t token) {
            const auto position = static_cast<int32_t>(static_cast<int64_t>(texts.inputs.size()) - span.begin);
            texts.inputs.push_back({token, position, request.slot, request.window});
        };
        std::for_each(request.prompt.begin(), request.prompt.end(), add);
        add(special.no_timestamps);
        std::for_each(request.tokens.begin(), request.tokens.end(), add);
        add(special.end_of_text);
        span.size = static_cast<int64_t>(texts.inputs.size()) - span.begin;
        span.frames = std::clamp<int64_t>(std::llround(std::floor(request.duration_s * frames_per_second)), 1,
                                          model_.config().audio_positions);
        texts.spans.push_back(span);
    }
    return texts;
}

WordAligner::Matrix WordAligner::matrix_of(const AttentionTrace& trace, std::span<const int32_t> trace_heads,
                                           const AlignRequest& request, const TracedText& text) const {
    Matrix matrix;
    matrix.tokens = static_cast<int64_t>(request.tokens.size());
    matrix.frames = text.frames;
    matrix.values = backend_.alignment_matrix(trace, trace_heads, text);
    // The prompt's rows choose nothing of the text, and the last one comes after its end.
    const auto skipped = static_cast<ptrdiff_t>(static_cast<int64_t>(request.prompt.size()) * text.frames);
    matrix.values.erase(matrix.values.begin(), matrix.values.begin() + skipped);
    matrix.values.resize(static_cast<size_t>((matrix.tokens + 1) * text.frames));
    matrix.order = monotonicity(matrix.values, matrix.tokens, matrix.frames);
    return matrix;
}

/// The mean of the candidates whose own matrices rise most steadily.
WordAligner::Matrix WordAligner::with_found_heads(const AlignRequest& request) const {
    const Texts texts = read({&request, 1});
    const auto head_size = static_cast<int64_t>(texts.inputs.size()) * model_.config().audio_positions;
    const auto at_once = static_cast<size_t>(std::max<int64_t>(1, trace_limit / head_size));
    std::vector<Matrix> best;
    for (size_t first = 0; first < candidates_.size(); first += at_once) {
        const auto some = std::span(candidates_).subspan(first, std::min(at_once, candidates_.size() - first));
        const auto trace = decoder_.trace(texts.inputs, some);
        for (int32_t head = 0; head < static_cast<int32_t>(some.size()); ++head) {
            best.push_back(matrix_of(*trace, {&head, 1}, request, texts.spans[0]));
            std::stable_sort(best.begin(), best.end(),
                             [](const Matrix& a, const Matrix& b) { return a.order > b.order; });
            if (best.size() > most_found) best.pop_back();
        }
    }
    Matrix mean = std::move(best.front());
    for (size_t i = 1; i < best.size(); ++i) {
        std::transform(mean.values.begin(), mean.values.end(), best[i].values.begin(), mean.values.begin(),
                       [](float a, float b) { return a + b; });
    }
    mean.order = monotonicity(mean.values, mean.tokens, mean.frames);
    return mean;
}

void WordAligner::align_group(std::span<const AlignRequest> requests,
                              std::vector<std::vector<TokenFrames>>& results) const {
    std::vector<Matrix> matrices(requests.size());
    if (!heads_.empty()) {
        const Texts texts = read(requests);
        const auto trace = decoder_.trace(texts.inputs, heads_);
        std::vector<int32_t> all(heads_.size());
        std::iota(all.begin(), all.end(), 0);
        for (size_t i = 0; i < requests.size(); ++i) matrices[i] = matrix_of(*trace, all, requests[i], texts.spans[i]);
    }
    for (size_t i = 0; i < requests.size(); ++i) {
        Matrix& matrix = matrices[i];
        const auto tokens = static_cast<int64_t>(requests[i].tokens.size());
        if (heads_.empty() || (tokens >= least_tokens && matrix.order < least_order)) {
            Matrix found = with_found_heads(requests[i]);
            if (heads_.empty() || found.order > matrix.order) matrix = std::move(found);
        }
        results.push_back(align_tokens(matrix.values, matrix.tokens + 1, matrix.frames));
        results.back().pop_back();  // the end of the text has no time of its own
    }
}

std::vector<std::vector<TokenFrames>> WordAligner::align(std::span<const AlignRequest> requests) {
    std::vector<std::vector<TokenFrames>> results;
    for (size_t i = 0; i < requests.size();) {
        if (!fits(requests[i])) {
            results.emplace_back();
            ++i;
            continue;
        }
        size_t end = i;
        int64_t size = 0, rows = 0;
        const auto heads = static_cast<int64_t>(std::max<size_t>(1, heads_.size()));
        while (end < requests.size() && fits(requests[end])) {
            const auto more = static_cast<int64_t>(requests[end].prompt.size() + requests[end].tokens.size() + 2);
            rows += more;
            size += more * heads * model_.config().audio_positions;
            if (end > i && (size > trace_limit || rows > static_cast<int64_t>(most_rows_of_a_step))) break;
            ++end;
        }
        align_group(requests.subspan(i, end - i), results);
        i = end;
    }
    return results;
}

}  // namespace ft
