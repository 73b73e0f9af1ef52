#pragma once
// Results in the words of OpenAI's audio API.
#include <string>
#include <string_view>
#include <vector>

namespace ft {

/// All take the text of our own transcript.json. Throw Error{io} for what is none.

/// {"text", "usage"}
std::string openai_json(std::string_view transcript);
struct VerboseParts {
    bool segments = true, words = false;
};
/// {"task", "language", "duration", "text", "segments", "words", "usage"}
std::string openai_verbose_json(std::string_view transcript, const VerboseParts& parts);

/// Text of the segments, each as the transcript has it.
std::vector<std::string> segment_texts(std::string_view transcript);

/// Lines of a stream: {"type": "transcript.text.delta", "delta"} and {"type": "transcript.text.done", "text", "usage"}.
std::string openai_delta(const std::string& text);
std::string openai_done(std::string_view transcript);

/// {"object": "list", "data": […]} and one of its entries.
std::string openai_models(const std::vector<std::string>& names);
std::string openai_model(const std::string& name);

}  // namespace ft
