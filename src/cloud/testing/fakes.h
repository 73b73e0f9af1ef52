#pragma once
// EC2 and the bucket in memory, for the tests of the functions.
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/error.h"
#include "cloud/intake.h"
#include "cloud/launcher.h"
#include "jobs/memory/manual_clock.h"
#include "jobs/memory/memory_job_store.h"
#include "jobs/memory/memory_notifier.h"
#include "jobs/memory/memory_object_store.h"

namespace ft::cloud::testing {

class FakeMachines : public Machines {
  public:
    explicit FakeMachines(const Clock& clock) : clock_(clock) {}
    /// What it answers instead of a machine.
    std::function<std::optional<aws::FleetResult>(const aws::FleetRequest&)> answer;
    std::vector<aws::FleetRequest> requests;
    std::vector<Machine> machines;
    std::vector<std::string> terminated;
    bool loses_answers = false, is_down = false;

    aws::FleetResult launch(const aws::FleetRequest& request) override {
        requests.push_back(request);
        if (answer) {
            if (auto given = answer(request)) return *given;
        }
        if (tokens_.insert(request.client_token).second)
            machines.push_back({"i-" + std::to_string(machines.size() + 1), "pending", clock_.wall_ms(),
                                request.instance_tags.at(job_tag), std::stoi(request.instance_tags.at(launch_tag))});
        if (loses_answers) throw Error(ErrorCode::network, "the answer was lost");
        aws::FleetResult result;
        result.launched.push_back({machines.back().id, "g4dn.xlarge", "spot"});
        return result;
    }
    std::vector<Machine> list() override {
        if (is_down) throw Error(ErrorCode::network, "EC2 does not answer");
        return machines;
    }
    void terminate(const std::string& machine_id) override { terminated.push_back(machine_id); }

  private:
    const Clock& clock_;
    std::set<std::string> tokens_;
};

class FakeUploads : public Uploads {
  public:
    std::map<std::string, UploadInfo> objects;
    std::map<std::string, std::string> texts;
    bool is_down = false;

    void put(const std::string& key, int64_t size, const std::string& version, int64_t modified_ms = 0) {
        objects[key] = {key, size, "etag-" + version, version, modified_ms};
    }
    std::optional<UploadInfo> head(const std::string& key, const std::string& version) override {
        if (is_down) throw Error(ErrorCode::network, "S3 does not answer");
        const auto found = objects.find(key);
        if (found == objects.end() || (!version.empty() && version != found->second.version)) return std::nullopt;
        return found->second;
    }
    std::vector<UploadInfo> list(const std::string& prefix, const std::string& after, int limit) override {
        std::vector<UploadInfo> page;
        for (const auto& [key, info] : objects) {
            if (key.starts_with(prefix) && key > after && page.size() < static_cast<size_t>(limit))
                page.push_back(info);
        }
        return page;
    }
    std::optional<std::string> read_text(const std::string& key) override {
        const auto found = texts.find(key);
        return found == texts.end() ? std::nullopt : std::optional(found->second);
    }
    std::string uri_of(const std::string& key) const override { return "s3://b/" + key; }
    std::optional<std::string> key_of(const std::string& uri) const override {
        return uri.starts_with("s3://b/") ? std::optional(uri.substr(7)) : std::nullopt;
    }
    const std::string& bucket() const override { return bucket_; }

  private:
    const std::string bucket_ = "b";
};

class FakeLinks : public Links {
  public:
    UploadForm upload(const std::string& key, int64_t longest) override {
        return {"https://b.example/", {{"key", key}, {"longest", std::to_string(longest)}}};
    }
    std::string download(const std::string& key, const std::string& file_name) override {
        return "https://b.example/" + key + "?as=" + file_name;
    }
};

/// Everything that a function is made of.
struct FakeCloud {
    FakeCloud() {
        settings.stack = "s";
        settings.bucket = "b";
        settings.launch_template = "lt-1";
        settings.subnets = {"subnet-a"};
        settings.longest_upload = 1000000;
        rules.signs_webhooks = true;
    }

    ManualClock clock;
    CloudSettings settings;
    JobRules rules;
    MemoryJobStore store{clock};
    MemoryObjectStore objects{clock};
    MemoryNotifier notifier;
    FakeMachines machines{clock};
    FakeUploads uploads;
    FakeLinks links;
    Launcher launcher{{store, machines, uploads, clock, [] { return 0.5; }}, settings};
    IntakeParts intake{store, uploads, settings, rules};

    std::vector<Job> jobs() { return store.list({}).jobs; }
    Job only_job() {
        const auto all = jobs();
        return all.size() == 1 ? all.front() : Job{};
    }
    std::string put_direct(const std::string& key, const std::string& version = "v1", int64_t size = 100) {
        uploads.put(key, size, version, clock.wall_ms());
        return job_id_of_object("b", key, version);
    }
};

}  // namespace ft::cloud::testing
