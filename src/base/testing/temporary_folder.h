#pragma once
// A folder for a test's files.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>

#include "base/file.h"

namespace ft::test {

/// Fresh and empty; goes away with the object, whatever is in it.
class TemporaryFolder {
  public:
    explicit TemporaryFolder(const std::filesystem::path& parent = ::testing::TempDir()) {
        std::string name = (parent / "ft_test_XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder in " + parent.string());
        folder_ = name;
    }
    ~TemporaryFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(folder_, ignored);
    }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;

    const std::filesystem::path& path() const { return folder_; }
    std::filesystem::path operator/(const std::filesystem::path& name) const { return folder_ / name; }
    std::string path(const std::string& name) const { return (folder_ / name).string(); }

    /// Writes a file and returns its path.
    std::string write(const std::string& name, std::string_view content) const {
        write_file_atomically(folder_ / name, content);
        return path(name);
    }

  private:
    std::filesystem::path folder_;
};

}  // namespace ft::test
