#include "backends/cpu/self_cache.h"

#include <algorithm>

namespace ft::cpu {

CpuSelfCache::CpuSelfCache(int layers, int slots, int positions, int64_t d)
    : layers_(layers),
      positions_(positions),
      d_(d),
      numbers_(static_cast<size_t>(slots)),
      tables_(static_cast<size_t>(slots)) {}

size_t CpuSelfCache::take_page() {
    if (free_.empty()) {
        pages_.push_back({allocate<float>(page_floats()), 1});
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

void CpuSelfCache::clear(int slot) {
    std::vector<size_t>& numbers = numbers_[static_cast<size_t>(slot)];
    for (const size_t page : numbers) release(page);
    numbers.clear();
    tables_[static_cast<size_t>(slot)].clear();
}

float* CpuSelfCache::write(int slot, int layer, int position) {
    std::vector<size_t>& numbers = numbers_[static_cast<size_t>(slot)];
    std::vector<const float*>& table = tables_[static_cast<size_t>(slot)];
    const auto place = static_cast<size_t>(position / page_positions);
    while (numbers.size() <= place) {
        numbers.push_back(take_page());
        table.push_back(pages_[numbers.back()].values.get());
    }
    if (pages_[numbers[place]].users > 1) {
        const size_t own = take_page();
        const int64_t past = position % page_positions * d_;
        for (int64_t part = 0; part < 2 * layers_; ++part) {
            const int64_t at = part * page_positions * d_;
            std::copy_n(table[place] + at, past, pages_[own].values.get() + at);
        }
        release(numbers[place]);
        numbers[place] = own;
        table[place] = pages_[own].values.get();
    }
    return pages_[numbers[place]].values.get() + layer_offset(layer) + position % page_positions * d_;
}

void CpuSelfCache::copy(int from, int to, int positions) {
    if (from == to) return;
    clear(to);
    const auto count = static_cast<size_t>((positions + page_positions - 1) / page_positions);
    const std::vector<size_t>& source = numbers_[static_cast<size_t>(from)];
    for (size_t i = 0; i < std::min(count, source.size()); ++i) {
        ++pages_[source[i]].users;
        numbers_[static_cast<size_t>(to)].push_back(source[i]);
        tables_[static_cast<size_t>(to)].push_back(pages_[source[i]].values.get());
    }
}

}  // namespace ft::cpu
