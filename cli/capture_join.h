// CaptureJoin: one capture file out of one answer of the collector, or of many (a live tail).
//
// Puts out whole blocks or records only, so that a broken transfer leaves a readable file. In one
// section: later section headers are left out and interfaces numbered through, since what reads a
// pipe (dumpcap, so Wireshark) takes a packet's interface of a second section for one of the first.
// An answer that broke off can be asked for again: what was put out of it already is skipped, and
// compared. What comes is from a collector that may lie: every length is bounded. One thread.
// Formats: draft-ietf-opsawg-pcapng, draft-ietf-opsawg-pcap, as server/api/capture_writer.h writes.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tapiary::cli {

class CaptureJoin {
 public:
  enum class Form {
    kPcapng,      // as it comes
    kOneSection,  // pcapng
    kPcap,
  };
  struct Options {
    Form form = Form::kPcapng;
    bool live = false;  // many answers: counts at the end of each are left out
  };
  using Out = std::function<base::Result<>(std::string_view bytes)>;
  // Told of each line that a section's comment has on packets that are missing, escaped.
  using Note = std::function<void(const std::string& line)>;

  CaptureJoin(Options options, Out out, Note note);

  // The next answer, or the same one `again`, from its beginning.
  void Begin(bool again = false);
  base::Result<> Add(std::string_view part);
  // The answer is whole. kCorrupt when it ends within a block, kConflict when an answer that was
  // asked for again is another one.
  base::Result<> End();
  // No more answers: a pcap without packets gets its header.
  base::Result<> Finish();
  // That were put out.
  [[nodiscard]] std::uint64_t packets() const { return packets_; }

 private:
  [[nodiscard]] base::Result<std::size_t> SizeOf(std::string_view bytes) const;
  base::Result<> Take(std::string_view record);
  base::Result<> TakeBlock(std::string_view block);
  base::Result<> TakeSection(std::string_view block);
  base::Result<> TakeInterface(std::string_view block);
  base::Result<> TakeWithInterface(std::string_view block, bool packet);
  base::Result<> TakeFileHeader(std::string_view header);
  base::Result<> TakeRecord(std::string_view record);
  base::Result<bool> Skips(std::string_view packet);
  void TellMissing(std::string_view comment);
  base::Result<> Flush();

  Options options_;
  Out out_;
  Note note_;
  std::string rest_;           // of a block that has not come as a whole
  std::string pending_;        // to be put out
  bool begun_ = false;         // of this answer: its section or file header has come
  bool headed_ = false;        // the output has one
  std::string answer_header_;  // of the answer's pcap file
  std::string header_;         // of the output
  std::map<std::string, std::uint32_t, std::less<>> interfaces_;  // of the output, by their block
  std::size_t interface_bytes_ = 0;
  std::vector<std::uint32_t> ids_;  // of the answer's section, to those of the output
  std::uint64_t packets_ = 0;
  // Of this answer; and what was put out of it before it broke off.
  std::uint64_t count_ = 0;
  std::uint64_t hash_ = 0;
  std::uint64_t skip_ = 0;
  std::uint64_t skip_hash_ = 0;
};

}  // namespace tapiary::cli
