#pragma once
// A stack on AWS within this process, for tests of its clients: the API's own handler (src/cloud) over jobs in memory,
// behind a gateway that checks signatures, and a bucket that takes the forms and opens the links that it has signed.
#include <atomic>
#include <chrono>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "aws/testing/test_session.h"
#include "cloud/aws_ports.h"
#include "cloud/cloud_api.h"
#include "cloud/testing/fakes.h"

namespace ft {

/// One part of a form.
struct FormPart {
    std::string head, body;
};

/// Any number of threads.
class CloudStack {
  public:
    static constexpr const char* region = "eu-north-1";
    static constexpr const char* key_id = "AKIDOFTHECLIENT";
    static constexpr const char* secret = "canary-secret-of-the-client";
    static constexpr const char* token = "canary-token-of-the-client";

    /// The next so many requests of a kind go wrong.
    struct Faults {
        int lost_answers = 0;              ///< of POST /v1/jobs: the job is made
        int lost_uploads = 0;              ///< the recording is there, its answer is not
        int failing_uploads = 0;           ///< 503 SlowDown
        int expired_links = 0;             ///< time passes between the link and its use
        int failing_links = 0;             ///< 503 of the bucket for a transcript
        int throttled = 0;                 ///< 429 of the gateway, whatever is asked
        bool events_are_late = false;      ///< recordings come, and the functions do not hear of it
        bool forbids_uploads = false;      ///< the role that has signed the form may not
        bool works = true;                 ///< a machine takes what has come at once
        std::chrono::seconds ahead_by{0};  ///< the clock of AWS against ours
    };
    CloudStack();
    void set(const Faults& faults);

    std::string api_url() const { return api_.url(); }
    const testing::TestServer& api() const { return api_; }
    const testing::TestServer& bucket() { return bucket_.server(); }
    JobStore& jobs() { return store_; }
    std::string only_job();
    /// All that are in the bucket, by key.
    std::map<std::string, std::string> recordings();

    /// The functions hear of what has come, and machines take it. A recording is its text; "broken…" fails.
    void deliver_events();

  private:
    testing::TestReply on_api(const testing::TestRequest& request);
    testing::TestReply on_bucket(const testing::TestRequest& request);
    testing::TestReply take_form(const testing::TestRequest& request);
    testing::TestReply give_object(const testing::TestRequest& request);
    std::string refusal_of_form(const std::vector<FormPart>& parts);
    bool is_presigned_rightly(const std::string& path, const std::string& query);
    aws::SigningScope s3_scope(const std::string& basic_time) const;
    void deliver(const std::string& key);
    void work(const std::string& job_id, const std::string& content);

    std::mutex mutex_;
    Faults faults_;
    ManualClock clock_;
    cloud::CloudSettings settings_;
    JobRules rules_;
    MemoryJobStore store_{clock_};
    cloud::testing::FakeUploads uploads_;
    std::map<std::string, std::string> contents_;
    std::vector<std::string> events_;
    int versions_ = 0;

    aws::testing::ServiceFixture bucket_;
    std::shared_ptr<aws::Session> session_;
    cloud::S3Links links_;
    Router router_;
    testing::TestServer api_;  // the last: its threads use all of the above
};

}  // namespace ft
