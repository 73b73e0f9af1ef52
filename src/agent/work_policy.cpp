#include "agent/work_policy.h"

#include <algorithm>

namespace ft {

namespace {

/// A machine's timer counts from its boot, the worker's from its own start.
constexpr int64_t longest_boot_ms = 120000;
constexpr int64_t longest_last_start_ms = 300000;

NextStep end(EndReason reason) {
    return {NextStep::Kind::end, reason};
}

/// Nothing is begun, what is under way is finished.
NextStep end_after_the_others(const WorkFacts& facts, EndReason reason) {
    return facts.busy > 0 ? NextStep{NextStep::Kind::wait, reason} : end(reason);
}

}  // namespace

std::string_view to_string(EndReason reason) {
    switch (reason) {
        case EndReason::idle:
            return "idle";
        case EndReason::nothing_to_do:
            return "nothing_to_do";
        case EndReason::deadline:
            return "deadline";
        case EndReason::told_to_stop:
            return "told_to_stop";
        case EndReason::spot_notice:
            return "spot_notice";
        case EndReason::rebalance:
            return "rebalance";
        case EndReason::engine_failed:
            return "engine_failed";
        case EndReason::store_unreachable:
            return "store_unreachable";
    }
    return "idle";
}

bool is_failure(EndReason reason) {
    return reason == EndReason::engine_failed || reason == EndReason::store_unreachable;
}

bool stops_jobs(EndReason reason) {
    return reason == EndReason::deadline || reason == EndReason::told_to_stop || reason == EndReason::spot_notice;
}

NextStep next_step(const WorkLimits& limits, const WorkFacts& facts) {
    if (facts.stop && stops_jobs(*facts.stop)) return end(*facts.stop);
    const int64_t age_ms = facts.now_ms - facts.began_ms;
    if (limits.life_ms > 0 && age_ms >= limits.life_ms) return end(EndReason::deadline);
    // An attempt that fails for the model's sake is counted, so that machines are not launched for ever.
    if (facts.stop == EndReason::engine_failed && facts.own_job) return {NextStep::Kind::take_own, {}};
    if (facts.stop) return end_after_the_others(facts, *facts.stop);
    if (limits.life_ms > 0 && age_ms >= limits.life_ms - limits.last_start_ms)
        return end_after_the_others(facts, EndReason::deadline);
    if (facts.silent_since_ms && facts.now_ms - *facts.silent_since_ms >= limits.silent_ms)
        return end_after_the_others(facts, EndReason::store_unreachable);
    if (facts.own_job) return {NextStep::Kind::take_own, {}};
    if (!facts.looked || facts.busy > 0 || facts.silent_since_ms) return {NextStep::Kind::take_any, {}};
    if (!facts.worked) return end(EndReason::nothing_to_do);
    if (facts.now_ms - facts.idle_since_ms >= limits.idle_ms) return end(EndReason::idle);
    return {NextStep::Kind::take_any, {}};
}

WorkLimits limits_of_life(int64_t machine_life_ms, int64_t idle_ms) {
    WorkLimits limits;
    limits.idle_ms = idle_ms;
    if (machine_life_ms <= 0) return limits;
    limits.life_ms = machine_life_ms - std::min(longest_boot_ms + limits.give_back_ms, machine_life_ms / 10);
    limits.last_start_ms = std::min(longest_last_start_ms, limits.life_ms / 10);
    return limits;
}

}  // namespace ft
