#include "aws/s3_client.h"

#include <gtest/gtest.h>

#include <mutex>
#include <nlohmann/json.hpp>

#include "aws/s3_requests.h"
#include "aws/testing/expect_error.h"
#include "aws/testing/test_session.h"
#include "aws/times.h"
#include "base/base64.h"

namespace ft::aws {
namespace {

using namespace testing;

constexpr const char* kEtag = "\"abc\"";

std::string s3_error(const std::string& code) {
    return "<?xml version=\"1.0\"?>\n<Error><Code>" + code +
           "</Code><Message>words</Message><RequestId>R</RequestId></Error>";
}

TEST(S3, SignsPathsAsTheyAre) {
    ServiceFixture fixture({reply(200, "content")});
    S3Client s3(fixture.session());
    const std::string key = "transcription_upload/a//b/../å ä+&=?#%~.wav";
    EXPECT_EQ(s3.get_object("a-bucket", key), "content");
    EXPECT_EQ(fixture.last().path, "/a-bucket/transcription_upload/a//b/../%C3%A5%20%C3%A4%2B%26%3D%3F%23%25~.wav");
    EXPECT_TRUE(is_signed_rightly(fixture.last(), "s3", "eu-north-1", kTestSecret));
    EXPECT_EQ(fixture.last().headers.at("x-amz-content-sha256"), payload_hash(""));
}

TEST(S3, BucketsAreInTheHostAtAmazonOnly) {
    MadeUpWorld world;
    world.variables = {{"AWS_ACCESS_KEY_ID", "A"}, {"AWS_SECRET_ACCESS_KEY", "s"}, {"AWS_REGION", "eu-north-1"}};
    SessionOptions options;
    options.surroundings = world.surroundings();
    S3Client s3(std::make_shared<Session>(options));
    EXPECT_TRUE(s3.presign_get("a-bucket", "k", std::chrono::seconds(60))
                    .starts_with("https://a-bucket.s3.eu-north-1.amazonaws.com/k?X-Amz-Algorithm=AWS4-HMAC-SHA256&"));
    EXPECT_TRUE(s3.presign_get("a.bucket", "k", std::chrono::seconds(60))
                    .starts_with("https://s3.eu-north-1.amazonaws.com/a.bucket/k?"));
    for (const char* name : {"", "a", "A-bucket", "b/../c", "evil.example/x", "-a-b", "a..b", "host:80"}) {
        expect_error([&] { s3.presign_get(name, "k", std::chrono::seconds(60)); }, ErrorCode::invalid_argument,
                     {"no name of an S3 bucket"});
    }
    EXPECT_THROW(s3.presign_get("a-bucket", std::string(1025, 'k'), std::chrono::seconds(60)), Error);
    const std::string named = s3.presign_get("a-bucket", "k", std::chrono::seconds(60), "möte \"1\".txt");
    EXPECT_NE(named.find("response-content-disposition=attachment%3B%20filename%3D%22m__te%20_1_.txt%22"),
              std::string::npos)
        << named;
}

TEST(S3, HeadTellsWhatThereIs) {
    TestReply head = reply(200, "12345",
                           {{"ETag", kEtag},
                            {"Last-Modified", "Sun, 30 Aug 2015 12:36:00 GMT"},
                            {"x-amz-version-id", "v1"},
                            {"Content-Type", "audio/wav"},
                            {"x-amz-meta-Job", "7"}});
    ServiceFixture fixture({head, reply(404), reply(403)});
    S3Client s3(fixture.session());
    const ObjectInfo info = s3.head_object("a-bucket", "k", "v 1");
    EXPECT_EQ(info.size, 5U);
    EXPECT_EQ(info.etag, kEtag);
    EXPECT_EQ(info.version_id, "v1");
    EXPECT_EQ(info.metadata.at("job"), "7");
    EXPECT_EQ(info.last_modified, parse_iso_time("2015-08-30T12:36:00Z"));
    EXPECT_EQ(fixture.last().path, "/a-bucket/k?versionId=v%201");
    expect_error([&] { s3.head_object("a-bucket", "k"); }, ErrorCode::not_found, {"S3 HeadObject (s3://a-bucket/k)"});
    expect_error([&] { s3.head_object("a-bucket", "k"); }, ErrorCode::permission, {"HTTP 403"});
}

TEST(S3, RangesAreWhatWasAskedForOrAnError) {
    const std::string whole = "0123456789";
    ServiceFixture fixture([&](const TestRequest& request) {
        const std::string range = request.headers.at("range");
        if (request.headers.count("if-match") != 0 && request.headers.at("if-match") != kEtag) {
            return reply(412, s3_error("PreconditionFailed"));
        }
        const size_t first = std::stoul(range.substr(6)),
                     last = std::min<size_t>(std::stoul(range.substr(range.find('-') + 1)), 9);
        if (first > 9) return reply(416, s3_error("InvalidRange"));
        return reply(206, whole.substr(first, last - first + 1),
                     {{"ETag", kEtag}, {"Content-Range", fmt::format("bytes {}-{}/10", first, last)}});
    });
    S3Client s3(fixture.session());
    EXPECT_EQ(s3.get_range("a-bucket", "k", 0, 4, kEtag), "0123");
    EXPECT_EQ(s3.get_range("a-bucket", "k", 8, 4, kEtag), "89");
    EXPECT_EQ(s3.get_range("a-bucket", "k", 8, 0, kEtag), "");
    expect_error([&] { s3.get_range("a-bucket", "k", 0, S3Client::kLargestRange + 1, kEtag); },
                 ErrorCode::invalid_argument, {"in pieces"});
    EXPECT_THROW(s3.get_range("a-bucket", "k", 10, 4, kEtag), AwsError);
    try {
        s3.get_range("a-bucket", "k", 0, 4, "\"old\"");
        ADD_FAILURE() << "no error";
    } catch (const AwsError& error) {
        EXPECT_EQ(error.aws_code(), "PreconditionFailed");
    }
}

TEST(S3, WrongRangesAreSeen) {
    const std::vector<std::pair<std::string, std::string>> good{{"ETag", kEtag}, {"Content-Range", "bytes 0-3/10"}};
    for (const TestReply& wrong :
         {reply(200, "0123456789", {{"ETag", kEtag}}), reply(206, "012", good), reply(206, "0123", {{"ETag", kEtag}}),
          reply(206, "0123", {{"ETag", "\"new\""}, {"Content-Range", "bytes 0-3/10"}}),
          reply(206, "1234", {{"ETag", kEtag}, {"Content-Range", "bytes 1-4/10"}}),
          reply(206, "01", {{"ETag", kEtag}, {"Content-Range", "bytes 0-1/10"}})}) {
        ServiceFixture fixture({wrong});
        EXPECT_THROW(S3Client(fixture.session()).get_range("a-bucket", "k", 0, 4, kEtag), AwsError);
    }
}

TEST(S3, ABrokenBodyIsFetchedAgain) {
    TestReply broken = reply(200, "content of the object");
    broken.break_after = 7;
    ServiceFixture fixture({broken, reply(200, "content of the object")});
    EXPECT_EQ(S3Client(fixture.session()).get_object("a-bucket", "k"), "content of the object");
}

TEST(S3, AnObjectThatLooksLikeAnErrorIsNone) {
    ServiceFixture fixture({reply(200, s3_error("AccessDenied"))});
    EXPECT_EQ(S3Client(fixture.session()).get_object("a-bucket", "k"), s3_error("AccessDenied"));
}

TEST(S3, ADamagedObjectIsSeen) {
    const std::string checksum = sha256_base64("content");
    ServiceFixture fixture({reply(200, "c0ntent", {{"x-amz-checksum-sha256", checksum}}),
                            reply(200, "content", {{"x-amz-checksum-sha256", checksum}}),
                            reply(200, "content", {{"x-amz-checksum-sha256", checksum + "-3"}})});
    S3Client s3(fixture.session());
    expect_error([&] { s3.get_object("a-bucket", "k"); }, ErrorCode::network, {"SHA-256 differs", "s3://a-bucket/k"});
    EXPECT_EQ(s3.get_object("a-bucket", "k"), "content");
    EXPECT_EQ(s3.get_object("a-bucket", "k"), "content");
}

TEST(S3, PutSendsChecksumTypeAndConditions) {
    ServiceFixture fixture({reply(200, "", {{"ETag", kEtag}})});
    PutOptions options;
    options.content_type = "text/plain";
    options.metadata["job"] = "7";
    options.only_if_absent = true;
    const std::string body("a\0b", 3);
    EXPECT_EQ(S3Client(fixture.session()).put_object("a-bucket", "k", body, options).size, 3U);
    const TestRequest request = fixture.last();
    EXPECT_EQ(request.method, "PUT");
    EXPECT_EQ(request.body, body);
    EXPECT_EQ(request.headers.at("content-type"), "text/plain");
    EXPECT_EQ(request.headers.at("x-amz-meta-job"), "7");
    EXPECT_EQ(request.headers.at("if-none-match"), "*");
    EXPECT_EQ(request.headers.at("x-amz-checksum-sha256"), sha256_base64(body));
    EXPECT_TRUE(is_signed_rightly(request, "s3", "eu-north-1", kTestSecret));
}

std::string list_answer(const std::string& keys, const std::string& end) {
    std::string body = "<ListBucketResult><EncodingType>url</EncodingType>";
    for (const char c : keys) {
        body += std::string("<Contents><Key>p/") + c +
                "+%C3%A5</Key><Size>5</Size><ETag>&quot;e&quot;</ETag>"
                "<LastModified>2015-08-30T12:36:00.000Z</LastModified></Contents>";
    }
    return body + end + "</ListBucketResult>";
}

TEST(S3, ListsAllPages) {
    ServiceFixture fixture([](const TestRequest& request) {
        if (request.path.find("continuation-token=t%2F%3D") != std::string::npos) {
            return reply(200, list_answer("c", "<IsTruncated>false</IsTruncated>"));
        }
        return reply(
            200,
            list_answer("ab", "<IsTruncated>true</IsTruncated><NextContinuationToken>t/=</NextContinuationToken>"));
    });
    S3Client s3(fixture.session());
    std::string keys;
    s3.list("a-bucket", "p/", [&](const ListedObject& object) {
        EXPECT_EQ(object.size, 5U);
        EXPECT_EQ(object.etag, "\"e\"");
        keys += object.key + "|";
        return true;
    });
    EXPECT_EQ(keys, "p/a å|p/b å|p/c å|");
    int seen = 0;
    s3.list("a-bucket", "p/", [&](const ListedObject&) { return ++seen < 1; });
    EXPECT_EQ(seen, 1);
}

TEST(S3, AListThatWouldEndEarlyIsAnError) {
    for (const std::string& body :
         {list_answer("a", "<IsTruncated>true</IsTruncated>"), std::string("<html/>"),
          std::string("<ListBucketResult><Contents><Key>a</Key></Contents></ListBucketResult>")}) {
        ServiceFixture fixture({reply(200, body)});
        EXPECT_THROW(S3Client(fixture.session()).list_page("a-bucket", ""), AwsError) << body;
    }
}

/// Answers as S3 does for one upload in parts; `complete` holds what CompleteMultipartUpload answers, one by one.
class MultipartTest : public ::testing::Test {
  protected:
    MultipartTest()
        : fixture_([this](const TestRequest& request) {
              if (request.path.ends_with("?uploads=")) {
                  return reply(
                      200, "<InitiateMultipartUploadResult><UploadId>u/1</UploadId></InitiateMultipartUploadResult>");
              }
              if (request.method == "PUT") {
                  if (part_fails_) return reply(400, s3_error("EntityTooSmall"));
                  EXPECT_EQ(request.headers.at("x-amz-checksum-sha256"), sha256_base64(request.body));
                  received_ += request.body;
                  return reply(200, "", {{"ETag", "\"p\""}});
              }
              if (request.method == "DELETE") return reply(204);
              if (request.method == "HEAD") return reply(200, "body", {{"ETag", etag_of_head_}});
              const std::lock_guard lock(mutex_);
              const TestReply answer = complete_.front();
              if (complete_.size() > 1) complete_.erase(complete_.begin());
              return answer;
          }) {}

    ObjectInfo upload(uint64_t bytes) {
        uint64_t given = 0;
        const auto read = [&](size_t size) {
            const size_t piece = std::min<uint64_t>(size, bytes - given);
            given += piece;
            return std::string(piece, static_cast<char>('a' + given % 7));
        };
        return S3Client(fixture_.session()).upload("a-bucket", "k", read, {}, 1);
    }
    int count(const std::string& method) { return fixture_.server().count(method, ""); }
    /// Guarded, as a lost reply ends a try before it ends the server's thread.
    void complete_with(std::vector<TestReply> replies) {
        const std::lock_guard lock(mutex_);
        complete_ = std::move(replies);
    }

    std::mutex mutex_;
    const TestReply good_ =
        reply(200, "<CompleteMultipartUploadResult><ETag>\"whole\"</ETag></CompleteMultipartUploadResult>");
    std::vector<TestReply> complete_{good_};
    bool part_fails_ = false;
    std::string etag_of_head_ = "\"whole-1\"";
    std::string received_;
    ServiceFixture fixture_;
};

TEST_F(MultipartTest, LargeOnesGoInPartsOfFiveMebibytes) {
    const uint64_t size = 2 * S3Client::kSmallestPart + 100;
    const ObjectInfo info = upload(size);
    EXPECT_EQ(info.size, size);
    EXPECT_EQ(info.etag, "\"whole\"");
    EXPECT_EQ(received_.size(), size);
    EXPECT_EQ(count("PUT"), 3);
    EXPECT_NE(fixture_.last().body.find("<Part><PartNumber>3</PartNumber><ETag>&quot;p&quot;</ETag><ChecksumSHA256>"),
              std::string::npos);
    EXPECT_EQ(fixture_.last().path, "/a-bucket/k?uploadId=u%2F1");
}

TEST_F(MultipartTest, SmallOnesGoWhole) {
    EXPECT_EQ(upload(100).size, 100U);
    EXPECT_EQ(count("POST"), 0);
    EXPECT_EQ(upload(0).size, 0U);
    EXPECT_EQ(count("PUT"), 2);
}

TEST_F(MultipartTest, ExactlyOnePartIsFine) {
    EXPECT_EQ(upload(S3Client::kSmallestPart).size, S3Client::kSmallestPart);
    EXPECT_EQ(count("PUT"), 1);
}

TEST_F(MultipartTest, AnErrorInA200IsOneAndIsTriedAgain) {
    complete_with({reply(200, "  \n" + s3_error("InternalError")), good_});
    EXPECT_EQ(upload(S3Client::kSmallestPart).etag, "\"whole\"");
    complete_with({reply(200, s3_error("InvalidPart"))});
    expect_error([&] { upload(S3Client::kSmallestPart); }, ErrorCode::invalid_argument,
                 {"S3 CompleteMultipartUpload", "InvalidPart", "HTTP 200"});
    EXPECT_EQ(count("DELETE"), 1);
}

TEST_F(MultipartTest, ALostReplyOfTheLastStepIsNoFailure) {
    complete_with({lost_reply(), reply(404, s3_error("NoSuchUpload"))});
    EXPECT_EQ(upload(S3Client::kSmallestPart).etag, "\"whole-1\"");
    EXPECT_EQ(count("DELETE"), 0);
    etag_of_head_ = "\"something else\"";
    complete_with({lost_reply(), reply(404, s3_error("NoSuchUpload"))});
    EXPECT_THROW(upload(S3Client::kSmallestPart), AwsError);
    complete_with({reply(404, s3_error("NoSuchUpload"))});
    EXPECT_THROW(upload(S3Client::kSmallestPart), AwsError);
}

TEST_F(MultipartTest, WhatFailedIsDropped) {
    part_fails_ = true;
    expect_error([&] { upload(S3Client::kSmallestPart); }, ErrorCode::invalid_argument,
                 {"UploadPart", "EntityTooSmall"});
    EXPECT_EQ(count("DELETE"), 1);
}

TEST(S3, APresignedFormHasExactConditions) {
    ServiceFixture fixture({reply(200)});
    S3Client s3(fixture.session());
    PostLimits limits;
    limits.longest = 1000;
    limits.fields["Content-Type"] = "audio/wav";
    const PresignedPost post = s3.presign_post("a-bucket", "transcription_upload/å.wav", limits);
    EXPECT_EQ(post.url, fixture.server().url() + "/a-bucket/");
    EXPECT_EQ(post.fields.at("key"), "transcription_upload/å.wav");
    EXPECT_EQ(post.fields.at("x-amz-security-token"), kTestToken);
    const nlohmann::json policy = nlohmann::json::parse(from_base64(post.fields.at("policy")).value());
    EXPECT_EQ(policy.at("expiration"), "2026-02-28T12:15:00Z");
    const nlohmann::json& conditions = policy.at("conditions");
    const auto holds = [&](const nlohmann::json& wanted) {
        return std::find(conditions.begin(), conditions.end(), wanted) != conditions.end();
    };
    EXPECT_TRUE(holds({"content-length-range", 1, 1000})) << policy;
    EXPECT_TRUE(holds({{"bucket", "a-bucket"}}));
    // S3 refuses every field without a condition.
    for (const auto& [name, value] : post.fields) {
        if (name == "policy" || name == "x-amz-signature") continue;
        EXPECT_TRUE(holds({{name, value}})) << name;
    }
    EXPECT_TRUE(fixture.server().requests().empty());
    limits.longest = 0;
    EXPECT_THROW(s3.presign_post("a-bucket", "k", limits), Error);
}

}  // namespace
}  // namespace ft::aws
