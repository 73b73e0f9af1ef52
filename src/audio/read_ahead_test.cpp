#include "audio/read_ahead.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <string>

#include "base/error.h"

namespace ft {
namespace {

constexpr size_t chunk_size = 100;

/// Counts: sample i is i. Ends or fails after `total` samples.
class CountingReader final : public AudioReader {
  public:
    CountingReader(int64_t total, bool fails) : total_(total), fails_(fails) {}
    const AudioInfo& info() const override { return info_; }
    const std::vector<std::string>& warnings() const override { return warnings_; }

    bool read(std::vector<float>& samples, size_t most) override {
        samples.clear();
        while (samples.size() < most && next_ < total_) samples.push_back(static_cast<float>(next_++));
        if (samples.empty() && fails_) throw Error(ErrorCode::io, "the disk is gone");
        ++reads;
        return !samples.empty();
    }
    bool read_channels(std::vector<std::vector<float>>& channels, size_t most) override {
        channels.resize(2);
        const bool more = read(channels[0], most);
        channels[1] = channels[0];
        return more;
    }

    std::atomic<int> reads{0};

  private:
    const int64_t total_;
    const bool fails_;
    int64_t next_ = 0;
    AudioInfo info_;
    std::vector<std::string> warnings_;
};

/// All samples of a channel, in the order taken; every chunk but the last must be whole.
std::vector<float> take_all(ReadAhead& sound, size_t most, size_t channel = 0) {
    std::vector<float> all;
    bool short_one = false;
    for (;;) {
        const std::vector<SoundChunk> chunks = sound.take(most);
        if (chunks.empty()) return all;
        EXPECT_LE(chunks.size(), most);
        for (const SoundChunk& chunk : chunks) {
            EXPECT_FALSE(short_one);
            short_one = chunk.at(channel).size() < chunk_size;
            all.insert(all.end(), chunk[channel].begin(), chunk[channel].end());
        }
    }
}

TEST(ReadAhead, GivesWhatTheReaderGives) {
    for (const size_t ahead : {0, 1, 7}) {
        for (const size_t most : {1, 3, 50}) {
            CountingReader reader(2345, false);
            ReadAhead sound(reader, ChannelReading::split, chunk_size, ahead);
            const std::vector<float> all = take_all(sound, most, 1);
            ASSERT_EQ(all.size(), 2345U) << ahead << " ahead, at most " << most;
            for (size_t i = 0; i < all.size(); ++i) ASSERT_EQ(all[i], static_cast<float>(i));
            EXPECT_TRUE(sound.take(1).empty()) << "after the end";
        }
    }
}

TEST(ReadAhead, AFailureComesAfterWhatWasReadBefore) {
    for (const size_t ahead : {0, 1, 40}) {
        CountingReader reader(1050, true);
        ReadAhead sound(reader, ChannelReading::mix, chunk_size, ahead);
        size_t samples = 0;
        const auto take_some = [&] {
            const std::vector<SoundChunk> chunks = sound.take(4);
            for (const SoundChunk& chunk : chunks) samples += chunk.at(0).size();
            return !chunks.empty();
        };
        EXPECT_THROW(while (take_some()){}, Error);
        EXPECT_EQ(samples, 1050U) << ahead << " ahead";
    }
}

TEST(ReadAhead, ReadsNoFurtherThanAllowed) {
    CountingReader reader(1'000'000, false);
    ReadAhead sound(reader, ChannelReading::mix, chunk_size, 5);
    ASSERT_EQ(sound.take(1).size(), 1U);
    while (reader.reads < 6) std::this_thread::yield();
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    EXPECT_LE(reader.reads, 7) << "five wait, one was taken, one finds no room";
    sound.stop();  // and does not hang
    EXPECT_GE(sound.reading_s(), 0.0);
}

TEST(ReadAhead, EndsAnywhere) {
    for (int taken = 0; taken < 3; ++taken) {
        CountingReader reader(1'000'000, false);
        ReadAhead sound(reader, ChannelReading::mix, chunk_size, 2);
        for (int i = 0; i < taken; ++i) sound.take(1);
    }
}

}  // namespace
}  // namespace ft
