#include "model_store/file_digest.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/file.h"
#include "model_store/testing/fake_hub.h"

namespace ft {
namespace {

TEST(FileDigest, IsWhatGitAndSha256sumSay) {
    const testing::TemporaryFolder folder;
    write_file_atomically(folder.path() / "hello", "hello\n");
    const FileDigest digest = digest_file(folder.path() / "hello");
    EXPECT_EQ(digest.size, 6U);
    EXPECT_EQ(digest.git_sha1, "ce013625030ba8dba906f756967f9e9ca394464a");
    EXPECT_EQ(digest.sha256, "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03");
    write_file_atomically(folder.path() / "empty", "");
    EXPECT_EQ(digest_file(folder.path() / "empty").git_sha1, "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391");
}

TEST(FileDigest, RefusesWhatIsNoFile) {
    const testing::TemporaryFolder folder;
    EXPECT_THROW(digest_file(folder.path()), Error);
    EXPECT_THROW(digest_file(folder.path() / "nowhere"), Error);
}

}  // namespace
}  // namespace ft
