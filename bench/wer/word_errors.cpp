#include "word_errors.h"

#include <cstdint>
#include <limits>
#include <string_view>
#include <unordered_map>

namespace ft {
namespace {

struct Cell {
    uint32_t substitutions = 0, deletions = 0, insertions = 0;
    uint32_t total() const { return substitutions + deletions + insertions; }
};

/// Words as numbers, so that the inner loop compares integers.
class Numbers {
  public:
    std::vector<uint32_t> of(const std::vector<std::string>& words) {
        std::vector<uint32_t> ids;
        ids.reserve(words.size());
        for (const std::string& word : words)
            ids.push_back(known_.emplace(word, static_cast<uint32_t>(known_.size())).first->second);
        return ids;
    }

  private:
    std::unordered_map<std::string_view, uint32_t> known_;
};

/// The best way to a cell. Among equals a deletion goes first, then an insertion: what jiwer's library prefers.
Cell best(const Cell& above, const Cell& left, const Cell& diagonal, bool equal) {
    const uint32_t deleting = above.total() + 1, inserting = left.total() + 1;
    const uint32_t keeping = diagonal.total() + (equal ? 0 : 1);
    Cell cell;
    if (deleting <= inserting && deleting <= keeping) {
        cell = above;
        ++cell.deletions;
    } else if (inserting <= keeping) {
        cell = left;
        ++cell.insertions;
    } else {
        cell = diagonal;
        cell.substitutions += equal ? 0 : 1;
    }
    return cell;
}

}  // namespace

double WordErrors::rate() const {
    if (reference_words == 0) return std::numeric_limits<double>::quiet_NaN();
    return static_cast<double>(total()) / static_cast<double>(reference_words);
}

WordErrors& WordErrors::operator+=(const WordErrors& other) {
    substitutions += other.substitutions;
    deletions += other.deletions;
    insertions += other.insertions;
    reference_words += other.reference_words;
    return *this;
}

WordErrors count_word_errors(const std::vector<std::string>& reference, const std::vector<std::string>& hypothesis) {
    Numbers numbers;
    const std::vector<uint32_t> ref = numbers.of(reference), hyp = numbers.of(hypothesis);
    size_t first = 0, ref_end = ref.size(), hyp_end = hyp.size();
    while (first < ref_end && first < hyp_end && ref[first] == hyp[first]) ++first;
    while (ref_end > first && hyp_end > first && ref[ref_end - 1] == hyp[hyp_end - 1]) --ref_end, --hyp_end;

    std::vector<Cell> row(hyp_end - first + 1);
    for (size_t j = 1; j < row.size(); ++j) row[j].insertions = static_cast<uint32_t>(j);
    for (size_t i = first; i < ref_end; ++i) {
        Cell diagonal = row[0];
        ++row[0].deletions;
        for (size_t j = 1; j < row.size(); ++j) {
            const Cell above = row[j];
            row[j] = best(above, row[j - 1], diagonal, ref[i] == hyp[first + j - 1]);
            diagonal = above;
        }
    }
    const Cell& end = row.back();
    return {end.substitutions, end.deletions, end.insertions, ref.size()};
}

}  // namespace ft
