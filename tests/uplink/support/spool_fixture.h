// What spool and forwarder tests share: a folder of their own, a clock to turn, blocks and batches.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <random>
#include <string>

#include "base/text.h"
#include "capture/segment/segment.h"
#include "uplink/spool/spool.h"
#include "uplink/wire/wire.h"

namespace tapiary::uplink {

class TempFolder {
 public:
  explicit TempFolder(const char* parent = "/tmp") {
    std::string name = std::string(parent) + "/tapiary-uplink-XXXXXX";
    path_ = mkdtemp(name.data());
  }
  ~TempFolder() {
    std::error_code error;
    std::filesystem::remove_all(path_, error);
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// A block with `packets` real packets of `bytes` random bytes each.
inline StoredBlock MakeStoredBlock(std::uint32_t stream, std::uint64_t number,
                                   std::uint32_t packets = 3, std::size_t bytes = 60,
                                   std::int64_t first_ns = 1'000) {
  capture::InterfaceInfo interface;
  interface.name = "tap" + std::to_string(stream);
  capture::BlockBuilder builder(stream, interface, "test");
  auto storage = std::move(capture::MakeBlocks(1, packets * (bytes + 64) + 4096).front());
  builder.Begin(std::move(storage));
  std::mt19937 random(static_cast<unsigned>(stream * 1000 + number));
  std::string data(bytes, '\0');
  for (std::uint32_t i = 0; i < packets; ++i) {
    for (char& c : data) c = static_cast<char>(random());
    capture::Packet packet;
    packet.bytes = base::AsBytes(data);
    packet.wire_length = static_cast<std::uint32_t>(bytes);
    packet.time_ns = first_ns + i;
    builder.Append(packet);
  }
  auto block = builder.Close();
  block->number = number;
  capture::BlockCompressor compressor;
  StoredBlock stored;
  stored.stream = stream;
  stored.number = number;
  stored.interface = interface.name;
  stored.packets = block->packets;
  stored.raw_bytes = static_cast<std::uint32_t>(block->data.size());
  stored.first_ns = block->first_ns;
  stored.last_ns = block->last_ns;
  stored.frame = compressor.Compress(*block, 1).value();
  return stored;
}

// Writes a pcapng file with `packets` packets into the folder; its path.
inline std::string MakeCaptureFile(const std::string& folder, std::uint32_t packets) {
  const StoredBlock block = MakeStoredBlock(0, 0, packets, 200);
  capture::BlockEntry entry;
  entry.stored_bytes = static_cast<std::uint32_t>(block.frame.size());
  entry.raw_bytes = block.raw_bytes;
  const auto raw = capture::ReadBlock(
      entry, [&](std::uint64_t offset, std::size_t size) -> base::Result<std::string> {
        return block.frame.substr(offset, size);
      });
  const std::string path = folder + "/file.pcapng";
  std::ofstream(path, std::ios::binary) << raw.value();
  return path;
}

// A flows item with `count` flows whose service is `text`.
inline Encode FlowsItem(std::size_t count, std::string text = "modbus") {
  return [count, text = std::move(text)](std::uint64_t epoch, std::uint64_t seq, const Seal*) {
    FlowBatch batch;
    batch.epoch = epoch;
    batch.seq = seq;
    batch.flows.resize(count);
    for (std::size_t i = 0; i < count; ++i) {
      batch.flows[i].id = {epoch, i};
      batch.flows[i].service = text;
    }
    return EncodeFlows(batch);
  };
}

inline Encode FactsItem(std::string operation) {
  return
      [operation = std::move(operation)](std::uint64_t epoch, std::uint64_t seq, const Seal* seal) {
        FactBatch batch;
        batch.transactions.resize(1);
        batch.transactions[0].operation = operation;
        return EncodeFacts(std::move(batch), epoch, seq, seal);
      };
}

inline std::unique_ptr<Spool> OpenSpool(SpoolOptions options) {
  auto spool = Spool::Open(std::move(options));
  EXPECT_TRUE(spool) << spool.error().ToString();
  return spool ? std::move(*spool) : nullptr;
}

// A spool's options and a clock to turn.
class SpoolTest : public ::testing::Test {
 protected:
  SpoolOptions Options() {
    SpoolOptions options;
    options.path = folder_.path() + "/spool";
    options.now = [this] { return now_ns_; };
    return options;
  }
  TempFolder folder_;
  std::int64_t now_ns_ = 1'700'000'000 * base::kNanosPerSecond;
};

// The same with the real clock.
inline SpoolOptions OptionsAt(const std::string& path) {
  SpoolOptions options;
  options.path = path;
  options.retry_ns = 100 * base::kNanosPerMilli;
  return options;
}

// The last file, by name, of the store with this extension.
inline std::filesystem::path StoreFile(const std::string& spool, const std::string& extension) {
  std::filesystem::path last;
  for (const auto& entry : std::filesystem::directory_iterator(spool + "/store")) {
    if (entry.path().extension() == extension && entry.file_size() > 0) {
      last = std::max(last, entry.path());
    }
  }
  return last;
}

// Ten packets of 1,000 ns in all, with a frame of so many bytes that hardly compress.
inline StoredBlock BigBlock(std::uint64_t number, std::size_t bytes) {
  static const StoredBlock pattern = MakeStoredBlock(0, 0);
  StoredBlock block = pattern;
  block.number = number;
  block.frame.resize(bytes);
  for (std::size_t i = 0; i < bytes; i += 61) block.frame[i] = static_cast<char>(number + i);
  block.packets = 10;
  block.first_ns = static_cast<std::int64_t>(number) * 1000;
  block.last_ns = block.first_ns + 999;
  return block;
}

// Takes everything out of the facts queue and gives the gap records in it.
inline std::vector<capture::GapRecord> TakeGaps(Spool& spool) {
  std::vector<capture::GapRecord> gaps;
  while (auto item = spool.Next(Kind::kFacts).value()) {
    const auto batch = DecodeFacts(base::AsBytes(item->body));
    EXPECT_TRUE(batch);
    gaps.insert(gaps.end(), batch->gaps.begin(), batch->gaps.end());
    EXPECT_TRUE(spool.Acknowledge(*item));
  }
  return gaps;
}

}  // namespace tapiary::uplink
