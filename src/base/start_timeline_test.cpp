#include "base/start_timeline.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>

namespace ft {
namespace {

TEST(StartTimeline, OnlyTheFirstTimeCounts) {
    StartTimeline timeline(0);
    EXPECT_TRUE(timeline.reached("weights"));
    EXPECT_TRUE(timeline.reached("first_token"));
    const double at_s = timeline.moments().front().at_s;
    EXPECT_FALSE(timeline.reached("weights"));
    const auto moments = timeline.moments();
    ASSERT_EQ(moments.size(), 2u);
    EXPECT_EQ(moments[0].name, "weights");
    EXPECT_EQ(moments[0].at_s, at_s);
    EXPECT_EQ(moments[1].name, "first_token");
    EXPECT_GE(moments[1].at_s, at_s);
}

TEST(StartTimeline, WhatWasBeforeCounts) {
    StartTimeline timeline(1000);
    EXPECT_EQ(timeline.text(), "");
    timeline.reached("main");
    EXPECT_GE(timeline.moments().front().at_s, 1000);
    EXPECT_EQ(timeline.text().rfind("main 1000.", 0), 0u) << timeline.text();
    timeline.reached("driver");
    EXPECT_NE(timeline.text().find(" s, driver 1000."), std::string::npos) << timeline.text();
}

TEST(StartTimeline, SomeMomentsCountAfterOthersOnly) {
    StartTimeline timeline(0);
    EXPECT_FALSE(timeline.reached("first_graph", "weights"));
    EXPECT_TRUE(timeline.moments().empty());
    EXPECT_TRUE(timeline.reached("weights"));
    EXPECT_TRUE(timeline.reached("first_graph", "weights"));
    EXPECT_FALSE(timeline.reached("first_graph", "weights"));
    EXPECT_EQ(timeline.moments().size(), 2u);
}

TEST(StartTimeline, OneThreadOfManyIsTheFirst) {
    StartTimeline timeline(0);
    std::atomic<int> firsts = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i)
        threads.emplace_back([&] {
            for (const char* name : {"driver", "context", "weights"}) firsts += timeline.reached(name) ? 1 : 0;
        });
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(firsts, 3);
    EXPECT_EQ(timeline.moments().size(), 3u);
}

TEST(StartTimeline, BeginsWithTheProcess) {
    const double before_s = process_age_s();
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    const double after_s = process_age_s();
    if (before_s == 0 || after_s == 0) GTEST_SKIP() << "the kernel does not tell, or other tests took seconds";
    EXPECT_GT(after_s - before_s, 0.03);  // the kernel's clock for processes is that coarse
    EXPECT_GE(start_timeline().now_s(), before_s);
}

}  // namespace
}  // namespace ft
