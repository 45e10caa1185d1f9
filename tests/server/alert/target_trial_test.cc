#include "server/alert/target_trial.h"

#include <gtest/gtest.h>

#include <atomic>
#include <nlohmann/json.hpp>
#include <thread>

#include "server/alert/message.h"
#include "tests/server/alert/fixture.h"

namespace tapiary::server::test {
namespace {

constexpr std::int64_t kStart = 1000 * base::kNanosPerSecond;

class Trial : public AlertFixture {
 protected:
  void SetUp() override {
    AlertFixture::SetUp();
    for (const char* name : {"soc", "siem", "mail"}) {
      AlertTarget target;
      target.name = name;
      target.url = "https://127.0.0.1:1/secret";
      target.host = "127.0.0.1";
      target.port = 1;
      target.least = Severity::kHigh;
      targets_.push_back(target);
    }
    UseSender([this](const AlertTarget&) -> AlertSender {
      return [this](const std::vector<Delivery>& deliveries, const std::atomic<bool>&) {
        for (const Delivery& one : deliveries) sent_.push_back(one);
        return failure_;
      };
    });
  }
  void UseSender(SenderMaker maker) {
    trials_ = std::make_unique<TargetTrials>(*catalog_, targets_, std::move(maker), stopping_);
  }
  Response Test(const std::string& target, std::int64_t now_ns = kStart) {
    Request request;
    request.method = "POST";
    request.path_params["id"] = target;
    request.identity.user_id = 1;
    request.identity.user_name = "ann";
    return trials_->Run(request, now_ns);
  }
  std::int64_t Audited() {
    std::int64_t rows = -1;
    const auto done = catalog_->Query(
        "SELECT count(*) FROM audit WHERE actor = 'ann' AND action = 'alert-target-tested' AND "
        "detail = 'soc'",
        {}, [&rows](const SqlRow& row) {
          rows = row.Int(0);
          return false;
        });
    EXPECT_TRUE(done);
    return rows;
  }
  std::vector<AlertTarget> targets_;
  std::vector<Delivery> sent_;
  std::optional<SendFailure> failure_;
  std::atomic<bool> stopping_{false};
  std::unique_ptr<TargetTrials> trials_;
};

TEST_F(Trial, GoesToTheTargetAndSaysWhatItIs) {
  const Response response = Test("soc");
  ASSERT_EQ(response.status, 200) << response.body;
  const auto json = nlohmann::json::parse(response.body);
  EXPECT_EQ(json["state"], "sent");
  EXPECT_TRUE(json["trouble"].is_null());
  ASSERT_EQ(sent_.size(), 1U);
  EXPECT_EQ(sent_[0].id, 0);
  const auto body = nlohmann::json::parse(WebhookBody(sent_[0].alert, sent_[0].id));
  EXPECT_EQ(body["delivery"], 0);
  EXPECT_EQ(body["alert"]["id"], 0);
  EXPECT_EQ(body["alert"]["severity"], "high");
  EXPECT_EQ(body["alert"]["match"]["text"], "a test message, sent by ann");
  EXPECT_NE(AlertSummary(sent_[0].alert).find("sent by ann"), std::string::npos);
  EXPECT_EQ(Audited(), 1);
  EXPECT_TRUE(ListOutbox(*catalog_, "", "", INT64_MAX, 10)->empty()) << "it was queued";
}

TEST_F(Trial, AFailureSaysWhy) {
  failure_ = SendFailure{"HTTP 500", std::nullopt};
  const auto json = nlohmann::json::parse(Test("soc").body);
  EXPECT_EQ(json["state"], "failed");
  EXPECT_EQ(json["trouble"], "HTTP 500");
  EXPECT_EQ(Audited(), 1);
}

TEST_F(Trial, CO10_AnInnerAddressIsRefusedAsForAlerts) {
  const auto guard = AddressGuard::Make({});
  ASSERT_TRUE(guard);
  UseSender([&](const AlertTarget& target) { return MakeSender(target, *guard); });
  const Response response = Test("soc");
  const auto json = nlohmann::json::parse(response.body);
  EXPECT_EQ(json["state"], "failed");
  EXPECT_NE(json["trouble"].get<std::string>().find("127.0.0.1"), std::string::npos);
  EXPECT_EQ(response.body.find("secret"), std::string::npos);
}

TEST_F(Trial, UnknownTargetsAreNotFound) {
  EXPECT_EQ(Test("nobody").status, 404);
  EXPECT_TRUE(sent_.empty());
}

TEST_F(Trial, SeldomToTheSameTarget) {
  EXPECT_EQ(Test("soc").status, 200);
  const Response again = Test("soc", kStart + base::kNanosPerSecond);
  EXPECT_EQ(again.status, 429);
  ASSERT_FALSE(again.headers.empty());
  EXPECT_EQ(again.headers.back(), (std::pair<std::string, std::string>("Retry-After", "9")));
  EXPECT_EQ(Test("siem", kStart + base::kNanosPerSecond).status, 200) << "another target";
  EXPECT_EQ(Test("soc", kStart + TargetTrials::kPauseNs).status, 200);
  EXPECT_EQ(sent_.size(), 3U);
  EXPECT_EQ(Audited(), 2);
}

TEST_F(Trial, FewAtATime) {
  std::atomic<int> waiting{0};
  UseSender([&](const AlertTarget&) -> AlertSender {
    return [&](const std::vector<Delivery>&,
               const std::atomic<bool>& stop) -> std::optional<SendFailure> {
      ++waiting;
      while (!stop) std::this_thread::yield();
      return SendFailure{"stopped", std::nullopt};
    };
  });
  std::thread first([&] { EXPECT_EQ(Test("soc").status, 200); });
  std::thread second([&] { EXPECT_EQ(Test("siem").status, 200); });
  while (waiting < TargetTrials::kAtOnce) std::this_thread::yield();
  EXPECT_EQ(Test("mail").status, 429);
  stopping_ = true;  // a collector that stops does not wait for receivers
  first.join();
  second.join();
  EXPECT_EQ(Test("mail").status, 200) << "its turn was not given back, or it waits for nothing";
}

}  // namespace
}  // namespace tapiary::server::test
