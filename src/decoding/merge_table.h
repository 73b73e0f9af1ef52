#pragma once
// The merges of a byte-pair vocabulary: two neighbouring tokens → the token that they make.
#include <cstddef>
#include <cstdint>
#include <vector>

namespace ft {

/// A hash table with linear probing: it is built at every start, and a node a merge would cost three times as much.
class MergeTable {
  public:
    /// Room for `count` merges at most.
    explicit MergeTable(size_t count) {
        size_t slots = 16;
        while (slots < 2 * count) slots *= 2;
        slots_.resize(slots);
    }

    /// The token that the two make, or -1. A merge happens earlier the lower this token.
    int32_t find(int32_t left, int32_t right) const { return slots_[slot_of(key_of(left, right))].made; }

    /// Keeps the first of two merges of the same pair.
    void add(int32_t left, int32_t right, int32_t made) {
        const uint64_t key = key_of(left, right);
        Slot& slot = slots_[slot_of(key)];
        if (slot.made < 0) slot = {key, made};
    }

  private:
    struct Slot {
        uint64_t key = 0;
        int32_t made = -1;  // -1: free
    };

    static uint64_t key_of(int32_t left, int32_t right) {
        return (uint64_t{static_cast<uint32_t>(left)} << 32) | static_cast<uint32_t>(right);
    }

    /// Where the key is, or the free slot where it would be.
    size_t slot_of(uint64_t key) const {
        const size_t mask = slots_.size() - 1;
        size_t at = static_cast<size_t>((key * 0x9E3779B97F4A7C15U) >> 32) & mask;
        while (slots_[at].made >= 0 && slots_[at].key != key) at = (at + 1) & mask;
        return at;
    }

    std::vector<Slot> slots_;
};

}  // namespace ft
