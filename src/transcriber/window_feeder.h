#pragma once
// Runs ahead of the engine on threads of its own: audio → voice activity → windows → log-mel. Where audio may use
// several threads, the first stage runs beside the others, and the second computes on half of them
// (silero_detector.cpp).
#include <atomic>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "audio/read_ahead.h"
#include "base/bounded_queue.h"
#include "base/thread_pool.h"
#include "features/log_mel.h"
#include "speech/speech_finder.h"
#include "speech/window_packer.h"
#include "transcriber/channel_plan.h"
#include "transcriber/transcriber.h"

namespace ft {

struct PreparedWindow {
    Window window;
    std::vector<float> log_mel;  ///< [n_mels, 3000]; empty for a known window, or when nobody wants it
};

/// What is known once the stream has ended.
struct FeedSummary {
    double duration_s = 0, speech_s = 0;
    double rejected_s = 0;                     ///< sound outside of speech that is decoded all the same
    double audio_s = 0, vad_s = 0, mel_s = 0;  ///< wall time spent in each stage
    std::vector<std::string> warnings;
    std::string detector;
};

/// Starts its threads at construction; the destructor stops and joins them. next() and summary() belong to one thread.
class WindowFeeder {
  public:
    /// `log_mel`: null when the samples are enough. `known`: windows that are wanted without log-mel. `ahead`: windows
    /// prepared in advance; bounds the memory. `bell` is called from the feeder's thread after each window, at the end
    /// and after a failure. Throws as AudioReader::open.
    WindowFeeder(const std::string& audio_path, const TranscribeOptions& options, const LogMel* log_mel,
                 std::set<int64_t> known, size_t ahead, std::function<void()> bell);
    ~WindowFeeder();

    double declared_duration_s() const { return declared_duration_s_; }
    /// The next window, if it is ready; does not wait. Rethrows what went wrong while reading.
    std::optional<PreparedWindow> next() { return queue_.pop(false); }
    bool exhausted() { return queue_.exhausted(); }
    /// Joins the thread; valid after the last window (or after stopping early).
    const FeedSummary& finish();

  private:
    struct Cutter;
    void run();
    std::vector<size_t> choose_channels(ChannelPlan& plan);
    bool cut(ReadAhead& sound, std::vector<size_t> channels, bool labelled);
    bool end_of(const std::vector<std::unique_ptr<Cutter>>& cutters, int64_t total);
    static void look_ahead(const std::vector<SoundChunk>& chunks, const std::vector<std::unique_ptr<Cutter>>& cutters);
    bool deliver(std::vector<Window>& windows);

    const std::string audio_path_;
    const TranscribeOptions& options_;
    const LogMel* const log_mel_;
    const std::set<int64_t> known_;
    bool split_;  // reader_ gives channels
    std::unique_ptr<AudioReader> reader_;
    std::unique_ptr<ThreadPool> pool_;               // detects speech beside its thread; null: that alone
    std::unique_ptr<VoiceDetector> first_detector_;  // of the first channel
    double declared_duration_s_ = 0;
    int64_t next_index_ = 0;
    FeedSummary summary_;
    std::atomic<bool> leaving_{false};
    BoundedQueue<PreparedWindow> queue_;
    std::function<void()> bell_;
    std::thread thread_;
};

}  // namespace ft
