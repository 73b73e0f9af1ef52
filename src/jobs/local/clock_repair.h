#pragma once
// Times in the tables after the machine's clock was set: the store's times are wall times, as processes share them.
#include <cstdint>

#include "jobs/local/sqlite.h"

namespace ft::sqlite {

/// The clock went forward: leases that ran before do not end by it. Retries and messages come sooner, which does no
/// harm. Several processes may call it for the same jump. Returns how many rows were changed. Callers hold a
/// transaction.
int repair_after_forward(Database& database, int64_t now_ms, int64_t jump_ms);

/// The clock went back: what was written after now, by the clock as it is, waits no longer for a time that is far off.
/// `jump_ms` below 0; 0 when it is not known (at the start of a process): then leases stay as they are.
int repair_after_back(Database& database, int64_t now_ms, int64_t jump_ms);

}  // namespace ft::sqlite
