#pragma once
// SHA-256 (FIPS 180-4) over OpenSSL, incremental.
#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string>

namespace ft {

class Sha256 {
  public:
    Sha256();
    ~Sha256();
    Sha256(Sha256&&) noexcept;
    Sha256& operator=(Sha256&&) noexcept;

    void update(std::span<const std::byte> bytes);
    /// Lower-case hexadecimal digest; the object may not be used afterwards.
    std::string hex_digest();

  private:
    struct Context;
    std::unique_ptr<Context> context_;
};

std::string sha256_hex(std::span<const std::byte> bytes);
/// Digest of a file, read in pieces. Throws like read_file.
std::string sha256_hex_of_file(const std::filesystem::path& path);

}  // namespace ft
