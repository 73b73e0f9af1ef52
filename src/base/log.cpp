#include "base/log.h"

#include <spdlog/sinks/stdout_sinks.h>

namespace ft {

void set_up_log(Verbosity verbosity) {
    auto logger = spdlog::stderr_logger_mt("fast-transcribe");
    logger->set_pattern(verbosity == Verbosity::verbose ? "%H:%M:%S.%e %l: %v" : "%l: %v");
    logger->set_level(verbosity == Verbosity::quiet     ? spdlog::level::err
                      : verbosity == Verbosity::verbose ? spdlog::level::debug
                                                        : spdlog::level::warn);
    spdlog::set_default_logger(std::move(logger));
}

}  // namespace ft
