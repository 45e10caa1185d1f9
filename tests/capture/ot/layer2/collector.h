// What a decoder gave out, for tests that drive it without a flow; and hostile variants of a frame.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "capture/ot/decoder.h"
#include "tests/capture/support/meter_run.h"

namespace tapiary::capture::test {

struct Collector final : OtOutput {
  void Emit(Transaction&& transaction) override { transactions.push_back(std::move(transaction)); }
  void Anomaly(std::string_view name) override { anomalies.emplace_back(name); }
  void Count(std::string_view name, std::uint64_t add) override {
    counters[std::string(name)] += add;
  }
  std::vector<Transaction> transactions;
  std::vector<std::string> anomalies;
  std::map<std::string, std::uint64_t> counters;
};

inline std::string Detail(const Transaction& transaction, std::string_view key) {
  for (const auto& [name, text] : transaction.detail) {
    if (name == key) return text;
  }
  return "(none)";
}

inline bool Flagged(const Transaction& transaction, std::string_view anomaly) {
  return std::find(transaction.anomalies.begin(), transaction.anomalies.end(), anomaly) !=
         transaction.anomalies.end();
}

// Big endian length in front, as hex.
inline std::string HexOf(const std::vector<std::uint8_t>& bytes) {
  std::string text;
  for (const std::uint8_t byte : bytes) {
    constexpr char kDigits[] = "0123456789abcdef";
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

// A BER element; lengths of up to 65535.
inline std::string Ber(std::string_view tag, std::string_view content_hex) {
  const std::vector<std::uint8_t> content = Hex(content_hex);
  std::string length;
  if (content.size() < 128) {
    length = HexOf({static_cast<std::uint8_t>(content.size())});
  } else {
    length = "82" + HexOf({static_cast<std::uint8_t>(content.size() >> 8),
                           static_cast<std::uint8_t>(content.size())});
  }
  return std::string(tag) + length + HexOf(content);
}

inline std::string TextHex(std::string_view text) {
  return HexOf(std::vector<std::uint8_t>(text.begin(), text.end()));
}

// APPID, length, reserved words, APDU.
inline std::string AppFrame(std::string_view appid, std::string_view apdu_hex,
                            std::string_view reserved = "00000000") {
  const std::size_t size = Hex(apdu_hex).size() + 8;
  return std::string(appid) +
         HexOf({static_cast<std::uint8_t>(size >> 8), static_cast<std::uint8_t>(size)}) +
         std::string(reserved) + std::string(apdu_hex);
}

// Every prefix (as cut and as sent) and every byte with each of some changes, after `before` went
// through a fresh decoder: it must survive and give bounded records.
template <class MakeDecoder>
void CheckHostile(MakeDecoder make, const std::vector<std::string>& frames_hex) {
  const auto check = [](const Collector& out) {
    for (const Transaction& transaction : out.transactions) {
      EXPECT_LE(transaction.detail.size(), 80u);
      EXPECT_LE(transaction.values.size(), 1024u);
      for (const auto& [key, text] : transaction.detail) EXPECT_LE(text.size(), 256u) << key;
    }
  };
  for (const std::string& hex : frames_hex) {
    const std::vector<std::uint8_t> frame = Hex(hex);
    for (std::size_t size = 0; size <= frame.size(); ++size) {
      for (const bool cut : {false, true}) {
        auto decoder = make();
        Collector out;
        const std::vector<std::uint8_t> part(frame.begin(),
                                             frame.begin() + static_cast<std::ptrdiff_t>(size));
        decoder->OnDatagram(true, part, cut, kStart, out);
        decoder->OnDatagram(false, part, cut, kStart + kMilli, out);
        decoder->Finish(out);
        check(out);
      }
    }
    for (std::size_t at = 0; at < frame.size(); ++at) {
      for (const unsigned change : {0x01u, 0x7fu, 0x80u, 0xffu}) {
        std::vector<std::uint8_t> bad = frame;
        bad[at] = static_cast<std::uint8_t>(bad[at] ^ change);
        auto decoder = make();
        Collector out;
        decoder->OnDatagram(true, frame, false, kStart, out);
        decoder->OnDatagram(true, bad, false, kStart + kMilli, out);
        decoder->OnDatagram(false, bad, false, kStart + 2 * kMilli, out);
        decoder->Expire(kStart + 100 * kSecond, out);
        decoder->Finish(out);
        check(out);
      }
    }
  }
}

}  // namespace tapiary::capture::test
