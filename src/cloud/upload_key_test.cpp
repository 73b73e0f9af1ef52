#include "cloud/upload_key.h"

#include <gtest/gtest.h>

namespace ft::cloud {
namespace {

TEST(UploadKey, SaysWhoseRecordingItIs) {
    auto key = parse_upload_key("transcription_upload/möte 1.mp3");
    ASSERT_TRUE(key);
    EXPECT_EQ(key->name, "möte 1.mp3");
    EXPECT_EQ(key->job_id + key->callback_id, "");
    key = parse_upload_key("transcription_upload/order-77/a.wav");
    ASSERT_TRUE(key);
    EXPECT_EQ(key->callback_id, "order-77");
    EXPECT_EQ(key->job_id, "");
    key = parse_upload_key("transcription_upload/api/job_0123/a b.wav");
    ASSERT_TRUE(key);
    EXPECT_EQ(key->job_id, "job_0123");
    EXPECT_EQ(key->callback_id, "");
    EXPECT_EQ(key->name, "a b.wav");
}

TEST(UploadKey, WhatIsNoRecordingIsNone) {
    for (const char* key : {"", "transcription_upload", "transcription_upload/", "transcription_upload/folder/",
                            "results/a.txt", "Transcription_upload/a.wav", "/transcription_upload/a.wav"})
        EXPECT_FALSE(parse_upload_key(key)) << key;
}

TEST(UploadKey, OtherFoldersAreRecordingsWithoutACallback) {
    for (const char* key : {"transcription_upload/a/b/c.wav", "transcription_upload/no id!/c.wav",
                            "transcription_upload/api/c.wav", "transcription_upload/api/no id!/c.wav",
                            "transcription_upload/api/x/y/c.wav", "transcription_upload//c.wav"}) {
        const auto parsed = parse_upload_key(key);
        ASSERT_TRUE(parsed) << key;
        EXPECT_EQ(parsed->name, "c.wav");
        EXPECT_EQ(parsed->job_id + parsed->callback_id, "") << key;
    }
}

TEST(UploadKey, TheApisKeysAreReadAgain) {
    for (const std::string name : {"a.wav", "å ä ö.mp3", "..", "a/b\\c\n.wav", "", "\xff\xfe"}) {
        const auto key = parse_upload_key(api_upload_key("job_7", name));
        ASSERT_TRUE(key) << name;
        EXPECT_EQ(key->job_id, "job_7");
    }
    EXPECT_EQ(key_name("../../etc/passwd"), ".._.._etc_passwd");
    EXPECT_EQ(key_name(".."), "recording");
    EXPECT_LE(key_name(std::string(199, 'a') + "åäö").size(), 200U);
    EXPECT_LE(key_name(std::string(1000, '\xff')).size(), 200U);
}

}  // namespace
}  // namespace ft::cloud
