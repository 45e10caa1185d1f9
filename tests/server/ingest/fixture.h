// The ingest handlers over a real catalog and a real file vault, called without HTTP.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "capture/packet.h"
#include "server/catalog/catalog.h"
#include "server/http/router.h"
#include "server/ingest/ingest.h"
#include "server/vault/vault.h"
#include "tests/base/temp_folder.h"
#include "tests/capture/support/packet_builder.h"

namespace tapiary::server::test {

struct Body {
  std::string content;
  std::size_t cut = SIZE_MAX;  // the connection breaks here
  std::size_t step = 70'000;   // bytes a read
};

struct Answer {
  int status = 0;
  nlohmann::json json{};
  std::string text{};
  std::string content_type{};
  std::map<std::string, std::string> headers{};
};

class IngestFixture : public testing::Test {
 protected:
  void SetUp() override { Start({}); }
  void Start(IngestLimits limits);
  // As sensor "plant-a". The content length is that of the whole content.
  Answer Call(const std::string& method, const std::string& path, const Body& body,
              std::map<std::string, std::string> headers = {});
  // With the right digest.
  Answer Put(const std::string& kind, std::uint64_t epoch, std::uint64_t seq, const Body& body);

  // Rows of all tables by name, objects in the vault and half-written ones: what must not change
  // when something is refused.
  std::map<std::string, std::int64_t> State();
  // How many requests its limits would still let through now, of the first `most`.
  int Admitted(int most);
  std::int64_t Count(const std::string& table_and_condition);
  // The first row's columns as text, "NULL" for NULL.
  std::vector<std::string> Row(const std::string& sql);
  // All packets of the catalog's segments, by stream and block, as bytes.
  std::vector<std::string> StoredPackets();

  base::TempFolder folder_;
  std::unique_ptr<Catalog> catalog_;
  std::unique_ptr<Vault> vault_;
  std::unique_ptr<Ingest> ingest_;
  std::unique_ptr<Router> router_;
};

std::string Digest(std::string_view content);
// A segment of `blocks` blocks of five packets each, beginning at block `first_block`.
std::string MakeSegment(std::uint64_t first_block, int blocks = 3);
// A classic pcap with nanoseconds.
std::string MakePcap(const std::vector<capture::Packet>& packets);
// A connection with two Modbus transactions, one of them a command.
void ModbusTalk(capture::test::PacketList& out);
// A problem+json of this status with title and detail.
void ExpectProblem(const Answer& answer, int status);

}  // namespace tapiary::server::test
