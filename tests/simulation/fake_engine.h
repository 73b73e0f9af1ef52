#pragma once
// An engine whose windows are what the content says ("w3 …": three of them), each with its time; what begins with "bad"
// is no recording.
#include <map>
#include <string>

#include "base/error.h"
#include "base/file.h"
#include "jobs/transcribe.h"
#include "jobs/worker_observer.h"
#include "world.h"

namespace ft::simulation {

inline std::string window_text(int64_t index, const std::string& content) {
    return "window " + std::to_string(index) + " of " + content;
}

/// Gives the lease keeper, which a claim has just started, its first turn before anything else happens: it asks for the
/// time with its lock held, and an attempt that ends before would wait for that lock in real time.
class KeeperFirst : public WorkerObserver {
  public:
    explicit KeeperFirst(Process& process) : process_(process) {}
    void on_step(const Job&, WorkerStep step) override {
        if (step != WorkerStep::claimed) return;
        process_.await_thread();
        process_.sleep_ms(0);
    }
    std::string run_report(const Job&) override { return {}; }

  private:
    Process& process_;
};

class FakeEngine : public Transcribe {
  public:
    FakeEngine(World& world, Process& process) : world_(world), process_(process) {}

    std::string plan(const Job&) override {
        process_.sleep_ms(1);
        return "plan";
    }

    Transcript transcribe(const TranscribeRequest& request, const WindowFunction& on_window,
                          const std::atomic<bool>& stop) override {
        const std::string content = read_file(request.audio);
        if (content.starts_with("bad")) throw Error(ErrorCode::bad_media, "no audio");
        const int64_t windows = content[1] - '0';
        std::map<int64_t, FinishedWindow> all;
        for (const FinishedWindow& window : request.finished) all.emplace(window.index, window);
        for (int64_t index = 0; index < windows; ++index) {
            if (all.count(index) > 0) continue;
            process_.sleep_ms(world_.chaos && world_.luck(0.003) ? hang_ms : 5000 + world_.upto(60000));
            if (world_.chaos && world_.luck(0.004)) throw Error(ErrorCode::out_of_memory, "no memory");
            if (stop.load()) throw Error(ErrorCode::cancelled, "the engine was told to stop");
            FinishedWindow window;
            window.index = index;
            window.begin_s = static_cast<double>(index) * 30;
            window.end_s = window.begin_s + 30;
            Segment segment;
            segment.start_s = window.begin_s;
            segment.end_s = window.end_s;
            segment.text = window_text(index, content);
            window.segments.push_back(segment);
            all.emplace(index, window);
            on_window(window, static_cast<double>(windows) * 30);
        }
        Transcript transcript;
        transcript.language = "sv";
        transcript.duration_s = static_cast<double>(windows) * 30;
        for (const auto& [index, window] : all)
            transcript.segments.insert(transcript.segments.end(), window.segments.begin(), window.segments.end());
        return transcript;
    }

  private:
    static constexpr int64_t hang_ms = int64_t{3} * 3600 * 1000;
    World& world_;
    Process& process_;
};

}  // namespace ft::simulation
