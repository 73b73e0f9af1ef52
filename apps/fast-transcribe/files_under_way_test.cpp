#include "files_under_way.h"

#include <gtest/gtest.h>

#include <atomic>
#include <set>

#include "base/error.h"

namespace ft {
namespace {

Transcript with_text(const std::string& text) {
    Transcript transcript;
    transcript.segments.emplace_back();
    transcript.segments[0].text = text;
    return transcript;
}

/// Runs all inputs; -> texts or reasons, in the order in which they came out.
std::vector<std::string> run_all(const std::vector<std::string>& inputs, size_t at_once,
                                 const TranscribeFunction& transcribe, std::vector<std::string>* shown = nullptr) {
    std::atomic<bool> stop{false};
    FilesUnderWay files(transcribe, {}, &stop, at_once);
    std::vector<std::string> results;
    for (size_t next = 0;;) {
        while (next < inputs.size() && files.wants_more()) {
            files.start(next, inputs[next]);
            ++next;
        }
        if (files.empty()) return results;
        EXPECT_EQ(files.front(), results.size());
        const auto show = [&](const Progress& progress) {
            for (const Segment& segment : *progress.new_segments)
                if (shown) shown->push_back(segment.text);
        };
        if (!files.watch(show, next < inputs.size())) continue;
        try {
            results.push_back(files.take().segments.at(0).text);
        } catch (const std::exception& error) {
            results.emplace_back(error.what());
        }
    }
}

const std::vector<std::string> inputs = {"a", "b", "c", "d", "e", "f"};

TEST(FilesUnderWay, OneAfterTheOtherWhileNobodySaysThatAllIsRead) {
    std::atomic<int> running{0};
    const auto results = run_all(inputs, 8, [&](const std::string& input, const auto&, const auto&, const auto*) {
        EXPECT_EQ(++running, 1);
        --running;
        return with_text(input);
    });
    EXPECT_EQ(results, inputs);
}

/// Files that end in the reverse order of their start, as far as they are let.
class Reverse {
  public:
    explicit Reverse(size_t at_once) : at_once_(at_once) {}
    Transcript operator()(const std::string& input, const ProgressFunction& progress) {
        {
            const std::lock_guard lock(mutex_);
            under_way_.insert(input);
            most_ = std::max(most_, under_way_.size());
        }
        std::vector<Segment> segments(1);
        segments[0].text = input + " is read";
        progress({0, 0, &segments, true});
        std::unique_lock lock(mutex_);
        started_.insert(input);
        changed_.notify_all();
        // The first of a full house waits for the others to be there.
        changed_.wait(lock, [&] { return started_.size() >= at_once_ || started_.size() == inputs.size(); });
        under_way_.erase(input);
        return with_text(input);
    }
    size_t most() const { return most_; }

  private:
    const size_t at_once_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::set<std::string> under_way_, started_;
    size_t most_ = 0;
};

TEST(FilesUnderWay, FilesThatAreReadLetOthersBeginAndResultsKeepTheirOrder) {
    for (const size_t at_once : {2U, 4U, 16U}) {
        Reverse reverse(at_once);
        std::vector<std::string> shown;
        const auto results = run_all(
            inputs, at_once,
            [&](const std::string& input, const auto&, const auto& progress, const auto*) {
                return reverse(input, progress);
            },
            &shown);
        EXPECT_EQ(results, inputs);
        EXPECT_EQ(reverse.most(), std::min<size_t>(at_once, inputs.size()));
        ASSERT_EQ(shown.size(), inputs.size());
        for (size_t i = 0; i < inputs.size(); ++i) EXPECT_EQ(shown[i], inputs[i] + " is read");
    }
}

TEST(FilesUnderWay, AFailureIsItsFilesAlone) {
    const auto results =
        run_all(inputs, 3, [&](const std::string& input, const auto&, const ProgressFunction& progress, const auto*) {
            const std::vector<Segment> none;
            progress({0, 0, &none, true});
            if (input == "b" || input == "f") throw Error(ErrorCode::bad_media, "{} is noise", input);
            return with_text(input);
        });
    EXPECT_EQ(results, (std::vector<std::string>{"a", "b is noise", "c", "d", "e", "f is noise"}));
}

TEST(FilesUnderWay, LeavingEarlyWaitsForThem) {
    std::atomic<bool> stop{false}, over{false};
    {
        FilesUnderWay files(
            [&](const auto&, const auto&, const auto&, const std::atomic<bool>* told) {
                while (!told->load()) std::this_thread::yield();
                over = true;
                return Transcript{};
            },
            {}, &stop, 1);
        files.start(0, "a");
        stop = true;
    }
    EXPECT_TRUE(over);
}

}  // namespace
}  // namespace ft
