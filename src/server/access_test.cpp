#include "server/access.h"

#include <gtest/gtest.h>

#include <span>

#include "base/error.h"
#include "base/sha256.h"
#include "jobs/memory/manual_clock.h"
#include "server/audio_ticket.h"

namespace ft {
namespace {

std::string digest(std::string_view key) {
    return sha256_hex(std::as_bytes(std::span(key)));
}

TEST(Access, LoopbackHasManyNames) {
    for (const char* host : {"localhost", "LocalHost", "127.0.0.1", "127.8.7.6", "::1", "[::1]"})
        EXPECT_TRUE(is_loopback_host(host)) << host;
    for (const char* host :
         {"", "example.org", "localhost.example.org", "127.0.0.1.example.org", "10.0.0.1", "0.0.0.0"})
        EXPECT_FALSE(is_loopback_host(host)) << host;
}

TEST(Access, WithoutKeysOnlyLoopbackNamesAreAnswered) {
    EXPECT_EQ(foreign_page("127.0.0.1:8080", "", true), "");
    EXPECT_EQ(foreign_page("[::1]:8080", "", true), "");
    EXPECT_NE(foreign_page("evil.example:8080", "", true), "") << "a name that leads here";
    EXPECT_EQ(foreign_page("transcribe.example", "", false), "");
    EXPECT_NE(foreign_page("", "", false), "");
}

TEST(Access, PagesOfOthersMayNotAsk) {
    EXPECT_EQ(foreign_page("localhost:8080", "http://localhost:8080", true), "");
    EXPECT_NE(foreign_page("localhost:8080", "http://localhost:3000", true), "");
    EXPECT_NE(foreign_page("localhost:8080", "https://evil.example", true), "");
    EXPECT_NE(foreign_page("localhost:8080", "null", true), "");
    EXPECT_EQ(foreign_page("transcribe.example", "https://transcribe.example", false), "") << "behind a proxy with TLS";
    EXPECT_NE(foreign_page("transcribe.example", "https://evil.transcribe.example", false), "");
}

TEST(Access, KeysAreKnownByTheirDigests) {
    const ApiKeys keys =
        ApiKeys::parse("# people\n" + digest("first") + " anna\n\n" + digest("second") + "\tbo\r\n", "f");
    EXPECT_EQ(keys.name_of("Bearer first"), "anna");
    EXPECT_EQ(keys.name_of("bearer  second"), "bo");
    for (const char* bad :
         {"", "Bearer", "Bearer ", "first", "Basic first", "Bearer third", "Bearer firs", "Bearer first x"})
        EXPECT_EQ(keys.name_of(bad), "") << bad;
    EXPECT_EQ(keys.name_of("Bearer " + digest("first")), "") << "the digest is no key";
}

TEST(Access, ABadKeyFileIsRefusedWithoutRepeatingIt) {
    for (const std::string& bad :
         std::vector<std::string>{"", "# nothing\n", "sk-secret anna\n", digest("x") + "\n", digest("x") + " a b\n"}) {
        try {
            ApiKeys::parse(bad, "keys.txt");
            ADD_FAILURE() << bad;
        } catch (const Error& error) {
            EXPECT_EQ(std::string(error.what()).find("sk-secret"), std::string::npos);
            EXPECT_NE(std::string(error.what()).find("keys.txt"), std::string::npos);
        }
    }
}

TEST(Access, ATicketIsForOneRecordingAndAnHour) {
    ManualClock clock;
    const AudioTickets tickets(clock);
    const std::string ticket = tickets.make("job_1", "an.na");
    EXPECT_EQ(tickets.client_of(ticket, "job_1"), "an.na");
    EXPECT_EQ(tickets.client_of(ticket, "job_2"), "");
    EXPECT_EQ(tickets.client_of(ticket + "x", "job_1"), "") << "in another's name";
    for (size_t i = 0; i < ticket.size(); ++i) {
        std::string wrong = ticket;
        wrong[i] = wrong[i] == '7' ? '8' : '7';
        EXPECT_EQ(tickets.client_of(wrong, "job_1"), "") << wrong;
    }
    for (const char* nonsense : {"", ".", "..", "9999999999999.", "9999999999999..anna", "anna"})
        EXPECT_EQ(tickets.client_of(nonsense, "job_1"), "") << nonsense;
    EXPECT_EQ(AudioTickets(clock).client_of(ticket, "job_1"), "") << "of another process";
    clock.jump_wall(-int64_t{24} * 3600000);
    clock.advance(AudioTickets::lasts_ms - 1);
    EXPECT_EQ(tickets.client_of(ticket, "job_1"), "an.na");
    clock.advance(1);
    EXPECT_EQ(tickets.client_of(ticket, "job_1"), "");
    EXPECT_EQ(job_of_audio_path("/jobs/job_1/audio"), "job_1");
    for (const char* other : {"/jobs/audio", "/jobs//audio", "/jobs/job_1/result", "/audio", ""})
        EXPECT_EQ(job_of_audio_path(other), "") << other;
}

TEST(Access, EachClientHasItsOwnPlaces) {
    ClientLimits limits(2);
    auto first = limits.take("anna"), second = limits.take("anna");
    EXPECT_TRUE(first && second);
    EXPECT_FALSE(limits.take("anna"));
    EXPECT_TRUE(limits.take("bo"));
    first.reset();
    EXPECT_TRUE(limits.take("anna"));
    EXPECT_FALSE(ClientLimits(0).take("anna"));
}

}  // namespace
}  // namespace ft
