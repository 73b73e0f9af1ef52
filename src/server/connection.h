#pragma once
// One connection's bytes, with limits that cpp-httplib does not have: how long a head may be and how long it may take.
// For http_server.cpp, as it includes httplib.h.
#include <httplib.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <string>

#include "base/clock.h"

namespace ft {

struct ConnectionLimits {
    size_t longest_head = size_t{64} << 10;  ///< request line and headers
    int64_t head_ms = 10000;                 ///< from its first byte to its last
    int64_t idle_ms = 5000;                  ///< between two requests
    int64_t crowded_idle_ms = 100;           ///< likewise, while every thread has a connection: others may be waiting
    int64_t stall_ms = 30000;                ///< between two reads of a body, or two writes
};

/// What all connections of a server share.
struct ConnectionCrowd {
    std::atomic<bool> stopping{false};
    std::atomic<int> open{0};  ///< that a thread has taken
    int most = 128;            ///< threads
};

/// Owns the socket. One thread.
class Connection : public httplib::Stream {
  public:
    /// `clock` and `crowd` outlive it.
    Connection(int socket, const ConnectionLimits& limits, const Clock& clock, ConnectionCrowd& crowd);
    ~Connection();

    /// Waits for the first byte of a request; false when the connection should end.
    bool wait_for_request();
    /// From here on bytes are the body's.
    void head_is_read() { in_head_ = false; }
    /// False when the other side has closed.
    bool is_open() const;
    bool stopping() const { return crowd_.stopping.load(); }
    /// Takes and forgets what still comes, for a moment and up to a limit, so that a client that is still sending gets
    /// to read the reply before the connection is closed.
    void drain();

    // Of httplib::Stream. Not marked as overriding: which of them there are depends on the library's version.
    bool is_readable() const;
    bool is_writable() const;
    ssize_t read(char* target, size_t size);
    ssize_t write(const char* source, size_t size);
    void get_remote_ip_and_port(std::string& ip, int& port) const;
    void get_local_ip_and_port(std::string& ip, int& port) const;
    socket_t socket() const { return socket_; }

  private:
    bool fill(int64_t wait_ms);
    /// Whether the socket gets ready for `events` in that time.
    bool poll_for(short events, int64_t wait_ms) const;

    const int socket_;
    const ConnectionLimits limits_;
    const Clock& clock_;
    ConnectionCrowd& crowd_;
    std::array<char, 16384> buffer_;
    size_t begin_ = 0, end_ = 0;  // of what is in the buffer
    bool in_head_ = true, had_request_ = false;
    size_t head_bytes_ = 0;
    int64_t head_until_ms_ = 0;
};

}  // namespace ft
