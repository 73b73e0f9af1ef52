// The specification's Python library takes our messages, and we take its; skipped where scripts/moto.sh has not put it.
// signature_test.cpp has fixed vectors that need no Python.
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "base/testing/temporary_folder.h"
#include "webhook/signature.h"

namespace ft {
namespace {

using nlohmann::json;

struct PipeCloser {
    void operator()(FILE* pipe) const { ::pclose(pipe); }
};

/// What the command prints; its complaints go where the test's go.
std::string output_of(const std::string& command) {
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

struct Message {
    WebhookSecret secret;  ///< what the library is given
    WebhookHeaders headers;
    std::string body;
};

json answers_of(const std::vector<Message>& messages, const std::string& moto) {
    json input = json::array();
    for (const Message& message : messages) {
        input.push_back({{"secret", message.secret.reveal()},
                         {"headers",
                          {{"webhook-id", message.headers.id},
                           {"webhook-timestamp", message.headers.timestamp},
                           {"webhook-signature", message.headers.signature}}},
                         {"body", message.body}});
    }
    const test::TemporaryFolder folder;
    const std::string file = folder.write("messages.json", input.dump());
    return json::parse(output_of("PYTHONPATH='" + moto + "/packages' '" + moto + "/python' '" + FT_SOURCE_DIR +
                                 "/src/webhook/testing/standard_webhooks.py' '" + file + "'"),
                       nullptr, false);
}

TEST(StandardWebhooks, TheSpecificationsLibraryAgrees) {
    const std::string moto = std::string(FT_SOURCE_DIR) + "/build/moto";
    if (!std::filesystem::exists(moto + "/packages/standardwebhooks"))
        GTEST_SKIP() << "the package standardwebhooks is not installed; scripts/moto.sh does it";
    const int64_t now_s = SystemClock().wall_ms() / 1000;  // the library knows no other clock
    const WebhookSecret one = WebhookSecret::make(), two = WebhookSecret::make();
    const std::string body = R"({"type":"transcription.completed","data":{"text":"Räksmörgås, \"sade\" hon.\n"}})";
    const std::vector<Message> good = {{one, sign_webhook({one}, "msg_1", now_s, body), body},
                                       {one, sign_webhook({two, one}, "msg_2", now_s, body), body},
                                       {two, sign_webhook({two, one}, "msg_3", now_s - 200, "{}"), "{}"}};
    const std::vector<Message> bad = {{two, sign_webhook({one}, "msg_4", now_s, body), body},
                                      {one, sign_webhook({one}, "msg_5", now_s, body), body + " "},
                                      {one, sign_webhook({one}, "msg_6", now_s - 400, body), body}};
    std::vector<Message> all = good;
    all.insert(all.end(), bad.begin(), bad.end());
    const json answers = answers_of(all, moto);
    ASSERT_TRUE(answers.is_array());
    ASSERT_EQ(answers.size(), all.size());
    for (size_t i = 0; i < all.size(); ++i) {
        EXPECT_EQ(answers[i].at("verified").get<bool>(), i < good.size()) << i;
        // Theirs is what ours must say, too.
        WebhookHeaders theirs = all[i].headers;
        theirs.signature = answers[i].at("signature").get<std::string>();
        EXPECT_EQ(verify_webhook({all[i].secret}, theirs, all[i].body, std::stoll(theirs.timestamp)),
                  WebhookVerdict::valid)
            << i;
    }
}

}  // namespace
}  // namespace ft
