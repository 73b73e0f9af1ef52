#include "agent/image_check.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace ft {
namespace {

ImageFacts facts() {
    return {"ami-1", "ami-1", parse_manifest(R"({"build_id":"b","version":"1.2","model_sha256":"ab"})", "m"), "1.2",
            "ab"};
}

ImageVerdict::Kind verdict(const ImageFacts& facts) {
    return check_image(facts).kind;
}

TEST(ImageCheck, AgreesWhenAllThreeDo) {
    EXPECT_EQ(verdict(facts()), ImageVerdict::Kind::match);
}

TEST(ImageCheck, NamesWhatDiffers) {
    ImageFacts other = facts();
    other.running = "ami-2";
    EXPECT_EQ(verdict(other), ImageVerdict::Kind::mismatch);
    EXPECT_EQ(check_image(other).detail, "the instance runs ami-2, the parameter says ami-1");
    other = facts();
    other.version = "1.3";
    EXPECT_EQ(verdict(other), ImageVerdict::Kind::mismatch);
    other = facts();
    other.model_sha256 = "cd";
    EXPECT_EQ(verdict(other), ImageVerdict::Kind::mismatch);
    other = facts();
    other.manifest->ami_id = "ami-0";
    EXPECT_EQ(verdict(other), ImageVerdict::Kind::mismatch);
}

TEST(ImageCheck, WhatIsNotKnownIsNoMismatch) {
    ImageFacts less = facts();
    less.expected.clear();
    EXPECT_EQ(verdict(less), ImageVerdict::Kind::unknown);
    less = facts();
    less.running.clear();
    EXPECT_EQ(verdict(less), ImageVerdict::Kind::unknown);
    less = facts();
    less.manifest.reset();
    EXPECT_EQ(verdict(less), ImageVerdict::Kind::unknown);
    less = facts();
    less.model_sha256.clear();
    EXPECT_EQ(verdict(less), ImageVerdict::Kind::match);
}

TEST(ImageCheck, AManifestMustBeAnObject) {
    for (const char* text : {"", "[]", "{", "\"x\"", "\xff"}) EXPECT_THROW(parse_manifest(text, "m"), Error) << text;
    EXPECT_EQ(parse_manifest(R"({"build_id":7,"ami_id":null})", "m").build_id, "");
}

}  // namespace
}  // namespace ft
