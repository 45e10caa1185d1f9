#include "capture/ot/s7comm/job.h"

#include <gtest/gtest.h>

#include "tests/capture/ot/iso/support.h"
#include "tests/capture/support/packet_builder.h"

namespace tapiary::capture::s7comm {
namespace {

using test::DetailOf;
using test::HasAnomaly;
using test::Hex;
using Values = std::vector<std::int64_t>;

Transaction Ask(std::string_view hex, Shapes* shapes = nullptr) {
  const auto bytes = Hex(hex);
  Transaction out;
  Shapes own;
  DecodeJob(*ReadMessage(bytes, bytes.size()), out, shapes != nullptr ? *shapes : own);
  return out;
}

Transaction AskAndAnswer(std::string_view request, std::string_view response) {
  Shapes shapes;
  Transaction out = Ask(request, &shapes);
  const auto bytes = Hex(response);
  DecodeAck(*ReadMessage(bytes, bytes.size()), shapes, true, out);
  return out;
}

TEST(S7Job, ReadHasAddressTypeAndValues) {
  const Transaction read =
      AskAndAnswer("32010000 0102 000e 0000 0401 120a10 05 0002 0001 84 000050",
                   "32030000 0102 0002 0008 0000 0401 ff04 0020 1234fffe");
  EXPECT_EQ(read.operation, "read_variable");
  EXPECT_EQ(read.address, 10u);
  EXPECT_EQ(read.quantity, 2u);
  EXPECT_EQ(read.values, (Values{0x1234, -2}));
  EXPECT_EQ(DetailOf(read, "items"), "DB1.10.0 INT*2");
  EXPECT_EQ(DetailOf(read, "db"), "1");
  EXPECT_EQ(read.attack_technique, "T0801");
  EXPECT_FALSE(read.command);
}

TEST(S7Job, WritesAreCommandsByArea) {
  const Transaction output =
      AskAndAnswer("32010000 0103 000e 0005 0501 120a10 01 0001 0000 82 000003 0003 0001 01",
                   "32030000 0103 0002 0001 0000 0501 ff");
  EXPECT_EQ(output.values, (Values{1}));
  EXPECT_EQ(DetailOf(output, "items"), "Q0.3 BOOL*1");
  EXPECT_TRUE(output.command);
  EXPECT_EQ(output.attack_technique, "T0835");
  EXPECT_EQ(output.status, TransactionStatus::kOk);
  const Transaction real =
      Ask("32010000 0103 000e 0008 0501 120a10 08 0001 0007 84 000020 0007 0004 41bc0000");
  EXPECT_EQ(DetailOf(real, "real_values"), "23.5");
  EXPECT_EQ(real.attack_technique, "T0836");
}

TEST(S7Job, AFailedItemIsAnException) {
  const Transaction denied =
      AskAndAnswer("32010000 0103 000e 0005 0501 120a10 01 0001 0000 82 000003 0003 0001 01",
                   "32030000 0103 0002 0001 0000 0501 03");
  EXPECT_EQ(denied.status, TransactionStatus::kException);
  EXPECT_EQ(denied.exception, 3u);
  EXPECT_EQ(DetailOf(denied, "error"), "access_denied");
}

TEST(S7Job, HeaderErrorsAreExceptions) {
  const Transaction stop =
      AskAndAnswer("32010000 0106 0010 0000 29 0000000000 09 505f50524f4752414d",
                   "32020000 0106 0000 0000 8500");
  EXPECT_EQ(stop.operation, "plc_stop");
  EXPECT_TRUE(stop.command);
  EXPECT_EQ(stop.attack_technique, "T0881");
  EXPECT_EQ(stop.exception, 0x8500u);
  EXPECT_EQ(DetailOf(stop, "error_class"), "133");
  EXPECT_EQ(DetailOf(stop, "answer"), "ack");
}

TEST(S7Job, ProgramInvocations) {
  const auto pi = [](std::string_view argument, std::string_view name) {
    const auto size = [](std::string_view text) { return text.size() / 2; };
    return Ask(fmt::format("32010000 0107 {:04x} 0000 28 000000000000fd {:04x} {} {:02x} {}",
                           1 + 7 + 2 + size(argument) + 1 + size(name), size(argument), argument,
                           size(name), name));
  };
  EXPECT_EQ(pi("", "505f50524f4752414d").operation, "plc_start");
  EXPECT_EQ(pi("4320", "505f50524f4752414d").operation, "plc_cold_start");
  const Transaction removed = pi("0100303830303030334250", "5f44454c45");
  EXPECT_EQ(removed.operation, "delete_block");
  EXPECT_EQ(removed.attack_technique, "T0809");
  EXPECT_EQ(DetailOf(removed, "pi_service"), "_DELE");
  const Transaction activated = pi("010030413030303038 50", "5f494e5345");
  EXPECT_EQ(activated.operation, "activate_block");
}

TEST(S7Job, Transfers) {
  const Transaction download =
      Ask("32010000 0108 0020 0000 1a 000100 00000000 09 5f30383030303031 50 0d "
          "31303030313738303030313234");
  EXPECT_EQ(download.operation, "request_download");
  EXPECT_EQ(DetailOf(download, "block"), "OB1 passive");
  EXPECT_EQ(DetailOf(download, "load_memory_bytes"), "000178");
  EXPECT_EQ(download.attack_technique, "T0821");
  const Transaction upload =
      AskAndAnswer("32010000 0109 0012 0000 1d 000000 00000000 09 5f3041303030303841",
                   "32030000 0109 0010 0000 0000 1d 000100 00000007 07 30303030323634");
  EXPECT_EQ(upload.operation, "start_upload");
  EXPECT_EQ(DetailOf(upload, "block"), "DB8 active");
  EXPECT_EQ(DetailOf(upload, "transfer_id"), "7");
  EXPECT_EQ(DetailOf(upload, "block_bytes"), "0000264");
  EXPECT_EQ(upload.attack_technique, "T0845");
}

TEST(S7Job, OT07_CountsThatLieAreNamed) {
  const Transaction read = Ask("32010000 0102 000e 0000 04ff 120a10 04 ffff 0001 84 000050");
  EXPECT_TRUE(HasAnomaly(read, "s7comm-item-count"));
  EXPECT_EQ(DetailOf(read, "items"), "DB1.10.0 WORD*65535");
}

}  // namespace
}  // namespace tapiary::capture::s7comm
