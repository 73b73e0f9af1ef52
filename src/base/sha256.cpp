#include "base/sha256.h"

#include <openssl/evp.h>

#include "base/error.h"
#include "base/mapped_file.h"
#include "base/text.h"

namespace ft {

struct Sha256::Context {
    EVP_MD_CTX* handle = EVP_MD_CTX_new();
    ~Context() { EVP_MD_CTX_free(handle); }
};

Sha256::Sha256() : context_(std::make_unique<Context>()) {
    if (context_->handle == nullptr || EVP_DigestInit_ex(context_->handle, EVP_sha256(), nullptr) != 1) {
        throw Error(ErrorCode::internal, "OpenSSL offers no SHA-256");
    }
}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::update(std::span<const std::byte> bytes) {
    EVP_DigestUpdate(context_->handle, bytes.data(), bytes.size());
}

std::string Sha256::hex_digest() {
    unsigned char digest[32];
    unsigned int length = 0;
    EVP_DigestFinal_ex(context_->handle, digest, &length);
    return to_hex(std::as_bytes(std::span(digest, length)));
}

std::string sha256_hex(std::span<const std::byte> bytes) {
    Sha256 hash;
    hash.update(bytes);
    return hash.hex_digest();
}

std::string sha256_hex_of_file(const std::filesystem::path& path) {
    return sha256_hex(MappedFile(path).bytes());
}

}  // namespace ft
