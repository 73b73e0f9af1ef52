#include "model_store/packed_stamp.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/file.h"
#include "base/testing/temporary_folder.h"

namespace ft {
namespace {

namespace fs = std::filesystem;

class PackedStampTest : public ::testing::Test {
  protected:
    PackedStamp stamp() const {
        PackedStamp stamp;
        stamp.packed = {(folder_ / "p.ftm").string(), 123, 1700000000123456789};
        stamp.checkpoint = {{"/m/åäö/model.bin", 5, 1}, {"/m/\xff\xfe/config.json", uint64_t{1} << 40, -2}};
        stamp.packing = "cpu-int8-1";
        stamp.source_format = "ctranslate2";
        stamp.source_sha256 = std::string(64, 'a');
        return stamp;
    }
    const test::TemporaryFolder folder_;
};

TEST_F(PackedStampTest, ComesBackAsItWas) {
    write_stamp(folder_ / "p.ftm", stamp());
    const auto read = read_stamp(folder_ / "p.ftm");
    ASSERT_TRUE(read.has_value());
    EXPECT_EQ(*read, stamp()) << "also names that are not UTF-8";
}

TEST_F(PackedStampTest, WhatCannotBeUnderstoodIsNoStamp) {
    EXPECT_FALSE(read_stamp(folder_ / "p.ftm").has_value());
    for (const char* content : {"", "{", "[]", "{\"version\": 2}", "{\"version\": \"1\"}", "{\"version\": 1}", "null",
                                "{\"version\":1,\"packed\":{\"path\":1,\"size\":-1,\"modified_ns\":\"x\"}}"}) {
        write_file_atomically(stamp_path(folder_ / "p.ftm"), content);
        EXPECT_FALSE(read_stamp(folder_ / "p.ftm").has_value()) << content;
    }
    write_file_atomically(stamp_path(folder_ / "p.ftm"), std::string(size_t{2} << 20, ' '));
    EXPECT_FALSE(read_stamp(folder_ / "p.ftm").has_value());
}

TEST_F(PackedStampTest, ACheckpointChangesWithItsFiles) {
    write_file_atomically(folder_ / "model.bin", "weights");
    write_file_atomically(folder_ / "config.json", "{}");
    const auto before = checkpoint_state(folder_.path());
    EXPECT_EQ(before.size(), 2u);
    write_file_atomically(folder_ / "x.ftm.stamp", "not the checkpoint's");
    EXPECT_EQ(checkpoint_state(folder_.path()), before);
    write_file_atomically(folder_ / "generation_config.json", "{}");
    EXPECT_NE(checkpoint_state(folder_.path()), before) << "a file has come";
    fs::remove(folder_ / "generation_config.json");
    EXPECT_EQ(checkpoint_state(folder_.path()), before);
    fs::last_write_time(folder_ / "model.bin",
                        fs::last_write_time(folder_ / "model.bin") + std::chrono::milliseconds(1));
    EXPECT_NE(checkpoint_state(folder_.path()), before) << "a file was written anew with the same size";
}

TEST_F(PackedStampTest, FollowsLinksAndTakesSingleFiles) {
    write_file_atomically(folder_ / "blob", "12345");
    fs::create_directory(folder_ / "snapshot");
    fs::create_symlink("../blob", folder_ / "snapshot" / "model.safetensors");
    ASSERT_EQ(checkpoint_state(folder_ / "snapshot").size(), 1u);
    EXPECT_EQ(checkpoint_state(folder_ / "snapshot")[0].size, 5u);
    EXPECT_EQ(checkpoint_state(folder_ / "blob").size(), 1u);
    EXPECT_THROW(checkpoint_state(folder_ / "nothing"), Error);
}

}  // namespace
}  // namespace ft
