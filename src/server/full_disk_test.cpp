// The service while its disk is full or read-only: it says so, keeps nothing half, and goes on by itself.
#include <gtest/gtest.h>

#include <fstream>

#include "base/testing/small_disk.h"
#include "server/testing/service_fixture.h"

namespace ft {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

class FullDisk : public ServiceTest {
  protected:
    FullDisk() { service_options_.reserve_bytes = 1 << 20; }

    fs::path data() const { return service_options_.data; }
    int files_in(const fs::path& folder) const {
        int files = 0;
        if (!fs::exists(folder)) return 0;
        for (const auto& entry : fs::recursive_directory_iterator(folder)) files += entry.is_regular_file() ? 1 : 0;
        return files;
    }
    HttpResponse try_upload(size_t bytes) {
        return post_form("/jobs", {{"file", std::string(bytes, '0') + "1 tal", "talk.wav"}});
    }
    /// Nothing was kept and the server is well.
    void expect_nothing_kept() {
        EXPECT_EQ(json_of(get("/jobs"))["jobs"].size(), 0U);
        EXPECT_EQ(files_in(data() / "objects/inputs"), 0);
        EXPECT_EQ(get("/health").status, 200);
    }
};

TEST_F(FullDisk, AnUploadThatFindsNoRoomIsRefusedAndNothingIsLeft) {
    start();
    {
        const test::FileSizeLimit limit(0);
        const HttpResponse refused = try_upload(100000);
        EXPECT_EQ(refused.status, 507);
        EXPECT_EQ(reason_of(refused), "disk_full");
        EXPECT_NE(sentence_of(refused).find("nothing of this was kept"), std::string::npos);
        expect_nothing_kept();
        const HttpResponse database =
            post("/jobs", R"({"audio": {"url": "http://127.0.0.1:9/a"}})", "application/json");
        EXPECT_EQ(database.status, 507) << database.body;
        EXPECT_EQ(json_of(get("/jobs"))["jobs"].size(), 0U);
    }
    const std::string id = upload("1 tal");
    wait_for(id, "succeeded");
    EXPECT_EQ(json_of(get("/jobs"))["jobs"].size(), 1U);
}

TEST_F(FullDisk, ARealOne) {
    const test::SmallDisk disk(data(), 12);
    if (!disk.why_not().empty()) GTEST_SKIP() << disk.why_not();
    engine_->hold("held", 1);
    const std::string held = upload("2 held");
    wait_for(held, "running");
    disk.fill();
    const HttpResponse refused = try_upload(100000);
    EXPECT_EQ(refused.status, 507);
    EXPECT_EQ(refused.header("retry-after"), "60");
    EXPECT_NE(sentence_of(refused).find("no room"), std::string::npos);
    EXPECT_EQ(json_of(get("/jobs"))["jobs"].size(), 1U);
    EXPECT_EQ(files_in(data() / "objects/inputs"), 1);
    // The job under way ends while there is no room, and waits with its result until there is.
    engine_->let_go();
    clock_.sleep_ms(300);
    EXPECT_EQ(job(held)["state"], "running");
    EXPECT_EQ(files_in(data() / "objects/results"), 0);
    disk.empty();
    EXPECT_EQ(wait_for(held, "succeeded")["attempt"], 1) << "nothing had to be computed again";
    EXPECT_EQ(get("/jobs/" + held + "/result?format=txt").body, "held 0.\nheld 1.\n");
    wait_for(upload("1 tal"), "succeeded");
}

TEST_F(FullDisk, WaitingJobsAreNotBegunAndNotLost) {
    const test::SmallDisk disk(data(), 12);
    if (!disk.why_not().empty()) GTEST_SKIP() << disk.why_not();
    service_options_.workers = 1;
    engine_->hold("held", 0);
    wait_for(upload("1 held"), "running");
    const std::string waiting = upload("1 tal");
    disk.fill(200 << 10);  // less than a quarter of the reserve
    engine_->let_go();
    clock_.sleep_ms(1500);
    EXPECT_EQ(job(waiting)["state"], "queued");
    EXPECT_EQ(job(waiting)["attempt"], 0);
    disk.empty();
    wait_for(waiting, "succeeded");
}

TEST_F(FullDisk, UploadsLeaveTheReserveToTheWork) {
    const test::SmallDisk disk(data(), 12);
    if (!disk.why_not().empty()) GTEST_SKIP() << disk.why_not();
    start();
    disk.fill(3 << 20);
    EXPECT_EQ(try_upload(5 << 20).status, 507) << "refused by its head";
    const auto left = fs::space(data()).available;
    EXPECT_EQ(try_upload(2500 << 10).status, 507) << "there is room, but it is reserved";
    EXPECT_EQ(fs::space(data()).available, left);
    EXPECT_EQ(try_upload(1 << 20).status, 202);
}

TEST_F(FullDisk, AFolderThatBecomesReadOnly) {
    fs::create_directories(data());
    const test::SmallDisk disk(data() / "objects", 12);
    if (!disk.why_not().empty()) GTEST_SKIP() << disk.why_not();
    start();
    ASSERT_TRUE(disk.set_read_only(true));
    const HttpResponse refused = try_upload(1000);
    EXPECT_EQ(refused.status, 503);
    EXPECT_EQ(reason_of(refused), "permission");
    EXPECT_NE(sentence_of(refused).find("read-only"), std::string::npos);
    expect_nothing_kept();
    ASSERT_TRUE(disk.set_read_only(false));
    wait_for(upload("1 tal"), "succeeded");
}

TEST_F(FullDisk, AFolderThatIsReadOnlyAtTheStart) {
    const test::SmallDisk disk(data(), 12);
    if (!disk.why_not().empty()) GTEST_SKIP() << disk.why_not();
    wait_for(upload("1 tal"), "succeeded");
    stop();
    ASSERT_TRUE(disk.set_read_only(true));
    try {
        const LocalService service(service_options_, load_, resolve_by_system, clock_, [](const Error&) {});
        ADD_FAILURE() << "it started";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::permission) << error.what();
        EXPECT_NE(std::string(error.what()).find("writable"), std::string::npos) << error.what();
    }
    ASSERT_TRUE(disk.set_read_only(false));
    EXPECT_EQ(json_of(get("/jobs"))["jobs"].size(), 1U);
}

}  // namespace
}  // namespace ft
