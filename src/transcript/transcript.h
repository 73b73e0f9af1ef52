#pragma once
// What was said, when, and how sure we are: the result of a run, before any output format.
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace ft {

struct Word {
    std::string text;  ///< with its leading space, as the tokens have it
    double start_s = 0.0, end_s = 0.0;
    float probability = 0.0F;  ///< the model's own: mean of its tokens'
    float confidence = 0.0F;   ///< how likely it is right (transcriber/confidence.h)
};

struct Segment {
    int id = 0;
    double start_s = 0.0, end_s = 0.0;  ///< on the file's own clock; 0 ≤ start ≤ end ≤ duration, starts ascend
    std::string text;                   ///< UTF-8, trimmed, no line breaks
    std::vector<int32_t> tokens;        ///< text tokens and timestamps
    float temperature = 0.0F;
    float avg_logprob = 0.0F;
    float compression_ratio = 0.0F;
    float no_speech_prob = 0.0F;
    float probability = 0.0F;  ///< the model's own: geometric mean of its text tokens'
    float confidence = 0.0F;   ///< expected share of its words that are right (transcriber/confidence.h)
    std::vector<Word> words;   ///< empty unless word times were asked for
    int channel = 0;           ///< of the file, from 1; 0: all of them together
};

/// Wall time of each stage, seconds; stages overlap, so their sum may exceed `total`.
struct Timings {
    double total = 0, model_load = 0, audio = 0, vad = 0, mel = 0, encoder = 0, decoder = 0, ready = 0;
    double device_start = 0;  ///< until driver and GPU could be used, before model_load
    /// Of a process with one run: when its start reached what (base/start_timeline.h), seconds from its beginning.
    std::vector<std::pair<std::string, double>> start;
};

/// How much of what was said became text, and what may be doubted (docs/trust.md).
struct Coverage {
    double speech_s = 0;       ///< detected speech
    double transcribed_s = 0;  ///< of it, what segments cover
    int windows = 0, fallback_windows = 0, silent_windows = 0;
    /// Sound that the voice detector rejected, but that was decoded once; windows of it, which are not counted above.
    double rejected_s = 0;
    int rejected_windows = 0;
    /// A stretch that was read again, and whether the second reading is the one that stands.
    struct Repair {
        double start_s, end_s;
        std::string reason;
        bool replaced;
    };
    std::vector<Repair> repaired;
    struct Dropped {
        double start_s, end_s;
        std::string text, reason;
    };
    std::vector<Dropped> dropped;
    struct Doubtful {
        double start_s, end_s;
        float confidence;  ///< the lowest of its segments'
    };
    std::vector<Doubtful> low_confidence;

    /// 0 to 1; 1 when there is no speech.
    double share() const;
};

/// All that a window adds to the transcript, so that nothing of it has to be computed again.
struct FinishedWindow {
    int64_t index = 0;              ///< in the order of the file, from 0, without gaps
    double begin_s = 0, end_s = 0;  ///< on the file's clock
    std::vector<Segment> segments;
    std::vector<Coverage::Dropped> dropped;
    std::vector<Coverage::Repair> repaired;
    double transcribed_s = 0;
    bool fallback = false, silent = false;
    bool rejected = false;  ///< sound that the voice detector rejected: its segments lie between those of other windows
    std::string language;   ///< as detected or given
    float language_probability = 1.0F;
};
/// Called on the thread that asked for the transcript, once for every window that was not finished before, in any
/// order. `duration_s`: of the file; 0 while unknown. What it throws ends the transcription.
using WindowFunction = std::function<void(const FinishedWindow& window, double duration_s)>;

struct Transcript {
    std::string file;      ///< as the user named it
    std::string language;  ///< code, e.g. "sv"
    float language_probability = 1.0F;
    std::string task = "transcribe";
    double duration_s = 0.0;
    std::vector<Segment> segments;
    std::vector<std::string> warnings;  ///< e.g. "the file ends early: …"
    Timings timings;
    Coverage coverage;
    /// Provenance: model, revision, model_sha256, format, backend, device, precision, vad, program version, options …
    std::vector<std::pair<std::string, std::string>> metadata;

    /// All text as one string, segments joined by a space.
    std::string text() const;
};

}  // namespace ft
