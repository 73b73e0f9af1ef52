#pragma once
// `submit` and `jobs` against a real server with an invented engine.
#include <filesystem>
#include <map>
#include <sstream>

#include "base/error.h"
#include "server/testing/service_fixture.h"
#include "submit_command.h"

namespace ft {

class ApiCommandTest : public ServiceTest {
  protected:
    using Command = int (*)(const std::vector<std::string>& arguments, const ApiCommandParts& parts);

    ApiCommandTest() { std::filesystem::create_directory(folder_ / "out"); }

    /// Its exit code; 2 and the sentence in err_ for what it throws, as main does it.
    int run(Command command, std::vector<std::string> arguments, const std::string& input = "") {
        start();
        variables_.emplace("FAST_TRANSCRIBE_SERVER", server_->url());
        std::istringstream in(input);
        out_.str("");
        err_.str("");
        const ApiCommandParts parts{
            .in = in,
            .out = out_,
            .err = err_,
            .variable = [this](const char* name) { return variables_.count(name) > 0 ? variables_[name] : ""; },
            .local_time = [] { return std::tm{}; },
            .clock = clock_,
            .interruption = interruption_,
            .poll_ms = 5,
            .patience_ms = 20000,
            .longest_wait_ms = 20,
        };
        try {
            return command(arguments, parts);
        } catch (const Error& error) {
            err_ << error.what();
            return error.code() == ErrorCode::invalid_argument ? 2 : 1;
        }
    }
    std::string out() const { return out_.str(); }
    std::string err() const { return err_.str(); }
    std::string content(const std::string& name) const { return read_file(folder_ / name); }

    std::map<std::string, std::string> variables_;
    Interruption interruption_;

  private:
    std::ostringstream out_, err_;
};

}  // namespace ft
