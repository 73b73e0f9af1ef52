// The rules on logits that one can work out: log 1, log 2, … have probabilities in proportion 1 : 2 : …
#include "backends/reference/choose_tokens.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/error.h"

namespace ft::reference {
namespace {

std::vector<float> logs(const std::vector<double>& weights) {
    std::vector<float> logits;
    for (const double weight : weights) logits.push_back(static_cast<float>(std::log(weight)));
    return logits;
}

TEST(ChooseToken, TakesTheFirstOfTheMostProbable) {
    const Choice choice = choose_token(logs({1, 4, 2, 4, 1}), {});
    EXPECT_EQ(choice.best.token, 1);
    EXPECT_NEAR(choice.best.log_probability, std::log(4.0 / 12), 1e-6);
    EXPECT_TRUE(choice.candidates.empty());
    EXPECT_EQ(choice.probe_probability, 0.0F);
}

TEST(ChooseToken, ProbeIsReadBeforeTheRules) {
    const std::vector<uint64_t> bits{0b01010};
    TokenRule rule;
    rule.suppressed = &bits;
    rule.probe = 1;
    const Choice choice = choose_token(logs({1, 4, 2, 4, 1}), rule);
    EXPECT_NEAR(choice.probe_probability, 4.0 / 12, 1e-6);
    EXPECT_EQ(choice.best.token, 2);
    EXPECT_NEAR(choice.best.log_probability, std::log(2.0 / 4), 1e-6);
}

TEST(ChooseToken, ForbidsRangesHalfOpen) {
    TokenRule rule;
    rule.forbidden[0] = {1, 2};
    rule.forbidden[3] = {3, 99};
    const Choice choice = choose_token(logs({1, 4, 2, 4, 1}), rule);
    EXPECT_EQ(choice.best.token, 2);
    EXPECT_NEAR(choice.best.log_probability, std::log(2.0 / 3), 1e-6);
}

TEST(ChooseToken, TimestampsTogetherBeatEverySingleText) {
    TokenRule rule;
    rule.timestamp_begin = 2;
    EXPECT_EQ(choose_token(logs({5, 1, 2, 2, 2}), rule).best.token, 2) << "6 against 5";
    EXPECT_EQ(choose_token(logs({7, 1, 2, 2, 2}), rule).best.token, 0) << "6 against 7, though 8 in all";
    rule.forbidden[0] = {0, 1};
    EXPECT_EQ(choose_token(logs({7, 1, 2, 2, 2}), rule).best.token, 2) << "only allowed text counts";
    rule.forbidden[0] = {3, 5};
    EXPECT_EQ(choose_token(logs({3, 1, 2, 2, 2}), rule).best.token, 0) << "only allowed timestamps count";
}

TEST(ChooseToken, SamplesByTheDistributionFunctionInIdOrder) {
    TokenRule rule;
    rule.temperature = 1;
    const std::vector<float> logits = logs({1, 4, 2, 4, 1});
    const std::pair<float, int> cases[] = {{0.0F, 0},    {0.0832F, 0}, {0.0835F, 1}, {0.4165F, 1},  {0.4168F, 2},
                                           {0.5835F, 3}, {0.9165F, 3}, {0.9168F, 4}, {0.999999F, 4}};
    for (const auto& [uniform, token] : cases) {
        rule.uniform = uniform;
        EXPECT_EQ(choose_token(logits, rule).best.token, token) << uniform;
    }
    rule.temperature = 0.5F;  // proportions 1 : 16 : 4 : 16 : 1
    rule.uniform = 1.5F / 38;
    const Choice choice = choose_token(logits, rule);
    EXPECT_EQ(choice.best.token, 1);
    EXPECT_NEAR(choice.best.log_probability, std::log(4.0 / 12), 1e-6) << "reported at temperature 1";
    rule.forbidden[0] = {0, 2};
    rule.uniform = 0;
    EXPECT_EQ(choose_token(logits, rule).best.token, 2) << "never a forbidden token";
}

TEST(ChooseToken, ReportsTheMostProbableInOrder) {
    TokenRule rule;
    rule.top = 4;
    rule.forbidden[0] = {4, 5};
    rule.temperature = 1;
    rule.uniform = 0;
    const Choice choice = choose_token(logs({1, 4, 2, 4, 9}), rule);
    ASSERT_EQ(choice.candidates.size(), 4u);
    const int expected[] = {1, 3, 2, 0};
    for (int i = 0; i < 4; ++i) EXPECT_EQ(choice.candidates[i].token, expected[i]);
    EXPECT_NEAR(choice.candidates[2].log_probability, std::log(2.0 / 11), 1e-6);
    EXPECT_EQ(choice.best.token, 0) << "sampled";
    rule.top = 5;
    EXPECT_EQ(choose_token(logs({1, 4, 2, 4, 9}), rule).candidates.size(), 4u) << "forbidden tokens are no candidates";
}

TEST(ChooseToken, RefusesWhatHasNoAnswer) {
    TokenRule rule;
    rule.forbidden[0] = {0, 5};
    EXPECT_THROW(choose_token(logs({1, 4, 2, 4, 1}), rule), Error);
    const float nan = std::numeric_limits<float>::quiet_NaN();
    EXPECT_THROW(choose_token(std::vector<float>{1, nan, 2}, {}), Error);
}

}  // namespace
}  // namespace ft::reference
