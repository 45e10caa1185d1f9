#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "tests/uplink/support/wire_fixture.h"

namespace tapiary::uplink {
namespace {

using base::AsBytes;
using base::ErrorCode;
using ::testing::HasSubstr;

TEST(WireDecode, ChangedBytesNeverCrash) {
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

TEST(WireDecode, RecordsElementsAndTextsAreCounted) {
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

TEST(WireDecode, LabelsCountersAndNoiseAreBoundedLikeTheRest) {
  wire::FlowBatch batch;
  wire::FlowRecord& flow = *batch.add_flows();
  for (int i = 0; i < 4; ++i) flow.add_labels()->set_key("k");
  for (int i = 0; i < 4; ++i) flow.add_counters()->set_name("n");
  DecodeLimits limits;
  limits.max_elements = 7;
  auto result = DecodeFlows(AsBytes(Body(batch)), limits);
  EXPECT_EQ(result.error().code, ErrorCode::kTooLarge);
  EXPECT_THAT(result.error().message, HasSubstr("flows[0].labels"));

  const std::string over(100, 'x');
  void (*const sets[])(wire::FlowRecord&, const std::string&) = {
      [](wire::FlowRecord& f, const std::string& text) { f.set_noise(text); },
      [](wire::FlowRecord& f, const std::string& text) { f.add_counters()->set_name(text); },
      [](wire::FlowRecord& f, const std::string& text) { f.add_labels()->set_key(text); },
      [](wire::FlowRecord& f, const std::string& text) { f.add_labels()->set_text(text); },
  };
  limits = {};
  limits.max_text_bytes = 99;
  for (const auto set : sets) {
    wire::FlowBatch one;
    set(*one.add_flows(), over);
    EXPECT_TRUE(DecodeFlows(AsBytes(Body(one))));
    EXPECT_EQ(DecodeFlows(AsBytes(Body(one)), limits).error().code, ErrorCode::kTooLarge);
  }
}

// Each sets one field of a flow to what it may not be.
struct BadFlow {
  const char* field;
  void (*set)(wire::FlowRecord&);
};

TEST(WireDecode, ValuesOutsideTheirFieldAreNamed) {
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

TEST(WireDecode, FactsNameTheirFieldToo) {
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

TEST(WireDecode, FieldsOfANewerSensorAreSkipped) {
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
