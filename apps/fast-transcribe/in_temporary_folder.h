#pragma once
// For tests of what is written into the current folder.
#include <gtest/gtest.h>

#include <filesystem>

#include "base/testing/temporary_folder.h"

namespace ft {

/// An empty folder is the current one while the test runs.
class InTemporaryFolder : public ::testing::Test {
  protected:
    InTemporaryFolder() { std::filesystem::current_path(folder_.path()); }
    ~InTemporaryFolder() override { std::filesystem::current_path(before_); }

    const std::filesystem::path before_ = std::filesystem::current_path();
    const test::TemporaryFolder folder_;
};

}  // namespace ft
