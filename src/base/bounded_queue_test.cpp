#include "base/bounded_queue.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <thread>

namespace ft {
namespace {

TEST(BoundedQueue, DeliversInOrderAndEnds) {
    BoundedQueue<int> queue(2);
    std::thread producer([&] {
        for (int i = 0; i < 100; ++i) queue.push(i);
        queue.close();
    });
    for (int i = 0; i < 100; ++i) EXPECT_EQ(queue.pop(true), i);
    EXPECT_EQ(queue.pop(true), std::nullopt);
    producer.join();
}

TEST(BoundedQueue, CarriesTheProducersException) {
    BoundedQueue<int> queue(2);
    queue.push(1);
    queue.close(std::make_exception_ptr(std::runtime_error("broken")));
    EXPECT_EQ(queue.pop(true), 1) << "what came before the failure is kept";
    EXPECT_THROW(queue.pop(true), std::runtime_error);
}

TEST(BoundedQueue, CancelFreesAWaitingProducer) {
    BoundedQueue<int> queue(1);
    queue.push(1);
    std::thread producer([&] { EXPECT_FALSE(queue.push(2)); });
    queue.cancel();
    producer.join();
}

}  // namespace
}  // namespace ft
