#include "net/ip_address.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace ft {
namespace {

bool global(const char* text) {
    const auto address = parse_ip(text);
    EXPECT_TRUE(address) << text;
    return address && is_global(*address);
}

TEST(IpAddress, ThePublicInternetIsGlobal) {
    for (const char* text :
         {"1.1.1.1",         "8.8.8.8",         "9.255.255.255",   "11.0.0.0",        "93.184.216.34",
          "100.63.255.255",  "100.128.0.0",     "126.255.255.255", "128.0.0.0",       "168.63.129.15",
          "168.63.129.17",   "169.253.255.255", "169.255.0.0",     "172.15.255.255",  "172.32.0.0",
          "191.255.255.255", "192.0.1.0",       "192.0.3.0",       "192.88.98.255",   "192.167.255.255",
          "192.169.0.0",     "198.17.255.255",  "198.20.0.0",      "198.51.99.255",   "198.51.101.0",
          "203.0.112.255",   "203.0.114.0",     "223.255.255.255", "2001:200::1",     "2001:4860:4860::8888",
          "2001:db7:ffff::", "2001:db9::",      "2003::1",         "2606:4700::1111", "2a00:1450::1",
          "3ffe:ffff::",     "3fff:1000::"}) {
        EXPECT_TRUE(global(text)) << text;
    }
}

TEST(IpAddress, EverythingElseIsNot) {
    for (const char* text :
         {// IPv4: this host, private, shared, loopback, link-local and metadata, documentation, tests, multicast, rest
          "0.0.0.0", "0.255.255.255", "10.0.0.0", "10.255.255.255", "100.64.0.0", "100.100.100.200", "100.127.255.255",
          "127.0.0.0", "127.0.0.1", "127.255.255.255", "168.63.129.16", "169.254.0.0", "169.254.169.254",
          "169.254.170.2", "172.16.0.0", "172.31.255.255", "192.0.0.0", "192.0.0.192", "192.0.2.1", "192.88.99.1",
          "192.168.0.0", "192.168.255.255", "198.18.0.0", "198.19.255.255", "198.51.100.1", "203.0.113.255",
          "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
          // IPv6: unspecified, loopback, link-local, site-local, unique local (metadata, too), multicast
          "::", "::1", "fe80::1", "febf::1", "fec0::1", "fc00::1", "fd00::1", "fd00:ec2::254", "ff02::1", "ff0e::1",
          // IPv4 inside: mapped, compatible, translated, NAT64, 6to4, Teredo, ISATAP, whatever the address inside
          "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::127.0.0.1", "::8.8.8.8", "::ffff:0:127.0.0.1", "64:ff9b::7f00:1",
          "64:ff9b::8.8.8.8", "64:ff9b:1::1", "2002:7f00:1::", "2002:808:808::1", "2001:0:4136:e378::1",
          "2001:470::5efe:7f00:1", "2001:470::200:5efe:8.8.8.8",
          // documentation, benchmarks, ORCHID, discard, segment routing, unassigned
          "2001:db8::1", "3fff::1", "3fff:fff:ffff::", "2001:2::1", "2001:10::1", "2001:20::1",
          "2001:1ff:ffff::", "100::1", "5f00::1", "1fff::1", "4000::1", "8000::1", "f000::1"}) {
        EXPECT_FALSE(global(text)) << text;
    }
}

TEST(IpAddress, OnlyTheUsualFormIsParsed) {
    for (const char* text :
         {"", "1", "1.2.3", "1.2.3.4.5", "1.2.3.256", "01.2.3.4", "0x7f.0.0.1", " 1.2.3.4", "1.2.3.4 ", "[::1]",
          "::1%lo", "fe80::1%25eth0", "::g", "1:2:3:4:5:6:7:8:9", "localhost"}) {
        EXPECT_FALSE(parse_ip(text)) << text;
    }
    EXPECT_FALSE(parse_ip(std::string_view("8.8.8.8\0.example", 16)));
    EXPECT_EQ(to_string(*parse_ip("2001:DB8:0:0:0:0:0:1")), "2001:db8::1");
    EXPECT_EQ(to_string(*parse_ip("192.0.2.1")), "192.0.2.1");
}

TEST(IpAddress, HostsThatAreNumbersAreFoundOut) {
    for (const char* host : {"127.0.0.1", "2130706433", "0x7f000001", "0x7F.1", "0177.0.0.1", "017700000001", "127.1",
                             "127.0.1", "0x7f.0x0.0x0.0x1"}) {
        const auto address = parse_host_ip(host);
        ASSERT_TRUE(address) << host;
        EXPECT_EQ(to_string(*address), "127.0.0.1") << host;
    }
    EXPECT_EQ(to_string(*parse_host_ip("[::1]")), "::1");
    EXPECT_EQ(to_string(*parse_host_ip("0")), "0.0.0.0");
    for (const char* host : {"example.org", "[127.0.0.1]", "[::1", "[]", "a.b", "dead.beef", "127.0.0.1.example.org",
                             "999999999999", "1.2.3.4 x"}) {
        EXPECT_FALSE(parse_host_ip(host)) << host;
    }
}

TEST(IpNetwork, ContainsWhatBeginsWithIt) {
    const auto inside = [](const char* network, const char* address) {
        return parse_network(network).contains(*parse_ip(address));
    };
    EXPECT_TRUE(inside("10.0.0.0/8", "10.255.0.1"));
    EXPECT_FALSE(inside("10.0.0.0/8", "11.0.0.0"));
    EXPECT_TRUE(inside("172.16.0.0/12", "172.31.255.255"));
    EXPECT_FALSE(inside("172.16.0.0/12", "172.32.0.0"));
    EXPECT_TRUE(inside("127.0.0.1", "127.0.0.1"));
    EXPECT_FALSE(inside("127.0.0.1", "127.0.0.2"));
    EXPECT_TRUE(inside("0.0.0.0/0", "255.1.2.3"));
    EXPECT_FALSE(inside("0.0.0.0/0", "::1"));
    EXPECT_TRUE(inside("fd00::/8", "fdff::1"));
    EXPECT_FALSE(inside("fd00::/8", "fe00::1"));
    EXPECT_TRUE(inside("::1/128", "::1"));
    for (const char* text : {"", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8x", "::/129", "10/8", "lan"}) {
        EXPECT_THROW(parse_network(text), Error) << text;
    }
}

}  // namespace
}  // namespace ft
