// What strangers send, from the first byte of a connection on: request lines, headers, query strings, forms, JSON and
// options through the real server, with every route and stores in memory. Each reply has a status that is meant, and
// errors have a code and a sentence. And bodies of forms: the same parts however the bytes come.
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <string>

#include "base/error.h"
#include "base/log.h"
#include "jobs/memory/manual_clock.h"
#include "jobs/memory/memory_job_store.h"
#include "jobs/memory/memory_object_store.h"
#include "server/api_server.h"
#include "server/http_server.h"
#include "server/multipart.h"

namespace {

struct Recorder : ft::PartSink {
    std::string all;
    void begin_part(const ft::PartHead& head) override {
        all += "<" + head.name + "|" + head.filename.value_or("-") + "|" + head.content_type + ">";
    }
    void part_bytes(std::string_view bytes) override { all += bytes; }
    void end_part() override { all += "</>"; }
};

/// What came of it; with the sentence when it was refused.
std::string outcome(std::string_view body, size_t step) {
    Recorder recorder;
    try {
        ft::MultipartParser parser("XX", recorder);
        for (size_t at = 0; at < body.size(); at += step) parser.push(body.substr(at, step));
        parser.finish();
    } catch (const ft::Error& error) {
        if (error.code() != ft::ErrorCode::invalid_argument) std::abort();
        // How much of a part was handed on before depends on the steps.
        return "refused";
    }
    return recorder.all;
}

void check_form(std::string_view body) {
    const std::string whole = outcome(body, body.size() + 1);
    if (outcome(body, 1) != whole || outcome(body, 13) != whole) std::abort();
    try {
        ft::multipart_boundary(std::string(body));
    } catch (const ft::Error&) {
    }
}

struct NoEngine : ft::Transcribe {
    std::string plan(const ft::Job&) override { return "none"; }
    ft::Transcript transcribe(const ft::TranscribeRequest&, const ft::WindowFunction&,
                              const std::atomic<bool>&) override {
        throw ft::Error(ft::ErrorCode::bad_media, "there is no engine");
    }
};

/// A server without a port, new for every input.
struct Server {
    ft::ManualClock clock;
    ft::MemoryJobStore jobs{clock};
    ft::MemoryObjectStore objects{clock};
    NoEngine engine;
    ft::Metrics metrics;
    ft::ClientLimits waiting{4};
    ft::AudioTickets tickets{clock};
    ft::ApiParts parts{jobs,    objects, engine,
                       metrics, waiting, [] { return ft::EngineStatus{true, true, "none"}; },
                       [] {},   {},      {int64_t{1} << 20, size_t{16} << 10, {}},
                       50,      tickets};
    ft::Router router{ft::api_routes(parts)};
    ft::Gate gate{{}, router, metrics, tickets, clock};

    /// The bytes that come back on a connection with these.
    std::string answer(std::string_view bytes) {
        int ends[2] = {-1, -1};
        if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) std::abort();
        const ssize_t sent = ::send(ends[0], bytes.data(), bytes.size(), MSG_DONTWAIT);
        if (sent < 0 && !bytes.empty()) std::abort();
        ::shutdown(ends[0], SHUT_WR);
        ft::answer_connection(ends[1], gate, clock, 10);
        std::string reply(size_t{1} << 20, '\0');
        const ssize_t got = ::recv(ends[0], reply.data(), reply.size(), MSG_DONTWAIT | MSG_WAITALL);
        ::close(ends[0]);
        reply.resize(got < 0 ? 0 : static_cast<size_t>(got));
        return reply;
    }
};

void check_reply(std::string_view request, std::string_view reply) {
    if (reply.empty()) return;
    if (reply.substr(0, 9) != "HTTP/1.1 " && reply.substr(0, 9) != "HTTP/1.0 ") std::abort();
    const int status = std::atoi(std::string(reply.substr(9, 3)).c_str());
    if (status < 100 || status == 500 || status > 507) std::abort();
    const bool no_body = request.substr(0, 4) == "HEAD";
    if (status >= 400 && !no_body &&
        (reply.find("{\"error\":{\"message\":\"") == std::string_view::npos ||
         reply.find("\"code\":\"") == std::string_view::npos))
        std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char***) {
    ft::set_up_log(ft::Verbosity::quiet);
    return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    check_form(bytes);
    Server server;
    check_reply(bytes, server.answer(bytes));
    return 0;
}
