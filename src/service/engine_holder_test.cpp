#include "service/engine_holder.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <thread>
#include <vector>

#include "base/error.h"
#include "jobs/memory/manual_clock.h"

namespace ft {
namespace {

class NoEngine : public Engine {
  public:
    std::string model() const override { return "none"; }
    std::string plan(TranscribeOptions) override { return ""; }
    Transcript transcribe(const std::string&, TranscribeOptions, const TranscribeHooks&) override { return {}; }
};

TEST(EngineHolder, IsLoadedOnceForAll) {
    const ManualClock clock;
    std::atomic<int> loads{0};
    EngineHolder holder(
        [&] {
            ++loads;
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
            return std::make_shared<NoEngine>();
        },
        clock, 0);
    EXPECT_FALSE(holder.ready());
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i) threads.emplace_back([&] { EXPECT_NE(holder.get(), nullptr); });
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(loads, 1);
    EXPECT_TRUE(holder.ready());
    EXPECT_EQ(holder.model(), "none");
}

TEST(EngineHolder, IsGivenBackWhenIdleAndLoadedAgain) {
    ManualClock clock;
    int loads = 0;
    EngineHolder holder([&] { return ++loads, std::make_shared<NoEngine>(); }, clock, 1000);
    auto held = holder.get();
    clock.advance(5000);
    EXPECT_FALSE(holder.release_if_idle()) << "somebody holds it";
    held.reset();
    clock.advance(999);
    EXPECT_FALSE(holder.release_if_idle()) << "not idle for long enough since it was last in use";
    clock.advance(1);
    EXPECT_TRUE(holder.release_if_idle());
    EXPECT_FALSE(holder.loaded());
    EXPECT_TRUE(holder.ready()) << "a job will have it loaded";
    EXPECT_FALSE(holder.release_if_idle());
    holder.get();
    EXPECT_EQ(loads, 2);
}

TEST(EngineHolder, TheEngineStandsBehindRequests) {
    const ManualClock clock;
    const int before = ::getpriority(PRIO_PROCESS, 0);
    int inherited = 0;
    EngineHolder holder(
        [&] {
            // As the engine's own threads are made.
            std::thread([&] { inherited = ::getpriority(PRIO_PROCESS, 0); }).join();
            return std::make_shared<NoEngine>();
        },
        clock, 0);
    holder.get();
    EXPECT_EQ(inherited, std::min(19, before + 5));
    EXPECT_EQ(::getpriority(PRIO_PROCESS, 0), before);
}

TEST(EngineHolder, WithoutAnIdleTimeItStays) {
    ManualClock clock;
    EngineHolder holder([] { return std::make_shared<NoEngine>(); }, clock, 0);
    holder.get();
    clock.advance(int64_t{1} << 40);
    EXPECT_FALSE(holder.release_if_idle());
}

TEST(EngineHolder, WhatCannotBeLoadedIsNotTheRecordingsFault) {
    const ManualClock clock;
    for (const ErrorCode code : {ErrorCode::not_found, ErrorCode::invalid_argument, ErrorCode::io}) {
        EngineHolder holder([code]() -> std::shared_ptr<Engine> { throw Error(code, "no such model"); }, clock, 0);
        try {
            holder.get();
            FAIL();
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::bad_model);
            EXPECT_STREQ(error.what(), "no such model");
        }
        EXPECT_FALSE(holder.ready());
    }
}

}  // namespace
}  // namespace ft
