#pragma once
// What the log-mel spectrogram needs of sines and filters, on the device.
#include "backends/cuda/operations.h"

namespace ft::FT_GPU {

class MelTables {
  public:
    int n_mels() const { return n_mels_; }
    /// Replaces what was there.
    void make(Device& device, int n_mels);
    /// Sets the tables' fields.
    void fill(LogMelCall& call) const;

  private:
    int n_mels_ = 0;
    DeviceMemory window_, roots_, first_bin_, first_weight_, weights_;
};

}  // namespace ft::FT_GPU
