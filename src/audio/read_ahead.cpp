#include "audio/read_ahead.h"

#include <system_error>

#include "base/stopwatch.h"

namespace ft {

ReadAhead::ReadAhead(AudioReader& reader, ChannelReading channels, size_t chunk_samples, size_t ahead)
    : reader_(reader), channels_(channels), chunk_samples_(chunk_samples), queue_(ahead) {
    if (ahead == 0) return;
    try {
        thread_ = std::thread([this] { run(); });
    } catch (const std::system_error&) {
        // No more threads are to be had: take() reads.
    }
}

bool ReadAhead::read(SoundChunk& chunk) {
    const ScopedTimer timer(reading_s_);
    if (channels_ == ChannelReading::split) return reader_.read_channels(chunk, chunk_samples_);
    chunk.resize(1);
    return reader_.read(chunk.front(), chunk_samples_);
}

void ReadAhead::run() {
    try {
        for (SoundChunk chunk; read(chunk);) {
            if (!queue_.push(std::move(chunk))) return;
            chunk = {};
        }
        queue_.close();
    } catch (...) {
        queue_.close(std::current_exception());
    }
}

std::vector<SoundChunk> ReadAhead::take(size_t most) {
    std::vector<SoundChunk> chunks;
    if (!thread_.joinable()) {
        SoundChunk chunk;
        if (read(chunk)) chunks.push_back(std::move(chunk));
        return chunks;
    }
    while (chunks.size() < most && (chunks.empty() || !queue_.empty())) {
        std::optional<SoundChunk> chunk = queue_.pop(true);
        if (!chunk) break;
        chunks.push_back(std::move(*chunk));
    }
    return chunks;
}

void ReadAhead::stop() {
    queue_.cancel();
    if (thread_.joinable()) thread_.join();
}

}  // namespace ft
