#include "server/probes.h"

#include <gtest/gtest.h>

namespace tapiary::server {
namespace {

TEST(Metrics, TextHasTypesLabelsAndValues) {
  HttpMetrics http;
  http.rows = {{"/healthz", "GET", 200, 7}};
  http.connections_open = 3;
  IngestMetrics ingest;
  ingest.rows = {{"pcap", "stored", 2, 100}};
  const std::string text = MetricsText(http, ingest);
  EXPECT_NE(text.find("# TYPE tapiary_http_requests_total counter\n"), std::string::npos);
  EXPECT_NE(
      text.find(
          "tapiary_http_requests_total{route=\"/healthz\",method=\"GET\",status=\"200\"} 7\n"),
      std::string::npos);
  EXPECT_NE(text.find("tapiary_http_connections_open 3\n"), std::string::npos);
  EXPECT_NE(text.find("tapiary_ingest_bytes_total{kind=\"pcap\",result=\"stored\"} 100\n"),
            std::string::npos);
}

TEST(Metrics, EndOfTheCertificateWhereThereIsOne) {
  EXPECT_NE(MetricsText({}, {}, 1'800'000'000'500'000'000)
                .find("\ntapiary_certificate_end_seconds 1800000000\n"),
            std::string::npos);
  EXPECT_EQ(MetricsText({}, {}).find("certificate"), std::string::npos);
}

// A method is the client's own text: it cannot end a label or a line.
TEST(Metrics, HostileMethodStaysInItsLabel) {
  HttpMetrics http;
  http.rows = {{"none", "X\"} 1\nevil 2", 405, 1}};
  const std::string text = MetricsText(http, {});
  EXPECT_EQ(text.find("\nevil"), std::string::npos);
  EXPECT_NE(text.find("method=\"X} 1evil 2\""), std::string::npos);
}

}  // namespace
}  // namespace tapiary::server
