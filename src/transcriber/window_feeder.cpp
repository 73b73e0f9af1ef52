#include "transcriber/window_feeder.h"

#include <cmath>
#include <optional>

#include "audio/audio_reader.h"
#include "base/stopwatch.h"
#include "speech/rejected_sound.h"

namespace ft {

namespace {

constexpr size_t read_samples = size_t{32} * vad_frame_samples;  // about a second at a time

/// Rejected stretches lie side by side, as nothing that they have to do with each other was between them.
PackOptions packed_closely(PackOptions options) {
    options.max_pause_s = 0.0;
    return options;
}

}  // namespace

/// Sound → windows: of speech, and of what the detector rejected although it stands out. Both as they fill.
struct WindowFeeder::Cutter {
    Cutter(VoiceDetector* detector, const TranscribeOptions& options, FeedSummary& sums)
        : finder(detector, options.vad),
          packer(options.windows),
          rejected_packer(packed_closely(options.windows)),
          summary(sums) {
        // The detector by level rejects nothing that this one would hear.
        if (detector != nullptr && options.hear_rejected && !options.vad_model.empty())
            rejected.emplace(std::llround(options.windows.max_pause_s * sample_rate));
    }

    void push(std::span<const float> pcm, std::vector<Window>& windows) {
        packer.push_pcm(pcm);
        {
            const ScopedTimer timer(summary.vad_s);
            finder.push(pcm, spans);
            if (rejected) {
                rejected->push_pcm(pcm);
                rejected_packer.push_pcm(pcm);
            }
        }
        pack(windows);
        if (!rejected) return;
        rejected->collect(finder.open_from(), spans);
        pack_rejected(windows);
        rejected_packer.forget_before(rejected->open_from());
    }

    void finish(std::vector<Window>& windows) {
        finder.finish(spans);
        pack(windows);
        packer.finish(windows);
        if (!rejected) return;
        rejected->finish(spans);
        pack_rejected(windows);
        std::vector<Window> last;
        rejected_packer.finish(last);
        append_rejected(last, windows);
    }

    void pack(std::vector<Window>& windows) {
        for (const Span& span : spans) {
            summary.speech_s += static_cast<double>(span.size()) / sample_rate;
            packer.push_span(span, windows);
            if (rejected) rejected->push_speech(span);
        }
        spans.clear();
        packer.forget_before(finder.open_from());
    }

    void pack_rejected(std::vector<Window>& windows) {
        std::vector<Window> full;
        for (const Span& span : spans) {
            summary.rejected_s += static_cast<double>(span.size()) / sample_rate;
            rejected_packer.push_span(span, full);
        }
        spans.clear();
        append_rejected(full, windows);
    }

    static void append_rejected(std::vector<Window>& from, std::vector<Window>& windows) {
        for (Window& window : from) {
            window.rejected = true;
            windows.push_back(std::move(window));
        }
    }

    SpeechFinder finder;
    WindowPacker packer;
    std::optional<RejectedSound> rejected;
    WindowPacker rejected_packer;
    FeedSummary& summary;
    std::vector<Span> spans;
};

WindowFeeder::WindowFeeder(const std::string& audio_path, const TranscribeOptions& options, const LogMel& log_mel,
                           std::set<int64_t> known, size_t ahead, std::function<void()> bell)
    : options_(options),
      log_mel_(log_mel),
      known_(std::move(known)),
      reader_(AudioReader::open(audio_path)),
      queue_(ahead),
      bell_(std::move(bell)) {
    declared_duration_s_ = reader_->info().duration_s;
    if (options.vad_filter) {
        detector_ = options.vad_model.empty() ? make_energy_detector() : make_silero_detector(options.vad_model);
        summary_.detector = detector_->name();
    } else {
        summary_.detector = "none";
    }
    thread_ = std::thread([this] {
        try {
            run();
            queue_.close();
        } catch (...) {
            queue_.close(std::current_exception());
        }
        bell_();
    });
}

WindowFeeder::~WindowFeeder() {
    queue_.cancel();
    if (thread_.joinable()) thread_.join();
}

const FeedSummary& WindowFeeder::finish() {
    queue_.cancel();
    if (thread_.joinable()) thread_.join();
    return summary_;
}

bool WindowFeeder::deliver(std::vector<Window>& windows) {
    for (Window& window : windows) {
        PreparedWindow prepared;
        window.index = next_index_++;
        if (known_.count(window.index) == 0) {
            const ScopedTimer timer(summary_.mel_s);
            prepared.log_mel = log_mel_.compute(window.pcm);
        }
        prepared.window = std::move(window);
        if (!queue_.push(std::move(prepared))) return false;
        bell_();
    }
    windows.clear();
    return true;
}

void WindowFeeder::run() {
    Cutter cutter(options_.vad_filter ? detector_.get() : nullptr, options_, summary_);
    std::vector<float> pcm;
    std::vector<Window> windows;
    int64_t total = 0;
    for (;;) {
        {
            const ScopedTimer timer(summary_.audio_s);
            if (!reader_->read(pcm, read_samples)) break;
        }
        total += static_cast<int64_t>(pcm.size());
        cutter.push(pcm, windows);
        if (!deliver(windows)) return;
    }
    cutter.finish(windows);
    summary_.duration_s = static_cast<double>(total) / sample_rate;
    summary_.warnings = reader_->warnings();
    deliver(windows);
}

}  // namespace ft
