#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "suite.h"

namespace ft::conformance {
namespace {

FT_CONFORMANCE_SUITE_ON(SelfAttentionConformance, cases_beyond_products());

struct Step {
    std::vector<int32_t> slots, positions;
    std::vector<float> qkv;
};

std::vector<float> feed(Backend& backend, SelfCache& cache, int d, int layer, const Step& step) {
    const auto n = static_cast<int64_t>(step.slots.size());
    Tensor out = backend.empty({n, d});
    backend.self_attention_step(backend.upload({n, 3 * d}, step.qkv), d / 64, layer, cache, step.slots, step.positions,
                                out);
    return backend.read(out);
}

/// A prompt: `count` items of one slot from `position` on.
Step prompt(const std::vector<float>& qkv, int d, int32_t slot, int32_t position, int32_t count) {
    Step step{
        std::vector<int32_t>(static_cast<size_t>(count), slot), std::vector<int32_t>(static_cast<size_t>(count)), {}};
    std::iota(step.positions.begin(), step.positions.end(), position);
    step.qkv = rows_of(qkv, 3 * d, position, count);
    return step;
}

TEST_P(SelfAttentionConformance, RowsComeAndGo) {
    for (const int d : {64, 384, 512, 1280}) {
        Random random(20);
        const int layers = 2, rows = 5, positions = 19;
        const auto ours = tested->make_self_cache(layers, rows, positions, d);
        const auto theirs = truth->make_self_cache(layers, rows, positions, d);
        std::vector<int32_t> length(rows, 0);
        for (int round = 0; round < 30; ++round) {
            Step step;
            for (int32_t slot = rows - 1; slot >= 0; --slot) {
                if (length[slot] == positions || random.below(12) == 0)
                    length[slot] = 0;  // a new hypothesis takes the slot
                const int32_t items = length[slot] == 0 ? 1 + random.below(4) : random.below(2);
                for (int32_t i = 0; i < items; ++i) {
                    step.slots.push_back(slot);
                    step.positions.push_back(length[slot]++);
                }
            }
            if (step.slots.empty()) continue;
            for (int layer = 0; layer < layers; ++layer) {
                step.qkv = random.normals(static_cast<int64_t>(step.slots.size()) * 3 * d);
                expect_close(feed(*tested, *ours, d, layer, step), feed(*truth, *theirs, d, layer, step), tolerance(),
                             fmt::format("d {}, round {}, layer {}, {} items", d, round, layer, step.slots.size()));
                if (HasFailure()) return;
            }
        }
    }
}

TEST_P(SelfAttentionConformance, UpToTheLastPositionOfWhisper) {
    Random random(21);
    const int d = 128, positions = 448;
    const std::vector<float> qkv = random.normals(positions * 3 * d);
    const auto ours = tested->make_self_cache(1, 2, positions, d);
    const auto theirs = truth->make_self_cache(1, 2, positions, d);
    const Step all = prompt(qkv, d, 1, 0, positions);
    expect_close(feed(*tested, *ours, d, 0, all), feed(*truth, *theirs, d, 0, all), tolerance(), "448 positions");
}

TEST_P(SelfAttentionConformance, APromptEqualsItsItemsOneByOne) {
    Random random(22);
    const int d = 192, count = 21;
    const std::vector<float> qkv = random.normals(count * 3 * d);
    const auto together = tested->make_self_cache(1, 1, count, d);
    const auto single = tested->make_self_cache(1, 1, count, d);
    const std::vector<float> whole = feed(*tested, *together, d, 0, prompt(qkv, d, 0, 0, count));
    for (int32_t i = 0; i < count; ++i) {
        expect_same_bits(feed(*tested, *single, d, 0, prompt(qkv, d, 0, i, 1)), rows_of(whole, d, i, 1),
                         fmt::format("item {}", i));
    }
}

TEST_P(SelfAttentionConformance, AUsedSlotForgets) {
    Random random(23);
    const int d = 64;
    const std::vector<float> before = random.normals(9 * 3 * d), after = random.normals(9 * 3 * d);
    const auto used = tested->make_self_cache(1, 2, 9, d);
    const auto fresh = tested->make_self_cache(1, 2, 9, d);
    feed(*tested, *used, d, 0, prompt(before, d, 1, 0, 9));
    for (int32_t i = 0; i < 9; ++i) {
        expect_same_bits(feed(*tested, *used, d, 0, prompt(after, d, 1, i, 1)),
                         feed(*tested, *fresh, d, 0, prompt(after, d, 1, i, 1)), fmt::format("position {}", i));
    }
}

TEST_P(SelfAttentionConformance, ACopiedSlotGoesItsOwnWay) {
    Random random(24);
    const int d = 128, layers = 3, shared = 6;
    const std::vector<float> common = random.normals(shared * 3 * d), one = random.normals(10 * 3 * d),
                             two = random.normals(10 * 3 * d);
    const auto copied = tested->make_self_cache(layers, 4, 10, d);
    const auto plain = tested->make_self_cache(layers, 4, 10, d);
    for (int layer = 0; layer < layers; ++layer) {
        feed(*tested, *copied, d, layer, prompt(one, d, 3, 0, 10));  // what the copy must replace
        feed(*tested, *copied, d, layer, prompt(common, d, 1, 0, shared));
        feed(*tested, *plain, d, layer, prompt(common, d, 1, 0, shared));
        feed(*tested, *plain, d, layer, prompt(common, d, 3, 0, shared));
    }
    tested->copy_slot(*copied, 1, 3, shared);
    tested->copy_slot(*copied, 1, 1, shared);  // to itself: nothing happens
    for (int layer = 0; layer < layers; ++layer) {
        for (const auto& [slot, tail] : {std::pair<int32_t, const std::vector<float>&>{1, one}, {3, two}}) {
            const Step step = prompt(tail, d, slot, shared, 4);
            expect_same_bits(feed(*tested, *copied, d, layer, step), feed(*tested, *plain, d, layer, step),
                             fmt::format("layer {}, slot {}", layer, slot));
        }
    }
}

TEST_P(SelfAttentionConformance, AfterACopyTheTextGoesOnFromThere) {
    Random random(25);
    const int d = 64;
    const std::vector<float> left = random.normals(8 * 3 * d), right = random.normals(8 * 3 * d);
    const auto cache = tested->make_self_cache(1, 3, 8, d);
    const auto plain = tested->make_self_cache(1, 3, 8, d);
    feed(*tested, *cache, d, 0, prompt(left, d, 0, 0, 7));
    feed(*tested, *cache, d, 0, prompt(right, d, 2, 0, 7));
    tested->copy_slot(*cache, 0, 2, 3);
    feed(*tested, *plain, d, 0, prompt(left, d, 2, 0, 3));
    const Step rest = prompt(right, d, 2, 3, 5);
    expect_same_bits(feed(*tested, *cache, d, 0, rest), feed(*tested, *plain, d, 0, rest), "positions 0–2 copied");
    const Step source = prompt(left, d, 0, 7, 1);
    feed(*tested, *plain, d, 0, prompt(left, d, 0, 0, 7));
    expect_same_bits(feed(*tested, *cache, d, 0, source), feed(*tested, *plain, d, 0, source), "the source keeps all");
}

/// As beams do: at every position some take up another's past, which goes on itself or ends, then all go on.
TEST_P(SelfAttentionConformance, ManyShareAPastAndPart) {
    Random random(26);
    const int d = 64, layers = 2, slots = 5, positions = 40;
    const auto ours = tested->make_self_cache(layers, slots, positions, d);
    const auto theirs = truth->make_self_cache(layers, slots, positions, d);
    for (int text = 0; text < 3; ++text) {
        Step step;
        for (int32_t position = 0; position < positions; ++position) {
            if (position == 0) {
                step.slots = {0};
            } else {
                for (int copies = position == 1 ? slots - 1 : random.below(3); copies > 0; --copies) {
                    const int to = position == 1 ? copies : random.below(slots);
                    const int from = position == 1 ? 0 : random.below(slots);
                    tested->copy_slot(*ours, from, to, position);
                    truth->copy_slot(*theirs, from, to, position);
                }
                step.slots = {0, 1, 2, 3, 4};
            }
            step.positions.assign(step.slots.size(), position);
            for (int layer = 0; layer < layers; ++layer) {
                step.qkv = random.normals(static_cast<int64_t>(step.slots.size()) * 3 * d);
                expect_close(feed(*tested, *ours, d, layer, step), feed(*truth, *theirs, d, layer, step), tolerance(),
                             fmt::format("text {}, position {}, layer {}", text, position, layer));
                if (HasFailure()) return;
            }
        }
    }
}

}  // namespace
}  // namespace ft::conformance
