#include "tests/server/ingest/fixture.h"
#include "uplink/wire/wire.h"

namespace tapiary::server::test {
namespace {

using PutRecords = IngestFixture;

uplink::FlowBatch Flows(std::uint64_t epoch, std::uint64_t seq) {
  uplink::FlowBatch batch{.epoch = epoch, .seq = seq, .flows = {}};
  capture::FlowRecord flow;
  flow.id = {epoch, 77};
  flow.interface = "tap0";
  flow.proto = 6;
  flow.orig.ip = *capture::ParseIpAddress("10.0.0.1");
  flow.resp.ip = *capture::ParseIpAddress("2001:db8::1");
  flow.orig.port = 1025;
  flow.resp.port = 502;
  flow.blocks = {{3, 2}};
  batch.flows.push_back(flow);
  return batch;
}

uplink::FactBatch Facts(std::uint64_t epoch, std::uint64_t seq) {
  uplink::FactBatch batch;
  batch.epoch = epoch;
  batch.seq = seq;
  capture::Transaction transaction;
  transaction.flow_id = {epoch, 77};
  transaction.protocol = "modbus";
  transaction.operation = "write_single_register";
  transaction.command = true;
  batch.transactions.push_back(transaction);
  batch.gaps.push_back({.kind = "packets",
                        .interface = "tap0",
                        .from_ns = 1,
                        .to_ns = 2,
                        .items = 3,
                        .bytes = 4,
                        .reason = "unclean-stop"});
  batch.ledger.push_back({.interface = "tap0",
                          .time_ns = 5,
                          .offered = 10,
                          .recorded = 7,
                          .recorded_bytes = 70,
                          .filtered = 1,
                          .lost = {{"kernel-ring", 2}},
                          .mirror = {}});
  batch.health.emplace();
  batch.health->time_ns = 6;
  batch.health->state = "ok";
  return batch;
}

TEST_F(PutRecords, StoresFlowsAndRepeatsStoreNothing) {
  const std::string body = uplink::EncodeFlows(Flows(1, 2));
  const Answer answer = Put("flows", 1, 2, {body});
  EXPECT_EQ(answer.status, 201) << answer.text;
  EXPECT_EQ(Row("SELECT epoch, number, orig_port, resp_port, hex(orig_ip), hex(resp_ip), blocks "
                "FROM flows"),
            (std::vector<std::string>{"1", "77", "1025", "502", "00000000000000000000FFFF0A000001",
                                      "20010DB8000000000000000000000001", "[[3,2]]"}));
  const auto before = State();
  EXPECT_EQ(Put("flows", 1, 2, {body}).status, 200);
  EXPECT_EQ(State(), before);
}

TEST_F(PutRecords, HP04_RowsThatStayArePaid) {
  IngestLimits limits;
  limits.sensor.lasting_rows_per_day = 10;
  Start(limits);
  EXPECT_EQ(Put("flows", 1, 2, {uplink::EncodeFlows(Flows(1, 2))}).status, 201);
  uplink::FactBatch facts = Facts(1, 0);
  facts.gaps.resize(6, facts.gaps[0]);
  for (const int status : {201, 200}) {  // the second brings nothing
    EXPECT_EQ(Put("facts", 1, 0, {uplink::EncodeFacts(facts)}).status, status);
  }
  EXPECT_EQ(Admitted(100), 4) << "7 of the facts, and one owed";
}

TEST_F(PutRecords, HP04_NoItemHoldsUpTheOthersWithWhatNobodyCounts) {
  const auto before = State();
  uplink::FactBatch ledgers = Facts(1, 0);
  ledgers.ledger.resize(4097, ledgers.ledger[0]);
  ExpectProblem(Put("facts", 1, 0, {uplink::EncodeFacts(ledgers)}), 413);
  uplink::FactBatch gaps = Facts(1, 0);
  gaps.gaps.resize(8193, gaps.gaps[0]);
  ExpectProblem(Put("facts", 1, 0, {uplink::EncodeFacts(gaps)}), 413);
  uplink::FactBatch told = Facts(1, 0);
  told.evidence.emplace();
  told.evidence->runs.resize(2);
  for (auto& run : told.evidence->runs) run.items.resize(8192);
  ExpectProblem(Put("facts", 1, 0, {uplink::EncodeFacts(told)}), 413);
  EXPECT_EQ(State(), before);
}

TEST_F(PutRecords, TheAccountHasTheBodiesOfItems) {
  uplink::FactBatch facts;
  facts.epoch = 1;
  const std::string body = uplink::EncodeFacts(facts);
  EXPECT_EQ(Put("facts", 1, 0, {body}).status, 201);
  EXPECT_EQ(Row("SELECT kind, entries, bytes FROM stored"),
            (std::vector<std::string>{"transactions", "0", std::to_string(body.size())}));
}

TEST_F(PutRecords, StoresFactsOnce) {
  const Answer answer = Put("facts", 1, 0, {uplink::EncodeFacts(Facts(1, 0))});
  EXPECT_EQ(answer.status, 201) << answer.text;
  EXPECT_EQ(Row("SELECT protocol, operation, command, flow_number FROM transactions"),
            (std::vector<std::string>{"modbus", "write_single_register", "1", "77"}));
  EXPECT_EQ(Row("SELECT offered, recorded, filtered, lost FROM ledger"),
            (std::vector<std::string>{"10", "7", "1", "2"}));
  EXPECT_EQ(Row("SELECT reason FROM gaps")[0], "unclean-stop");
  // Another item with the same transaction and ledger row: no second row of either.
  EXPECT_EQ(Put("facts", 1, 1, {uplink::EncodeFacts(Facts(1, 1))}).status, 201);
  EXPECT_EQ(Count("transactions"), 1);
  EXPECT_EQ(Count("ledger"), 1);
  EXPECT_EQ(Count("gaps"), 2);
}

TEST_F(PutRecords, UP01_SameNumberOtherContentIsConflict) {
  EXPECT_EQ(Put("facts", 1, 0, {uplink::EncodeFacts(Facts(1, 0))}).status, 201);
  const auto before = State();
  uplink::FactBatch other = Facts(1, 0);
  other.gaps.clear();
  ExpectProblem(Put("facts", 1, 0, {uplink::EncodeFacts(other)}), 409);
  EXPECT_EQ(State(), before);
  EXPECT_EQ(Count("audit WHERE action = 'digest-conflict'"), 1);
}

TEST_F(PutRecords, BodyAndPathMustAgree) {
  const auto before = State();
  ExpectProblem(Put("flows", 1, 3, {uplink::EncodeFlows(Flows(1, 2))}), 422);
  ExpectProblem(Put("flows", 2, 2, {uplink::EncodeFlows(Flows(1, 2))}), 422);
  ExpectProblem(Put("facts", 1, 3, {uplink::EncodeFacts(Facts(1, 2))}), 422);
  EXPECT_EQ(State(), before);
}

TEST_F(PutRecords, UP03_BrokenAndOversizedAreClearRefusals) {
  Start({.batch_bytes = 2000});
  const auto before = State();
  ExpectProblem(Put("flows", 1, 2, {"no zstd"}), 422);
  ExpectProblem(Put("facts", 1, 2, {""}), 422);
  ExpectProblem(Put("flows", 1, 2, {std::string(2001, 'x')}), 413);
  EXPECT_EQ(State(), before);
}

TEST_F(PutRecords, StoredFlowIsKeptAndTheRestOfTheBatchStored) {
  EXPECT_EQ(Put("flows", 1, 2, {uplink::EncodeFlows(Flows(1, 2))}).status, 201);
  const auto stored = Row("SELECT * FROM flows WHERE number = 77");
  uplink::FlowBatch batch = Flows(1, 3);
  batch.flows[0].part = UINT32_MAX;
  batch.flows[0].resp.port = 80;
  batch.flows.push_back(batch.flows[0]);
  batch.flows[1].id.number = 78;
  EXPECT_EQ(Put("flows", 1, 3, {uplink::EncodeFlows(batch)}).status, 201);
  EXPECT_EQ(Row("SELECT * FROM flows WHERE number = 77"), stored);
  EXPECT_EQ(Count("flows"), 2);
  EXPECT_EQ(
      Row("SELECT COUNT(*), MIN(actor), MIN(detail) FROM audit WHERE action = 'record-conflict'"),
      (std::vector<std::string>{"1", "plant-a",
                                "flows 1/3: 1 records contradict what is stored, which "
                                "stays; the first: flow 1.77 part 4294967295"}));
}

TEST_F(PutRecords, RecordsOfAnOlderEpochAreTakenOfALaterOneNot) {
  uplink::FlowBatch flows = Flows(1, 2);
  flows.epoch = 5;  // as after a split
  EXPECT_EQ(Put("flows", 5, 2, {uplink::EncodeFlows(flows)}).status, 201);
  const auto before = State();
  flows.epoch = 6;
  flows.flows[0].id.epoch = 7;
  ExpectProblem(Put("flows", 6, 2, {uplink::EncodeFlows(flows)}), 422);
  uplink::FactBatch facts = Facts(6, 3);
  facts.transactions[0].flow_id.epoch = 7;
  ExpectProblem(Put("facts", 6, 3, {uplink::EncodeFacts(facts)}), 422);
  EXPECT_EQ(State(), before);
}

TEST_F(PutRecords, OneUnstorableRecordKeepsTheWholeBatchOut) {
  uplink::FlowBatch batch = Flows(1, 2);
  batch.flows.push_back(batch.flows[0]);
  batch.flows[1].id.number = UINT64_MAX;  // no SQLite integer
  const auto before = State();
  ExpectProblem(Put("flows", 1, 2, {uplink::EncodeFlows(batch)}), 422);
  EXPECT_EQ(State(), before);
}

TEST_F(PutRecords, CO02_AnyBytesInTextAreStoredEscaped) {
  uplink::FlowBatch batch = Flows(1, 2);
  batch.flows[0].service = std::string("a\0b\xff", 4);
  EXPECT_EQ(Put("flows", 1, 2, {uplink::EncodeFlows(batch)}).status, 201);
  EXPECT_EQ(Row("SELECT service FROM flows")[0], "a\\x00b\\xff");
}

}  // namespace
}  // namespace tapiary::server::test
