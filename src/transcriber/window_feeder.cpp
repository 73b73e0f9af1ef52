#include "transcriber/window_feeder.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <optional>

#include "audio/audio_reader.h"
#include "audio/crosstalk.h"
#include "base/sample_time.h"
#include "base/stopwatch.h"
#include "speech/clip_spans.h"
#include "speech/rejected_sound.h"

namespace ft {

namespace {

constexpr size_t read_samples = size_t{32} * vad_frame_samples;  // about a second at a time
static_assert(read_samples % CrosstalkGate::block == 0);
constexpr size_t chunks_ahead = 32;    // read in advance
constexpr int most_vad_threads = 4;    // as many keep up with what the LSTM, on one of them, can do
constexpr size_t chunks_a_thread = 3;  // heard in one go: of each thread, as much as the detector takes at once

/// Of the threads that audio may use, half detect speech, the rest read and decode.
int vad_threads(const TranscribeOptions& options) {
    const bool by_network = options.vad_filter && !options.vad_model.empty();
    return by_network ? std::clamp(options.audio_threads / 2, 1, most_vad_threads) : 1;
}
int reading_threads(const TranscribeOptions& options) {
    return std::max(1, options.audio_threads - vad_threads(options));
}

/// Rejected stretches lie side by side, as nothing that they have to do with each other was between them.
PackOptions packed_closely(PackOptions options) {
    options.max_pause_s = 0.0;
    return options;
}

std::unique_ptr<VoiceDetector> make_detector(const TranscribeOptions& options, ThreadPool* pool) {
    if (!options.vad_filter) return nullptr;
    return options.vad_model.empty() ? make_energy_detector() : make_silero_detector(options.vad_model, pool);
}

}  // namespace

/// The sound of a channel → windows: of speech, and of what the detector rejected although it stands out. Both as they
/// fill.
struct WindowFeeder::Cutter {
    /// `number`: of the channel, as in Window.
    Cutter(std::unique_ptr<VoiceDetector> own, int number, const TranscribeOptions& options, FeedSummary& sums)
        : channel(number),
          detector(std::move(own)),
          clips(options.clips),
          finder(detector.get(), options.vad),
          packer(options.windows),
          rejected_packer(packed_closely(options.windows)),
          summary(sums) {
        // The detector by level rejects nothing that this one would hear.
        if (detector && options.hear_rejected && !options.vad_model.empty())
            rejected.emplace(samples_of(options.windows.max_pause_s));
    }

    /// Sound that comes to push() next.
    void look_ahead(std::span<const float> pcm) {
        const ScopedTimer timer(summary.vad_s);
        finder.look_ahead(pcm);
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
        const size_t first = windows.size();
        pack(windows);
        label(first, windows);
        if (!rejected) return;
        rejected->collect(finder.open_from(), spans);
        pack_rejected(windows);
        rejected_packer.forget_before(rejected->open_from());
        label(first, windows);
    }

    void finish(std::vector<Window>& windows) {
        const size_t first = windows.size();
        finder.finish(spans);
        pack(windows);
        packer.finish(windows);
        finish_rejected(windows);
        label(first, windows);
    }

    void finish_rejected(std::vector<Window>& windows) {
        if (!rejected) return;
        rejected->finish(spans);
        pack_rejected(windows);
        std::vector<Window> last;
        rejected_packer.finish(last);
        append_rejected(last, windows);
    }

    void pack(std::vector<Window>& windows) {
        if (rejected) {
            for (const Span& span : spans) rejected->push_speech(span);
        }
        for (const Span& span : spans_within(spans, clips)) {
            summary.speech_s += seconds_of(span.size());
            packer.push_span(span, windows);
        }
        spans.clear();
        packer.forget_before(finder.open_from());
    }

    void pack_rejected(std::vector<Window>& windows) {
        std::vector<Window> full;
        for (const Span& span : spans_within(spans, clips)) {
            summary.rejected_s += seconds_of(span.size());
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

    void label(size_t first, std::vector<Window>& windows) const {
        for (size_t i = first; i < windows.size(); ++i) windows[i].channel = channel;
    }

    const int channel;
    const std::unique_ptr<VoiceDetector> detector;
    const std::vector<std::pair<double, double>>& clips;
    SpeechFinder finder;
    WindowPacker packer;
    std::optional<RejectedSound> rejected;
    WindowPacker rejected_packer;
    FeedSummary& summary;
    std::vector<Span> spans;
};

WindowFeeder::WindowFeeder(const std::string& audio_path, const TranscribeOptions& options, const LogMel* log_mel,
                           std::set<int64_t> known, size_t ahead, std::function<void()> bell)
    : audio_path_(audio_path),
      options_(options),
      log_mel_(log_mel),
      known_(std::move(known)),
      split_(options.channels == ChannelChoice::split && audio_path == "-"),
      reader_(AudioReader::open(audio_path,
                                {split_ ? ChannelReading::split : ChannelReading::mix, reading_threads(options)})),
      pool_(vad_threads(options) > 1 ? std::make_unique<ThreadPool>(vad_threads(options)) : nullptr),
      queue_(ahead),
      bell_(std::move(bell)) {
    declared_duration_s_ = reader_->info().duration_s;
    if (options.vad_filter) {
        first_detector_ = make_detector(options, pool_.get());
        summary_.detector = first_detector_->name();
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
    leaving_.store(true);
    queue_.cancel();
    if (thread_.joinable()) thread_.join();
}

const FeedSummary& WindowFeeder::finish() {
    leaving_.store(true);
    queue_.cancel();
    if (thread_.joinable()) thread_.join();
    return summary_;
}

bool WindowFeeder::deliver(std::vector<Window>& windows) {
    for (Window& window : windows) {
        PreparedWindow prepared;
        window.ordinal = window.index;
        window.index = next_index_++;
        if (log_mel_ != nullptr && known_.count(window.index) == 0) {
            const ScopedTimer timer(summary_.mel_s);
            prepared.log_mel = log_mel_->compute(window.pcm);
        }
        prepared.window = std::move(window);
        if (!queue_.push(std::move(prepared))) return false;
        bell_();
    }
    windows.clear();
    return true;
}

/// The channels to cut, once it is known what they have to do with each other; the reader then gives them.
std::vector<size_t> WindowFeeder::choose_channels(ChannelPlan& plan) {
    plan = plan_channels(audio_path_, options_.channels, leaving_);
    if (!plan.channels.empty()) {
        reader_ = AudioReader::open(audio_path_, {ChannelReading::split, reading_threads(options_)});
        split_ = true;
    }
    return plan.channels;
}

void WindowFeeder::run() {
    ChannelPlan plan;
    std::vector<size_t> channels = choose_channels(plan);
    ReadAhead sound(*reader_, split_ ? ChannelReading::split : ChannelReading::mix, read_samples,
                    options_.audio_threads > 1 ? chunks_ahead : 0);
    const bool complete = cut(sound, std::move(channels), plan.labelled);
    sound.stop();
    summary_.audio_s = sound.reading_s();
    if (!complete) return;
    summary_.warnings = reader_->warnings();
    summary_.warnings.insert(summary_.warnings.end(), plan.warnings.begin(), plan.warnings.end());
}

/// -> whether all windows were wanted.
bool WindowFeeder::cut(ReadAhead& sound, std::vector<size_t> channels, bool labelled) {
    std::vector<std::unique_ptr<Cutter>> cutters;
    std::optional<CrosstalkGate> gate;
    std::vector<Window> windows;
    int64_t total = 0;
    const size_t most = chunks_a_thread * static_cast<size_t>(vad_threads(options_));
    while (!leaving_) {
        std::vector<SoundChunk> chunks = sound.take(most);
        if (chunks.empty()) return end_of(cutters, total);
        if (channels.empty()) {
            for (size_t c = 0; c < chunks.front().size(); ++c) channels.push_back(c);
        }
        for (size_t i = cutters.size(); i < channels.size(); ++i) {
            cutters.push_back(std::make_unique<Cutter>(
                first_detector_ ? std::move(first_detector_) : make_detector(options_, pool_.get()),
                labelled ? static_cast<int>(channels[i]) + 1 : 0, options_, summary_));
        }
        if (channels.size() > 1 && !gate) gate.emplace(channels.size());
        for (SoundChunk& chunk : chunks) {
            SoundChunk heard;
            for (const size_t channel : channels) heard.push_back(std::move(chunk.at(channel)));
            total += std::ssize(heard.front());
            if (gate) gate->process(heard);
            chunk = std::move(heard);
        }
        if (chunks.size() > 1) look_ahead(chunks, cutters);
        // Chunk by chunk, as they were read: the order of windows does not depend on how many were there.
        for (const SoundChunk& heard : chunks) {
            for (size_t i = 0; i < cutters.size(); ++i) cutters[i]->push(heard[i], windows);
            if (!deliver(windows)) return false;
        }
    }
    return false;
}

bool WindowFeeder::end_of(const std::vector<std::unique_ptr<Cutter>>& cutters, int64_t total) {
    std::vector<Window> windows;
    for (const auto& cutter : cutters) cutter->finish(windows);
    summary_.duration_s = seconds_of(total);
    return deliver(windows);
}

void WindowFeeder::look_ahead(const std::vector<SoundChunk>& chunks,
                              const std::vector<std::unique_ptr<Cutter>>& cutters) {
    std::vector<float> all;
    for (size_t i = 0; i < cutters.size(); ++i) {
        all.clear();
        for (const SoundChunk& chunk : chunks) all.insert(all.end(), chunk[i].begin(), chunk[i].end());
        cutters[i]->look_ahead(all);
    }
}

}  // namespace ft
