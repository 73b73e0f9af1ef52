#include "base/thread_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <vector>

namespace ft {
namespace {

TEST(ThreadPool, RunsEveryTaskOnce) {
    for (const int threads : {1, 2, 5}) {
        ThreadPool pool(threads);
        for (int round = 0; round < 200; ++round) {
            std::vector<std::atomic<int>> seen(37);
            pool.run(37, [&](int64_t task, int thread) {
                ASSERT_LT(thread, threads);
                ++seen[task];
            });
            for (const auto& count : seen) ASSERT_EQ(count, 1);
        }
    }
}

TEST(ThreadPool, RethrowsAndStaysUsable) {
    ThreadPool pool(3);
    EXPECT_THROW(pool.run(100,
                          [](int64_t task, int) {
                              if (task == 7) throw std::runtime_error("seven");
                          }),
                 std::runtime_error);
    std::atomic<int> count{0};
    pool.run(10, [&](int64_t, int) { ++count; });
    EXPECT_EQ(count, 10);
}

}  // namespace
}  // namespace ft
