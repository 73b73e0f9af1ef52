#include "worker_fixture.h"

#include <chrono>
#include <set>
#include <thread>

#include "base/error.h"
#include "base/file.h"
#include "transcript/writers.h"

namespace ft::conformance {

std::string FakeTranscribe::plan(const Job&) {
    if (at_plan) at_plan();
    return plan_name;
}

Transcript FakeTranscribe::transcribe(const TranscribeRequest& request, const WindowFunction& on_window,
                                      const std::atomic<bool>& stop) {
    const std::string content = read_file(request.audio);
    std::map<int64_t, FinishedWindow> all;
    for (const FinishedWindow& window : request.finished) all.emplace(window.index, window);
    // Batches end in any order: the last window of two comes first.
    for (int64_t pair = 0; pair < windows; pair += 2) {
        for (int64_t index = std::min<int64_t>(pair + 1, windows - 1); index >= pair; --index) {
            if (all.count(index) > 0) continue;
            if (during) during(index, stop);
            if (stop.load()) throw Error(ErrorCode::cancelled, "the engine was told to stop");
            FinishedWindow window;
            window.index = index;
            window.begin_s = static_cast<double>(index) * 30;
            window.end_s = window.begin_s + 30;
            Segment segment;
            segment.start_s = window.begin_s;
            segment.end_s = window.end_s;
            segment.text = "fönster " + std::to_string(index) + " av " + content;
            segment.words.push_back({" fönster", segment.start_s, segment.end_s, 0.5F});
            window.segments.push_back(segment);
            ++computed[index];
            all.emplace(index, window);
            on_window(window, windows * 30.0);
        }
    }
    Transcript transcript;
    transcript.file = request.audio.string();
    transcript.language = "sv";
    transcript.duration_s = windows * 30.0;
    transcript.metadata.emplace_back("model", "tiny");
    for (const auto& [index, window] : all)
        transcript.segments.insert(transcript.segments.end(), window.segments.begin(), window.segments.end());
    return transcript;
}

std::string WorkerSuite::submit() {
    NewJob job = wanted("möte.mp3");
    job.id = make_job_id();
    const ObjectInfo info = objects->put(input_key(job.id), "ljudet");
    job.input.uri = "object:" + info.key;
    job.input.etag = info.etag;
    job.input.size_bytes = info.size_bytes;
    job.callback.url = "https://example.org/hook";
    return created(job).id;
}

WorkerOptions WorkerSuite::options(const std::string& owner) const {
    WorkerOptions options;
    options.owner = owner;
    options.scratch = folder.path() / "scratch";
    return options;
}

bool WorkerSuite::crashes(const std::string& owner) {
    try {
        worker(owner).run_one();
        return false;
    } catch (const SimulatedCrash&) {
        return true;
    }
}

std::string WorkerSuite::result_text(const std::string& id) {
    return objects->get(store->get(id)->result.prefix + "transcript.txt");
}

int WorkerSuite::events(const std::string& id, std::string_view type) {
    int count = 0;
    for (const OutboxEvent& event : store->events_of(id)) count += event.type == type;
    return count;
}

void WorkerSuite::expect_one_result(const std::string& id) {
    const auto job = store->get(id);
    ASSERT_TRUE(job);
    ASSERT_EQ(job->state, JobState::succeeded);
    std::string text;
    for (int i = 0; i < transcribe.windows; ++i) text += "fönster " + std::to_string(i) + " av ljudet\n";
    EXPECT_EQ(result_text(id), text);
    EXPECT_EQ(job->result.files.size(), known_formats().size());
    for (const std::string& name : job->result.files) EXPECT_TRUE(objects->stat(job->result.prefix + name)) << name;
    ASSERT_TRUE(store->usage_of(id));
    EXPECT_EQ(store->usage_of(id)->fence, job->fence);
    EXPECT_EQ(job->result.prefix, result_prefix(id, job->fence));
    EXPECT_EQ(events(id, event_completed), 1);
    EXPECT_EQ(events(id, event_failed) + events(id, event_dead), 0);
}

void WorkerSuite::wait_until(const std::function<bool()>& condition) {
    for (int i = 0; i < 10000 && !condition(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    EXPECT_TRUE(condition()) << "waited for 10 s";
}

}  // namespace ft::conformance
