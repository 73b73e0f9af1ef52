#include "decoding/batch_rows.h"

#include <algorithm>

#include "base/error.h"

namespace ft {

BatchRows::BatchRows(int slots) : slots_(static_cast<size_t>(slots)), limit_(slots_) {
    for (int slot = slots; slot-- > 0;) free_slots_.push_back(slot);
}

bool BatchRows::is_guess(const DecodeAttempt& attempt) const {
    return std::any_of(attempts_.begin(), attempts_.end(), [&](const DecodeAttempt& other) {
        return other.task == attempt.task && other.temperature < attempt.temperature;
    });
}

size_t BatchRows::needed() const {
    size_t rows = 0;
    for (const DecodeAttempt& attempt : attempts_) rows += is_guess(attempt) ? 0 : attempt.slots.size();
    return rows;
}

size_t BatchRows::taken_by(const DecodePlan* plan) const {
    size_t rows = 0;
    for (const DecodeAttempt& attempt : attempts_)
        rows += attempt.task->request().plan == plan ? attempt.slots.size() : 0;
    return rows;
}

bool BatchRows::has_room(size_t rows) const {
    const size_t others = needed(), all = others + rows;
    return all <= slots_ && (others == 0 || all <= limit_);
}

std::vector<int> BatchRows::take(size_t count) {
    while (taken() + count > limit_ && drop_furthest_guess()) continue;
    if (free_slots_.size() < count) throw Error(ErrorCode::internal, "the batch is full");
    const auto first = free_slots_.end() - static_cast<ptrdiff_t>(count);
    std::vector<int> slots(first, free_slots_.end());
    free_slots_.erase(first, free_slots_.end());
    return slots;
}

int BatchRows::borrow() {
    const int slot = take(1).front();
    free_slots_.push_back(slot);
    return slot;
}

void BatchRows::leave(size_t attempt) {
    const std::vector<int>& slots = attempts_[attempt].slots;
    free_slots_.insert(free_slots_.end(), slots.begin(), slots.end());
    attempts_.erase(attempts_.begin() + static_cast<ptrdiff_t>(attempt));
}

void BatchRows::leave_all_of(const DecodeTask& task) {
    for (size_t i = attempts_.size(); i-- > 0;) {
        if (attempts_[i].task.get() == &task) leave(i);
    }
}

void BatchRows::leave_all_of(const DecodePlan* plan) {
    for (size_t i = attempts_.size(); i-- > 0;) {
        if (attempts_[i].task->request().plan == plan) leave(i);
    }
}

/// Of all guesses the one at the highest temperature; false when there is none.
bool BatchRows::drop_furthest_guess() {
    size_t furthest = attempts_.size();
    for (size_t i = 0; i < attempts_.size(); ++i) {
        if (!is_guess(attempts_[i])) continue;
        if (furthest == attempts_.size() || attempts_[i].temperature > attempts_[furthest].temperature) furthest = i;
    }
    if (furthest == attempts_.size()) return false;
    attempts_[furthest].task->take_back(attempts_[furthest].temperature);
    leave(furthest);
    return true;
}

std::shared_ptr<DecodeTask> BatchRows::newest() const {
    const auto newest = std::max_element(
        attempts_.begin(), attempts_.end(),
        [](const DecodeAttempt& a, const DecodeAttempt& b) { return a.task->arrival() < b.task->arrival(); });
    return newest == attempts_.end() ? nullptr : newest->task;
}

std::vector<std::shared_ptr<DecodeTask>> BatchRows::limit(size_t rows) {
    limit_ = std::clamp(rows, size_t{1}, slots_);
    while (taken() > limit_ && drop_furthest_guess()) continue;
    std::vector<std::shared_ptr<DecodeTask>> left;
    while (taken() > limit_) {
        const std::shared_ptr<DecodeTask> last = newest();
        const bool alone = std::all_of(attempts_.begin(), attempts_.end(),
                                       [&](const DecodeAttempt& attempt) { return attempt.task == last; });
        if (alone) break;
        leave_all_of(*last);
        left.push_back(last);
    }
    std::reverse(left.begin(), left.end());
    return left;
}

std::shared_ptr<DecodeTask> BatchRows::take_out_newest() {
    std::shared_ptr<DecodeTask> last = newest();
    if (last != nullptr) leave_all_of(*last);
    return last;
}

}  // namespace ft
