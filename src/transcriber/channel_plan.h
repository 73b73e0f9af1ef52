#pragma once
// Which channels of a file are transcribed, and as what.
#include <atomic>
#include <string>
#include <vector>

#include "transcriber/transcriber.h"

namespace ft {

struct ChannelPlan {
    /// Of the file, from 0; empty: all of them mixed.
    std::vector<size_t> channels;
    bool labelled = false;  ///< segments tell their channel
    std::vector<std::string> warnings;
};

/// Listens to the whole file once, unless channels are mixed. Standard input cannot be heard twice: it is split or
/// mixed as asked for, and mixed for `automatic`. Ends early, with any plan, when `stop` becomes true. Throws as
/// AudioReader.
ChannelPlan plan_channels(const std::string& audio_path, ChannelChoice choice, const std::atomic<bool>& stop);

}  // namespace ft
