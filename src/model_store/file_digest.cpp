#include "model_store/file_digest.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <vector>

#include "base/error.h"
#include "base/sha256.h"
#include "base/text.h"
#include "base/unique_fd.h"
#include "model_store/store_files.h"

namespace ft {

namespace {

struct ContextDeleter {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

/// Only ever compared with what git computed; nothing's safety rests on it alone.
class Sha1 {
  public:
    Sha1() : context_(EVP_MD_CTX_new()) {
        if (!context_ || EVP_DigestInit_ex(context_.get(), EVP_sha1(), nullptr) != 1) {
            throw Error(ErrorCode::internal, "OpenSSL offers no SHA-1");
        }
    }
    void update(const void* data, size_t size) { EVP_DigestUpdate(context_.get(), data, size); }
    std::string hex_digest() {
        unsigned char digest[EVP_MAX_MD_SIZE];
        unsigned int length = 0;
        EVP_DigestFinal_ex(context_.get(), digest, &length);
        return to_hex(std::as_bytes(std::span(digest, length)));
    }

  private:
    std::unique_ptr<EVP_MD_CTX, ContextDeleter> context_;
};

}  // namespace

FileDigest digest_file(const std::filesystem::path& path, const std::function<void()>& tick) {
    const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    struct stat status {};
    if (!file || ::fstat(file.get(), &status) != 0) throw_file_error(path, "cannot be opened", errno);
    if (!S_ISREG(status.st_mode)) throw Error(ErrorCode::io, "{}: is not a regular file", path.string());
    Sha256 sha256;
    Sha1 git;
    const std::string header = fmt::format("blob {}", status.st_size);
    git.update(header.c_str(), header.size() + 1);
    FileDigest digest;
    std::vector<std::byte> buffer(size_t{1} << 20);
    for (;;) {
        const ssize_t got = ::read(file.get(), buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) throw_file_error(path, "cannot be read", errno);
        if (got == 0) break;
        const auto bytes = std::span<const std::byte>(buffer).first(static_cast<size_t>(got));
        sha256.update(bytes);
        // git names only small files this way on the hub; large ones go by SHA-256.
        if (status.st_size <= (off_t{64} << 20)) git.update(bytes.data(), bytes.size());
        digest.size += static_cast<uint64_t>(got);
        if (tick) tick();
    }
    digest.sha256 = sha256.hex_digest();
    digest.git_sha1 = git.hex_digest();
    return digest;
}

}  // namespace ft
