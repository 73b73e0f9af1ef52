// What runtime.h promises of launches that wait, graphs that are used again, memory and staging. The stand-in's graphs
// run their own copies of the arguments: one that was not set shows.
#include "backends/cuda/runtime.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <thread>
#include <vector>

#include "backends/cuda/device.h"
#include "base/error.h"

namespace ft::FT_GPU {
namespace {

void scale(const float* from, float* to, float factor, int n) {
    const int i = block_x() * block_threads() + thread();
    if (i < n) to[i] = from[i] * factor;
}
void fail() {
    if (thread() < 16) warp_sum(1.0F);
}

/// to = from·first·second·…, a kernel a factor.
void scale_all(Device& device, const float* from, float* to, const std::vector<float>& factors, int n) {
    for (const float factor : factors) {
        device.launch("scale", scale, {(n + 31) / 32}, 32, 0, {}, from, to, factor, n);
        from = to;
    }
}

std::vector<float> read(Device& device, const DeviceMemory& memory) {
    std::vector<float> values(memory.bytes() / sizeof(float));
    device.read(values.data(), memory.as<float>(), memory.bytes());
    return values;
}

/// One "step": an array goes up, kernels work on it, the result comes back.
std::vector<float> step(Device& device, DeviceMemory& in, DeviceMemory& out, float value,
                        const std::vector<float>& factors) {
    const auto n = in.bytes() / sizeof(float);
    std::vector<float> values(n, value);
    device.upload(in.as<float>(), values.data(), in.bytes());
    values.assign(n, -1.0F);  // it was taken already
    scale_all(device, in.as<float>(), out.as<float>(), factors, static_cast<int>(n));
    return read(device, out);
}

TEST(LaunchQueue, ASequenceThatComesAgainIsAGraphWithTheNewArguments) {
    Device device(0);
    DeviceMemory in(device, 160), out(device, 160), elsewhere(device, 160);
    const std::vector<std::vector<float>> rounds = {{1, 2, 3, 4}, {1, 2, 3, 5}, {2, 2, 2, 2}, {2, 2, 2, 2}};
    for (size_t i = 0; i < rounds.size(); ++i) {
        const auto& f = rounds[i];
        const auto value = static_cast<float>(i + 1);
        EXPECT_EQ(step(device, in, out, value, f), std::vector<float>(40, value * f[0] * f[1] * f[2] * f[3]));
    }
    EXPECT_EQ(device.launches().plain, 1);
    EXPECT_EQ(device.launches().graphs, 3);
    EXPECT_EQ(device.launches().built, 1);
    EXPECT_EQ(device.launches().arguments, 3) << "in the third round; uploads lie where they lay before";
    EXPECT_EQ(step(device, in, elsewhere, 1, rounds[0]), std::vector<float>(40, 24));
    EXPECT_EQ(step(device, in, out, 1, rounds[0]), std::vector<float>(40, 24));
    EXPECT_EQ(device.launches().built, 1);
}

TEST(LaunchQueue, AnotherTopologyIsAnotherSequence) {
    Device device(0);
    DeviceMemory in(device, 160), out(device, 160), small(device, 64), small_out(device, 64);
    for (int round = 0; round < 3; ++round) {
        EXPECT_EQ(step(device, in, out, 1, {1, 2, 3, 4}), std::vector<float>(40, 24));
        EXPECT_EQ(step(device, in, out, 1, {1, 2, 3, 4, 5}), std::vector<float>(40, 120));
        EXPECT_EQ(step(device, small, small_out, 1, {1, 2, 3, 4}), std::vector<float>(16, 24));
    }
    EXPECT_EQ(device.launches().plain, 3);
    EXPECT_EQ(device.launches().built, 3);
}

TEST(LaunchQueue, TheLeastRecentlyUsedSequenceIsForgotten) {
    DeviceOptions options;
    options.most_sequences = 3;
    Device device(options);
    DeviceMemory in(device, 4), out(device, 4);
    const auto run = [&](size_t kernels) { step(device, in, out, 1, std::vector<float>(kernels, 1.0F)); };
    run(10);
    run(10);
    EXPECT_EQ(device.launches().built, 1);
    for (size_t other = 1; other < options.most_sequences; ++other) run(10 + other);
    run(10);  // still known: now the most recently used
    EXPECT_EQ(device.launches().built, 1);
    EXPECT_EQ(device.launches().graphs, 2);
    run(20);  // takes the place of another one, though that came later
    run(10);
    EXPECT_EQ(device.launches().graphs, 3);
    for (size_t other = 0; other < options.most_sequences; ++other) run(30 + other);
    run(10);
    EXPECT_EQ(device.launches().graphs, 3) << "forgotten: plainly, as for the first time";
    run(10);
    EXPECT_EQ(device.launches().built, 2);
}

TEST(LaunchQueue, WithoutGraphsEverythingIsTheSame) {
    DeviceOptions options;
    options.graphs = false;
    Device plain(options), refusing(0);
    refusing.driver().refuses_graphs = true;
    for (Device* device : {&plain, &refusing}) {
        DeviceMemory in(*device, 160), out(*device, 160);
        for (int round = 0; round < 4; ++round)
            EXPECT_EQ(step(*device, in, out, 2, {1, 2, 3, 4}), std::vector<float>(40, 48));
        EXPECT_EQ(device->launches().plain, 4);
        EXPECT_EQ(device->launches().graphs, 0);
    }
}

TEST(LaunchQueue, WhenAnArgumentCannotBeSetItGoesOnPlainly) {
    Device device(0);
    DeviceMemory in(device, 160), out(device, 160);
    for (int round = 0; round < 3; ++round) step(device, in, out, 2, {1, 2, 3, 4});
    device.driver().refuses_graphs = true;
    EXPECT_EQ(step(device, in, out, 2, {1, 2, 3, 5}), std::vector<float>(40, 60));
    device.driver().refuses_graphs = false;
    for (int round = 0; round < 3; ++round) step(device, in, out, 2, {1, 2, 3, 4});
    EXPECT_EQ(device.launches().graphs, 2);
}

TEST(LaunchQueue, WithoutRoomForGraphsItGoesOnPlainlyAndMakesThemLater) {
    Device device(0);
    device.driver().refusal = ErrorCode::out_of_memory;
    device.driver().refuses_graphs = true;
    DeviceMemory in(device, 160), out(device, 160);
    for (int round = 0; round < 3; ++round)
        EXPECT_EQ(step(device, in, out, 2, {1, 2, 3, 4}), std::vector<float>(40, 48));
    EXPECT_EQ(device.launches().graphs, 0);
    device.driver().refuses_graphs = false;
    for (int round = 0; round < 3; ++round)
        EXPECT_EQ(step(device, in, out, 2, {1, 2, 3, 4}), std::vector<float>(40, 48));
    EXPECT_GT(device.launches().graphs, 0);
}

TEST(LaunchQueue, WorkThatWasLostForWantOfMemoryIsNotTriedAgain) {
    Device device(0);
    device.driver().refusal = ErrorCode::out_of_memory;
    DeviceMemory in(device, 160), out(device, 160);
    device.driver().refuses_launches = true;
    const uint64_t before = device.failures();
    try {
        step(device, in, out, 2, {1, 2, 3, 4});
        ADD_FAILURE() << "it was done";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::internal);
    }
    EXPECT_GT(device.failures(), before);
    device.driver().refuses_launches = false;
    EXPECT_EQ(step(device, in, out, 2, {1, 2, 3, 4}), std::vector<float>(40, 48));
}

TEST(LaunchQueue, WhatFailsIsForgottenAndTheDeviceGoesOn) {
    Device device(0);
    DeviceMemory in(device, 160), out(device, 160);
    const uint64_t before = device.failures();
    device.launch("fails", fail, {1}, 32, 0, {});
    EXPECT_THROW(device.synchronize(), Error);
    EXPECT_GT(device.failures(), before);
    EXPECT_EQ(step(device, in, out, 2, {1, 2, 3, 4}), std::vector<float>(40, 48));
}

TEST(LaunchQueue, ALongOneIsHandedOver) {
    Device device(0);
    DeviceMemory in(device, 4), out(device, 4);
    EXPECT_EQ(step(device, in, out, 1, std::vector<float>(3000, 1.0F)), std::vector<float>(1, 1.0F));
    EXPECT_GE(device.launches().plain + device.launches().graphs, 3);
}

TEST(Device, MemoryMayBeReleasedWhileLaunchesThatUseItWait) {
    Device device(0);
    DeviceMemory out(device, 160);
    {
        DeviceMemory in(device, 160);
        const std::vector<float> values(40, 3.0F);
        device.upload(in.as<float>(), values.data(), in.bytes());
        scale_all(device, in.as<float>(), out.as<float>(), {2}, 40);
    }
    EXPECT_EQ(read(device, out), std::vector<float>(40, 6.0F));
    EXPECT_EQ(device.memory().kept, 0U) << "the stand-in keeps nothing";
    EXPECT_EQ(device.memory().in_use, 160U);
    EXPECT_EQ(device.memory().highest, 320U);
}

TEST(Device, UploadsLargeAndSmallKeepTheirOrder) {
    DeviceOptions options;
    options.staging_bytes = 1024;  // uploads of up to 128 bytes wait
    Device device(options);
    DeviceMemory target(device, 400);
    std::vector<float> values(100);
    for (int round = 0; round < 50; ++round) {  // more than there is room for
        std::fill_n(values.begin(), 100, static_cast<float>(round));
        device.upload(target.as<float>(), values.data(), 400);
        std::fill_n(values.begin(), 25, static_cast<float>(-round));
        device.upload(target.as<float>(), values.data(), 100);
    }
    std::vector<float> expected(100, 49.0F);
    std::fill_n(expected.begin(), 25, -49.0F);
    EXPECT_EQ(read(device, target), expected);
    for (int round = 0; round < 50; ++round) {
        std::fill_n(values.begin(), 25, static_cast<float>(round));
        device.upload(target.as<float>() + 25 * (round % 4), values.data(), 100);
        values.assign(100, NAN);
    }
    EXPECT_EQ(read(device, target)[0], 48.0F);
    EXPECT_EQ(read(device, target)[25], 49.0F);
    EXPECT_EQ(read(device, target)[75], 47.0F);
}

TEST(Device, TheBudgetIsKept) {
    DeviceOptions options;
    options.memory_budget = 1000;
    Device device(options);
    DeviceMemory kept(device, 600);
    try {
        DeviceMemory more(device, 500);
        ADD_FAILURE() << "more than the budget";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::out_of_memory);
        EXPECT_NE(std::string(error.what()).find("--gpu_memory"), std::string::npos) << error.what();
    }
    // What waiting launches still use is in the way until they have run, and then no longer.
    device.clear(kept.as<float>(), 600);
    kept = DeviceMemory();
    const DeviceMemory all(device, 1000);
    EXPECT_EQ(device.memory().in_use, 1000U);
    EXPECT_LE(device.memory().highest, 1000U);
}

TEST(Device, AnotherThreadMayGoOn) {
    Device device(0);
    DeviceMemory in(device, 160), out(device, 160);
    step(device, in, out, 1, {1, 2, 3, 4});
    std::vector<float> there;
    std::thread([&] { there = step(device, in, out, 2, {1, 2, 3, 4}); }).join();
    EXPECT_EQ(there, std::vector<float>(40, 48));
    EXPECT_EQ(step(device, in, out, 3, {1, 2, 3, 4}), std::vector<float>(40, 72));
}

}  // namespace
}  // namespace ft::FT_GPU
