// What only the store of files has: a folder in which others may have left things.
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "base/error.h"
#include "base/file.h"
#include "base/testing/temporary_folder.h"
#include "jobs/local/file_object_store.h"

namespace ft::conformance {
namespace {

using test::TemporaryFolder;

TEST(LocalObjects, LinksAndForeignFilesAreNoObjects) {
    const TemporaryFolder folder;
    const auto store = std::make_unique<FileObjectStore>(folder.path() / "objects");
    store->put("inputs/job_1/audio", "x");
    write_file_atomically(folder.path() / "secret", "secret");
    ASSERT_EQ(::symlink((folder.path() / "secret").c_str(), (folder.path() / "objects/inputs/job_1/link").c_str()), 0);
    std::ofstream(folder.path() / "objects/inputs/job_1/.part") << "half";
    EXPECT_FALSE(store->stat("inputs/job_1/link"));
    EXPECT_THROW(store->read("inputs/job_1/link", 0, 10), Error);
    EXPECT_EQ(store->list("", "", 10).size(), 1U);
    EXPECT_THROW(store->create("inputs/job_1"), Error);
    EXPECT_THROW(store->create("inputs/job_1/audio/below"), Error);
    EXPECT_EQ(std::filesystem::status(folder.path() / "objects").permissions(), std::filesystem::perms::owner_all);
    EXPECT_THROW(FileObjectStore(folder.path() / "secret"), Error);
}

TEST(LocalObjects, EmptyFoldersGo) {
    const TemporaryFolder folder;
    FileObjectStore store(folder.path());
    store.put("results/job_1/1/a", "x");
    store.put("results/job_2/1/a", "x");
    store.remove_all("results/job_1/");
    EXPECT_FALSE(std::filesystem::exists(folder.path() / "results/job_1"));
    EXPECT_TRUE(std::filesystem::exists(folder.path() / "results/job_2"));
}

}  // namespace
}  // namespace ft::conformance
