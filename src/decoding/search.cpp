#include "decoding/search.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "decoding/hypothesis.h"

namespace ft {

int widest(const SearchOptions& options, std::span<const float> temperatures) {
    int width = 1;
    for (const float temperature : temperatures) width = std::max(width, options.width(temperature));
    return width;
}

Search::Search(const SearchOptions& options, float temperature, std::vector<int> slots, int32_t end_of_text,
               int longest)
    : options_(options),
      temperature_(temperature),
      width_(options.width(temperature)),
      slots_(std::move(slots)),
      end_of_text_(end_of_text),
      longest_(static_cast<size_t>(longest)) {
    if (width_ < 1 || static_cast<size_t>(width_) > slots_.size())
        throw Error(ErrorCode::internal, "{} slots for a search of {} texts", slots_.size(), width_);
    live_.push_back({slots_.front()});
}

void Sequence::append(const Candidate& token) {
    tokens.push_back(token.token);
    logprobs.push_back(token.log_probability);
    sum_logprob += token.log_probability;
}

void Search::finish(Sequence sequence, bool looped) {
    finished_.push_back({std::move(sequence.tokens), std::move(sequence.logprobs), sequence.sum_logprob, looped});
}

void Search::give_up() {
    for (Sequence& sequence : live_) finish(std::move(sequence));
    live_.clear();
    over_ = true;
}

std::vector<SlotCopy> Search::advance(std::span<const Choice> choices) {
    std::vector<SlotCopy> copies = is_beam() ? advance_beam(choices) : advance_each(choices);
    first_ = false;
    return copies;
}

/// A loop never ends by itself: looked for now and then only, as it costs a look at the whole text.
static bool is_loop(const std::vector<int32_t>& tokens) {
    return tokens.size() % 8 == 0 && ends_in_loop(tokens);
}

std::vector<SlotCopy> Search::advance_each(std::span<const Choice> choices) {
    std::vector<SlotCopy> copies;
    if (first_) {
        for (int i = 1; i < width_; ++i) {
            live_.push_back(live_.front());
            live_.back().slot = slots_[static_cast<size_t>(i)];
            copies.push_back({slots_.front(), live_.back().slot});
        }
    }
    std::vector<Sequence> still;
    for (size_t i = 0; i < live_.size(); ++i) {
        Sequence& sequence = live_[i];
        sequence.append(choices[i].best);
        const bool ended = sequence.tokens.back() == end_of_text_;
        const bool looped = !ended && is_loop(sequence.tokens);
        if (ended || looped || sequence.tokens.size() >= longest_) {
            finish(std::move(sequence), looped);
        } else {
            still.push_back(std::move(sequence));
        }
    }
    live_ = std::move(still);
    over_ = live_.empty();
    return copies;
}

namespace {

struct Continuation {
    size_t parent = 0;
    Candidate token;
    double sum_logprob = 0.0;
};

/// Likeliest first; equals in the order of their parents and tokens.
std::vector<Continuation> continuations(const std::vector<Sequence>& live, std::span<const Choice> choices) {
    std::vector<Continuation> all;
    for (size_t i = 0; i < live.size(); ++i) {
        for (const Candidate& candidate : choices[i].candidates)
            all.push_back({i, candidate, live[i].sum_logprob + candidate.log_probability});
    }
    std::stable_sort(all.begin(), all.end(),
                     [](const Continuation& a, const Continuation& b) { return a.sum_logprob > b.sum_logprob; });
    return all;
}

/// A likelier text has ended in the same tokens for a while: what comes next will be the same, and which of the two is
/// the better one is known.
bool has_come_together(const Sequence& text, const std::vector<Sequence>& likelier) {
    constexpr ptrdiff_t long_enough = 5;
    if (std::ssize(text.tokens) < long_enough) return false;
    return std::any_of(likelier.begin(), likelier.end(), [&](const Sequence& other) {
        return std::equal(text.tokens.end() - long_enough, text.tokens.end(), other.tokens.end() - long_enough,
                          other.tokens.end());
    });
}

/// A parent's slot goes to its first child; further children get the slots of sequences that have none.
std::vector<SlotCopy> assign_slots(const std::vector<Sequence>& parents, const std::vector<size_t>& parent_of,
                                   const std::vector<int>& slots, std::vector<Sequence>& children) {
    std::vector<int> free = slots;
    std::vector<bool> taken(parents.size(), false);
    std::vector<size_t> later;
    for (size_t i = 0; i < children.size(); ++i) {
        const size_t parent = parent_of[i];
        if (taken[parent]) {
            later.push_back(i);
            continue;
        }
        taken[parent] = true;
        children[i].slot = parents[parent].slot;
        free.erase(std::find(free.begin(), free.end(), children[i].slot));
    }
    std::vector<SlotCopy> copies;
    for (const size_t i : later) {
        children[i].slot = free.back();
        free.pop_back();
        copies.push_back({parents[parent_of[i]].slot, children[i].slot});
    }
    return copies;
}

}  // namespace

std::vector<SlotCopy> Search::advance_beam(std::span<const Choice> choices) {
    std::vector<Sequence> children;
    std::vector<size_t> parent_of;
    const bool is_narrow = std::isfinite(options_.beam_margin);
    const std::vector<Continuation> all = continuations(live_, choices);
    for (const Continuation& next : all) {
        if (static_cast<int>(children.size()) == width_) break;
        if (next.sum_logprob < all.front().sum_logprob - static_cast<double>(options_.beam_margin)) break;
        Sequence child = live_[next.parent];
        child.append(next.token);
        if (next.token.token == end_of_text_) {
            finish(std::move(child));
        } else if (!is_narrow || !has_come_together(child, children)) {
            children.push_back(std::move(child));
            parent_of.push_back(next.parent);
        }
    }
    std::vector<SlotCopy> copies = assign_slots(live_, parent_of, slots_, children);
    live_ = std::move(children);
    const auto enough = static_cast<size_t>(std::lround(static_cast<float>(width_) * options_.patience));
    over_ = true;
    if (finished_.size() >= std::max<size_t>(1, enough)) {
        live_.clear();
    } else if (!live_.empty() && is_loop(live_.front().tokens)) {
        finished_.clear();
        finish(live_.front(), true);
    } else if (live_.empty() || live_.front().tokens.size() >= longest_) {
        for (const Sequence& sequence : live_) finish(sequence);
    } else {
        over_ = false;
    }
    if (over_) return {};
    return copies;
}

double Search::rank(const Found& found) const {
    const auto length = static_cast<double>(found.tokens.size());  // the end counts
    if (!options_.length_penalty) return found.sum_logprob / length;
    return found.sum_logprob / std::pow((5.0 + length) / 6.0, static_cast<double>(*options_.length_penalty));
}

Search::Found Search::best() const {
    const auto worse = [this](const Found& a, const Found& b) {
        // A text that was broken off is taken only where no other came to an end.
        if (a.looped != b.looped) return a.looped;
        return rank(a) < rank(b);
    };
    return *std::max_element(finished_.begin(), finished_.end(), worse);
}

}  // namespace ft
