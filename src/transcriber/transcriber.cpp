#include "transcriber/transcriber.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <span>
#include <thread>

#include "base/bounded_queue.h"
#include "base/error.h"
#include "base/sha256.h"
#include "base/start_timeline.h"
#include "base/stopwatch.h"
#include "decoding/batch_decoder.h"
#include "model/encoder.h"
#include "transcriber/file_job.h"
#include "transcriber/options.h"

namespace ft {

namespace {

/// How often flags that nobody rings the bell for (the user's Ctrl-C) are looked at while there is nothing to do.
constexpr std::chrono::milliseconds longest_sleep{100};
/// Nobody has had work for this long: memory that is only kept for more of it goes back to the machine.
constexpr std::chrono::milliseconds idle_time{2000};

/// Grows with every change to speech/, features/ or decoding/ that moves windows or changes what is found in them.
constexpr int plan_version = 4;

}  // namespace

struct Transcriber::Impl {
    Impl(const std::filesystem::path& packed_model, std::unique_ptr<Backend> owned, int most_rows, int width)
        : rows(most_rows),
          fewest_rows(width),
          backend(std::move(owned)),
          model(PackedModel::open(packed_model, backend->packer().packing()), *backend),
          tokenizer(model.packed().vocabulary()),
          encoder(model, *backend),
          log_mel(model.config().n_mels),
          decoder(open_decoder(rows, fewest_rows)),
          load_s(load_watch.seconds()),
          thread([this] { run(); }) {
        start_timeline().reached("weights");
    }

    ~Impl() {
        {
            const std::lock_guard lock(mutex);
            leaving = true;
        }
        ring();
        thread.join();
    }

    /// To the one who waits for a file: its windows, then the end or what went wrong. As long as need be, so that
    /// nobody keeps the engine waiting.
    using Mailbox = BoundedQueue<std::pair<FinishedWindow, double>>;
    struct Client {
        FileJob job;
        std::shared_ptr<Mailbox> mailbox;
    };

    void ring() {
        {
            const std::lock_guard lock(mutex);
            news = true;
        }
        bell.notify_one();
    }

    /// Hands windows on until the engine's thread is done with the job; rethrows what went wrong with it, or what the
    /// one who was handed a window has thrown.
    void await(Client& client, const WindowFunction& on_window) {
        {
            const std::lock_guard lock(mutex);
            arrived.push_back(&client);
        }
        ring();
        std::exception_ptr refusal;
        while (const auto window = client.mailbox->pop(true)) {
            if (refusal) continue;
            try {
                on_window(window->first, window->second);
            } catch (...) {
                refusal = std::current_exception();
                client.job.abandon();
                ring();
            }
        }
        if (refusal) std::rethrow_exception(refusal);
    }

    // ── the engine's thread ──────────────────────────────────────────────────────────────────────────────────────
    void run() {
        while (welcome_arrivals()) {
            for (size_t i = clients.size(); i-- > 0;) {
                if (clients[i]->job.stopped() || clients[i]->job.done()) dismiss(i, nullptr);
            }
            if (is_short && clients_are_new) widen();
            clients_are_new = false;
            if (decoder != nullptr) fill_batch();
            if (decoder == nullptr || decoder->idle()) {
                sleep();
            } else {
                step();
            }
        }
    }

    /// False when it is time to leave.
    bool welcome_arrivals() {
        const std::lock_guard lock(mutex);
        news = false;
        clients_are_new = clients_are_new || (clients.empty() && !arrived.empty());
        clients.insert(clients.end(), arrived.begin(), arrived.end());
        arrived.clear();
        return !leaving;
    }

    void sleep() {
        std::unique_lock lock(mutex);
        const auto woken = [this] { return news || leaving; };
        if (!clients.empty()) {
            bell.wait_for(lock, longest_sleep, woken);
        } else if (!bell.wait_for(lock, idle_time, woken)) {
            lock.unlock();
            release_idle_memory();
            lock.lock();
            bell.wait(lock, woken);
        }
    }

    void release_idle_memory() {
        try {
            backend->release_idle_memory();
        } catch (const Error& error) {
            spdlog::warn("memory could not be given back: {}", error.what());
        }
    }

    void dismiss(size_t index, std::exception_ptr failure) {
        Client* client = clients[index];
        if (decoder != nullptr) decoder->remove(&client->job.plan());
        clients.erase(clients.begin() + static_cast<ptrdiff_t>(index));
        // Whoever waits may be gone, and the client with it, before close() has returned.
        const std::shared_ptr<Mailbox> mailbox = client->mailbox;
        mailbox->close(failure);
    }

    void dismiss_all(const std::exception_ptr& failure) {
        while (!clients.empty()) dismiss(clients.size() - 1, failure);
    }

    /// Files give their windows in turns, so that a short one does not wait for the end of a long one. What goes wrong
    /// with a window is its file's failure and nobody else's.
    void fill_batch() {
        for (size_t without = 0; without < clients.size();) {
            turn = turn < clients.size() ? turn : 0;
            FileJob& job = clients[turn]->job;
            try {
                if (!fits(job.plan())) return;
                // Whose turn it is waits for room without being overtaken, however wide its search.
                if (!decoder->has_room(job.plan())) return;
                const Start start = start_next(job);
                if (start == Start::no_memory) {
                    if (decoder->idle()) continue;
                    return;
                }
                without = start == Start::started ? 0 : without + 1;
                ++turn;
            } catch (...) {
                dismiss(turn, std::current_exception());
                if (decoder == nullptr) return dismiss_all(std::current_exception());
            }
        }
        decoder->use_spare_slots();
    }

    /// False while a search that is wider than the batch has become waits for its end. Throws when it never fits.
    bool fits(const DecodePlan& plan) {
        const int width = plan.width();
        if (width <= decoder->slots()) return true;
        if (width > rows)
            throw Error(ErrorCode::invalid_argument,
                        "{} texts side by side (beam_size, best_of) where the batch has room for {}", width, rows);
        if (!decoder->idle()) return false;
        decoder.reset();
        decoder = open_decoder(width, width);
        return true;
    }

    enum class Start : uint8_t { nothing, started, no_memory };

    Start start_next(FileJob& job) {
        std::optional<FileJob::Ready> ready = job.next();
        if (!ready) return Start::nothing;
        try {
            start_window(job, *ready);
            if (decoder->slots() < rows) job.warn(less_memory);
            return Start::started;
        } catch (const Error& error) {
            if (error.code() != ErrorCode::out_of_memory) throw;
            job.put_back(ready->id);
            job.warn(less_memory);
            is_short = true;
            if (decoder->idle()) {
                make_room_for_one(error);
            } else {
                decoder->limit_rows(decoder->rows_needed());  // as many as there are
            }
            return Start::no_memory;
        }
    }

    void start_window(FileJob& job, FileJob::Ready& ready) {
        DecodeRequest request;
        request.plan = &job.plan();
        request.id = ready.id;
        request.stream = ready.stream;
        request.duration_s = ready.duration_s;
        request.once = ready.once;
        {
            const ScopedTimer timer(job.timings().encoder);
            request.window = encoder.encode_for_decoder(ready.sound, job.plan().listeners());
        }
        request.prompt = job.prompt(ready.id, [&](const GenerationConfig& generation) {
            return decoder->language_probabilities(generation, *request.window);
        });
        decoder->add(std::move(request));
    }

    void step() {
        try {
            const Stopwatch watch;
            std::vector<double> shares;
            for (const Client* client : clients) {
                shares.push_back(static_cast<double>(decoder->rows_of(&client->job.plan())) / decoder->rows());
            }
            std::vector<DecodeResult> results;
            try {
                decoder->step(results);
            } catch (const Error& error) {
                if (error.code() != ErrorCode::out_of_memory) throw;
                return go_on_with_less(error);
            }
            start_timeline().reached("first_token");
            for (size_t i = 0; i < clients.size(); ++i)
                clients[i]->job.timings().decoder += shares[i] * watch.seconds();
            for (const DecodeResult& result : results) {
                clients[client_of(result.plan)]->job.take(result.id, result.hypothesis);
            }
        } catch (...) {
            // The batch is of all files, and its state is unknown.
            dismiss_all(std::current_exception());
        }
    }

    size_t client_of(const DecodePlan* plan) const {
        const auto client =
            std::find_if(clients.begin(), clients.end(), [&](const Client* c) { return &c->job.plan() == plan; });
        return static_cast<size_t>(client - clients.begin());
    }

    // ── when memory is short ─────────────────────────────────────────────────────────────────────────────────────
    static constexpr const char* less_memory =
        "memory was short: fewer windows were decoded at once than --batch_size allows";

    /// Throws Error{out_of_memory}.
    std::unique_ptr<BatchDecoder> open_decoder(int slots, int fewest) {
        for (;;) {
            try {
                return std::make_unique<BatchDecoder>(model, *backend, tokenizer, slots);
            } catch (const Error& error) {
                if (error.code() != ErrorCode::out_of_memory || slots <= fewest) throw;
                slots = std::max(fewest, slots / 2);
                is_short = true;
            }
        }
    }

    void put_back(const BatchDecoder::Name& window) { clients[client_of(window.plan)]->job.put_back(window.id); }

    /// A step did not fit: the batch becomes half as large; windows that leave it come again.
    void go_on_with_less(const Error& error) {
        is_short = true;
        for (Client* client : clients) {
            if (decoder->rows_of(&client->job.plan()) > 0) client->job.warn(less_memory);
        }
        const int before = decoder->rows();
        for (const BatchDecoder::Name& window : decoder->limit_rows(before / 2)) put_back(window);
        if (decoder->rows() < before) return;
        const std::optional<BatchDecoder::Name> last = decoder->take_out_last();
        const size_t client = client_of(last->plan);
        put_back(*last);
        try {
            make_room_for_one(error);
        } catch (...) {
            dismiss(client, std::current_exception());
            if (decoder == nullptr) dismiss_all(std::current_exception());
        }
    }

    /// Not even one window fits: what the texts of many would take makes room. Throws when there is nothing to give.
    void make_room_for_one(const Error& why) {
        int width = 1;
        for (const Client* client : clients) width = std::max(width, std::min(rows, client->job.plan().width()));
        const int slots = decoder->slots();
        if (slots <= width)
            throw Error(ErrorCode::out_of_memory, "there is not memory enough to decode a single window: {}",
                        why.what());
        decoder.reset();
        decoder = open_decoder(std::max(width, slots / 2), width);
    }

    /// After a rest: others may have had the memory.
    void widen() {
        is_short = false;
        decoder.reset();
        try {
            decoder = open_decoder(rows, fewest_rows);
        } catch (...) {
            is_short = true;
            dismiss_all(std::current_exception());
        }
    }

    Stopwatch load_watch;
    const int rows, fewest_rows;  // of the batch, when there is memory for all or for little
    bool is_short = false;        // of memory: the batch is smaller than it may be
    std::unique_ptr<Backend> backend;
    WhisperModel model;
    Tokenizer tokenizer;
    Encoder encoder;
    LogMel log_mel;
    std::unique_ptr<BatchDecoder> decoder;  // of the engine's thread; null: there was no memory for one
    const double load_s;

    std::mutex mutex;
    std::condition_variable bell;
    bool news = false, leaving = false;  // under the mutex, as is:
    std::vector<Client*> arrived;

    std::vector<Client*> clients;  // of the engine's thread
    bool clients_are_new = false;  // after a time without any
    size_t turn = 0;
    std::thread thread;
};

Transcriber::Transcriber(const std::filesystem::path& packed_model, std::unique_ptr<Backend> backend, int batch_size,
                         int width)
    : impl_(std::make_unique<Impl>(packed_model, std::move(backend), std::max(1, batch_size) * std::max(1, width),
                                   std::max(1, width))) {}
Transcriber::~Transcriber() = default;

const BackendInfo& Transcriber::backend() const {
    return impl_->backend->info();
}

Transcript Transcriber::transcribe(const std::string& audio_path, const TranscribeOptions& options,
                                   const TranscribeHooks& hooks) {
    const Stopwatch watch;
    auto mailbox = std::make_shared<Impl::Mailbox>(SIZE_MAX);
    TranscribeHooks of_engine = hooks;
    if (hooks.on_window) {
        of_engine.on_window = [mailbox](const FinishedWindow& window, double duration_s) {
            mailbox->push({window, duration_s});
        };
    }
    Impl::Client client{FileJob(impl_->model, impl_->tokenizer, impl_->log_mel, audio_path, options,
                                std::move(of_engine), [this] { impl_->ring(); }),
                        mailbox};
    impl_->await(client, hooks.on_window);
    Transcript transcript = client.job.finish();
    transcript.timings.device_start = impl_->backend->info().start_s;
    transcript.timings.model_load = impl_->load_s;
    transcript.timings.total = watch.seconds();
    const BackendInfo& info = impl_->backend->info();
    transcript.metadata.emplace_back("backend", info.name);
    transcript.metadata.emplace_back("device", info.device);
    transcript.metadata.emplace_back("precision", to_string(info.precision));
    transcript.metadata.emplace_back("model_fingerprint", impl_->model.packed().source_fingerprint());
    return transcript;
}

std::string Transcriber::plan(const TranscribeOptions& options) const {
    const BackendInfo& info = impl_->backend->info();
    std::string all = fmt::format("{} {} {} {}", plan_version, impl_->model.packed().source_fingerprint(), info.name,
                                  to_string(info.precision));
    if (options.vad_filter) all += options.vad_model.empty() ? " energy" : " " + sha256_hex_of_file(options.vad_model);
    for (const auto& [name, value] : options_text(options)) all += fmt::format("\n{}={}", name, value);
    return sha256_hex(std::as_bytes(std::span(all)));
}

}  // namespace ft
