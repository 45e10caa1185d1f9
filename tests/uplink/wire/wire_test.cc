#include "uplink/wire/wire.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zstd.h>

#include <random>

#include "base/text.h"
#include "uplink/wire/tapiary.pb.h"

namespace tapiary::uplink {
namespace {

using base::AsBytes;
using base::ErrorCode;
using ::testing::HasSubstr;

std::string Compress(const std::string& raw) {
  std::string body(ZSTD_compressBound(raw.size()), '\0');
  body.resize(ZSTD_compress(body.data(), body.size(), raw.data(), raw.size(), 3));
  return body;
}

template <class Message>
std::string Body(const Message& message) {
  return Compress(message.SerializeAsString());
}

capture::IpAddress V4(std::uint8_t last) {
  capture::IpAddress ip;
  ip.version = 4;
  ip.bytes = {10, 0, 0, last};
  return ip;
}

capture::FlowRecord FullFlow() {
  capture::FlowRecord flow;
  flow.id = {1234567890123, 42};
  flow.part = 3;
  flow.stream = 257;
  flow.interface = std::string("tap\xff\0x", 6);
  flow.start_ns = -5;
  flow.end_ns = INT64_MAX;
  flow.proto = 6;
  flow.ether_type = 0x0800;
  flow.vlans = {300, 300};
  flow.tunnels = {"gre", "vxlan:42"};
  flow.orig = {V4(1), 40000, {2, 0, 0, 0, 0, 1}, 10, 1000, 500, 0x1b, 7, 2};
  flow.resp = {V4(2), 502, {2, 0, 0, 0, 0, 2}, 9, 900, 400, 0x12, 0, UINT64_MAX};
  flow.resp.ip.version = 6;
  flow.resp.ip.bytes.fill(0xfe);
  flow.delta_packets[0] = 1;
  flow.delta_packets[1] = 2;
  flow.delta_bytes[0] = 3;
  flow.delta_bytes[1] = 4;
  flow.community_id = "1:abc=";
  flow.service = "modbus";
  flow.service_by = "content";
  flow.role_by = capture::RoleBy::kSynAck;
  flow.tcp_state = capture::TcpState::kReset;
  flow.end_reason = capture::EndReason::kActive;
  flow.last = true;
  flow.truncated = 5;
  flow.bad_checksums = 6;
  flow.transactions = 8;
  flow.commands = 9;
  flow.anomalies = {{"modbus.length", 2}, {"", 0}};
  flow.blocks = {{0, 1}, {5, 3}, {UINT64_MAX - 1, 1}};
  return flow;
}

capture::Transaction FullTransaction() {
  capture::Transaction one;
  one.time_ns = 1'700'000'000'123'456'789;
  one.flow_id = {7, 8};
  one.number = 9;
  one.community_id = "1:x";
  one.orig_ip = V4(1);
  one.resp_ip = V4(2);
  one.orig_port = 1;
  one.resp_port = 502;
  one.interface = "tap0";
  one.protocol = "modbus";
  one.operation = "write_single_register";
  one.code = -6;
  one.unit = 0;
  one.address = 100;
  one.values = {INT64_MIN, -1, 0, INT64_MAX};
  one.status = capture::TransactionStatus::kNoReply;
  one.latency_ns = -1;
  one.command = true;
  one.attack_technique = "T0855";
  one.detail = {{"k", std::string("\0\x80", 2)}};
  one.anomalies = {"late"};
  return one;
}

FactBatch FullFacts() {
  FactBatch batch{5, 6, {FullTransaction()}, {}, {}, {}};
  batch.gaps.push_back({"packets", "tap0", 1, 2, 3, 4, "unclean-stop"});
  batch.ledger.push_back({"tap0", 9, 100, 90, 9000, 4, {{"storage-backlog", 6}}});
  batch.health =
      SensorHealth{1, "degraded", {"tap0: link down"}, "0.1.0", 2, 3, 4, "ok", 5, 6, 7, 8, 9};
  return batch;
}

TEST(Wire, FlowsComeBackInEveryField) {
  const FlowBatch batch{kMaxEpoch, UINT64_MAX, {FullFlow(), capture::FlowRecord{}}};
  const std::string body = EncodeFlows(batch);
  const auto back = DecodeFlows(AsBytes(body));
  ASSERT_TRUE(back) << back.error().ToString();
  EXPECT_EQ(back->epoch, batch.epoch);
  EXPECT_EQ(back->seq, batch.seq);
  ASSERT_EQ(back->flows.size(), 2u);
  const capture::FlowRecord& flow = back->flows[0];
  const capture::FlowRecord want = FullFlow();
  EXPECT_EQ(flow.id, want.id);
  EXPECT_EQ(flow.interface, want.interface);
  EXPECT_EQ(flow.vlans, want.vlans);
  EXPECT_EQ(flow.tunnels, want.tunnels);
  EXPECT_EQ(flow.orig.ip, want.orig.ip);
  EXPECT_EQ(flow.resp.ip, want.resp.ip);
  EXPECT_EQ(flow.orig.mac, want.orig.mac);
  EXPECT_EQ(flow.resp.retransmitted, UINT64_MAX);
  EXPECT_EQ(flow.role_by, want.role_by);
  EXPECT_EQ(flow.end_reason, want.end_reason);
  EXPECT_EQ(flow.anomalies, want.anomalies);
  EXPECT_EQ(flow.blocks, want.blocks);
  EXPECT_EQ(back->flows[1].role_by, capture::RoleBy::kFirstSeen);
  EXPECT_EQ(EncodeFlows(*back), body);  // and so every other field
}

TEST(Wire, FactsComeBackInEveryField) {
  const FactBatch batch = FullFacts();
  const std::string body = EncodeFacts(batch);
  const auto back = DecodeFacts(AsBytes(body));
  ASSERT_TRUE(back) << back.error().ToString();
  ASSERT_EQ(back->items(), 4u);
  const capture::Transaction& one = back->transactions[0];
  EXPECT_EQ(one.code, -6);
  EXPECT_EQ(one.unit, 0u);
  EXPECT_EQ(one.quantity, std::nullopt);
  EXPECT_EQ(one.exception, std::nullopt);
  EXPECT_EQ(one.values, FullTransaction().values);
  EXPECT_EQ(one.detail, FullTransaction().detail);
  EXPECT_EQ(back->gaps[0].reason, "unclean-stop");
  EXPECT_EQ(back->ledger[0].lost, batch.ledger[0].lost);
  EXPECT_EQ(back->health, batch.health);
  EXPECT_EQ(EncodeFacts(*back), body);
}

TEST(Wire, EmptyBatchesAreLegal) {
  EXPECT_TRUE(DecodeFlows(AsBytes(EncodeFlows({}))));
  EXPECT_TRUE(DecodeFacts(AsBytes(EncodeFacts({}))));
}

TEST(Wire, BodyCutAtEveryByteIsCorrupt) {
  const std::string body = EncodeFacts(FullFacts());
  for (std::size_t size = 0; size < body.size(); ++size) {
    const auto result = DecodeFacts(AsBytes(std::string_view(body).substr(0, size)));
    ASSERT_FALSE(result) << size;
    EXPECT_EQ(result.error().code, ErrorCode::kCorrupt);
  }
}

TEST(Wire, MessageCutAtEveryByteNeverCrashes) {
  wire::FlowBatch message;
  message.set_epoch(1);
  message.add_flows()->set_interface("tap0");
  const std::string raw = message.SerializeAsString();
  for (std::size_t size = 0; size < raw.size(); ++size) {
    const auto result = DecodeFlows(AsBytes(Compress(raw.substr(0, size))));
    const bool between_fields = size == 0 || size == 2;  // a cut there leaves whole fields
    EXPECT_EQ(result.has_value(), between_fields) << size;
  }
}

TEST(Wire, ChangedBytesNeverCrash) {
  const std::string flows = EncodeFlows({1, 2, {FullFlow(), FullFlow()}});
  wire::FactBatch facts;
  facts.add_transactions()->add_values(-1);
  facts.add_ledger()->add_lost()->set_name("x");
  facts.mutable_health()->set_state("ok");
  const std::string raw = facts.SerializeAsString();
  std::mt19937 random(7);
  for (int i = 0; i < 20'000; ++i) {
    std::string body = flows;
    body[random() % body.size()] = static_cast<char>(random());
    (void)DecodeFlows(AsBytes(body)).has_value();
    std::string changed = raw;
    changed[random() % changed.size()] = static_cast<char>(random());
    (void)DecodeFacts(AsBytes(Compress(changed))).has_value();
  }
}

TEST(Wire, ExpandedSizeIsBounded) {
  DecodeLimits limits;
  limits.max_expanded_bytes = 1 << 20;
  const std::string bomb = Compress(std::string((1 << 20) + 1, '\0'));
  EXPECT_LT(bomb.size(), 1000u);
  auto result = DecodeFlows(AsBytes(bomb), limits);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kTooLarge);

  // The same without a declared content size.
  std::string undeclared(ZSTD_compressBound(2 << 20), '\0');
  ZSTD_CCtx* context = ZSTD_createCCtx();
  ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, 0);
  const std::string zeros(2 << 20, '\0');
  undeclared.resize(
      ZSTD_compress2(context, undeclared.data(), undeclared.size(), zeros.data(), zeros.size()));
  ZSTD_freeCCtx(context);
  result = DecodeFlows(AsBytes(undeclared), limits);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kTooLarge);
}

TEST(Wire, BodySizeWindowAndTrailingBytesAreChecked) {
  DecodeLimits limits;
  limits.max_body_bytes = 10;
  EXPECT_EQ(DecodeFlows(AsBytes(EncodeFlows({1, 2, {FullFlow()}})), limits).error().code,
            ErrorCode::kTooLarge);
  EXPECT_EQ(DecodeFlows(AsBytes(EncodeFlows({}) + "x")).error().code, ErrorCode::kCorrupt);

  std::string wide(ZSTD_compressBound(64), '\0');
  ZSTD_CCtx* context = ZSTD_createCCtx();
  ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, 27);
  ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, 0);
  ZSTD_inBuffer in{"", 0, 0};
  ZSTD_outBuffer out{wide.data(), wide.size(), 0};
  ZSTD_compressStream2(context, &out, &in, ZSTD_e_flush);
  ZSTD_compressStream2(context, &out, &in, ZSTD_e_end);
  ZSTD_freeCCtx(context);
  wide.resize(out.pos);
  const auto result = DecodeFlows(AsBytes(wide));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kCorrupt);
}

TEST(Wire, RecordsElementsAndTextsAreCounted) {
  wire::FlowBatch many;
  for (int i = 0; i < 11; ++i) many.add_flows();
  DecodeLimits limits;
  limits.max_records = 10;
  auto result = DecodeFlows(AsBytes(Body(many)), limits);
  EXPECT_EQ(result.error().code, ErrorCode::kTooLarge);
  EXPECT_THAT(result.error().message, HasSubstr("flows"));

  wire::FlowBatch wide;
  for (int i = 0; i < 6; ++i) wide.add_flows()->add_anomalies();
  for (int i = 0; i < 6; ++i) wide.mutable_flows(i)->add_vlans(1);
  limits = {};
  limits.max_elements = 11;
  result = DecodeFlows(AsBytes(Body(wide)), limits);
  EXPECT_EQ(result.error().code, ErrorCode::kTooLarge);
  EXPECT_THAT(result.error().message, HasSubstr("flows[5].anomalies"));

  wire::FlowBatch text;
  text.add_flows();
  text.add_flows()->set_service(std::string(100, 'x'));
  limits = {};
  limits.max_text_bytes = 99;
  result = DecodeFlows(AsBytes(Body(text)), limits);
  EXPECT_EQ(result.error().code, ErrorCode::kTooLarge);
  EXPECT_THAT(result.error().message, HasSubstr("flows[1].service"));

  limits = {};
  limits.max_record_bytes = 50;
  EXPECT_EQ(DecodeFlows(AsBytes(Body(text)), limits).error().code, ErrorCode::kTooLarge);
}

// Each sets one field of a flow to what it may not be.
struct BadFlow {
  const char* field;
  void (*set)(wire::FlowRecord&);
};

TEST(Wire, ValuesOutsideTheirFieldAreNamed) {
  const BadFlow cases[] = {
      {"epoch", [](wire::FlowRecord& f) { f.set_epoch(UINT64_MAX); }},
      {"proto", [](wire::FlowRecord& f) { f.set_proto(256); }},
      {"ether_type", [](wire::FlowRecord& f) { f.set_ether_type(65536); }},
      {"vlans", [](wire::FlowRecord& f) { f.add_vlans(65536); }},
      {"orig.ip", [](wire::FlowRecord& f) { f.mutable_orig()->set_ip("12345"); }},
      {"resp.port", [](wire::FlowRecord& f) { f.mutable_resp()->set_port(70000); }},
      {"resp.mac", [](wire::FlowRecord& f) { f.mutable_resp()->set_mac("1234567"); }},
      {"orig.tcp_flags", [](wire::FlowRecord& f) { f.mutable_orig()->set_tcp_flags(256); }},
      {"role_by", [](wire::FlowRecord& f) { f.set_role_by(5); }},
      {"tcp_state", [](wire::FlowRecord& f) { f.set_tcp_state(8); }},
      {"end_reason", [](wire::FlowRecord& f) { f.set_end_reason(5); }},
      {"blocks", [](wire::FlowRecord& f) { f.add_blocks(1); }},
      {"blocks", [](wire::FlowRecord& f) { f.add_blocks(1), f.add_blocks(0); }},
      {"blocks", [](wire::FlowRecord& f) { f.add_blocks(1), f.add_blocks(1ULL << 32); }},
      {"blocks", [](wire::FlowRecord& f) { f.add_blocks(UINT64_MAX), f.add_blocks(2); }},
  };
  for (const BadFlow& bad : cases) {
    wire::FlowBatch batch;
    bad.set(*batch.add_flows());
    const auto result = DecodeFlows(AsBytes(Body(batch)));
    ASSERT_FALSE(result) << bad.field;
    EXPECT_EQ(result.error().code, ErrorCode::kCorrupt);
    EXPECT_THAT(result.error().message, HasSubstr(std::string("flows[0].") + bad.field + ":"));
  }
}

TEST(Wire, FactsNameTheirFieldToo) {
  wire::FactBatch batch;
  batch.add_transactions()->set_status(4);
  EXPECT_THAT(DecodeFacts(AsBytes(Body(batch))).error().message,
              HasSubstr("transactions[0].status"));
  batch.clear_transactions();
  batch.set_epoch(1ULL << 62);
  EXPECT_THAT(DecodeFacts(AsBytes(Body(batch))).error().message, HasSubstr("epoch"));
  batch.clear_epoch();
  batch.mutable_health();
  const std::string raw = batch.SerializeAsString();
  EXPECT_THAT(DecodeFacts(AsBytes(Compress(raw + raw))).error().message, HasSubstr("health"));
}

TEST(Wire, FieldsOfANewerSensorAreSkipped) {
  std::string raw;
  raw += "\xa2\x06\x03xyz";                           // field 100, three bytes
  raw += "\xa9\x06\x01\x02\x03\x04\x05\x06\x07\x08";  // field 101, fixed64
  raw += "\x08\x05";                                  // epoch 5
  const auto result = DecodeFacts(AsBytes(Compress(raw)));
  ASSERT_TRUE(result) << result.error().ToString();
  EXPECT_EQ(result->epoch, 5u);
}

}  // namespace
}  // namespace tapiary::uplink
