// The clients against moto, which plays AWS and verifies signatures: one server for all cases, so ctest sees one test.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "aws/cloudwatch_client.h"
#include "aws/dynamodb_client.h"
#include "aws/ec2_client.h"
#include "aws/json_client.h"
#include "aws/query_client.h"
#include "aws/s3_client.h"
#include "aws/sqs_client.h"
#include "aws/ssm_client.h"
#include "aws/testing/moto_server.h"

namespace ft::aws {
namespace {

using std::chrono::seconds;
using testing::MotoServer;

struct User {
    std::string id, secret;
};

class MotoTest : public ::testing::Test {
  protected:
    static constexpr const char* kAllowAll =
        R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]})";
    static constexpr const char* kAllowS3 =
        R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]})";

    static void SetUpTestSuite() {
        moto = MotoServer::start(6, why).release();
        if (moto == nullptr) return;
        all = make_user("all", kAllowAll);
        s3_only = make_user("s3-only", kAllowS3);
    }
    static void TearDownTestSuite() {
        delete moto;
        moto = nullptr;
    }
    void SetUp() override {
        if (moto == nullptr) GTEST_SKIP() << why;
    }

    static std::shared_ptr<Session> session(const User& user) {
        SessionOptions options;
        options.surroundings.variable = [user](const std::string& name) -> std::string {
            if (name == "AWS_ENDPOINT_URL") return moto->url();
            if (name == "AWS_REGION") return "eu-north-1";
            if (name == "AWS_ACCESS_KEY_ID") return user.id;
            if (name == "AWS_SECRET_ACCESS_KEY") return user.secret;
            return "";
        };
        return std::make_shared<Session>(std::move(options));
    }

    static User make_user(const std::string& name, const std::string& policy) {
        QueryClient iam(session({"unchecked", "unchecked"}), {"IAM", "iam", "IAM", "iam"}, "2010-05-08");
        iam.call({"CreateUser", name}, QueryForm().add("UserName", name));
        iam.call({"PutUserPolicy", name},
                 QueryForm().add("UserName", name).add("PolicyName", "p").add("PolicyDocument", policy));
        const XmlElement key = iam.call({"CreateAccessKey", name}, QueryForm().add("UserName", name));
        return {key.text_at("CreateAccessKeyResult/AccessKey/AccessKeyId"),
                key.text_at("CreateAccessKeyResult/AccessKey/SecretAccessKey")};
    }

    static void make_bucket(const std::string& name) {
        ServiceClient client(session(all), {"S3", "s3", "S3", "s3"});
        ServiceRequest request;
        request.operation = "CreateBucket";
        request.method = "PUT";
        request.path = "/" + name;
        request.sign_payload_header = true;
        request.body =
            "<CreateBucketConfiguration><LocationConstraint>eu-north-1</LocationConstraint></"
            "CreateBucketConfiguration>";
        client.call(request);
    }

    static inline MotoServer* moto = nullptr;
    static inline std::string why;
    static inline User all, s3_only;
};

template <typename Action>
std::string code_of(const Action& action) {
    try {
        action();
        return "no error";
    } catch (const AwsError& error) {
        return error.aws_code();
    }
}

TEST_F(MotoTest, SignaturesAndPoliciesAreChecked) {
    make_bucket("checked");
    S3Client allowed(session(s3_only));
    allowed.put_object("checked", "k", "v");
    EXPECT_EQ(allowed.get_object("checked", "k"), "v");
    DynamoDbClient denied(session(s3_only));
    EXPECT_EQ(code_of([&] { denied.describe_table("t"); }), "AccessDenied");
    S3Client wrong(session({s3_only.id, "another secret"}));
    EXPECT_EQ(code_of([&] { wrong.get_object("checked", "k"); }), "SignatureDoesNotMatch");
    SqsClient unknown(session({"AKIANOBODY", "x"}));
    EXPECT_THROW(unknown.queue_url("q"), AwsError);
}

TEST_F(MotoTest, S3Objects) {
    make_bucket("objects");
    S3Client s3(session(all));
    const std::string key = "a//b/å ä+&=?#%~(1).txt", body = "0123456789";
    PutOptions options;
    options.content_type = "text/plain";
    options.metadata["job"] = "7";
    s3.put_object("objects", key, body, options);
    const ObjectInfo info = s3.head_object("objects", key);
    EXPECT_EQ(info.size, 10U);
    EXPECT_EQ(info.content_type, "text/plain");
    EXPECT_EQ(info.metadata.at("job"), "7");
    EXPECT_EQ(s3.get_object("objects", key), body);
    EXPECT_EQ(s3.get_range("objects", key, 2, 3, info.etag), "234");
    EXPECT_EQ(s3.get_range("objects", key, 8, 100, info.etag), "89");
    EXPECT_EQ(code_of([&] { s3.get_range("objects", key, 0, 3, "\"other\""); }), "PreconditionFailed");
    options.only_if_absent = true;
    EXPECT_EQ(code_of([&] { s3.put_object("objects", key, "new", options); }), "PreconditionFailed");
    EXPECT_EQ(code_of([&] { s3.head_object("objects", "none"); }), "NotFound");
    EXPECT_EQ(code_of([&] { s3.get_object("objects", "none"); }), "NoSuchKey");
    s3.put_object("objects", "other", "");
    std::vector<std::string> keys;
    s3.list("objects", "a//", [&](const ListedObject& object) {
        keys.push_back(object.key);
        return true;
    });
    EXPECT_EQ(keys, std::vector<std::string>{key});
    EXPECT_EQ(s3.list_page("objects", "", "", {"b", 1000}).objects.size(), 1U);
    EXPECT_EQ(s3.list_page("objects", "", "", {"", 1}).objects.size(), 1U);
    EXPECT_FALSE(s3.list_page("objects", "", "", {"", 1}).next.empty());
    s3.delete_object("objects", key);
    s3.delete_object("objects", key);
    EXPECT_THROW(s3.head_object("objects", key), AwsError);
}

TEST_F(MotoTest, S3UploadInParts) {
    make_bucket("parts");
    S3Client s3(session(all));
    std::string body(S3Client::kSmallestPart + 1000, '\0');
    for (size_t i = 0; i < body.size(); ++i) body[i] = static_cast<char>(i * 31 + i / 1000);
    size_t given = 0;
    const auto read = [&](size_t size) {
        const std::string piece = body.substr(given, size);
        given += piece.size();
        return piece;
    };
    const ObjectInfo info = s3.upload("parts", "large", read);
    EXPECT_EQ(info.size, body.size());
    EXPECT_EQ(s3.head_object("parts", "large").size, body.size());
    EXPECT_EQ(s3.get_object("parts", "large"), body);
    given = 0;
    const ObjectInfo again = s3.upload("parts", "large", read, {}, S3Client::kSmallestPart);
    EXPECT_TRUE(again.etag.ends_with("-2\"")) << again.etag;
    EXPECT_EQ(s3.get_object("parts", "large"), body);
    const std::string id = s3.create_multipart_upload("parts", "dropped");
    s3.abort_multipart_upload("parts", "dropped", id);
    s3.abort_multipart_upload("parts", "dropped", id);
}

TEST_F(MotoTest, S3PresignedAddressesAndForms) {
    make_bucket("presigned");
    S3Client s3(session(all));
    s3.put_object("presigned", "a b/å.txt", "content");
    HttpOptions options;
    options.use_proxy = false;
    HttpClient http(options);
    HttpRequest get;
    get.url = s3.presign_get("presigned", "a b/å.txt", seconds(60), "möte.txt");
    // moto knows no way to verify these two; the signatures are compared with botocore's in sigv4_test.
    HttpRequest trust;
    trust.url = moto->url() + "/moto-api/reset-auth";
    trust.method = "POST";
    trust.body = "2";
    ASSERT_TRUE(http.send_once(trust).ok());
    const HttpResponse got = http.send_once(get);
    EXPECT_EQ(got.body, "content");
    EXPECT_NE(got.header("content-disposition").find("m__te.txt"), std::string::npos);

    PostLimits limits;
    limits.longest = 100;
    const PresignedPost post = s3.presign_post("presigned", "transcription_upload/f.wav", limits);
    HttpRequest form;
    form.url = post.url;
    form.method = "POST";
    form.headers = {"Content-Type: multipart/form-data; boundary=xyz"};
    std::string body;
    for (const auto& [name, value] : post.fields) {
        body += "--xyz\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n\r\n" + value + "\r\n";
    }
    form.body =
        body + "--xyz\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f.wav\"\r\n\r\nRIFF\r\n--xyz--\r\n";
    const HttpResponse posted = http.send_once(form);
    EXPECT_EQ(posted.status, 204) << posted.body;
    EXPECT_EQ(s3.get_object("presigned", "transcription_upload/f.wav"), "RIFF");
}

TEST_F(MotoTest, DynamoDb) {
    DynamoDbClient client(session(all));
    EXPECT_FALSE(client.describe_table("things"));
    TableIndex by_kind;
    by_kind.name = "by-kind";
    by_kind.hash.name = "kind";
    by_kind.range = KeyColumn{"until_ms", 'N'};
    TableLayout layout;
    layout.name = "things";
    layout.hash.name = "id";
    layout.indexes.push_back(by_kind);
    client.create_table(layout);
    EXPECT_EQ(code_of([&] { client.create_table(layout); }), "ResourceInUseException");
    EXPECT_EQ(client.describe_table("things")->status, "ACTIVE");
    EXPECT_EQ(client.describe_table("things")->hash.name, "id");
    EXPECT_EQ(client.describe_table("things")->hash.type, 'S');
    EXPECT_FALSE(client.describe_table("things")->range);
    EXPECT_EQ(client.time_to_live("things"), "");
    client.set_time_to_live("things", "ttl");
    client.set_time_to_live("things", "ttl");
    EXPECT_EQ(client.time_to_live("things"), "ttl");
    EXPECT_FALSE(client.recovery("things"));
    client.set_recovery("things", true);
    EXPECT_TRUE(client.recovery("things"));

    const Item thing{{"id", "1"}, {"kind", "new"}, {"until_ms", 0}, {"list", List{1, "å", Item{{"x", 0.5}}}}};
    client.put_item("things", thing, {"attribute_not_exists(id)", {}, {}});
    EXPECT_EQ(code_of([&] {
                  client.put_item("things", thing, {"attribute_not_exists(id)", {}, {}});
              }),
              "ConditionalCheckFailedException");
    EXPECT_EQ(client.get_item("things", {{"id", "1"}}), thing);
    EXPECT_FALSE(client.get_item("things", {{"id", "2"}}));
    UpdateItem take;
    take.table = "things";
    take.key = {{"id", "1"}};
    take.update = "SET #s = :r, until_ms = :l ADD fence :one";
    take.condition = "#s = :q";
    take.names = {{"#s", "kind"}};
    take.values = {{":r", "taken"}, {":q", "new"}, {":l", int64_t{1772280120}}, {":one", 1}};
    EXPECT_EQ(client.update_item(take).at("fence").integer(), 1);
    EXPECT_EQ(code_of([&] { client.update_item(take); }), "ConditionalCheckFailedException");

    QueryItems old;
    old.table = "things";
    old.index = "by-kind";
    old.key_condition = "#s = :s AND until_ms < :t";
    old.names = {{"#s", "kind"}};
    old.values = {{":s", "taken"}, {":t", int64_t{1772280121}}};
    EXPECT_EQ(client.query_page(old).items.size(), 1U);

    TransactWrite done;
    done.kind = TransactWrite::Kind::update;
    done.table = "things";
    done.key = {{"id", "1"}};
    done.update = "SET #s = :d";
    done.condition = "fence = :f";
    done.names = {{"#s", "kind"}};
    done.values = {{":d", "done"}, {":f", 1}};
    TransactWrite note;
    note.table = "things";
    note.item = {{"id", "note-1"}};
    note.condition = "attribute_not_exists(id)";
    client.transact_write({done, note});
    try {
        client.transact_write({done, note});
        ADD_FAILURE() << "no error";
    } catch (const AwsError& error) {
        EXPECT_EQ(error.aws_code(), "TransactionCanceledException");
        EXPECT_EQ(error.reasons(), (std::vector<std::string>{"None", "ConditionalCheckFailed"}));
    }
    int count = 0;
    client.scan("things", [&](const Item&) { return ++count > 0; });
    EXPECT_EQ(count, 2);
    client.delete_item("things", {{"id", "note-1"}});
    EXPECT_FALSE(client.get_item("things", {{"id", "note-1"}}));
}

TEST_F(MotoTest, Sqs) {
    JsonClient maker(session(all), {"SQS", "sqs", "SQS", "sqs"}, "AmazonSQS", "1.0");
    maker.call({"CreateQueue", "q"}, {{"QueueName", "uploads"}});
    SqsClient client(session(all));
    const std::string url = client.queue_url("uploads");
    const std::string id = client.send(url, "{\"key\": \"å\"}");
    const std::vector<QueueMessage> messages = client.receive(url, 10, seconds(1), seconds(60));
    ASSERT_EQ(messages.size(), 1U);
    EXPECT_EQ(messages[0].id, id);
    EXPECT_EQ(messages[0].body, "{\"key\": \"å\"}");
    EXPECT_EQ(messages[0].receive_count, 1);
    EXPECT_TRUE(client.receive(url, 10, seconds(0), seconds(60)).empty());
    client.change_visibility(url, messages[0].receipt_handle, seconds(0));
    const std::vector<QueueMessage> again = client.receive(url, 1, seconds(1), seconds(60));
    ASSERT_EQ(again.size(), 1U);
    EXPECT_EQ(again[0].receive_count, 2);
    client.remove(url, again[0].receipt_handle);
    EXPECT_EQ(client.attributes(url).at("ApproximateNumberOfMessages"), "0");
    try {
        client.queue_url("none");
        ADD_FAILURE() << "no error";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::not_found) << error.what();
    }
}

TEST_F(MotoTest, SsmAndCloudWatch) {
    SsmClient ssm(session(all));
    EXPECT_FALSE(ssm.get_parameter("/transcriber/ami-id"));
    EXPECT_EQ(ssm.put_parameter("/transcriber/ami-id", "ami-1"), 1);
    EXPECT_EQ(ssm.put_parameter("/transcriber/ami-id", "ami-2"), 2);
    EXPECT_EQ(ssm.get_parameter("/transcriber/ami-id")->value, "ami-2");
    ssm.put_parameter("/transcriber/secret", "s", "SecureString");
    EXPECT_EQ(ssm.get_parameter("/transcriber/secret")->value, "s");
    CloudWatchClient(session(all))
        .put_metric_data("FastTranscribe", {{"Stage", "boot"}}, {{"Duration", 1.5, "Seconds"}},
                         std::chrono::system_clock::now());
}

TEST_F(MotoTest, Ec2) {
    Ec2Client client(session(all));
    const std::vector<Image> base = client.describe_images({}, {}, "");
    ASSERT_FALSE(base.empty());
    InstanceRequest request;
    request.client_token = "token-1";
    request.image_id = base.front().id;
    request.instance_type = "t3.micro";
    request.user_data = "#!/bin/sh\n";
    request.instance_tags = {{"JobId", "job 1"}};
    const std::string id = client.run_instance(request);
    const std::vector<Instance> found = client.describe_instances({{"tag:JobId", {"job 1"}}});
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].id, id);
    EXPECT_EQ(found[0].type, "t3.micro");
    EXPECT_TRUE(found[0].launched);
    client.create_tags({id}, {{"State", "ready & <well>"}});
    EXPECT_EQ(client.describe_instances({}, {id}).at(0).tags.at("State"), "ready & <well>");
    ImageRequest to_make;  // moto takes no tags for the snapshot
    to_make.instance_id = id;
    to_make.name = "fast-transcribe-1";
    to_make.image_tags = {{"App", "x"}};
    const std::string image = client.create_image(to_make);
    const std::vector<Image> made = client.describe_images({{"name", {"fast-transcribe-1"}}});
    ASSERT_EQ(made.size(), 1U);
    EXPECT_EQ(made[0].id, image);
    EXPECT_EQ(made[0].tags.at("App"), "x");
    client.deregister_image(image);
    client.deregister_image(image);
    EXPECT_TRUE(client.describe_images({{"name", {"fast-transcribe-1"}}}).empty());
    ASSERT_FALSE(made[0].snapshots.empty());
    client.delete_snapshot(made[0].snapshots[0]);
    client.delete_snapshot(made[0].snapshots[0]);
    EXPECT_EQ(client.terminate_instances({id}).at(id), "shutting-down");
    EXPECT_EQ(code_of([&] { client.terminate_instances({"i-0123456789abcdef0"}); }), "InvalidInstanceID.NotFound");
}

TEST_F(MotoTest, Ec2Fleet) {
    QueryClient maker(session(all), {"EC2", "ec2", "EC2", "ec2"}, "2016-11-15");
    Ec2Client client(session(all));
    const std::string image = client.describe_images({}, {}, "").at(0).id;
    QueryForm form;
    form.add("LaunchTemplateName", "worker").add("LaunchTemplateData.ImageId", image);
    form.add("LaunchTemplateData.InstanceType", "g4dn.xlarge");
    maker.call({"CreateLaunchTemplate", "worker"}, form);
    FleetRequest request;
    request.client_token = "job-1-1";
    request.launch_template = "worker";
    request.template_version = "1";
    request.choices = {{"g4dn.xlarge", ""}};
    request.instance_tags = {{"JobId", "fleet-job"}};
    const FleetResult result = client.create_fleet(request);
    ASSERT_EQ(result.launched.size(), 1U);
    EXPECT_TRUE(result.failures.empty());
    const std::vector<Instance> found = client.describe_instances({{"tag:JobId", {"fleet-job"}}});
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].id, result.launched[0].instance_id);
    request.launch_template = "none";
    EXPECT_THROW(client.create_fleet(request), AwsError);
}

}  // namespace
}  // namespace ft::aws
