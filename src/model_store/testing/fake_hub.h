#pragma once
// The hub as its clients see it, with one repository, on two servers: the hub itself, and where large files lie.
#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/testing/temporary_folder.h"
#include "model_store/model_store.h"
#include "net/testing/test_server.h"

namespace ft::testing {

/// Sees the request and the answer that would be given, before it is given; may change it. Called under a mutex.
using Fault = std::function<void(const TestRequest& request, TestReply& reply)>;

class FakeHub {
  public:
    FakeHub();

    const std::string repository = "KBLab/kb-whisper-small";
    // Set before the first request, or between two that do not overlap.
    std::map<std::string, std::string> revisions;  ///< revision → commit
    std::map<std::string, std::string> files;      ///< name → content; names *.safetensors and *.bin are large files
    std::string token;                             ///< asked for when not empty
    bool serves_ranges = true;
    bool tells_hashes = true;
    Fault fault, storage_fault;

    TestServer& hub() { return *hub_; }
    TestServer& storage() { return *storage_; }

  private:
    TestReply answer_hub(const TestRequest& request);
    TestReply answer_file(const TestRequest& request, const std::string& name);
    TestReply answer_storage(const TestRequest& request);

    std::mutex mutex_;
    std::unique_ptr<TestServer> storage_, hub_;  // hub_ goes first: it names storage_
};

/// `bytes` that look random and are the same every time.
std::string pseudo_random(size_t bytes, uint32_t seed);

using test::TemporaryFolder;

/// A store whose world is `home` and these variables, and whose waits take no time but are added up in `*waited`.
StoreOptions store_options(const std::filesystem::path& home, std::map<std::string, std::string> variables,
                           std::chrono::milliseconds* waited = nullptr);

}  // namespace ft::testing
