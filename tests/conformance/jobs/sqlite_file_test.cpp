// The file itself: damaged, foreign, newer, unwritable, held by others.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "base/error.h"
#include "base/file.h"
#include "base/testing/small_disk.h"
#include "jobs/local/schema.h"
#include "jobs/local/sqlite_job_store.h"
#include "suite.h"

namespace ft::conformance {
namespace {

namespace fs = std::filesystem;

class SqliteFile : public ::testing::Test {
  protected:
    Error open_error() {
        try {
            SqliteJobStore(file, clock, {.busy_ms = 50});
        } catch (const Error& error) {
            EXPECT_NE(std::string(error.what()).find(file.string()), std::string::npos) << error.what();
            return error;
        }
        ADD_FAILURE() << "it opened";
        return {ErrorCode::cancelled, ""};
    }
    NewJob wanted() {
        NewJob job;
        job.input.uri = "object:a";
        job.input.name = std::string(900, 'x');
        return job;
    }

    ManualClock clock;
    TemporaryFolder folder;
    const fs::path file = folder.path() / "data/jobs.db";
};

TEST_F(SqliteFile, IsPrivateAndKept) {
    std::string id;
    {
        SqliteJobStore store(file, clock);
        id = store.create(wanted()).job.id;
    }
    EXPECT_EQ(fs::status(file.parent_path()).permissions(), fs::perms::owner_all);
    SqliteJobStore again(file, clock);
    EXPECT_TRUE(again.get(id));
    sqlite::Database database(file, 1000);
    sqlite::Statement mode(database, "PRAGMA journal_mode");
    ASSERT_TRUE(mode.step());
    EXPECT_EQ(mode.text(0), "wal");
    sqlite::Statement version(database, "PRAGMA user_version");
    ASSERT_TRUE(version.step());
    EXPECT_EQ(version.integer(0), sqlite::schema_version());
}

TEST_F(SqliteFile, NoDatabaseAtAll) {
    write_file_atomically(file,
                          "this is no database, but long enough to look like one, or is it? " + std::string(4096, 'x'));
    EXPECT_EQ(open_error().code(), ErrorCode::io);
    EXPECT_EQ(read_file(file).substr(0, 19), "this is no database");
}

TEST_F(SqliteFile, DamagedInTheMiddle) {
    {
        SqliteJobStore store(file, clock);
        for (int i = 0; i < 200; ++i) store.create(wanted());
    }
    const auto size = fs::file_size(file);
    ASSERT_GT(size, 100000U);
    {
        std::fstream bytes(file, std::ios::in | std::ios::out | std::ios::binary);
        for (size_t at = 8192; at < size; at += 4096) {
            bytes.seekp(static_cast<std::streamoff>(at));
            bytes << std::string(64, '\x5a');
        }
    }
    const Error error = open_error();
    EXPECT_EQ(error.code(), ErrorCode::io);
    EXPECT_NE(std::string(error.what()).find("backup"), std::string::npos) << error.what();
}

TEST_F(SqliteFile, OfANewerVersion) {
    { SqliteJobStore store(file, clock); }
    {
        sqlite::Database database(file, 1000);
        database.run("PRAGMA user_version = 1000");
    }
    const Error error = open_error();
    EXPECT_EQ(error.code(), ErrorCode::unsupported);
    EXPECT_NE(std::string(error.what()).find("newer"), std::string::npos);
}

TEST_F(SqliteFile, OfAnotherProgram) {
    fs::create_directories(file.parent_path());
    {
        sqlite::Database database(file, 1000);
        database.run("CREATE TABLE jobs(mine TEXT)");
    }
    EXPECT_EQ(open_error().code(), ErrorCode::invalid_argument);
}

TEST_F(SqliteFile, HeldByAnotherForTooLong) {
    SqliteJobStore store(file, clock, {.busy_ms = 30});
    sqlite::Database other(file, 1000);
    const sqlite::Transaction held(other);
    try {
        store.create(wanted());
        FAIL() << "it did not wait";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::io);
        EXPECT_NE(std::string(error.what()).find("another process"), std::string::npos) << error.what();
    }
    EXPECT_TRUE(store.list({}).jobs.empty());  // readers do not wait
}

TEST_F(SqliteFile, NoRoomLeavesWhatWasThere) {
    SqliteJobStore store(file, clock);
    const std::string id = store.create(wanted()).job.id;
    {
        // The nearest thing to a full disk that needs no disk.
        sqlite::Database other(file, 1000);
        other.run("PRAGMA max_page_count = 1");
        sqlite::Transaction transaction(other);
        try {
            for (int i = 0; i < 1000; ++i) {
                sqlite::Statement insert(other, "INSERT INTO usage VALUES(?1, 1, 1, 1, 1, 'x')");
                insert.bind(1, std::to_string(i) + std::string(1000, 'x')).run();
            }
            FAIL() << "there was room";
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::disk_full);
            EXPECT_NE(std::string(error.what()).find("free some room"), std::string::npos) << error.what();
        }
    }
    EXPECT_TRUE(store.get(id));
    EXPECT_EQ(store.create(wanted()).kind, Created::Kind::created);
    SqliteJobStore again(file, clock);
    EXPECT_EQ(again.list({}).jobs.size(), 2U);
}

TEST_F(SqliteFile, ALimitOnFilesIsAFullDisk) {
    SqliteJobStore store(file, clock);
    const std::string id = store.create(wanted()).job.id;
    {
        const test::FileSizeLimit limit(0);
        try {
            store.create(wanted());
            ADD_FAILURE() << "there was room";
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::disk_full) << error.what();
            EXPECT_NE(std::string(error.what()).find("free some room"), std::string::npos) << error.what();
        }
        EXPECT_EQ(store.list({}).jobs.size(), 1U) << "reading needs no room";
    }
    EXPECT_EQ(store.create(wanted()).kind, Created::Kind::created);
    EXPECT_TRUE(store.get(id));
}

TEST_F(SqliteFile, AFolderThatCannotBeMade) {
    write_file_atomically(folder.path() / "data", "a file where the folder should be");
    EXPECT_THROW(SqliteJobStore(file, clock), Error);
}

TEST_F(SqliteFile, AReadOnlyFolder) {
    if (::geteuid() == 0) GTEST_SKIP() << "root may write everywhere";
    fs::create_directories(file.parent_path());
    fs::permissions(file.parent_path(), fs::perms::owner_read | fs::perms::owner_exec);
    EXPECT_EQ(open_error().code(), ErrorCode::permission);
}

}  // namespace
}  // namespace ft::conformance
