#include "transcriber/window_feeder.h"

#include "audio/audio_reader.h"
#include "base/stopwatch.h"

namespace ft {

namespace {
constexpr size_t read_samples = size_t{32} * vad_frame_samples;  // about a second at a time
}

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
    SpeechFinder finder(options_.vad_filter ? detector_.get() : nullptr, options_.vad);
    WindowPacker packer(options_.windows);
    std::vector<float> pcm;
    std::vector<Span> spans;
    std::vector<Window> windows;
    int64_t total = 0;
    const auto pack = [&] {
        for (const Span& span : spans) {
            summary_.speech_s += static_cast<double>(span.size()) / sample_rate;
            packer.push_span(span, windows);
        }
        spans.clear();
        packer.forget_before(finder.open_from());
    };
    for (;;) {
        {
            const ScopedTimer timer(summary_.audio_s);
            if (!reader_->read(pcm, read_samples)) break;
        }
        total += static_cast<int64_t>(pcm.size());
        packer.push_pcm(pcm);
        {
            const ScopedTimer timer(summary_.vad_s);
            finder.push(pcm, spans);
        }
        pack();
        if (!deliver(windows)) return;
    }
    finder.finish(spans);
    pack();
    packer.finish(windows);
    summary_.duration_s = static_cast<double>(total) / sample_rate;
    summary_.warnings = reader_->warnings();
    deliver(windows);
}

}  // namespace ft
