#include "service/believed_clock.h"

#include <gtest/gtest.h>

#include "jobs/memory/manual_clock.h"

namespace ft {
namespace {

constexpr int64_t hour_ms = 3600000, day_ms = 24 * hour_ms;

TEST(BelievedClock, IsTheWallClockWhileNobodySetsThat) {
    ManualClock clock;
    BelievedClock believed(clock);
    for (int i = 0; i < 5; ++i) {
        EXPECT_EQ(believed.wall_ms(), clock.wall_ms());
        clock.advance(hour_ms);
    }
}

TEST(BelievedClock, AJumpForwardIsBelievedAsTimeGoesBy) {
    ManualClock clock;
    const int64_t begun_ms = clock.wall_ms();
    BelievedClock believed(clock);
    clock.jump_wall(31 * day_ms);
    EXPECT_EQ(believed.wall_ms(), begun_ms);
    clock.advance(day_ms);
    EXPECT_EQ(believed.wall_ms(), begun_ms + 2 * day_ms);
    for (int i = 0; i < 31; ++i) {
        clock.advance(day_ms);
        believed.wall_ms();
    }
    EXPECT_EQ(believed.wall_ms(), clock.wall_ms()) << "in the end it is right";
}

TEST(BelievedClock, AJumpBackIsBelievedAtOnce) {
    ManualClock clock;
    BelievedClock believed(clock);
    clock.jump_wall(-day_ms);
    EXPECT_EQ(believed.wall_ms(), clock.wall_ms());
    clock.jump_wall(day_ms);
    EXPECT_EQ(believed.wall_ms(), clock.wall_ms() - day_ms);
}

}  // namespace
}  // namespace ft
