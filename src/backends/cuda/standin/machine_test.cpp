// The stand-in must find what it is there to find.
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "backends/cuda/device.h"
#include "backends/cuda/runtime.h"
#include "base/error.h"

namespace ft::FT_GPU {
namespace {

constexpr int threads = 128, blocks = 16;

/// Every thread hands its number to another warp's.
template <bool with_barrier>
void pass_on(int* out) {
    int* numbers = shared_memory<int>();
    numbers[thread()] = thread();
    if constexpr (with_barrier) barrier();
    out[block_x() * threads + thread()] = numbers[(thread() + 64) % threads];
}

/// Shared memory is written again before all have read it.
template <bool with_barrier>
void write_again(int* out) {
    int* numbers = shared_memory<int>();
    int sum = 0;
    for (int round = 0; round < 3; ++round) {
        numbers[thread()] = round * 1000;
        barrier();
        sum += numbers[(thread() + 64) % threads];
        if constexpr (with_barrier) barrier();
    }
    out[block_x() * threads + thread()] = sum;
}

template <bool with_finish, bool with_wait>
void copy_in(const float* from, float* out) {
    auto* shared = shared_memory<float>();
    const Copy copy = copy_async(shared + 4 * thread(), from + 4 * thread(), true);
    commit_copies();
    if constexpr (with_finish) finish_copy(copy);
    if constexpr (with_wait) wait_for_copies<0>();
    barrier();
    out[thread()] = shared[4 * thread()];
}

void half_a_warp() {
    if (lane() < 16) warp_sum(1.0F);
}
void different_things() {
    if (lane() < 16) {
        warp_sum(1.0F);
    } else {
        sync_warp();
    }
}
void one_is_gone() {
    if (thread() != 5) barrier();
}

/// How many threads do not give `expected(thread)`.
template <typename Expected>
int wrong_numbers(void (*kernel)(int*), const Expected& expected) {
    Device device(0);
    DeviceMemory out(device, sizeof(int) * threads * blocks);
    device.launch("test", kernel, {blocks}, threads, sizeof(int) * threads, {}, out.as<int>());
    std::vector<int> got(threads * blocks);
    device.read(got.data(), out.as<int>(), sizeof(int) * got.size());
    int wrong = 0;
    for (int i = 0; i < threads * blocks; ++i) wrong += got[static_cast<size_t>(i)] == expected(i % threads) ? 0 : 1;
    return wrong;
}

int half_on(int thread) {
    return (thread + 64) % threads;
}
int sum_of_rounds(int) {
    return 3000;
}

TEST(Machine, FindsAMissingBarrier) {
    EXPECT_EQ(wrong_numbers(pass_on<true>, half_on), 0);
    EXPECT_GT(wrong_numbers(pass_on<false>, half_on), 0);
}

TEST(Machine, FindsWhatIsWrittenTooEarly) {
    EXPECT_EQ(wrong_numbers(write_again<true>, sum_of_rounds), 0);
    EXPECT_GT(wrong_numbers(write_again<false>, sum_of_rounds), 0);
}

TEST(Machine, CopiesAreThereAfterTheWaitOnly) {
    Device device(0);
    DeviceMemory from(device, 16 * threads), out(device, sizeof(float) * threads);
    std::vector<float> values(4 * threads, 3.0F), got(threads);
    device.upload(from.as<float>(), values.data(), from.bytes());
    const auto run = [&](void (*kernel)(const float*, float*)) {
        device.launch("copies", kernel, {1}, threads, 16 * threads, {}, from.as<float>(), out.as<float>());
        device.read(got.data(), out.as<float>(), out.bytes());
    };
    run(copy_in<true, true>);
    EXPECT_EQ(got, std::vector<float>(threads, 3.0F));
    for (const auto kernel : {copy_in<true, false>, copy_in<false, true>}) {
        run(kernel);
        for (const float value : got) EXPECT_TRUE(std::isnan(value));
    }
}

TEST(Machine, EveryByteIsItsHalf) {
    Device device(0);
    std::vector<uint8_t> bytes(256);
    for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<uint8_t>(i);
    DeviceMemory from(device, bytes.size()), out(device, sizeof(float) * bytes.size());
    device.upload(from.as<uint8_t>(), bytes.data(), bytes.size());
    const auto kernel = [](const i8* values, float* to) {
        float v[16];
        load16(values + 16 * thread(), v);
        for (int i = 0; i < 16; ++i) to[16 * thread() + i] = v[i];
    };
    device.launch("load16", +kernel, {1}, 16, 0, {}, from.as<i8>(), out.as<float>());
    std::vector<float> got(bytes.size());
    device.read(got.data(), out.as<float>(), out.bytes());
    for (int i = 0; i < 256; ++i) EXPECT_EQ(got[static_cast<size_t>(i)], static_cast<float>(i - 128));
}

TEST(Machine, WhatWouldHangIsAnErrorThatNamesTheKernel) {
    Device device(0);
    for (void (*kernel)() : {half_a_warp, different_things, one_is_gone}) {
        try {
            device.launch("hanging", kernel, {2}, 64, 0, {});
            device.synchronize();
            ADD_FAILURE() << "ran to its end";
        } catch (const Error& error) {
            EXPECT_NE(std::string(error.what()).find("kernel hanging, block 0 0 0"), std::string::npos) << error.what();
        }
    }
    EXPECT_EQ(wrong_numbers(pass_on<true>, half_on), 0) << "the machine goes on";
}

TEST(Machine, ProductsOfFragmentsAreMatrixProducts) {
    const auto kernel = [](float* out) {
        // a[i][k] = i + k/16, b[k][j] = k == 2·j: so the product is a's even columns.
        uint32_t a[4];
        for (int r = 0; r < 4; ++r) {
            const int row = lane() / 4 + r % 2 * 8, column = lane() % 4 * 2 + r / 2 * 8;
            const auto value = [&](int k) { return static_cast<float>(row) + static_cast<float>(k) / 16; };
            a[r] = pack_halves(value(column), value(column + 1));
        }
        uint32_t b[2];
        for (int r = 0; r < 2; ++r) {
            const int k = lane() % 4 * 2 + 8 * r, j = lane() / 4;
            b[r] = pack_halves(k == 2 * j ? 1.0F : 0.0F, 0.0F);
        }
        float d[4] = {100, 100, 100, 100};
        multiply_add(d, a, b[0], b[1]);
        for (int e = 0; e < 4; ++e) out[(lane() / 4 + e / 2 * 8) * 8 + lane() % 4 * 2 + e % 2] = d[e];
    };
    Device device(0);
    DeviceMemory out(device, sizeof(float) * 16 * 8);
    device.launch("product", +kernel, {1}, warp_lanes, 0, {}, out.as<float>());
    std::vector<float> got(16 * 8);
    device.read(got.data(), out.as<float>(), out.bytes());
    for (int i = 0; i < 16; ++i) {
        for (int j = 0; j < 8; ++j) EXPECT_EQ(got[i * 8 + j], 100 + i + static_cast<float>(2 * j) / 16);
    }
}

#if defined(__SANITIZE_ADDRESS__)
void write_beyond(float* out, int at) {
    out[at] = 1;
}
TEST(MachineDeathTest, AccessesBeyondAreSeen) {
    Device device(0);
    DeviceMemory out(device, sizeof(float) * 7);
    const auto beyond = [&] {
        device.launch("beyond", write_beyond, {1}, 32, 0, {}, out.as<float>(), 7);
        device.synchronize();
    };
    const auto beyond_shared = [&] {
        device.launch("shared", +[] { shared_memory<float>()[5] = 1; }, {1}, 32, sizeof(float) * 5, {});
        device.synchronize();
    };
    EXPECT_DEATH(beyond(), "heap-buffer-overflow");
    EXPECT_DEATH(beyond_shared(), "heap-buffer-overflow");
}
#endif

}  // namespace
}  // namespace ft::FT_GPU
