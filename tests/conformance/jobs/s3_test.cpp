// What only the store on S3 has: parts, buckets, objects that change while they are read.
#include "aws/s3_client.h"
#include "aws_stores.h"
#include "base/error.h"
#include "base/file.h"
#include "jobs/aws/s3_object_store.h"

namespace ft::conformance {
namespace {

constexpr uint64_t part_size = aws::S3Client::kSmallestPart;

class S3 : public ::testing::Test {
  protected:
    S3ObjectStore store(Route route = {}) {
        S3Options options;
        options.bucket = bucket;
        options.prefix = prefix;
        options.part_size = part_size;
        return {moto_session(std::move(route)), options};
    }
    static ErrorCode code_of(const std::function<void()>& call) {
        try {
            call();
        } catch (const Error& error) {
            EXPECT_FALSE(std::string(error.what()).empty());
            return error.code();
        }
        ADD_FAILURE() << "no error";
        return ErrorCode::internal;
    }
    static std::string bytes(size_t size) {
        std::string all(size, '\0');
        for (size_t i = 0; i < size; ++i) all[i] = static_cast<char>(i * 31 + i / 1000);
        return all;
    }
    std::string fetched(const JobInput& input) {
        return read_file(store().fetch(input, folder.path() / "scratch")->path());
    }

    TemporaryFolder folder;
    std::string bucket = test_bucket;
    const std::string prefix = new_table_name() + "/";
    aws::S3Client client{moto_session()};
};

TEST_F(S3, LongObjectsGoAndComeInParts) {
    const std::string content = bytes(2 * part_size + 1000);
    S3ObjectStore objects = store();
    const auto writer = objects.create("inputs/job_1/audio");
    for (size_t at = 0; at < content.size(); at += 1000000) {
        const std::string_view piece = std::string_view(content).substr(at, 1000000);
        writer->append(std::as_bytes(std::span(piece)));
    }
    EXPECT_FALSE(objects.stat("inputs/job_1/audio"));
    const ObjectInfo info = writer->commit();
    EXPECT_EQ(info.size_bytes, static_cast<int64_t>(content.size()));
    EXPECT_TRUE(info.etag.ends_with("-3")) << info.etag;
    EXPECT_EQ(objects.stat("inputs/job_1/audio")->etag, info.etag);
    EXPECT_EQ(objects.get("inputs/job_1/audio"), content);
    const int64_t offset = static_cast<int64_t>(part_size) - 10;
    EXPECT_EQ(objects.read("inputs/job_1/audio", offset, 20), content.substr(part_size - 10, 20));
    EXPECT_EQ(fetched({"object:inputs/job_1/audio", "", "", info.etag, info.size_bytes}), content);
    // What was fetched goes with its owner.
    EXPECT_TRUE(std::filesystem::is_empty(folder.path() / "scratch"));
}

TEST_F(S3, AnUploadThatIsGivenUpLeavesNoParts) {
    int aborted = 0;
    S3ObjectStore objects = store([&](const std::string& operation) {
        aborted += operation == "DELETE";
        return Way::through;
    });
    const std::string content = bytes(part_size + 1);
    objects.create("inputs/job_1/audio")->append(std::as_bytes(std::span(content)));
    EXPECT_EQ(aborted, 1);
    EXPECT_FALSE(objects.stat("inputs/job_1/audio"));
}

TEST_F(S3, AnswersThatAreLostChangeNothing) {
    const std::string content = bytes(part_size + 1);
    for (int unlucky = 0; unlucky < 10; ++unlucky) {
        int number = 0;
        S3ObjectStore objects =
            store([&](const std::string&) { return number++ == unlucky ? Way::lost_reply : Way::through; });
        const ObjectInfo info = objects.put("inputs/job_1/audio", content);
        EXPECT_EQ(objects.get("inputs/job_1/audio"), content);
        EXPECT_EQ(objects.list("inputs/", "", 10).size(), 1U);
        EXPECT_EQ(objects.stat("inputs/job_1/audio")->etag, info.etag);
        objects.remove("inputs/job_1/audio");
        EXPECT_FALSE(objects.stat("inputs/job_1/audio"));
    }
}

TEST_F(S3, ReplacedWhileItIsRead) {
    const std::string before = bytes(part_size + 5), after(2 * part_size, 'x');
    store().put("inputs/job_1/audio", before);
    int gets = 0;
    const auto replaces = [&](const std::string& operation) {
        if (operation == "GET" && gets++ == 1) store().put("inputs/job_1/audio", after);
        return Way::through;
    };
    S3ObjectStore objects = store(replaces);
    // A reader gets one or the other; a job's input must be what it was.
    EXPECT_EQ(objects.read("inputs/job_1/audio", 0, 3 * part_size), after);
    store().put("inputs/job_1/audio", before);
    gets = 0;
    EXPECT_EQ(code_of([&] {
                  objects.fetch({"object:inputs/job_1/audio", "", "", "", 0}, folder.path());
              }),
              ErrorCode::not_found);
    EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST_F(S3, AMissingBucketIsNoMissingRecording) {
    bucket = "no-such-bucket";
    S3ObjectStore objects = store();
    EXPECT_EQ(code_of([&] { objects.stat("a"); }), ErrorCode::io);
    EXPECT_EQ(code_of([&] { objects.read("a", 0, 1); }), ErrorCode::io);
    EXPECT_EQ(code_of([&] { objects.get("a"); }), ErrorCode::io);
    EXPECT_EQ(code_of([&] { objects.put("a", "x"); }), ErrorCode::io);
    EXPECT_EQ(code_of([&] { objects.list("", "", 1); }), ErrorCode::io);
    EXPECT_EQ(code_of([&] { objects.fetch({"object:a", "", "", "", 0}, folder.path()); }), ErrorCode::io);
}

TEST_F(S3, InputsMayLieElsewhereInTheBucketButNotInAnother) {
    const std::string key = "transcription_upload/möte 1.mp3";
    const std::string etag = client.put_object(bucket, key, "sound").etag;
    const std::string uri = "s3://" + bucket + "/" + key;
    // With the quotes of an answer's header, and as S3's messages have it.
    EXPECT_EQ(fetched({uri, "", "", etag, 5}), "sound");
    EXPECT_EQ(fetched({uri, "", "", etag.substr(1, etag.size() - 2), 5}), "sound");
    const auto fetch = [&](const std::string& address) {
        return code_of([&] { store().fetch({address, "", "", "", 0}, folder.path()); });
    };
    EXPECT_EQ(fetch("s3://" + bucket + "/none"), ErrorCode::not_found);
    EXPECT_EQ(fetch("s3://another-bucket/" + key), ErrorCode::unsupported);
    EXPECT_EQ(fetch("s3://" + bucket + "-2/" + key), ErrorCode::unsupported);
    EXPECT_EQ(fetch("s3://" + bucket), ErrorCode::unsupported);
}

TEST_F(S3, ListsOnlyWhatIsBelowThePrefixAndCanBeAKey) {
    client.put_object(bucket, prefix + "inputs/", "");
    client.put_object(bucket, prefix + "inputs/åäö", "");
    client.put_object(bucket, "elsewhere", "");
    S3ObjectStore objects = store();
    for (int i = 0; i < 5; ++i) objects.put("inputs/job_" + std::to_string(i), "x");
    EXPECT_EQ(objects.list("", "", 100).size(), 5U);
    EXPECT_EQ(objects.list("", "", 2).size(), 2U);
    EXPECT_EQ(objects.list("inputs/", "inputs/job_2", 100).size(), 2U);
    EXPECT_THROW(S3ObjectStore(moto_session(), {bucket, "../", part_size}), Error);
}

}  // namespace
}  // namespace ft::conformance
