// The certificate must be for the name in the callback, though the connection goes to an address that was checked.
#include <gtest/gtest.h>
#include <httplib.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <memory>
#include <thread>

#include "base/testing/temporary_folder.h"
#include "jobs/memory/manual_clock.h"
#include "jobs/memory/memory_object_store.h"
#include "webhook/webhook_notifier.h"

namespace ft {
namespace {

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;

Key make_key() {
    EVP_PKEY* key = nullptr;
    const std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)> context(EVP_PKEY_CTX_new_id(EVP_PKEY_EC, nullptr),
                                                                              EVP_PKEY_CTX_free);
    EXPECT_EQ(EVP_PKEY_keygen_init(context.get()), 1);
    EXPECT_EQ(EVP_PKEY_CTX_set_ec_paramgen_curve_nid(context.get(), NID_X9_62_prime256v1), 1);
    EXPECT_EQ(EVP_PKEY_keygen(context.get(), &key), 1);
    return {key, EVP_PKEY_free};
}

/// Valid for `name` for an hour, signed by itself.
Certificate make_certificate(const std::string& name, EVP_PKEY* key) {
    Certificate certificate(X509_new(), X509_free);
    X509_set_version(certificate.get(), 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -60);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
    X509_set_pubkey(certificate.get(), key);
    X509_NAME* const subject = X509_get_subject_name(certificate.get());
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(name.c_str()), -1,
                               -1, 0);
    X509_set_issuer_name(certificate.get(), subject);
    const std::unique_ptr<X509_EXTENSION, decltype(&X509_EXTENSION_free)> names(
        X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, ("DNS:" + name).c_str()), X509_EXTENSION_free);
    X509_add_ext(certificate.get(), names.get(), -1);
    EXPECT_GT(X509_sign(certificate.get(), key, EVP_sha256()), 0);
    return certificate;
}

std::string pem_of(X509* certificate) {
    const std::unique_ptr<BIO, decltype(&BIO_free)> memory(BIO_new(BIO_s_mem()), BIO_free);
    EXPECT_EQ(PEM_write_bio_X509(memory.get(), certificate), 1);
    char* text = nullptr;
    const long length = BIO_get_mem_data(memory.get(), &text);
    return {text, static_cast<size_t>(length)};
}

class WebhookTls : public ::testing::Test {
  protected:
    WebhookTls() {
        server.Post("/hook", [this](const httplib::Request& request, httplib::Response& response) {
            host = request.get_header_value("host");
            response.status = 204;
        });
        port = server.bind_to_any_port("127.0.0.1");
        thread = std::thread([this] { server.listen_after_bind(); });
        while (!server.is_running()) std::this_thread::yield();
        options.message.public_url = "https://transcribe.example.org";
        options.addresses.allowed = {parse_network("127.0.0.1")};
        options.certificates = folder.write("trusted.pem", pem_of(certificate.get()));
    }
    ~WebhookTls() override {
        server.stop();
        thread.join();
    }
    Delivery deliver(const std::string& to) {
        WebhookNotifier notifier(
            {objects, [](const OutboxEvent&) { return std::vector{WebhookSecret::make()}; },
             [](const std::string&, int64_t) { return std::vector{*parse_ip("127.0.0.1")}; }, clock},
            options);
        OutboxEvent event;
        event.id = "msg_1";
        event.job_id = "job_1";
        event.type = event_failed;
        event.url = "https://" + to + ":" + std::to_string(port) + "/hook";
        event.body = R"({"type":"transcription.failed","data":{}})";
        return notifier.deliver(event);
    }

    Key key = make_key();
    Certificate certificate = make_certificate("hook.test", key.get());
    httplib::SSLServer server{certificate.get(), key.get()};
    int port = 0;
    std::thread thread;
    std::string host;  // of the last request; read after its answer
    test::TemporaryFolder folder;
    ManualClock clock;
    MemoryObjectStore objects{clock};
    WebhookOptions options;
};

TEST_F(WebhookTls, TheNameInTheCallbackIsTheOneThatCounts) {
    EXPECT_EQ(deliver("hook.test").verdict, Delivery::Verdict::delivered);
    EXPECT_EQ(host, "hook.test:" + std::to_string(port));
    for (const char* other : {"other.test", "checked.invalid", "127.0.0.1"}) {
        const Delivery delivery = deliver(other);
        EXPECT_EQ(delivery.verdict, Delivery::Verdict::again) << other;
        EXPECT_EQ(delivery.http_status, 0);
        EXPECT_TRUE(delivery.note.starts_with("its certificate is not trusted: ")) << delivery.note;
    }
}

TEST_F(WebhookTls, AnUnknownCertificateIsNotTrusted) {
    const Key other = make_key();
    options.certificates = folder.write("other.pem", pem_of(make_certificate("hook.test", other.get()).get()));
    EXPECT_TRUE(deliver("hook.test").note.starts_with("its certificate is not trusted: "));
}

}  // namespace
}  // namespace ft
