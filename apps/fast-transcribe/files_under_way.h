#pragma once
// Files that are transcribed at the same time, so that the last windows of one share the batch with the first of the
// next, and a hundred short recordings fill it; their results are given out in the order in which they were started.
#include <condition_variable>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "command.h"

namespace ft {

/// One thread starts files and takes results; each file has a thread of its own, which waits for the engine.
class FilesUnderWay {
  public:
    /// `transcribe` may be called by several threads at once once a call of it has reported Progress::all_read.
    FilesUnderWay(TranscribeFunction transcribe, const TranscribeOptions& options, const std::atomic<bool>* stop,
                  size_t at_once);
    /// Waits for the files that are still under way.
    ~FilesUnderWay();
    FilesUnderWay(const FilesUnderWay&) = delete;
    FilesUnderWay& operator=(const FilesUnderWay&) = delete;

    bool empty() const { return files_.empty(); }
    /// Whether another file should be started: one file is read at a time, as only decoding gains from company.
    bool wants_more();
    void start(size_t index, const std::string& input);

    /// The file that was started first.
    size_t front() const { return files_.front()->index; }
    /// Shows what the first file reports, on this thread, until it is over (true) or, when there are `more`, another
    /// one should be started (false).
    bool watch(const ProgressFunction& show, bool more);
    /// Takes the first file out, once watch() has said that it is over. Rethrows what went wrong with it.
    Transcript take();

  private:
    /// A report, with segments of its own: what the engine showed is gone by the time it is looked at.
    struct Report {
        Progress progress;
        std::vector<Segment> segments;
    };
    struct File {
        size_t index = 0;
        std::vector<Report> reports;  // this and what follows: under the mutex
        bool all_read = false, over = false;
        Transcript transcript;
        std::exception_ptr failure;
        std::thread thread;
    };

    void run(File& file, const std::string& input);
    bool has_room() const;

    const TranscribeFunction transcribe_;
    const TranscribeOptions options_;
    const std::atomic<bool>* stop_;
    const size_t at_once_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<std::unique_ptr<File>> files_;
};

}  // namespace ft
