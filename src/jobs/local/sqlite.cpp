#include "jobs/local/sqlite.h"

#include <sqlite3.h>

#include "base/error.h"
#include "base/file.h"

namespace ft::sqlite {

namespace {

ErrorCode code_of(int sqlite_code) {
    switch (sqlite_code & 0xFF) {
        case SQLITE_PERM:
        case SQLITE_READONLY:
        case SQLITE_AUTH:
        case SQLITE_CANTOPEN:
            return ErrorCode::permission;
        case SQLITE_FULL:
            return ErrorCode::disk_full;
        case SQLITE_NOMEM:
            return ErrorCode::out_of_memory;
        case SQLITE_MISUSE:
        case SQLITE_RANGE:
        case SQLITE_ERROR:
        case SQLITE_CONSTRAINT:
            return ErrorCode::internal;
        default:
            return ErrorCode::io;
    }
}

/// SQLite says "full" only for one of the reasons why a file cannot grow; what the system has said of the database or
/// of its WAL is clearer.
ErrorCode code_of(int sqlite_code, sqlite3* handle) {
    const int kind = sqlite_code & 0xFF;
    if (handle == nullptr || (kind != SQLITE_IOERR && kind != SQLITE_CANTOPEN)) return code_of(sqlite_code);
    int of_file = 0, of_wal = 0;
    ::sqlite3_file_control(handle, "main", SQLITE_FCNTL_LAST_ERRNO, &of_file);
    sqlite3_file* wal = nullptr;
    ::sqlite3_file_control(handle, "main", SQLITE_FCNTL_JOURNAL_POINTER, &wal);
    if (wal != nullptr && wal->pMethods != nullptr) wal->pMethods->xFileControl(wal, SQLITE_FCNTL_LAST_ERRNO, &of_wal);
    // A failing commit sets none but that of its file.
    for (const int error : {::sqlite3_system_errno(handle), of_wal, of_file}) {
        const ErrorCode system = code_of_errno(error);
        if (system == ErrorCode::disk_full || system == ErrorCode::permission) return system;
    }
    return code_of(sqlite_code);
}

const char* advice_of(ErrorCode code, int sqlite_code) {
    if (code == ErrorCode::disk_full) return "free some room there; nothing was half-written";
    if (code == ErrorCode::permission)
        return "make the file and its folder writable for this user, or choose another folder";
    switch (sqlite_code & 0xFF) {
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
            return "another process has held the database for too long; try again";
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
            return "the file is damaged or no database of ours: move it away, or restore it from a backup";
        default:
            return "see whether the disk is in order";
    }
}

}  // namespace

void Database::Close::operator()(sqlite3* handle) const {
    ::sqlite3_close(handle);
}

void Database::fail(int code) const {
    const std::string what = handle_ ? ::sqlite3_errmsg(handle_.get()) : ::sqlite3_errstr(code);
    const ErrorCode kind = code_of(code, handle_.get());
    throw Error(kind, "{}: {}: {}", file_.string(), what, advice_of(kind, code));
}

Database::Database(const std::filesystem::path& file, int busy_ms) : file_(file) {
    sqlite3* handle = nullptr;
    // One thread at a time is promised, so SQLite's own mutexes are not needed.
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    const int code = ::sqlite3_open_v2(file.c_str(), &handle, flags, nullptr);
    handle_.reset(handle);
    if (code != SQLITE_OK) fail(code);
    ::sqlite3_busy_timeout(handle, busy_ms);
    // A damaged or hostile file must not make SQLite call anything.
    ::sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    ::sqlite3_db_config(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
    enter_wal(busy_ms);
    run("PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON");
}

void Database::enter_wal(int busy_ms) {
    // Processes that make the file at the same time may be refused here without SQLite's waiting.
    for (int waited_ms = 0;; waited_ms += 5) {
        Statement mode(*this, "PRAGMA journal_mode=WAL");
        const int code = mode.try_step();
        if (code == SQLITE_ROW && mode.text(0) == "wal") return;
        if (code == SQLITE_ROW) {
            throw Error(ErrorCode::io,
                        "{}: the file system there cannot share a database between processes: choose a folder on a "
                        "local disk",
                        file_.string());
        }
        if ((code & 0xFF) != SQLITE_BUSY || waited_ms >= busy_ms) fail(code);
        ::sqlite3_sleep(5);
    }
}

void Database::run(const char* sql) {
    const int code = ::sqlite3_exec(handle_.get(), sql, nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) fail(code);
}

int64_t Database::changed_rows() const {
    return ::sqlite3_changes(handle_.get());
}

void Statement::Finalize::operator()(sqlite3_stmt* statement) const {
    ::sqlite3_finalize(statement);
}

Statement::Statement(Database& database, const char* sql) : database_(database) {
    sqlite3_stmt* statement = nullptr;
    check(::sqlite3_prepare_v2(database.handle(), sql, -1, &statement, nullptr));
    statement_.reset(statement);
}

void Statement::check(int code) const {
    if (code != SQLITE_OK) database_.fail(code);
}

Statement& Statement::bind(int index, int64_t value) {
    check(::sqlite3_bind_int64(statement_.get(), index, value));
    return *this;
}

Statement& Statement::bind(int index, double value) {
    check(::sqlite3_bind_double(statement_.get(), index, value));
    return *this;
}

Statement& Statement::bind(int index, std::string_view text) {
    // An empty view may have no address, which SQLite would take for NULL.
    const char* const bytes = text.data() != nullptr ? text.data() : "";
    check(::sqlite3_bind_text64(statement_.get(), index, bytes, text.size(), SQLITE_TRANSIENT, SQLITE_UTF8));
    return *this;
}

Statement& Statement::bind_null(int index) {
    check(::sqlite3_bind_null(statement_.get(), index));
    return *this;
}

int Statement::try_step() {
    return ::sqlite3_step(statement_.get());
}

bool Statement::step() {
    const int code = try_step();
    if (code == SQLITE_ROW) return true;
    if (code != SQLITE_DONE) database_.fail(code);
    return false;
}

void Statement::run() {
    if (step()) throw Error(ErrorCode::internal, "{}: a statement gave a row", database_.file().string());
}

int64_t Statement::integer(int column) const {
    return ::sqlite3_column_int64(statement_.get(), column);
}

double Statement::real(int column) const {
    return ::sqlite3_column_double(statement_.get(), column);
}

std::string Statement::text(int column) const {
    const auto* bytes = reinterpret_cast<const char*>(::sqlite3_column_text(statement_.get(), column));
    if (bytes == nullptr) return {};
    return {bytes, static_cast<size_t>(::sqlite3_column_bytes(statement_.get(), column))};
}

Transaction::Transaction(Database& database) : database_(database) {
    database.run("BEGIN IMMEDIATE");
}

Transaction::~Transaction() {
    // After some errors SQLite has rolled back by itself, and this does nothing.
    if (open_) ::sqlite3_exec(database_.handle(), "ROLLBACK", nullptr, nullptr, nullptr);
}

void Transaction::commit() {
    database_.run("COMMIT");
    open_ = false;
}

}  // namespace ft::sqlite
