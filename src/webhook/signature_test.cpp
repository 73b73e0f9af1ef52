#include "webhook/signature.h"

#include <gtest/gtest.h>

#include <set>

#include "base/base64.h"
#include "base/error.h"

namespace ft {
namespace {

constexpr const char* kFirst = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX";
constexpr const char* kSecond =
    "whsec_ZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXp7fH1+f4CBgoOEhYaHiImKi4yNjo+QkZKTlJWWl5iZmpucnZ6foKGiow==";
constexpr const char* kThird = "whsec_//79/Pv6+fj39vX08/Lx8O/u7ezr6uno5+bl5OPi4eA=";
constexpr int64_t kNow = 1700000000;

std::vector<WebhookSecret> secrets(const std::vector<const char*>& texts) {
    std::vector<WebhookSecret> result;
    for (const char* text : texts) result.push_back(WebhookSecret::parse(text));
    return result;
}

/// Computed once with another implementation, Python's hmac.
struct Vector {
    const char* secret;
    const char* id;
    int64_t timestamp_s;
    std::string body;
    const char* signature;
};
const Vector kVectors[] = {
    {"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LQM0D4loKWxJek", 1614265330, R"({"test": 2432232314})",
     "v1,OYSNMyBDYibhgUggUT0LvR5aWauISncX40t7CfWgoFY="},
    {kFirst, "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W", 1674087231, R"({"type":"contact.created"})",
     "v1,juTipmymc2qIWHjskLEAN0KUfSucfHP2cCAFiULfoPw="},
    {kSecond, "msg_0", 0, "", "v1,O6S1oRHZDBNQwkE/eUA7VXQqwaiLhnjxjoVlftTHyUI="},
    {kThird, "msg_åäö", kNow, std::string("{\"text\":\"räksmörgås\"}\n\0x", 27),
     "v1,Bp/d4NAnsaLBH5Q6QWAELppvMdWJzM4Ac/Ht0y/NTEk="},
};

TEST(WebhookSignature, FixedVectors) {
    for (const Vector& vector : kVectors) {
        const WebhookSecret secret = WebhookSecret::parse(vector.secret);
        EXPECT_EQ(secret.sign(vector.id, vector.timestamp_s, vector.body), vector.signature);
        EXPECT_EQ(secret.reveal(), vector.secret);
        const WebhookHeaders headers{vector.id, std::to_string(vector.timestamp_s), vector.signature};
        EXPECT_EQ(verify_webhook({secret}, headers, vector.body, vector.timestamp_s), WebhookVerdict::valid);
    }
}

TEST(WebhookSignature, WhateverIsChangedBreaksIt) {
    const auto known = secrets({kFirst});
    const WebhookHeaders good = sign_webhook(known, "msg_1", kNow, "body");
    EXPECT_EQ(verify_webhook(known, good, "body", kNow), WebhookVerdict::valid);
    EXPECT_EQ(verify_webhook(known, good, "body ", kNow), WebhookVerdict::not_signed_so);
    EXPECT_EQ(verify_webhook(known, good, "", kNow), WebhookVerdict::not_signed_so);
    EXPECT_EQ(verify_webhook(secrets({kSecond}), good, "body", kNow), WebhookVerdict::not_signed_so);
    EXPECT_EQ(verify_webhook({}, good, "body", kNow), WebhookVerdict::not_signed_so);
    WebhookHeaders headers = good;
    headers.id = "msg_2";
    EXPECT_EQ(verify_webhook(known, headers, "body", kNow), WebhookVerdict::not_signed_so);
    headers = good;
    headers.timestamp = std::to_string(kNow + 1);
    EXPECT_EQ(verify_webhook(known, headers, "body", kNow), WebhookVerdict::not_signed_so);
    for (size_t i = 0; i < good.signature.size(); ++i) {
        headers = good;
        headers.signature[i] = static_cast<char>(headers.signature[i] ^ 1);
        EXPECT_EQ(verify_webhook(known, headers, "body", kNow), WebhookVerdict::not_signed_so) << i;
        headers.signature = good.signature.substr(0, i);
        EXPECT_NE(verify_webhook(known, headers, "body", kNow), WebhookVerdict::valid) << i;
    }
}

TEST(WebhookSignature, SecretsCanBeChangedWithoutAGap) {
    const auto both = secrets({kFirst, kSecond});
    const WebhookHeaders headers = sign_webhook(both, "msg_1", kNow, "body");
    for (const char* known : {kFirst, kSecond})
        EXPECT_EQ(verify_webhook(secrets({known}), headers, "body", kNow), WebhookVerdict::valid);
    EXPECT_EQ(verify_webhook(secrets({kThird}), headers, "body", kNow), WebhookVerdict::not_signed_so);
    EXPECT_EQ(verify_webhook(secrets({kThird, kSecond}), headers, "body", kNow), WebhookVerdict::valid);
    // Other versions beside ours, and superfluous blanks.
    WebhookHeaders more = headers;
    more.signature = "v1a,abc  v2,x " + headers.signature + " ";
    EXPECT_EQ(verify_webhook(secrets({kSecond}), more, "body", kNow), WebhookVerdict::valid);
    more.signature = "v2" + both[0].sign("msg_1", kNow, "body").substr(2);
    EXPECT_EQ(verify_webhook(both, more, "body", kNow), WebhookVerdict::not_signed_so);
}

TEST(WebhookSignature, OldAndFutureMessagesAreRefused) {
    const auto known = secrets({kFirst});
    const WebhookHeaders headers = sign_webhook(known, "msg_1", kNow, "body");
    const auto at = [&](int64_t now_s, int64_t tolerance_s = webhook_tolerance_s) {
        return verify_webhook(known, headers, "body", now_s, tolerance_s);
    };
    EXPECT_EQ(at(kNow + 300), WebhookVerdict::valid);
    EXPECT_EQ(at(kNow + 301), WebhookVerdict::too_old);
    EXPECT_EQ(at(kNow - 300), WebhookVerdict::valid);
    EXPECT_EQ(at(kNow - 301), WebhookVerdict::too_new);
    EXPECT_EQ(at(kNow + 100000000, -1), WebhookVerdict::valid);
    EXPECT_EQ(at(kNow + 1, 0), WebhookVerdict::too_old);
}

TEST(WebhookSignature, BadHeadersAreNamed) {
    const auto known = secrets({kFirst});
    const WebhookHeaders good = sign_webhook(known, "msg_1", kNow, "body");
    for (std::string WebhookHeaders::*field :
         {&WebhookHeaders::id, &WebhookHeaders::timestamp, &WebhookHeaders::signature}) {
        WebhookHeaders headers = good;
        (headers.*field).clear();
        EXPECT_EQ(verify_webhook(known, headers, "body", kNow), WebhookVerdict::header_missing);
    }
    for (const char* timestamp : {"now", "1700000000x", " 1700000000", "-1", "01700000000", "1700000000.5", "0x10",
                                  "1e9", "99999999999999999999999", "9223372036854775807"}) {
        WebhookHeaders headers = good;
        headers.timestamp = timestamp;
        EXPECT_EQ(verify_webhook(known, headers, "body", kNow), WebhookVerdict::bad_timestamp) << timestamp;
    }
}

TEST(WebhookSecret, IsRefusedWithoutBeingRepeated) {
    for (const char* text : {"", "whsec_", "secret", "WHSEC_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX",
                             "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRY", "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFR==",
                             "whsec_not-base64-but-long-enough-for-it", " whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX"}) {
        try {
            WebhookSecret::parse(text);
            ADD_FAILURE() << text;
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::invalid_argument);
            EXPECT_EQ(std::string(error.what()).find("AAEC"), std::string::npos) << error.what();
        }
    }
    for (const size_t length : {size_t{23}, size_t{65}})
        EXPECT_THROW(WebhookSecret::parse("whsec_" + to_base64(std::string(length, 'x'))), Error);
    for (const size_t length : {size_t{24}, size_t{64}})
        EXPECT_NO_THROW(WebhookSecret::parse("whsec_" + to_base64(std::string(length, 'x'))));
}

TEST(WebhookSecret, NewOnesAreRandomAndCanBeRead) {
    std::set<std::string> seen;
    for (int i = 0; i < 50; ++i) {
        const WebhookSecret secret = WebhookSecret::make();
        EXPECT_EQ(WebhookSecret::parse(secret.reveal()).sign("m", 1, "b"), secret.sign("m", 1, "b"));
        seen.insert(secret.reveal());
    }
    EXPECT_EQ(seen.size(), 50U);
}

TEST(WebhookSecret, FilesHoldOneALine) {
    const std::string text = std::string("# new\r\n") + kFirst + "\r\n\n  " + kSecond + "  ";
    const auto read = parse_webhook_secrets(text, "keys");
    ASSERT_EQ(read.size(), 2U);
    EXPECT_EQ(read[0].reveal(), kFirst);
    EXPECT_EQ(read[1].reveal(), kSecond);
    EXPECT_THROW(parse_webhook_secrets("", "keys"), Error);
    EXPECT_THROW(parse_webhook_secrets("# none\n", "keys"), Error);
    std::string many;
    for (int i = 0; i < 11; ++i) many += std::string(kFirst) + "\n";
    EXPECT_THROW(parse_webhook_secrets(many, "keys"), Error);
    try {
        parse_webhook_secrets(std::string(kFirst) + "\nwhsec_x\n", "keys");
        ADD_FAILURE();
    } catch (const Error& error) {
        EXPECT_TRUE(std::string(error.what()).starts_with("keys, line 2: ")) << error.what();
    }
}

}  // namespace
}  // namespace ft
