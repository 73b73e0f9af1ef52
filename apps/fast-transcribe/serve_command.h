#pragma once
// fast-transcribe serve: the service, its port, and the end of both.
#include <functional>
#include <ostream>
#include <string>
#include <vector>

#include "base/clock.h"
#include "command.h"
#include "interruption.h"
#include "net/resolver.h"
#include "service/engine.h"

namespace ft {

struct ServeParts {
    std::ostream& out;  ///< where it listens, --help
    std::ostream& err;
    std::function<std::string(const char* name)> variable;  ///< of the environment; empty when unset
    const Clock& clock;
    Interruption& interruption;
    bool catch_signals = false;
    std::function<void(Verbosity)> set_log;
    std::function<std::shared_ptr<Engine>(const EngineOptions&, const Notice&)> load_engine;
    Resolver resolver;
};

/// Returns the exit code when it was interrupted: 0. Throws Error when it cannot begin, or the model cannot be loaded.
int serve(const std::vector<std::string>& arguments, const ServeParts& parts);

}  // namespace ft
