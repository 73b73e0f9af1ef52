#pragma once
// The stores on AWS, against moto, which plays it: one server for all tests of the program.
#include <functional>
#include <memory>
#include <string>

#include "aws/session.h"
#include "suite.h"

namespace ft::conformance {

/// What is to happen to a request.
enum class Way {
    through,
    lost_reply,  ///< carried out; the connection breaks before the answer
    lost,        ///< the connection breaks before anything is done
};
/// Told the operation of DynamoDB ("PutItem") or the method of S3 ("PUT"), by any thread.
using Route = std::function<Way(const std::string& operation)>;

/// Requests go one at a time: moto's transactions take the whole table back when one of them fails, others' writes
/// too. Threads still meet between any two requests. Waits take no time.
std::shared_ptr<aws::Session> moto_session(Route route = {});

/// A name that no other test has.
std::string new_table_name();
inline constexpr const char* test_bucket = "conformance";

}  // namespace ft::conformance
