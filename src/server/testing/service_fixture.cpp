#include "server/testing/service_fixture.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>

#include "base/unique_fd.h"

namespace ft {

using nlohmann::json;

std::string InventedEngine::plan(TranscribeOptions options) {
    return "invented " + options.decode.language + (options.decode.word_times ? " words" : "");
}

void InventedEngine::hold(const std::string& name, int64_t window) {
    const std::lock_guard lock(mutex_);
    held_ = name;
    held_window_ = window;
}

void InventedEngine::let_go() {
    const std::lock_guard lock(mutex_);
    held_.clear();
    changed_.notify_all();
}

int InventedEngine::windows_computed() const {
    const std::lock_guard lock(mutex_);
    return computed_;
}

void InventedEngine::wait_before(const std::string& name, int64_t window, const std::atomic<bool>* stop) {
    std::unique_lock lock(mutex_);
    while (held_ == name && window >= held_window_ && !stop->load())
        changed_.wait_for(lock, std::chrono::milliseconds(5));
    if (!stop->load()) ++computed_;
}

namespace {

/// "<name> <index>.", with words when they are asked for: the name from 1 s on, the number from 7 s on.
FinishedWindow invented_window(const std::string& name, int64_t index, bool words) {
    FinishedWindow window;
    window.index = index;
    window.begin_s = 10.0 * static_cast<double>(index);
    window.end_s = window.begin_s + 10;
    Segment segment;
    segment.start_s = window.begin_s + 1;
    segment.end_s = window.begin_s + 9;
    segment.text = name + " " + std::to_string(index) + ".";
    if (words)
        segment.words = {{" " + name, segment.start_s, segment.start_s + 5, 0.9F},
                         {" " + std::to_string(index) + ".", segment.start_s + 6, segment.end_s, 0.8F}};
    window.segments = {segment};
    return window;
}

}  // namespace

Transcript InventedEngine::transcribe(const std::string& audio, TranscribeOptions options,
                                      const TranscribeHooks& hooks) {
    const std::string recording = read_file(audio);
    const int64_t windows = std::atoll(recording.c_str());
    if (windows <= 0) throw Error(ErrorCode::bad_media, "{}: is a text file, not audio", audio);
    const std::string name = recording.substr(recording.find(' ') + 1);
    Transcript transcript;
    transcript.language = options.decode.language == "auto" ? "sv" : options.decode.language;
    transcript.task = options.decode.task;
    transcript.duration_s = 10.0 * static_cast<double>(windows);
    transcript.metadata.emplace_back("model", model());
    for (int64_t i = 0; i < windows; ++i) {
        FinishedWindow window;
        for (const FinishedWindow& known : hooks.finished) {
            if (known.index == i) window = known;
        }
        if (window.segments.empty()) {
            wait_before(name, i, hooks.stop);
            if (hooks.stop->load()) return transcript;
            window = invented_window(name, i, options.decode.word_times);
            if (hooks.on_window) hooks.on_window(window, transcript.duration_s);
        }
        window.segments.front().id = static_cast<int>(i);
        transcript.segments.push_back(window.segments.front());
    }
    return transcript;
}

ServiceTest::ServiceTest() {
    service_options_.data = folder_ / "data";
    service_options_.workers = 3;
    service_options_.url_inputs.addresses.allow_http = service_options_.webhook.addresses.allow_http = true;
    const std::vector<IpNetwork> here = {parse_network("127.0.0.0/8")};
    service_options_.url_inputs.addresses.allowed = service_options_.webhook.addresses.allowed = here;
    load_ = [engine = engine_] { return engine; };
}

ServiceTest::~ServiceTest() {
    engine_->let_go();
    stop();
}

void ServiceTest::start() {
    if (server_) return;
    auto http = std::make_unique<HttpServer>(http_options_, clock_);
    service_options_.webhook.message.public_url = http->url();
    service_ = std::make_unique<LocalService>(service_options_, load_, resolve_by_system, clock_,
                                              [](const Error& error) { ADD_FAILURE() << error.what(); });
    server_options_.rules.urls = service_options_.url_inputs.addresses;
    server_options_.rules.callbacks = service_options_.webhook.addresses;
    server_ = std::make_unique<ApiServer>(server_options_, std::move(http), *service_, clock_);
}

void ServiceTest::stop() {
    if (server_) server_->stop();
    if (service_) service_->stop();
    server_.reset();
    service_.reset();
}

int ServiceTest::port() const {
    const std::string url = server_->url();
    return std::atoi(url.c_str() + url.rfind(':') + 1);
}

HttpResponse ServiceTest::send(HttpRequest request) {
    start();
    request.url = server_->url() + request.url;
    request.token = token_;
    HttpOptions options;
    options.use_proxy = false;
    return HttpClient(options).send_once(request);
}

HttpResponse ServiceTest::get(const std::string& path) {
    HttpRequest request;
    request.url = path;
    return send(request);
}

HttpResponse ServiceTest::post(const std::string& path, const std::string& body, const std::string& type) {
    HttpRequest request;
    request.url = path;
    request.method = "POST";
    request.body = body;
    if (!type.empty()) request.headers = {"Content-Type: " + type};
    return send(request);
}

HttpResponse ServiceTest::post_form(const std::string& path, const std::vector<FormPart>& parts,
                                    const std::vector<std::string>& headers) {
    HttpRequest request;
    request.url = path;
    request.method = "POST";
    request.headers = headers;
    request.headers.emplace_back("Content-Type: multipart/form-data; boundary=limit");
    std::string body;
    for (const FormPart& part : parts) {
        body += "--limit\r\nContent-Disposition: form-data; name=\"" + part.name + "\"";
        if (!part.filename.empty()) body += "; filename=\"" + part.filename + "\"";
        body += "\r\n\r\n" + part.value + "\r\n";
    }
    request.body = body + "--limit--\r\n";
    return send(request);
}

std::string ServiceTest::upload(const std::string& recording, const std::vector<FormPart>& more) {
    std::vector<FormPart> parts = {{"file", recording, "talk.wav"}};
    parts.insert(parts.end(), more.begin(), more.end());
    const HttpResponse response = post_form("/jobs", parts);
    EXPECT_EQ(response.status, 202) << response.body;
    return json_of(response).value("job_id", "");
}

json ServiceTest::job(const std::string& id) {
    return json_of(get("/jobs/" + id));
}

json ServiceTest::wait_for(const std::string& id, const std::string& state) {
    json latest;
    for (int i = 0; i < 2000; ++i) {
        latest = job(id);
        if (latest.value("state", "") == state) return latest;
        clock_.sleep_ms(10);
    }
    ADD_FAILURE() << "the job does not become " << state << ": " << latest.dump();
    return latest;
}

std::string ServiceTest::send_raw(const std::string& bytes, int silence_ms) {
    start();
    const UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port()));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return "no connection";
    std::string reply;
    for (size_t sent = 0;;) {
        pollfd entry{socket.get(), static_cast<short>(sent < bytes.size() ? POLLIN | POLLOUT : POLLIN), 0};
        if (::poll(&entry, 1, silence_ms) <= 0) return reply;
        if ((entry.revents & POLLOUT) != 0) {
            const ssize_t count =
                ::send(socket.get(), bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
            if (count < 0) return reply;
            sent += static_cast<size_t>(count);
        }
        if ((entry.revents & (POLLIN | POLLHUP | POLLERR)) != 0) {
            char buffer[4096];
            const ssize_t got = ::recv(socket.get(), buffer, sizeof buffer, 0);
            if (got <= 0) return reply;
            reply.append(buffer, static_cast<size_t>(got));
        }
    }
}

json json_of(const HttpResponse& response) {
    json parsed = json::parse(response.body, nullptr, false);
    EXPECT_FALSE(parsed.is_discarded()) << response.status << " " << response.failure_text << " " << response.body;
    return parsed.is_discarded() ? json::object() : parsed;
}

std::string sentence_of(const HttpResponse& response) {
    const json error = json_of(response).value("error", json::object());
    EXPECT_TRUE(error.contains("code") && error.contains("type") && error.contains("param")) << response.body;
    return error.value("message", "");
}

std::string reason_of(const HttpResponse& response) {
    return json_of(response).value("error", json::object()).value("code", "");
}

}  // namespace ft
