#pragma once
// One error, its code, and what its sentence must and must not hold.
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "aws/testing/test_session.h"
#include "base/error.h"

namespace ft::aws::testing {

/// Also that neither the secret key nor the session token of the tests is in it.
inline void expect_error(const std::function<void()>& action, ErrorCode code, const std::vector<std::string>& parts) {
    try {
        action();
        ADD_FAILURE() << "no error";
    } catch (const Error& error) {
        const std::string text = error.what();
        EXPECT_EQ(to_string(error.code()), to_string(code)) << text;
        for (const std::string& part : parts) EXPECT_NE(text.find(part), std::string::npos) << part << " in: " << text;
        EXPECT_EQ(text.find(kTestSecret), std::string::npos) << text;
        EXPECT_EQ(text.find(kTestToken), std::string::npos) << text;
        EXPECT_EQ(text.find('\n'), std::string::npos) << text;
    }
}

}  // namespace ft::aws::testing
