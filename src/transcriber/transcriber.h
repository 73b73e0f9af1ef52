#pragma once
// START HERE. One function in the order of the data flow: audio → speech → windows → log-mel → encoder → decoder →
// text.
#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "decoding/logits_rules.h"
#include "speech/voice_activity.h"
#include "tensor/backend.h"
#include "transcript/transcript.h"

namespace ft {

struct DecodeOptions {
    std::string language = "sv";  ///< a code, or "auto"
    std::string task = "transcribe";
    /// Tried in turn until a hypothesis passes the checks below.
    std::vector<float> temperatures = {0.0F, 0.2F, 0.4F, 0.6F, 0.8F, 1.0F};
    float compression_ratio_threshold = 2.4F;
    float logprob_threshold = -1.0F;
    float no_speech_threshold = 0.6F;
    bool timestamps = true;
    std::string initial_prompt;
    std::vector<int32_t> suppress_tokens = {-1};
    int batch_size = 8;  ///< windows decoded together
    uint64_t seed = 0;   ///< of the sampling at temperatures above 0
};

struct TranscribeOptions {
    DecodeOptions decode;
    bool vad_filter = true;
    VadOptions vad;
    std::filesystem::path vad_model;  ///< silero_vad_16k.safetensors; empty: energy detector
};

/// Progress on the file's clock. Called from the thread that called transcribe(), in order of time.
struct Progress {
    double done_s = 0, duration_s = 0;                   ///< duration 0: unknown
    const std::vector<Segment>* new_segments = nullptr;  ///< segments finished since the last call
};
using ProgressFunction = std::function<void(const Progress&)>;

/// A loaded model on a backend, ready for any number of files, one after the other.
class Transcriber {
  public:
    /// `packed_model`: made by write_packed_model for this backend. Throws Error{bad_model, unsupported,
    /// out_of_memory}.
    Transcriber(const std::filesystem::path& packed_model, std::unique_ptr<Backend> backend);
    ~Transcriber();

    const BackendInfo& backend() const;

    /// Throws Error as AudioReader::open and read do. When `stop` becomes true the transcript ends with the windows
    /// that are finished, and a warning says so.
    Transcript transcribe(const std::string& audio_path, const TranscribeOptions& options,
                          const ProgressFunction& progress = {}, const std::atomic<bool>* stop = nullptr);

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace ft
