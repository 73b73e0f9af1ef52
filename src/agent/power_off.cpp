#include "agent/power_off.h"

#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <sstream>
#include <thread>

#include "base/log.h"

extern char** environ;

namespace ft {

std::vector<std::string> parse_power_off(const std::string& command) {
    if (command == "none") return {};
    std::istringstream stream(command);
    std::vector<std::string> words;
    for (std::string word; stream >> word;) words.push_back(word);
    return words;
}

bool power_off(const std::vector<std::string>& command, int64_t longest_ms) {
    if (command.empty()) return true;
    std::vector<char*> words;
    for (const std::string& word : command) words.push_back(const_cast<char*>(word.c_str()));
    words.push_back(nullptr);
    pid_t process = 0;
    const int problem = ::posix_spawnp(&process, words[0], nullptr, nullptr, words.data(), environ);
    if (problem != 0) {
        spdlog::error("{} cannot be run: {}; the machine's own timers end it", command[0], ::strerror(problem));
        return false;
    }
    const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(longest_ms);
    int status = 0;
    for (;;) {
        const pid_t ended = ::waitpid(process, &status, WNOHANG);
        if (ended == process) break;
        if ((ended < 0 && errno != EINTR) || std::chrono::steady_clock::now() >= until) {
            spdlog::error("{} has not ended after {} ms; the machine's own timers end it", command[0], longest_ms);
            return false;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return true;
    spdlog::error("{} failed; the machine's own timers end it", command[0]);
    return false;
}

}  // namespace ft
