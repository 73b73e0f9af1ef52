#include "aws/testing/moto_server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <chrono>
#include <filesystem>
#include <thread>
#include <vector>

#include "base/unique_fd.h"
#include "net/http_client.h"

extern char** environ;

namespace ft::aws::testing {

namespace {

/// A port that was free just now; 0 when there is none.
int free_port() {
    const UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    if (::bind(fd.get(), generic, length) != 0 || ::getsockname(fd.get(), generic, &length) != 0) return 0;
    return ntohs(address.sin_port);
}

/// Its own messages go to `log`.
pid_t spawn(std::vector<std::string> command, std::vector<std::string> variables, const std::string& log) {
    for (char** variable = environ; *variable != nullptr; ++variable) {
        const std::string text = *variable;
        if (!text.starts_with("AWS_") && !text.starts_with("PYTHON")) variables.push_back(text);
    }
    const auto pointers = [](std::vector<std::string>& texts) {
        std::vector<char*> result;
        for (std::string& text : texts) result.push_back(text.data());
        result.push_back(nullptr);
        return result;
    };
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 1, log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    posix_spawn_file_actions_adddup2(&actions, 1, 2);
    pid_t pid = -1;
    if (::posix_spawn(&pid, command[0].c_str(), &actions, nullptr, pointers(command).data(),
                      pointers(variables).data()) != 0) {
        pid = -1;
    }
    posix_spawn_file_actions_destroy(&actions);
    return pid;
}

}  // namespace

std::unique_ptr<MotoServer> MotoServer::start(int unchecked, std::string& why) {
    const std::string folder = std::string(FT_SOURCE_DIR) + "/build/moto";
    if (!std::filesystem::exists(folder + "/stamp")) {
        why = "moto, which plays AWS, is not installed; scripts/moto.sh does it";
        return nullptr;
    }
    const std::string port = std::to_string(free_port());
    const std::string log = folder + "/server-" + port + ".log";
    const pid_t pid =
        spawn({folder + "/python", "-m", "moto.server", "-H", "127.0.0.1", "-p", port},
              {"PYTHONPATH=" + folder + "/packages", "INITIAL_NO_AUTH_ACTION_COUNT=" + std::to_string(unchecked)}, log);
    if (pid < 0) {
        why = "moto's Python does not start: run scripts/moto.sh again";
        return nullptr;
    }
    std::unique_ptr<MotoServer> server(new MotoServer(pid, "http://127.0.0.1:" + port));
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (!server->is_ready()) {
        const bool gone = ::waitpid(pid, nullptr, WNOHANG) == pid;
        if (gone) server->pid_ = -1;
        if (gone || std::chrono::steady_clock::now() > end) {
            why = "moto did not start; see " + log;
            return nullptr;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    std::filesystem::remove(log);
    return server;
}

bool MotoServer::is_ready() const {
    HttpOptions options;
    options.use_proxy = false;
    HttpRequest request;
    request.url = url_ + "/moto-api/";
    request.timeout = std::chrono::seconds(5);
    return HttpClient(options).send_once(request).ok();
}

MotoServer::~MotoServer() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
}

}  // namespace ft::aws::testing
