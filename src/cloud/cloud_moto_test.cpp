// The three functions, put together as Lambda has them, against moto, which plays AWS: from the request for an upload
// to the link of a result.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "aws/dynamodb_client.h"
#include "aws/query_client.h"
#include "aws/service_client.h"
#include "aws/testing/moto_server.h"
#include "cloud/aws_ports.h"
#include "cloud/functions.h"
#include "cloud/intake.h"
#include "cloud/launch_policy.h"
#include "jobs/aws/dynamo_job_store.h"
#include "jobs/aws/s3_object_store.h"

namespace ft::cloud {
namespace {

using nlohmann::json;

class CloudOnMoto : public ::testing::Test {
  protected:
    static void SetUpTestSuite() { moto = aws::testing::MotoServer::start(1000000, why).release(); }
    static void TearDownTestSuite() {
        delete moto;
        moto = nullptr;
    }
    void SetUp() override {
        if (moto == nullptr) GTEST_SKIP() << why;
        make_bucket();
        aws::QueryClient ec2(session, {"EC2", "ec2", "EC2", "ec2"}, "2016-11-15");
        aws::QueryForm form;
        form.add("LaunchTemplateName", settings.bucket).add("LaunchTemplateData.InstanceType", "g4dn.xlarge");
        form.add("LaunchTemplateData.ImageId", aws::Ec2Client(session).describe_images({}, {}, "").at(0).id);
        settings.launch_template =
            ec2.call({"CreateLaunchTemplate", ""}, form).text_at("launchTemplate/launchTemplateId");
        const aws::XmlElement subnets = ec2.call({"DescribeSubnets", ""}, aws::QueryForm());
        for (const aws::XmlElement* subnet : subnets.all("subnetSet", "item"))
            settings.subnets.push_back(subnet->text_at("subnetId"));
    }

    static std::shared_ptr<aws::Session> make_session() {
        if (moto == nullptr) return nullptr;
        aws::SessionOptions options;
        options.surroundings.variable = [](const std::string& name) -> std::string {
            if (name == "AWS_ENDPOINT_URL") return moto->url();
            if (name == "AWS_REGION") return "eu-north-1";
            return name == "AWS_ACCESS_KEY_ID" || name == "AWS_SECRET_ACCESS_KEY" ? "unchecked" : "";
        };
        return std::make_shared<aws::Session>(std::move(options));
    }
    static CloudSettings make_settings() {
        CloudSettings made;
        made.table = "transcription-jobs";
        made.bucket = "recordings-" + std::to_string(++cases);  // moto keeps what the other cases have made
        made.stack = made.bucket;
        return made;
    }
    void make_bucket() {
        aws::ServiceClient client(session, {"S3", "s3", "S3", "s3"});
        aws::ServiceRequest request;
        request.operation = "CreateBucket";
        request.method = "PUT";
        request.path = "/" + settings.bucket;
        request.sign_payload_header = true;
        request.body =
            "<CreateBucketConfiguration><LocationConstraint>eu-north-1</LocationConstraint>"
            "</CreateBucketConfiguration>";
        client.call(request);
    }

    json call(const std::string& function, const json& event) {
        aws::Invocation invocation;
        invocation.request_id = "r";
        invocation.payload = event.dump();
        invocation.deadline = session->now() + std::chrono::minutes(5);
        return json::parse(make_function(function, session, settings)(invocation));
    }
    json ask(const std::string& method, const std::string& path, const json& body = nullptr,
             const std::string& query = "") {
        json event = {
            {"rawPath", path}, {"rawQueryString", query}, {"requestContext", {{"http", {{"method", method}}}}}};
        if (!body.is_null()) event["body"] = body.dump();
        return call("TranscriptionApi", event);
    }
    json upload_event(const std::string& key) {
        const json record = {{"eventName", "ObjectCreated:Post"},
                             {"s3", {{"bucket", {{"name", settings.bucket}}}, {"object", {{"key", key}}}}}};
        return {{"Records", {{{"messageId", "m"}, {"body", json{{"Records", {record}}}.dump()}}}}};
    }

    static inline aws::testing::MotoServer* moto = nullptr;
    static inline std::string why;
    static inline int cases = 0;
    std::shared_ptr<aws::Session> session = make_session();
    CloudSettings settings = make_settings();
    SystemClock clock;
};

TEST_F(CloudOnMoto, FromTheRequestToTheLink) {
    const json made = ask("POST", "/v1/jobs", {{"name", "möte 1.wav"}, {"size_bytes", 6}});
    ASSERT_EQ(made.at("statusCode"), 201) << made;
    const json body = json::parse(made.at("body").get<std::string>());
    const std::string id = body.at("job").at("job_id"), key = body.at("upload").at("fields").at("key");
    EXPECT_NE(body.at("upload").at("fields").at("policy"), "");

    aws::S3Client s3(session);
    s3.put_object(settings.bucket, key, "ljudet");
    const json none = {{"batchItemFailures", json::array()}};
    EXPECT_EQ(call("TranscriptionProcessUpload", upload_event(percent_encode(key))), none);
    EXPECT_EQ(call("TranscriptionProcessUpload", upload_event(percent_encode(key))), none);
    DynamoJobStore store(session, clock, {settings.table, 30});
    ASSERT_EQ(store.get(id)->state, JobState::launching);
    EXPECT_EQ(store.get(id)->input.size_bytes, 6);
    const auto machines = aws::Ec2Client(session).describe_instances({{"tag:JobId", {id}}});
    ASSERT_EQ(machines.size(), 1U);
    EXPECT_EQ(machines[0].tags.at(launch_tag), "1");
    EXPECT_EQ(machines[0].tags.at(stack_tag), settings.stack);

    // A worker on that machine.
    ClaimRequest request;
    request.owner = machines[0].id + ":w/0";
    request.job_id = id;
    request.launch_seq = 1;
    const auto job = store.claim(request);
    ASSERT_TRUE(job);
    S3ObjectStore objects(session, {settings.bucket, "", uint64_t{16} << 20});
    EXPECT_TRUE(objects.fetch(job->input, std::filesystem::temp_directory_path()));
    JobResult result;
    result.prefix = result_prefix(id, job->fence);
    result.files = {"transcript.txt"};
    objects.put(result.prefix + "transcript.txt", "texten");
    ASSERT_EQ(store.commit(lease_of(*job), result), StoreResult::done);

    const json link = ask("GET", "/v1/jobs/" + id + "/result", nullptr, "format=txt");
    ASSERT_EQ(link.at("statusCode"), 302) << link;
    HttpRequest get;
    get.url = link.at("headers").at("location");
    EXPECT_EQ(HttpClient(HttpOptions{}).send_once(get).body, "texten");
}

TEST_F(CloudOnMoto, TheReaperMakesWhatIsMissingAndLaunchesWhatWaits) {
    settings.table = "made-by-the-reaper";
    json run = call("TranscriptionReaper", {{"source", "aws.events"}});
    EXPECT_TRUE(run.at("failures").empty());
    aws::DynamoDbClient table(session);
    EXPECT_EQ(table.time_to_live(settings.table), "ttl");
    EXPECT_TRUE(table.recovery(settings.table));

    aws::S3Client s3(session);
    s3.put_object(settings.bucket, "transcription_upload/å b+c.wav", "ljudet");
    DynamoJobStore store(session, clock, {settings.table, 30});
    S3Uploads uploads(session, settings);
    const JobRules rules;
    EXPECT_EQ(take_upload({store, uploads, settings, rules}, "transcription_upload/å b+c.wav", ""), Taken::made);
    EXPECT_EQ(take_upload({store, uploads, settings, rules}, "transcription_upload/å b+c.wav", ""), Taken::known);
    EXPECT_EQ(take_upload({store, uploads, settings, rules}, "transcription_upload/none.wav", "no such version"),
              Taken::gone);
    run = call("TranscriptionReaper", {{"source", "aws.events"}});
    EXPECT_EQ(run.at("launched").get<int>() + run.at("resumed").get<int>(), 1) << run;
    ASSERT_EQ(store.unfinished(10).size(), 1U);
    EXPECT_EQ(store.unfinished(10)[0].state, JobState::launching);
    Ec2Machines machines(session, settings);
    for (const Machine& machine : machines.list()) machines.terminate(machine.id);
    for (const Machine& machine : machines.list())
        EXPECT_TRUE(machine.state == "terminated" || machine.state == "shutting-down");
    machines.terminate("i-0123456789abcdef0");
}

TEST_F(CloudOnMoto, WhoBuildsAnImageIsNoWorker) {
    aws::Ec2Client ec2(session);
    aws::InstanceRequest builder;
    builder.client_token = settings.stack;
    builder.image_id = ec2.describe_images({}, {}, "").at(0).id;
    builder.instance_type = "g4dn.xlarge";
    builder.instance_tags = {{stack_tag, settings.stack}, {name_tag, "transcriber-builder"}};
    ec2.run_instance(builder);
    EXPECT_TRUE(Ec2Machines(session, settings).list().empty());
    builder.client_token += "2";
    builder.instance_tags[name_tag] = worker_name;
    const std::string worker = ec2.run_instance(builder);
    const std::vector<Machine> listed = Ec2Machines(session, settings).list();
    ASSERT_EQ(listed.size(), 1U);
    EXPECT_EQ(listed[0].id, worker);
}

}  // namespace
}  // namespace ft::cloud
