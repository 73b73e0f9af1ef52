#include "audio/media_file.h"

#include <algorithm>
#include <filesystem>
#include <span>

#include "audio/ffmpeg_compat.h"
#include "audio/media_policy.h"
#include "base/error.h"

namespace ft {

namespace {

constexpr int io_buffer_bytes = 1 << 16;
constexpr int longest_error_run = 64;
constexpr const char* unknown_format = "is not audio or video of any known format, or its beginning is damaged";

/// Every attempt of a demuxer to open something else (a segment, an external track) ends here.
int refuse_to_open(AVFormatContext*, AVIOContext**, const char*, int, AVDictionary**) {
    return AVERROR(EPERM);
}

double seconds(int64_t timestamp, AVRational base) {
    return static_cast<double>(timestamp) * av_q2d(base);
}

std::string first_bytes(ByteSource& source) {
    std::string bytes(512, '\0');
    const int64_t got = source.read_at(0, reinterpret_cast<uint8_t*>(bytes.data()), bytes.size());
    bytes.resize(static_cast<size_t>(std::max<int64_t>(0, got)));
    return bytes;
}

/// All audio decoders, so that FFmpeg's own probing never opens one for pictures or subtitles: time and risk for
/// nothing.
std::string audio_decoders() {
    std::string names;
    void* position = nullptr;
    while (const AVCodec* codec = av_codec_iterate(&position)) {
        if (av_codec_is_decoder(codec) == 0 || codec->type != AVMEDIA_TYPE_AUDIO) continue;
        if (!names.empty()) names += ',';
        names += codec->name;
    }
    return names;
}

bool is_one_of(const char* format, std::initializer_list<std::string_view> names) {
    const std::string_view list(format);
    return std::any_of(names.begin(), names.end(), [&](std::string_view name) { return list.starts_with(name); });
}

}  // namespace

MediaFile::MediaFile(std::unique_ptr<ByteSource> source) : source_(std::move(source)) {
    route_ffmpeg_log();
    recognize();
    open_container();
    choose_track();
    fill_info();
}

int MediaFile::read_bytes(void* self, uint8_t* buffer, int count) {
    auto& file = *static_cast<MediaFile*>(self);
    const int64_t got = file.source_->read_at(file.position_, buffer, static_cast<size_t>(std::max(0, count)));
    if (got < 0) return AVERROR(EIO);
    file.position_ += got;
    return got == 0 ? AVERROR_EOF : static_cast<int>(got);
}

int64_t MediaFile::seek_bytes(void* self, int64_t offset, int whence) {
    auto& file = *static_cast<MediaFile*>(self);
    const std::optional<int64_t> size = file.source_->size();
    const int mode = whence & ~AVSEEK_FORCE;
    if (mode == AVSEEK_SIZE) return size.value_or(AVERROR(ENOSYS));
    if (mode == SEEK_END && !size) return AVERROR(ENOSYS);
    int64_t target = 0;
    if (__builtin_add_overflow(offset, mode == SEEK_CUR ? file.position_ : mode == SEEK_END ? *size : 0, &target)) {
        return AVERROR(EINVAL);
    }
    if (target < 0) return AVERROR(EINVAL);
    return file.position_ = target;
}

void MediaFile::refuse(const std::string& reason) const {
    check_source();
    throw Error(ErrorCode::bad_media, "{}: {}", name(), reason);
}

void MediaFile::check_source() const {
    if (!source_->failure().empty()) throw Error(ErrorCode::io, "{}: {}", name(), source_->failure());
}

void MediaFile::recognize() {
    const std::string start = first_bytes(*source_);
    if (start.empty()) refuse("is empty");
    if (const std::string_view kind = reference_kind(start); !kind.empty()) {
        refuse(fmt::format("is {}, which refers to other files; give the audio file itself", kind));
    }
    auto* buffer = static_cast<uint8_t*>(av_malloc(io_buffer_bytes));
    io_.reset(buffer ? avio_alloc_context(buffer, io_buffer_bytes, 0, this, read_bytes, nullptr, seek_bytes) : nullptr);
    if (!io_) throw Error(ErrorCode::out_of_memory, "{}: cannot be opened: too little memory", name());

    // The name's ending counts only where the content leaves a doubt; the folders before it are nobody's business.
    const std::string file_name = std::filesystem::path(name()).filename().string();
    const int score = av_probe_input_buffer2(io_.get(), &format_, file_name.c_str(), nullptr, 0, 0);
    const bool by_ending = format_ != nullptr && format_->extensions != nullptr &&
                           av_match_ext(file_name.c_str(), format_->extensions) != 0;
    if (format_ == nullptr || score < 0 || (score < AVPROBE_SCORE_RETRY && !by_ending)) {
        refuse(looks_like_text(start) ? "is a text file, not audio" : unknown_format);
    }
    doubtful_ = score < AVPROBE_SCORE_RETRY;
    if (!is_allowed_format(format_->name)) refuse("is " + describe_refused_format(format_->name));
}

void MediaFile::open_container() {
    AVFormatContext* context = avformat_alloc_context();
    if (context == nullptr) throw Error(ErrorCode::out_of_memory, "{}: cannot be opened: too little memory", name());
    context->pb = io_.get();
    context->io_open = refuse_to_open;
    context->protocol_whitelist = av_strdup("none");
    context->codec_whitelist = av_strdup(audio_decoders().c_str());
    const int opened = avformat_open_input(&context, "", format_, nullptr);  // frees the context when it fails
    container_.reset(context);
    if (opened < 0) {
        if (looks_like_text(first_bytes(*source_))) refuse("is a text file, not audio");
        if (doubtful_) refuse(unknown_format);
        if (is_one_of(format_->name, {"mov"})) {
            refuse("is an mp4 or mov file whose index is missing or damaged; it was probably cut off");
        }
        refuse(fmt::format("looks like {} but cannot be opened; it is damaged, incomplete or something else ({})",
                           format_->name, ffmpeg_message(opened)));
    }
    // An error here only means that some track stays unknown; choose_track() sees which are usable.
    avformat_find_stream_info(container_.get(), nullptr);
    check_source();
}

bool MediaFile::is_playable(const AVStream& stream) const {
    return stream.codecpar->codec_type == AVMEDIA_TYPE_AUDIO &&
           avcodec_find_decoder(stream.codecpar->codec_id) != nullptr && stream.codecpar->sample_rate > 0 &&
           channel_count(*stream.codecpar) > 0;
}

void MediaFile::choose_track() {
    const std::span<AVStream*> streams(container_->streams, container_->nb_streams);
    const AVStream* any_audio = nullptr;
    bool any_video = false;
    for (AVStream* stream : streams) {
        any_video = any_video || stream->codecpar->codec_type == AVMEDIA_TYPE_VIDEO;
        if (stream->codecpar->codec_type == AVMEDIA_TYPE_AUDIO) any_audio = stream;
        const bool is_default = (stream->disposition & AV_DISPOSITION_DEFAULT) != 0;
        if (track_ == nullptr && is_default && is_playable(*stream)) track_ = stream;
    }
    if (any_audio == nullptr) {
        refuse(any_video ? "has no audio track, only pictures" : "has no audio track");
    }
    if (track_ == nullptr) {
        const int best = av_find_best_stream(container_.get(), AVMEDIA_TYPE_AUDIO, -1, -1, nullptr, 0);
        if (best >= 0 && is_playable(*streams[static_cast<size_t>(best)])) track_ = streams[static_cast<size_t>(best)];
    }
    if (track_ == nullptr) {
        const auto first = std::find_if(streams.begin(), streams.end(), [&](auto* s) { return is_playable(*s); });
        if (first != streams.end()) track_ = *first;
    }
    if (track_ == nullptr) {
        const char* codec = avcodec_get_name(any_audio->codecpar->codec_id);
        if (avcodec_find_decoder(any_audio->codecpar->codec_id) == nullptr) {
            refuse(fmt::format("its audio is coded in a way ({}) that this FFmpeg cannot decode", codec));
        }
        if (doubtful_) refuse(unknown_format);
        refuse(fmt::format("its audio track ({}) is damaged: it names neither sampling rate nor channels", codec));
    }
}

void MediaFile::fill_info() {
    const AVCodecParameters& codec = *track_->codecpar;
    time_base_ = track_->time_base;
    info_.container = format_->name;
    info_.codec = avcodec_get_name(codec.codec_id);
    info_.source_rate = codec.sample_rate;
    info_.channels = channel_count(codec);
    if (!is_possible_shape(codec.sample_rate, info_.channels)) {
        refuse(fmt::format("declares {} Hz and {} channels; only {} to {} Hz and at most {} channels are possible",
                           codec.sample_rate, info_.channels, lowest_rate, highest_rate, most_channels));
    }
    const double container_s = container_->duration > 0 ? seconds(container_->duration, AV_TIME_BASE_Q) : 0.0;
    info_.duration_s = declared_s().value_or(is_placeholder(container_s) ? 0.0 : container_s);
    // Where only the container has a length, the other tracks' packets tell whether it was reached; elsewhere they are
    // skipped without being read.
    const bool other_tracks_tell = track_->duration <= 0 && container_->duration > 0;
    for (unsigned i = 0; i < container_->nb_streams; ++i) {
        AVStream& stream = *container_->streams[i];
        if (&stream != track_ && !other_tracks_tell) stream.discard = AVDISCARD_ALL;
    }
}

ClockPolicy MediaFile::clock() const {
    // Containers whose clock begins at zero; one that begins more than a minute later was cut out of a longer stream.
    constexpr double latest_start_s = 60.0;
    std::optional<double> start_s;
    int timed_streams = 0;
    for (unsigned i = 0; i < container_->nb_streams; ++i) {
        const AVStream& stream = *container_->streams[i];
        const AVMediaType type = stream.codecpar->codec_type;
        const bool picture = (stream.disposition & AV_DISPOSITION_ATTACHED_PIC) != 0;
        if ((type != AVMEDIA_TYPE_AUDIO && type != AVMEDIA_TYPE_VIDEO) || picture) continue;
        ++timed_streams;
        if (stream.start_time == AV_NOPTS_VALUE) continue;
        const double stream_start_s = seconds(stream.start_time, stream.time_base);
        start_s = std::min(start_s.value_or(stream_start_s), stream_start_s);
    }
    ClockPolicy policy;
    const bool from_zero = is_one_of(format_->name, {"mov", "matroska", "avi", "flv", "asf", "mxf", "nut"});
    if (from_zero && start_s.value_or(0) <= latest_start_s) {
        policy.origin_s = 0.0;
    } else if (timed_streams > 1) {
        policy.origin_s = start_s;
    }
    constexpr double hour_s = 3600.0;
    if (info_.duration_s > 0) {
        policy.longest_gap_s = std::min(info_.duration_s + 1.0, hour_s);
        policy.most_silence_s = std::min(info_.duration_s + latest_start_s, 24 * hour_s);
    }
    // Broadcasts: a longer jump is another programme's clock.
    if ((format_->flags & AVFMT_TS_DISCONT) != 0) policy.longest_gap_s = 60.0;
    return policy;
}

bool MediaFile::next(AVPacket& packet) {
    for (;;) {
        const int result = av_read_frame(container_.get(), &packet);
        if (result == AVERROR(ENOMEM))
            throw Error(ErrorCode::out_of_memory, "{}: too little memory to read it", name());
        if (result < 0) {
            check_source();
            // A demuxer that stumbles over damaged bytes often finds its way at the next call.
            if (result == AVERROR_EOF || avio_feof(io_.get()) != 0 || ++failures_in_a_row_ > longest_error_run) {
                if (result != AVERROR_EOF) last_error_ = ffmpeg_message(result);
                return false;
            }
            continue;
        }
        failures_in_a_row_ = 0;
        const AVStream& stream = *container_->streams[packet.stream_index];
        const int64_t timestamp = packet.pts != AV_NOPTS_VALUE ? packet.pts : packet.dts;
        if (timestamp != AV_NOPTS_VALUE) {
            const int64_t end = timestamp + std::max<int64_t>(0, packet.duration);
            last_packet_s_ = std::max(last_packet_s_, seconds(end, stream.time_base));
        }
        // A recording that is joined to another one (ogg) may bring a time base of its own.
        if (&stream == track_ && av_cmp_q(stream.time_base, time_base_) != 0) {
            av_packet_rescale_ts(&packet, stream.time_base, time_base_);
        }
        // FFmpeg's muxers mark a track's end by packets without content, which decoders take for a mistake.
        if (&stream == track_ && (packet.size > 0 || packet.side_data_elems > 0)) return true;
        av_packet_unref(&packet);
    }
}

}  // namespace ft
