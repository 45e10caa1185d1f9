// Capture files for tests, made byte by byte, and a reader that collects what a source gives.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "capture/source/packet_source.h"

namespace tapiary::capture::test {

using Buffer = std::vector<std::uint8_t>;

// Numbers in either byte order, appended to a buffer.
class Writer {
 public:
  explicit Writer(bool big = false) : big_(big) {}
  Writer& U8(std::uint8_t value);
  Writer& U16(std::uint16_t value);
  Writer& U32(std::uint32_t value);
  Writer& U64(std::uint64_t value);
  Writer& Bytes(const Buffer& bytes);
  Writer& Text(std::string_view text);
  Writer& Pad4();
  [[nodiscard]] const Buffer& out() const { return out_; }

 private:
  bool big_;
  Buffer out_;
};

struct PcapSpec {
  std::uint32_t magic = 0xa1b2c3d4;
  bool big = false;
  std::uint32_t link_type = 1;
  std::uint32_t snap_length = 65535;
  std::uint16_t minor = 4;
};
Buffer PcapHeader(const PcapSpec& spec = {});
// captured_length -1: as many bytes as there are.
Buffer PcapRecord(const PcapSpec& spec, std::uint32_t seconds, std::uint32_t fraction,
                  const Buffer& bytes, std::int64_t captured_length = -1,
                  std::int64_t wire_length = -1);

// A pcapng block around `body`, padded. total -1: the right one; so for the trailer.
Buffer NgBlock(bool big, std::uint32_t type, const Buffer& body, std::int64_t total = -1,
               std::int64_t trailer = -1);
Buffer NgSection(bool big = false);
Buffer NgOption(bool big, std::uint16_t code, const Buffer& value);
Buffer NgInterface(bool big, std::uint16_t link_type, std::uint32_t snap_length,
                   const Buffer& options = {});
Buffer NgEnhanced(bool big, std::uint32_t interface, std::uint64_t ticks, const Buffer& bytes,
                  const Buffer& options = {});
Buffer NgSimple(bool big, std::uint32_t wire_length, const Buffer& bytes);

Buffer Join(const std::vector<Buffer>& parts);
Buffer Payload(std::size_t size, std::uint8_t first = 0);
Buffer Gzip(const Buffer& bytes);
Buffer Zstd(const Buffer& bytes, int level = 3);
// A Modbus-like frame: Ethernet with the given tags (TPID, TCI), IPv4, TCP to port 502.
struct Tag {
  std::uint16_t tpid;
  std::uint16_t tci;
};
Buffer TcpFrame(const std::vector<Tag>& tags, std::uint16_t dst_port = 502,
                std::size_t payload = 12);

struct SeenPacket {
  Buffer bytes;
  std::int64_t time_ns = 0;
  std::uint32_t wire_length = 0;
  std::uint32_t interface = 0;
  Direction direction = Direction::kUnknown;
  bool operator==(const SeenPacket&) const = default;
};
struct SeenFile {
  std::string error;  // of Open or Next
  base::ErrorCode code = base::ErrorCode::kInternal;
  std::vector<SeenPacket> packets;
  std::vector<InterfaceInfo> interfaces;
  SourceStats stats;
  std::string note;
  bool cut = false;
};
SeenFile ReadPath(PcapOptions options);
// From a temporary file, and from a pipe that is fed `chunk` bytes at a time.
SeenFile ReadFile(const Buffer& bytes, PcapOptions options = {});
SeenFile ReadPipe(const Buffer& bytes, std::size_t chunk, PcapOptions options = {});

// A file of this test process, removed at the end of its life.
class TempFile {
 public:
  explicit TempFile(const Buffer& bytes);
  ~TempFile();
  TempFile(const TempFile&) = delete;
  TempFile& operator=(const TempFile&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace tapiary::capture::test
