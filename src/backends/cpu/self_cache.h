#pragma once
// The decoder's own past, in pages that texts share until they part.
#include <vector>

#include "backends/cpu/memory.h"
#include "tensor/backend.h"

namespace ft::cpu {

constexpr int page_positions = 4;

/// Keys and values of every slot. A slot is a list of pages of page_positions positions each; copying a slot copies the
/// list, and a page that several slots have is copied when one of them writes into it. So the beams of a window, which
/// agree on all but their last tokens, take the memory of little more than one text, and it stays in the cache.
/// Not thread-safe.
class CpuSelfCache : public SelfCache {
  public:
    CpuSelfCache(int layers, int slots, int positions, int64_t d);

    int positions() const { return positions_; }
    int64_t d() const { return d_; }

    /// The slot's past is forgotten.
    void clear(int slot);
    /// Pages of the slot; of each layer: keys [page_positions, d], then values, from layer_offset() on.
    const float* const* pages(int slot) const { return slots_[static_cast<size_t>(slot)].addresses.data(); }
    int64_t layer_offset(int layer) const { return int64_t{layer} * 2 * page_positions * d_; }
    /// Where the slot's keys of this position are to be written; values lie page_positions·d further. What the slot has
    /// of earlier positions stays.
    float* write(int slot, int layer, int position);
    /// The first `positions` positions of `from` become the past of `to`.
    void copy(int from, int to, int positions);

  private:
    struct Page {
        AlignedArray<float> values;  // [layers, 2, page_positions, d]
        int users = 0;
    };

    struct Slot {
        std::vector<size_t> pages;
        std::vector<const float*> addresses;  // of the same pages
    };

    size_t take_page();
    void release(size_t page);
    void append(Slot& slot, size_t page);

    int layers_, positions_;
    int64_t d_;
    std::vector<Page> pages_;
    std::vector<size_t> free_;
    std::vector<Slot> slots_;
};

}  // namespace ft::cpu
