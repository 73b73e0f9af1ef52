#include "server/job_follower.h"

#include "jobs/checkpoint.h"

namespace ft {

JobFollower::JobFollower(JobStore& store, ObjectStore& objects, Transcribe& transcribe, std::string job_id)
    : store_(store), objects_(objects), transcribe_(transcribe), job_id_(std::move(job_id)) {}

JobFollower::News JobFollower::look() {
    News news;
    const std::optional<Job> job = store_.get(job_id_);
    if (!job) {
        news.gone = true;
        return news;
    }
    news.job = *job;
    news.new_state = !last_ || last_->state != job->state || last_->attempt != job->attempt;
    news.new_progress = !last_ || last_->progress.windows_done != job->progress.windows_done;
    last_ = job;
    // Checkpoints of another plan (the model has changed) are not what this attempt says.
    if (news.new_progress && job->state == JobState::running && job->progress.windows_done > 0) {
        if (plan_.empty()) plan_ = transcribe_.plan(*job);
        news.windows = new_checkpoints(objects_, *job, plan_, known_);
    }
    return news;
}

}  // namespace ft
