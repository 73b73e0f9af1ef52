// The decoder's operations: what the host knows goes to the device in small arrays, then kernels start.
#include <algorithm>
#include <map>
#include <set>

#include "backends/cuda/backend_class.h"

namespace ft::FT_GPU {

template <typename T>
std::unique_ptr<SelfCache> GpuBackend<T>::make_self_cache(int layers, int rows, int positions, int d) {
    check(layers > 0 && rows > 0 && positions > 0 && d > 0, "make_self_cache: an empty cache");
    auto cache = std::make_unique<GpuSelfCache<T>>();
    cache->layers = layers;
    cache->rows = rows;
    cache->positions = positions;
    cache->d = d;
    const size_t bytes = sizeof(T) * static_cast<size_t>(cache->layer(layers));
    cache->keys = DeviceMemory(device_, bytes);
    cache->values = DeviceMemory(device_, bytes);
    return cache;
}

template <typename T>
void GpuBackend<T>::embed(const Weight& table, const Weight& positions, std::span<const int32_t> tokens,
                          std::span<const int32_t> position, Tensor& out) {
    const GpuWeight& words = as_gpu(table, WeightKind::embedding);
    const GpuWeight& places = as_gpu(positions, WeightKind::positions);
    check(places.shape[1] == words.shape[1], "embed: the tables do not fit each other");
    check(tokens.size() == position.size(), "embed: one position a token");
    for (size_t i = 0; i < tokens.size(); ++i) {
        check(tokens[i] >= 0 && tokens[i] < words.shape[0], "embed: no such token");
        check(position[i] >= 0 && position[i] < places.shape[0], "embed: no such position");
    }
    float* result = data_to_write(out, {static_cast<int64_t>(tokens.size()), words.shape[1]});
    const auto run = [&]<typename W>(const W* values) {
        FT_GPU::embed(device_, values, words.scale(), places.values<float>(), tokens_.send(device_, tokens),
                      positions_.send(device_, position), result, static_cast<int>(tokens.size()),
                      static_cast<int>(words.shape[1]));
    };
    if (words.layout.form == Form::bytes) {
        run(words.values<i8>());
    } else {
        run(words.values<T>());
    }
}

namespace {

/// Items of one slot share its past.
AttentionReach reach_of(std::span<const int32_t> slots, std::span<const int32_t> positions) {
    AttentionReach reach;
    std::map<int32_t, int32_t> longest;
    for (size_t i = 0; i < slots.size(); ++i) {
        reach.pairs += positions[i] + 1;
        longest[slots[i]] = std::max(longest[slots[i]], positions[i] + 1);
    }
    for (const auto& [slot, count] : longest) reach.positions += count;
    return reach;
}

/// Items on one window share it.
AttentionReach reach_of(std::span<const CrossCache* const> caches, const std::vector<int32_t>& lengths) {
    AttentionReach reach;
    std::set<const CrossCache*> seen;
    for (size_t i = 0; i < caches.size(); ++i) {
        reach.pairs += lengths[i];
        if (seen.insert(caches[i]).second) reach.positions += lengths[i];
    }
    return reach;
}

}  // namespace

template <typename T>
void GpuBackend<T>::self_attention_step(const Tensor& qkv, int heads, int layer, SelfCache& cache,
                                        std::span<const int32_t> slots, std::span<const int32_t> positions,
                                        Tensor& out) {
    auto* past = dynamic_cast<GpuSelfCache<T>*>(&cache);
    check(past != nullptr, "a self cache belongs to another backend");
    check(qkv.shape.size() == 2 && qkv.cols() == int64_t{3} * past->d,
          "self_attention_step: qkv does not fit the cache");
    check_heads(past->d, heads);
    check(layer >= 0 && layer < past->layers, "self_attention_step: no such layer");
    const auto items = static_cast<size_t>(qkv.rows());
    check(slots.size() == items && positions.size() == items, "self_attention_step: one slot and position an item");
    for (size_t i = 0; i < items; ++i) {
        check(slots[i] >= 0 && slots[i] < past->rows, "self_attention_step: no such slot");
        check(positions[i] >= 0 && positions[i] < past->positions, "self_attention_step: no such position");
    }
    AttentionReach reach;
    if (device_.counts_work()) reach = reach_of(slots, positions);
    self_attention(device_, data_of(qkv), past->keys.template as<T>() + past->layer(layer),
                   past->values.template as<T>() + past->layer(layer), slots_.send(device_, slots),
                   positions_.send(device_, positions), data_to_write(out, {qkv.rows(), past->d}),
                   static_cast<int>(items), heads, past->positions, reach);
}

template <typename T>
void GpuBackend<T>::copy_slot(SelfCache& cache, int from, int to, int positions) {
    auto* past = dynamic_cast<GpuSelfCache<T>*>(&cache);
    check(past != nullptr, "a self cache belongs to another backend");
    check(from >= 0 && from < past->rows && to >= 0 && to < past->rows, "copy_slot: no such slot");
    check(positions >= 0 && positions <= past->positions, "copy_slot: more positions than there are");
    if (from == to) return;
    for (const DeviceMemory* half : {&past->keys, &past->values}) {
        FT_GPU::copy_slot(device_, half->template as<T>(), past->layers, past->rows, past->positions, past->d, from, to,
                          positions);
    }
}

template <typename T>
typename GpuBackend<T>::Windows GpuBackend<T>::windows_of(std::span<const CrossCache* const> caches, int heads,
                                                          int layer, int64_t d) {
    std::vector<WindowView> views;
    Windows windows;
    for (const CrossCache* cache : caches) {
        const auto* window = dynamic_cast<const GpuCrossCache<T>*>(cache);
        check(window != nullptr && window->d == d && window->heads == heads, "a cross cache of another model");
        check(layer >= 0 && layer < window->layers, "a cross cache has no such layer");
        views.push_back({window->memory.template as<T>(), window->scales.template as<float>(), window->t});
        windows.equal = windows.equal && window->t == views.front().t;
        windows.longest = std::max(windows.longest, window->t);
    }
    if (device_.counts_work()) {
        std::vector<int32_t> lengths;
        for (const WindowView& view : views) lengths.push_back(view.t);
        windows.reach = reach_of(caches, lengths);
    }
    windows.views = views_.send(device_, std::span<const WindowView>(views));
    return windows;
}

template <typename T>
const int32_t* GpuBackend<T>::slots_of_heads(std::span<const int32_t> heads_wanted, int heads) {
    if (heads_wanted.empty()) return nullptr;
    std::vector<int32_t> slot(static_cast<size_t>(heads), -1);
    for (size_t i = 0; i < heads_wanted.size(); ++i) {
        check(heads_wanted[i] >= 0 && heads_wanted[i] < heads, "cross attention: no such head");
        int32_t& place = slot[static_cast<size_t>(heads_wanted[i])];
        check(place < 0, "cross attention: a head is wanted twice");
        place = static_cast<int32_t>(i);
    }
    return heads_.send(device_, std::span<const int32_t>(slot));
}

template <typename T>
void GpuBackend<T>::hear(const Tensor& q, int heads, int layer, const Windows& windows, float* out,
                         const ProbabilityTarget& target) {
    const auto attend = in_bytes() ? cross_attention<i8> : cross_attention<T>;
    attend(device_, data_of(q), windows.views, layer, out, static_cast<int>(q.rows()), heads, windows.longest, target,
           windows.reach);
}

template <typename T>
void GpuBackend<T>::cross_attention_step(const Tensor& q, int heads, int layer,
                                         std::span<const CrossCache* const> caches, Tensor& out,
                                         std::span<const int32_t> heads_wanted, std::vector<float>* weights) {
    check(q.shape.size() == 2 && static_cast<int64_t>(caches.size()) == q.rows(), "cross_attention: one cache an item");
    check_heads(q.cols(), heads);
    check(heads_wanted.empty() || weights != nullptr, "cross_attention_step: nowhere to put the weights");
    Windows windows = windows_of(caches, heads, layer, q.cols());
    windows.reach.probabilities = windows.reach.pairs * static_cast<double>(heads_wanted.size());
    ProbabilityTarget target;
    target.slot_of_head = slots_of_heads(heads_wanted, heads);
    const size_t count = caches.size() * heads_wanted.size() * static_cast<size_t>(windows.longest);
    if (!heads_wanted.empty()) {
        check(windows.equal, "cross_attention_step: weights of windows of different length");
        target.out = weights_.at_least<float>(device_, count);
        target.head_stride = windows.longest;
        target.item_stride = target.head_stride * static_cast<int64_t>(heads_wanted.size());
    }
    hear(q, heads, layer, windows, data_to_write(out, q.shape), target);
    if (heads_wanted.empty()) return;
    const size_t before = weights->size();
    weights->resize(before + count);
    device_.read(weights->data() + before, target.out, count * sizeof(float));
}

template <typename T>
std::unique_ptr<AttentionTrace> GpuBackend<T>::make_attention_trace(int64_t items, int heads) {
    check(items > 0 && heads > 0, "make_attention_trace: an empty trace");
    auto trace = std::make_unique<GpuAttentionTrace>();
    trace->items = items;
    trace->written.resize(static_cast<size_t>(heads));
    return trace;
}

template <typename T>
void GpuBackend<T>::cross_attention_trace(const Tensor& q, int heads, int layer,
                                          std::span<const CrossCache* const> caches,
                                          std::span<const int32_t> heads_wanted, AttentionTrace& trace, int first_head,
                                          Tensor& out) {
    auto* kept = dynamic_cast<GpuAttentionTrace*>(&trace);
    check(kept != nullptr && kept->items == static_cast<int64_t>(caches.size()) && kept->items == q.rows(),
          "cross_attention_trace: a trace of other texts");
    check(!heads_wanted.empty() && first_head >= 0 && first_head + heads_wanted.size() <= kept->written.size(),
          "cross_attention_trace: the trace has no room for the heads");
    check_heads(q.cols(), heads);
    Windows windows = windows_of(caches, heads, layer, q.cols());
    windows.reach.probabilities = windows.reach.pairs * static_cast<double>(heads_wanted.size());
    check(windows.equal && (kept->t == 0 || kept->t == windows.longest),
          "cross_attention_trace: windows of different length");
    const int64_t a_head = kept->items * windows.longest;
    if (kept->t == 0) {
        kept->t = windows.longest;
        kept->probabilities = DeviceMemory(device_, sizeof(float) * kept->written.size() * static_cast<size_t>(a_head));
    }
    const ProbabilityTarget target{slots_of_heads(heads_wanted, heads),
                                   kept->probabilities.as<float>() + first_head * a_head, kept->t, a_head};
    hear(q, heads, layer, windows, data_to_write(out, q.shape), target);
    for (size_t i = 0; i < heads_wanted.size(); ++i) kept->written[static_cast<size_t>(first_head) + i] = true;
}

template <typename T>
std::vector<float> GpuBackend<T>::alignment_matrix(const AttentionTrace& trace, std::span<const int32_t> trace_heads,
                                                   const TracedText& text) {
    const auto* kept = dynamic_cast<const GpuAttentionTrace*>(&trace);
    check(kept != nullptr && !trace_heads.empty(), "alignment_matrix: a trace of another backend, or no heads");
    check(text.begin >= 0 && text.size > 0 && text.begin + text.size <= kept->items, "alignment_matrix: no such items");
    check(text.frames > 0 && text.frames <= kept->t, "alignment_matrix: no such frames");
    for (const int32_t head : trace_heads) {
        check(head >= 0 && static_cast<size_t>(head) < kept->written.size() && kept->written[static_cast<size_t>(head)],
              "alignment_matrix: a head was not traced");
    }
    std::vector<float> matrix(static_cast<size_t>(text.size * text.frames));
    AlignmentCall call;
    call.probabilities = kept->probabilities.as<float>();
    call.items = kept->items;
    call.t = kept->t;
    call.heads = heads_.send(device_, trace_heads);
    call.head_count = static_cast<int>(trace_heads.size());
    call.begin = static_cast<int>(text.begin);
    call.size = static_cast<int>(text.size);
    call.frames = static_cast<int>(text.frames);
    call.scratch = scratch_.at_least<float>(device_, matrix.size() * trace_heads.size());
    call.matrix = matrix_.at_least<float>(device_, matrix.size());
    FT_GPU::alignment_matrix(device_, call);
    device_.read(matrix.data(), call.matrix, matrix.size() * sizeof(float));
    return matrix;
}

template <typename T>
const float* GpuBackend<T>::compute_logits(const Tensor& x, const Weight& norm, const Weight& table,
                                           std::span<const int32_t> items) {
    const GpuWeight& gain = as_gpu(norm, WeightKind::norm);
    const GpuWeight& words = as_gpu(table, WeightKind::embedding);
    check(x.shape.size() == 2 && x.cols() == words.shape[1] && x.cols() == gain.shape[0],
          "logits: x does not fit the weights");
    for (const int32_t item : items) check(item >= 0 && item < x.rows(), "logits: no such row");
    LinearCall<T, T, float> call;
    call.out = logits_.at_least<float>(device_, items.size() * static_cast<size_t>(words.shape[0]));
    multiply({data_of(x), items_.send(device_, items), static_cast<int>(items.size()), &gain}, words, call);
    return call.out;
}

template <typename T>
std::vector<float> GpuBackend<T>::logits(const Tensor& x, const Weight& norm, const Weight& table,
                                         std::span<const int32_t> items) {
    const float* values = compute_logits(x, norm, table, items);
    std::vector<float> result(items.size() * static_cast<size_t>(as_gpu(table, WeightKind::embedding).shape[0]));
    device_.read(result.data(), values, result.size() * sizeof(float));
    return result;
}

template <typename T>
const RuleView* GpuBackend<T>::upload_rules(std::span<const TokenRule> rules, int64_t vocabulary) {
    const size_t words = (static_cast<size_t>(vocabulary) + 63) / 64;
    std::vector<const std::vector<uint64_t>*> sets;  // each goes to the device once
    std::vector<uint64_t> bits;
    for (const TokenRule& rule : rules) {
        check(rule.top >= 1 && rule.top <= most_candidates, "choose_tokens: top must be 1 to 32");
        check(rule.probe < vocabulary, "choose_tokens: the probe is no token");
        if (rule.suppressed == nullptr || std::find(sets.begin(), sets.end(), rule.suppressed) != sets.end()) continue;
        check(rule.suppressed->size() >= words, "choose_tokens: the bit set is shorter than the vocabulary");
        sets.push_back(rule.suppressed);
        bits.insert(bits.end(), rule.suppressed->begin(), rule.suppressed->begin() + static_cast<ptrdiff_t>(words));
    }
    const uint64_t* first = bits_.send(device_, std::span<const uint64_t>(bits));
    std::vector<RuleView> views;
    for (const TokenRule& rule : rules) {
        RuleView& view = views.emplace_back();
        if (rule.suppressed != nullptr) {
            const auto set = std::find(sets.begin(), sets.end(), rule.suppressed) - sets.begin();
            view.suppressed = first + static_cast<size_t>(set) * words;
        }
        for (int i = 0; i < 4; ++i) {
            view.forbidden[i][0] = rule.forbidden[i].begin;
            view.forbidden[i][1] = rule.forbidden[i].end;
        }
        view.timestamp_begin = rule.timestamp_begin;
        view.probe = rule.probe;
        view.temperature = rule.temperature;
        view.uniform = rule.uniform;
        view.top = rule.top;
    }
    return rules_.send(device_, std::span<const RuleView>(views));
}

namespace {

Choice choice_of(const ChoiceView& view) {
    check(view.status != ChoiceView::not_finite,
          "choose_tokens: the logits are not finite, the model or its input is damaged");
    check(view.status != ChoiceView::nothing_allowed, "choose_tokens: the rules allow no token");
    Choice choice;
    choice.best = {view.token, view.log_probability};
    choice.probe_probability = view.probe_probability;
    for (int32_t i = 0; i < view.candidates; ++i)
        choice.candidates.push_back({view.candidate_token[i], view.candidate_log_probability[i]});
    return choice;
}

}  // namespace

template <typename T>
std::vector<Choice> GpuBackend<T>::choose_tokens(const Tensor& x, const Weight& norm, const Weight& table,
                                                 std::span<const int32_t> items, std::span<const TokenRule> rules) {
    check(items.size() == rules.size(), "choose_tokens: one rule an item");
    const int64_t vocabulary = as_gpu(table, WeightKind::embedding).shape[0];
    const float* logits = compute_logits(x, norm, table, items);
    const RuleView* on_device = upload_rules(rules, vocabulary);
    auto* results = choices_.at_least<ChoiceView>(device_, items.size());
    FT_GPU::choose_tokens(device_, logits, on_device, results, static_cast<int>(items.size()),
                          static_cast<int>(vocabulary));
    std::vector<ChoiceView> views(items.size());
    device_.read(views.data(), results, views.size() * sizeof(ChoiceView));
    std::vector<Choice> choices;
    for (const ChoiceView& view : views) choices.push_back(choice_of(view));
    return choices;
}

template class GpuBackend<float>;
template class GpuBackend<f16>;

}  // namespace ft::FT_GPU
