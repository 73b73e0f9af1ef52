#pragma once
// multipart/form-data (RFC 7578) as a stream: nothing is kept but the head of a part and a few bytes.
#include <optional>
#include <string>
#include <string_view>

namespace ft {

struct PartHead {
    std::string name;                     ///< of the form's field
    std::optional<std::string> filename;  ///< as the client gave it, perhaps with a path
    std::string content_type;
};

/// Who gets the parts, one after the other. What it throws comes out of push().
class PartSink {
  public:
    virtual ~PartSink() = default;
    virtual void begin_part(const PartHead& head) = 0;
    virtual void part_bytes(std::string_view bytes) = 0;
    virtual void end_part() = 0;
};

/// The boundary that a Content-Type names. Throws Error{invalid_argument} when it is no multipart/form-data or has
/// none.
std::string multipart_boundary(const std::string& content_type);

/// One body, on one thread. Throws Error{invalid_argument} with a sentence as soon as the body cannot be right.
class MultipartParser {
  public:
    static constexpr size_t longest_head = 8192;  ///< of a part
    static constexpr int most_parts = 64;

    /// `sink` outlives it.
    MultipartParser(const std::string& boundary, PartSink& sink);
    void push(std::string_view bytes);
    /// The body is over.
    void finish();

  private:
    enum class State { preamble, after_boundary, head, body, epilogue };
    bool step();
    bool find_preamble_end();
    bool read_after_boundary();
    bool read_head();
    bool read_body();

    const std::string delimiter_;  // with the line end in front
    PartSink& sink_;
    State state_ = State::preamble;
    std::string pending_;
    int parts_ = 0;
};

}  // namespace ft
