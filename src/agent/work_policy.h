#pragma once
// Whether a machine that costs money by the second looks for another job, waits, or ends. Pure: time and facts come as
// arguments.
#include <cstdint>
#include <optional>
#include <string_view>

namespace ft {

/// Why a machine's work is over.
enum class EndReason {
    idle,               ///< no job came within the idle window
    nothing_to_do,      ///< the job it was launched for is not to be had, and nothing else waits
    deadline,           ///< of the machine; also when too little time is left for another job
    told_to_stop,       ///< SIGTERM and its relatives
    spot_notice,        ///< the machine is taken away within two minutes
    rebalance,          ///< it is likely to be taken away soon: nothing new was begun
    engine_failed,      ///< the model cannot be loaded here, or its GPU broke off
    store_unreachable,  ///< no network, credentials that expired for good, a table that cannot be read
};
std::string_view to_string(EndReason reason);
/// Whether somebody should look at it: the process then ends with an error.
bool is_failure(EndReason reason);
/// Whether jobs under way are given back at once.
bool stops_jobs(EndReason reason);

struct WorkLimits {
    int64_t idle_ms = 60000;       ///< how long a machine that has done something waits for more
    int64_t life_ms = 0;           ///< of the worker, from its start; 0: for ever
    int64_t last_start_ms = 0;     ///< with less than this left no job is begun
    int64_t silent_ms = 300000;    ///< for so long the store may be out of reach
    int64_t give_back_ms = 30000;  ///< within which a job that is stopped must be given back
};

/// Times are of Clock::boot_ms().
struct WorkFacts {
    int64_t now_ms = 0, began_ms = 0;
    int64_t idle_since_ms = 0;               ///< when the latest round that had a job ended, or began_ms
    std::optional<int64_t> silent_since_ms;  ///< since when the store has not answered
    std::optional<EndReason> stop;           ///< somebody said so
    bool own_job = false;                    ///< the job it was launched for has not been looked for yet
    bool worked = false;                     ///< there was a job
    bool looked = false;                     ///< and none waits any more, as the latest look says
    int busy = 0;                            ///< workers that have a job, or look for the machine's own
};

struct NextStep {
    enum class Kind { take_own, take_any, wait, end } kind = Kind::wait;
    EndReason reason = EndReason::idle;  ///< of end
};

NextStep next_step(const WorkLimits& limits, const WorkFacts& facts);

/// What a machine's longest life means for its worker: it ends early enough that jobs are given back before the
/// machine's own timer goes off, and begins none in the last tenth.
WorkLimits limits_of_life(int64_t machine_life_ms, int64_t idle_ms);

}  // namespace ft
