// DCP frames (from the frame id on) and CM datagrams made from the standard, for tests.
#pragma once

#include <string>

#include "tests/capture/ot/layer2/collector.h"

namespace tapiary::capture::profinet {

inline std::string U16(std::size_t number) {
  return test::HexOf({static_cast<std::uint8_t>(number >> 8), static_cast<std::uint8_t>(number)});
}

inline std::string U32(std::size_t number, bool big = true) {
  return test::HexOf({static_cast<std::uint8_t>(number >> (big ? 24 : 0)),
                      static_cast<std::uint8_t>(number >> (big ? 16 : 8)),
                      static_cast<std::uint8_t>(number >> (big ? 8 : 16)),
                      static_cast<std::uint8_t>(number >> (big ? 0 : 24))});
}

// `blocks`: hex of all.
inline std::string Dcp(const std::string& frame_id, const std::string& service_and_type,
                       const std::string& blocks, std::uint32_t xid = 0x01000001) {
  return frame_id + service_and_type + U32(xid) + "0001" + U16(test::Hex(blocks).size()) + blocks;
}

// Padded to an even length.
inline std::string DcpBlock(const std::string& option, const std::string& data) {
  const std::size_t size = test::Hex(data).size();
  return option + U16(size) + data + (size % 2 == 1 ? "00" : "");
}

struct Rpc {
  int type = 0;
  bool big = false;
  int operation = 0;
  std::uint32_t sequence = 1;
  int interface = 1;
  std::string body = {};
  int flags = 0x20;
  int fragment = 0;

  [[nodiscard]] std::string Hex() const {
    const auto half = [this](std::size_t number) {
      return big ? U16(number) : U16((number & 0xff) << 8 | number >> 8);
    };
    const std::string node = "8271 00a02442df7d";
    const auto low = static_cast<std::size_t>(0xdea00000 + interface);
    return "04" + test::HexOf({static_cast<std::uint8_t>(type), static_cast<std::uint8_t>(flags)}) +
           "00" + (big ? "00" : "10") + "000000" +                   //
           "dea000006c9711d182710001 0003 015a" +                    // object
           U32(low, big) + half(0x6c97) + half(0x11d1) + node +      // interface
           "000102030405060708090a0b0c0d0e0f" +                      // activity
           "00000000" + U32(1, big) + U32(sequence, big) +           //
           half(static_cast<std::size_t>(operation)) + "ffffffff" +  //
           half(test::Hex(body).size()) + half(static_cast<std::size_t>(fragment)) + "0000" + body;
  }
};

// The NDR part: a limit (or status), lengths, and the blocks.
inline std::string Ndr(const std::string& blocks, bool big = false, std::size_t first = 0x8000) {
  const std::size_t size = test::Hex(blocks).size();
  return U32(first, big) + U32(size, big) + U32(0x8000, big) + U32(0, big) + U32(size, big) +
         blocks;
}

// `body`: behind the version.
inline std::string CmBlock(const std::string& type, const std::string& body) {
  return type + U16(test::Hex(body).size() + 2) + "0100" + body;
}

inline const std::string kAr = "f25e6d7358c98b44804effe0e05e18af";

inline std::string ConnectBlocks(const std::string& ar_type = "0001") {
  return CmBlock("0101", ar_type + kAr +
                             "0007 021b1b000001 dea000006c9711d182710001000300"
                             "5a" +
                             "00000011 0064 8892 0004" + test::TextHex("plc1")) +
         CmBlock("0102", "0001 0001 8892 00000001 0028 8000 0020 0020") +
         CmBlock("0104", "0001 00000000 0001 00001234 0000 0001 0001 00000001 0001 0001 0004 0101");
}

inline std::string ControlBlock(const std::string& type, const std::string& command) {
  return CmBlock(type, "0000" + kAr + "0007 0000" + command + "0000");
}

// type 0008 write, 0009 read.
inline std::string RecordBlock(const std::string& type, std::size_t index, std::size_t length) {
  return CmBlock(type, "0003" + kAr + "00000000 0001 0002 0000" + U16(index) + U32(length) +
                           "000000000000000000000000000000000000000000000000");
}

}  // namespace tapiary::capture::profinet
