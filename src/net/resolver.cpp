#include "net/resolver.h"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <memory>
#include <mutex>
#include <new>
#include <system_error>
#include <thread>

#include "base/error.h"

namespace ft {

namespace {

struct AddressListDeleter {
    void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};

struct Lookup {
    std::mutex mutex;
    std::condition_variable changed;
    bool done = false;
    int failure = 0;
    std::vector<IpAddress> addresses;
};

/// Throws std::bad_alloc.
std::vector<IpAddress> addresses_of(const addrinfo* list) {
    std::vector<IpAddress> addresses;
    for (const addrinfo* entry = list; entry != nullptr; entry = entry->ai_next) {
        IpAddress address;
        address.is_v6 = entry->ai_family == AF_INET6;
        if (address.is_v6) {
            std::memcpy(address.bytes.data(), &reinterpret_cast<const sockaddr_in6*>(entry->ai_addr)->sin6_addr, 16);
        } else {
            std::memcpy(address.bytes.data(), &reinterpret_cast<const sockaddr_in*>(entry->ai_addr)->sin_addr, 4);
        }
        if (std::find(addresses.begin(), addresses.end(), address) == addresses.end()) addresses.push_back(address);
    }
    return addresses;
}

void look_up(const std::string& host, Lookup& lookup) {
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* first = nullptr;
    int failure = ::getaddrinfo(host.c_str(), nullptr, &hints, &first);
    const std::unique_ptr<addrinfo, AddressListDeleter> list(failure == 0 ? first : nullptr);
    std::vector<IpAddress> addresses;
    try {
        addresses = addresses_of(list.get());
    } catch (const std::bad_alloc&) {
        failure = EAI_MEMORY;  // nobody above this thread would catch it
    }
    const std::lock_guard lock(lookup.mutex);
    lookup.done = true;
    lookup.failure = failure;
    lookup.addresses = std::move(addresses);
    lookup.changed.notify_all();
}

}  // namespace

std::vector<IpAddress> resolve_by_system(const std::string& host, int64_t timeout_ms) {
    // getaddrinfo cannot be told to stop: a thread that it keeps for too long is left to end by itself.
    const auto lookup = std::make_shared<Lookup>();
    try {
        std::thread([host, lookup] { look_up(host, *lookup); }).detach();
    } catch (const std::system_error&) {
        throw Error(ErrorCode::out_of_memory, "no thread is left to look up the name {}", host);
    }
    std::unique_lock lock(lookup->mutex);
    if (!lookup->changed.wait_for(lock, std::chrono::milliseconds(timeout_ms), [&] { return lookup->done; }))
        throw Error(ErrorCode::network, "the name {} could not be looked up in time", host);
    const bool nameless = lookup->failure == 0 || lookup->failure == EAI_NONAME || lookup->failure == EAI_NODATA;
    if (!nameless)
        throw Error(ErrorCode::network, "the name {} cannot be looked up: {}", host, ::gai_strerror(lookup->failure));
    return lookup->addresses;
}

}  // namespace ft
