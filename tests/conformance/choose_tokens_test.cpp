#include "backends/reference/choose_tokens.h"

#include <fmt/format.h>

#include <cmath>

#include "suite.h"

namespace ft::conformance {
namespace {

FT_CONFORMANCE_SUITE_ON(ChooseTokensConformance, cases_beyond_products());

/// A decoder's last part with its input.
struct Head {
    int64_t d, vocabulary;
    RawWeight norm, table;
    std::vector<float> x;  // [n, d]
};

struct BoundHead {
    BoundWeight norm, table;
    Tensor x;
};

BoundHead bind_head(Backend& backend, const Head& head) {
    return {bind(backend, head.norm), bind(backend, head.table),
            backend.upload({static_cast<int64_t>(head.x.size()) / head.d, head.d}, head.x)};
}

std::vector<int32_t> first_items(size_t count) {
    std::vector<int32_t> items(count);
    for (size_t i = 0; i < count; ++i) items[i] = static_cast<int32_t>(i);
    return items;
}

/// A head that gives exactly these logits for every row: the norm's gain is 0 and its bias is one in the first place.
Head exact_head(const std::vector<float>& logits, int64_t rows) {
    const int64_t d = 64, vocabulary = static_cast<int64_t>(logits.size());
    Head head{d,
              vocabulary,
              {WeightKind::norm, {d}, std::vector<float>(d), std::vector<float>(d)},
              {WeightKind::embedding, {vocabulary, d}, std::vector<float>(vocabulary * d), {}},
              std::vector<float>(rows * d, 1.0F)};
    head.norm.bias[0] = 1;
    for (int64_t token = 0; token < vocabulary; ++token) head.table.values[token * d] = logits[token];
    return head;
}

std::vector<Choice> choose(Backend& backend, const Head& head, const std::vector<TokenRule>& rules) {
    const BoundHead bound = bind_head(backend, head);
    return backend.choose_tokens(bound.x, *bound.norm, *bound.table, first_items(rules.size()), rules);
}

Choice choose_one(Backend& backend, const std::vector<float>& logits, const TokenRule& rule) {
    return choose(backend, exact_head(logits, 1), {rule}).at(0);
}

Head random_head(uint32_t seed, int64_t d, int64_t vocabulary, int64_t rows) {
    Random random(seed);
    Head head{d,
              vocabulary,
              random_weight(random, WeightKind::norm, {d}),
              random_weight(random, WeightKind::embedding, {vocabulary, d}),
              {}};
    for (float& value : head.table.values) value *= 10 / std::sqrt(static_cast<float>(d));  // logits of some ±10
    head.x = random.normals(rows * d);
    return head;
}

std::vector<float> logs(const std::vector<double>& weights) {
    std::vector<float> logits;
    for (const double weight : weights) logits.push_back(static_cast<float>(std::log(weight)));
    return logits;
}

TEST_P(ChooseTokensConformance, LogitsEqualTheReference) {
    for (const auto& [d, vocabulary] : {std::pair{64, 7}, {384, 1003}, {512, 257}, {1280, 129}, {64, 51865}}) {
        const Head head = random_head(40, d, vocabulary, 5);
        const std::vector<int32_t> items{4, 0, 0, 2};
        const BoundHead ours = bind_head(*tested, head), theirs = bind_head(*truth, head);
        expect_close(tested->logits(ours.x, *ours.norm, *ours.table, items),
                     truth->logits(theirs.x, *theirs.norm, *theirs.table, items), tolerance(),
                     fmt::format("d {}, vocabulary {}", d, vocabulary));
    }
}

TEST_P(ChooseTokensConformance, EmbedEqualsTheReference) {
    for (const int d : {64, 384, 1280}) {
        Random random(41);
        const RawWeight table = random_weight(random, WeightKind::embedding, {1003, d});
        const RawWeight positions = random_weight(random, WeightKind::positions, {448, d});
        const std::vector<int32_t> tokens{0, 1002, 77, 77, 500}, where{447, 0, 3, 4, 100};
        const auto run = [&](Backend& backend) {
            const BoundWeight words = bind(backend, table), places = bind(backend, positions);
            Tensor out = backend.empty({5, d});
            backend.embed(*words, *places, tokens, where, out);
            return backend.read(out);
        };
        expect_close(run(*tested), run(*truth), tolerance(), fmt::format("d {}", d));
    }
}

/// The rule of one row in the random test: every field is used by some row.
TokenRule random_rule(Random& random, int64_t vocabulary, const std::vector<uint64_t>& suppressed) {
    const auto end = static_cast<int32_t>(vocabulary);
    TokenRule rule;
    if (random.below(2) == 0) rule.suppressed = &suppressed;
    for (int i = 0; i < random.below(5); ++i) {
        const int32_t begin = random.below(end);
        rule.forbidden[i] = {begin, std::min(end, begin + random.below(end / 5 + 1))};
    }
    if (random.below(2) == 0) rule.timestamp_begin = end - 1 - random.below(end / 2);
    if (random.below(2) == 0) rule.probe = random.below(end);
    if (random.below(2) == 0) rule.temperature = 0.2F + 0.8F * static_cast<float>(random.uniform());
    rule.uniform = static_cast<float>(random.uniform()) * 0.99F;
    if (random.below(2) == 0) rule.top = 1 + random.below(32);
    return rule;
}

void expect_choice(const Choice& got, std::span<const float> logits, const TokenRule& rule, const std::string& what) {
    const Choice expected = reference::choose_token(logits, rule);
    EXPECT_NEAR(got.probe_probability, expected.probe_probability, 1e-4) << what;
    if (rule.temperature > 0) {
        // Rounding may move the borders of the distribution function, but not far.
        TokenRule lower = rule, upper = rule;
        lower.uniform = std::max(0.0F, rule.uniform - 1e-4F);
        upper.uniform = rule.uniform + 1e-4F;
        EXPECT_GE(got.best.token, reference::choose_token(logits, lower).best.token) << what;
        EXPECT_LE(got.best.token, reference::choose_token(logits, upper).best.token) << what;
    } else {
        EXPECT_EQ(got.best.token, expected.best.token) << what;
    }
    if (got.best.token == expected.best.token) {
        EXPECT_NEAR(got.best.log_probability, expected.best.log_probability, 1e-3) << what;
    }
    ASSERT_EQ(got.candidates.size(), expected.candidates.size()) << what;
    for (size_t i = 0; i < got.candidates.size(); ++i) {
        EXPECT_EQ(got.candidates[i].token, expected.candidates[i].token) << what << ", candidate " << i;
        EXPECT_NEAR(got.candidates[i].log_probability, expected.candidates[i].log_probability, 1e-3)
            << what << ", candidate " << i;
    }
}

TEST_P(ChooseTokensConformance, EveryMixtureOfRules) {
    for (const auto& [d, vocabulary, rows] : {std::tuple{64, 1003, 33}, {128, 70, 17}, {64, 51865, 5}}) {
        Random random(42);
        const Head head = random_head(43, d, vocabulary, rows);
        const BoundHead bound = bind_head(*tested, head);
        std::vector<uint64_t> suppressed((static_cast<size_t>(vocabulary) + 63) / 64);
        for (uint64_t& word : suppressed) word = 1ULL << random.below(64) | 1ULL << random.below(64);
        for (int round = 0; round < 4; ++round) {
            std::vector<int32_t> items;
            std::vector<TokenRule> rules;
            for (int i = 0; i < rows; ++i) {
                items.push_back(random.below(rows));  // rows in any order, some twice
                rules.push_back(random_rule(random, vocabulary, suppressed));
            }
            const std::vector<float> logits = tested->logits(bound.x, *bound.norm, *bound.table, items);
            const std::vector<Choice> choices = tested->choose_tokens(bound.x, *bound.norm, *bound.table, items, rules);
            ASSERT_EQ(choices.size(), rules.size());
            for (int i = 0; i < rows; ++i) {
                expect_choice(choices[i], std::span(logits).subspan(static_cast<size_t>(i) * vocabulary, vocabulary),
                              rules[i], fmt::format("vocabulary {}, round {}, rule {}", vocabulary, round, i));
            }
        }
    }
}

TEST_P(ChooseTokensConformance, TiesGoToTheLowestId) {
    // Equal ones far apart: in other vectors, blocks and threads' shares.
    std::vector<float> logits(1003, -5.0F);
    for (const int token : {1002, 700, 64, 513, 31}) logits[token] = 0;
    TokenRule rule;
    rule.top = 6;
    for (const int lowest : {31, 64, 513, 700, 1002}) {
        const Choice choice = choose_one(*tested, logits, rule);
        EXPECT_EQ(choice.best.token, lowest);
        EXPECT_EQ(choice.candidates.at(0).token, lowest);
        for (size_t i = 1; i < choice.candidates.size(); ++i) {
            const Candidate &before = choice.candidates[i - 1], &after = choice.candidates[i];
            EXPECT_TRUE(before.log_probability > after.log_probability || before.token < after.token)
                << "candidate " << i;
        }
        logits[lowest] = -5;
    }
    EXPECT_EQ(choose_one(*tested, std::vector<float>(1003, 0.0F), {}).best.token, 0) << "a table of zeros";
}

TEST_P(ChooseTokensConformance, ProbeIsReadBeforeTheRulesAtTemperatureOne) {
    const std::vector<uint64_t> bits{0b01010};
    TokenRule rule;
    rule.suppressed = &bits;
    rule.probe = 1;
    rule.temperature = 0.3F;
    rule.uniform = 0.5F;
    const Choice choice = choose_one(*tested, logs({1, 4, 2, 4, 1}), rule);
    EXPECT_NEAR(choice.probe_probability, 4.0 / 12, 1e-5);
    EXPECT_EQ(choice.best.token, 2);
    EXPECT_NEAR(choice.best.log_probability, std::log(2.0 / 4), 1e-5);
}

TEST_P(ChooseTokensConformance, ForbidsBitsAndHalfOpenRanges) {
    std::vector<float> logits(130, 0.0F);
    for (int token = 0; token < 130; ++token) logits[token] = static_cast<float>(token) / 10;
    TokenRule rule;
    EXPECT_EQ(choose_one(*tested, logits, rule).best.token, 129);
    std::vector<uint64_t> bits(3);
    bits[2] = 0b10;
    rule.suppressed = &bits;
    EXPECT_EQ(choose_one(*tested, logits, rule).best.token, 128);
    rule.forbidden[3] = {127, 129};
    EXPECT_EQ(choose_one(*tested, logits, rule).best.token, 126);
    rule.forbidden[0] = {64, 127};
    EXPECT_EQ(choose_one(*tested, logits, rule).best.token, 63);
    bits[0] = ~(1ULL << 5);
    rule.top = 3;
    const Choice choice = choose_one(*tested, logits, rule);
    EXPECT_EQ(choice.best.token, 5);
    EXPECT_EQ(choice.best.log_probability, 0.0F) << "the only one";
    EXPECT_EQ(choice.candidates.size(), 1u) << "forbidden tokens are no candidates";
    rule.forbidden[1] = {6, 1000};  // beyond the vocabulary: only what exists
    EXPECT_EQ(choose_one(*tested, logits, rule).best.token, 5);
}

TEST_P(ChooseTokensConformance, TimestampsTogetherBeatEverySingleText) {
    TokenRule rule;
    rule.timestamp_begin = 2;
    EXPECT_EQ(choose_one(*tested, logs({5, 1, 2, 2, 2}), rule).best.token, 2) << "6 against 5";
    EXPECT_EQ(choose_one(*tested, logs({7, 1, 2, 2, 2}), rule).best.token, 0) << "6 against 7, though 8 in all";
    rule.forbidden[0] = {0, 1};
    const Choice choice = choose_one(*tested, logs({7, 1, 2, 2, 2}), rule);
    EXPECT_EQ(choice.best.token, 2) << "only allowed text counts";
    EXPECT_NEAR(choice.best.log_probability, std::log(1.0 / 3), 1e-5) << "among the timestamps alone";
    rule.forbidden[0] = {3, 5};
    EXPECT_EQ(choose_one(*tested, logs({3, 1, 2, 2, 2}), rule).best.token, 0) << "only allowed timestamps count";
    rule.forbidden[0] = {2, 5};
    EXPECT_EQ(choose_one(*tested, logs({3, 1, 2, 2, 2}), rule).best.token, 0) << "no timestamp is allowed";
    rule.forbidden[0] = {0, 2};
    EXPECT_EQ(choose_one(*tested, logs({3, 1, 2, 3, 2}), rule).best.token, 3) << "no text is allowed";
}

TEST_P(ChooseTokensConformance, SamplesByTheDistributionFunctionInIdOrder) {
    TokenRule rule;
    rule.temperature = 1;
    const std::vector<float> logits = logs({1, 4, 2, 4, 1});
    const std::pair<float, int> cases[] = {{0.0F, 0},    {0.0832F, 0}, {0.0835F, 1}, {0.4165F, 1},  {0.4168F, 2},
                                           {0.5835F, 3}, {0.9165F, 3}, {0.9168F, 4}, {0.999999F, 4}};
    for (const auto& [uniform, token] : cases) {
        rule.uniform = uniform;
        for (int again = 0; again < 2; ++again)
            EXPECT_EQ(choose_one(*tested, logits, rule).best.token, token) << uniform;
    }
    rule.temperature = 0.5F;  // proportions 1 : 16 : 4 : 16 : 1
    rule.uniform = 1.5F / 38;
    const Choice choice = choose_one(*tested, logits, rule);
    EXPECT_EQ(choice.best.token, 1);
    EXPECT_NEAR(choice.best.log_probability, std::log(4.0 / 12), 1e-5) << "reported at temperature 1";
}

TEST_P(ChooseTokensConformance, SamplingNeverTakesAForbiddenToken) {
    Random random(44);
    std::vector<float> logits = random.normals(1003);
    logits[1002] = -200;  // allowed, but of no probability: rounding must not fall on it
    TokenRule rule;
    rule.temperature = 1;
    rule.forbidden[0] = {0, 3};
    rule.forbidden[1] = {990, 1002};
    for (const float uniform : {0.0F, 1e-7F, 0.999999F, 0.99999994F}) {
        rule.uniform = uniform;
        const Choice choice = choose_one(*tested, logits, rule);
        EXPECT_GE(choice.best.token, 3) << uniform;
        EXPECT_LT(choice.best.token, 990) << uniform;
    }
    rule.uniform = 0;
    EXPECT_EQ(choose_one(*tested, logits, rule).best.token, 3) << "0 falls on the first allowed token";
}

TEST_P(ChooseTokensConformance, SampledTokensFollowTheProbabilities) {
    Random random(45);
    const std::vector<float> logits = logs({1, 2, 3, 4, 10});
    const int draws = 400;
    std::vector<TokenRule> rules(draws);
    for (int i = 0; i < draws; ++i) {
        rules[i].temperature = 1;
        rules[i].uniform = (static_cast<float>(i) + 0.5F) / draws;
    }
    std::vector<int> seen(5);
    const Head head = exact_head(logits, 1);
    const BoundHead bound = bind_head(*tested, head);
    const std::vector<int32_t> items(draws, 0);
    for (const Choice& choice : tested->choose_tokens(bound.x, *bound.norm, *bound.table, items, rules))
        ++seen.at(choice.best.token);
    const int expected[] = {20, 40, 60, 80, 200};
    for (int token = 0; token < 5; ++token) EXPECT_NEAR(seen[token], expected[token], 1) << token;
}

TEST_P(ChooseTokensConformance, ReportsUpTo32InOrder) {
    Random random(46);
    const std::vector<float> logits = random.normals(1003, 3.0F);
    for (const int top : {2, 5, 8, 32}) {
        TokenRule rule;
        rule.top = top;
        rule.forbidden[0] = {100, 600};
        const Choice choice = choose_one(*tested, logits, rule), expected = reference::choose_token(logits, rule);
        ASSERT_EQ(choice.candidates.size(), static_cast<size_t>(top));
        for (int i = 0; i < top; ++i) {
            EXPECT_EQ(choice.candidates[i].token, expected.candidates[i].token) << i;
            EXPECT_NEAR(choice.candidates[i].log_probability, expected.candidates[i].log_probability, 1e-4) << i;
        }
        EXPECT_EQ(choice.best.token, choice.candidates[0].token);
    }
}

TEST_P(ChooseTokensConformance, LargeLogitsDoNotOverflow) {
    std::vector<float> logits(70, -3e4F);
    logits[3] = 3e4F;
    logits[69] = 3e4F - 1;
    TokenRule rule;
    rule.probe = 3;
    const Choice choice = choose_one(*tested, logits, rule);
    EXPECT_EQ(choice.best.token, 3);
    EXPECT_NEAR(choice.best.log_probability, -std::log1p(std::exp(-1.0)), 0.02);
    EXPECT_NEAR(choice.probe_probability, 1 / (1 + std::exp(-1.0)), 0.02);
}

}  // namespace
}  // namespace ft::conformance
