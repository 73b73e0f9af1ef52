#pragma once
// A name for this process that no other has had or will have, and whether the process behind such a name is gone: so a
// restarted server need not wait for the leases of the one that was killed.
#include <string>

namespace ft {

/// "<host>:<boot>:<process>:<start>"
std::string process_name();

/// True only when the name is of a process of this machine that has certainly ended. What stands behind the name, after
/// a '/', does not matter.
bool is_gone(const std::string& name);

}  // namespace ft
