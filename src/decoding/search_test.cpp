#include "decoding/search.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <random>

namespace ft {
namespace {

constexpr int32_t end = 9;  // of the text; tokens are 0 … 9

/// An invented model: what may follow a text, by a hash of the text.
std::vector<Candidate> next_of(const std::vector<int32_t>& text, int top) {
    uint32_t seed = 17;
    for (const int32_t token : text) seed = seed * 31 + static_cast<uint32_t>(token) + 1;
    std::mt19937 random(seed);
    std::vector<double> weights(10);
    double total = 0;
    for (double& weight : weights) total += weight = std::exp(random() * 0x1p-32 * 4);
    std::vector<Candidate> all;
    for (int32_t token = 0; token < 10; ++token) {
        const double share = token == end && text.size() < 3 ? 1e-6 : weights[static_cast<size_t>(token)] / total;
        all.push_back({token, static_cast<float>(std::log(share))});
    }
    std::stable_sort(all.begin(), all.end(),
                     [](const Candidate& a, const Candidate& b) { return a.log_probability > b.log_probability; });
    all.resize(static_cast<size_t>(top));
    return all;
}

/// Runs a search to its end, and holds its bookkeeping of slots against what each slot has read.
Search::Found run(const SearchOptions& options, float temperature = 0.0F, int longest = 30) {
    const int width = options.width(temperature);
    std::vector<int> slots;
    for (int i = 0; i < width; ++i) slots.push_back(40 + 3 * i);
    Search search(options, temperature, slots, end, longest);
    std::map<int, std::vector<int32_t>> past;
    std::mt19937 random(3);
    for (int step = 0; !search.over(); ++step) {
        EXPECT_LE(step, longest);
        EXPECT_LE(search.live().size(), static_cast<size_t>(width));
        std::vector<Choice> choices;
        for (const Sequence& sequence : search.live()) {
            if (!sequence.tokens.empty()) past[sequence.slot].push_back(sequence.tokens.back());
            EXPECT_EQ(past[sequence.slot], sequence.tokens) << "the slot holds another text's past";
            for (int draw = 0; draw < search.draws(); ++draw) {
                Choice choice;
                choice.candidates = next_of(sequence.tokens, 10);
                choice.best = temperature > 0.0F ? choice.candidates[random() % 3] : choice.candidates[0];
                choice.candidates.resize(static_cast<size_t>(search.top()));
                choices.push_back(std::move(choice));
            }
        }
        for (const SlotCopy& copy : search.advance(choices)) past[copy.to] = past[copy.from];
    }
    return search.best();
}

double log_probability(const std::vector<int32_t>& tokens) {
    double sum = 0;
    std::vector<int32_t> text;
    for (const int32_t token : tokens) {
        for (const Candidate& candidate : next_of(text, 10))
            sum += candidate.token == token ? candidate.log_probability : 0;
        text.push_back(token);
    }
    return sum;
}

/// The same without slots: as it stands in openai/whisper's decoding.py, in words of our own.
std::vector<int32_t> plain_beam(size_t width, size_t enough, size_t longest) {
    struct Text {
        std::vector<int32_t> tokens;
        double sum = 0;
    };
    std::vector<Text> live{{}}, finished;
    while (finished.size() < enough && live.front().tokens.size() < longest) {
        std::vector<Text> grown;
        for (const Text& text : live) {
            for (const Candidate& candidate : next_of(text.tokens, static_cast<int>(width) + 1)) {
                grown.push_back({text.tokens, text.sum + candidate.log_probability});
                grown.back().tokens.push_back(candidate.token);
            }
        }
        std::stable_sort(grown.begin(), grown.end(), [](const Text& a, const Text& b) { return a.sum > b.sum; });
        live.clear();
        for (Text& text : grown) {
            if (live.size() == width) break;
            (text.tokens.back() == end ? finished : live).push_back(std::move(text));
        }
    }
    if (finished.size() < enough) finished.insert(finished.end(), live.begin(), live.end());
    const auto mean = [](const Text& text) { return text.sum / static_cast<double>(text.tokens.size()); };
    return std::max_element(finished.begin(), finished.end(),
                            [&](const Text& a, const Text& b) { return mean(a) < mean(b); })
        ->tokens;
}

TEST(Search, GreedyTakesTheLikeliestEachTime) {
    const Search::Found found = run({});
    std::vector<int32_t> expected;
    while (expected.size() < 30 && (expected.empty() || expected.back() != end))
        expected.push_back(next_of(expected, 1)[0].token);
    if (!found.looped) {
        EXPECT_EQ(found.tokens, expected);
    }
    EXPECT_NEAR(found.sum_logprob, log_probability(found.tokens), 1e-4);
}

TEST(Search, ABeamIsWhatItIsWithoutSlots) {
    for (const int width : {2, 3, 5, 8}) {
        for (const float patience : {1.0F, 2.0F, 0.4F}) {
            SearchOptions options;
            options.beam_size = width;
            options.patience = patience;
            const Search::Found found = run(options);
            EXPECT_EQ(found.tokens, plain_beam(static_cast<size_t>(width), std::lround(width * patience), 30))
                << width << ", " << patience;
            EXPECT_NEAR(found.sum_logprob, log_probability(found.tokens), 1e-4);
        }
    }
}

TEST(Search, AMarginGivesUpWhatIsFarLessLikely) {
    SearchOptions options;
    options.beam_size = 5;
    options.beam_margin = 0.0F;
    EXPECT_EQ(run(options).tokens, run({}).tokens) << "of its beam, only the likeliest is left: greedy";
    options.beam_margin = 1000.0F;
    EXPECT_EQ(run(options).tokens, plain_beam(5, 5, 30));
    // Two texts, and the second one falls behind.
    options.beam_size = 2;
    options.beam_margin = 1.0F;
    Search search(options, 0.0F, {0, 1}, end, 30);
    const auto choice = [](float first, float second) {
        return Choice{.best = {1, first}, .candidates = {{1, first}, {2, second}, {3, -9.0F}}};
    };
    search.advance(std::vector{choice(-0.7F, -0.8F)});
    EXPECT_EQ(search.live().size(), 2U) << "the model hesitates";
    search.advance(std::vector{choice(-0.1F, -8.0F), choice(-1.4F, -8.0F)});
    EXPECT_EQ(search.live().size(), 1U) << "1.4 behind";
    search.advance(std::vector{choice(-0.1F, -0.9F)});
    EXPECT_EQ(search.live().size(), 2U) << "and hesitates again, in the slot that was left";
}

TEST(Search, WhatIsGivenUpEndsWithWhatThereIs) {
    SearchOptions options;
    options.beam_size = 2;
    Search search(options, 0.0F, {0, 1}, end, 30);
    search.advance(std::vector{Choice{.best = {1, -0.1F}, .candidates = {{1, -0.1F}, {2, -2.0F}, {3, -9.0F}}}});
    search.give_up();
    EXPECT_TRUE(search.over());
    EXPECT_EQ(search.best().tokens, (std::vector<int32_t>{1}));
}

TEST(Search, AWiderBeamFindsNothingLessLikelyHere) {
    SearchOptions wide;
    wide.beam_size = 8;
    wide.length_penalty = 0.0F;  // by the sum
    EXPECT_GE(run(wide).sum_logprob, run({}).sum_logprob);
}

TEST(Search, LongTextsWinWithAPenaltyOnLength) {
    SearchOptions options;
    options.beam_size = 6;
    options.patience = 4;
    options.length_penalty = 0.0F;
    const size_t by_sum = run(options).tokens.size();
    options.length_penalty = 5.0F;
    EXPECT_GE(run(options).tokens.size(), by_sum);
}

TEST(Search, TheBestOfSeveralSamplesIsKept) {
    SearchOptions options;
    options.best_of = 4;
    const Search::Found best = run(options, 0.7F);
    EXPECT_EQ(best.tokens.back(), end);
    EXPECT_NEAR(best.sum_logprob, log_probability(best.tokens), 1e-4);
}

TEST(Search, EndsAtTheLongestText) {
    for (const int width : {1, 4}) {
        SearchOptions options;
        options.beam_size = width;
        EXPECT_EQ(run(options, 0.0F, 2).tokens.size(), 2U) << width;
    }
}

TEST(Search, ALoopIsBrokenOff) {
    for (const int width : {1, 3}) {
        SearchOptions options;
        options.beam_size = width;
        Search search(options, 0.0F, {0, 1, 2}, end, 200);
        int steps = 0;
        while (!search.over()) {
            std::vector<Choice> choices;
            for (const Sequence& sequence : search.live()) {
                Choice choice;
                const auto likely = static_cast<int32_t>(sequence.tokens.size() % 2);
                for (int i = 0; i <= width; ++i)
                    choice.candidates.push_back({(likely + 2 * i) % 9, i == 0 ? -0.01F : -9.0F});
                choice.best = choice.candidates[0];
                choices.push_back(choice);
            }
            search.advance(choices);
            ASSERT_LE(++steps, 100);
        }
        EXPECT_TRUE(search.best().looped) << width;
    }
}

}  // namespace
}  // namespace ft
