// CaptureBody: the packets of a SegmentWalk as a capture file, made as the client reads (CO-12).
//
// What is missing is said in the file, where its format can, and in the log. A pool thread at a
// time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "server/api/capture_writer.h"
#include "server/api/drop_counts.h"
#include "server/api/segment_walk.h"
#include "server/catalog/catalog.h"
#include "server/http/handler.h"

namespace tapiary::server {

class CaptureBody : public BodySource {
 public:
  // `comment` says what was asked for. The catalog and the names, if any, must outlive the body.
  CaptureBody(std::unique_ptr<SegmentWalk> walk, CaptureFormat format, std::string comment,
              const Catalog& catalog, const HostNames* names = nullptr);
  base::Result<std::size_t> Read(std::span<char> buffer) override;
  // Called for each segment that a packet comes from, before Read is.
  void OnSegment(std::function<void(const StoredSegment&)> seen) { seen_ = std::move(seen); }
  // How many times it was said that something is missing.
  [[nodiscard]] int missing() const { return told_; }

 private:
  void Tell(const Damage& damage);
  base::Result<> TellAbsent();
  [[nodiscard]] base::Result<> Incomplete();
  base::Result<> Fill();

  std::unique_ptr<SegmentWalk> walk_;
  DropCounts drop_counts_;
  CaptureWriter writer_;
  CaptureFormat format_;
  int told_ = 0;
  std::function<void(const StoredSegment&)> seen_;
  std::int64_t last_segment_ = 0;
  std::vector<std::uint8_t> out_;
  std::size_t at_ = 0;
  bool absent_told_ = false;
  bool begun_ = false;
  bool ended_ = false;
};

}  // namespace tapiary::server
