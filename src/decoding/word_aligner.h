#pragma once
// When each token of a finished text is spoken: the text is read once more, all tokens at once (openai/whisper,
// timing.py, find_alignment), and the heads that listen to what they write tell.
#include <span>
#include <vector>

#include "decoding/alignment_heads.h"
#include "decoding/token_alignment.h"
#include "model/decoder.h"

namespace ft {

/// A text of one window.
struct AlignRequest {
    const CrossCache* window = nullptr;
    int slot = 0;                 ///< of the decoder, free to be overwritten; each request has its own
    std::vector<int32_t> prompt;  ///< start_of_transcript, language, task: as in decoding, without timestamps
    std::vector<int32_t> tokens;  ///< text tokens only: neither timestamps nor special ones
    double duration_s = 0;        ///< of the window's sound
};

/// One thread at a time; model, backend and decoder must outlive it. A text's times depend on no other text.
class WordAligner {
  public:
    WordAligner(const WhisperModel& model, Backend& backend, Decoder& decoder);

    /// For every request a time for every token (none when the prompt and the tokens are longer than the decoder's
    /// positions). The checkpoint's heads are not trusted: where they do not follow the sound, or there are none, the
    /// ones that do are looked for in this window.
    std::vector<std::vector<TokenFrames>> align(std::span<const AlignRequest> requests);

  private:
    /// Of one request: rows from the one that chooses the first token to the one that chooses the end of the text.
    struct Matrix {
        std::vector<float> values;  // [tokens + 1, frames]
        int64_t tokens = 0, frames = 0;
        float order = 0;  // its monotonicity
    };
    struct Texts {
        std::vector<DecoderInput> inputs;
        std::vector<TracedText> spans;
    };

    bool fits(const AlignRequest& request) const;
    Texts read(std::span<const AlignRequest> requests) const;
    Matrix matrix_of(const AttentionTrace& trace, std::span<const int32_t> trace_heads, const AlignRequest& request,
                     const TracedText& text) const;
    Matrix with_found_heads(const AlignRequest& request) const;
    void align_group(std::span<const AlignRequest> requests, std::vector<std::vector<TokenFrames>>& results) const;

    const WhisperModel& model_;
    Backend& backend_;
    Decoder& decoder_;
    const HeadList heads_, candidates_;
};

}  // namespace ft
