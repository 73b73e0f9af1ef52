#pragma once
// START HERE. The order of the data flow: audio → speech → windows → log-mel → encoder → decoder → text. Reading and
// preparing runs ahead for each file (window_feeder.h, file_job.h); one thread owns the backend and decodes the windows
// of all files in one running batch.
#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "decoding/logits_rules.h"
#include "decoding/search.h"
#include "speech/voice_activity.h"
#include "speech/window_packer.h"
#include "tensor/backend.h"
#include "transcript/transcript.h"

namespace ft {

struct DecodeOptions {
    std::string language = "sv";  ///< a code, "auto", or codes with commas: that of them which is heard
    std::string task = "transcribe";
    /// Tried in turn until a hypothesis passes the checks below.
    std::vector<float> temperatures = {0.0F, 0.2F, 0.4F, 0.6F, 0.8F, 1.0F};
    float compression_ratio_threshold = 2.4F;
    float logprob_threshold = -1.0F;
    float no_speech_threshold = 0.6F;
    /// Two texts where the model hesitates, one where it is sure.
    SearchOptions search = {2, 1.0F, 1, {}, 2.0F};
    bool timestamps = true;
    std::string initial_prompt;         ///< said before the file's first window
    bool carry_initial_prompt = false;  ///< before every window
    std::string hotwords;               ///< names and words to expect, before every window
    /// Each window is decoded after the one before, with its text: no batch within a file, and mistakes spread.
    bool condition_on_previous_text = false;
    std::vector<int32_t> suppress_tokens = {-1};
    uint64_t seed = 0;        ///< of the sampling at temperatures above 0
    bool word_times = false;  ///< fill Segment::words; segments then begin and end with their words
};

/// split: each by itself, with its number; those that repeat another one are left out. automatic: split where they
/// are of different speakers.
enum class ChannelChoice : uint8_t { mix, split, automatic };

struct TranscribeOptions {
    DecodeOptions decode;
    bool vad_filter = true;
    VadOptions vad;
    std::filesystem::path vad_model;  ///< silero_vad_16k.safetensors; empty: energy detector
    PackOptions windows;
    ChannelChoice channels = ChannelChoice::mix;
    /// Only these stretches of the file, [begin_s, end_s), ascending; empty: all of it.
    std::vector<std::pair<double, double>> clips;
    // Guards (docs/trust.md). Without a detector nobody knows where speech is: the first two then find nothing.
    bool repair = true;           ///< read again, in other cuts, where words are missing or wrong
    bool hear_rejected = true;    ///< decode once what the detector rejected and what stands out all the same
    bool drop_inventions = true;  ///< leave out phrases known to be invented, where nobody speaks
    int audio_threads = 1;        ///< that may read and prepare one file; the transcript does not depend on it
};

/// Progress on the file's clock, in order of time, but for what was said where no speech was detected: that comes late.
/// Called from the engine's thread: it must be short, as all files wait for it, and must not throw.
struct Progress {
    double done_s = 0, duration_s = 0;                   ///< duration 0: unknown
    const std::vector<Segment>* new_segments = nullptr;  ///< segments finished since the last call
    bool all_read = false;  ///< nothing of the file is waiting to be decoded: the batch has room for another one
};
using ProgressFunction = std::function<void(const Progress&)>;

/// What the caller of transcribe() hears while it waits, and what it brings along.
struct TranscribeHooks {
    ProgressFunction progress;
    WindowFunction on_window;
    /// When it becomes true, the transcript ends with the windows that are finished, and a warning says so.
    const std::atomic<bool>* stop = nullptr;
    /// Of an earlier run under the same plan(); any subset, in any order. They are not computed again.
    std::vector<FinishedWindow> finished;
};

/// A loaded model on a backend, ready for any number of files, one after the other or at once: any thread may call
/// transcribe(). Files that are there at once share the batch, each with the windows it has ready, in turns; what a
/// file's transcript says does not depend on the others.
class Transcriber {
  public:
    /// `packed_model`: made by write_packed_model for this backend. Throws Error{bad_model, unsupported,
    /// out_of_memory}. `batch_size`: windows decoded together, when each takes `width` rows: the widest() of the
    /// searches to come. A wider one is refused when it has more rows than there are.
    Transcriber(const std::filesystem::path& packed_model, std::unique_ptr<Backend> backend, int batch_size = 8,
                int width = 2);
    /// No call of transcribe() may be under way.
    ~Transcriber();

    const BackendInfo& backend() const;

    /// Throws Error as AudioReader::open and read do, and what on_window throws. The transcript is the same whatever
    /// part of its windows was finished before.
    Transcript transcribe(const std::string& audio_path, const TranscribeOptions& options,
                          const TranscribeHooks& hooks = {});

    /// A name for all that decides where windows begin and what is found in them: windows finished under another plan
    /// are of no use. Throws Error{io} when the detector's file cannot be read.
    std::string plan(const TranscribeOptions& options) const;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace ft
