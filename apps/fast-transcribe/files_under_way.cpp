#include "files_under_way.h"

#include <algorithm>

namespace ft {

FilesUnderWay::FilesUnderWay(TranscribeFunction transcribe, const TranscribeOptions& options,
                             const std::atomic<bool>* stop, size_t at_once)
    : transcribe_(std::move(transcribe)), options_(options), stop_(stop), at_once_(std::max<size_t>(1, at_once)) {}

FilesUnderWay::~FilesUnderWay() {
    for (const auto& file : files_) file->thread.join();
}

/// Under the mutex.
bool FilesUnderWay::has_room() const {
    return files_.empty() || (files_.size() < at_once_ && files_.back()->all_read);
}

bool FilesUnderWay::wants_more() {
    const std::lock_guard lock(mutex_);
    return has_room();
}

void FilesUnderWay::start(size_t index, const std::string& input) {
    files_.push_back(std::make_unique<File>());
    File& file = *files_.back();
    file.index = index;
    file.thread = std::thread([this, &file, input] { run(file, input); });
}

void FilesUnderWay::run(File& file, const std::string& input) {
    const auto progress = [&](const Progress& news) {
        Report report{news, {}};
        if (news.new_segments) report.segments = *news.new_segments;
        const std::lock_guard lock(mutex_);
        file.all_read = file.all_read || news.all_read;
        file.reports.push_back(std::move(report));
        changed_.notify_one();
    };
    Transcript transcript;
    std::exception_ptr failure;
    try {
        transcript = transcribe_(input, options_, progress, stop_);
    } catch (...) {
        failure = std::current_exception();
    }
    const std::lock_guard lock(mutex_);
    file.transcript = std::move(transcript);
    file.failure = failure;
    file.all_read = file.over = true;
    changed_.notify_one();
}

bool FilesUnderWay::watch(const ProgressFunction& show, bool more) {
    File& file = *files_.front();
    for (;;) {
        std::vector<Report> reports;
        bool over = false, room = false;
        {
            std::unique_lock lock(mutex_);
            changed_.wait(lock, [&] { return !file.reports.empty() || file.over || (more && has_room()); });
            reports.swap(file.reports);
            over = file.over;
            room = more && has_room();
        }
        for (Report& report : reports) {
            report.progress.new_segments = &report.segments;
            show(report.progress);
        }
        if (over || room) return over;
    }
}

Transcript FilesUnderWay::take() {
    const std::unique_ptr<File> file = std::move(files_.front());
    files_.pop_front();
    file->thread.join();
    if (file->failure) std::rethrow_exception(file->failure);
    return std::move(file->transcript);
}

}  // namespace ft
