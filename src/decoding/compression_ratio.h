#pragma once
// How repetitive a text is: Whisper's test for a decoder that has fallen into a loop.
#include <string_view>

namespace ft {

/// Bytes of the text over bytes of its zlib compression at the default level, as OpenAI and faster-whisper compute it.
/// 0 for the empty text. Plain Swedish gives 1–1.8; above 2.4 the text is taken for a loop.
/// Throws Error{out_of_memory} when zlib cannot get memory.
float compression_ratio(std::string_view text);

}  // namespace ft
