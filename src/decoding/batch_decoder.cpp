#include "decoding/batch_decoder.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "decoding/compression_ratio.h"

namespace ft {

namespace {

/// A number in [0, 1) from what it is for, not from when it is drawn: the same text at any batch size (splitmix64).
float random_uniform(uint64_t seed, int64_t stream, size_t attempt, size_t text, size_t position) {
    uint64_t x = seed;
    // The text joins the attempt's number, so that one text alone draws as ever.
    for (const uint64_t part : {static_cast<uint64_t>(stream), static_cast<uint64_t>(attempt + (text << 32)),
                                static_cast<uint64_t>(position)}) {
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
          states(request.once ? 1 : fallback().temperatures.size(), State::waiting),
          attempts(states.size()) {}

    const FallbackOptions& fallback() const { return request.plan->fallback; }
    const LogitsRules& rules() const { return request.plan->rules; }

    /// Temperatures to try. Where the first text fails and the model hears no speech, guesses are not worth many.
    size_t ladder() const {
        constexpr size_t enough = 3;
        const bool doubted = has_failed_once() && sounds_like_no_speech(attempts[0], fallback());
        return doubted ? std::min(enough, states.size()) : states.size();
    }
    /// The lowest temperature that nobody has begun; nothing when there is none.
    std::optional<size_t> begin_next() {
        const auto end = states.begin() + static_cast<ptrdiff_t>(ladder());
        const auto next = std::find(states.begin(), end, State::waiting);
        if (next == end) return std::nullopt;
        *next = State::running;
        return static_cast<size_t>(next - states.begin());
    }
    void start_again() { std::fill(states.begin(), states.end(), State::waiting); }
    void finish(size_t attempt, Hypothesis hypothesis) {
        states[attempt] = State::done;
        attempts[attempt] = std::move(hypothesis);
    }
    bool has_failed_once() const { return states[0] == State::done; }

    /// What trying the temperatures in turn comes to: the first hypothesis that passes, or the best when none does;
    /// nothing while an attempt is missing that could still change it.
    std::optional<Hypothesis> settled() const {
        const Hypothesis* best = nullptr;
        const size_t last = ladder();
        for (size_t i = 0; i < last; ++i) {
            if (states[i] != State::done) return std::nullopt;
            const bool failed = needs_fallback(attempts[i], fallback());
            if (!best || !failed || score(attempts[i], fallback()) > score(*best, fallback())) best = &attempts[i];
            if (!failed || i + 1 == last) {
                Hypothesis result = *best;
                result.attempts = static_cast<int>(i) + 1;
                return result;
            }
        }
        return std::nullopt;
    }

    DecodeRequest request;
    int64_t arrival = 0;
    std::vector<State> states;         // by temperature
    std::vector<Hypothesis> attempts;  // likewise, valid where done
};

/// One temperature of a task, and its rows of the batch.
struct BatchDecoder::Attempt {
    std::shared_ptr<Task> task;
    size_t temperature = 0;  // index
    std::vector<int> slots;
    Search search;
    float no_speech_prob = 0.0F;
    bool prompt_read = false;
};

BatchDecoder::BatchDecoder(const WhisperModel& model, Backend& backend, const Tokenizer& tokenizer, int slots)
    : model_(model),
      tokenizer_(tokenizer),
      decoder_(model, backend, slots),
      aligner_(model, backend, decoder_),
      slots_(static_cast<size_t>(slots)),
      row_limit_(slots_) {
    for (int slot = slots; slot-- > 0;) free_slots_.push_back(slot);
}
BatchDecoder::~BatchDecoder() = default;

bool BatchDecoder::idle() const {
    return attempts_.empty();
}

int BatchDecoder::rows() const {
    return static_cast<int>(slots_ - free_slots_.size());
}

int BatchDecoder::longest_text(const DecodeRequest& request) const {
    // Half of the context, as OpenAI's sample_len: a window of 30 s never needs more.
    const int room = model_.config().text_positions - static_cast<int>(request.prompt.size());
    return std::min(room, model_.config().text_positions / 2);
}

/// Whether an attempt at a lower temperature is still under way, so that this one may turn out to be needless.
bool BatchDecoder::is_ahead(const Attempt& attempt) const {
    return std::any_of(attempts_.begin(), attempts_.end(), [&](const Attempt& other) {
        return other.task == attempt.task && other.temperature < attempt.temperature;
    });
}

int BatchDecoder::rows_needed() const {
    size_t rows = 0;
    for (const Attempt& attempt : attempts_) rows += is_ahead(attempt) ? 0 : attempt.slots.size();
    return static_cast<int>(rows);
}

bool BatchDecoder::has_room(const DecodePlan& plan) const {
    const size_t others = static_cast<size_t>(rows_needed()), all = others + static_cast<size_t>(plan.width());
    return all <= slots_ && (others == 0 || all <= row_limit_);
}

int BatchDecoder::rows_of(const DecodePlan* plan) const {
    size_t rows = 0;
    for (const Attempt& attempt : attempts_) rows += attempt.task->request.plan == plan ? attempt.slots.size() : 0;
    return static_cast<int>(rows);
}

void BatchDecoder::leave(size_t attempt) {
    const std::vector<int>& slots = attempts_[attempt].slots;
    free_slots_.insert(free_slots_.end(), slots.begin(), slots.end());
    attempts_.erase(attempts_.begin() + static_cast<ptrdiff_t>(attempt));
}

void BatchDecoder::leave_all_of(const Task& task) {
    for (size_t i = attempts_.size(); i-- > 0;) {
        if (attempts_[i].task.get() == &task) leave(i);
    }
}

/// Of all attempts that may be needless, the one at the highest temperature; false when there is none.
bool BatchDecoder::drop_furthest_guess() {
    size_t furthest = attempts_.size();
    for (size_t i = 0; i < attempts_.size(); ++i) {
        if (!is_ahead(attempts_[i])) continue;
        if (furthest == attempts_.size() || attempts_[i].temperature > attempts_[furthest].temperature) furthest = i;
    }
    if (furthest == attempts_.size()) return false;
    attempts_[furthest].task->states[attempts_[furthest].temperature] = Task::State::waiting;
    leave(furthest);
    return true;
}

/// Free slots, or those of the attempts that are furthest ahead.
std::vector<int> BatchDecoder::take_slots(int count) {
    const auto wanted = static_cast<size_t>(count);
    while (static_cast<size_t>(rows()) + wanted > row_limit_ && drop_furthest_guess()) continue;
    if (free_slots_.size() < wanted) throw Error(ErrorCode::internal, "the batch is full");
    const auto first = free_slots_.end() - count;
    std::vector<int> slots(first, free_slots_.end());
    free_slots_.erase(first, free_slots_.end());
    return slots;
}

std::shared_ptr<BatchDecoder::Task> BatchDecoder::newest_task() const {
    const auto newest = std::max_element(attempts_.begin(), attempts_.end(), [](const Attempt& a, const Attempt& b) {
        return a.task->arrival < b.task->arrival;
    });
    return newest == attempts_.end() ? nullptr : newest->task;
}

std::vector<BatchDecoder::Name> BatchDecoder::limit_rows(int rows) {
    row_limit_ = std::min(slots_, static_cast<size_t>(std::max(rows, 1)));
    while (static_cast<size_t>(this->rows()) > row_limit_ && drop_furthest_guess()) continue;
    std::vector<Name> left;
    while (static_cast<size_t>(this->rows()) > row_limit_) {
        const std::shared_ptr<Task> newest = newest_task();
        const bool alone = std::all_of(attempts_.begin(), attempts_.end(),
                                       [&](const Attempt& attempt) { return attempt.task == newest; });
        if (alone) break;
        left.push_back({newest->request.plan, newest->request.id});
        leave_all_of(*newest);
    }
    std::reverse(left.begin(), left.end());
    return left;
}

std::optional<BatchDecoder::Name> BatchDecoder::take_out_last() {
    const std::shared_ptr<Task> last = newest_task();
    if (last == nullptr) return std::nullopt;
    leave_all_of(*last);
    return Name{last->request.plan, last->request.id};
}

void BatchDecoder::begin(std::shared_ptr<Task> task, size_t temperature, std::vector<int> slots) {
    Search search(task->request.plan->search, task->fallback().temperatures[temperature], slots,
                  task->rules().generation().end_of_text, longest_text(task->request));
    attempts_.push_back({std::move(task), temperature, std::move(slots), std::move(search)});
}

void BatchDecoder::add(DecodeRequest request) {
    if (request.plan->fallback.temperatures.empty())
        throw Error(ErrorCode::invalid_argument, "at least one temperature is needed");
    if (request.prompt.empty() || longest_text(request) < 8) {
        throw Error(ErrorCode::invalid_argument, "a prompt of {} tokens leaves no room for text: shorten it",
                    request.prompt.size());
    }
    const int width = request.plan->width();
    if (static_cast<size_t>(width) > slots_) {
        throw Error(ErrorCode::invalid_argument,
                    "{} texts side by side (beam_size, best_of) where the batch has room for {}", width, slots_);
    }
    std::vector<int> slots = take_slots(width);
    auto task = std::make_shared<Task>(std::move(request));
    task->arrival = arrivals_++;
    const size_t temperature = *task->begin_next();
    begin(std::move(task), temperature, std::move(slots));
}

void BatchDecoder::use_spare_slots() {
    for (size_t i = 0; i < attempts_.size(); ++i) {
        const std::shared_ptr<Task> task = attempts_[i].task;
        const int width = task->request.plan->width();
        if (!task->has_failed_once()) continue;
        while (free_slots_.size() >= static_cast<size_t>(width) && static_cast<size_t>(rows() + width) <= row_limit_) {
            const std::optional<size_t> temperature = task->begin_next();
            if (!temperature) break;
            begin(task, *temperature, take_slots(width));
        }
    }
}

void BatchDecoder::remove(const DecodePlan* plan) {
    for (size_t i = attempts_.size(); i-- > 0;) {
        if (attempts_[i].task->request.plan == plan) leave(i);
    }
}

void BatchDecoder::collect_inputs() {
    inputs_.clear();
    items_.clear();
    token_rules_.clear();
    for (const Attempt& attempt : attempts_) {
        const DecodeRequest& request = attempt.task->request;
        const GenerationConfig& special = attempt.task->rules().generation();
        const auto& prompt = request.prompt;
        size_t text = 0;
        for (const Sequence& sequence : attempt.search.live()) {
            if (!attempt.prompt_read) {
                for (size_t i = 0; i < prompt.size(); ++i) {
                    // Silence is judged where the transcript starts, whatever the prompt says after it.
                    if (prompt[i] == special.start_of_transcript) {
                        TokenRule probe;
                        probe.probe = special.no_speech;
                        items_.push_back(static_cast<int32_t>(inputs_.size()));
                        token_rules_.push_back(probe);
                    }
                    inputs_.push_back({prompt[i], static_cast<int32_t>(i), sequence.slot, request.window.get()});
                }
            } else {
                const auto position = static_cast<int32_t>(prompt.size() + sequence.tokens.size() - 1);
                inputs_.push_back({sequence.tokens.back(), position, sequence.slot, request.window.get()});
            }
            TokenRule rule = attempt.task->rules().next(sequence.tokens);
            rule.temperature = attempt.task->fallback().temperatures[attempt.temperature];
            rule.top = attempt.search.top();
            for (int draw = 0; draw < attempt.search.draws(); ++draw) {
                items_.push_back(static_cast<int32_t>(inputs_.size()) - 1);
                rule.uniform = random_uniform(request.plan->seed, request.stream, attempt.temperature, text++,
                                              sequence.tokens.size());
                token_rules_.push_back(rule);
            }
        }
    }
}

/// Of a window that is tried once, on the chance that it is speech after all: it will not be believed any more.
bool BatchDecoder::is_hopeless(const Attempt& attempt) const {
    constexpr size_t enough_tokens = 24;
    constexpr double hopeless_logprob = -1.2;
    if (!attempt.task->request.once || attempt.search.over() || attempt.search.live().empty()) return false;
    if (attempt.no_speech_prob >= attempt.task->fallback().no_speech_threshold / 3) return true;
    return std::all_of(attempt.search.live().begin(), attempt.search.live().end(), [&](const Sequence& sequence) {
        const size_t tokens = sequence.tokens.size();
        return tokens >= enough_tokens && sequence.sum_logprob < hopeless_logprob * static_cast<double>(tokens);
    });
}

void BatchDecoder::take_choices(const std::vector<Choice>& choices) {
    size_t next = 0;
    for (Attempt& attempt : attempts_) {
        const auto& prompt = attempt.task->request.prompt;
        if (!attempt.prompt_read) {
            const int32_t start = attempt.task->rules().generation().start_of_transcript;
            for (const int32_t token : prompt) {
                if (token == start) attempt.no_speech_prob = choices[next++].probe_probability;
            }
            attempt.prompt_read = true;
        }
        const size_t count = attempt.search.live().size() * static_cast<size_t>(attempt.search.draws());
        const std::vector<SlotCopy> copies = attempt.search.advance(std::span(choices).subspan(next, count));
        next += count;
        if (is_hopeless(attempt)) {
            attempt.search.give_up();
            continue;
        }
        if (copies.empty()) continue;
        const auto past = static_cast<int>(prompt.size() + attempt.search.live().front().tokens.size()) - 1;
        for (const SlotCopy& copy : copies) decoder_.copy_slot(copy.from, copy.to, past);
    }
}

Hypothesis BatchDecoder::hypothesis_of(const Attempt& attempt) const {
    const GenerationConfig& special = attempt.task->rules().generation();
    Search::Found found = attempt.search.best();
    Hypothesis hypothesis;
    hypothesis.tokens = std::move(found.tokens);
    if (!hypothesis.tokens.empty() && hypothesis.tokens.back() == special.end_of_text) hypothesis.tokens.pop_back();
    found.logprobs.resize(hypothesis.tokens.size());
    hypothesis.logprobs = std::move(found.logprobs);
    hypothesis.temperature = attempt.task->fallback().temperatures[attempt.temperature];
    hypothesis.avg_logprob = static_cast<float>(found.sum_logprob / static_cast<double>(hypothesis.tokens.size() + 1));
    hypothesis.compression_ratio = static_cast<float>(compression_ratio(tokenizer_.decode(hypothesis.tokens)));
    hypothesis.no_speech_prob = attempt.no_speech_prob;
    hypothesis.looped = found.looped;
    hypothesis.silence =
        std::find(hypothesis.tokens.begin(), hypothesis.tokens.end(), special.no_speech) != hypothesis.tokens.end();
    return hypothesis;
}

void BatchDecoder::step(std::vector<DecodeResult>& results) {
    if (attempts_.empty()) return;
    collect_inputs();
    decoder_.step(inputs_);
    take_choices(decoder_.choose(items_, token_rules_));
    std::vector<std::shared_ptr<Task>> changed;
    for (size_t i = attempts_.size(); i-- > 0;) {
        if (!attempts_[i].search.over()) continue;
        const std::shared_ptr<Task> task = attempts_[i].task;
        task->finish(attempts_[i].temperature, hypothesis_of(attempts_[i]));
        if (std::find(changed.begin(), changed.end(), task) == changed.end()) changed.push_back(task);
        leave(i);
    }
    const size_t first_result = results.size();
    std::vector<std::shared_ptr<Task>> finished;
    for (const std::shared_ptr<Task>& task : changed) {
        if (std::optional<Hypothesis> settled = task->settled()) {
            results.push_back({task->request.plan, task->request.id, std::move(*settled)});
            leave_all_of(*task);
            finished.push_back(task);
        } else if (const std::optional<size_t> next = task->begin_next()) {
            begin(task, *next, take_slots(task->request.plan->width()));
        }
    }
    try {
        add_times(finished, std::span(results).subspan(first_result));
    } catch (const Error& error) {
        if (error.code() != ErrorCode::out_of_memory) throw;
        results.resize(first_result);
        for (const std::shared_ptr<Task>& task : finished) {
            task->start_again();
            begin(task, *task->begin_next(), take_slots(task->request.plan->width()));
        }
        throw;
    }
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
    const int slot = take_slots(1).front();
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
