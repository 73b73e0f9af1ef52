#include "backends/cpu/self_cache.h"

#include <algorithm>

namespace ft::cpu {

CpuSelfCache::CpuSelfCache(int layers, int slots, int positions, int64_t d)
    : layers_(layers), positions_(positions), d_(d), slots_(static_cast<size_t>(slots)) {}

size_t CpuSelfCache::take_page() {
    if (free_.empty()) {
        pages_.push_back({allocate<float>(layer_offset(layers_)), 1});
        return pages_.size() - 1;
    }
    const size_t page = free_.back();
    free_.pop_back();
    pages_[page].users = 1;
    return page;
}

void CpuSelfCache::release(size_t page) {
    if (--pages_[page].users == 0) free_.push_back(page);
}

void CpuSelfCache::append(Slot& slot, size_t page) {
    slot.pages.push_back(page);
    slot.addresses.push_back(pages_[page].values.get());
}

void CpuSelfCache::clear(int slot) {
    Slot& past = slots_[static_cast<size_t>(slot)];
    for (const size_t page : past.pages) release(page);
    past.pages.clear();
    past.addresses.clear();
}

float* CpuSelfCache::write(int slot, int layer, int position) {
    Slot& past = slots_[static_cast<size_t>(slot)];
    const auto place = static_cast<size_t>(position / page_positions);
    while (past.pages.size() <= place) append(past, take_page());
    size_t& page = past.pages[place];
    if (pages_[page].users > 1) {
        const size_t own = take_page();
        const int64_t earlier = position % page_positions * d_;
        for (int64_t part = 0; part < 2 * layers_; ++part) {
            const int64_t at = part * page_positions * d_;
            std::copy_n(past.addresses[place] + at, earlier, pages_[own].values.get() + at);
        }
        release(page);
        page = own;
        past.addresses[place] = pages_[own].values.get();
    }
    return pages_[page].values.get() + layer_offset(layer) + position % page_positions * d_;
}

void CpuSelfCache::copy(int from, int to, int positions) {
    if (from == to) return;
    clear(to);
    const auto count = static_cast<size_t>((positions + page_positions - 1) / page_positions);
    const std::vector<size_t>& source = slots_[static_cast<size_t>(from)].pages;
    for (size_t i = 0; i < std::min(count, source.size()); ++i) {
        ++pages_[source[i]].users;
        append(slots_[static_cast<size_t>(to)], source[i]);
    }
}

}  // namespace ft::cpu
