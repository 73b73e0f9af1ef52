// The program of the three Lambda functions: _HANDLER says which one it is. It is "bin/bootstrap" in the zip that
// package.sh makes.
#include <exception>

#include "aws/lambda_runtime.h"
#include "aws/session.h"
#include "base/error.h"
#include "base/log.h"
#include "cloud/functions.h"

namespace {

std::shared_ptr<ft::aws::Session> make_session() {
    ft::aws::SessionOptions options;
    return std::make_shared<ft::aws::Session>(std::move(options));
}

}  // namespace

int main() {
    ft::set_up_log(ft::Verbosity::normal);
    const ft::aws::Surroundings surroundings = ft::aws::real_surroundings();
    ft::aws::LambdaHandler handler;
    try {
        const ft::cloud::CloudSettings settings = ft::cloud::read_settings(surroundings.variable);
        handler = ft::cloud::make_function(surroundings.variable("_HANDLER"), make_session(), settings);
    } catch (const ft::Error& error) {
        spdlog::error("the function cannot start: {}", error.what());
        ft::aws::report_lambda_start_failure(std::string(ft::to_string(error.code())), error.what());
        return 1;
    } catch (const std::exception& error) {
        spdlog::error("the function cannot start: {}", error.what());
        ft::aws::report_lambda_start_failure("internal", "something unexpected went wrong; the log says more");
        return 1;
    }
    try {
        ft::aws::run_lambda(handler);
    } catch (const std::exception& error) {
        spdlog::error("the loop ends: {}", error.what());
        return 1;
    }
    return 0;
}
