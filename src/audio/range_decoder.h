#pragma once
// Packets of one track → frames of samples, decoded on several threads.
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>

#include "audio/decoded_range.h"
#include "audio/track_decoder.h"

namespace ft {

/// The frames are those of TrackDecoder, bit for bit. The caller's thread reads the packets, in order and once, as
/// ever, so everything that depends on the container stays as it is; ranges of them are decoded beside each other, each
/// by a decoder of its own that first sees what it needs of the range before. The first range that is not ordinary
/// (damage, a change in the middle, a clock that jumps back) is still right itself: its decoder goes on from there to
/// the end of the file, packet by packet, and what was decoded ahead is dropped.
/// A range of Opus that does not continue the one before is decoded again by that one's decoder, and if three in a row
/// do not, so is the rest.
/// Memory: at most six ranges of about 2^17 samples, or, for Opus, 3·2^18. No thread spins; the destructor waits for
/// the ranges under way.
class RangeDecoder final : public FrameSource {
  public:
    /// Whether it may and is worth it: a file (not a pipe, whose next bytes may take their time), surely audio, of half
    /// a minute at least, and of a codec whose ranges can be right.
    static bool suits(const MediaFile& file, int threads);

    /// `threads` ≥ 2 counts the caller's. Throws as TrackDecoder. `file` outlives this.
    RangeDecoder(MediaFile& file, int threads);
    ~RangeDecoder() override;

    const AVFrame* next() override;
    int64_t damaged_packets() const override;
    bool ended_in_damage() const override;

    /// Ranges whose frames were handed out, and that another decoder than the first has made. For tests.
    int64_t joined_ranges() const { return joined_; }

  private:
    struct Task {
        DecodedRange range;
        enum { waiting, taken, done } state = waiting;  // guarded by mutex_
    };

    void run();
    void read_ahead();
    std::unique_ptr<Task> read_range();
    std::unique_ptr<Task> finished_front();
    bool move_on();
    void go_on_alone(std::unique_ptr<PacketDecoder> decoder);
    bool next_packet(AVPacket& packet);
    void stop();

    MediaFile& file_;
    const size_t most_tasks_;
    FfmpegHandle<AVCodecParameters> shape_;
    std::unique_ptr<Task> current_;
    size_t at_ = 0;  // the next frame of current_
    int64_t joined_ = 0;
    int repeats_ = 0;                      // in a row
    std::unique_ptr<TrackDecoder> alone_;  // from the first range on that was not ordinary
    std::deque<Packet> ahead_;             // packets that were read for ranges that are not used

    bool all_read_ = false;
    std::exception_ptr read_failure_;  // where the packets end
    std::vector<Packet> primer_;       // of the range to be read next

    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<std::unique_ptr<Task>> tasks_;  // in the file's order; changed by the caller's thread only
    bool leaving_ = false;
    std::vector<std::thread> threads_;
};

}  // namespace ft
