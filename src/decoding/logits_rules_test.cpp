#include "decoding/logits_rules.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "base/error.h"

namespace ft {
namespace {

using Tokens = std::vector<int32_t>;

// A vocabulary small enough to try everything: text 0–3 (3 is in the model's list of suppressed tokens), end 4,
// start 5, sv 6, translate 7, transcribe 8, previous 9, no-speech 10, no-timestamps 11, five timestamps 12–16.
constexpr int32_t end_of_text = 4, no_speech = 10, first_time = 12, vocabulary = 17;

GenerationConfig tiny() {
    GenerationConfig g;
    g.end_of_text = end_of_text;
    g.start_of_transcript = 5;
    g.languages = {{"sv", 6}};
    g.translate = 7;
    g.transcribe = 8;
    g.start_of_previous = 9;
    g.no_speech = no_speech;
    g.no_timestamps = 11;
    g.timestamp_begin = first_time;
    g.suppress = {3, no_speech};
    g.begin_suppress = {0, end_of_text};
    return g;
}

bool allowed(const TokenRule& rule, int32_t token) {
    if ((*rule.suppressed)[static_cast<size_t>(token) / 64] >> (token % 64) & 1) return false;
    for (const auto& range : rule.forbidden) {
        if (token >= range.begin && token < range.end) return false;
    }
    return true;
}

std::set<int32_t> allowed_after(const LogitsRules& rules, const Tokens& sampled, int size = vocabulary) {
    const TokenRule rule = rules.next(sampled);
    std::set<int32_t> tokens;
    for (int32_t token = 0; token < size; ++token) {
        if (allowed(rule, token)) tokens.insert(token);
    }
    return tokens;
}

/// Whether a whole sequence can be the beginning of an answer with timestamps, from the description in the paper: the
/// answer is segments one after the other, each a start time, text, an end time; the last may lack its end time. Read
/// from left to right as one segment after the other, without a look at how the rules are made.
bool is_beginning(const Tokens& s, int32_t latest_first_time) {
    int32_t clock = first_time;
    for (size_t at = 0; at < s.size();) {
        if (s[at] == end_of_text) return at > 0 && at + 1 == s.size();
        if (s[at] < clock || (at == 0 && s[at] > latest_first_time)) return false;  // a start time is due
        clock = s[at++];
        if (at == 1 && s.size() > 1 && s[1] == no_speech)
            return s.size() == 2 || (s.size() == 3 && s[2] == end_of_text);
        const size_t text = at;
        while (at < s.size() && s[at] < 3) ++at;
        if (at == s.size()) return true;
        if (s[at] == end_of_text) return at + 1 == s.size();
        if (at == text || s[at] <= clock) return false;  // no text, or an end that is not later than the start
        clock = s[at++];
    }
    return true;
}

void try_everything(const LogitsRules& rules, Tokens& sampled, size_t depth, int32_t latest_first_time, size_t& tried) {
    const auto got = allowed_after(rules, sampled);
    ASSERT_FALSE(got.empty()) << testing::PrintToString(sampled);
    for (int32_t token = 0; token < vocabulary; ++token) {
        sampled.push_back(token);
        const bool right = is_beginning(sampled, latest_first_time);
        ASSERT_EQ(got.count(token) > 0, right) << testing::PrintToString(sampled);
        ++tried;
        if (right && token != end_of_text && depth > 1) {
            try_everything(rules, sampled, depth - 1, latest_first_time, tried);
            if (testing::Test::HasFatalFailure()) return;
        }
        sampled.pop_back();
    }
}

TEST(LogitsRules, WithTimestampsAllowExactlyTheSequencesOfSegments) {
    for (const int steps : {0, 2, 100}) {
        RuleOptions options;
        options.max_initial_timestamp_s = 0.02 * steps;
        Tokens sampled;
        size_t tried = 0;
        try_everything(LogitsRules(tiny(), vocabulary, options), sampled, 8, first_time + steps, tried);
        EXPECT_GT(tried, 10'000u);
    }
}

TEST(LogitsRules, WithoutTimestampsAllowTextOnly) {
    RuleOptions options;
    options.timestamps = false;
    const LogitsRules rules(tiny(), vocabulary, options);
    EXPECT_EQ(allowed_after(rules, {}), (std::set<int32_t>{1, 2, no_speech}));
    EXPECT_EQ(allowed_after(rules, {1}), (std::set<int32_t>{0, 1, 2, end_of_text}));
    EXPECT_EQ(allowed_after(rules, {1, 2, 0}), (std::set<int32_t>{0, 1, 2, end_of_text}));
    EXPECT_EQ(allowed_after(rules, {no_speech}), std::set<int32_t>{end_of_text});
    EXPECT_EQ(rules.next({}).timestamp_begin, -1);
}

TEST(LogitsRules, TheNoSpeechTokenIsProbedFirstAndAllowedOnlyWhereTextBegins) {
    const LogitsRules rules(tiny(), vocabulary, {});
    EXPECT_EQ(rules.next({}).probe, no_speech);
    EXPECT_EQ(rules.next(Tokens{first_time}).probe, -1);
    EXPECT_FALSE(allowed(rules.next({}), no_speech)) << "with timestamps the first token is one";
    EXPECT_TRUE(allowed(rules.next(Tokens{first_time}), no_speech));
    EXPECT_FALSE(allowed(rules.next(Tokens{first_time, 1, first_time + 1, first_time + 1}), no_speech));
    EXPECT_TRUE(rules.is_silence(Tokens{first_time, no_speech}));
    EXPECT_TRUE(rules.is_silence(Tokens{no_speech, end_of_text}));
    EXPECT_FALSE(rules.is_silence(Tokens{first_time, 1}));
    EXPECT_FALSE(rules.is_silence({}));

    RuleOptions never;
    never.allow_no_speech_token = false;
    EXPECT_FALSE(allowed(LogitsRules(tiny(), vocabulary, never).next(Tokens{first_time}), no_speech));
    RuleOptions by_hand;
    by_hand.suppress = {-1, no_speech};
    EXPECT_FALSE(allowed(LogitsRules(tiny(), vocabulary, by_hand).next(Tokens{first_time}), no_speech));
    GenerationConfig none = tiny();
    none.no_speech = -1;
    EXPECT_EQ(LogitsRules(none, vocabulary, {}).next({}).probe, -1);
    EXPECT_FALSE(LogitsRules(none, vocabulary, {}).is_silence(Tokens{-1}));
}

TEST(LogitsRules, OptionsDecideWhatIsSuppressed) {
    RuleOptions options;
    options.timestamps = false;
    options.suppress = {1};
    options.suppress_blank = false;
    EXPECT_EQ(allowed_after(LogitsRules(tiny(), vocabulary, options), {}),
              (std::set<int32_t>{0, 2, 3, end_of_text, no_speech}));
    options.suppress = {};
    EXPECT_EQ(allowed_after(LogitsRules(tiny(), vocabulary, options), {2}),
              (std::set<int32_t>{0, 1, 2, 3, end_of_text}));
}

TEST(LogitsRules, PaddingBehindTheTimestampsIsNeverChosen) {
    const int padded = first_time + 1501 + 100;
    const LogitsRules rules(tiny(), padded, {});
    const auto got = allowed_after(rules, {first_time, 1}, padded);
    EXPECT_EQ(*got.rbegin(), first_time + 1500);
    EXPECT_EQ(got.count(first_time + 1), 1u);
    RuleOptions far;
    far.max_initial_timestamp_s = 1e30;
    EXPECT_EQ(*allowed_after(LogitsRules(tiny(), padded, far), {}, padded).rbegin(), first_time + 1500);
}

TEST(LogitsRules, ThereIsAlwaysAWayOnWhateverTheModelLists) {
    GenerationConfig g = tiny();
    g.suppress.clear();
    for (int32_t token = -5; token < 2 * vocabulary; ++token) g.suppress.push_back(token);
    const LogitsRules rules(g, vocabulary, {});
    EXPECT_EQ(allowed_after(rules, {}).size(), 5u);
    EXPECT_EQ(allowed_after(rules, {first_time}), (std::set<int32_t>{end_of_text, no_speech}));
}

std::string complaint(const GenerationConfig& g, const RuleOptions& options, ErrorCode expected) {
    try {
        LogitsRules(g, vocabulary, options);
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), expected);
        return error.what();
    }
    ADD_FAILURE() << "nothing was thrown";
    return "";
}

TEST(LogitsRules, RefusesWhatMakesNoSense) {
    RuleOptions options;
    for (const int32_t token : {-2, end_of_text, first_time, 1000}) {
        options.suppress = {-1, token};
        EXPECT_NE(complaint(tiny(), options, ErrorCode::invalid_argument).find(std::to_string(token)),
                  std::string::npos);
    }
    options = {};
    for (const double time_s : {-0.1, std::nan("")}) {
        options.max_initial_timestamp_s = time_s;
        EXPECT_NE(complaint(tiny(), options, ErrorCode::invalid_argument).find("max_initial_timestamp"),
                  std::string::npos);
    }
    options = {};
    GenerationConfig g = tiny();
    g.end_of_text = -1;
    EXPECT_NE(complaint(g, options, ErrorCode::bad_model).find("end-of-text"), std::string::npos);
    for (const int32_t begin : {-1, 0, end_of_text, vocabulary, vocabulary + 1}) {
        g = tiny();
        g.timestamp_begin = begin;
        EXPECT_NE(complaint(g, options, ErrorCode::bad_model).find("timestamp"), std::string::npos);
    }
    g.timestamp_begin = vocabulary;
    options.timestamps = false;
    EXPECT_NO_THROW(LogitsRules(g, vocabulary, options)) << "a model without timestamps is fine when none are wanted";
}

}  // namespace
}  // namespace ft
