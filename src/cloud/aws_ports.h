#pragma once
// The functions' interfaces over EC2 and S3.
#include <memory>

#include "aws/ec2_client.h"
#include "aws/s3_client.h"
#include "cloud/ports.h"
#include "cloud/settings.h"

namespace ft::cloud {

class Ec2Machines : public Machines {
  public:
    /// `settings` outlive it; so for all three.
    Ec2Machines(std::shared_ptr<aws::Session> session, const CloudSettings& settings)
        : client_(std::move(session)), settings_(settings) {}

    aws::FleetResult launch(const aws::FleetRequest& request) override { return client_.create_fleet(request); }
    std::vector<Machine> list() override;
    void terminate(const std::string& machine_id) override;

  private:
    aws::Ec2Client client_;
    const CloudSettings& settings_;
};

class S3Uploads : public Uploads {
  public:
    S3Uploads(std::shared_ptr<aws::Session> session, const CloudSettings& settings)
        : client_(std::move(session)), settings_(settings) {}

    std::optional<UploadInfo> head(const std::string& key, const std::string& version) override;
    std::vector<UploadInfo> list(const std::string& prefix, const std::string& after, int limit) override;
    std::optional<std::string> read_text(const std::string& key) override;
    std::string uri_of(const std::string& key) const override;
    std::optional<std::string> key_of(const std::string& uri) const override;
    const std::string& bucket() const override { return settings_.bucket; }

  private:
    aws::S3Client client_;
    const CloudSettings& settings_;
};

class S3Links : public Links {
  public:
    S3Links(std::shared_ptr<aws::Session> session, const CloudSettings& settings)
        : client_(std::move(session)), settings_(settings) {}

    UploadForm upload(const std::string& key, int64_t longest) override;
    std::string download(const std::string& key, const std::string& file_name) override;

  private:
    aws::S3Client client_;
    const CloudSettings& settings_;
};

}  // namespace ft::cloud
