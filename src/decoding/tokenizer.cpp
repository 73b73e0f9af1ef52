#include "decoding/tokenizer.h"

#include <algorithm>
#include <array>
#include <functional>
#include <queue>
#include <utility>

#include "base/error.h"
#include "base/utf8.h"
#include "decoding/merge_table.h"
#include "decoding/pre_tokenizer.h"

namespace ft {
namespace {

/// Merges tokens[start…]. Short pieces (nearly all): look for the lowest merge again after each one.
void merge_short(const MergeTable& merges, std::vector<int32_t>& tokens, size_t start) {
    for (;;) {
        int32_t lowest = -1;
        size_t where = 0;
        for (size_t i = start; i + 1 < tokens.size(); ++i) {
            const int32_t token = merges.find(tokens[i], tokens[i + 1]);
            if (token >= 0 && (lowest < 0 || token < lowest)) {
                lowest = token;
                where = i;
            }
        }
        if (lowest < 0) return;
        tokens[where] = lowest;
        tokens.erase(tokens.begin() + static_cast<std::ptrdiff_t>(where) + 1);
    }
}

/// Long pieces: a queue of merges over a linked list, so that a megabyte of one letter takes n·log n and not n².
void merge_long(const MergeTable& merges, std::vector<int32_t>& tokens, size_t start) {
    const std::span<int32_t> symbols = std::span(tokens).subspan(start);
    const size_t n = symbols.size();
    std::vector<size_t> next(n), previous(n);
    using Entry = std::pair<int32_t, size_t>;  // token made, position of its left half: leftmost first among equals
    std::priority_queue<Entry, std::vector<Entry>, std::greater<>> queue;
    const auto offer = [&](size_t left) {
        if (left >= n || next[left] >= n) return;
        const int32_t token = merges.find(symbols[left], symbols[next[left]]);
        if (token >= 0) queue.emplace(token, left);
    };
    for (size_t i = 0; i < n; ++i) {
        next[i] = i + 1;
        previous[i] = i == 0 ? n : i - 1;
    }
    for (size_t i = 0; i < n; ++i) offer(i);
    while (!queue.empty()) {
        const auto [token, left] = queue.top();
        queue.pop();
        const size_t right = symbols[left] < 0 ? n : next[left];
        // An entry is out of date when one of its halves has been merged away meanwhile.
        if (right >= n || merges.find(symbols[left], symbols[right]) != token) continue;
        symbols[left] = token;
        symbols[right] = -1;
        next[left] = next[right];
        if (next[left] < n) previous[next[left]] = left;
        offer(left);
        offer(previous[left]);
    }
    tokens.erase(std::remove(tokens.begin() + static_cast<std::ptrdiff_t>(start), tokens.end(), -1), tokens.end());
}

constexpr size_t long_piece = 64;

}  // namespace

struct Tokenizer::Tables {
    Vocabulary vocabulary;
    std::array<int32_t, 256> byte_token{};
    MergeTable merges;

    explicit Tables(const Vocabulary& given) : vocabulary(given), merges(given.tokens.size()) {
        vocabulary.first_special = std::clamp(vocabulary.first_special, 0, static_cast<int32_t>(given.tokens.size()));
        find_bytes();
        derive_merges();
    }

    void find_bytes() {
        byte_token.fill(-1);
        for (int32_t id = vocabulary.first_special - 1; id >= 0; --id) {
            const std::string& token = vocabulary.tokens[static_cast<size_t>(id)];
            if (token.size() == 1) byte_token[static_cast<uint8_t>(token[0])] = id;
        }
        const auto missing = std::count(byte_token.begin(), byte_token.end(), -1);
        if (missing > 0) {
            throw Error(ErrorCode::bad_model,
                        "the model's vocabulary lacks {} of the 256 single bytes that every Whisper vocabulary has; "
                        "its tokenizer file is damaged or of another kind: get the model again",
                        missing);
        }
    }

    /// A byte-pair vocabulary is its own list of merges: a token's two halves are what its bytes become under all lower
    /// merges. (Lists in published files are not to be trusted: older exports of Whisper lack the first one.)
    void derive_merges() {
        std::vector<int32_t> halves;
        for (int32_t id = 0; id < vocabulary.first_special; ++id) {
            const std::string& token = vocabulary.tokens[static_cast<size_t>(id)];
            if (token.size() < 2) continue;
            halves.clear();
            append_piece(token, halves);
            if (halves.size() == 2) merges.add(halves[0], halves[1], id);
        }
    }

    void append_piece(std::string_view piece, std::vector<int32_t>& tokens) const {
        const size_t start = tokens.size();
        for (const char byte : piece) tokens.push_back(byte_token[static_cast<uint8_t>(byte)]);
        piece.size() < long_piece ? merge_short(merges, tokens, start) : merge_long(merges, tokens, start);
    }
};

Tokenizer::Tokenizer(const Vocabulary& vocabulary) : tables_(std::make_unique<const Tables>(vocabulary)) {}
Tokenizer::~Tokenizer() = default;
Tokenizer::Tokenizer(Tokenizer&&) noexcept = default;

std::vector<int32_t> Tokenizer::encode(std::string_view text) const {
    std::vector<int32_t> tokens;
    for (size_t at = 0; at < text.size();) {
        const size_t end = piece_end(text, at);
        tables_->append_piece(text.substr(at, end - at), tokens);
        at = end;
    }
    return tokens;
}

std::string Tokenizer::decode(std::span<const int32_t> tokens) const {
    std::string all;
    for (const int32_t token : tokens) all += bytes(token);
    return valid_utf8(all);
}

std::string_view Tokenizer::bytes(int32_t token) const {
    return is_special(token) ? std::string_view() : tables_->vocabulary.tokens[static_cast<size_t>(token)];
}

bool Tokenizer::is_special(int32_t token) const {
    return token < 0 || token >= tables_->vocabulary.first_special;
}

int Tokenizer::size() const {
    return static_cast<int>(tables_->vocabulary.tokens.size());
}

}  // namespace ft
