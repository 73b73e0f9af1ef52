#include "base/replacement_file.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <thread>

#include "base/error.h"
#include "base/file.h"

namespace ft {
namespace {

namespace fs = std::filesystem;

fs::path fresh_folder(const char* name) {
    const fs::path folder = fs::path(testing::TempDir()) / "ft_replacement_file_test" / name;
    fs::remove_all(folder);
    fs::create_directories(folder);
    return folder;
}

std::span<const std::byte> bytes_of(const std::string& text) {
    return std::as_bytes(std::span(text));
}

size_t files_in(const fs::path& folder) {
    return static_cast<size_t>(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

TEST(ReplacementFile, IsSeenOnlyAfterCommit) {
    const fs::path folder = fresh_folder("commit"), path = folder / "new" / "model";
    {
        ReplacementFile file(path);
        file.append(bytes_of("abc"));
        file.align(8);
        file.append(bytes_of("xyz"));
        file.rewrite(1, bytes_of("B"));
        EXPECT_FALSE(fs::exists(path));
        EXPECT_EQ(file.size(), 11u);
        file.commit();
    }
    EXPECT_EQ(read_file(path), std::string("aBc\0\0\0\0\0xyz", 11));
    EXPECT_EQ(files_in(path.parent_path()), 1u);
}

TEST(ReplacementFile, LeavesTheOldFileWhenItIsNotCommitted) {
    const fs::path folder = fresh_folder("dropped"), path = folder / "model";
    write_file_atomically(path, "old");
    { ReplacementFile(path).append(bytes_of("half")); }
    EXPECT_EQ(read_file(path), "old");
    EXPECT_EQ(files_in(folder), 1u);
}

TEST(ReplacementFile, AFullDiskIsAnErrorThatNamesTheFileAndLeavesNothing) {
    const fs::path folder = fresh_folder("full"), path = folder / "model";
    // A limit on the size of files stands for the full disk: the write fails after a part, as there.
    rlimit before{};
    getrlimit(RLIMIT_FSIZE, &before);
    const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
    rlimit small = before;
    small.rlim_cur = 1000;
    setrlimit(RLIMIT_FSIZE, &small);
    std::string message;
    try {
        ReplacementFile file(path);
        file.append(bytes_of(std::string(4096, 'x')));
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::disk_full);
        message = error.what();
    }
    setrlimit(RLIMIT_FSIZE, &before);
    std::signal(SIGXFSZ, old_handler);
    EXPECT_NE(message.find(path.string()), std::string::npos) << message;
    EXPECT_EQ(files_in(folder), 0u);
}

TEST(ReplacementFile, WritersOfOnePathDoNotDisturbEachOther) {
    const fs::path folder = fresh_folder("race"), path = folder / "model";
    std::vector<std::thread> writers;
    for (char c = 'a'; c < 'e'; ++c) {
        writers.emplace_back([&path, c] {
            for (int i = 0; i < 20; ++i) {
                ReplacementFile file(path);
                for (int piece = 0; piece < 8; ++piece) file.append(bytes_of(std::string(512, c)));
                file.commit();
            }
        });
    }
    for (std::thread& writer : writers) writer.join();
    const std::string content = read_file(path);
    ASSERT_EQ(content.size(), 4096u);
    EXPECT_EQ(content, std::string(4096, content[0])) << "pieces of two writers were mixed";
    EXPECT_EQ(files_in(folder), 1u);
}

}  // namespace
}  // namespace ft
