#pragma once
// A text that must not reach a log, a message or an argument list.
#include <string>
#include <utility>

namespace ft {

/// Cannot be streamed or formatted: whoever needs the text says reveal(), which is easy to search for.
class Secret {
  public:
    Secret() = default;
    explicit Secret(std::string text) : text_(std::move(text)) {}
    const std::string& reveal() const { return text_; }
    bool empty() const { return text_.empty(); }
    bool operator==(const Secret&) const = default;

  private:
    std::string text_;
};

}  // namespace ft
