#include "decoding/batch_decoder.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "decoding/compression_ratio.h"

namespace ft {

namespace {

/// A number in [0, 1) from what it is for, not from when it is drawn: the same text at any batch size (splitmix64).
float random_uniform(uint64_t seed, int64_t window, size_t attempt, size_t position) {
    uint64_t x = seed;
    for (const uint64_t part :
         {static_cast<uint64_t>(window), static_cast<uint64_t>(attempt), static_cast<uint64_t>(position)}) {
        x += 0x9E3779B97F4A7C15ULL + part;
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ULL;
        x = (x ^ (x >> 27)) * 0x94D049BB133111EBULL;
        x ^= x >> 31;
    }
    return static_cast<float>(x >> 40) * 0x1p-24F;
}

}  // namespace

BatchDecoder::BatchDecoder(const WhisperModel& model, Backend& backend, const Tokenizer& tokenizer, LogitsRules rules,
                           FallbackOptions options, int slots, uint64_t seed)
    : model_(model),
      tokenizer_(tokenizer),
      rules_(std::move(rules)),
      options_(std::move(options)),
      seed_(seed),
      decoder_(model, backend, slots) {
    if (options_.temperatures.empty()) throw Error(ErrorCode::invalid_argument, "at least one temperature is needed");
    for (int slot = slots; slot-- > 0;) free_slots_.push_back(slot);
}

int BatchDecoder::longest_text(const Row& row) const {
    // Half of the context, as OpenAI's sample_len: a window of 30 s never needs more.
    const int room = model_.config().text_positions - static_cast<int>(row.request.prompt.size());
    return std::min(room, model_.config().text_positions / 2);
}

void BatchDecoder::add(DecodeRequest request) {
    if (free_slots_.empty()) throw Error(ErrorCode::internal, "the batch is full");
    Row row;
    row.request = std::move(request);
    if (row.request.prompt.empty() || longest_text(row) < 8) {
        throw Error(ErrorCode::invalid_argument, "a prompt of {} tokens leaves no room for text: shorten it",
                    row.request.prompt.size());
    }
    row.slot = free_slots_.back();
    free_slots_.pop_back();
    rows_.push_back(std::move(row));
}

void BatchDecoder::collect_inputs() {
    inputs_.clear();
    items_.clear();
    token_rules_.clear();
    const int32_t start = rules_.generation().start_of_transcript;
    for (const Row& row : rows_) {
        const auto& prompt = row.request.prompt;
        if (!row.prompt_read) {
            for (size_t i = 0; i < prompt.size(); ++i) {
                // Silence is judged where the transcript starts, whatever the prompt says after it.
                if (prompt[i] == start) {
                    TokenRule probe;
                    probe.probe = rules_.generation().no_speech;
                    items_.push_back(static_cast<int32_t>(inputs_.size()));
                    token_rules_.push_back(probe);
                }
                inputs_.push_back({prompt[i], static_cast<int32_t>(i), row.slot, row.request.window.get()});
            }
        } else {
            const auto position = static_cast<int32_t>(prompt.size() + row.tokens.size() - 1);
            inputs_.push_back({row.tokens.back(), position, row.slot, row.request.window.get()});
        }
        items_.push_back(static_cast<int32_t>(inputs_.size()) - 1);
        TokenRule rule = rules_.next(row.tokens);
        rule.temperature = options_.temperatures[row.attempt];
        rule.uniform = random_uniform(seed_, row.request.id, row.attempt, row.tokens.size());
        token_rules_.push_back(rule);
    }
}

void BatchDecoder::take_choices(const std::vector<Choice>& choices) {
    const int32_t start = rules_.generation().start_of_transcript;
    size_t next = 0;
    for (Row& row : rows_) {
        if (!row.prompt_read) {
            for (const int32_t token : row.request.prompt) {
                if (token == start) row.no_speech_prob = choices[next++].probe_probability;
            }
            row.prompt_read = true;
        }
        const Candidate& best = choices[next++].best;
        row.sum_logprob += best.log_probability;
        row.tokens.push_back(best.token);
    }
}

void BatchDecoder::restart(Row& row) {
    ++row.attempt;
    row.tokens.clear();
    row.sum_logprob = 0.0;
    row.prompt_read = false;
}

bool BatchDecoder::finish_attempt(Row& row, bool looped) {
    Hypothesis hypothesis;
    hypothesis.tokens = row.tokens;
    if (!hypothesis.tokens.empty() && hypothesis.tokens.back() == rules_.generation().end_of_text)
        hypothesis.tokens.pop_back();
    hypothesis.temperature = options_.temperatures[row.attempt];
    hypothesis.avg_logprob = static_cast<float>(row.sum_logprob / static_cast<double>(hypothesis.tokens.size() + 1));
    hypothesis.compression_ratio = static_cast<float>(compression_ratio(tokenizer_.decode(hypothesis.tokens)));
    hypothesis.no_speech_prob = row.no_speech_prob;
    hypothesis.looped = looped;
    const int32_t no_speech = rules_.generation().no_speech;
    hypothesis.silence =
        std::find(hypothesis.tokens.begin(), hypothesis.tokens.end(), no_speech) != hypothesis.tokens.end();
    hypothesis.attempts = static_cast<int>(row.attempt) + 1;

    const bool failed = needs_fallback(hypothesis, options_);
    if (!row.has_best || !failed || is_better(hypothesis, row.best, options_)) row.best = std::move(hypothesis);
    row.has_best = true;
    if (!failed || row.attempt + 1 == options_.temperatures.size()) {
        row.best.attempts = static_cast<int>(row.attempt) + 1;
        return true;
    }
    restart(row);
    return false;
}

void BatchDecoder::step(std::vector<DecodeResult>& results) {
    if (rows_.empty()) return;
    collect_inputs();
    decoder_.step(inputs_);
    take_choices(decoder_.choose(items_, token_rules_));
    for (size_t i = 0; i < rows_.size();) {
        Row& row = rows_[i];
        const bool ended = row.tokens.back() == rules_.generation().end_of_text;
        const bool looped = !ended && row.tokens.size() % 8 == 0 && ends_in_loop(row.tokens);
        const bool full = static_cast<int>(row.tokens.size()) >= longest_text(row);
        if ((ended || looped || full) && finish_attempt(row, looped)) {
            results.push_back({row.request.id, std::move(row.best)});
            free_slots_.push_back(row.slot);
            rows_.erase(rows_.begin() + static_cast<long>(i));
        } else {
            ++i;
        }
    }
}

std::vector<float> BatchDecoder::language_probabilities(const CrossCache& window) {
    if (free_slots_.empty()) throw Error(ErrorCode::internal, "the batch is full");
    const DecoderInput input{rules_.generation().start_of_transcript, 0, free_slots_.back(), &window};
    decoder_.step({&input, 1});
    const int32_t item = 0;
    const std::vector<float> logits = decoder_.logits({&item, 1});
    std::vector<float> probabilities;
    for (const auto& [code, token] : rules_.generation().languages)
        probabilities.push_back(logits[static_cast<size_t>(token)]);
    if (probabilities.empty()) return probabilities;
    const float highest = *std::max_element(probabilities.begin(), probabilities.end());
    float total = 0.0F;
    for (float& value : probabilities) total += value = std::exp(value - highest);
    for (float& value : probabilities) value /= total;
    return probabilities;
}

}  // namespace ft
