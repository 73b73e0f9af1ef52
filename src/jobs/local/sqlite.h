#pragma once
// SQLite's C interface behind owners: a connection, a prepared statement, a transaction. Errors are ft::Error.
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace ft::sqlite {

/// One connection, for one thread at a time. Move-only.
class Database {
  public:
    /// Opens or creates the file, in WAL mode. Throws Error{permission, io}: also when the file is no database.
    /// `busy_ms`: how long a call waits for other processes before it fails.
    Database(const std::filesystem::path& file, int busy_ms);

    /// Runs statements that are constants of ours and give no rows.
    void run(const char* sql);
    int64_t changed_rows() const;
    const std::filesystem::path& file() const { return file_; }
    sqlite3* handle() const { return handle_.get(); }
    /// Throws Error for an SQLite result code.
    [[noreturn]] void fail(int code) const;

  private:
    struct Close {
        void operator()(sqlite3* handle) const;
    };
    void enter_wal(int busy_ms);

    std::filesystem::path file_;
    std::unique_ptr<sqlite3, Close> handle_;
};

/// A prepared statement; parameters count from 1, columns from 0. Lives shorter than its Database.
class Statement {
  public:
    /// Only constants of ours become SQL; whatever comes from outside is bound.
    Statement(Database& database, const char* sql);

    Statement& bind(int index, int64_t value);
    Statement& bind(int index, double value);
    Statement& bind(int index, std::string_view text);
    Statement& bind_null(int index);
    /// True while there is a row.
    bool step();
    /// As step(), but gives SQLite's code.
    int try_step();
    /// For statements without rows.
    void run();
    int64_t integer(int column) const;
    double real(int column) const;
    std::string text(int column) const;

  private:
    struct Finalize {
        void operator()(sqlite3_stmt* statement) const;
    };
    void check(int code) const;
    Database& database_;
    std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

/// BEGIN IMMEDIATE … COMMIT; rolled back unless committed. Immediate, so that what is read is still true when it is
/// written.
class Transaction {
  public:
    explicit Transaction(Database& database);
    ~Transaction();
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;
    void commit();

  private:
    Database& database_;
    bool open_ = true;
};

}  // namespace ft::sqlite
