#include "server/testing/python.h"

#include <array>
#include <cstdio>
#include <filesystem>
#include <memory>

namespace ft {

namespace {

struct PipeCloser {
    void operator()(FILE* pipe) const { ::pclose(pipe); }
};

std::string home() {
    return std::string(FT_SOURCE_DIR) + "/build/moto";
}

}  // namespace

bool has_python_package(const std::string& name) {
    return std::filesystem::exists(home() + "/packages/" + name);
}

std::string output_of_python(const std::string& script, const std::vector<std::string>& arguments) {
    std::string command = "PYTHONPATH='" + home() + "/packages' NO_PROXY='*' '" + home() +
                          "/python' '" FT_SOURCE_DIR "/src/server/testing/" + script + "'";
    for (const std::string& argument : arguments) command += " '" + argument + "'";
    const std::unique_ptr<FILE, PipeCloser> pipe(::popen(command.c_str(), "r"));
    std::string text;
    std::array<char, 4096> buffer{};
    while (pipe) {
        const size_t got = ::fread(buffer.data(), 1, buffer.size(), pipe.get());
        if (got == 0) break;
        text.append(buffer.data(), got);
    }
    return text;
}

}  // namespace ft
