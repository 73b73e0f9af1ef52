#pragma once
// Reading and decoding on a thread of its own, beside those who use the sound.
#include <thread>
#include <vector>

#include "audio/audio_reader.h"
#include "base/bounded_queue.h"

namespace ft {

/// A stretch of sound as it was read: [channels or 1][samples].
using SoundChunk = std::vector<std::vector<float>>;

/// One consumer. Chunks are those that the reader gives, whether or not there is a thread.
class ReadAhead {
  public:
    /// `reader` outlives it and is nobody else's until take() has returned nothing or stop() has returned. `ahead`:
    /// chunks read in advance, which bounds the memory; 0: no thread, take() reads.
    ReadAhead(AudioReader& reader, ChannelReading channels, size_t chunk_samples, size_t ahead);
    ~ReadAhead() { stop(); }
    ReadAhead(const ReadAhead&) = delete;
    ReadAhead& operator=(const ReadAhead&) = delete;

    /// The next chunks: waits for one, and takes of those that are there already so many that there are at most `most`.
    /// Empty at the end. Rethrows what the reader threw, once all that came before it is taken.
    std::vector<SoundChunk> take(size_t most);
    /// Ends reading, wherever it is; waits for a read under way.
    void stop();
    /// Spent reading; valid at the end and after stop().
    double reading_s() const { return reading_s_; }

  private:
    bool read(SoundChunk& chunk);
    void run();

    AudioReader& reader_;
    const ChannelReading channels_;
    const size_t chunk_samples_;
    double reading_s_ = 0;
    BoundedQueue<SoundChunk> queue_;
    std::thread thread_;
};

}  // namespace ft
