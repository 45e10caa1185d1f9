#include "capture/ot/bacnet/decode.h"

#include <gtest/gtest.h>

#include "tests/capture/ot/bacnet/bytes.h"

namespace tapiary::capture::bacnet {
namespace {

TEST(BacnetDecode, ReadPropertyHasObjectPropertyAndValue) {
  const Transaction t = Script()
                            .Ask(Unicast("0005010c 0c00000005 1955"))
                            .Answer(Unicast("30010c 0c00000005 1955 3e4442c800003f"))
                            .One();
  EXPECT_EQ(t.operation, "read_property");
  EXPECT_EQ(t.code, 12);
  EXPECT_EQ(t.address, 5u);
  EXPECT_EQ(t.values, std::vector<std::int64_t>{100});
  EXPECT_EQ(Detail(t, "object"), "analog_input:5");
  EXPECT_EQ(Detail(t, "property"), "present_value");
  EXPECT_EQ(Detail(t, "value"), "100");
  EXPECT_EQ(t.status, TransactionStatus::kOk);
  EXPECT_FALSE(t.command);
  EXPECT_TRUE(t.anomalies.empty());
}

TEST(BacnetDecode, WritePropertyIsACommandWithPriority) {
  const Transaction t = Script()
                            .Ask(Unicast("0005020f 0c01000003 1955 3e91013f 4908"))
                            .Answer(Unicast("20020f"))
                            .One();
  EXPECT_EQ(t.operation, "write_property");
  EXPECT_TRUE(t.command);
  EXPECT_EQ(t.attack_technique, "T0855");
  EXPECT_EQ(Detail(t, "object"), "binary_output:3");
  EXPECT_EQ(Detail(t, "priority"), "8");
  EXPECT_EQ(t.values, std::vector<std::int64_t>{1});
  EXPECT_EQ(Detail(t, "response"), "simple_ack");
}

TEST(BacnetDecode, DeviceControlShowsStateAndPassword) {
  const Transaction dcc = Script().Ask(Unicast("00050311 0905 1901 2d06 00 6162636465")).One();
  EXPECT_EQ(dcc.operation, "device_communication_control");
  EXPECT_EQ(Detail(dcc, "duration_minutes"), "5");
  EXPECT_EQ(Detail(dcc, "device_state"), "disable");
  EXPECT_EQ(Detail(dcc, "password"), "abcde");
  EXPECT_EQ(dcc.status, TransactionStatus::kNoReply);
  EXPECT_TRUE(dcc.command);
  EXPECT_EQ(dcc.attack_technique, "T0814");
  const Transaction cold =
      Script().Ask(Unicast("00050414 0900")).Answer(Unicast("500414 9105 911a")).One();
  EXPECT_EQ(Detail(cold, "device_state"), "coldstart");
  EXPECT_EQ(cold.attack_technique, "T0816");
  EXPECT_EQ(cold.status, TransactionStatus::kException);
  EXPECT_EQ(cold.exception, 26u);
  EXPECT_EQ(Detail(cold, "error"), "services/password_failure");
  EXPECT_EQ(Script().Ask(Unicast("00050414 0904")).One().attack_technique, "T0843");
}

TEST(BacnetDecode, WritePropertyMultipleListsAll) {
  const Transaction t =
      Script()
          .Ask(Unicast(
              "00050510 0c00400001 1e 0955 2e44420000002f 3908 1f 0c00400002 1e 0955 2e002f 1f"))
          .One();
  EXPECT_EQ(Detail(t, "items"),
            "analog_output:1 present_value=32@8; analog_output:2 present_value=null");
  EXPECT_EQ(t.quantity, 2u);
  EXPECT_EQ(t.address, 1u);
  EXPECT_EQ(t.values, std::vector<std::int64_t>{32});
  EXPECT_TRUE(t.command);
}

TEST(BacnetDecode, ReadPropertyMultipleOnADeviceIsReconnaissance) {
  const Transaction t =
      Script()
          .Ask(Unicast("0005060e 0c023fffff 1e 094d 0979 1f"))
          .Answer(Unicast("30060e 0c02000001 1e 294d 4e 7504 00 504c43 4f 2979 5e 9102 9120 5f 1f"))
          .One();
  EXPECT_EQ(Detail(t, "items"), "device:4194303 object_name vendor_name");
  EXPECT_EQ(Detail(t, "results"),
            "device:1 object_name=PLC vendor_name=!property/unknown_property");
  EXPECT_EQ(Detail(t, "property_errors"), "1");
  EXPECT_EQ(t.attack_technique, "T0888");
  EXPECT_FALSE(t.command);
}

TEST(BacnetDecode, FilesTellPositionAndSize) {
  const Transaction t = Script()
                            .Ask(Unicast("00050707 c402800001 0e 3101 6504 deadbeef 0f"))
                            .Answer(Unicast("300707 0901"))
                            .One();
  EXPECT_EQ(t.operation, "atomic_write_file");
  EXPECT_EQ(Detail(t, "object"), "file:1");
  EXPECT_EQ(Detail(t, "access"), "stream");
  EXPECT_EQ(Detail(t, "file_start"), "1");
  EXPECT_EQ(Detail(t, "file_bytes"), "4");
  EXPECT_EQ(t.attack_technique, "T0843");
}

TEST(BacnetDecode, DiscoveryIsUnsolicited) {
  Collector out = Script()
                      .Ask(Bip(0x0b, "0120ffff00ff 1008 0900 1a03e7"))
                      .Answer(Bip(0x0b, "0100 1000 c402000065 2205c4 9103 2103"))
                      .End();
  ASSERT_EQ(out.transactions.size(), 2u);
  EXPECT_EQ(out.transactions[0].operation, "who_is");
  EXPECT_EQ(out.transactions[0].status, TransactionStatus::kUnsolicited);
  EXPECT_EQ(Detail(out.transactions[0], "high_limit"), "999");
  EXPECT_EQ(Detail(out.transactions[0], "destination"), "*");
  EXPECT_EQ(out.transactions[0].attack_technique, "T0846");
  EXPECT_EQ(Detail(out.transactions[1], "device"), "device:101");
  EXPECT_EQ(Detail(out.transactions[1], "vendor_id"), "3");
  EXPECT_EQ(Detail(out.transactions[1], "segmentation"), "none");
  EXPECT_EQ(Detail(out.transactions[1], "sent_by"), "responder");
}

TEST(BacnetDecode, RejectAndAbortAreExceptions) {
  const Transaction reject = Script().Ask(Unicast("0005080c")).Answer(Unicast("600809")).One();
  EXPECT_EQ(reject.exception, 9u);
  EXPECT_EQ(Detail(reject, "reject_reason"), "unrecognized_service");
  const Transaction abort = Script().Ask(Unicast("0005080c")).Answer(Unicast("710804")).One();
  EXPECT_EQ(Detail(abort, "abort_reason"), "segmentation_not_supported");
  const Transaction own = Script().Ask(Unicast("0005080c")).Ask(Unicast("700800")).One();
  EXPECT_EQ(Detail(own, "aborted_by"), "client");
}

TEST(BacnetDecode, AckAboutAnotherObjectIsFlagged) {
  const Transaction t = Script()
                            .Ask(Unicast("0005010c 0c00000005 1955"))
                            .Answer(Unicast("30010c 0c00000006 1955 3e4442c800003f"))
                            .One();
  EXPECT_EQ(t.anomalies, std::vector<std::string>{"bacnet-object-mismatch"});
}

TEST(BacnetDecode, BbmdManagementIsPaired) {
  Collector out = Script()
                      .Ask(Bip(5, "003c"))
                      .Answer(Bip(0, "0000"))
                      .Ask(Bip(2, ""))
                      .Answer(Bip(3, "0a000001bac0ffffffff"))
                      .Ask(Bip(6, ""))
                      .Answer(Bip(0, "0040"))
                      .End();
  ASSERT_EQ(out.transactions.size(), 3u);
  EXPECT_EQ(out.transactions[0].operation, "register_foreign_device");
  EXPECT_EQ(Detail(out.transactions[0], "time_to_live"), "60");
  EXPECT_EQ(Detail(out.transactions[0], "result"), "successful");
  EXPECT_TRUE(out.transactions[0].command);
  EXPECT_EQ(Detail(out.transactions[1], "table"), "10.0.0.1:47808/ffffffff");
  EXPECT_EQ(out.transactions[2].status, TransactionStatus::kException);
  EXPECT_EQ(out.transactions[2].exception, 0x40u);
}

TEST(BacnetDecode, NetworkMessagesAndForwardedOrigin) {
  Collector out = Script()
                      .Ask(Bip(0x0b, "0180 01 0005 0006"))
                      .Ask(Bip(0x04, "0a000007bac0 0100 1008"))
                      .Ask(Bip(0x0a, "0180 06 01 0007 01 00"))
                      .End();
  ASSERT_EQ(out.transactions.size(), 3u);
  EXPECT_EQ(out.transactions[0].operation, "i_am_router_to_network");
  EXPECT_EQ(Detail(out.transactions[0], "networks"), "5 6");
  EXPECT_EQ(Detail(out.transactions[1], "origin"), "10.0.0.7:47808");
  EXPECT_EQ(Detail(out.transactions[2], "routes"), "7/port1");
  EXPECT_TRUE(out.transactions[2].command);
}

}  // namespace
}  // namespace tapiary::capture::bacnet
