#include "server/audio_routes.h"

#include <algorithm>

#include "base/log.h"
#include "net/http_client.h"
#include "server/byte_range.h"

namespace ft {

namespace {

/// A reply to a Range gives no more than this at once: players ask for the next part when they need it, and one that is
/// paused holds neither a thread nor memory.
constexpr int64_t longest_part = int64_t{2} << 20;
constexpr int64_t piece_bytes = int64_t{256} << 10;

std::string key_of(const Job& job) {
    const auto key = key_of_uri(job.input.uri);
    if (!key)
        throw ApiRefusal(404, "no_audio",
                         "the recording came from an address and is not kept here; only uploads can be heard again");
    return *key;
}

/// The recording's key and what is known of it. Throws ApiRefusal{404}.
ObjectInfo find_audio(const ApiParts& parts, const std::string& id) {
    const Job job = find_job(parts.store, id);
    const std::optional<ObjectInfo> info = parts.objects.stat(key_of(job));
    if (!info) throw ApiRefusal(404, "no_audio", "the recording is not there any more");
    check_same_object(job.input, *info);
    return *info;
}

ApiReply make_link(const ApiParts& parts, const ApiRequest& request, const std::string& id) {
    find_audio(parts, id);
    const std::string url = "/jobs/" + id + "/audio?ticket=" + percent_encode(parts.tickets.make(id, request.client));
    return json_reply(200, fmt::format("{{\"url\":\"{}\",\"expires_in_s\":{}}}\n", url, AudioTickets::lasts_ms / 1000));
}

ApiReply get_audio(const ApiParts& parts, const ApiRequest& request, const std::string& id) {
    const ObjectInfo info = find_audio(parts, id);
    const std::string key = info.key;
    ApiReply reply;
    reply.type = media_type_of(parts.objects.read(key, 0, 64));
    // It is a stranger's file: should a browser ever show it as a page, that page may do nothing.
    reply.headers = {{"Accept-Ranges", "bytes"},
                     {"Cache-Control", "no-store"},
                     {"Content-Security-Policy", "default-src 'none'; sandbox"},
                     {"Referrer-Policy", "no-referrer"},
                     {"Cross-Origin-Resource-Policy", "same-origin"}};
    if (auto range = parse_range(request.header("range"), info.size_bytes)) {
        if (range->first >= info.size_bytes) return no_such_range("the recording", info.size_bytes);
        range->last = std::min(range->last, range->first + longest_part - 1);
        reply.status = 206;
        reply.headers.emplace_back("Content-Range", content_range(*range, info.size_bytes));
        reply.body = parts.objects.read(key, range->first, range->last - range->first + 1);
        return reply;
    }
    reply.stream = [&objects = parts.objects, key, size = info.size_bytes, id](ReplySink& sink) {
        try {
            for (int64_t at = 0; at < size;) {
                const std::string piece = objects.read(key, at, piece_bytes);
                // Somebody has shortened or deleted it since it was opened.
                if (piece.empty()) throw Error(ErrorCode::io, "{} bytes of it are missing", size - at);
                if (!sink.write(piece)) return false;
                at += static_cast<int64_t>(piece.size());
            }
            return true;
        } catch (const std::exception& error) {
            spdlog::error("job {}: its recording breaks off: {}", id, error.what());
            return false;
        }
    };
    return reply;
}

bool has(std::string_view bytes, size_t at, std::string_view mark) {
    return bytes.size() >= at + mark.size() && bytes.substr(at, mark.size()) == mark;
}

}  // namespace

std::string_view media_type_of(std::string_view bytes) {
    if ((has(bytes, 0, "RIFF") || has(bytes, 0, "RF64")) && has(bytes, 8, "WAVE")) return "audio/wav";
    if (has(bytes, 0, "fLaC")) return "audio/flac";
    if (has(bytes, 0, "OggS")) return "audio/ogg";
    if (has(bytes, 4, "ftyp")) return has(bytes, 8, "M4A") ? "audio/mp4" : "video/mp4";
    if (has(bytes, 0, "\x1A\x45\xDF\xA3")) return "video/webm";  // Matroska too
    if (has(bytes, 0, "ID3")) return "audio/mpeg";
    if (bytes.size() >= 2 && bytes[0] == '\xFF') {
        const auto second = static_cast<unsigned char>(bytes[1]);
        if ((second & 0xF6) == 0xF0) return "audio/aac";  // ADTS
        const int layer = (second >> 1) & 3;              // 1: III, 2: II; 3 (I) looks like a mark of UTF-16
        if ((second & 0xE0) == 0xE0 && (layer == 1 || layer == 2)) return "audio/mpeg";
    }
    return "application/octet-stream";
}

std::vector<Route> audio_routes(const ApiParts& parts) {
    return {{"GET", "/jobs/{id}/audio",
             [&parts](const ApiRequest& request, const PathParts& path) { return get_audio(parts, request, path[0]); }},
            {"POST", "/jobs/{id}/audio/link", [&parts](const ApiRequest& request, const PathParts& path) {
                 return make_link(parts, request, path[0]);
             }}};
}

}  // namespace ft
