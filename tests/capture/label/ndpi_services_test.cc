#include "capture/label/ndpi_services.h"

#include <gtest/gtest.h>
#include <ndpi_api.h>

#include <algorithm>
#include <string>

namespace tapiary::capture {
namespace {

TEST(NdpiServices, NamesAreOursAndLowerCase) {
  for (const NdpiService& service : NdpiServices()) {
    EXPECT_FALSE(service.name.empty());
    EXPECT_TRUE(std::all_of(service.name.begin(), service.name.end(), [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
    })) << service.name;
    EXPECT_EQ(NdpiServiceName(service.protocol), service.name);
  }
  EXPECT_EQ(NdpiServiceName(NDPI_PROTOCOL_UNKNOWN), "");
  EXPECT_EQ(NdpiServiceName(UINT16_MAX), "");
}

TEST(NdpiServices, NoOtProtocolIsNamedByNdpi) {
  for (const int protocol : {NDPI_PROTOCOL_MODBUS, NDPI_PROTOCOL_DNP3, NDPI_PROTOCOL_IEC60870,
                             NDPI_PROTOCOL_S7COMM, NDPI_PROTOCOL_ETHERNET_IP}) {
    EXPECT_EQ(NdpiServiceName(static_cast<std::uint16_t>(protocol)), "");
  }
}

}  // namespace
}  // namespace tapiary::capture
