#pragma once
// A packer for tests of the packed file, of no backend.
#include <string>
#include <vector>

#include "tensor/backend.h"

namespace ft {

/// Packed bytes: the weight's numbers, then the bias's, as f32.
class PlainPacker final : public WeightPacker {
  public:
    const std::string& packing() const override { return packing_; }
    std::vector<std::byte> pack(WeightKind, const HostTensor& weight, const HostTensor& bias) const override {
        std::vector<std::byte> packed(weight.bytes.begin(), weight.bytes.end());
        packed.insert(packed.end(), bias.bytes.begin(), bias.bytes.end());
        return packed;
    }

  private:
    std::string packing_ = "test-1";
};

}  // namespace ft
