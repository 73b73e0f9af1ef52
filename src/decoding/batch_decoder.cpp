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

/// Of a window that is tried once, on the chance that it is speech after all: it will not be believed any more.
bool is_hopeless(const DecodeAttempt& attempt) {
    constexpr size_t enough_tokens = 24;
    constexpr double hopeless_logprob = -1.2;
    if (!attempt.task->request().once || attempt.search.over() || attempt.search.live().empty()) return false;
    if (attempt.no_speech_prob >= attempt.task->fallback().no_speech_threshold / 3) return true;
    return std::all_of(attempt.search.live().begin(), attempt.search.live().end(), [&](const Sequence& sequence) {
        const size_t tokens = sequence.tokens.size();
        return tokens >= enough_tokens && sequence.sum_logprob < hopeless_logprob * static_cast<double>(tokens);
    });
}

}  // namespace

BatchDecoder::BatchDecoder(const WhisperModel& model, Backend& backend, const Tokenizer& tokenizer, int slots)
    : model_(model),
      tokenizer_(tokenizer),
      decoder_(model, backend, slots),
      aligner_(model, backend, decoder_),
      rows_(slots) {}

int BatchDecoder::longest_text(const DecodeRequest& request) const {
    // Half of the context, as OpenAI's sample_len: a window of 30 s never needs more.
    const int room = model_.config().text_positions - static_cast<int>(request.prompt.size());
    return std::min(room, model_.config().text_positions / 2);
}

bool BatchDecoder::has_room(const DecodePlan& plan) const {
    return rows_.has_room(static_cast<size_t>(plan.width()));
}

std::vector<BatchDecoder::Name> BatchDecoder::limit_rows(int rows) {
    std::vector<Name> names;
    for (const TaskPtr& task : rows_.limit(static_cast<size_t>(std::max(rows, 1))))
        names.push_back({task->request().plan, task->request().id});
    return names;
}

std::optional<BatchDecoder::Name> BatchDecoder::take_out_last() {
    const TaskPtr last = rows_.take_out_newest();
    if (last == nullptr) return std::nullopt;
    return Name{last->request().plan, last->request().id};
}

void BatchDecoder::begin(TaskPtr task, size_t temperature, std::vector<int> slots) {
    Search search(task->request().plan->search, task->fallback().temperatures[temperature], slots,
                  task->rules().generation().end_of_text, longest_text(task->request()));
    rows_.add({std::move(task), temperature, std::move(slots), std::move(search)});
}

void BatchDecoder::add(DecodeRequest request) {
    if (request.plan->fallback.temperatures.empty())
        throw Error(ErrorCode::invalid_argument, "at least one temperature is needed");
    if (request.prompt.empty() || longest_text(request) < 8) {
        throw Error(ErrorCode::invalid_argument, "a prompt of {} tokens leaves no room for text: shorten it",
                    request.prompt.size());
    }
    const auto width = static_cast<size_t>(request.plan->width());
    if (width > rows_.slots()) {
        throw Error(ErrorCode::invalid_argument,
                    "{} texts side by side (beam_size, best_of) where the batch has room for {}", width, rows_.slots());
    }
    std::vector<int> slots = rows_.take(width);
    auto task = std::make_shared<DecodeTask>(std::move(request), arrivals_++);
    const size_t temperature = *task->begin_next();
    begin(std::move(task), temperature, std::move(slots));
}

void BatchDecoder::use_spare_slots() {
    for (size_t i = 0; i < rows_.attempts().size(); ++i) {
        const TaskPtr task = rows_.attempts()[i].task;
        const auto width = static_cast<size_t>(task->request().plan->width());
        if (!task->has_failed_once()) continue;
        while (rows_.has_spare(width)) {
            const std::optional<size_t> temperature = task->begin_next();
            if (!temperature) break;
            begin(task, *temperature, rows_.take(width));
        }
    }
}

/// Prompts first, so that nobody waits for long; whoever is too large for a step with others has one alone.
void BatchDecoder::choose_who_takes_part() {
    taking_part_.clear();
    size_t rows = 0;
    for (const bool prompt_read : {false, true}) {
        for (DecodeAttempt& attempt : rows_.attempts()) {
            if (attempt.prompt_read != prompt_read) continue;
            const size_t more =
                attempt.search.live().size() * (prompt_read ? 1 : attempt.task->request().prompt.size());
            if (rows > 0 && rows + more > most_rows_of_a_step) continue;
            rows += more;
            taking_part_.push_back(&attempt);
        }
    }
}

void BatchDecoder::collect_inputs() {
    inputs_.clear();
    items_.clear();
    token_rules_.clear();
    choose_who_takes_part();
    for (const DecodeAttempt* taking_part : taking_part_) {
        const DecodeAttempt& attempt = *taking_part;
        const DecodeRequest& request = attempt.task->request();
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

void BatchDecoder::take_choices(const std::vector<Choice>& choices) {
    size_t next = 0;
    for (DecodeAttempt* taking_part : taking_part_) {
        DecodeAttempt& attempt = *taking_part;
        const auto& prompt = attempt.task->request().prompt;
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

Hypothesis BatchDecoder::hypothesis_of(const DecodeAttempt& attempt) const {
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
    if (idle()) return;
    collect_inputs();
    decoder_.step(inputs_);
    take_choices(decoder_.choose(items_, token_rules_));
    std::vector<TaskPtr> changed;
    for (size_t i = rows_.attempts().size(); i-- > 0;) {
        const DecodeAttempt& attempt = rows_.attempts()[i];
        if (!attempt.search.over()) continue;
        const TaskPtr task = attempt.task;
        task->finish(attempt.temperature, hypothesis_of(attempt));
        if (std::find(changed.begin(), changed.end(), task) == changed.end()) changed.push_back(task);
        rows_.leave(i);
    }
    const auto begin_next = [&](const TaskPtr& task) {
        if (const std::optional<size_t> next = task->begin_next())
            begin(task, *next, rows_.take(static_cast<size_t>(task->request().plan->width())));
    };
    const size_t first_result = results.size();
    std::vector<TaskPtr> finished;
    for (const TaskPtr& task : changed) {
        if (std::optional<Hypothesis> settled = task->settled()) {
            results.push_back({task->request().plan, task->request().id, std::move(*settled)});
            rows_.leave_all_of(*task);
            finished.push_back(task);
        } else {
            begin_next(task);
        }
    }
    try {
        add_times(finished, std::span(results).subspan(first_result));
    } catch (const Error& error) {
        if (error.code() != ErrorCode::out_of_memory) throw;
        results.resize(first_result);
        for (const TaskPtr& task : finished) {
            task->start_again();
            begin_next(task);
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
void BatchDecoder::add_times(std::span<const TaskPtr> tasks, std::span<DecodeResult> results) {
    std::vector<AlignRequest> texts;
    std::vector<size_t> places;
    for (size_t i = 0; i < tasks.size(); ++i) {
        const DecodeRequest& request = tasks[i]->request();
        if (!request.plan->word_times || is_silent(results[i].hypothesis, request.plan->fallback)) continue;
        texts.push_back(text_of(request, results[i].hypothesis));
        texts.back().slot = rows_.free_slot(places.size());
        places.push_back(i);
    }
    if (texts.empty()) return;
    std::vector<std::vector<TokenFrames>> times = aligner_.align(texts);
    for (size_t i = 0; i < places.size(); ++i) results[places[i]].hypothesis.times = std::move(times[i]);
}

std::vector<float> BatchDecoder::language_probabilities(const GenerationConfig& generation, const CrossCache& window) {
    const int slot = rows_.borrow();  // its cache is read in this step only
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
