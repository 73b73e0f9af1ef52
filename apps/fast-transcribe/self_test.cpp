// What doctor computes to see that this machine computes rightly.
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <random>

#include "audio/audio_reader.h"
#include "backends/self_check.h"
#include "base/error.h"
#include "doctor_facts.h"
#include "tensor/backend.h"

namespace ft {

namespace {

constexpr int64_t rows = 7, in = 256, out = 96;

struct Product {
    std::vector<float> x, weight, bias;  // [rows, in], [out, in], [out]
};

Product random_product() {
    std::mt19937 random(1);
    std::uniform_real_distribution<float> value(-1, 1);
    Product product;
    for (auto& [target, size] :
         {std::pair(&product.x, rows * in), std::pair(&product.weight, out * in), std::pair(&product.bias, out)}) {
        target->resize(static_cast<size_t>(size));
        std::generate(target->begin(), target->end(), [&] { return value(random); });
    }
    return product;
}

/// GELU(x·Wᵀ + b) on a backend, [rows, out].
std::vector<float> compute(Backend& backend, const Product& product) {
    const HostTensor weight{DType::f32, {out, in}, std::as_bytes(std::span(product.weight))};
    const HostTensor bias{DType::f32, {out}, std::as_bytes(std::span(product.bias))};
    const std::vector<std::byte> packed = backend.packer().pack(WeightKind::linear, weight, bias);
    const WeightPtr bound = backend.bind(WeightKind::linear, {out, in}, packed);
    const Tensor x = backend.upload({rows, in}, product.x);
    Tensor result = backend.empty({rows, out});
    backend.linear(x, nullptr, *bound, Activation::gelu, nullptr, result);
    return backend.read(result);
}

/// The CPU backend against the plain one. int8 rounds: its errors stay below a twentieth of the largest value.
DoctorFacts::Test compare_backends(Precision precision, double tolerance) {
    DoctorFacts::Test test{std::string("compute ") + std::string(to_string(precision)), "", false};
    try {
        const Product product = random_product();
        const std::unique_ptr<Backend> plain = make_backend({"reference", Precision::float32, 1, ""});
        const std::unique_ptr<Backend> fast = make_backend({"cpu", precision, 0, ""});
        const std::vector<float> expected = compute(*plain, product), got = compute(*fast, product);
        double worst = 0, largest = 0;
        for (size_t i = 0; i < expected.size(); ++i) {
            // A NaN must count as worst: it loses every comparison.
            const double difference = std::abs(static_cast<double>(got.at(i)) - expected[i]);
            worst = std::isfinite(difference) ? std::max(worst, difference) : HUGE_VAL;
            largest = std::max(largest, std::abs(static_cast<double>(expected[i])));
        }
        test.passed = got.size() == expected.size() && worst <= tolerance * largest;
        test.detail = fmt::format("{}; largest difference from the plain computation {:.2g} of {:.2g}",
                                  fast->info().device, worst, largest);
    } catch (const std::exception& error) {
        test.detail = error.what();
    }
    return test;
}

/// A file that goes away with the object.
class TemporaryFile {
  public:
    explicit TemporaryFile(const std::string& content) {
        path_ = (std::filesystem::temp_directory_path() / "fast-transcribe-XXXXXX").string();
        const int fd = ::mkstemp(path_.data());
        if (fd < 0) throw Error(ErrorCode::io, "{}: cannot be written: {}", path_, std::strerror(errno));
        const ssize_t written = ::write(fd, content.data(), content.size());
        ::close(fd);
        if (written != static_cast<ssize_t>(content.size())) {
            ::unlink(path_.c_str());
            throw Error(ErrorCode::io, "{}: cannot be written", path_);
        }
    }
    ~TemporaryFile() { ::unlink(path_.c_str()); }
    TemporaryFile(const TemporaryFile&) = delete;
    TemporaryFile& operator=(const TemporaryFile&) = delete;
    const std::string& path() const { return path_; }

  private:
    std::string path_;
};

/// One second of 440 Hz at 44.1 kHz, 16 bits, as a WAV file.
std::string tone_wav() {
    constexpr uint32_t rate = 44100, data_bytes = rate * 2;
    std::string wav;
    const auto number = [&](uint32_t value, int bytes) {
        for (int i = 0; i < bytes; ++i) wav += static_cast<char>(value >> (8 * i) & 0xFF);
    };
    wav += "RIFF";
    number(36 + data_bytes, 4);
    wav += "WAVEfmt ";
    number(16, 4), number(1, 2), number(1, 2), number(rate, 4), number(rate * 2, 4), number(2, 2), number(16, 2);
    wav += "data";
    number(data_bytes, 4);
    for (uint32_t i = 0; i < rate; ++i) {
        number(static_cast<uint16_t>(static_cast<int16_t>(std::lround(16000 * std::sin(2 * M_PI * 440 * i / rate)))),
               2);
    }
    return wav;
}

DoctorFacts::Test decode_tone() {
    DoctorFacts::Test test{"audio", "", false};
    try {
        const TemporaryFile file(tone_wav());
        const std::unique_ptr<AudioReader> reader = AudioReader::open(file.path());
        const std::vector<float> pcm = read_all(*reader);
        double energy = 0;
        for (const float sample : pcm) energy += static_cast<double>(sample) * sample;
        const double level = pcm.empty() ? 0 : std::sqrt(energy / static_cast<double>(pcm.size()));
        const double expected = 16000.0 / 32768 / std::sqrt(2.0);
        test.passed = std::abs(static_cast<double>(pcm.size()) - sample_rate) <= sample_rate / 100 &&
                      std::abs(level - expected) < 0.02;
        test.detail = fmt::format("one second at 44.1 kHz became {} samples at 16 kHz, level {:.3f} ({:.3f} expected)",
                                  pcm.size(), level, expected);
    } catch (const std::exception& error) {
        test.detail = error.what();
    }
    return test;
}

}  // namespace

std::string examine_gpu_engine() {
    try {
        check_arithmetic(*make_backend({"cuda", Precision::float16, 0, ""}));
    } catch (const std::exception& error) {
        return error.what();
    }
    return "";
}

std::vector<DoctorFacts::Test> run_self_tests() {
    return {compare_backends(Precision::float32, 1e-4), compare_backends(Precision::int8, 0.05), decode_tone()};
}

}  // namespace ft
