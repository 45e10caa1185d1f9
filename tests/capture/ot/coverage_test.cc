// docs/protocols.md says truthfully what the registry has: rows, ports, EtherTypes, levels.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "capture/ot/registry.h"

namespace tapiary::capture {
namespace {

struct Row {
  std::set<std::string> on;
  std::string carrier;  // "in `cotp`": a service that another row's decoder tells apart
  std::string level, extracted, source;
};

std::string Trim(const std::string& text) {
  const std::size_t begin = text.find_first_not_of(" `");
  const std::size_t end = text.find_last_not_of(" `");
  return begin == std::string::npos ? "" : text.substr(begin, end - begin + 1);
}

std::vector<std::string> Cells(const std::string& line) {
  std::vector<std::string> cells;
  std::istringstream in(line.substr(1));
  for (std::string cell; std::getline(in, cell, '|');) cells.push_back(Trim(cell));
  return cells;
}

// The rows of the table whose head names "service" second, by service.
std::multimap<std::string, Row> DocumentedRows() {
  std::multimap<std::string, Row> rows;
  std::ifstream in(TAPIARY_PROTOCOLS_MD);
  bool inside = false;
  for (std::string line; std::getline(in, line);) {
    if (!line.starts_with('|')) {
      inside = false;
      continue;
    }
    const std::vector<std::string> cells = Cells(line);
    if (cells.size() >= 2 && cells[1] == "service") {
      inside = true;
    } else if (inside && !line.starts_with("|-")) {
      if (cells.size() != 6) {
        ADD_FAILURE() << "want six cells: " << line;
        continue;
      }
      Row row{
          .on = {}, .carrier = "", .level = cells[3], .extracted = cells[4], .source = cells[5]};
      if (cells[2].starts_with("in ")) row.carrier = Trim(cells[2].substr(3));
      std::istringstream words(cells[2]);
      for (std::string word; words >> word;) row.on.insert(word);
      rows.emplace(cells[1], row);
    }
  }
  return rows;
}

std::set<std::string> RegisteredOn(const OtProtocol& protocol) {
  std::set<std::string> on;
  for (const std::uint16_t port : protocol.ports) {
    if (port == 0) continue;
    if (protocol.tcp) on.insert(fmt::format("tcp/{}", port));
    if (protocol.udp) on.insert(fmt::format("udp/{}", port));
  }
  for (const std::uint16_t type : protocol.ether_types) {
    if (type != 0) on.insert(fmt::format("eth/0x{:04x}", type));
  }
  if (protocol.llc) on.insert("llc");
  if (on.empty()) on.insert("-");
  return on;
}

std::string Join(const std::set<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += word + " ";
  return text;
}

TEST(OtCoverage, EachRegisteredProtocolHasItsRow) {
  const auto rows = DocumentedRows();
  for (const OtProtocol* const protocol : OtProtocols()) {
    const std::string service(protocol->service);
    ASSERT_EQ(rows.count(service), 1u) << "docs/protocols.md: rows for " << service;
    const Row& row = rows.find(service)->second;
    EXPECT_EQ(Join(row.on), Join(RegisteredOn(*protocol))) << service;
    EXPECT_EQ(row.level, protocol->level == OtLevel::kDecoded ? "decoded" : "recognised")
        << service;
    EXPECT_FALSE(row.extracted.empty()) << service;
    EXPECT_FALSE(row.source.empty()) << service;
  }
}

TEST(OtCoverage, EachRowIsRegistered) {
  std::set<std::string> services;
  for (const OtProtocol* const protocol : OtProtocols()) {
    services.insert(std::string(protocol->service));
  }
  const auto rows = DocumentedRows();
  EXPECT_FALSE(rows.empty());
  for (const auto& [service, row] : rows) {
    const std::string carrier = row.carrier.empty() ? service : row.carrier;
    EXPECT_TRUE(services.contains(carrier)) << service;
    EXPECT_TRUE(row.level == "decoded" || row.level == "recognised") << service;
  }
}

}  // namespace
}  // namespace tapiary::capture
