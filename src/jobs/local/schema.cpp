#include "jobs/local/schema.h"

#include <iterator>

#include "base/error.h"

namespace ft::sqlite {

namespace {

// Each entry leads from the version of its index to the next, and is never changed once released.
constexpr const char* migrations[] = {
    R"sql(
CREATE TABLE jobs(
  id TEXT NOT NULL PRIMARY KEY,
  state TEXT NOT NULL,
  created_ms INTEGER NOT NULL,
  updated_ms INTEGER NOT NULL,
  claimable_ms INTEGER,
  fence INTEGER NOT NULL,
  idempotency_key TEXT,
  search TEXT NOT NULL,
  record TEXT NOT NULL
) WITHOUT ROWID;
CREATE UNIQUE INDEX jobs_by_key ON jobs(idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE INDEX jobs_by_claimable ON jobs(claimable_ms, id) WHERE claimable_ms IS NOT NULL;
CREATE INDEX jobs_by_created ON jobs(created_ms, id);
CREATE INDEX jobs_by_finished ON jobs(updated_ms, id) WHERE claimable_ms IS NULL;
CREATE TABLE outbox(
  id TEXT NOT NULL PRIMARY KEY,
  job_id TEXT NOT NULL REFERENCES jobs(id) ON DELETE CASCADE,
  sequence INTEGER NOT NULL,
  state TEXT NOT NULL,
  due_ms INTEGER NOT NULL,
  created_ms INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  type TEXT NOT NULL,
  url TEXT NOT NULL,
  body TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX outbox_by_job ON outbox(job_id, sequence);
CREATE INDEX outbox_by_due ON outbox(due_ms, sequence, id) WHERE state = 'pending';
CREATE TABLE deliveries(
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  event_id TEXT NOT NULL REFERENCES outbox(id) ON DELETE CASCADE,
  at_ms INTEGER NOT NULL,
  duration_ms INTEGER NOT NULL,
  http_status INTEGER NOT NULL,
  note TEXT NOT NULL
);
CREATE INDEX deliveries_by_event ON deliveries(event_id, number);
CREATE TABLE usage(
  job_id TEXT NOT NULL PRIMARY KEY,
  fence INTEGER NOT NULL,
  finished_ms INTEGER NOT NULL,
  audio_s REAL NOT NULL,
  compute_s REAL NOT NULL,
  model TEXT NOT NULL
) WITHOUT ROWID;
PRAGMA application_id = 1179931698;
PRAGMA user_version = 1;
)sql",
};
constexpr int64_t newest_version = std::size(migrations);
constexpr int64_t application_id = 1179931698;  // "FTr2"

int64_t number(Database& database, const char* sql) {
    Statement statement(database, sql);
    return statement.step() ? statement.integer(0) : 0;
}

void check_whole(Database& database) {
    Statement check(database, "PRAGMA quick_check(1)");
    if (check.step() && check.text(0) == "ok") return;
    throw Error(ErrorCode::io,
                "{}: the database is damaged ({}): move it away with the files beside it, or restore it from a backup",
                database.file().string(), check.text(0));
}

void check_ours(Database& database) {
    const int64_t id = number(database, "PRAGMA application_id");
    const bool empty = number(database, "SELECT count(*) FROM sqlite_master") == 0;
    if (id != application_id && !(id == 0 && empty))
        throw Error(ErrorCode::invalid_argument, "{}: is the database of another program: choose another folder",
                    database.file().string());
}

}  // namespace

int64_t schema_version() {
    return newest_version;
}

void prepare_schema(Database& database) {
    check_whole(database);
    Transaction transaction(database);
    check_ours(database);
    const int64_t version = number(database, "PRAGMA user_version");
    if (version > newest_version || version < 0) {
        throw Error(ErrorCode::unsupported,
                    "{}: was written by a newer version of this program (its tables are version {}, known is {}): "
                    "use that version",
                    database.file().string(), version, newest_version);
    }
    for (int64_t from = version; from < newest_version; ++from) database.run(migrations[from]);
    transaction.commit();
}

}  // namespace ft::sqlite
