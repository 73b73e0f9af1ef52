#include "backends/cuda/cuda_backend.h"

#include <algorithm>

#include "backends/cuda/backend_class.h"

namespace ft::FT_GPU {

namespace {

#ifdef FT_CUDA_STANDIN
constexpr const char* backend_name = "cuda_standin";
#else
constexpr const char* backend_name = "cuda";
#endif

std::string version(int number) {
    return fmt::format("{}.{}", number / 1000, number % 1000 / 10);
}

std::unique_ptr<Backend> make(const BackendOptions& options, WorkLog* work, bool run) {
    if (options.precision == Precision::float32) return std::make_unique<GpuBackend<float>>(options, work, run);
    return std::make_unique<GpuBackend<f16>>(options, work, run);
}

}  // namespace

std::unique_ptr<Backend> make_backend(const BackendOptions& options, WorkLog* work) {
    return make(options, work, true);
}

#ifdef FT_CUDA_STANDIN
std::unique_ptr<Backend> make_counting_backend(const BackendOptions& options, WorkLog& work) {
    return make(options, &work, false);
}
#endif

float* data_of(const Tensor& tensor) {
    const auto* storage = dynamic_cast<const GpuStorage*>(tensor.storage.get());
    check(storage != nullptr, "a tensor is empty or belongs to another backend");
    check(storage->memory.bytes() == sizeof(float) * static_cast<size_t>(element_count(tensor.shape)),
          "a tensor's shape was changed");
    return storage->memory.as<float>();
}

float* data_to_write(Tensor& tensor, const Shape& shape) {
    check(tensor.shape == shape, "the output has not the shape of the result");
    return data_of(tensor);
}

void check_heads(int64_t d, int heads) {
    check(heads > 0 && d % heads == 0, "the rows do not fit the heads");
    if (d != int64_t{heads} * 64)
        throw Error(ErrorCode::unsupported, "attention heads of {} where every Whisper has heads of 64", d / heads);
}

template <typename T>
GpuBackend<T>::GpuBackend(const BackendOptions& options, WorkLog* work, bool run)
    : packer_(options.precision),
      device_(DeviceOptions{options.device_index, options.memory_budget, options.launch_graphs}) {
    device_.count_work(work, run);
    const Chip& chip = device_.chip();
    info_.name = backend_name;
    info_.device = chip.runtime == 0
                       ? chip.name
                       : fmt::format("{} (sm_{}, {:.1f} GB, driver for CUDA {})", chip.name, chip.compute_capability,
                                     static_cast<double>(chip.memory_bytes) / 1e9, version(chip.driver));
    info_.precision = options.precision;
    info_.start_s = chip.start_s;
    info_.takes_samples = true;
    if (chip.runtime != 0) info_.libraries = "CUDA runtime " + version(chip.runtime);
}

template <typename T>
WeightPtr GpuBackend<T>::bind(WeightKind kind, const Shape& shape, std::span<const std::byte> packed) {
    return bind_weight(device_, kind, shape, packed, info_.precision);
}

template <typename T>
Tensor GpuBackend<T>::empty(Shape shape) {
    check(std::all_of(shape.begin(), shape.end(), [](int64_t size) { return size >= 0; }), "a tensor of negative size");
    auto storage = std::make_unique<GpuStorage>();
    storage->memory = DeviceMemory(device_, sizeof(float) * static_cast<size_t>(element_count(shape)));
    return {std::move(shape), std::move(storage)};
}

template <typename T>
Tensor GpuBackend<T>::upload(Shape shape, std::span<const float> values) {
    Tensor tensor = empty(std::move(shape));
    check(element_count(tensor.shape) == static_cast<int64_t>(values.size()), "the values do not fill the shape");
    device_.upload(data_of(tensor), values.data(), values.size_bytes());
    return tensor;
}

template <typename T>
std::vector<float> GpuBackend<T>::read(const Tensor& tensor) {
    std::vector<float> values(static_cast<size_t>(element_count(tensor.shape)));
    device_.read(values.data(), data_of(tensor), values.size() * sizeof(float));
    return values;
}

template <typename T>
template <typename X, typename W, typename Out>
void GpuBackend<T>::run_linear(const LinearCall<X, W, Out>& call) {
    if constexpr (sizeof(X) == 2) {
        linear_mma(device_, call);
    } else {
        linear_plain(device_, call);
    }
}

template <typename T>
template <typename X>
void GpuBackend<T>::run_stem(const Tensor& mel, const GpuWeight& first, const GpuWeight& second,
                             const GpuWeight& positions, float* out) {
    const auto mels = static_cast<int>(mel.rows()), frames = static_cast<int>(mel.cols());
    const auto d = static_cast<int>(first.shape[0]), outputs = static_cast<int>(second.shape[0]);
    X* rows = stem_rows_.at_least<X>(device_, static_cast<size_t>(frames + 2) * mels);
    X* hidden = stem_hidden_.at_least<X>(device_, static_cast<size_t>(frames + 2) * d);
    mel_rows(device_, data_of(mel), rows, mels, frames);
    device_.clear(hidden, sizeof(X) * d);
    device_.clear(hidden + int64_t{frames + 1} * d, sizeof(X) * d);
    run_linear(LinearCall<X, T, X>{rows, mels, first.values<T>(), first.scale(), first.bias(), nullptr, hidden + d,
                                   frames, 3 * mels, d, true});
    run_linear(LinearCall<X, T, float>{hidden, 2 * d, second.values<T>(), second.scale(), second.bias(),
                                       positions.values<float>(), out, frames / 2, 3 * d, outputs, true});
}

template <typename T>
void GpuBackend<T>::conv_stem(const Tensor& mel, const Weight& conv1, const Weight& conv2, const Weight& positions,
                              Tensor& out) {
    const GpuWeight& first = as_gpu(conv1, WeightKind::conv1d);
    const GpuWeight& second = as_gpu(conv2, WeightKind::conv1d);
    const GpuWeight& table = as_gpu(positions, WeightKind::positions);
    check(mel.shape.size() == 2 && mel.cols() % 2 == 0 && mel.rows() == first.shape[1], "conv_stem: mel does not fit");
    const int64_t steps = mel.cols() / 2, d = second.shape[0];
    check(second.shape[1] == first.shape[0] && table.shape[1] == d, "conv_stem: the weights do not fit each other");
    check(steps <= table.shape[0], "conv_stem: more steps than positions");
    float* result = data_to_write(out, {steps, d});
    if (mel.rows() % 8 == 0 && first.shape[0] % 8 == 0) {
        run_stem<T>(mel, first, second, table, result);
    } else {
        run_stem<float>(mel, first, second, table, result);
    }
}

template <typename T>
void GpuBackend<T>::layer_norm(const Tensor& x, const Weight& norm, Tensor& out) {
    const GpuWeight& gain = as_gpu(norm, WeightKind::norm);
    check(x.shape.size() == 2 && x.cols() == gain.shape[0], "layer_norm: x does not fit the weight");
    prepare_rows(device_, data_of(x), nullptr, gain.values<float>(), gain.bias(), data_to_write(out, x.shape),
                 static_cast<int>(x.rows()), static_cast<int>(x.cols()));
}

template <typename T>
void GpuBackend<T>::multiply(const Rows& rows, const GpuWeight& weight, LinearCall<T, T, float> call) {
    const auto inputs = static_cast<int>(weight.layout.width), outputs = static_cast<int>(weight.layout.rows);
    const float* gain = rows.norm == nullptr ? nullptr : rows.norm->template values<float>();
    const float* shift = rows.norm == nullptr ? nullptr : rows.norm->bias();
    const size_t count = static_cast<size_t>(rows.n) * static_cast<size_t>(inputs);
    const auto run = [&]<typename X, typename W>(const X* x, const W* values) {
        run_linear(LinearCall<X, W, float>{x, inputs, values, weight.scale(), weight.bias(), call.residual, call.out,
                                           rows.n, inputs, outputs, call.gelu});
    };
    if (halves && inputs % 8 == 0) {
        T* x = prepared_.at_least<T>(device_, count);
        prepare_rows(device_, rows.x, rows.rows, gain, shift, x, rows.n, inputs);
        if constexpr (halves) {
            if (weight.layout.form == Form::bytes)
                run(static_cast<const T*>(x), weight.values<i8>());
            else
                run(static_cast<const T*>(x), weight.values<T>());
        }
    } else if (gain != nullptr || rows.rows != nullptr) {
        float* x = prepared_.at_least<float>(device_, count);
        prepare_rows(device_, rows.x, rows.rows, gain, shift, x, rows.n, inputs);
        run(static_cast<const float*>(x), weight.values<T>());
    } else {
        run(rows.x, weight.values<T>());
    }
}

template <typename T>
void GpuBackend<T>::linear(const Tensor& x, const Weight* norm, const Weight& weight, Activation activation,
                           const Tensor* residual, Tensor& out) {
    const GpuWeight& w = as_gpu(weight, WeightKind::linear);
    const GpuWeight* gain = norm == nullptr ? nullptr : &as_gpu(*norm, WeightKind::norm);
    check(x.shape.size() == 2 && x.cols() == w.shape[1], "linear: x does not fit the weight");
    check(gain == nullptr || gain->shape[0] == w.shape[1], "linear: the norm does not fit the weight");
    const Shape shape{x.rows(), w.shape[0]};
    check(residual == nullptr || residual->shape == shape, "linear: the residual has not the result's shape");
    LinearCall<T, T, float> call;
    call.residual = residual == nullptr ? nullptr : data_of(*residual);
    call.out = data_to_write(out, shape);
    call.gelu = activation == Activation::gelu;
    multiply({data_of(x), nullptr, static_cast<int>(x.rows()), gain}, w, call);
}

template <typename T>
void GpuBackend<T>::encoder_attention(const Tensor& qkv, int heads, Tensor& out) {
    check(qkv.shape.size() == 2 && qkv.cols() % 3 == 0, "encoder_attention: qkv does not fit the heads");
    const int64_t d = qkv.cols() / 3;
    check_heads(d, heads);
    FT_GPU::encoder_attention<T>(device_, data_of(qkv), data_to_write(out, {qkv.rows(), d}),
                                 static_cast<int>(qkv.rows()), heads);
}

template <typename T>
void GpuBackend<T>::add_layer(GpuCrossCache<T>& cache, int layer, const T* x, const GpuWeight& weight) {
    const int64_t size = int64_t{cache.t} * 2 * cache.d;
    const auto run = [&]<typename W>(const W* values, T* out) {
        run_linear(LinearCall<T, W, T>{x, cache.d, values, weight.scale(), weight.bias(), nullptr, out, cache.t,
                                       cache.d, 2 * cache.d, false});
    };
    if constexpr (halves) {
        if (in_bytes()) {
            T* product = scratch_.at_least<T>(device_, static_cast<size_t>(size));
            run(weight.values<i8>(), product);
            window_to_bytes(device_, product, cache.memory.template as<i8>() + layer * size,
                            cache.scales.template as<float>() + layer * size / 64, cache.t, cache.heads);
            return;
        }
    }
    run(weight.values<T>(), cache.memory.template as<T>() + layer * size);
}

template <typename T>
std::unique_ptr<CrossCache> GpuBackend<T>::make_cross_cache(const Tensor& encoded,
                                                            std::span<const Weight* const> kv_weights, int heads, int) {
    check(encoded.shape.size() == 2 && encoded.rows() > 0, "make_cross_cache: nothing was encoded");
    check_heads(encoded.cols(), heads);
    auto cache = std::make_unique<GpuCrossCache<T>>();
    cache->heads = heads;
    cache->layers = static_cast<int>(kv_weights.size());
    cache->t = static_cast<int>(encoded.rows());
    const int d = cache->d = static_cast<int>(encoded.cols());
    const size_t head_rows = kv_weights.size() * 2 * static_cast<size_t>(heads) * static_cast<size_t>(cache->t);
    cache->memory = DeviceMemory(device_, (in_bytes() ? sizeof(i8) : sizeof(T)) * 64 * head_rows);
    if (in_bytes()) cache->scales = DeviceMemory(device_, sizeof(float) * head_rows);
    const T* x = nullptr;
    if constexpr (halves) {
        T* rows = prepared_.at_least<T>(device_, static_cast<size_t>(cache->t) * d);
        prepare_rows<T>(device_, data_of(encoded), nullptr, nullptr, nullptr, rows, cache->t, d);
        x = rows;
    } else {
        x = data_of(encoded);
    }
    for (int layer = 0; layer < cache->layers; ++layer) {
        check(kv_weights[static_cast<size_t>(layer)] != nullptr, "make_cross_cache: a weight is missing");
        const GpuWeight& weight = as_gpu(*kv_weights[static_cast<size_t>(layer)], WeightKind::cross_kv);
        check(weight.shape == Shape{2 * d, d}, "make_cross_cache: a weight is not [2·d, d]");
        add_layer(*cache, layer, x, weight);
    }
    device_.flush();  // the encoder's share: the device goes on while the next window is fetched
    return cache;
}

template <typename T>
void GpuBackend<T>::release_idle_memory() {
    for (DeviceMemory* scratch :
         {&prepared_, &stem_rows_, &stem_hidden_, &logits_, &choices_, &weights_, &matrix_, &scratch_})
        *scratch = DeviceMemory();
    device_.give_back_memory();
}

template class GpuBackend<float>;
template class GpuBackend<f16>;

}  // namespace ft::FT_GPU
