#include "audio/range_decoder.h"

#include <algorithm>
#include <new>
#include <system_error>
#include <utility>

namespace ft {

namespace {

constexpr double shortest_s = 30.0;
constexpr int most_threads = 4;
/// What a range is to hold at most; whichever comes first. Some seconds of audio, 1 MB for two channels.
constexpr int64_t range_samples = 1 << 17;
/// Opus must hear four seconds before a range, so ranges are of sixteen.
constexpr int64_t opus_range_samples = 3 << 18;
/// Ranges in a row that may be decoded twice because they did not continue the one before.
constexpr int most_repeats = 3;
constexpr int64_t range_bytes = 1 << 22;
constexpr size_t range_packets = 1024;
/// Of packets that do not say how long they are.
constexpr int64_t usual_samples = 4096;

int64_t samples_in(const AVPacket& packet, const MediaFile& file) {
    if (packet.duration <= 0) return usual_samples;
    const AVRational tick = {1, file.info().source_rate};
    return std::max<int64_t>(1, av_rescale_q(packet.duration, file.time_base(), tick));
}

Packet copy_of(const Packet& packet) {
    Packet copy(av_packet_clone(packet.get()));
    if (!copy) throw std::bad_alloc();
    return copy;
}

bool may_have_ranges(AVCodecID codec) {
    return codec == AV_CODEC_ID_MP3 || codec == AV_CODEC_ID_VORBIS || codec == AV_CODEC_ID_OPUS ||
           primer_length(codec, {}).has_value();
}

}  // namespace

bool RangeDecoder::suits(const MediaFile& file, int threads) {
    return threads >= 2 && file.is_whole() && !file.is_doubtful() && file.info().duration_s >= shortest_s &&
           may_have_ranges(file.track().codecpar->codec_id);
}

RangeDecoder::RangeDecoder(MediaFile& file, int threads)
    : file_(file),
      most_tasks_(static_cast<size_t>(std::clamp(threads, 2, most_threads)) + 1),
      shape_(avcodec_parameters_alloc()) {
    if (!shape_ || avcodec_parameters_copy(shape_.get(), file.track().codecpar) < 0) throw std::bad_alloc();
    // A decoder is made now, so that a codec that cannot be opened is told at the same moment as by TrackDecoder.
    const PacketDecoder trial(file, *shape_);
    threads_.reserve(most_tasks_);
    try {
        for (size_t i = 2; i < most_tasks_; ++i) threads_.emplace_back([this] { run(); });
    } catch (const std::system_error&) {
        // No more threads are to be had: those that there are do it, if need be the caller's alone.
    }
}

RangeDecoder::~RangeDecoder() {
    stop();
}

void RangeDecoder::stop() {
    {
        const std::lock_guard lock(mutex_);
        leaving_ = true;
    }
    changed_.notify_all();
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
}

void RangeDecoder::run() {
    std::unique_lock lock(mutex_);
    for (;;) {
        const auto next = std::find_if(tasks_.begin(), tasks_.end(), [](auto& t) { return t->state == Task::waiting; });
        if (leaving_) return;
        if (next == tasks_.end()) {
            changed_.wait(lock);
            continue;
        }
        Task& task = **next;  // stays where it is until it is done
        task.state = Task::taken;
        lock.unlock();
        task.range.decode(*shape_);
        lock.lock();
        task.state = Task::done;
        changed_.notify_all();
    }
}

std::unique_ptr<RangeDecoder::Task> RangeDecoder::read_range() {
    auto task = std::make_unique<Task>();
    DecodedRange& range = task->range;
    range.decoder = std::make_unique<PacketDecoder>(file_, *shape_);
    range.first = !current_ && tasks_.empty();
    range.primer = std::move(primer_);
    primer_.clear();
    int64_t samples = 0;
    int64_t bytes = 0;
    const int64_t most_samples = shape_->codec_id == AV_CODEC_ID_OPUS ? opus_range_samples : range_samples;
    while (samples < most_samples && bytes < range_bytes && range.packets.size() < range_packets) {
        Packet packet(av_packet_alloc());
        if (!packet) throw std::bad_alloc();
        try {
            all_read_ = !file_.next(*packet);
        } catch (...) {
            all_read_ = true;
            read_failure_ = std::current_exception();
        }
        if (all_read_) break;
        samples += samples_in(*packet, file_);
        bytes += packet->size;
        range.packets.push_back(std::move(packet));
    }
    range.last = all_read_ && !read_failure_;
    if (all_read_) return task;
    const std::optional<size_t> count = primer_length(shape_->codec_id, range.packets);
    range.can_be_continued = count.has_value();
    for (size_t i = range.packets.size() - count.value_or(0); i < range.packets.size(); ++i) {
        primer_.push_back(copy_of(range.packets[i]));
    }
    return task;
}

void RangeDecoder::read_ahead() {
    while (!all_read_ && tasks_.size() < most_tasks_) {
        std::unique_ptr<Task> task = read_range();
        const std::lock_guard lock(mutex_);
        tasks_.push_back(std::move(task));
        changed_.notify_all();
    }
}

std::unique_ptr<RangeDecoder::Task> RangeDecoder::finished_front() {
    std::unique_lock lock(mutex_);
    Task& front = *tasks_.front();
    if (front.state == Task::waiting) {  // nobody was free: the caller decodes it
        front.state = Task::taken;
        lock.unlock();
        front.range.decode(*shape_);
        lock.lock();
        front.state = Task::done;
    }
    changed_.wait(lock, [&] { return front.state == Task::done; });
    std::unique_ptr<Task> task = std::move(tasks_.front());
    tasks_.pop_front();
    return task;
}

/// To the next range; false when there is none that may be used.
bool RangeDecoder::move_on() {
    if (current_ && (!current_->range.ordinary || !current_->range.can_be_continued)) return false;
    read_ahead();
    if (tasks_.empty()) return false;
    std::unique_ptr<Task> task = finished_front();
    const bool continues = !current_ || task->range.continues(current_->range);
    if (!continues && (shape_->codec_id != AV_CODEC_ID_OPUS || repeats_ == most_repeats)) {
        const std::lock_guard lock(mutex_);
        tasks_.push_front(std::move(task));
        return false;
    }
    if (!continues) task->range.decode_after(current_->range, *shape_);
    repeats_ = continues ? 0 : repeats_ + 1;
    if (current_ && continues) ++joined_;
    current_ = std::move(task);
    at_ = 0;
    return true;
}

bool RangeDecoder::next_packet(AVPacket& packet) {
    if (!ahead_.empty()) {
        av_packet_move_ref(&packet, ahead_.front().get());
        ahead_.pop_front();
        return true;
    }
    if (!all_read_) return file_.next(packet);
    if (read_failure_) std::rethrow_exception(read_failure_);
    return false;
}

void RangeDecoder::go_on_alone(std::unique_ptr<PacketDecoder> decoder) {
    stop();
    for (const auto& task : tasks_) {
        for (Packet& packet : task->range.packets) ahead_.push_back(std::move(packet));
    }
    tasks_.clear();
    current_.reset();
    alone_ =
        std::make_unique<TrackDecoder>(std::move(decoder), [this](AVPacket& packet) { return next_packet(packet); });
}

const AVFrame* RangeDecoder::next() {
    while (!alone_) {
        if (current_) {
            DecodedRange& range = current_->range;
            if (at_ < range.frames.size()) return range.frames[at_++].get();
            if (range.failure) std::rethrow_exception(range.failure);
            if (range.last) return nullptr;
        }
        if (!move_on()) go_on_alone(std::move(current_->range.decoder));
    }
    return alone_->next();
}

int64_t RangeDecoder::damaged_packets() const {
    if (alone_) return alone_->damaged_packets();
    return current_ ? current_->range.decoder->damaged_packets() : 0;
}

bool RangeDecoder::ended_in_damage() const {
    if (alone_) return alone_->ended_in_damage();
    return current_ && current_->range.decoder->in_damage();
}

}  // namespace ft
