#include "jobs/retention.h"

#include <set>

#include "base/error.h"
#include "base/log.h"

namespace ft {

namespace {

constexpr int page_size = 100;
constexpr const char* kinds[] = {"inputs/", "checkpoints/", "results/"};

int64_t delete_objects(ObjectStore& objects, const std::string& job_id) {
    int64_t deleted = 0;
    for (const char* kind : kinds) deleted += objects.remove_all(kind + job_id + "/");
    return deleted;
}

/// "inputs/<job>/audio" → <job>
std::string job_of_key(const std::string& key) {
    const size_t begin = key.find('/') + 1;
    return key.substr(begin, key.find('/', begin) - begin);
}

}  // namespace

RetentionRun delete_expired(JobStore& store, ObjectStore& objects, int64_t before_ms) {
    RetentionRun run;
    std::set<std::string> stuck;
    for (bool progress = true; progress;) {
        progress = false;
        // One job that cannot be deleted must not hold up all others.
        for (const Job& job : store.expired(before_ms, page_size + static_cast<int>(stuck.size()))) {
            if (stuck.count(job.id) > 0) continue;
            progress = true;
            try {
                run.objects += delete_objects(objects, job.id);
            } catch (const Error& error) {
                spdlog::warn("job {}: its files cannot be deleted now: {}", job.id, error.what());
                stuck.insert(job.id);
                continue;
            }
            if (store.remove(job.id, before_ms) == StoreResult::done) ++run.jobs;
        }
    }
    run.stuck = static_cast<int64_t>(stuck.size());
    return run;
}

RetentionRun delete_orphans(JobStore& store, ObjectStore& objects, int64_t before_ms) {
    RetentionRun run;
    for (const char* kind : kinds) {
        std::string after, known;
        for (;;) {
            const std::vector<ObjectInfo> page = objects.list(kind, after, 500);
            if (page.empty()) break;
            for (const ObjectInfo& object : page) {
                const std::string id = job_of_key(object.key);
                if (id == known || object.modified_ms >= before_ms) continue;
                if (store.get(id)) {
                    known = id;  // neighbours in the list are of the same job
                    continue;
                }
                objects.remove(object.key);
                ++run.objects;
            }
            after = page.back().key;
        }
    }
    return run;
}

}  // namespace ft
