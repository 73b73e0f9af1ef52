#include "server/multipart.h"

#include <algorithm>
#include <map>

#include "base/error.h"
#include "base/text.h"

namespace ft {

namespace {

[[noreturn]] void broken(const std::string& what) {
    throw Error(ErrorCode::invalid_argument, "the multipart/form-data body is broken: {}", what);
}

struct HeaderValue {
    std::string value;                              ///< lower case
    std::map<std::string, std::string> parameters;  ///< names in lower case
};

/// A quoted text from the quote at `at` on; `at` is then behind it. Browsers write a quote as %22, others as \".
std::string read_quoted(std::string_view text, size_t& at) {
    std::string value;
    for (++at; at < text.size() && text[at] != '"'; ++at) {
        const bool escaped = text[at] == '\\' && at + 1 < text.size() && (text[at + 1] == '"' || text[at + 1] == '\\');
        if (escaped) ++at;
        value += text[at];
    }
    if (at == text.size()) broken("a quoted text in the head of a part does not end");
    ++at;
    return value;
}

/// "form-data; name="x"; filename="y""
HeaderValue parse_value(std::string_view text) {
    HeaderValue parsed;
    size_t at = std::min(text.find(';'), text.size());
    parsed.value = lower_ascii(trimmed(text.substr(0, at)));
    while (at < text.size()) {
        const size_t equals = text.find('=', ++at);
        if (equals == std::string_view::npos) break;
        const std::string name = lower_ascii(trimmed(text.substr(at, equals - at)));
        at = std::min(text.find_first_not_of(" \t", equals + 1), text.size());
        std::string value;
        if (at < text.size() && text[at] == '"') {
            value = read_quoted(text, at);
            at = std::min(text.find(';', at), text.size());
        } else {
            const size_t end = std::min(text.find(';', at), text.size());
            value = trimmed(text.substr(at, end - at));
            at = end;
        }
        parsed.parameters.emplace(name, value);
    }
    return parsed;
}

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

std::string percent_decoded(std::string_view text) {
    std::string out;
    for (size_t i = 0; i < text.size(); ++i) {
        const bool coded =
            text[i] == '%' && i + 2 < text.size() && hex_digit(text[i + 1]) >= 0 && hex_digit(text[i + 2]) >= 0;
        out += coded ? static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2])) : text[i];
        if (coded) i += 2;
    }
    return out;
}

/// filename*=utf-8''talk%20%C3%A5.mp3 goes before filename="talk.mp3".
std::optional<std::string> filename_of(const std::map<std::string, std::string>& parameters) {
    if (const auto extended = parameters.find("filename*"); extended != parameters.end()) {
        const std::string& text = extended->second;
        const size_t first = text.find('\''), second = first == std::string::npos ? first : text.find('\'', first + 1);
        if (second != std::string::npos) return percent_decoded(std::string_view(text).substr(second + 1));
    }
    if (const auto plain = parameters.find("filename"); plain != parameters.end()) return plain->second;
    return std::nullopt;
}

/// Lines "Name: value", without the empty one behind them.
PartHead parse_head(std::string_view text) {
    PartHead head;
    bool has_name = false;
    while (!text.empty()) {
        const size_t end = std::min(text.find("\r\n"), text.size());
        const std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 2, text.size()));
        const size_t colon = line.find(':');
        if (colon == std::string_view::npos) broken("a line in the head of a part has no colon");
        const std::string name = lower_ascii(trimmed(line.substr(0, colon)));
        const std::string value = trimmed(line.substr(colon + 1));
        if (name == "content-type") head.content_type = value;
        if (name != "content-disposition") continue;
        const HeaderValue disposition = parse_value(value);
        const auto field = disposition.parameters.find("name");
        if (disposition.value != "form-data" || field == disposition.parameters.end()) continue;
        has_name = true;
        head.name = field->second;
        head.filename = filename_of(disposition.parameters);
    }
    if (!has_name) broken("a part has no Content-Disposition: form-data with a name");
    return head;
}

}  // namespace

std::string multipart_boundary(const std::string& content_type) {
    const HeaderValue parsed = parse_value(content_type);
    const auto boundary = parsed.parameters.find("boundary");
    if (parsed.value != "multipart/form-data" || boundary == parsed.parameters.end() || boundary->second.empty() ||
        boundary->second.size() > 70) {
        throw Error(ErrorCode::invalid_argument,
                    "the Content-Type of the body must be multipart/form-data with a boundary of 1 to 70 characters");
    }
    return boundary->second;
}

// The first boundary may lack the line end in front of it: one is added.
MultipartParser::MultipartParser(const std::string& boundary, PartSink& sink)
    : delimiter_("\r\n--" + boundary), sink_(sink), pending_("\r\n") {}

void MultipartParser::push(std::string_view bytes) {
    pending_ += bytes;
    while (step()) {
    }
}

void MultipartParser::finish() {
    if (state_ != State::epilogue) broken("it ends before its last boundary");
}

/// Whether more can be done with what is pending.
bool MultipartParser::step() {
    switch (state_) {
        case State::preamble:
            return find_preamble_end();
        case State::after_boundary:
            return read_after_boundary();
        case State::head:
            return read_head();
        case State::body:
            return read_body();
        case State::epilogue:
            pending_.clear();
            return false;
    }
    return false;
}

bool MultipartParser::find_preamble_end() {
    const size_t at = pending_.find(delimiter_);
    if (at == std::string::npos) {
        // What could be the beginning of a boundary stays.
        if (pending_.size() >= delimiter_.size()) pending_.erase(0, pending_.size() - delimiter_.size() + 1);
        return false;
    }
    pending_.erase(0, at + delimiter_.size());
    state_ = State::after_boundary;
    return true;
}

bool MultipartParser::read_after_boundary() {
    if (pending_.size() < 2) return false;
    if (pending_.starts_with("--")) {
        state_ = State::epilogue;
        return true;
    }
    const size_t end = pending_.find_first_not_of(" \t");
    if (std::min(end, pending_.size()) > longest_head) broken("there is something behind a boundary");
    if (end == std::string::npos || pending_.size() < end + 2) return false;
    if (pending_.compare(end, 2, "\r\n") != 0) broken("there is something behind a boundary");
    if (++parts_ > most_parts) broken("it has more than " + std::to_string(most_parts) + " parts");
    pending_.erase(0, end);  // the line end stays: a head may be empty
    state_ = State::head;
    return true;
}

bool MultipartParser::read_head() {
    const size_t end = pending_.find("\r\n\r\n");
    if (std::min(end, pending_.size()) > longest_head)
        broken("the head of a part has more than " + std::to_string(longest_head) + " bytes");
    if (end == std::string::npos) return false;
    const PartHead head = parse_head(end == 0 ? std::string_view() : std::string_view(pending_).substr(2, end - 2));
    pending_.erase(0, end + 4);
    sink_.begin_part(head);
    state_ = State::body;
    return true;
}

bool MultipartParser::read_body() {
    const size_t at = pending_.find(delimiter_);
    const size_t sure = at != std::string::npos                ? at
                        : pending_.size() >= delimiter_.size() ? pending_.size() - delimiter_.size() + 1
                                                               : 0;
    if (sure > 0) sink_.part_bytes(std::string_view(pending_).substr(0, sure));
    if (at == std::string::npos) {
        pending_.erase(0, sure);
        return false;
    }
    pending_.erase(0, at + delimiter_.size());
    sink_.end_part();
    state_ = State::after_boundary;
    return true;
}

}  // namespace ft
