#include "decoding/batch_rows.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "model/testing/tiny_checkpoint.h"

namespace ft {
namespace {

using Tasks = std::vector<std::shared_ptr<DecodeTask>>;

/// Attempts that are begun and never computed.
class BatchRowsTest : public testing::Test {
  protected:
    BatchRowsTest() { plan_.fallback.temperatures = {0.0F, 0.4F, 0.8F}; }

    std::shared_ptr<DecodeTask> begin(BatchRows& rows) {
        DecodeRequest request;
        request.plan = &plan_;
        auto task = std::make_shared<DecodeTask>(std::move(request), arrivals_++);
        begin_next(rows, task);
        return task;
    }
    static void begin_next(BatchRows& rows, const std::shared_ptr<DecodeTask>& task) {
        const size_t temperature = task->begin_next().value();
        std::vector<int> slots = rows.take(1);
        rows.add({task, temperature, slots, Search({}, 0.0F, slots, 0, 10)});
    }
    /// Its first attempt ends with a text that nobody believes, and the others begin.
    static void climb(BatchRows& rows, const std::shared_ptr<DecodeTask>& task) {
        for (size_t i = rows.attempts().size(); i-- > 0;) {
            if (rows.attempts()[i].task == task) rows.leave(i);
        }
        Hypothesis doubted;
        doubted.avg_logprob = -100.0F;
        task->finish(0, doubted);
        begin_next(rows, task);
        begin_next(rows, task);
    }

    const TinyCheckpoint tiny_ = make_tiny_checkpoint({.d_model = 64, .layers = 1});
    DecodePlan plan_{LogitsRules(tiny_.generation, tiny_.config.vocabulary, {}), {}};
    int64_t arrivals_ = 0;
};

TEST_F(BatchRowsTest, GuessesGiveTheirRowsToWhoeverNeedsThem) {
    BatchRows rows(3);
    const auto first = begin(rows);
    climb(rows, first);
    begin(rows);
    EXPECT_EQ(rows.taken(), 3U);
    EXPECT_EQ(rows.needed(), 2U);
    EXPECT_TRUE(rows.has_room(1));
    EXPECT_FALSE(rows.has_spare(1));
    begin(rows);
    EXPECT_EQ(rows.taken(), 3U);
    EXPECT_EQ(rows.needed(), 3U);
    EXPECT_EQ(first->begin_next(), 2U) << "the guess may be begun again";
    EXPECT_FALSE(rows.has_room(1));
    EXPECT_THROW(rows.take(1), Error);
    EXPECT_EQ(rows.taken_by(&plan_), 3U);
    rows.leave_all_of(&plan_);
    EXPECT_EQ(rows.taken(), 0U);
}

TEST_F(BatchRowsTest, WithLessMemoryGuessesLeaveAndThenWhoCameLast) {
    BatchRows rows(8);
    const auto first = begin(rows), second = begin(rows), third = begin(rows);
    climb(rows, first);
    EXPECT_EQ(rows.taken(), 4U);
    EXPECT_EQ(rows.limit(3), Tasks{});
    EXPECT_EQ(rows.taken(), 3U);
    EXPECT_EQ(rows.needed(), 3U);
    EXPECT_FALSE(rows.has_room(1));
    EXPECT_EQ(rows.limit(1), (Tasks{second, third})) << "in the order in which they came";
    EXPECT_EQ(rows.taken(), 1U);
    EXPECT_EQ(rows.limit(0), Tasks{}) << "one is left";
    EXPECT_FALSE(rows.has_spare(1));
    EXPECT_EQ(rows.take_out_newest(), first);
    EXPECT_EQ(rows.take_out_newest(), nullptr);
    EXPECT_TRUE(rows.has_room(8)) << "a window alone may have more than the limit";
    EXPECT_FALSE(rows.has_room(9));
}

}  // namespace
}  // namespace ft
