#pragma once
// The tables of the local store and their history (docs/jobs.md, "Schema").
#include "jobs/local/sqlite.h"

namespace ft::sqlite {

/// Brings the file up to this program's version, step by step, all in one transaction; other processes may do the same
/// at once. Throws Error{unsupported} for a file of a newer version, Error{io} for a damaged one (quick_check) and
/// Error{invalid_argument} for a database of another program.
void prepare_schema(Database& database);

/// This program's version of the tables.
int64_t schema_version();

}  // namespace ft::sqlite
