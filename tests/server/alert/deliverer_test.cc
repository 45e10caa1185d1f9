#include "server/alert/deliverer.h"

#include <condition_variable>
#include <mutex>
#include <thread>

#include "base/clock.h"
#include "tests/server/alert/fixture.h"

namespace tapiary::server::test {
namespace {

class Delivering : public AlertFixture {
 protected:
  void SetUp() override {
    AlertFixture::SetUp();
    Rule(R"({"name":"a","filter":"command","cooldown":"0s"})");
    target_.name = "soc";
  }
  void Raise(int count = 1) {
    for (int i = 0; i < count; ++i) {
      Facts({Command(next_flow_++)});
      Judge(base::WallNow());
    }
  }
  AlertSender Sender() {
    return [this](const std::vector<Delivery>& deliveries,
                  const std::atomic<bool>&) -> std::optional<SendFailure> {
      const std::lock_guard lock(mutex_);
      ++calls_;
      if (failures_ > 0) {
        --failures_;
        return SendFailure{"down", retry_after_ns_};
      }
      for (const Delivery& one : deliveries) sent_.push_back(one.id);
      changed_.notify_all();
      return std::nullopt;
    };
  }
  AlertTarget target_;
  std::atomic<bool> stop_{false};
  std::uint64_t next_flow_ = 1;
  std::mutex mutex_;
  std::condition_variable changed_;
  int calls_ = 0;
  int failures_ = 0;
  std::optional<std::int64_t> retry_after_ns_;
  std::vector<std::int64_t> sent_;
};

TEST_F(Delivering, SendsWhatIsDueAndRests) {
  Raise(3);
  DeliveryRound round(*catalog_, target_, Sender());
  for (int i = 0; i < 3; ++i) EXPECT_EQ(round.Run(base::WallNow(), stop_), 0);
  EXPECT_GT(round.Run(base::WallNow(), stop_), 0);
  EXPECT_EQ(sent_.size(), 3u);
  EXPECT_EQ(Count("alert_outbox WHERE state = 'sent'"), 3);
}

TEST_F(Delivering, SyslogTakesManyAtOnce) {
  target_.kind = TargetKind::kSyslogTcp;
  Raise(3);
  DeliveryRound round(*catalog_, target_, Sender());
  EXPECT_EQ(round.Run(base::WallNow(), stop_), 0);
  EXPECT_EQ(calls_, 1);
  EXPECT_EQ(sent_.size(), 3u);
}

TEST_F(Delivering, AFailedMessageGoesBehindTheOthers) {
  Raise(2);
  failures_ = 1;
  DeliveryRound round(*catalog_, target_, Sender());
  EXPECT_GT(round.Run(base::WallNow(), stop_), 0);
  EXPECT_EQ(round.Run(base::WallNow(), stop_), 0);
  ASSERT_EQ(sent_.size(), 1u);
  EXPECT_EQ(Count("alert_outbox WHERE state = 'waiting' AND attempts = 1 AND trouble = 'down'"), 1);
  EXPECT_EQ(Count("alert_outbox WHERE state = 'sent' AND id = " + std::to_string(sent_[0])), 1);
}

TEST_F(Delivering, WaitsAsLongAsTheReceiverAsks) {
  Raise();
  failures_ = 1;
  retry_after_ns_ = 600 * kSecond;
  DeliveryRound round(*catalog_, target_, Sender());
  round.Run(base::WallNow(), stop_);
  EXPECT_EQ(ClaimDeliveries(*catalog_, "soc", base::WallNow() + 590 * kSecond, 1)->size(), 0u);
  EXPECT_EQ(ClaimDeliveries(*catalog_, "soc", base::WallNow() + 601 * kSecond, 1)->size(), 1u);
}

TEST_F(Delivering, AStopCountsNoAttempt) {
  Raise();
  failures_ = 1;
  stop_ = true;
  DeliveryRound round(*catalog_, target_, Sender());
  round.Run(base::WallNow(), stop_);
  EXPECT_EQ(Count("alert_outbox WHERE state = 'waiting' AND attempts = 0 AND lease_ns = 0"), 1);
}

TEST_F(Delivering, TheThreadSendsWhenItIsWoken) {
  Deliverer deliverer(*catalog_, target_, Sender());
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  Raise();
  deliverer.Wake();
  std::unique_lock lock(mutex_);
  EXPECT_TRUE(changed_.wait_for(lock, std::chrono::seconds(10), [this] { return !sent_.empty(); }));
}

}  // namespace
}  // namespace tapiary::server::test
