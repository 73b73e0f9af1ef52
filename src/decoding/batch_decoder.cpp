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

/// A window and what its attempts, one a temperature, have come to.
struct BatchDecoder::Task {
    enum class State : uint8_t { waiting, running, done };

    explicit Task(DecodeRequest wanted)
        : request(std::move(wanted)),
          states(fallback().temperatures.size(), State::waiting),
          attempts(fallback().temperatures.size()) {}

    const FallbackOptions& fallback() const { return request.plan->fallback; }
    const LogitsRules& rules() const { return request.plan->rules; }

    /// The lowest temperature that nobody has begun; nothing when there is none.
    std::optional<size_t> begin_next() {
        const auto next = std::find(states.begin(), states.end(), State::waiting);
        if (next == states.end()) return std::nullopt;
        *next = State::running;
        return static_cast<size_t>(next - states.begin());
    }
    void finish(size_t attempt, Hypothesis hypothesis) {
        states[attempt] = State::done;
        attempts[attempt] = std::move(hypothesis);
    }
    bool has_failed_once() const { return states[0] == State::done; }

    /// What trying the temperatures in turn comes to: the first hypothesis that passes, or the best when none does;
    /// nothing while an attempt is missing that could still change it.
    std::optional<Hypothesis> settled() const {
        const Hypothesis* best = nullptr;
        for (size_t i = 0; i < attempts.size(); ++i) {
            if (states[i] != State::done) return std::nullopt;
            const bool failed = needs_fallback(attempts[i], fallback());
            if (!best || !failed || score(attempts[i], fallback()) > score(*best, fallback())) best = &attempts[i];
            if (!failed || i + 1 == attempts.size()) {
                Hypothesis result = *best;
                result.attempts = static_cast<int>(i) + 1;
                return result;
            }
        }
        return std::nullopt;
    }

    DecodeRequest request;
    std::vector<State> states;         // by temperature
    std::vector<Hypothesis> attempts;  // likewise, valid where done
};

struct BatchDecoder::Row {
    std::shared_ptr<Task> task;
    size_t attempt = 0;
    int slot = 0;
    std::vector<int32_t> tokens = {};
    std::vector<float> logprobs = {};
    double sum_logprob = 0.0;
    float no_speech_prob = 0.0F;
    bool prompt_read = false;
};

BatchDecoder::BatchDecoder(const WhisperModel& model, Backend& backend, const Tokenizer& tokenizer, int slots)
    : model_(model), tokenizer_(tokenizer), decoder_(model, backend, slots), aligner_(model, backend, decoder_) {
    for (int slot = slots; slot-- > 0;) free_slots_.push_back(slot);
}
BatchDecoder::~BatchDecoder() = default;

bool BatchDecoder::idle() const {
    return rows_.empty();
}

int BatchDecoder::rows() const {
    return static_cast<int>(rows_.size());
}

int BatchDecoder::longest_text(const DecodeRequest& request) const {
    // Half of the context, as OpenAI's sample_len: a window of 30 s never needs more.
    const int room = model_.config().text_positions - static_cast<int>(request.prompt.size());
    return std::min(room, model_.config().text_positions / 2);
}

/// Whether an attempt at a lower temperature is still under way, so that this one may turn out to be needless.
bool BatchDecoder::is_ahead(const Row& row) const {
    return std::any_of(rows_.begin(), rows_.end(),
                       [&](const Row& other) { return other.task == row.task && other.attempt < row.attempt; });
}

bool BatchDecoder::has_free_slot() const {
    return !free_slots_.empty() ||
           std::any_of(rows_.begin(), rows_.end(), [&](const Row& row) { return is_ahead(row); });
}

int BatchDecoder::rows_of(const DecodePlan* plan) const {
    return static_cast<int>(
        std::count_if(rows_.begin(), rows_.end(), [&](const Row& row) { return row.task->request.plan == plan; }));
}

void BatchDecoder::leave(size_t row) {
    free_slots_.push_back(rows_[row].slot);
    rows_.erase(rows_.begin() + static_cast<ptrdiff_t>(row));
}

void BatchDecoder::leave_all_of(const Task& task) {
    for (size_t i = rows_.size(); i-- > 0;) {
        if (rows_[i].task.get() == &task) leave(i);
    }
}

/// A free slot, or that of the attempt that is furthest ahead.
int BatchDecoder::take_slot() {
    if (free_slots_.empty()) {
        size_t furthest = rows_.size();
        for (size_t i = 0; i < rows_.size(); ++i) {
            if (is_ahead(rows_[i]) && (furthest == rows_.size() || rows_[i].attempt > rows_[furthest].attempt))
                furthest = i;
        }
        if (furthest == rows_.size()) throw Error(ErrorCode::internal, "the batch is full");
        rows_[furthest].task->states[rows_[furthest].attempt] = Task::State::waiting;
        leave(furthest);
    }
    const int slot = free_slots_.back();
    free_slots_.pop_back();
    return slot;
}

void BatchDecoder::add(DecodeRequest request) {
    if (request.plan->fallback.temperatures.empty())
        throw Error(ErrorCode::invalid_argument, "at least one temperature is needed");
    if (request.prompt.empty() || longest_text(request) < 8) {
        throw Error(ErrorCode::invalid_argument, "a prompt of {} tokens leaves no room for text: shorten it",
                    request.prompt.size());
    }
    const int slot = take_slot();
    auto task = std::make_shared<Task>(std::move(request));
    const size_t attempt = *task->begin_next();
    rows_.push_back({std::move(task), attempt, slot});
}

void BatchDecoder::use_spare_slots() {
    for (size_t i = 0; i < rows_.size() && !free_slots_.empty(); ++i) {
        const std::shared_ptr<Task> task = rows_[i].task;
        if (!task->has_failed_once()) continue;
        while (!free_slots_.empty()) {
            const std::optional<size_t> attempt = task->begin_next();
            if (!attempt) break;
            rows_.push_back({task, *attempt, take_slot()});
        }
    }
}

void BatchDecoder::remove(const DecodePlan* plan) {
    for (size_t i = rows_.size(); i-- > 0;) {
        if (rows_[i].task->request.plan == plan) leave(i);
    }
}

void BatchDecoder::collect_inputs() {
    inputs_.clear();
    items_.clear();
    token_rules_.clear();
    for (const Row& row : rows_) {
        const DecodeRequest& request = row.task->request;
        const GenerationConfig& special = row.task->rules().generation();
        const auto& prompt = request.prompt;
        if (!row.prompt_read) {
            for (size_t i = 0; i < prompt.size(); ++i) {
                // Silence is judged where the transcript starts, whatever the prompt says after it.
                if (prompt[i] == special.start_of_transcript) {
                    TokenRule probe;
                    probe.probe = special.no_speech;
                    items_.push_back(static_cast<int32_t>(inputs_.size()));
                    token_rules_.push_back(probe);
                }
                inputs_.push_back({prompt[i], static_cast<int32_t>(i), row.slot, request.window.get()});
            }
        } else {
            const auto position = static_cast<int32_t>(prompt.size() + row.tokens.size() - 1);
            inputs_.push_back({row.tokens.back(), position, row.slot, request.window.get()});
        }
        items_.push_back(static_cast<int32_t>(inputs_.size()) - 1);
        TokenRule rule = row.task->rules().next(row.tokens);
        rule.temperature = row.task->fallback().temperatures[row.attempt];
        rule.uniform = random_uniform(request.plan->seed, request.id, row.attempt, row.tokens.size());
        token_rules_.push_back(rule);
    }
}

void BatchDecoder::take_choices(const std::vector<Choice>& choices) {
    size_t next = 0;
    for (Row& row : rows_) {
        if (!row.prompt_read) {
            const int32_t start = row.task->rules().generation().start_of_transcript;
            for (const int32_t token : row.task->request.prompt) {
                if (token == start) row.no_speech_prob = choices[next++].probe_probability;
            }
            row.prompt_read = true;
        }
        const Candidate& best = choices[next++].best;
        row.sum_logprob += best.log_probability;
        row.tokens.push_back(best.token);
        row.logprobs.push_back(best.log_probability);
    }
}

bool BatchDecoder::is_attempt_over(const Row& row, bool& looped) const {
    const bool ended = row.tokens.back() == row.task->rules().generation().end_of_text;
    looped = !ended && row.tokens.size() % 8 == 0 && ends_in_loop(row.tokens);
    return ended || looped || static_cast<int>(row.tokens.size()) >= longest_text(row.task->request);
}

Hypothesis BatchDecoder::hypothesis_of(const Row& row, bool looped) const {
    const GenerationConfig& special = row.task->rules().generation();
    Hypothesis hypothesis;
    hypothesis.tokens = row.tokens;
    if (!hypothesis.tokens.empty() && hypothesis.tokens.back() == special.end_of_text) hypothesis.tokens.pop_back();
    hypothesis.logprobs.assign(row.logprobs.begin(), row.logprobs.begin() + static_cast<ptrdiff_t>(hypothesis.tokens.size()));
    hypothesis.temperature = row.task->fallback().temperatures[row.attempt];
    hypothesis.avg_logprob = static_cast<float>(row.sum_logprob / static_cast<double>(hypothesis.tokens.size() + 1));
    hypothesis.compression_ratio = static_cast<float>(compression_ratio(tokenizer_.decode(hypothesis.tokens)));
    hypothesis.no_speech_prob = row.no_speech_prob;
    hypothesis.looped = looped;
    hypothesis.silence =
        std::find(hypothesis.tokens.begin(), hypothesis.tokens.end(), special.no_speech) != hypothesis.tokens.end();
    return hypothesis;
}

void BatchDecoder::step(std::vector<DecodeResult>& results) {
    if (rows_.empty()) return;
    collect_inputs();
    decoder_.step(inputs_);
    take_choices(decoder_.choose(items_, token_rules_));
    std::vector<std::shared_ptr<Task>> changed;
    for (size_t i = 0; i < rows_.size();) {
        bool looped = false;
        if (!is_attempt_over(rows_[i], looped)) {
            ++i;
            continue;
        }
        const std::shared_ptr<Task> task = rows_[i].task;
        task->finish(rows_[i].attempt, hypothesis_of(rows_[i], looped));
        if (std::find(changed.begin(), changed.end(), task) == changed.end()) changed.push_back(task);
        if (const std::optional<size_t> next = task->begin_next()) {
            rows_[i] = {task, *next, rows_[i].slot};
            ++i;
        } else {
            leave(i);
        }
    }
    const size_t first_result = results.size();
    std::vector<std::shared_ptr<Task>> finished;
    for (const std::shared_ptr<Task>& task : changed) {
        std::optional<Hypothesis> settled = task->settled();
        if (!settled) continue;
        results.push_back({task->request.plan, task->request.id, std::move(*settled)});
        leave_all_of(*task);
        finished.push_back(task);
    }
    add_times(finished, std::span(results).subspan(first_result));
}

AlignRequest BatchDecoder::text_of(const DecodeRequest& request, const Hypothesis& hypothesis) const {
    const GenerationConfig& special = request.plan->rules.generation();
    AlignRequest text;
    text.window = request.window.get();
    text.duration_s = request.duration_s;
    text.prompt.assign(std::find(request.prompt.begin(), request.prompt.end(), special.start_of_transcript),
                       request.prompt.end());
    if (!text.prompt.empty() && text.prompt.back() == special.no_timestamps) text.prompt.pop_back();
    for (const int32_t token : hypothesis.tokens) {
        if (!tokenizer_.is_special(token)) text.tokens.push_back(token);
    }
    return text;
}

/// In the slots that the finished windows have left.
void BatchDecoder::add_times(std::span<const std::shared_ptr<Task>> tasks, std::span<DecodeResult> results) {
    std::vector<AlignRequest> texts;
    std::vector<size_t> places;
    for (size_t i = 0; i < tasks.size(); ++i) {
        const DecodeRequest& request = tasks[i]->request;
        if (!request.plan->word_times || is_silent(results[i].hypothesis, request.plan->fallback)) continue;
        texts.push_back(text_of(request, results[i].hypothesis));
        texts.back().slot = free_slots_[free_slots_.size() - texts.size()];
        places.push_back(i);
    }
    if (texts.empty()) return;
    std::vector<std::vector<TokenFrames>> times = aligner_.align(texts);
    for (size_t i = 0; i < places.size(); ++i) results[places[i]].hypothesis.times = std::move(times[i]);
}

std::vector<float> BatchDecoder::language_probabilities(const GenerationConfig& generation, const CrossCache& window) {
    const int slot = take_slot();
    free_slots_.push_back(slot);  // its cache is read in this step only
    const DecoderInput input{generation.start_of_transcript, 0, slot, &window};
    decoder_.step({&input, 1});
    const int32_t item = 0;
    const std::vector<float> logits = decoder_.logits({&item, 1});
    std::vector<float> probabilities;
    for (const auto& [code, token] : generation.languages) probabilities.push_back(logits[static_cast<size_t>(token)]);
    if (probabilities.empty()) return probabilities;
    const float highest = *std::max_element(probabilities.begin(), probabilities.end());
    float total = 0.0F;
    for (float& value : probabilities) total += value = std::exp(value - highest);
    for (float& value : probabilities) value /= total;
    return probabilities;
}

}  // namespace ft
