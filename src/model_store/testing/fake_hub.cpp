#include "model_store/testing/fake_hub.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <cstdlib>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "base/sha256.h"
#include "base/text.h"

namespace ft::testing {

namespace {

std::string sha256_of(const std::string& content) {
    return sha256_hex(std::as_bytes(std::span(content)));
}

/// Without a file: a disk under load could make the server slower than its client's patience.
std::string git_hash_of(const std::string& content) {
    const std::string blob = "blob " + std::to_string(content.size()) + std::string(1, '\0') + content;
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int length = 0;
    if (EVP_Digest(blob.data(), blob.size(), digest, &length, EVP_sha1(), nullptr) != 1)
        throw std::runtime_error("SHA-1");
    return to_hex(std::as_bytes(std::span(digest, length)));
}

bool is_large(const std::string& name) {
    return name.ends_with(".safetensors") || name.ends_with(".bin");
}

TestReply error_reply(int status, const std::string& code) {
    return {.status = status, .headers = {{"X-Error-Code", code}}, .body = code};
}

void apply_range(const TestRequest& request, TestReply& reply) {
    const auto range = request.headers.find("range");
    if (range == request.headers.end()) return;
    const size_t total = reply.body.size(), begin = std::stoull(range->second.substr(6));
    if (begin >= total) {
        reply = {.status = 416, .headers = {{"Content-Range", "bytes */" + std::to_string(total)}}, .body = ""};
        return;
    }
    reply.status = 206;
    reply.headers.emplace_back("Content-Range", "bytes " + std::to_string(begin) + "-" + std::to_string(total - 1) +
                                                    "/" + std::to_string(total));
    reply.body.erase(0, begin);
}

}  // namespace

FakeHub::FakeHub() {
    revisions = {{"main", std::string(40, 'a')}};
    files = {{"config.json", R"({"model_type": "whisper"})"},
             {"tokenizer.json", R"({"model": {}})"},
             {"model.safetensors", pseudo_random((size_t{3} << 20) + 17, 1)},
             {"pytorch_model.bin", "not to be fetched"},
             {"README.md", "not to be fetched"}};
    storage_ = std::make_unique<TestServer>([this](const TestRequest& request) {
        const std::lock_guard<std::mutex> lock(mutex_);
        TestReply reply = answer_storage(request);
        if (storage_fault) storage_fault(request, reply);
        return reply;
    });
    hub_ = std::make_unique<TestServer>([this](const TestRequest& request) {
        const std::lock_guard<std::mutex> lock(mutex_);
        TestReply reply = answer_hub(request);
        if (fault) fault(request, reply);
        return reply;
    });
}

TestReply FakeHub::answer_hub(const TestRequest& request) {
    const auto authorization = request.headers.find("authorization");
    const bool allowed =
        token.empty() || (authorization != request.headers.end() && authorization->second == "Bearer " + token);
    const std::string api = "/api/models/" + repository + "/revision/", resolve = "/" + repository + "/resolve/";
    if (!allowed) return error_reply(401, "");
    if (request.path.rfind(api, 0) == 0) {
        const auto revision = revisions.find(request.path.substr(api.size()));
        if (revision == revisions.end()) return error_reply(404, "RevisionNotFound");
        nlohmann::json json = {{"sha", revision->second}, {"siblings", nlohmann::json::array()}};
        for (const auto& file : files) json["siblings"].push_back({{"rfilename", file.first}});
        return {.status = 200, .headers = {{"Content-Type", "application/json"}}, .body = json.dump()};
    }
    if (request.path.rfind(resolve, 0) == 0) return answer_file(request, request.path.substr(resolve.size()));
    return error_reply(404, "RepoNotFound");
}

TestReply FakeHub::answer_file(const TestRequest& request, const std::string& rest) {
    const std::string commit = rest.substr(0, rest.find('/')), name = rest.substr(rest.find('/') + 1);
    const auto file = files.find(name);
    if (file == files.end()) return error_reply(404, "EntryNotFound");
    TestReply reply;
    reply.headers = {{"X-Repo-Commit", commit}};
    if (is_large(name)) {
        reply.status = 302;
        reply.headers.emplace_back("Location", storage_->url() + "/blob/" + name + "?signature=abc");
        if (tells_hashes) {
            reply.headers.emplace_back("X-Linked-Etag", "\"" + sha256_of(file->second) + "\"");
            reply.headers.emplace_back("X-Linked-Size", std::to_string(file->second.size()));
        }
        reply.body = "Found. Redirecting";
        return reply;
    }
    if (tells_hashes) reply.headers.emplace_back("ETag", "\"" + git_hash_of(file->second) + "\"");
    reply.body = file->second;
    if (serves_ranges) apply_range(request, reply);
    return reply;
}

TestReply FakeHub::answer_storage(const TestRequest& request) {
    const std::string name = request.path.substr(6, request.path.find('?') - 6);
    const auto file = files.find(name);
    if (file == files.end()) return error_reply(404, "");
    TestReply reply{
        .status = 200, .headers = {{"ETag", "\"0123456789abcdef0123456789abcdef-7\""}}, .body = file->second};
    if (serves_ranges) apply_range(request, reply);
    return reply;
}

std::string pseudo_random(size_t bytes, uint32_t seed) {
    std::string result(bytes, '\0');
    uint32_t state = seed * 2654435761U + 1;
    for (char& c : result) {
        state = state * 1664525U + 1013904223U;
        c = static_cast<char>(state >> 24);
    }
    return result;
}

StoreOptions store_options(const std::filesystem::path& home, std::map<std::string, std::string> variables,
                           std::chrono::milliseconds* waited) {
    variables.emplace("HOME", home.string());
    StoreOptions options;
    options.system_dir = home / "system" / "models";
    options.environment = [variables = std::move(variables)](const char* name) {
        const auto found = variables.find(name);
        return found == variables.end() ? std::string() : found->second;
    };
    options.wait = [waited](std::chrono::milliseconds time) {
        if (waited != nullptr) *waited += time;
    };
    // Long enough for a machine that has other things to do; the tests of time running out set their own.
    options.connect_timeout = std::chrono::seconds(60);
    options.stall_timeout = std::chrono::seconds(60);
    return options;
}

}  // namespace ft::testing
