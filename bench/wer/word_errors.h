#pragma once
// Word error rate: the fewest substitutions, deletions and insertions that lead from the reference to the hypothesis.
#include <cstddef>
#include <string>
#include <vector>

namespace ft {

struct WordErrors {
    size_t substitutions = 0, deletions = 0, insertions = 0;
    size_t reference_words = 0;

    size_t total() const { return substitutions + deletions + insertions; }
    /// Errors per word of the reference; NaN when it has none.
    double rate() const;
    WordErrors& operator+=(const WordErrors& other);
    bool operator==(const WordErrors&) const = default;
};

/// The total is unique. Of several alignments that have it, the one with which jiwer splits it into the three kinds
/// (for texts beyond 64 words jiwer's choice may differ). Time is the product of the lengths, memory their sum.
WordErrors count_word_errors(const std::vector<std::string>& reference, const std::vector<std::string>& hypothesis);

}  // namespace ft
