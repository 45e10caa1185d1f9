#include "tests/capture/source/file_builder.h"

#include <fcntl.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <cstdlib>
#include <thread>

#include "base/file.h"

namespace tapiary::capture::test {

Writer& Writer::U8(std::uint8_t value) {
  out_.push_back(value);
  return *this;
}
Writer& Writer::U16(std::uint16_t value) {
  for (const int i : {0, 1}) U8(static_cast<std::uint8_t>(value >> (big_ ? 8 - 8 * i : 8 * i)));
  return *this;
}
Writer& Writer::U32(std::uint32_t value) {
  for (const int i : {0, 1, 2, 3}) {
    U8(static_cast<std::uint8_t>(value >> (big_ ? 24 - 8 * i : 8 * i)));
  }
  return *this;
}
Writer& Writer::U64(std::uint64_t value) {
  for (int i = 0; i < 8; ++i) U8(static_cast<std::uint8_t>(value >> (big_ ? 56 - 8 * i : 8 * i)));
  return *this;
}
Writer& Writer::Bytes(const Buffer& bytes) {
  out_.insert(out_.end(), bytes.begin(), bytes.end());
  return *this;
}
Writer& Writer::Text(std::string_view text) {
  out_.insert(out_.end(), text.begin(), text.end());
  return *this;
}
Writer& Writer::Pad4() {
  while (out_.size() % 4 != 0) out_.push_back(0);
  return *this;
}

Buffer PcapHeader(const PcapSpec& spec) {
  return Writer(spec.big)
      .U32(spec.magic)
      .U16(2)
      .U16(spec.minor)
      .U64(0)
      .U32(spec.snap_length)
      .U32(spec.link_type)
      .out();
}

Buffer PcapRecord(const PcapSpec& spec, std::uint32_t seconds, std::uint32_t fraction,
                  const Buffer& bytes, std::int64_t captured_length, std::int64_t wire_length) {
  const auto size = static_cast<std::int64_t>(bytes.size());
  Writer writer(spec.big);
  writer.U32(seconds).U32(fraction);
  writer.U32(static_cast<std::uint32_t>(captured_length < 0 ? size : captured_length));
  writer.U32(static_cast<std::uint32_t>(wire_length < 0 ? size : wire_length));
  if (spec.magic == 0xa1b2cd34) writer.U32(7).U16(0x0800).U8(4).U8(0);  // sent by this host
  return writer.Bytes(bytes).out();
}

Buffer NgBlock(bool big, std::uint32_t type, const Buffer& body, std::int64_t total,
               std::int64_t trailer) {
  const Buffer padded = Writer(big).Bytes(body).Pad4().out();
  const auto right = static_cast<std::int64_t>(padded.size()) + 12;
  const std::int64_t first = total < 0 ? right : total;
  return Writer(big)
      .U32(type)
      .U32(static_cast<std::uint32_t>(first))
      .Bytes(padded)
      .U32(static_cast<std::uint32_t>(trailer < 0 ? first : trailer))
      .out();
}

Buffer NgSection(bool big) {
  return NgBlock(big, 0x0a0d0d0a, Writer(big).U32(0x1a2b3c4d).U16(1).U16(0).U64(UINT64_MAX).out());
}

Buffer NgOption(bool big, std::uint16_t code, const Buffer& value) {
  return Writer(big)
      .U16(code)
      .U16(static_cast<std::uint16_t>(value.size()))
      .Bytes(value)
      .Pad4()
      .out();
}

Buffer NgInterface(bool big, std::uint16_t link_type, std::uint32_t snap_length,
                   const Buffer& options) {
  return NgBlock(big, 1, Writer(big).U16(link_type).U16(0).U32(snap_length).Bytes(options).out());
}

Buffer NgEnhanced(bool big, std::uint32_t interface, std::uint64_t ticks, const Buffer& bytes,
                  const Buffer& options) {
  const auto size = static_cast<std::uint32_t>(bytes.size());
  return NgBlock(big, 6,
                 Writer(big)
                     .U32(interface)
                     .U32(static_cast<std::uint32_t>(ticks >> 32))
                     .U32(static_cast<std::uint32_t>(ticks))
                     .U32(size)
                     .U32(size)
                     .Bytes(bytes)
                     .Pad4()
                     .Bytes(options)
                     .out());
}

Buffer NgSimple(bool big, std::uint32_t wire_length, const Buffer& bytes) {
  return NgBlock(big, 3, Writer(big).U32(wire_length).Bytes(bytes).out());
}

Buffer Join(const std::vector<Buffer>& parts) {
  Writer writer;
  for (const Buffer& part : parts) writer.Bytes(part);
  return writer.out();
}

Buffer Payload(std::size_t size, std::uint8_t first) {
  Buffer bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(first + i);
  return bytes;
}

Buffer Gzip(const Buffer& bytes) {
  z_stream stream{};
  deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  Buffer out(bytes.size() + bytes.size() / 1000 + 128);
  stream.next_in = const_cast<Bytef*>(bytes.data());
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = out.data();
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

Buffer Zstd(const Buffer& bytes, int level) {
  Buffer out(ZSTD_compressBound(bytes.size()));
  out.resize(ZSTD_compress(out.data(), out.size(), bytes.data(), bytes.size(), level));
  return out;
}

Buffer TcpFrame(const std::vector<Tag>& tags, std::uint16_t dst_port, std::size_t payload) {
  Writer writer(true);
  writer.Bytes({2, 0, 0, 0, 0, 2}).Bytes({2, 0, 0, 0, 0, 1});
  for (const Tag& tag : tags) writer.U16(tag.tpid).U16(tag.tci);
  writer.U16(0x0800);
  writer.U8(0x45).U8(0).U16(static_cast<std::uint16_t>(40 + payload)).U16(1).U16(0);
  writer.U8(64).U8(6).U16(0).U32(0x0a000001).U32(0x0a000002);
  writer.U16(40000).U16(dst_port).U32(1).U32(1).U8(0x50).U8(0x18).U16(1024).U16(0).U16(0);
  return writer.Bytes(Payload(payload)).out();
}

SeenFile ReadPath(PcapOptions options) {
  SeenFile seen;
  const auto source = MakePcapSource(std::move(options));
  const auto fail = [&seen](const base::Error& error) {
    seen.error = error.message;
    seen.code = error.code;
  };
  const auto opened = source->Open();
  if (!opened) fail(opened.error());
  PacketBatch batch;
  while (opened) {
    const auto state = source->Next(batch, 1000);
    if (!state) fail(state.error());
    if (!state || *state == NextState::kEnd) break;
    for (std::uint32_t i = 0; i < batch.count; ++i) {
      const Packet& packet = batch.packets[i];
      seen.packets.push_back({Buffer(packet.bytes.begin(), packet.bytes.end()), packet.time_ns,
                              packet.wire_length, packet.interface, packet.direction});
    }
  }
  seen.interfaces = source->interfaces();
  seen.stats = source->stats();
  seen.note = source->end_note();
  seen.cut = source->end_is_cut();
  return seen;
}

SeenFile ReadFile(const Buffer& bytes, PcapOptions options) {
  const TempFile file(bytes);
  options.path = file.path();
  return ReadPath(std::move(options));
}

SeenFile ReadPipe(const Buffer& bytes, std::size_t chunk, PcapOptions options) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) std::abort();
  base::UniqueFd read_end(ends[0]);
  std::thread feeder([&bytes, chunk, fd = ends[1]] {
    const base::UniqueFd write_end(fd);
    for (std::size_t at = 0; at < bytes.size(); at += chunk) {
      const std::size_t size = std::min(chunk, bytes.size() - at);
      if (::write(fd, bytes.data() + at, size) != static_cast<ssize_t>(size)) return;
    }
  });
  options.path = "/proc/self/fd/" + std::to_string(ends[0]);
  SeenFile seen = ReadPath(std::move(options));
  feeder.join();
  return seen;
}

TempFile::TempFile(const Buffer& bytes) : path_("/tmp/tapiary-test-XXXXXX") {
  const base::UniqueFd fd(::mkstemp(path_.data()));
  if (!base::WriteAll(fd.get(), bytes, path_)) std::abort();
}

TempFile::~TempFile() {
  ::unlink(path_.c_str());
}

}  // namespace tapiary::capture::test
