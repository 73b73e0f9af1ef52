// Images and snapshots: Ec2Client's second half.
#include "aws/ec2_state.h"

namespace ft::aws {

namespace {

Image image_of(const XmlElement& element) {
    Image image;
    image.id = element.text_at("imageId");
    image.name = element.text_at("name");
    image.state = element.text_at("imageState");
    image.created = element.text_at("creationDate");
    image.failure = element.text_at("stateReason/message");
    image.tags = tags_of(element);
    for (const XmlElement* device : element.all("blockDeviceMapping", "item")) {
        std::string snapshot = device->text_at("ebs/snapshotId");
        if (!snapshot.empty()) image.snapshots.push_back(std::move(snapshot));
    }
    return image;
}

}  // namespace

std::vector<Image> Ec2Client::describe_images(const std::vector<Ec2Filter>& filters,
                                              const std::vector<std::string>& ids, const std::string& owner) {
    std::vector<Image> result;
    std::string token;
    do {
        QueryForm form;
        add_filters(form, filters);
        add_list(form, "ImageId", ids);
        form.add_if("Owner.1", owner).add_if("NextToken", token);
        const XmlElement answer = state_->client.call({"DescribeImages", ids.empty() ? "" : ids.front()}, form);
        for (const XmlElement* image : answer.all("imagesSet", "item")) result.push_back(image_of(*image));
        token = answer.text_at("nextToken");
    } while (!token.empty());
    return result;
}

std::string Ec2Client::create_image(const ImageRequest& request) {
    QueryForm form;
    form.add("InstanceId", request.instance_id).add("Name", request.name).add_if("Description", request.description);
    form.add("NoReboot", request.reboot ? "false" : "true");
    const int next = add_tags(form, 1, "image", request.image_tags);
    add_tags(form, next, "snapshot", request.snapshot_tags);
    XmlElement answer;
    try {
        answer = state_->client.call({"CreateImage", request.instance_id}, form);
    } catch (const AwsError& error) {
        // There is no client token, but the name is unique: what an attempt made whose answer was lost is found by it.
        if (error.aws_code() != "InvalidAMIName.Duplicate" || !error.may_have_been_done()) throw;
        const std::vector<Image> made = describe_images({{"name", {request.name}}});
        if (made.size() != 1) throw;
        return made.front().id;
    }
    std::string id = answer.text_at("imageId");
    if (id.empty())
        throw Error(ErrorCode::network, "EC2 CreateImage answers without an image; look for it by its name {}",
                    request.name);
    return id;
}

void Ec2Client::deregister_image(const std::string& image_id) {
    QueryForm form;
    form.add("ImageId", image_id);
    try {
        state_->client.call({"DeregisterImage", image_id}, form);
    } catch (const AwsError& error) {
        if (error.aws_code() != "InvalidAMIID.NotFound" && error.aws_code() != "InvalidAMIID.Unavailable") throw;
    }
}

void Ec2Client::delete_snapshot(const std::string& snapshot_id) {
    QueryForm form;
    form.add("SnapshotId", snapshot_id);
    try {
        state_->client.call({"DeleteSnapshot", snapshot_id}, form);
    } catch (const AwsError& error) {
        if (error.aws_code() != "InvalidSnapshot.NotFound") throw;
    }
}

}  // namespace ft::aws
