// What S3 says, as errors of the store: by their codes the worker decides what becomes of the job.
#include "jobs/aws/s3_object_store.h"

#include <gtest/gtest.h>

#include "aws/testing/expect_error.h"

namespace ft {
namespace {

using aws::testing::expect_error;
using aws::testing::reply;
using aws::testing::ServiceFixture;

aws::testing::TestReply answer(int status, const std::string& code) {
    return reply(status, "<Error><Code>" + code + "</Code><Message>no</Message></Error>");
}

struct Case {
    int status;
    const char* code;
    ErrorCode expected;
};

TEST(S3ObjectStoreTest, OnlyAMissingObjectIsNotFound) {
    for (const Case& c : {Case{404, "NoSuchKey", ErrorCode::not_found}, Case{404, "NoSuchBucket", ErrorCode::io},
                          Case{400, "InvalidArgument", ErrorCode::io}, Case{403, "AccessDenied", ErrorCode::permission},
                          Case{503, "SlowDown", ErrorCode::network}}) {
        ServiceFixture s3({answer(c.status, c.code)});
        S3ObjectStore store(s3.session(), {"bucket", ""});
        SCOPED_TRACE(c.code);
        expect_error([&] { store.read("a", 0, 1); }, c.expected, {"a"});
    }
}

TEST(S3ObjectStoreTest, WhatGoesWrongWithAnUploadIsNotTheJobsFault) {
    // The lifecycle of a bucket takes uploads away; two writers of one key stand in each other's way.
    for (const Case& c :
         {Case{404, "NoSuchUpload", ErrorCode::io}, Case{404, "NoSuchBucket", ErrorCode::io},
          Case{400, "EntityTooLarge", ErrorCode::io}, Case{409, "OperationAborted", ErrorCode::network}}) {
        ServiceFixture s3({answer(c.status, c.code)});
        S3ObjectStore store(s3.session(), {"bucket", "p/"});
        SCOPED_TRACE(c.code);
        expect_error([&] { store.put("a", "x"); }, c.expected, {"p/a", c.code});
    }
}

TEST(S3ObjectStoreTest, PastTheEndIsNothing) {
    ServiceFixture s3({answer(416, "InvalidRange")});
    S3ObjectStore store(s3.session(), {"bucket", ""});
    EXPECT_EQ(store.read("a", 10, 5), "");
}

}  // namespace
}  // namespace ft
