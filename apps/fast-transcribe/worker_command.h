#pragma once
// fast-transcribe worker: the agent of one machine, the engine, and the services of AWS that both need.
#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "base/clock.h"
#include "command.h"
#include "interruption.h"
#include "net/resolver.h"
#include "service/engine.h"

namespace ft {

struct WorkerCommandParts {
    std::ostream& out;                                      ///< --help
    std::function<std::string(const char* name)> variable;  ///< of the environment; empty when unset
    const Clock& clock;
    Interruption& interruption;
    bool catch_signals = false;
    std::function<void(Verbosity)> set_log;
    std::function<std::shared_ptr<Engine>(const EngineOptions&, const Notice&)> load_engine;
    Resolver resolver;
    std::function<bool()> has_gpu;
    /// Ends the process at once, for a worker that does not come back; must not return.
    std::function<void(int exit_code)> end_process;
};

/// Returns the exit code: 0 when the machine has done what there was to do, 1 when somebody should look at it. Throws
/// Error when it cannot begin.
int work(const std::vector<std::string>& arguments, const WorkerCommandParts& parts);

/// Whether the system has a GPU of NVIDIA's that programs can open.
bool system_has_gpu();

}  // namespace ft
