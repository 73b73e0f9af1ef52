// The log-mel spectrogram of features/log_mel.h. A block takes some frames: their Fourier transforms in shared memory,
// in double precision (a tone must not lift what lies 80 dB below it; 30 MFLOP a window are little even where doubles
// are slow), then power, mel filters and logarithm. What lies too far below the window's loudest value is lifted at the
// end.
#include "backends/cuda/device.h"
#include "backends/cuda/operations.h"

namespace ft::FT_GPU {

namespace {

constexpr int fft_size = 400, half_size = fft_size / 2, bins = half_size + 1;
constexpr int hop = 160;
constexpr int whole_window = 480000;
constexpr int mel_window_frames = 3000;
constexpr int block_frames = 8;
constexpr int frame_threads = half_size / 5;  // one for each butterfly of radix 5
constexpr int mel_block = block_frames * frame_threads;
constexpr int mel_blocks = mel_window_frames / block_frames;
static_assert(mel_window_frames % block_frames == 0 && mel_block % warp_lanes == 0);
constexpr int scale_threads = 256;
/// The window; 5·n·log2(n) for the transform of half the size; its two halves put together, and their power; each bin
/// in two filters.
constexpr double flops_a_frame = fft_size + 5 * half_size * 7.64 + 12 * bins + 4 * bins;

struct Complex {
    double re, im;
};

FT_DEVICE Complex operator+(Complex a, Complex b) {
    return {a.re + b.re, a.im + b.im};
}
FT_DEVICE Complex operator-(Complex a, Complex b) {
    return {a.re - b.re, a.im - b.im};
}
FT_DEVICE Complex operator*(Complex a, Complex b) {
    return {a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re};
}
/// -i · a
FT_DEVICE Complex turned(Complex a) {
    return {a.im, -a.re};
}

/// Transforms of 4, 5 and 8 values, in place, in natural order.
FT_DEVICE void transform4(Complex& a, Complex& b, Complex& c, Complex& d) {
    const Complex even = a + c, odd = a - c, sum = b + d, turn = turned(b - d);
    a = even + sum;
    b = odd + turn;
    c = even - sum;
    d = odd - turn;
}
FT_DEVICE void transform(Complex (&a)[5]) {
    constexpr double c1 = 0.30901699437494742, c2 = -0.80901699437494742;
    constexpr double s1 = 0.95105651629515357, s2 = 0.58778525229247313;
    const Complex s14 = a[1] + a[4], d14 = turned(a[1] - a[4]), s23 = a[2] + a[3], d23 = turned(a[2] - a[3]);
    const Complex m1{a[0].re + c1 * s14.re + c2 * s23.re, a[0].im + c1 * s14.im + c2 * s23.im};
    const Complex m2{a[0].re + c2 * s14.re + c1 * s23.re, a[0].im + c2 * s14.im + c1 * s23.im};
    const Complex n1{s1 * d14.re + s2 * d23.re, s1 * d14.im + s2 * d23.im};
    const Complex n2{s2 * d14.re - s1 * d23.re, s2 * d14.im - s1 * d23.im};
    a[0] = a[0] + s14 + s23;
    a[1] = m1 + n1;
    a[2] = m2 + n2;
    a[3] = m2 - n2;
    a[4] = m1 - n1;
}
FT_DEVICE void transform(Complex (&a)[8]) {
    constexpr double root_half = 0.70710678118654752;
    transform4(a[0], a[2], a[4], a[6]);
    transform4(a[1], a[3], a[5], a[7]);
    const Complex even[4] = {a[0], a[2], a[4], a[6]};
    const Complex odd[4] = {a[1], a[3] * Complex{root_half, -root_half}, turned(a[5]),
                            a[7] * Complex{-root_half, -root_half}};
    FT_UNROLL
    for (int k = 0; k < 4; ++k) {
        a[k] = even[k] + odd[k];
        a[k + 4] = even[k] - odd[k];
    }
}

/// One of Stockham's steps for the values of a frame, [200], in place: `length` is what is left of the transform,
/// `stride` how many of them there are. A thread takes one butterfly; `roots`: e^(-2πik/400).
template <int radix>
FT_DEVICE void fft_step(Complex* values, const Complex* roots, int item, int length, int stride) {
    const int groups = length / radix, p = item / stride, q = item % stride;
    const bool mine = item < half_size / radix;
    Complex a[radix];
    if (mine) {
        FT_UNROLL
        for (int k = 0; k < radix; ++k) a[k] = values[q + stride * (p + k * groups)];
        transform(a);
    }
    barrier();
    if (mine) {
        const int step = p * (fft_size / length);
        values[q + stride * radix * p] = a[0];
        FT_UNROLL
        for (int j = 1; j < radix; ++j) values[q + stride * (radix * p + j)] = a[j] * roots[step * j];
    }
    barrier();
}

/// A sample of the window: zeros behind the sound, mirrored at both ends.
FT_DEVICE double sample_at(const LogMelCall& call, int at) {
    at = at < 0 ? -at : at >= whole_window ? 2 * (whole_window - 1) - at : at;
    return at < call.samples ? static_cast<double>(call.pcm[at]) : 0.0;
}

/// Power in all bins from the transform of a frame's even samples (real) and odd ones (imaginary).
FT_DEVICE void power_of(const Complex* values, const Complex* roots, int item, float* power) {
    for (int k = item; 2 * k <= half_size; k += frame_threads) {
        const Complex a = values[k], b = values[(half_size - k) % half_size];
        const Complex even{(a.re + b.re) * 0.5, (a.im - b.im) * 0.5}, odd{(a.im + b.im) * 0.5, (b.re - a.re) * 0.5};
        const Complex turn = odd * roots[k], low = even + turn, high = even - turn;
        power[k] = static_cast<float>(low.re * low.re + low.im * low.im);
        power[half_size - k] = static_cast<float>(high.re * high.re + high.im * high.im);
    }
}

FT_KERNEL(mel_block)
log_mel_kernel(LogMelCall call) {
    const int frame = thread() / frame_threads, item = thread() % frame_threads;
    const int first = block_x() * block_frames;
    Complex* const values = shared_memory<Complex>() + frame * half_size;
    float* const power = shared_memory<float>(sizeof(Complex) * block_frames * half_size);
    float* const scratch = power + block_frames * bins;
    const auto* roots = reinterpret_cast<const Complex*>(call.roots);
    const int begin = (first + frame) * hop - fft_size / 2;
    for (int i = item; i < half_size; i += frame_threads) {
        values[i] = {sample_at(call, begin + 2 * i) * call.window[2 * i],
                     sample_at(call, begin + 2 * i + 1) * call.window[2 * i + 1]};
    }
    barrier();
    fft_step<5>(values, roots, item, 200, 1);
    fft_step<5>(values, roots, item, 40, 5);
    fft_step<8>(values, roots, item, 8, 25);
    power_of(values, roots, item, power + frame * bins);
    barrier();
    float highest = -100.0F;
    for (int i = thread(); i < call.n_mels * block_frames; i += mel_block) {
        const int band = i / block_frames, column = i % block_frames;
        const float* from = power + column * bins + call.first_bin[band];
        const int begin_weight = call.first_weight[band], count = call.first_weight[band + 1] - begin_weight;
        float sum = 0;
        for (int k = 0; k < count; ++k) sum += from[k] * call.weights[begin_weight + k];
        const float decades = log10f(fminf(fmaxf(sum, 1e-10F), 3.4e38F));  // what is no number becomes silence
        call.out[static_cast<int64_t>(band) * mel_window_frames + first + column] = decades;
        highest = fmaxf(highest, decades);
    }
    highest = block_max(highest, scratch);
    if (thread() == 0) call.maxima[block_x()] = highest;
}

/// At most eight decades below the loudest, and about between -1 and 1.
FT_KERNEL(scale_threads)
scale_log_mel(const float* maxima, float* out, int count) {
    float highest = -100.0F;
    for (int i = thread(); i < mel_blocks; i += scale_threads) highest = fmaxf(highest, maxima[i]);
    highest = block_max(highest, shared_memory<float>());
    const int i = block_x() * scale_threads + thread();
    if (i < count) out[i] = (fmaxf(out[i], highest - 8.0F) + 4.0F) * 0.25F;
}

}  // namespace

int log_mel_maxima() {
    return mel_blocks;
}

void log_mel(Device& device, const LogMelCall& call) {
    constexpr size_t shared =
        sizeof(Complex) * block_frames * half_size + sizeof(float) * (block_frames * bins + mel_block / warp_lanes);
    const int count = call.n_mels * mel_window_frames;
    device.launch("log_mel", log_mel_kernel, {mel_blocks}, mel_block, shared,
                  {flops_a_frame * mel_window_frames, sizeof(float) * (1.0 * call.samples + count)}, call);
    device.launch("scale_log_mel", scale_log_mel, {(count + scale_threads - 1) / scale_threads}, scale_threads,
                  sizeof(float) * scale_threads / warp_lanes, {3.0 * count, 2.0 * sizeof(float) * count}, call.maxima,
                  call.out, count);
}

}  // namespace ft::FT_GPU
