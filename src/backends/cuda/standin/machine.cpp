#include "backends/cuda/standin/machine.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <vector>

#include "backends/cuda/standin/fiber.h"
#include "base/error.h"
#include "tensor/tensor.h"

namespace ft::FT_GPU::standin {

thread_local Place place;

namespace {

constexpr int lanes = 32;

std::unique_ptr<float[]> all_halves() {
    auto values = std::make_unique<float[]>(65536);
    for (uint32_t bits = 0; bits < 65536; ++bits) values[bits] = f16_to_f32(static_cast<uint16_t>(bits));
    return values;
}
const std::unique_ptr<float[]> halves = all_halves();

enum class Waits : uint8_t { no, warp, block, ended };
enum class Collective : uint8_t { none, sync, shuffle, matrices, product };

struct Copy {
    void* to;
    const void* from;  // null: zeros
    bool finished = false;
};

struct Lane {
    Fiber fiber;
    Waits waits = Waits::no;
    std::vector<std::vector<Copy>> copies{1};  // groups, the last one not yet committed
};

/// What the lanes of a warp hand each other. Two, in turn: a lane may be at the next collective while another still
/// reads the last one.
struct Exchange {
    int arrived = 0;
    Collective what = Collective::none;
    uint32_t words[lanes][6];
    const void* rows[lanes];
    float product[16][8];
};

struct Warp {
    Exchange exchange[2];
    int turn[lanes] = {};
};

struct Machine {
    const char* name = "";
    const std::function<void()>* kernel = nullptr;
    std::vector<std::unique_ptr<Lane>> threads;
    std::vector<Warp> warps;
    bool diverged = false;
    uint32_t random = 1;
};
thread_local Machine machine;

void body(void*) {
    (*machine.kernel)();
}

void wait(Waits what) {
    const Place here = place;
    Lane& self = *machine.threads[static_cast<size_t>(here.thread)];
    self.waits = what;
    self.fiber.leave();
    place = here;
}

/// Lets this lane's word be seen by the others: returns when all have come.
template <typename Give, typename Last>
Exchange& meet(Collective what, const Give& give, const Last& last) {
    Warp& warp = machine.warps[static_cast<size_t>(place.thread / lanes)];
    const int lane = place.thread % lanes;
    Exchange& exchange = warp.exchange[warp.turn[lane]++ % 2];
    if (exchange.arrived == lanes) exchange.arrived = 0;
    if (exchange.arrived == 0) exchange.what = what;
    if (exchange.what != what) machine.diverged = true;
    give(exchange, lane);
    if (++exchange.arrived == lanes) last(exchange);
    wait(Waits::warp);
    return exchange;
}
constexpr auto nothing = [](auto&&...) {};

uint32_t shuffled(uint32_t word, int mask) {
    const int lane = place.thread % lanes;
    return meet(
               Collective::shuffle, [&](Exchange& e, int i) { e.words[i][0] = word; }, nothing)
        .words[lane ^ mask][0];
}

/// a [16, 16] · b [16, 8] of all lanes' fragments, as PTX lays them out.
void multiply(Exchange& e) {
    float a[16][16], b[16][8];
    for (int i = 0; i < lanes; ++i) {
        const int row = i / 4, column = i % 4 * 2;
        for (int half = 0; half < 2; ++half) {
            const auto value = [&](int word) { return halves[static_cast<uint16_t>(e.words[i][word] >> (16 * half))]; };
            a[row][column + half] = value(0);
            a[row + 8][column + half] = value(1);
            a[row][column + 8 + half] = value(2);
            a[row + 8][column + 8 + half] = value(3);
            b[column + half][row] = value(4);
            b[column + 8 + half][row] = value(5);
        }
    }
    for (int i = 0; i < 16; ++i) {
        float sum[8] = {};
        for (int k = 0; k < 16; ++k) {
            for (int j = 0; j < 8; ++j) sum[j] += a[i][k] * b[k][j];
        }
        std::copy_n(sum, 8, e.product[i]);
    }
}

}  // namespace

const float* const half_values = halves.get();

uint16_t half_bits(float value) {
    return f32_to_f16(value);
}

void barrier() {
    wait(Waits::block);
}

void sync_warp() {
    meet(Collective::sync, nothing, nothing);
}

float shuffle_xor(float value, int mask) {
    uint32_t word = 0;
    std::memcpy(&word, &value, sizeof(word));
    word = shuffled(word, mask);
    std::memcpy(&value, &word, sizeof(word));
    return value;
}

int shuffle_xor(int value, int mask) {
    return static_cast<int>(shuffled(static_cast<uint32_t>(value), mask));
}

void load_matrices(uint32_t (&r)[4], const void* row, bool transposed) {
    const Exchange& e = meet(
        Collective::matrices, [&](Exchange& x, int i) { x.rows[i] = row; }, nothing);
    const int lane = place.thread % lanes;
    for (int matrix = 0; matrix < 4; ++matrix) {
        uint16_t pair[2];
        for (int i = 0; i < 2; ++i) {
            const int line = transposed ? lane % 4 * 2 + i : lane / 4;
            const int column = transposed ? lane / 4 : lane % 4 * 2 + i;
            std::memcpy(&pair[i], static_cast<const std::byte*>(e.rows[matrix * 8 + line]) + 2 * column, 2);
        }
        r[matrix] = pair[0] | static_cast<uint32_t>(pair[1]) << 16;
    }
}

void multiply_add(float (&d)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1) {
    const auto give = [&](Exchange& e, int i) {
        const uint32_t words[6] = {a[0], a[1], a[2], a[3], b0, b1};
        std::copy_n(words, 6, e.words[i]);
    };
    const Exchange& e = meet(Collective::product, give, multiply);
    const int row = place.thread % lanes / 4, column = place.thread % 4 * 2;
    d[0] += e.product[row][column];
    d[1] += e.product[row][column + 1];
    d[2] += e.product[row + 8][column];
    d[3] += e.product[row + 8][column + 1];
}

void copy_async(void* shared, const void* global, bool valid) {
    machine.threads[static_cast<size_t>(place.thread)]->copies.back().push_back({shared, valid ? global : nullptr});
}

void finish_copy(void* shared) {
    for (auto& group : machine.threads[static_cast<size_t>(place.thread)]->copies) {
        for (Copy& copy : group) copy.finished = copy.finished || copy.to == shared;
    }
}

void commit_copies() {
    machine.threads[static_cast<size_t>(place.thread)]->copies.emplace_back();
}

void wait_for_copies(int pending) {
    auto& groups = machine.threads[static_cast<size_t>(place.thread)]->copies;
    while (static_cast<int>(groups.size()) - 1 > pending) {
        for (const Copy& copy : groups.front()) {
            if (!copy.finished) continue;
            if (copy.from == nullptr) {
                std::memset(copy.to, 0, 16);
            } else {
                std::memcpy(copy.to, copy.from, 16);
            }
        }
        groups.erase(groups.begin());
    }
}

namespace {

[[noreturn]] void fail(const char* why) {
    throw Error(ErrorCode::internal, "stand-in: kernel {}, block {} {} {}: {}", machine.name, place.block[0],
                place.block[1], place.block[2], why);
}

int count_waiting(int first, int end, Waits what) {
    int count = 0;
    for (int i = first; i < end; ++i) count += machine.threads[static_cast<size_t>(i)]->waits == what ? 1 : 0;
    return count;
}

/// Until every lane waits at a barrier or has ended.
void run_warp(int warp) {
    const int first = warp * lanes, end = std::min(first + lanes, place.threads);
    for (;;) {
        const bool upwards = (machine.random >> 16 & 1U) != 0;
        for (int i = 0; i < end - first; ++i) {
            const int thread = upwards ? first + i : end - 1 - i;
            Lane& lane = *machine.threads[static_cast<size_t>(thread)];
            if (lane.waits != Waits::no) continue;
            place.thread = thread;
            lane.fiber.enter();
            if (lane.fiber.ended()) lane.waits = Waits::ended;
        }
        const int in_collective = count_waiting(first, end, Waits::warp);
        if (machine.diverged) fail("the lanes of a warp are at different collectives");
        if (in_collective == 0) return;
        if (in_collective != lanes) fail("a part of a warp waits for lanes that do something else");
        for (int i = first; i < end; ++i) machine.threads[static_cast<size_t>(i)]->waits = Waits::no;
        machine.random = machine.random * 1664525U + 1013904223U;
    }
}

void run_block(std::vector<int>& order) {
    machine.warps.assign(order.size(), Warp{});
    for (int i = 0; i < place.threads; ++i) {
        Lane& lane = *machine.threads[static_cast<size_t>(i)];
        lane.waits = Waits::no;
        if (lane.copies.size() != 1 || !lane.copies[0].empty()) lane.copies.assign(1, {});
        lane.fiber.prepare(body, nullptr);
    }
    for (;;) {
        for (size_t i = order.size(); i > 1; --i) {
            machine.random = machine.random * 1664525U + 1013904223U;
            std::swap(order[i - 1], order[(machine.random >> 16) % i]);
        }
        for (const int warp : order) run_warp(warp);
        const int at_barrier = count_waiting(0, place.threads, Waits::block);
        if (at_barrier == 0) return;
        if (at_barrier != place.threads) fail("some threads wait at a barrier and others have ended");
        for (int i = 0; i < place.threads; ++i) machine.threads[static_cast<size_t>(i)]->waits = Waits::no;
    }
}

}  // namespace

void run_grid(const char* name, const int (&grid)[3], int threads, size_t shared_bytes,
              const std::function<void()>& kernel) {
    machine.name = name;
    machine.kernel = &kernel;
    machine.diverged = false;
    while (static_cast<int>(machine.threads.size()) < threads) machine.threads.push_back(std::make_unique<Lane>());
    std::vector<int> order;
    for (int warp = 0; warp * lanes < threads; ++warp) order.push_back(warp);
    const std::unique_ptr<unsigned char[]> shared(new unsigned char[shared_bytes]);
    for (int z = 0; z < grid[2]; ++z) {
        for (int y = 0; y < grid[1]; ++y) {
            for (int x = 0; x < grid[0]; ++x) {
                std::memset(shared.get(), 0xFF, shared_bytes);
                place = {0, threads, {x, y, z}, shared.get()};
                run_block(order);
            }
        }
    }
}

}  // namespace ft::FT_GPU::standin
