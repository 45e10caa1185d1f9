#include "server/evidence/pins.h"

#include <gtest/gtest.h>

#include "tests/base/temp_folder.h"
#include "tests/support/catalog.h"

namespace tapiary::server {
namespace {

class Pins : public testing::Test {
 protected:
  void SetUp() override {
    catalog_ = std::move(*Catalog::Open(test::TestCatalog(folder_.path() + "/catalog.db")));
    const auto done = catalog_->Write([](SqlWriter& writer) -> base::Result<> {
      TAPIARY_TRY(writer.Execute(
          "INSERT INTO sensors (name, created_ns) VALUES ('plant-a', 1), ('plant-b', 1)", {}));
      TAPIARY_TRY(writer.Execute(
          "INSERT INTO flows (sensor_id, epoch, number, part, stream, interface, start_ns, end_ns, "
          "proto, ether_type, orig_port, resp_port, orig_packets, orig_bytes, resp_packets, "
          "resp_bytes, community_id, service, transactions, commands, received_ns, blocks, record) "
          "SELECT id, 1795764019311, 18, 1, 0, 'eth0', 100, 200, 6, 2048, "
          "1, 2, 1, 1, 1, 1, '', '', 0, 0, 5, "
          "'[]', '{}' FROM sensors WHERE name = 'plant-a'",
          {}));
      return {};
    });
    ASSERT_TRUE(done) << done.error().message;
  }
  std::vector<std::string> Audit() {
    std::vector<std::string> rows;
    EXPECT_TRUE(catalog_->Query(
        "SELECT actor, action, detail, COALESCE(peer, '-') FROM audit ORDER BY id", {},
        [&rows](const SqlRow& row) {
          rows.push_back(std::string(row.Text(0)) + " " + std::string(row.Text(1)) + " " +
                         std::string(row.Text(2)) + " by " + std::string(row.Text(3)));
          return true;
        }));
    return rows;
  }
  const Actor ann_{"ann", "192.0.2.9"};
  static Pin Window(const std::string& sensor, std::int64_t from_ns, std::int64_t to_ns) {
    Pin pin;
    pin.sensor = sensor;
    pin.from_ns = from_ns;
    pin.to_ns = to_ns;
    pin.note = "case 12";
    return pin;
  }

  base::TempFolder folder_;
  std::unique_ptr<Catalog> catalog_;
};

TEST_F(Pins, OfAWindowAndOfAFlowWithAnAuditRowEach) {
  const auto window = AddPin(*catalog_, Window("plant-b", 10, 20), ann_);
  ASSERT_TRUE(window) << window.error().message;
  Pin flow = Window("plant-a", 0, 0);
  flow.flow = capture::FlowId{0x1a21be0606f, 0x12};
  const auto of_flow = AddPin(*catalog_, flow, ann_);
  ASSERT_TRUE(of_flow) << of_flow.error().message;
  EXPECT_EQ(of_flow->from_ns, 100);  // the flow's own times
  EXPECT_EQ(of_flow->to_ns, 200);
  const auto all = ListPins(*catalog_, {});
  ASSERT_TRUE(all);
  ASSERT_EQ(all->size(), 2u);
  EXPECT_EQ(FlowText(all->at(0)), "plant-a.1a21be0606f.12");
  EXPECT_EQ(all->at(1).sensor, "plant-b");
  EXPECT_FALSE(all->at(1).flow);
  EXPECT_EQ(all->at(1).note, "case 12");
  const auto of_b = ListPins(*catalog_, {.sensor = "plant-b"});
  ASSERT_TRUE(of_b);
  EXPECT_EQ(of_b->size(), 1u);
  ASSERT_TRUE(RemovePin(*catalog_, window->id, {"bob"}));
  EXPECT_EQ(RemovePin(*catalog_, window->id, {"bob"}).error().code, base::ErrorCode::kNotFound);
  const auto audit = Audit();
  ASSERT_EQ(audit.size(), 3u);
  EXPECT_EQ(audit[1].find("ann pin-created pin 2: flow plant-a.1a21be0606f.12 from 1970-"), 0u)
      << audit[1];
  EXPECT_TRUE(audit[1].ends_with(" by 192.0.2.9")) << audit[1];
  EXPECT_EQ(audit[2].find("bob pin-removed pin 1: sensor plant-b from 1970-"), 0u) << audit[2];
}

TEST_F(Pins, PagesGoDownById) {
  for (std::int64_t i = 0; i < 5; ++i)
    ASSERT_TRUE(AddPin(*catalog_, Window("plant-a", i, i), ann_));
  const auto first = ListPins(*catalog_, {.limit = 2});
  ASSERT_TRUE(first);
  ASSERT_EQ(first->size(), 2u);
  EXPECT_EQ(first->at(0).from_ns, 4);
  const auto rest = ListPins(*catalog_, {.before_id = first->at(1).id});
  ASSERT_TRUE(rest);
  EXPECT_EQ(rest->size(), 3u);
}

TEST_F(Pins, WhatIsWrongLeavesNothing) {
  EXPECT_EQ(AddPin(*catalog_, Window("none", 1, 2), ann_).error().code, base::ErrorCode::kNotFound);
  EXPECT_EQ(AddPin(*catalog_, Window("plant-a", 2, 1), ann_).error().code,
            base::ErrorCode::kInvalid);
  Pin pin = Window("plant-a", 1, 2);
  pin.note.clear();
  EXPECT_EQ(AddPin(*catalog_, pin, ann_).error().code, base::ErrorCode::kInvalid);
  pin.note.assign(kMaxPinNoteBytes + 1, 'x');
  EXPECT_EQ(AddPin(*catalog_, pin, ann_).error().code, base::ErrorCode::kInvalid);
  pin.note = "x";
  pin.flow = capture::FlowId{0x1a21be0606f, 0x13};
  EXPECT_EQ(AddPin(*catalog_, pin, ann_).error().code, base::ErrorCode::kNotFound);
  EXPECT_TRUE(Audit().empty());
  EXPECT_TRUE(ListPins(*catalog_, {})->empty());
}

}  // namespace
}  // namespace tapiary::server
