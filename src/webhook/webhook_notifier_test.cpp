// Receivers as they are in the world: each behaves as docs/webhooks.md says. No test waits for a clock but the one
// whose receiver is silent.
#include "webhook/webhook_notifier.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <mutex>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "jobs/memory/manual_clock.h"
#include "jobs/memory/memory_job_store.h"
#include "jobs/memory/memory_object_store.h"
#include "jobs/outbox.h"
#include "net/testing/test_server.h"
#include "net/url.h"

namespace ft {
namespace {

using testing::TestReply;
using testing::TestRequest;
using testing::TestServer;
using Verdict = Delivery::Verdict;

constexpr const char* kSecret = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX";
constexpr const char* kJobSecret = "whsec_//79/Pv6+fj39vX08/Lx8O/u7ezr6uno5+bl5OPi4eA=";

class Webhooks : public ::testing::Test {
  protected:
    Webhooks() {
        options.message.public_url = "https://transcribe.example.org";
        options.addresses.allow_http = true;
        options.addresses.allowed = {parse_network("127.0.0.1")};
    }

    std::string port() const { return parse_url(server.url())->port; }
    std::string url() const { return "http://hook.test:" + port() + "/hook"; }

    WebhookNotifier notifier() {
        Resolver resolver = [this](const std::string&, int64_t) {
            ++lookups;
            if (at_lookup) at_lookup();
            std::vector<IpAddress> result;
            for (const std::string& text : resolved) result.push_back(parse_ip(text).value());
            return result;
        };
        return {{objects, secrets_of_jobs(store, server_secrets), std::move(resolver), clock}, options};
    }

    /// A finished job, whose messages go to `url`.
    Job finished(const std::string& url, std::vector<std::string> secrets = {}) {
        NewJob wanted;
        wanted.input = {"object:inputs/a/audio", "möte.mp3", "", "", 5};
        wanted.callback = {url, {}, std::move(secrets)};
        const std::string id = store.create(wanted).job.id;
        ClaimRequest claim;
        claim.owner = "worker";
        claim.job_id = id;
        const Job mine = store.claim(claim).value();
        JobResult result;
        result.prefix = result_prefix(id, mine.fence);
        result.files = {"transcript.txt"};
        objects.put(result.prefix + "transcript.txt", "Räksmörgås.\n");
        EXPECT_EQ(store.commit(lease_of(mine), result), StoreResult::done);
        return *store.get(id);
    }
    OutboxEvent event_of(const Job& job) { return store.events_of(job.id).at(0); }
    Delivery deliver(const std::string& to) { return notifier().deliver(event_of(finished(to))); }
    OutboxRun deliver_all() {
        WebhookNotifier webhook = notifier();
        return deliver_due(store, webhook, clock, [] { return 0.0; });
    }

    static WebhookVerdict verdict_of(const TestRequest& request, const char* secret, int64_t now_s) {
        const auto header = [&](const char* name) {
            const auto found = request.headers.find(name);
            return found == request.headers.end() ? std::string() : found->second;
        };
        return verify_webhook({WebhookSecret::parse(secret)},
                              {header("webhook-id"), header("webhook-timestamp"), header("webhook-signature")},
                              request.body, now_s);
    }

    /// What every request gets from now on. Guarded, as a try may end before the server's thread does.
    void answer(TestReply reply) {
        const std::lock_guard lock(reply_mutex);
        reply_ = std::move(reply);
    }

    std::mutex reply_mutex;
    TestReply reply_;
    TestServer server{[this](const TestRequest&) {
        const std::lock_guard lock(reply_mutex);
        return reply_;
    }};
    ManualClock clock;
    MemoryJobStore store{clock};
    MemoryObjectStore objects{clock};
    WebhookOptions options;
    std::vector<WebhookSecret> server_secrets = {WebhookSecret::parse(kSecret)};
    std::vector<std::string> resolved = {"127.0.0.1"};
    std::function<void()> at_lookup;
    std::atomic<int> lookups{0};
};

TEST_F(Webhooks, AMessageIsSignedAndWhole) {
    const Job job = finished(url());
    EXPECT_EQ(deliver_all().delivered, 1);
    ASSERT_EQ(server.requests().size(), 1U);
    const TestRequest seen = server.requests()[0];
    EXPECT_EQ(seen.method, "POST");
    EXPECT_EQ(seen.path, "/hook");
    EXPECT_EQ(seen.headers.at("host"), "hook.test:" + port());
    EXPECT_EQ(seen.headers.at("content-type"), "application/json");
    EXPECT_EQ(seen.headers.at("webhook-id"), event_of(job).id);
    EXPECT_EQ(verdict_of(seen, kSecret, clock.wall_ms() / 1000), WebhookVerdict::valid);
    EXPECT_EQ(verdict_of(seen, kJobSecret, clock.wall_ms() / 1000), WebhookVerdict::not_signed_so);
    const auto body = nlohmann::json::parse(seen.body);
    EXPECT_EQ(body["data"]["text"], "Räksmörgås.\n");
    EXPECT_EQ(body["data"]["links"]["result"], "https://transcribe.example.org/jobs/" + job.id + "/result");
}

TEST_F(Webhooks, EveryTryHasTheSameIdAndItsOwnTime) {
    const Job job = finished(url());
    answer({.status = 500});
    EXPECT_EQ(deliver_all().again, 1);
    clock.advance(5000);
    answer({.status = 204});
    EXPECT_EQ(deliver_all().delivered, 1);
    const auto seen = server.requests();
    ASSERT_EQ(seen.size(), 2U);
    EXPECT_EQ(seen[0].headers.at("webhook-id"), seen[1].headers.at("webhook-id"));
    EXPECT_EQ(std::stoll(seen[1].headers.at("webhook-timestamp")),
              std::stoll(seen[0].headers.at("webhook-timestamp")) + 5);
    EXPECT_EQ(seen[0].body, seen[1].body);
    EXPECT_EQ(verdict_of(seen[1], kSecret, clock.wall_ms() / 1000), WebhookVerdict::valid);
    const auto log = store.deliveries_of(event_of(job).id);
    ASSERT_EQ(log.size(), 2U);
    EXPECT_EQ(log[0].http_status, 500);
    EXPECT_EQ(log[0].note, "it answered 500");
    EXPECT_EQ(log[1].http_status, 204);
    // Again by hand: the receiver sees that it is the same message.
    EXPECT_EQ(store.replay(event_of(job).id), StoreResult::done);
    EXPECT_EQ(deliver_all().delivered, 1);
    EXPECT_EQ(server.requests()[2].headers.at("webhook-id"), event_of(job).id);
}

TEST_F(Webhooks, AJobsOwnSecretsSignInstead) {
    finished(url(), {kJobSecret, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"});
    EXPECT_EQ(deliver_all().delivered, 1);
    const TestRequest seen = server.requests().at(0);
    const int64_t now_s = clock.wall_ms() / 1000;
    EXPECT_EQ(verdict_of(seen, kJobSecret, now_s), WebhookVerdict::valid);
    EXPECT_EQ(verdict_of(seen, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", now_s), WebhookVerdict::valid);
    EXPECT_EQ(verdict_of(seen, kSecret, now_s), WebhookVerdict::not_signed_so);
    EXPECT_EQ(seen.body.find("whsec_"), std::string::npos);
}

TEST_F(Webhooks, AnswersMeanWhatTheSpecificationSays) {
    struct Case {
        int status;
        Verdict verdict;
        bool waits;  // honours Retry-After
    };
    for (const Case& c : std::vector<Case>{{200, Verdict::delivered, false},
                                           {202, Verdict::delivered, false},
                                           {204, Verdict::delivered, false},
                                           {301, Verdict::again, false},
                                           {302, Verdict::again, false},
                                           {307, Verdict::again, false},
                                           {400, Verdict::again, false},
                                           {401, Verdict::again, false},
                                           {404, Verdict::again, false},
                                           {410, Verdict::disabled, false},
                                           {429, Verdict::again, true},
                                           {500, Verdict::again, false},
                                           {502, Verdict::again, true},
                                           {503, Verdict::again, true},
                                           {504, Verdict::again, true}}) {
        TestReply reply{.status = c.status, .headers = {{"Retry-After", "77"}}, .body = "x"};
        if (c.status / 100 == 3) reply.headers.emplace_back("Location", "/elsewhere");
        answer(reply);
        const Delivery delivery = deliver(url());
        EXPECT_EQ(delivery.verdict, c.verdict) << c.status;
        EXPECT_EQ(delivery.http_status, c.status);
        EXPECT_EQ(delivery.retry_after_ms, c.waits ? std::optional<int64_t>(77000) : std::nullopt) << c.status;
        EXPECT_EQ(delivery.note.empty(), c.verdict == Verdict::delivered) << c.status;
    }
    EXPECT_EQ(server.count("GET", "/elsewhere") + server.count("POST", "/elsewhere"), 0);
    EXPECT_EQ(server.requests().size(), 15U);
}

TEST_F(Webhooks, RetryAfterMayBeADate) {
    HttpResponse response;
    response.status = 503;
    response.headers["retry-after"] = "Tue, 14 Nov 2023 22:13:30 GMT";
    EXPECT_EQ(judge_reply(response, 1700000000).retry_after_ms, 10000);
    EXPECT_EQ(judge_reply(response, 1700000500).retry_after_ms, 0);
    response.headers["retry-after"] = "soon";
    EXPECT_FALSE(judge_reply(response, 1700000000).retry_after_ms);
}

TEST_F(Webhooks, GoneEndsTheJobsMessages) {
    const Job job = finished(url());
    answer({.status = 410});
    EXPECT_EQ(deliver_all().given_up, 1);
    EXPECT_EQ(event_of(job).state, EventState::disabled);
}

TEST_F(Webhooks, SilenceAndBrokenConnectionsAreTriedAgain) {
    options.timeout_ms = 300;
    answer({.silent = true});
    const Delivery silence = deliver(url());
    EXPECT_EQ(silence.verdict, Verdict::again);
    EXPECT_EQ(silence.http_status, 0);
    EXPECT_EQ(silence.note, "it did not answer in time");
    options.timeout_ms = 15000;
    for (bool TestReply::*fault : {&TestReply::lost, &TestReply::reset}) {
        TestReply reply;
        reply.*fault = true;
        answer(reply);
        const Delivery delivery = deliver(url());
        EXPECT_EQ(delivery.verdict, Verdict::again);
        EXPECT_EQ(delivery.note, "the connection ended before an answer came");
    }
    answer({.status = 200, .body = "abcdef", .break_after = 3});
    EXPECT_EQ(deliver(url()).verdict, Verdict::again);
    // A port where nobody listens: that of a server that has gone.
    std::string gone;
    {
        TestServer other([](const TestRequest&) { return TestReply{}; });
        gone = parse_url(other.url())->port;
    }
    const Delivery unreachable = deliver("http://hook.test:" + gone);
    EXPECT_EQ(unreachable.verdict, Verdict::again);
    EXPECT_EQ(unreachable.note, "nobody takes the connection");
}

TEST_F(Webhooks, LongRepliesAreNotReadToTheirEnd) {
    for (const auto& [status, verdict] : {std::pair(200, Verdict::delivered), std::pair(500, Verdict::again)}) {
        // Whoever wants more waits for ever.
        answer({.status = status, .body = std::string(32 << 20, 'x'), .stall_after = size_t{1} << 20});
        EXPECT_EQ(deliver(url()).verdict, verdict);
    }
}

TEST_F(Webhooks, PrivateAddressesAreNeverCalled) {
    for (const std::vector<std::string>& answers : {std::vector<std::string>{"10.0.0.7"},
                                                    {"127.0.0.1", "192.168.1.1"},
                                                    {"93.184.216.34", "169.254.169.254"},
                                                    {"127.0.0.1", "::ffff:127.0.0.1"},
                                                    {"::1"}}) {
        resolved = answers;
        const Delivery delivery = deliver(url());
        EXPECT_EQ(delivery.verdict, Verdict::again) << answers[0];  // names change
        EXPECT_EQ(delivery.note, "only public addresses are called; one of hook.test is not");
    }
    resolved = {};
    EXPECT_EQ(deliver(url()).note, "the name hook.test has no address");
    EXPECT_TRUE(server.requests().empty());
}

TEST_F(Webhooks, ARebindingNameGetsNowhere) {
    // Public when it is checked, inside when it would be used: it is looked up once, before the check.
    at_lookup = [this] {
        resolved = lookups == 1 ? std::vector<std::string>{"127.0.0.1"} : std::vector<std::string>{"10.0.0.7"};
    };
    EXPECT_EQ(deliver(url()).verdict, Verdict::delivered);
    EXPECT_EQ(lookups, 1);
    EXPECT_EQ(server.requests().size(), 1U);
    EXPECT_EQ(deliver(url()).verdict, Verdict::again);
    EXPECT_EQ(server.requests().size(), 1U);
}

TEST_F(Webhooks, AddressesThatMayNotBeCalledAreGivenUpAtOnce) {
    options.addresses.allow_http = false;
    for (const std::string& address :
         {url(), std::string("https://user:pw@example.org/"), std::string("https://10.0.0.1/"),
          std::string("https://0xa.1/"), std::string("no address")}) {
        const Delivery delivery = deliver(address);
        EXPECT_EQ(delivery.verdict, Verdict::refused) << address;
        EXPECT_FALSE(delivery.note.empty());
    }
    EXPECT_EQ(lookups, 0);
    EXPECT_TRUE(server.requests().empty());
}

TEST_F(Webhooks, LookingTheNameUpIsPartOfTheTime) {
    at_lookup = [this] { clock.advance(options.timeout_ms); };
    EXPECT_EQ(deliver(url()).verdict, Verdict::again);
    at_lookup = [] { throw Error(ErrorCode::network, "the name hook.test could not be looked up in time"); };
    EXPECT_EQ(deliver(url()).verdict, Verdict::again);
    EXPECT_TRUE(server.requests().empty());
}

TEST_F(Webhooks, ProxiesAreNotUsed) {
    TestServer proxy([](const TestRequest&) { return TestReply{}; });
    ::setenv("http_proxy", proxy.url().c_str(), 1);
    const Delivery delivery = deliver(url());
    ::unsetenv("http_proxy");
    EXPECT_EQ(delivery.verdict, Verdict::delivered);
    EXPECT_EQ(server.requests().size(), 1U);
    EXPECT_TRUE(proxy.requests().empty());
}

TEST_F(Webhooks, WithoutASecretNothingIsSent) {
    server_secrets.clear();
    const Job job = finished(url());
    EXPECT_THROW(notifier().deliver(event_of(job)), Error);
    EXPECT_EQ(deliver_all().again, 0);  // it waits until there is one, and no try is counted
    EXPECT_EQ(event_of(job).attempts, 0);
    // A secret that is none is the callback's fault.
    EXPECT_EQ(notifier().deliver(event_of(finished(url(), {"hemligt"}))).verdict, Verdict::refused);
    EXPECT_TRUE(server.requests().empty());
}

TEST_F(Webhooks, LinksNeedAnAddress) {
    for (const char* bad :
         {"", "transcribe.example.org", "ftp://example.org", "https://example.org?x", "https://a#b"}) {
        options.message.public_url = bad;
        EXPECT_THROW(notifier(), Error) << bad;
    }
    options.message.public_url = "http://127.0.0.1:8080/";
    EXPECT_NO_THROW(notifier());
}

}  // namespace
}  // namespace ft
