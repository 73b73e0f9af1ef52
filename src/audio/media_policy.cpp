#include "audio/media_policy.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace ft {

namespace {

// Recordings as people have them: files, broadcasts, telephones, dictation machines. None of these demuxers opens a
// second file once external references are off (media_file.cpp refuses every such attempt besides). Raw samples without
// a header are missing on purpose: nobody can know their rate. The raw telephone codecs have one fixed rate.
constexpr std::string_view allowed[] = {
    "aac",  "ac3",      "act",  "aea",  "aiff",   "amr",  "amrnb",      "amrwb", "ape",   "asf",    "asf_o",
    "au",   "avi",      "avr",  "caf",  "daud",   "dsf",  "dss",        "dts",   "dtshd", "dv",     "eac3",
    "flac", "flv",      "g722", "gsm",  "gxf",    "hcom", "iff",        "ilbc",  "ircam", "kux",    "live_flv",
    "loas", "matroska", "webm", "mlp",  "mmf",    "mov",  "mp4",        "m4a",   "3gp",   "3g2",    "mj2",
    "mp3",  "mpc",      "mpc8", "mpeg", "mpegts", "mxf",  "nistsphere", "nut",   "ogg",   "oma",    "paf",
    "pvf",  "qcp",      "rm",   "sbc",  "sds",    "sdx",  "sln",        "sox",   "tak",   "truehd", "tta",
    "voc",  "vqf",      "w64",  "wav",  "wsd",    "wtv",  "wv",         "wve",   "xa",    "xwma"};

struct Kind {
    std::string_view start;
    std::string_view what;
};

constexpr Kind references[] = {
    {"#EXTM3U", "an HLS or M3U playlist"},
    {"ffconcat version", "an FFmpeg concat script"},
    {"[playlist]", "a PLS playlist"},
    {"[Reference]", "an ASF reference file"},
    {"<ASX", "an ASX playlist"},
    {"<asx", "an ASX playlist"},
    {"<MPD", "a DASH manifest"},
    {"<smil", "a SMIL playlist"},
    {"<SmoothStreamingMedia", "a Smooth Streaming manifest"},
    {"<playlist", "an XSPF playlist"},
    {"v=0\r\n", "an SDP session description"},
    {"v=0\n", "an SDP session description"},
    {"rtsp://", "a RealMedia reference file"},
};

constexpr std::string_view reference_formats[] = {
    "hls", "applehttp",          "concat", "concatf", "dash",    "imf", "sdp", "rtsp", "rtp",
    "sap", "webm_dash_manifest", "vobsub", "avs",     "avisynth"};
constexpr std::string_view text_formats[] = {
    "ass",    "aqtitle", "ffmetadata", "jacosub", "microdvd",  "mpl2",       "mpsub", "pjs",         "realtext",
    "sami",   "scc",     "srt",        "stl",     "subviewer", "subviewer1", "sup",   "tedcaptions", "vplayer",
    "webvtt", "lrc",     "mcc",        "tty",     "bin",       "xbin",       "adf",   "idf"};
constexpr std::string_view raw_formats[] = {"alaw",  "mulaw", "s8",    "u8",    "s16le", "s16be",
                                            "s24le", "s24be", "s32le", "s32be", "f32le", "f32be",
                                            "f64le", "f64be", "u16le", "u16be", "vidc"};

template <size_t N>
bool contains_any(const std::string_view (&names)[N], std::string_view list) {
    while (!list.empty()) {
        const size_t comma = std::min(list.find(','), list.size());
        if (std::find(std::begin(names), std::end(names), list.substr(0, comma)) != std::end(names)) return true;
        list.remove_prefix(std::min(comma + 1, list.size()));
    }
    return false;
}

void skip_white(std::string_view& text) {
    text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
}

/// Past the byte order mark, white space, and the prologue and comments that XML files begin with.
std::string_view skip_prologue(std::string_view text) {
    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    skip_white(text);
    while (text.starts_with("<?") || text.starts_with("<!")) {
        const size_t end = text.find('>');
        if (end == std::string_view::npos) return {};
        text.remove_prefix(end + 1);
        skip_white(text);
    }
    return text;
}

}  // namespace

bool is_allowed_format(std::string_view format_name) {
    return contains_any(allowed, format_name);
}

std::string_view reference_kind(std::string_view first_bytes) {
    const std::string_view text = skip_prologue(first_bytes);
    for (const Kind& kind : references) {
        if (text.starts_with(kind.start)) return kind.what;
    }
    return {};
}

std::string describe_refused_format(std::string_view format_name) {
    if (contains_any(reference_formats, format_name)) {
        return fmt::format("a playlist or a script that refers to other files ({})", format_name);
    }
    if (contains_any(text_formats, format_name)) return fmt::format("subtitles or text ({}), not audio", format_name);
    if (contains_any(raw_formats, format_name)) {
        return fmt::format(
            "raw samples ({}) without a header, whose sampling rate nobody can know; put them into a wav", format_name);
    }
    if (format_name.starts_with("image2") || format_name.ends_with("_pipe") || format_name == "gif") {
        return fmt::format("a picture ({}), not audio", format_name);
    }
    return fmt::format("of a kind ({}) that is not accepted; convert it to wav, flac, mp3 or m4a first", format_name);
}

bool looks_like_text(std::string_view first_bytes) {
    return !first_bytes.empty() && std::all_of(first_bytes.begin(), first_bytes.end(), [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return byte >= 0x20 ? byte != 0x7F : byte == '\t' || byte == '\n' || byte == '\r' || byte == '\f';
    });
}

}  // namespace ft
