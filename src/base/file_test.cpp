#include "base/file.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/mapped_file.h"
#include "base/testing/temporary_folder.h"

namespace ft {
namespace {

TEST(File, WritesAtomicallyAndReadsBack) {
    const test::TemporaryFolder folder;
    const auto path = folder / "new" / "a.txt";
    write_file_atomically(path, "första");
    write_file_atomically(path, "andra");
    EXPECT_EQ(read_file(path), "andra");
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(path.parent_path()), {}), 1)
        << "a temporary file was left";
}

TEST(File, SaysWhichFileIsMissing) {
    const test::TemporaryFolder folder;
    try {
        read_file(folder / "nowhere");
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::not_found);
        EXPECT_NE(std::string(error.what()).find("nowhere"), std::string::npos);
    }
}

TEST(File, RefusesMoreThanTheLimit) {
    const test::TemporaryFolder folder;
    write_file_atomically(folder / "long", std::string(100, 'x'));
    EXPECT_THROW(read_file(folder / "long", 99), Error);
    EXPECT_EQ(read_file(folder / "long", 100).size(), 100u);
}

TEST(MappedFile, ShowsTheBytesAndSurvivesMoves) {
    const test::TemporaryFolder folder;
    write_file_atomically(folder / "map", "abc");
    MappedFile a(folder / "map");
    MappedFile b(std::move(a));
    ASSERT_EQ(b.bytes().size(), 3u);
    EXPECT_EQ(static_cast<char>(b.bytes()[2]), 'c');
    write_file_atomically(folder / "empty", "");
    EXPECT_TRUE(MappedFile(folder / "empty").bytes().empty());
    EXPECT_THROW(MappedFile{folder.path()}, Error) << "a folder is no file";
}

}  // namespace
}  // namespace ft
